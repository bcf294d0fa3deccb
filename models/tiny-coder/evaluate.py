"""The real evaluation: held-out tasks in real repositories, played by `./agentrt run`, checked with `dotnet run`.

    python3 evaluate.py [--seeds 20] [--model tiny-coder.gguf] [--report EVALUATION.md] [--keep DIR]

Needs the .NET SDK and git. The seeds and names are ones that training never saw (see tasks.py and words.py).
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

from generate import write
from tasks import FAMILIES, Generator

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
MAX_STEPS = 20


def prepare(task, folder):
    """Writes the task's repository and commits it."""
    write(task.files, folder)
    for command in (["init", "-q"], ["add", "-A"],
                    ["-c", "user.name=evaluation", "-c", "user.email=evaluation@localhost", "commit", "-q", "-m", "start"]):
        subprocess.run(["git", *command], cwd=folder, check=True)


def play(task, folder, options):
    """The events of one run, its exit code and its wall time in seconds."""
    command = [os.path.join(ROOT, "agentrt"), "run", "--repo", folder, "--model", options.model, "--approval", "auto",
               "--max-steps", str(MAX_STEPS), "--json", *options.extra, task.text]
    started = time.monotonic()
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=600)
    seconds = time.monotonic() - started
    events = [json.loads(line) for line in result.stdout.splitlines() if line.strip()]
    return events, result.returncode, seconds, result.stderr.strip()


