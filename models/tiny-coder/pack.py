"""Packs trajectories into the trainer's token files.

    python3 pack.py warmup OUT --seed 0 --count 1500 --copies 5000
    python3 pack.py trajectories OUT --seed 1 --count 10000 [--held-out] [--mistakes 0.12] [--families typo typo operator rename]

File (little endian): int32 magic "RDCT", version 1, vocabulary, N; N+1 int32 offsets in tokens; uint16 tokens;
uint8 weight of predicting each token (255 for the agent's own, a little for the context, 0 for its mistakes).
"""

import argparse
import os
import random

import numpy as np

import words
from generate import AGENT, CONTEXT, MISTAKES, trajectory
from tasks import FAMILIES
from tokenizer import SPECIAL, Tokenizer

MAGIC, VERSION = 0x54434452, 1
CONTEXT_WEIGHT = 12


def pack(sequences, vocabulary, path):
    """sequences: list of (ids, weights)."""
    offsets = np.cumsum([0] + [len(ids) for ids, _ in sequences]).astype("<i4")
    temporary = path + ".part"
    with open(temporary, "wb") as out:
        out.write(np.array([MAGIC, VERSION, vocabulary, len(sequences)], "<i4").tobytes())
        out.write(offsets.tobytes())
        out.write(np.concatenate([np.array(ids, "<u2") for ids, _ in sequences]).tobytes())
        out.write(np.concatenate([np.array(weights, "u1") for _, weights in sequences]).tobytes())
    os.replace(temporary, path)


def encode(tokenizer, segments):
    ids, weights = [], []
    for text, kind in segments:
        part = tokenizer.encode(text)
        ids += part
        weights += [255 if kind == AGENT else CONTEXT_WEIGHT if kind == CONTEXT else 0] * len(part)
    return ids, weights


def copies(tokenizer, chance):
    """A short exercise in copying: lines with random content, then the same content asked for by its beginning."""
    ids, weights = [], []

    def put(part, weight):
        ids.extend(part)
        weights.extend([weight] * len(part))

    if chance.random() < 0.35:
        body = [chance.randrange(len(SPECIAL), len(tokenizer.tokens)) for _ in range(chance.randint(8, 30))]
        put(body, 0)
        for _ in range(chance.randint(1, 3)):
            start = chance.randrange(len(body) - 4)
            part = body[start:start + chance.randint(4, 20)]
            put(tokenizer.encode("\n") + part[:1], 0)
            put(part[1:], 255)
        return ids, weights

    def name():
        while True:
            composed = "".join(words.upper(chance.choice(words.NOUNS)) for _ in range(chance.choice([2, 2, 3])))
            if not words.is_held_out(composed):
                return composed

    def parameter():
        return chance.choice(words.NOUNS) + chance.choice(["", words.upper(chance.choice(words.NOUNS))])

    lines = []
    for _ in range(chance.randint(2, 5)):
        key = name()
        shape = chance.random()
        if shape < 0.35:
            lines.append((key, f": {chance.choice(words.NOUNS)}/{name()}.cs:{chance.randint(1, 12)}"))
        elif shape < 0.7:
            lines.append((key, f"(int {parameter()}, int {parameter()}) {chance.choice('+-*/<>')} {parameter()};"))
        else:
            lines.append((key, f" = {chance.randint(0, 999)};"))
    for key, value in lines:
        put(tokenizer.encode(f"{key}{value}\n"), CONTEXT_WEIGHT)
    for key, value in chance.sample(lines, chance.randint(1, len(lines))):
        first, *rest = tokenizer.encode(f"{key}{value}\n")
        put([first], 0)
        put(rest, 255)
    return ids, weights


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["warmup", "trajectories"])
    parser.add_argument("out")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=10000)
    parser.add_argument("--copies", type=int, default=0)
    parser.add_argument("--mistakes", type=float, default=MISTAKES)
    parser.add_argument("--families", nargs="+", choices=FAMILIES, default=FAMILIES, help="drawn in turn")
    parser.add_argument("--longest", type=int, default=1024)
    parser.add_argument("--held-out", action="store_true")
    options = parser.parse_args()
    tokenizer = Tokenizer.load()
    chance = random.Random(f"pack/{options.seed}")
    sequences = [copies(tokenizer, chance) for _ in range(options.copies)]
    sequences += [encode(tokenizer, trajectory(f"{options.seed}/{index}", options.families[index % len(options.families)],
                                               options.held_out, options.mistakes)) for index in range(options.count)]
    sequences = [s for s in sequences if len(s[0]) <= options.longest]
    chance.shuffle(sequences)
    pack(sequences, len(tokenizer.tokens), options.out)
    total = sum(len(ids) for ids, _ in sequences)
    print(f"{options.out}: {len(sequences)} sequences, {total} tokens")


if __name__ == "__main__":
    main()
