"""Tests of the generator, the tokenizer and the template: python3 -m unittest (standard library alone)."""

import unittest

import generate
import transcript
import words
from repository import TOOLS, Repository
from tasks import FAMILIES, Generator
from tokenizer import Tokenizer


class GenerateTest(unittest.TestCase):
    def test_the_expert_repairs_every_task_and_leaves_nothing_else_changed(self):
        for family in FAMILIES:
            for seed in range(100):
                task = Generator(seed, held_out=seed % 2 == 0).task(family)
                repository = Repository(task.files)
                steps = generate.expert.solve(task, repository)
                _, call = next(steps)
                count = 1
                while call:
                    _, call = steps.send(repository.call(*call))
                    count += 1
                self.assertEqual(task.target, repository.files)
                self.assertLessEqual(count, 16)

    def test_fix_tasks_fail_before_and_pass_after(self):
        for family in ("operator", "typo"):
            for seed in range(100):
                task = Generator(seed).task(family)
                self.assertNotIn("exit code 0", Repository(task.files).run("dotnet run"))
                self.assertTrue(Repository(task.target).run("dotnet run").endswith("exit code 0"))

    def test_the_same_seed_gives_the_same_trajectory(self):
        self.assertEqual(generate.trajectory(7), generate.trajectory(7))
        self.assertNotEqual(generate.trajectory(7), generate.trajectory(8))

    def test_held_out_tasks_share_no_composed_name_with_training(self):
        for seed in range(60):
            task = Generator(seed, held_out=True).task("rename")
            self.assertTrue(words.is_held_out(task.old))
            self.assertTrue(words.is_held_out(task.new))
            task = Generator(seed).task("rename")
            self.assertFalse(words.is_held_out(task.old))

    def test_mistakes_are_marked_and_followed_by_a_repair(self):
        marked = [t for t in (generate.trajectory(s, mistakes=1.0) for s in range(50))
                  if any(kind == generate.MISTAKE for _, kind in t)]
        self.assertGreater(len(marked), 30)
        for segments in marked:
            self.assertEqual(generate.AGENT, segments[-1][1])


class RepositoryTest(unittest.TestCase):
    def test_an_edit_must_match_exactly_once(self):
        repository = Repository({"a.cs": "one\ntwo\none\n"})
        self.assertEqual("error: old text not found in a.cs; read the file and copy the text exactly",
                         repository.call("edit_file", {"path": "a.cs", "old": "three", "new": "x"}))
        self.assertEqual("error: old text occurs 2 times in a.cs (lines 1, 3); include more of the surrounding text",
                         repository.call("edit_file", {"path": "a.cs", "old": "one", "new": "x"}))
        self.assertEqual("edited a.cs:2", repository.call("edit_file", {"path": "a.cs", "old": "two", "new": "x"}))
        self.assertEqual("1: one\n2: x\n3: one", repository.call("read_file", {"path": "a.cs"}))

    def test_search_names_path_line_and_trimmed_text(self):
        repository = Repository({"b.cs": "  find me\n", "a.cs": "no\nfind\n"})
        self.assertEqual("a.cs:2: find\nb.cs:1: find me", repository.call("search", {"pattern": "find"}))
        self.assertEqual("no matches", repository.call("search", {"pattern": "absent"}))


class TokenizerTest(unittest.TestCase):
    def test_text_survives_and_words_are_whole(self):
        tokenizer = Tokenizer.load()
        for seed in range(20):
            text = "".join(part for part, _ in generate.trajectory(seed))
            self.assertEqual(text, tokenizer.decode(tokenizer.encode(text)))
        self.assertEqual("größe\t→ 日本", tokenizer.decode(tokenizer.encode("größe\t→ 日本")))
        for word in words.NOUNS:
            for form in (word, " " + word, words.upper(word)):
                self.assertEqual(1, len(tokenizer.encode(form)), form)

    def test_every_byte_is_a_token(self):
        tokenizer = Tokenizer.load()
        self.assertEqual(len(tokenizer.tokens), len(set(tokenizer.tokens)))
        for character in (chr(i) for i in range(256)):
            self.assertEqual(character, tokenizer.decode(tokenizer.encode(character)))


class TemplateTest(unittest.TestCase):
    def test_the_template_writes_what_the_transcript_holds(self):
        try:
            import jinja2
        except ImportError:
            self.skipTest("needs jinja2")
        import json
        environment = jinja2.Environment()
        environment.filters["tojson"] = lambda value: json.dumps(value, ensure_ascii=False)
        with open(generate.os.path.join(generate.os.path.dirname(generate.__file__), "chat_template.jinja")) as source:
            template = environment.from_string(source.read().rstrip("\n"))
        tools = [{"type": "function", "function": {"name": name, "parameters": {"properties": dict.fromkeys(names, {})}}}
                 for name, names in TOOLS.items()]
        call = ("edit_file", {"path": "a.cs", "old": "x < y && z", "new": "é"})
        messages = [{"role": "system", "content": transcript.SYSTEM},
                    {"role": "system", "content": "AGENTS.md:\nRun the tests with: dotnet run"},
                    {"role": "user", "content": "Fix it."}]
        expected = transcript.opening("Fix it.", "Run the tests with: dotnet run\n")
        self.assertEqual(expected, template.render(messages=messages, tools=tools, add_generation_prompt=True))
        messages += [{"role": "assistant", "content": "Now.", "tool_calls": [
                         {"type": "function", "function": {"name": call[0], "arguments": call[1]}}]},
                     {"role": "tool", "content": "edited a.cs:1"}]
        expected += transcript.reply("Now.", call) + transcript.after("edited a.cs:1")
        self.assertEqual(expected, template.render(messages=messages, tools=tools, add_generation_prompt=True))


if __name__ == "__main__":
    unittest.main()
