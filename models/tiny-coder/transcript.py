"""The text a run consists of, byte for byte as AgentRuntime writes it with tiny-coder's chat template."""

import json

from repository import TOOLS

SYSTEM = ("You are a coding agent. You work in a repository with tools, one step at a time. Find the cause before "
          "you edit, change as little as needed, and run the tests after each change. When the task is done, answer "
          "in one sentence without a tool call.")
END = "<|im_end|>"
GENERATE = "<|im_start|>assistant\n"


def opening(task: str, instructions: str = "") -> str:
    """Everything before the first reply."""
    tools = "".join(f" {name}({', '.join(parameters)})" for name, parameters in TOOLS.items())
    text = f"<|im_start|>system\n{SYSTEM}\nTools:{tools}{END}\n"
    if instructions.strip():
        text += f"<|im_start|>system\nAGENTS.md:\n{instructions.rstrip()}{END}\n"
    return f"{text}<|im_start|>user\n{task}{END}\n{GENERATE}"


def reply(text: str, call=None) -> str:
    """One reply of the model with its end token; `call` is (tool name, arguments) or None."""
    if call is None:
        return text + END
    body = json.dumps({"name": call[0], "arguments": call[1]}, ensure_ascii=False)
    return f"{text}\n<tool_call>\n{body}\n</tool_call>{END}"


def after(result: str) -> str:
    """What the loop appends after a reply with one call."""
    return f"\n<|im_start|>tool\n{result}{END}\n{GENERATE}"


def parse(text: str):
    """(call or None, error or None) of a reply without its end token."""
    if "<tool_call>" not in text:
        return None, None
    body = text.split("<tool_call>", 1)[1].split("</tool_call>", 1)[0]
    try:
        value = json.loads(body)
        return (value["name"], dict(value["arguments"])), None
    except (ValueError, KeyError, TypeError):
        return None, "error: the tool call is not valid JSON"
