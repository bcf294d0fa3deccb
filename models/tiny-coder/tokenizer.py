"""tiny-coder's byte-level BPE tokenizer: training on generated trajectories, encoding and decoding.

    python3 tokenizer.py train      writes tokenizer.json
"""

import json
import os
import re
import sys
from collections import Counter

SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<tool_call>", "</tool_call>"]
CONTROL = 3  # the first three special tokens are control tokens, the others are user-defined

# Words never carry a leading space when they start with a capital, so that a name reads the same everywhere.
PRE_TOKENIZER = (r"\n|  +| ?[a-z]+|[A-Z][a-z]+|[A-Z]+(?![a-z])|[0-9]| ?[^ \t\r\nA-Za-z0-9]+|[ \t\r]")
SPLIT = re.compile(PRE_TOKENIZER)
SPLIT_SPECIAL = re.compile("(" + "|".join(re.escape(s) for s in SPECIAL) + ")")
FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tokenizer.json")


def byte_alphabet():
    """GPT-2's printable character for each of the 256 bytes."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    table, extra = {}, 256
    for byte in range(256):
        if byte in plain:
            table[byte] = chr(byte)
        else:
            table[byte] = chr(extra)
            extra += 1
    return table


BYTES = byte_alphabet()
UNBYTES = {character: byte for byte, character in BYTES.items()}


class Tokenizer:
    """`tokens` by id and `merges` in order of rank, both in the byte alphabet."""

    def __init__(self, tokens, merges):
        self.tokens = tokens
        self.merges = [tuple(m) for m in merges]
        self.ids = {token: i for i, token in enumerate(tokens)}
        self.ranks = {pair: rank for rank, pair in enumerate(self.merges)}
        self.cache = {}

    @classmethod
    def load(cls, path=FILE):
        with open(path, encoding="utf-8") as source:
            data = json.load(source)
        return cls(data["tokens"], data["merges"])

    def save(self, path=FILE):
        with open(path, "w", encoding="utf-8") as out:
            json.dump({"pre_tokenizer": PRE_TOKENIZER, "tokens": self.tokens, "merges": self.merges}, out,
                      ensure_ascii=False, indent=0)

    def encode(self, text):
        """Ids of template text: special tokens in it are recognised."""
        ids = []
        for part in SPLIT_SPECIAL.split(text):
            if part in SPECIAL:
                ids.append(self.ids[part])
            else:
                for piece in SPLIT.findall(part):
                    ids += self.encode_piece(piece)
        return ids

    def encode_piece(self, piece):
        known = self.cache.get(piece)
        if known is None:
            symbols = [BYTES[b] for b in piece.encode("utf-8")]
            while len(symbols) > 1:
                rank, at = min((self.ranks.get(pair, len(self.ranks)), i)
                               for i, pair in enumerate(zip(symbols, symbols[1:])))
                if rank == len(self.ranks):
                    break
                symbols[at:at + 2] = [symbols[at] + symbols[at + 1]]
            known = self.cache[piece] = [self.ids[s] for s in symbols]
        return known

    def decode(self, ids):
        text = bytearray()
        for i in ids:
            token = self.tokens[i]
            text += token.encode() if token in SPECIAL else bytes(UNBYTES[c] for c in token)
        return text.decode("utf-8", errors="replace")


def train(pieces):
    """A tokenizer in which each of the given pre-tokens is one token; pieces: Counter of pre-tokens."""
    parts = {piece: [BYTES[b] for b in piece.encode()] for piece in pieces}
    merges = []
    while True:
        pairs = Counter()
        for piece, symbols in parts.items():
            for pair in zip(symbols, symbols[1:]):
                pairs[pair] += pieces[piece]
        if not pairs:
            break
        best = max(pairs.items(), key=lambda item: (item[1], item[0]))[0]
        merges.append(best)
        for symbols in parts.values():
            at = 0
            while at < len(symbols) - 1:
                if (symbols[at], symbols[at + 1]) == best:
                    symbols[at:at + 2] = [symbols[at] + symbols[at + 1]]
                at += 1
    tokens = SPECIAL + [BYTES[b] for b in range(256)]
    for left, right in merges:
        if left + right not in tokens:
            tokens.append(left + right)
    return Tokenizer(tokens, merges)


def corpus_pieces(trajectories, least):
    """Pre-tokens that are frequent in training trajectories, and every form of every word; misspellings are rare."""
    from generate import trajectory
    import words
    counts = Counter()
    for seed in range(trajectories):
        for text, _ in trajectory(f"tokenizer/{seed}"):
            for part in SPLIT_SPECIAL.split(text):
                if part not in SPECIAL:
                    counts.update(SPLIT.findall(part))
    keep = {piece for piece, count in counts.items() if count >= least}
    for word in words.NOUNS:
        keep |= {word, " " + word, words.upper(word)}
    for group in (words.OPERATORS, words.COMPARISONS):
        for names in group.values():
            keep |= {part for name in names for part in re.findall("[A-Z][a-z]+", name)}
    for name in words.USUAL_FOLDERS + words.CONSTANTS:
        keep.add(name)
    return Counter(dict.fromkeys(keep, 1)), counts


def main():
    if sys.argv[1:] != ["train"]:
        raise SystemExit(__doc__)
    pieces, _ = corpus_pieces(3000, 60)
    tokenizer = train(pieces)
    tokenizer.save()
    print(f"{len(tokenizer.tokens)} tokens, {len(tokenizer.merges)} merges, {len(pieces)} whole pre-tokens")


if __name__ == "__main__":
    main()
