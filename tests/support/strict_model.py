"""The scripted model of the strict endpoint: the user's own words say which tools it calls.

`#do bash write#` in a prompt asks for a Bash call, then a Write call, then a closing text; one
step is taken for each assistant turn with calls that follows the prompt.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from tests.support.strict_rules import blocks

ASKED = re.compile(r"#do ([a-z0-9 ]*)#")
WRITTEN = "  first line\nsecond line \n\n"


@dataclass
class Call:
    """A tool call to make."""

    name: str
    arguments: dict[str, Any]


def tools(dialect: str, body: dict[str, Any]) -> set[str]:
    """Names of the tools that the request offers."""
    offered = body.get("tools") or []
    return {each["function"]["name"] if dialect == "chat" else each["name"] for each in offered}


def asked(body: dict[str, Any]) -> tuple[list[str], int]:
    """The steps the last scripted prompt asks for, and how many have been taken."""
    taken = 0
    for message in reversed(body["messages"]):
        parts = blocks(message)
        if message["role"] == "assistant":
            taken += bool(message.get("tool_calls")) or any(
                part.get("type") == "tool_use" for part in parts
            )
        elif message["role"] == "user":
            text = "\n".join(part["text"] for part in parts if part.get("type") == "text")
            found = ASKED.findall(text)
            if found:
                return found[-1].split(), taken
    return [], 0


def next_step(dialect: str, body: dict[str, Any]) -> str:
    """The word for what comes now, empty for the closing text."""
    steps, taken = asked(body)
    return steps[taken] if taken < len(steps) and tools(dialect, body) else ""


def calls(step: str, offered: set[str], folder: str) -> list[Call]:
    """The calls that a step makes with the tools of the asking agent."""
    claude = "Bash" in offered
    path = "file_path" if claude else "filePath"
    old, new = ("old_string", "new_string") if claude else ("oldString", "newString")

    def shell(command: str) -> Call:
        name = "Bash" if claude else "bash"
        return Call(name, {"description": "Say something", "command": command})

    def helper(prompt: str) -> Call:
        given = {"prompt": prompt, "description": "Look around", "subagent_type": kind}
        return Call("Agent" if claude else "task", given)

    kind = "general-purpose" if claude else "general"
    write = Call("Write" if claude else "write", {"content": WRITTEN, path: f"{folder}/note.txt"})
    change = {old: "first line", new: "1st line ", path: f"{folder}/note.txt"}
    edit = Call("Edit" if claude else "edit", change)
    known = {
        "bash": [shell("echo one")],
        "cd": [shell(f"cd {folder} && echo inside")],
        "env": [
            shell("env; tr '\\0' ' ' < /proc/$PPID/cmdline; tr '\\0' '\\n' < /proc/$PPID/environ")
        ],
        "sleep": [shell(f"touch {folder}/started; sleep 12")],
        "write": [write],
        "edit": [edit],
        "parallel": [shell("echo one"), shell("echo two"), shell("echo three")],
        "agent": [helper("#do bash#")],
        "twins": [helper("#do bash#"), helper("#do bash#")],
    }
    wanted = known.get(step, [])
    return [call for call in wanted if call.name in offered]
