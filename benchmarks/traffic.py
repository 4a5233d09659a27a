"""Requests as a coding agent sends them, at full size, with text of our own.

Turns are a tool call and its result of about 2 KB; the last message and the user's one before it
carry cache markers, which move from request to request as they do in real traffic.
"""

from __future__ import annotations

import json
from typing import Any

_FILLER = "The quick brown fox looks at line %d of the file and finds nothing to change.\n"
_RESULT = "".join(_FILLER % n for n in range(25))
_MARKED = (-3, -1)
TOOLS = [
    {
        "name": name,
        "description": (_FILLER % 1) * 6,
        "input_schema": {"type": "object", "properties": {"command": {"type": "string"}}},
    }
    for name in ("Bash", "Read", "Write", "Edit", "Glob", "Grep", "Agent")
]


class Conversation:
    """A growing Messages conversation; `thinking` tells whether the agent replays it itself.

    `size` is in bytes, the reasoning not counted. `END` is that of the path it is sent to.
    """

    END = "/v1/messages"

    def __init__(self, name: str, size: int, *, thinking: bool = False) -> None:
        self._name, self._thinking, self._count = name, thinking, 0
        self._messages: list[dict[str, Any]] = [self._task(f"Task {name}")]
        self._written = [_json(self._messages[0])]
        self._size = 0
        while self._size < size:
            call = f"call_00_{name}{self._count:0{24 - len(name)}d}"  # as long as DeepSeek's
            self.grow(call, f"Thought of {name} {self._count}.")

    def grow(self, call: str, thought: str) -> None:
        """One more call and its result."""
        self._count += 1
        given = {"command": f"cat {call}"}
        new = self._called(call, given, thought if self._thinking else "")
        self._messages += new
        self._written += map(_json, new)
        self._size += sum(len(_json(each)) for each in self._called(call, given, ""))

    def _task(self, words: str) -> dict[str, Any]:
        return {"role": "user", "content": [{"type": "text", "text": words}]}

    def _called(self, call: str, given: dict[str, str], thought: str) -> list[dict[str, Any]]:
        """A call of a tool, with a thought before it if there is one, and its result."""
        said = {"type": "thinking", "thinking": thought, "signature": "s"}
        use = {"type": "tool_use", "id": call, "name": "Bash", "input": given}
        result = {"type": "tool_result", "tool_use_id": call, "content": _RESULT}
        blocks = [said, use] if thought else [use]
        return [{"role": "assistant", "content": blocks}, {"role": "user", "content": [result]}]

    def body(self) -> bytes:
        """The next request, with the cache markers on its last messages."""
        messages = list(self._written)
        for place in _MARKED[-len(messages) :]:
            message = self._messages[place]
            last = {**message["content"][-1], "cache_control": {"type": "ephemeral"}}
            messages[place] = _json({**message, "content": [*message["content"][:-1], last]})
        return _HEAD + b",".join(messages) + _TAIL


class OnChat(Conversation):
    """The same on Chat, whose agent replays no reasoning."""

    END = "/chat/completions"

    def _task(self, words: str) -> dict[str, Any]:
        return {"role": "user", "content": words}

    def _called(self, call: str, given: dict[str, str], thought: str) -> list[dict[str, Any]]:
        function = {"name": "Bash", "arguments": json.dumps(given)}
        use = {"id": call, "type": "function", "function": function}
        return [
            {"role": "assistant", "content": "", "tool_calls": [use]},
            {"role": "tool", "tool_call_id": call, "content": _RESULT},
        ]

    def body(self) -> bytes:
        """The next request."""
        tools = [{"type": "function", "function": _function(tool)} for tool in TOOLS]
        rest = _json({"tools": tools, "stream": True})[1:]
        return _HEAD + b",".join(self._written) + b"]," + rest


class OnResponses(OnChat):
    """The same on Responses."""

    END = "/responses"

    def _task(self, words: str) -> dict[str, Any]:
        content = [{"type": "input_text", "text": words}]
        return {"type": "message", "role": "user", "content": content}

    def _called(self, call: str, given: dict[str, str], thought: str) -> list[dict[str, Any]]:
        about = {"call_id": call, "name": "Bash", "arguments": json.dumps(given)}
        output = {"type": "function_call_output", "call_id": call, "output": _RESULT}
        return [{"type": "function_call", **about}, output]

    def body(self) -> bytes:
        """The next request."""
        tools = [{"type": "function", **_function(tool)} for tool in TOOLS]
        rest = _json({"tools": tools, "stream": True, "store": False})[1:]
        head = _HEAD.replace(b'"messages"', b'"input"')
        return head + b",".join(self._written) + b"]," + rest


def _function(tool: dict[str, Any]) -> dict[str, Any]:
    about = {name: tool[name] for name in ("name", "description")}
    return {**about, "parameters": tool["input_schema"]}


def title(words: str) -> bytes:
    """A request for a title, as it comes between others: no tools, its own conversation."""
    said = [{"role": "user", "content": f"Write a title of five words for: {words}"}]
    return _json({"model": "deepseek-v4-flash", "messages": said, "max_tokens": 64, "stream": True})


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


_HEAD = b'{"model":"deepseek-v4-pro","messages":['
_TAIL = (
    b"],"
    + _json(
        {
            "system": [{"type": "text", "text": (_FILLER % 2) * 40}],
            "tools": TOOLS,
            "metadata": {"user_id": '{"device_id":"d","session_id":"s"}'},
            "max_tokens": 32000,
            "thinking": {"type": "adaptive"},
            "stream": True,
        }
    )[1:]
)
