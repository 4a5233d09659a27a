"""How the scripted model calls whatever tools an agent brings: by name, and by their schemas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# What each step needs, and the names under which agents offer it.
NAMES: Mapping[str, tuple[str, ...]] = {
    "shell": ("bash", "shell", "run_shell_command", "execute_command", "terminal"),
    "write": ("write", "write_file", "create_file"),
    "edit": ("edit", "replace", "edit_file", "patch"),
    "read": ("read", "read_file"),
    "agent": ("agent", "task"),
}

# Which of our values goes into which argument.
_ARGUMENTS: Mapping[str, tuple[str, ...]] = {
    "command": ("command", "cmd"),
    "path": ("file_path", "filePath", "path", "absolute_path", "target_file"),
    "content": ("content", "contents", "text"),
    "old": ("old_string", "oldString", "old_str", "oldText"),
    "new": ("new_string", "newString", "new_str", "newText"),
    "prompt": ("prompt", "task"),
    "description": ("description",),
    "kind": ("subagent_type", "agent_type"),
}
_EMPTY: Mapping[str, Any] = {
    "string": "x",
    "integer": 1,
    "number": 1,
    "boolean": False,
    "array": [],
    "object": {},
}


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that the request offers."""

    name: str
    description: str
    schema: Mapping[str, Any]


def offered(body: Mapping[str, Any]) -> tuple[Tool, ...]:
    """The function tools of a request, in either dialect."""
    found = []
    for tool in body.get("tools") or ():
        inner = tool.get("function", tool)
        schema = inner.get("parameters") or inner.get("input_schema")
        if isinstance(schema, dict):
            found.append(Tool(inner["name"], str(inner.get("description") or ""), schema))
    return tuple(found)


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
            given[name] = values[meaning]
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
