"""How the scripted model calls whatever tools an agent brings: by name, and by their schemas."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# What each step needs, and the names under which agents offer it.
NAMES: Mapping[str, tuple[str, ...]] = {
    "shell": (
        "bash",
        "shell",
        "run_shell_command",
        "execute_command",
        "terminal",
        "exec_command",
        "shell_command",
    ),
    "write": ("write", "write_file", "create_file"),
    "edit": ("edit", "replace", "edit_file", "patch"),
    "read": ("read", "read_file"),
    "agent": ("agent", "task", "spawn_agent"),
    "patch": ("apply_patch",),
}

# Which of our values goes into which argument.
_ARGUMENTS: Mapping[str, tuple[str, ...]] = {
    "command": ("command", "cmd"),
    "path": ("file_path", "filePath", "path", "absolute_path", "target_file"),
    "content": ("content", "contents", "text"),
    "old": ("old_string", "oldString", "old_str", "oldText"),
    "new": ("new_string", "newString", "new_str", "newText"),
    "prompt": ("prompt", "task", "message"),
    "patch": ("input", "patch"),
    "description": ("description",),
    "kind": ("subagent_type", "agent_type"),
}
_PATCH: Mapping[str, Any] = {"type": "object", "properties": {"input": {"type": "string"}}}
_EMPTY: Mapping[str, Any] = {
    "string": "x",
    "integer": 1,
    "number": 1,
    "boolean": False,
    "array": [],
    "object": {},
}
# It ends in blanks and empty lines, which agents are known to trim.
CONTENT = "alpha  \nbeta\t\ngamma\n\n\n"
_BAR = "\uff5cDSML\uff5c"


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that the request offers."""

    name: str
    description: str
    schema: Mapping[str, Any]
    namespace: str = ""
    custom: bool = False


def offered(body: Mapping[str, Any]) -> tuple[Tool, ...]:
    """The tools of a request that a model can call, in any dialect."""
    found = []
    for tool in body.get("tools") or ():
        if tool.get("type") == "namespace":
            found += [_tool(inner, tool["name"]) for inner in tool["tools"]]
        elif tool.get("type") == "custom" and "input_schema" not in tool:
            found.append(Tool(tool["name"], "", _PATCH, custom=True))
        elif tool.get("type") in (None, "function", "custom"):
            found.append(_tool(tool.get("function", tool)))
    return tuple(tool for tool in found if tool.schema)


def _tool(given: Mapping[str, Any], namespace: str = "") -> Tool:
    schema = given.get("parameters") or given.get("input_schema")
    described = str(given.get("description") or "")
    usable = schema if isinstance(schema, dict) else {}
    return Tool(str(given.get("name")), described, usable, namespace)


def named(tools: Sequence[Tool], purpose: str) -> Tool | None:
    """The tool that serves a purpose."""
    by_name = {tool.name.lower(): tool for tool in tools}
    return next((by_name[name] for name in NAMES[purpose] if name in by_name), None)


def arguments(tool: Tool, values: Mapping[str, Any]) -> dict[str, Any]:
    """A call's arguments: our values where the schema has a place, required ones filled up."""
    properties = _properties(tool)
    given: dict[str, Any] = {}
    for meaning, names in _ARGUMENTS.items():
        name = next((name for name in names if name in properties), None)
        if name is not None and meaning in values:
            command = meaning == "command" and properties[name].get("type") == "array"
            given[name] = ["bash", "-lc", values[meaning]] if command else values[meaning]
    for name in tool.schema.get("required") or ():
        if name not in given:
            given[name] = _filler(properties.get(name, {}))
    return given


def agent_kind(tool: Tool) -> str:
    """The type of sub-agent that every agent has."""
    choices = _properties(tool).get("subagent_type", {}).get("enum")
    if choices:
        return str(choices[0])
    return "general-purpose" if "general-purpose" in tool.description else "general"


def _properties(tool: Tool) -> Mapping[str, Mapping[str, Any]]:
    """The described arguments; `true` and the like describe nothing."""
    found = tool.schema.get("properties")
    described = found if isinstance(found, dict) else {}
    return {name: inner if isinstance(inner, dict) else {} for name, inner in described.items()}


def _filler(schema: Mapping[str, Any]) -> Any:
    if schema.get("enum"):
        return schema["enum"][0]
    kind = schema.get("type")
    return _EMPTY.get(kind[0] if isinstance(kind, list) and kind else str(kind), "x")


def patch(step: str, path: str) -> str:
    """A patch as Codex's `apply_patch` reads it: a new file, or a line of it changed."""
    if step == "edit":
        body = f"*** Update File: {path}\n@@\n-beta\t\n+delta\n"
    else:
        lines = "".join(f"+{line}\n" for line in CONTENT.splitlines())
        body = f"*** Add File: {path}\n{lines}"
    return f"*** Begin Patch\n{body}*** End Patch\n"


def native(name: str, given: Mapping[str, Any]) -> str:
    """A call in the model's own syntax, which now and then leaks as text.

    SuperJJ007/CSSwitch (desktop/gateway/src/dsml_shim.rs), 2026.
    """
    lines = [f"<{_BAR}tool_calls>", f'<{_BAR}invoke name="{name}">']
    for key, value in given.items():
        plain = isinstance(value, str)
        text = value if plain else json.dumps(value, ensure_ascii=False)
        opened = f'<{_BAR}parameter name="{key}" string="{str(plain).lower()}">'
        lines.append(f"{opened}{text}</{_BAR}parameter>")
    return "\n".join([*lines, f"</{_BAR}invoke>", f"</{_BAR}tool_calls>"])
