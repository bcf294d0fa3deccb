"""Tasks of the three families: a small C# repository, what is wrong with it, and its repaired state."""

import random
import re
from dataclasses import dataclass, field

import words
from dotnet import HARNESS_HEAD, HARNESS_TAIL, evaluate, parse_class

FAMILIES = ["operator", "typo", "rename"]

FIX_TASKS = ["The tests fail. Find the cause and fix it.", "Make the tests pass.", "Fix the failing test.",
             "A test fails. Find out why and fix it."]
BUILD_TASKS = ["The build fails. Find the cause and fix it.", "Make the tests pass.", "Fix the build.",
               "The tests fail. Find the cause and fix it."]
RENAME_TASKS = ["Rename {0} to {1} everywhere.", "Rename {0} to {1} in all files.", "Rename {0} to {1}."]

PROJECT = """<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>net10.0</TargetFramework>
    <ImplicitUsings>enable</ImplicitUsings>
    <UseAppHost>false</UseAppHost>
  </PropertyGroup>
</Project>
"""
INSTRUCTIONS = "Run the tests with: dotnet run\n"


@dataclass
class Task:
    """`files` is what the agent finds, `target` the same files repaired; old and new are the names of a rename."""

    family: str
    text: str
    files: dict
    target: dict
    old: str = ""
    new: str = ""


@dataclass
class Member:
    """A constant (parameters None) or a method of a class."""

    name: str
    kind: str
    expression: str
    parameters: list = None
    operator: str = ""


@dataclass
class Unit:
    """A class in a file of its own; `block` chooses method bodies in braces."""

    name: str
    path: str
    block: bool
    members: list = field(default_factory=list)

    def source(self) -> str:
        lines = [f"public static class {self.name}", "{"]
        for member in self.members:
            if member.parameters is None:
                lines.append(f"    public const int {member.name} = {member.expression};")
                continue
            head = f"    public static {member.kind} {member.name}({', '.join('int ' + p for p in member.parameters)})"
            if self.block:
                lines += [head, "    {", f"        return {member.expression};", "    }"]
            else:
                lines.append(f"{head} => {member.expression};")
        return "\n".join(lines + ["}"]) + "\n"


