"""Trajectories of the expert, and repositories of held-out tasks.

    python3 generate.py show --seed 1 --family typo [--held-out]
    python3 generate.py repo --seed 1 --family typo --held-out DIR
"""

import argparse
import os
import random
import re

import expert
import words
from repository import Repository
from tasks import FAMILIES, INSTRUCTIONS, Generator
from transcript import after, opening, reply

CONTEXT, AGENT, MISTAKE = "context", "agent", "mistake"

# Shares of the trajectories that contain a mistake to recover from, or nothing to repair.
MISTAKES = 0.12
NOTHING_WRONG = 0.03


def trajectory(seed, family=None, held_out=False, mistakes=MISTAKES):
    """Segments (text, kind) of one run; kind MISTAKE marks a bad reply that must not be learned."""
    try:
        return play(seed, family, held_out, mistakes)
    except expert.Lost:
        return play(seed, family, held_out, 0)


def play(seed, family, held_out, mistakes):
    generator = Generator(seed, held_out)
    chance = random.Random(f"trajectory/{seed}/{held_out}")
    task = generator.task(family or chance.choice(FAMILIES))
    if mistakes and task.family != "rename" and chance.random() < NOTHING_WRONG:
        task.files = dict(task.target)
    repository = Repository(task.files)
    segments = [(opening(task.text, INSTRUCTIONS if chance.random() < 0.9 else ""), CONTEXT)]
    left = 1 if chance.random() < mistakes else 0
    wait = chance.choice([0, 0, 1, 2]) if task.family == "rename" else 0
    steps = expert.solve(task, repository)
    text, call = next(steps)
    while True:
        if len(segments) > 60:
            raise expert.Lost(f"no end in task {seed}")
        kind = AGENT
        if left and call and (call[0] == "edit_file" or call[0] == "search" and chance.random() < 0.15):
            bad = mistake(call, task, chance) if wait == 0 else None
            wait = max(0, wait - 1)
            if bad:
                call, kind, left = bad, MISTAKE, 0
        segments.append((reply(text, call), kind))
        if call is None:
            return segments
        result = repository.call(*call)
        segments.append((after(result), CONTEXT))
        text, call = steps.send(result)


def mistake(call, task, chance):
    """A slip such as the model makes: a word copied wrong, a wrong operator, a wrong new name."""
    name, arguments = call[0], dict(call[1])
    slip = chance.random()
    if name == "search":
        if task.family == "rename":
            return None
        arguments["pattern"] = swap_word(arguments["pattern"], chance)
    elif slip < 0.45:
        arguments["old"] = swap_word(arguments["old"], chance)
    elif task.family == "rename":
        if "int " in arguments["new"] or " = " in arguments["new"]:
            return None
        arguments["new"] = arguments["new"].replace(task.new, swap_word(task.new, chance))
    elif task.family == "typo":
        old, new = arguments["old"].split(" "), arguments["new"].split(" ")
        index = next(i for i, (a, b) in enumerate(zip(old, new)) if a != b)
        new[index] = swap_word(new[index], chance)
        arguments["new"] = " ".join(new)
    else:
        wrong = [o for group in (words.OPERATORS, words.COMPARISONS) for o in group
                 if f" {o} " in arguments["new"] for o in group if f" {o} " not in arguments["new"]]
        if not wrong:
            return None
        right = expert.operator(arguments["new"])
        at = arguments["new"].rindex(f" {right} ")
        arguments["new"] = arguments["new"][:at] + f" {chance.choice(wrong)} " + arguments["new"][at + len(right) + 2:]
    return (name, arguments) if arguments != call[1] else None


def swap_word(text, chance):
    """The text with one word of a name replaced by another."""
    spots = [m for m in re.finditer(r"[A-Z][a-z]+|\b[a-z]+", text)
             if m[0].lower() in words.NOUNS]
    if not spots:
        return text
    spot = chance.choice(spots)
    other = chance.choice([w for w in words.NOUNS if w != spot[0].lower()])
    other = words.upper(other) if spot[0][0].isupper() else other
    return text[:spot.start()] + other + text[spot.end():]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["show", "repo"])
    parser.add_argument("folder", nargs="?")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--family", choices=FAMILIES, default="operator")
    parser.add_argument("--held-out", action="store_true")
    options = parser.parse_args()
    if options.what == "show":
        for text, kind in trajectory(options.seed, options.family, options.held_out):
            print({"context": "\033[0m", "agent": "\033[32m", "mistake": "\033[31m"}[kind] + text, end="\033[0m")
        print()
        return
    if not options.folder:
        parser.error("repo needs a folder")
    task = Generator(options.seed, options.held_out).task(options.family)
    write(task.files, options.folder)
    print(task.text)


def write(files, folder):
    for path, text in files.items():
        full = os.path.join(folder, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", newline="\n") as out:
            out.write(text)


if __name__ == "__main__":
    main()
