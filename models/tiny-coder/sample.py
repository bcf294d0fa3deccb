"""Plays held-out tasks with a checkpoint against the simulated repository and reports what it solves.

    python3 sample.py WEIGHTS [--seeds 20] [--show] [--families operator typo rename]
"""

import argparse
import time

import model
from generate import FAMILIES
from repository import Repository
from tasks import Generator, INSTRUCTIONS
from tokenizer import Tokenizer
from transcript import END, after, opening, parse

MAX_STEPS = 20
MAX_REPLY = 200


def play(config, tensors, tokenizer, task, show=False):
    """(solved, steps, transcript) of one task."""
    end = tokenizer.ids[END]
    conversation = model.Conversation(config, tensors)
    repository = Repository(task.files)
    text = opening(task.text, INSTRUCTIONS)
    transcript = text
    logits = conversation.append(tokenizer.encode(text))
    for step in range(1, MAX_STEPS + 1):
        ids = []
        while len(ids) < MAX_REPLY:
            ids.append(int(logits.argmax()))
            try:
                logits = conversation.append(ids[-1:])
            except OverflowError:
                return False, step, transcript + tokenizer.decode(ids) + "[context full]"
            if ids[-1] == end:
                break
        reply = tokenizer.decode(ids)
        transcript += reply
        call, error = parse(reply)
        if call is None and error is None:
            return repository.files == task.target, step, transcript
        try:
            result = error or repository.call(*call)
        except (TypeError, ValueError, AttributeError) as problem:
            result = f"error: {problem}"
        transcript += after(result)
        try:
            logits = conversation.append(tokenizer.encode(after(result)))
        except OverflowError:
            return False, step, transcript + "[context full]"
    return False, MAX_STEPS, transcript


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--show", action="store_true", help="print the transcripts that failed")
    parser.add_argument("--typo-methods", type=int, default=1, help="methods in the file of a typo")
    parser.add_argument("--families", nargs="*", default=FAMILIES)
    options = parser.parse_args()
    config, tensors = model.load(options.weights)
    tokenizer = Tokenizer.load()
    for family in options.families:
        solved, steps, started = 0, 0, time.time()
        for seed in range(options.first, options.first + options.seeds):
            task = Generator(seed, True, options.typo_methods).task(family)
            good, used, transcript = play(config, tensors, tokenizer, task)
            solved += good
            steps += used
            if options.show and not good:
                print(f"--- {family} {seed}\n" + transcript.split("<|im_start|>user\n", 1)[1])
        print(f"{family}: {solved} of {options.seeds} solved, {steps / options.seeds:.1f} steps on average, "
              f"{time.time() - started:.0f} s", flush=True)


if __name__ == "__main__":
    main()
