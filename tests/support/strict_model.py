"""The scripted model of the strict endpoint: the user's own words say which tools it calls.

`#do bash write#` in a prompt asks for a call of the shell, then of the tool that writes files,
then for a closing text; one step is taken for each assistant turn with calls that follows the
prompt.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tests.support.strict_base import Call, Tool, Turn

ASKED = re.compile(r"#do ([a-z0-9 ]*)#")
WRITTEN = "  first line\nsecond line \n\n"
# what each step needs, under the names that agents have for it
_TOOLS = {
    "shell": ("Bash", "bash", "run_shell_command", "exec_command"),
    "write": ("Write", "write", "write_file"),
    "edit": ("Edit", "edit"),
    "agent": ("Agent", "task", "agent", "spawn_agent"),
    "wait": ("wait_agent",),
    "find": ("tool_search",),
    "light": ("light",),
    "patch": ("apply_patch",),
}
# What the tools of these steps are given.
_GIVEN: Mapping[str, Mapping[str, Any]] = {
    "wait": {"timeout_ms": 10_000},
    "find": {"query": "turn a lamp on"},
    "light": {"lamp": "hall"},
}


def asked(flow: Iterable[Turn | str]) -> tuple[list[str], int]:
    """The steps the last scripted prompt asks for, and how many have been taken."""
    taken = 0
    for each in reversed(list(flow)):
        if isinstance(each, Turn):
            taken += bool(each.calls)
        elif found := ASKED.findall(each):
            return found[-1].split(), taken
    return [], 0


def next_step(flow: Iterable[Turn | str], offered: Sequence[Tool]) -> str:
    """The word for what comes now, empty for the closing text."""
    steps, taken = asked(flow)
    return steps[taken] if taken < len(steps) and offered else ""


def calls(step: str, offered: Sequence[Tool], folder: str) -> list[Call]:
    """The calls that a step makes with the tools of the asking agent."""
    shells = {
        "bash": ["echo one"],
        "cd": [f"cd {folder} && echo inside"],
        "env": ["env; tr '\\0' ' ' < /proc/$PPID/cmdline; tr '\\0' '\\n' < /proc/$PPID/environ"],
        "pause": ["sleep 3"],
        "sleep": [f"touch {folder}/started; sleep 12"],
        "parallel": ["echo one", "echo two", "echo three"],
    }
    if step in shells:
        wanted = [("shell", {"command": text, "cmd": text}) for text in shells[step]]
    elif step in ("agent", "twins"):
        names = ("one", "two") if step == "twins" else ("one",)
        inner = {"prompt": "#do bash#", "message": "#do bash#"}
        wanted = [("agent", {**inner, "task_name": name}) for name in names]
    elif step in _GIVEN:
        wanted = [(step, dict(_GIVEN[step]))]
    else:
        wanted = [(step, _file(step, f"{folder}/note.txt"))] if step in _TOOLS else []
    made = [(_find(kind, offered), given) for kind, given in wanted]
    return [_call(tool, given) for tool, given in made if tool is not None]


def _file(step: str, path: str) -> dict[str, Any]:
    """What a step does to a file, under every name that an agent has for it."""
    place = {"file_path": path, "filePath": path, "path": path}
    if step == "write":
        return {"content": WRITTEN, **place}
    if step == "edit":
        old, new = "first line", "1st line "
        edits = [{"oldText": old, "newText": new}]
        names = {"old_string": old, "new_string": new, "oldString": old, "newString": new}
        return {**names, "edits": edits, **place}
    added = "".join(f"+{line}\n" for line in WRITTEN.splitlines())
    patch = f"*** Begin Patch\n*** Add File: {path}\n{added}*** End Patch\n"
    return {"input": patch}


def _find(kind: str, offered: Sequence[Tool]) -> Tool | None:
    return next((tool for tool in offered if tool.name in _TOOLS[kind]), None)


def _call(tool: Tool, given: dict[str, Any]) -> Call:
    """The call with those arguments that the tool has; what it is for is told where it may be."""
    general = "general-purpose" if tool.name in ("Agent", "agent") else "general"
    told = {"description": "Say something", "subagent_type": general, **given}
    known = {name: value for name, value in told.items() if tool.custom or name in tool.arguments}
    arguments = {"input": given["input"]} if tool.custom else known
    return Call(tool.name, arguments, tool.namespace, tool.custom)