class Generator:
    """Draws tasks from one seed; held-out tasks use names, folders and file names that training never sees."""

    def __init__(self, seed, held_out: bool = False, typo_methods: int = 1):
        self.random = random.Random(f"{seed}/{held_out}")
        self.held_out = held_out
        self.typo_methods = typo_methods  # methods in the file of a typo

    def task(self, family: str) -> Task:
        self.used = set()
        self.free = list(words.NOUNS)
        self.units = self.layout()
        return {"operator": self.operator_task, "typo": self.typo_task, "rename": self.rename_task}[family]()

    # Names

    def noun(self):
        """A word that no name of this repository has yet: words that occur once are copied reliably."""
        return self.random.choice(self.free)

    def take(self, name):
        """Uses a name up: its words go into no other name."""
        for word in re.findall(r"[A-Z]?[a-z]+", name):
            if word.lower() in self.free:
                self.free.remove(word.lower())
        return name

    def fresh(self, compose):
        """A composition of the right side of the split that shares no text with any name in use."""
        while True:
            name = compose()
            if words.is_held_out(name) != self.held_out or words.repeats(name):
                continue
            if any(name in other or other in name for other in self.used):
                continue
            self.used.add(name)
            return self.take(name)

    def class_name(self):
        return self.fresh(lambda: words.upper(self.noun()) + words.upper(self.noun()))

    def nouns(self):
        first = words.upper(self.noun())
        return first + words.upper(self.noun()) if self.random.random() < 0.35 else first

    def method_name(self, operator):
        if operator in words.OPERATORS:
            return self.fresh(lambda: self.random.choice(words.OPERATORS[operator]) + self.nouns())
        return self.fresh(lambda: self.random.choice(["", "Is"]) + self.nouns()
                          + self.random.choice(words.COMPARISONS[operator]))

    def constant_name(self):
        return self.fresh(lambda: self.random.choice(words.CONSTANTS) + self.nouns())

    def parameter(self):
        """One word, or two as a composition of the right side of the split; never a keyword."""
        while True:
            name = self.noun()
            if self.random.random() < 0.5:
                name += words.upper(self.noun())
                if words.is_held_out(name) != self.held_out or words.repeats(name):
                    continue
            return self.take(name)

    # Repositories

    def layout(self):
        """Two or three classes, each in a file of its own; held-out layouts are deeper."""
        chance = self.random
        root = self.folder()
        depth = chance.choice([1, 1, 2] if self.held_out else [0, 0, 0, 1, 1, 1, 2])
        units = []
        inner = [self.folder() for _ in range(depth)]
        for _ in range(chance.choice([2, 2, 3])):
            name = self.class_name()
            if depth and chance.random() < 0.4:
                inner = inner[:-1] + [self.folder()]
            file = name
            if chance.random() < 0.25:
                file += self.take("." + words.upper(self.noun()) if self.held_out else self.suffix())
            units.append(Unit(name, "/".join([root] + inner + [file + ".cs"]), chance.random() < 0.35))
        return units

    def suffix(self):
        """What training puts between a class's name and ".cs" at times."""
        word = self.noun()
        return self.random.choice([f".{words.upper(word)}", f".{word}", f"-{words.upper(word)}", f"_{word}",
                                   words.upper(word)])

    def folder(self):
        """A usual name or one word (training only), or a composition of the right side of the split."""
        chance = self.random
        kind = chance.random()
        if not self.held_out and kind < 0.25:
            return chance.choice(words.USUAL_FOLDERS)
        if not self.held_out and kind < 0.7:
            return self.take(chance.choice([str, str, words.upper])(self.noun()))
        while True:
            name = chance.choice([str, words.upper])(self.noun()) + words.upper(self.noun())
            if words.is_held_out(name) == self.held_out and not words.repeats(name):
                return self.take(name)

    def operator(self):
        if self.random.random() < 0.55:
            return self.random.choice(list(words.OPERATORS))
        return self.random.choice(list(words.COMPARISONS))

    def method(self, operator=None):
        operator = operator or self.operator()
        kind = "int" if operator in words.OPERATORS else "bool"
        parameters = [self.parameter(), self.parameter()]
        return Member(self.method_name(operator), kind, f"{parameters[0]} {operator} {parameters[1]}",
                      parameters, operator)

    def constant(self):
        return Member(self.constant_name(), "int", str(self.random.randint(2, 99)))

    def fill(self):
        for unit in self.units:
            unit.members += [self.method() for _ in range(self.random.choice([1, 2, 2, 3]))]
            if self.random.random() < 0.4:
                unit.members.insert(0, self.constant())

    def call(self, member, special=False):
        """A call with numbers under which no two operators agree; `special` tests the limit of a comparison."""
        chance = self.random
        if member.parameters is None:
            return member.name
        if member.operator == "/":
            second = chance.randint(2, 9)
            arguments = [second * chance.randint(2, 9), second]
            return f"{member.name}({', '.join(map(str, arguments[:len(member.parameters)]))})"
        first, second = chance.randint(3, 20), chance.randint(3, 20)
        if special:
            second = first
        elif first == second:
            second += 1
        if member.operator == "-" and first < second:
            first, second = second, first
        arguments = [first, second] + [chance.randint(2, 9) for _ in member.parameters[2:]]
        return f"{member.name}({', '.join(map(str, arguments[:len(member.parameters)]))})"

    def expected(self, unit, call):
        classes = {}
        for each in self.units:
            parse_class(each.path, each.source(), classes)
        value = evaluate(call, classes[unit.name][1], classes)
        return str(value).lower() if isinstance(value, bool) else str(value)

    def files(self, checks):
        """The repository for the units as they are now and a test program with these checks."""
        lines = [HARNESS_HEAD]
        lines += [f"using static {unit.name};\n" for unit in self.units]
        lines += ["\nvar passed = 0;\nvar failed = 0;\n"]
        lines += [f"Check({value}, {call});\n" for value, call in checks]
        files = {unit.path: unit.source() for unit in self.units}
        files[self.tests] = "".join(lines) + HARNESS_TAIL
        files[f"{self.project}.csproj"] = PROJECT
        files["AGENTS.md"] = INSTRUCTIONS
        files[".gitignore"] = "bin/\nobj/\n"
        return files

    def draw_project(self):
        """The project's name and the test program's path; held-out paths follow patterns that training never shows."""
        first, second = (self.take(words.upper(self.noun())) for _ in range(2))
        if self.held_out:
            self.tests = self.random.choice([f"{first}Tests.cs", f"{self.folder()}/{first}/Program.cs",
                                             f"tests/{self.folder()}/{first}.cs"])
        else:
            while words.is_held_out(first + second):
                second = self.take(words.upper(self.noun()))
            self.tests = self.random.choice(["Program.cs", "Tests.cs", "tests/Program.cs", f"{first}.cs",
                                             f"Tests{first}.cs", f"{first}Program.cs", f"{first}{second}.cs",
                                             f"tests/{first}.cs", f"{self.folder()}/{first}.cs",
                                             f"{self.folder()}/Tests.cs", f"{self.folder()}/{first}{second}.cs",
                                             f"test/{first}/{second}.cs"])
        self.project = self.folder()

    def checks(self, must=()):
        """Checks with the right values for the needed (unit, call) pairs and a few others, in random order."""
        pairs = list(must)
        others = [(u, m) for u in self.units for m in u.members
                  if not any(re.match(rf"{m.name}\b", call) for _, call in pairs)]
        self.random.shuffle(others)
        pairs += [(u, self.call(m)) for u, m in others[:self.random.choice([1, 2, 2])]]
        self.random.shuffle(pairs)
        return [(self.expected(unit, call), call) for unit, call in pairs]

    # Families

    def operator_task(self):
        self.fill()
        self.draw_project()
        chance = self.random
        unit = chance.choice(self.units)
        constants = [m for m in unit.members if m.parameters is None]
        if constants and chance.random() < 0.5:
            member = constants[0]
            right, call = member.expression, member.name
            wrong = str(chance.choice([v for v in range(2, 100) if str(v) != right]))
        else:
            member = chance.choice([m for m in unit.members if m.parameters is not None])
            right = member.expression
            while True:
                family = words.OPERATORS if member.operator in words.OPERATORS else words.COMPARISONS
                other = chance.choice([o for o in family if o != member.operator])
                wrong = right.replace(f" {member.operator} ", f" {other} ")
                call = self.call(member, special=chance.random() < 0.4)
                value = self.expected(unit, call)
                member.expression = wrong
                fails = self.expected(unit, call) != value
                member.expression = right
                if fails:
                    break
        checks = self.checks([(unit, call)])
        target = self.files(checks)
        member.expression = wrong
        return Task("operator", chance.choice(FIX_TASKS), self.files(checks), target)

    def typo_task(self):
        self.fill()
        self.draw_project()
        chance = self.random
        unit = chance.choice(self.units)
        methods = [m for m in unit.members if m.parameters is not None]
        member = chance.choice(methods[:self.typo_methods])
        unit.members = [m for m in unit.members if m.parameters is None] + methods[:self.typo_methods]
        shape = chance.random()
        if shape < 0.4:
            if unit.members[0].parameters is not None:
                unit.members.insert(0, self.constant())
            name = unit.members[0].name
            member.parameters = member.parameters[:1]
            member.expression = f"{member.parameters[0]} {member.operator} {name}"
        else:
            name = chance.choice(member.parameters)
        checks = self.checks([(unit, self.call(member))])
        target = self.files(checks)
        wrong = self.misspell(name)
        member.expression = re.sub(rf"\b{name}\b", wrong, member.expression)
        return Task("typo", chance.choice(BUILD_TASKS), self.files(checks), target)

    def misspell(self, name):
        """Drops, doubles or swaps letters of one word of the name, never its first letter."""
        chance = self.random
        parts = re.findall(r"[A-Z]?[a-z]+", name)
        while True:
            index = chance.randrange(len(parts))
            word = parts[index]
            if len(word) < 3:
                continue
            at = chance.randrange(1, len(word))
            kind = chance.choice(["drop", "double", "swap", "swap"])
            if kind == "drop":
                wrong = word[:at] + word[at + 1:]
            elif kind == "double":
                wrong = word[:at] + word[at] + word[at:]
            else:
                wrong = word[:at] + word[at + 1:at + 2] + word[at] + word[at + 2:]
            if wrong != word and wrong.lower() not in words.NOUNS and wrong not in ("uint", "char"):
                return "".join(parts[:index] + [wrong] + parts[index + 1:])

    def rename_task(self):
        self.fill()
        self.draw_project()
        chance = self.random
        unit = chance.choice(self.units)
        if chance.random() < 0.3:
            if unit.members[0].parameters is not None:
                unit.members.insert(0, self.constant())
            member = unit.members[0]
        else:
            member = chance.choice([m for m in unit.members if m.parameters is not None])
        self.use_elsewhere(unit, member)
        calls = [(unit, self.call(member))]
        if member.parameters is not None and chance.random() < 0.12:
            second = self.call(member)
            if second.split(",")[0] != calls[0][1].split(",")[0]:
                calls.append((unit, second))
        checks = self.checks(calls)
        files = self.files(checks)
        old = member.name
        if member.parameters is None:
            new = self.constant_name()
        else:
            new = self.method_name(member.operator)
        target = {path: re.sub(rf"\b{old}\b", new, text) for path, text in files.items()}
        text = chance.choice(RENAME_TASKS).format(old, new)
        return Task("rename", text, files, target, old, new)

    def use_elsewhere(self, unit, member):
        """Adds methods that use the member: one in another class always, one in its own class sometimes."""
        chance = self.random
        others = [u for u in self.units if u is not unit]
        users = [chance.choice(others)]
        if chance.random() < 0.25:
            users.append(unit)
        for user in users:
            owner = "" if user is unit else f"{unit.name}."
            parameters = [self.parameter(), self.parameter()]
            if member.parameters is None:
                operator = self.operator()
                parameters = parameters[:1]
                expression = f"{parameters[0]} {operator} {owner}{member.name}"
            elif member.kind == "int":
                operator = chance.choice(["+", "-", "*"])
                call = f"{owner}{member.name}({', '.join(parameters)})"
                expression = f"{call} {operator} {chance.randint(2, 9)}"
            else:
                operator = member.operator
                expression = f"{owner}{member.name}({', '.join(parameters)})"
            kind = "bool" if operator in words.COMPARISONS else "int"
            user.members.append(Member(self.method_name(operator), kind, expression, parameters, operator))
