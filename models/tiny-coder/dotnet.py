"""What `dotnet run` prints for the generated repositories: compiler errors or the test program's lines.

Understands only the small subset of C# that tasks.py writes; anything else is reported as a syntax error.
"""

import re

HARNESS_HEAD = """using System.Runtime.CompilerServices;
"""

HARNESS_TAIL = """
Console.WriteLine($"{passed} passed, {failed} failed");
return failed == 0 ? 0 : 1;

void Check<T>(T expected, T actual, [CallerArgumentExpression(nameof(actual))] string name = "")
{
    if (Equals(expected, actual))
    {
        passed++;
        return;
    }

    failed++;
    Console.WriteLine($"FAIL {name}: expected {expected}, got {actual}");
}
"""

CLASS = re.compile(r"public static class (\w+)$")
CONSTANT = re.compile(r"public const int (\w+) = (\d+);$")
METHOD = re.compile(r"public static (int|bool) (\w+)\(([\w ,]*)\)(?: => (.+);)?$")
CHECK = re.compile(r"Check\((-?\w+), (.+)\);$")
NAME = re.compile(r"(?:\b([A-Za-z_]\w*)\.)?\b([A-Za-z_]\w*)")
EXPRESSION = re.compile(r"[\w.]+(\([\w., ]*\))?( (\+|-|\*|/|>|<|>=|<=|==|!=) [\w.]+(\([\w., ]*\))?)*$")


class CompileError(Exception):
    """One compiler error at a place (1-based line and column)."""

    def __init__(self, path, line, column, text):
        super().__init__(f"{path}({line},{column}): error {text}")


def run_tests(files: dict) -> str:
    """The output of `dotnet run` as the agent's run_command shows it."""
    project = next(path for path in files if path.endswith(".csproj"))
    try:
        classes = {}
        tests = None
        for path in sorted(path for path in files if path.endswith(".cs")):
            if files[path].startswith(HARNESS_HEAD):
                tests = path
            else:
                parse_class(path, files[path], classes)
        for path, members in classes.values():
            for kind, line, column, expression, parameters in members.values():
                check_names(path, line, column, expression, parameters, members, classes)
        return run_checks(tests, files[tests], classes)
    except CompileError as error:
        return f"{error} [{project}]\n\nThe build failed. Fix the build errors and run again.\nexit code 1"


def parse_class(path, text, classes):
    members, name, header = None, None, None
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if line in ("", "{", "}"):
            continue
        start = CLASS.match(line)
        if start:
            members = {}
            classes[start[1]] = (path, members)
            continue
        constant, method = CONSTANT.match(line), METHOD.match(line)
        if members is not None and constant:
            members[constant[1]] = ("int", number, raw.index("= ") + 3, constant[2], None)
        elif members is not None and method:
            parameters = [p.split()[-1] for p in method[3].split(", ")] if method[3] else []
            header = (method[1], method[2], parameters)
            if method[4]:
                members[header[1]] = (header[0], number, raw.index("=> ") + 4, method[4], parameters)
                header = None
        elif header and line.startswith("return ") and line.endswith(";"):
            members[header[1]] = (header[0], number, raw.index("return ") + 8, line[7:-1], header[2])
            header = None
        else:
            raise CompileError(path, number, len(raw) - len(line) + 1, "CS1519: Invalid token in a member declaration")


def check_names(path, line, column, expression, parameters, members, classes):
    if not EXPRESSION.match(expression):
        raise CompileError(path, line, column, "CS1525: Invalid expression term")
    for match in NAME.finditer(expression):
        owner, name = match[1], match[2]
        if owner is not None:
            if owner not in classes:
                raise CompileError(path, line, column + match.start(1),
                                   f"CS0103: The name '{owner}' does not exist in the current context")
            if name not in classes[owner][1]:
                raise CompileError(path, line, column + match.start(2),
                                   f"CS0117: '{owner}' does not contain a definition for '{name}'")
        elif name not in (parameters or []) and name not in members and name not in ("true", "false"):
            raise CompileError(path, line, column + match.start(2),
                               f"CS0103: The name '{name}' does not exist in the current context")


def evaluate(expression, own, classes, arguments=None, depth=0):
    """Value of an expression in the class whose members are `own`."""
    if depth > 20:
        raise RecursionError("calls nest too deeply")
    scope = dict(arguments or {})

    def bind(members, into):
        for name, (_, _, _, body, parameters) in members.items():
            if parameters is None:
                into.setdefault(name, int(body))
            else:
                into.setdefault(name, lambda *values, b=body, p=parameters, m=members:
                                evaluate(b, m, classes, dict(zip(p, values, strict=True)), depth + 1))

    bind(own, scope)
    for name, (_, members) in classes.items():
        holder = {}
        bind(members, holder)
        scope.setdefault(name, type(name, (), {k: staticmethod(v) if callable(v) else v for k, v in holder.items()}))
    scope.update({"true": True, "false": False})
    return eval(expression.replace(" / ", " // "), {"__builtins__": {}}, scope)


def run_checks(path, text, classes):
    passed, failures, imported = 0, [], {}
    checks = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("using static "):
            name = line[13:-1]
            if name not in classes:
                raise CompileError(path, number, 14, f"CS0246: The type or namespace name '{name}' could not be "
                                   "found (are you missing a using directive or an assembly reference?)")
            imported.update(classes[name][1])
        match = CHECK.match(line)
        if match:
            check_names(path, number, match.start(2) + 1, match[2], [], imported, classes)
            checks.append((match[1], match[2]))
    for expected, call in checks:
        try:
            actual = evaluate(call, imported, classes)
        except (ZeroDivisionError, TypeError, ValueError, RecursionError) as error:
            return f"Unhandled exception. {error}\nexit code 134"
        wanted = {"true": True, "false": False}.get(expected)
        wanted = int(expected) if wanted is None else wanted
        if wanted == actual and isinstance(wanted, bool) == isinstance(actual, bool):
            passed += 1
        else:
            failures.append(f"FAIL {call}: expected {wanted}, got {actual}")
    lines = failures + [f"{passed} passed, {len(failures)} failed", f"exit code {1 if failures else 0}"]
    return "\n".join(lines)
