"""The expert program: solves a task step by step and says in a few words why, from what it can see.

`solve` is a coroutine: it yields (reason, call) and is sent the tool's result; the last yield has no call.
It knows the repaired files only to place the edit; every word it says is in the conversation or follows from names.
"""

import re

RUN = ("run_command", {"command": "dotnet run"})
MODIFIERS = re.compile(r"^(?:(?:public|static|const|int|bool) )+")
OPERATOR = re.compile(r" (\+|-|\*|/|>=|<=|==|!=|>|<) ")


class Lost(Exception):
    """A mistake led to a place from which the expert knows no way back."""


def solve(task, repository):
    if task.family == "rename":
        yield from rename(task, repository)
    else:
        result = yield "Run the tests first.", RUN
        yield from repair(task, repository, result, None)


def repair(task, repository, result, path):
    """From the output of a test run to passing tests."""
    changed = None
    while True:
        if result.endswith("exit code 0"):
            if changed:
                yield f"Fixed {changed}; all tests pass.", None
            elif task.family == "rename":
                yield f"Renamed {task.old} to {task.new}; all tests pass.", None
            else:
                yield "All tests pass already; nothing to fix.", None
            return
        error = re.match(r"([^\n(]+)\((\d+),\d+\): error \w+: .*'(\w+)'", result)
        if error:
            path = error[1]
            yield_text = "A name is misspelt; read its file."
        else:
            failure = re.match(r"FAIL (\w+)", result)
            if not failure:
                raise Lost(result)
            name = failure[1]
            if path is None:
                hits = yield f"{name} fails; find it.", ("search", {"pattern": name})
                while hits == "no matches":
                    hits = yield f"{name} fails; search again.", ("search", {"pattern": name})
                path = next(h for h in hits.split("\n") if MODIFIERS.match(h.split(": ", 1)[1])).split(":")[0]
                yield_text = "Read its file."
            else:
                yield_text = f"{name} still fails."
        result = yield yield_text, ("read_file", {"path": path})
        while result.startswith("error: "):
            result = yield "Read the right file.", ("read_file", {"path": path})
        reason, call, changed_name = edit(task, repository, path)
        result = yield reason, call
        while result.startswith("error: "):
            yield "Read the file again.", ("read_file", {"path": path})
            reason, call, changed_name = edit(task, repository, path)
            result = yield reason, call
        changed = changed_name
        result = yield "Run the tests again.", RUN


def edit(task, repository, path):
    """The reason and the call that repair the first line that is wrong, and the name that is repaired."""
    if path not in task.target:
        raise Lost(f"{path} does not exist")
    now, then = repository.files[path].splitlines(), task.target[path].splitlines()
    index = next((i for i, (a, b) in enumerate(zip(now, then)) if a != b), None)
    if index is None:
        raise Lost(f"{path} is as it should be")
    old, new = fragment(now[index]), fragment(then[index])
    names = [(a, b) for a, b in zip(re.findall(r"[A-Za-z]\w*", old), re.findall(r"[A-Za-z]\w*", new)) if a != b]
    if names:
        reason, name = f"Line {index + 1} has the misspelt name.", "the misspelt name"
    else:
        name = owner(now, index)
        if re.search(r" = \d+;$", new):
            reason = f"{name} should be {new.split(' ')[-1][:-1]}."
        else:
            reason = f"{name} needs {operator(new)}"
    return reason, ("edit_file", {"path": path, "old": old, "new": new}), name


def operator(line):
    return OPERATOR.search(line.split("=> ")[-1])[1]


def owner(lines, index):
    """The name of the member that the line belongs to."""
    for line in reversed(lines[:index + 1]):
        match = re.match(r"(?:(?:public|static|const|int|bool) )+(\w+)", line.strip())
        if match:
            return match[1]
    raise ValueError("the line belongs to no member")


def fragment(line):
    """The part of a line that an edit replaces: from the member's name, or the whole statement."""
    return MODIFIERS.sub("", line.strip(), count=1)


def rename(task, repository):
    """One edit a search: the first hit is the next place, so that nothing has to be kept in mind."""
    call = ("search", {"pattern": task.old})
    hits = yield f"Search for {task.old}.", call
    while hits != "no matches":
        path, number, line = re.match(r"([^:]+):(\d+): (.*)", hits.split("\n")[0]).groups()
        found = re.search(rf"\b{task.old}[^,);]*[,);]", line)
        if not found:
            raise Lost(line)
        old = found[0]
        edit_call = ("edit_file", {"path": path, "old": old, "new": old.replace(task.old, task.new)})
        yield "Rename the first.", edit_call
        hits = yield "Search for the next.", call
    result = yield "None is left; run the tests.", RUN
    yield from repair(task, repository, result, None)