def verify(task, folder):
    """Why the repository is not as it should be, or None. Trusts nothing that the run said."""
    test = subprocess.run(["dotnet", "run"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if test.returncode != 0:
        return "the tests fail: " + test.stdout.strip().splitlines()[0]
    changed = subprocess.run(["git", "status", "--porcelain", "--untracked-files=all"], cwd=folder, check=True,
                             stdout=subprocess.PIPE, text=True).stdout.split()[1::2]
    expected = sorted(path for path in task.files if task.files[path] != task.target[path])
    if sorted(changed) != expected:
        return f"other files changed than {', '.join(expected)}: {', '.join(changed)}"
    for path in expected:
        with open(os.path.join(folder, path), encoding="utf-8") as source:
            text = source.read()
        if task.family == "rename" and re.search(rf"\b{task.old}\b", text):
            return f"{task.old} is still in {path}"
        if text != task.target[path]:
            return f"{path} is not the repaired file"
    return None


def amplification(completed):
    """Tokens computed per token of the final context, as run.completed states it; None of a run that failed."""
    return completed.get("totals", {}).get("amplification")


def attempt(job):
    """The row of the report for one task: (options, family, seed)."""
    options, family, seed = job
    task = Generator(seed, held_out=True).task(family)
    folder = tempfile.mkdtemp(prefix=f"tiny-coder-{family}-{seed}-", dir=options.keep)
    try:
        prepare(task, folder)
        events, code, seconds, message = play(task, folder, options)
        problem = verify(task, folder)
    finally:
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
    if problem is None and code != 0:
        problem = f"agentrt exited with {code}: {message.splitlines()[-1] if message else 'no message'}"
    completed = next((e for e in reversed(events) if e["type"] == "run.completed"), {})
    steps = [e for e in events if e["type"] == "step.completed"]
    print(f"{family} {seed}: {problem or 'solved'} in {len(steps)} steps, {seconds:.1f} s", flush=True)
    return {"family": family, "seed": seed, "problem": problem, "steps": len(steps), "seconds": seconds,
            "amplification": amplification(completed),
            "cached": sum(s["cached_tokens"] for s in steps),
            "prompt": sum(s["prompt_tokens"] for s in steps),
            "model_ms": sum(s["prefill_ms"] + s["decode_ms"] for s in steps),
            "tool_ms": sum(s["tool_ms"] for s in steps),
            "overhead_ms": [s["overhead_ms"] for s in steps],
            "output": sum(s["output_tokens"] for s in steps),
            "forced": sum(s.get("forced_tokens", 0) for s in steps),
            "edits": [e["ok"] for e in events if e["type"] == "tool.completed" and e.get("name") == "edit_file"],
            "paths": [e["ok"] for e in events if e["type"] == "tool.completed" and e.get("name") in ("edit_file", "read_file")]}


def evaluate(options):
    jobs = [(options, family, seed) for family in options.families
            for seed in range(options.first, options.first + options.seeds)]
    with ThreadPoolExecutor(options.jobs) as pool:
        return list(pool.map(attempt, jobs))


def report(rows, options):
    lines = ["# Evaluation of tiny-coder", "",
             f"{len(rows)} held-out tasks (seeds {options.first} to {options.first + options.seeds - 1} of each family), "
             f"at most {MAX_STEPS} steps each, played by `agentrt run` with greedy decoding in real repositories and "
             "checked independently: `dotnet run` exits 0, and exactly the files that had to change are as they should be.",
             "", "| family | solved | steps (mean) | seconds (median) | model s (median) | tools s (median) |",
             "|---|---|---|---|---|---|"]
    for family in options.families + ["all"]:
        part = [r for r in rows if family in (r["family"], "all")]
        solved = sum(r["problem"] is None for r in part)
        lines.append(f"| {family} | {solved} of {len(part)} | {statistics.mean(r['steps'] for r in part):.1f} "
                     f"| {statistics.median(r['seconds'] for r in part):.1f} "
                     f"| {statistics.median(r['model_ms'] for r in part) / 1000:.2f} "
                     f"| {statistics.median(r['tool_ms'] for r in part) / 1000:.1f} |")
    amplifications = [r["amplification"] for r in rows if r["amplification"] is not None]
    overheads = [ms for r in rows for ms in r["overhead_ms"]]
    lines.append("")
    if amplifications:
        lines.append(f"- Prefill amplification (tokens computed per token of the final context): median "
                     f"{statistics.median(amplifications):.4f}, worst {max(amplifications):.4f}.")
    prompt = sum(r["prompt"] for r in rows)
    if prompt:
        lines.append(f"- Prompt tokens served from the resident cache: {100 * sum(r['cached'] for r in rows) / prompt:.1f} %.")
    if overheads:
        lines.append(f"- Host overhead per step: median {statistics.median(overheads):.2f} ms.")
    output = sum(r["output"] for r in rows)
    if output:
        lines.append(f"- Tokens that a reply's tool calls left no choice about, appended instead of decoded: "
                     f"{100 * sum(r['forced'] for r in rows) / output:.1f} % of {output}.")
    edits = [ok for r in rows for ok in r["edits"]]
    paths = [ok for r in rows for ok in r["paths"]]
    lines.append(f"- Edits that failed: {edits.count(False)} of {len(edits)}; calls of edit_file and read_file that failed: "
                 f"{paths.count(False)} of {len(paths)}.")
    failed = [r for r in rows if r["problem"]]
    if failed:
        lines += ["", "Not solved:", ""] + [f"- {r['family']} {r['seed']}: {r['problem']}" for r in failed]
    lines += ["", f"Machine: {os.cpu_count()} cores, {options.jobs} task{'s' if options.jobs > 1 else ''} at a time. Reproduce: `python3 models/tiny-coder/evaluate.py`.", ""]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20, help="tasks of each family")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--model", default=os.path.join(HERE, "tiny-coder.gguf"))
    parser.add_argument("--report", default=os.path.join(HERE, "EVALUATION.md"))
    parser.add_argument("--jobs", type=int, default=1, help="tasks at a time; more than one makes each slower")
    parser.add_argument("--keep", help="folder in which the repositories stay")
    parser.add_argument("--families", nargs="*", default=FAMILIES)
    parser.add_argument("--extra", nargs="*", default=[], help="more options for agentrt run, e.g. --extra=--sandbox=off")
    options = parser.parse_args()
    if options.keep:
        os.makedirs(options.keep, exist_ok=True)
    rows = evaluate(options)
    with open(options.report, "w", encoding="utf-8") as out:
        out.write(report(rows, options))
    solved = sum(r["problem"] is None for r in rows)
    print(f"{solved} of {len(rows)} solved; report in {options.report}")
    return 0 if solved >= 0.9 * len(rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())
