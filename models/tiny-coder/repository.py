"""An in-memory repository with the agent's tools, answering exactly as AgentRuntime's tools do."""

import re

from dotnet import run_tests

TOOLS = {
    "edit_file": ["path", "old", "new"],
    "git_diff": ["path"],
    "list_files": ["path"],
    "read_file": ["path", "start", "end"],
    "run_command": ["command", "timeout_seconds"],
    "search": ["pattern", "path"],
    "write_file": ["path", "content"],
}


class Repository:
    """Files by path; `call` is one tool call, its result the text the model reads."""

    def __init__(self, files: dict):
        self.files = dict(files)

    def call(self, name: str, arguments: dict) -> str:
        try:
            if name == "edit_file":
                return self.edit(arguments["path"], arguments["old"], arguments["new"])
            if name == "list_files":
                return "\n".join(sorted(p for p in self.files)) or "no files"
            if name == "read_file":
                return self.read(arguments["path"], arguments.get("start"), arguments.get("end"))
            if name == "run_command":
                return self.run(arguments["command"])
            if name == "search":
                return self.search(arguments["pattern"], arguments.get("path"))
            if name == "write_file":
                self.files[arguments["path"]] = arguments["content"]
                return f"wrote {arguments['path']} ({len(arguments['content'].splitlines())} lines)"
        except KeyError as missing:
            return f"error: {name} needs the argument {missing}"
        return f"error: there is no tool {name}"

    def edit(self, path: str, old: str, new: str) -> str:
        if path not in self.files:
            return f"error: {path} does not exist"
        text = self.files[path]
        starts = [m.start() for m in re.finditer(re.escape(old), text)] if old else []
        lines = [text.count("\n", 0, start) + 1 for start in starts]
        if not starts:
            return f"error: old text not found in {path}; read the file and copy the text exactly"
        if len(starts) > 1:
            places = ", ".join(map(str, lines))
            return (f"error: old text occurs {len(starts)} times in {path} (lines {places}); "
                    "include more of the surrounding text")
        self.files[path] = text.replace(old, new)
        return f"edited {path}:{lines[0]}"

    def read(self, path: str, start=None, end=None) -> str:
        if path not in self.files:
            return f"error: {path} does not exist"
        lines = self.files[path].splitlines()
        if not lines:
            return "(empty file)"
        first, last = int(start or 1), int(end or len(lines))
        return "\n".join(f"{n}: {lines[n - 1]}" for n in range(first, min(last, len(lines)) + 1))

    def search(self, pattern: str, path=None) -> str:
        try:
            expression = re.compile(pattern)
        except re.error:
            return f"error: the pattern {pattern} is no regular expression"
        hits = [f"{name}:{number}: {line.strip()}"
                for name in sorted(self.files)
                if path is None or name == path or name.startswith(path.rstrip("/") + "/")
                for number, line in enumerate(self.files[name].splitlines(), 1)
                if expression.search(line)]
        return "\n".join(hits) or "no matches"

    def run(self, command: str) -> str:
        if command != "dotnet run":
            return f"{command.split(' ')[0]}: command not found\nexit code 127"
        return run_tests(self.files)
