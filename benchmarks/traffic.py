"""Requests as a coding agent sends them, at full size, with text of our own.

Turns are a user's text, or a tool call and its result of about 2 KB; the last message carries
the cache marker, which moves from request to request as it does in real traffic.
"""

from __future__ import annotations

import json
from typing import Any

_FILLER = "The quick brown fox looks at line %d of the file and finds nothing to change.\n"
TOOLS = [
    {
        "name": name,
        "description": (_FILLER % 1) * 6,
        "input_schema": {"type": "object", "properties": {"command": {"type": "string"}}},
    }
    for name in ("Bash", "Read", "Write", "Edit", "Glob", "Grep", "Agent")
]


class Conversation:
    """A growing Messages conversation; `thinking` tells whether the agent replays it itself."""

    def __init__(self, name: str, size: int, *, thinking: bool = False) -> None:
        self._name, self._thinking, self._count = name, thinking, 0
        self._messages: list[dict[str, Any]] = [{"role": "user", "content": f"Task {name}"}]
        self._size = 0
        while self._size < size:
            call = f"call_00_{name}{self._count:0{24 - len(name)}d}"  # as long as DeepSeek's
            self.grow(call, f"Thought of {name} {self._count}.")

    def grow(self, call: str, thought: str, signature: str = "s") -> None:
        """One more call and its result."""
        self._count += 1
        blocks: list[dict[str, Any]] = [
            {"type": "tool_use", "id": call, "name": "Bash", "input": {"command": f"cat {call}"}}
        ]
        if self._thinking:
            blocks.insert(0, {"type": "thinking", "thinking": thought, "signature": signature})
        result = {"type": "tool_result", "tool_use_id": call,
                  "content": "".join(_FILLER % n for n in range(25))}  # fmt: skip
        new = [{"role": "assistant", "content": blocks}, {"role": "user", "content": [result]}]
        self._size += sum(len(json.dumps(message)) for message in new)
        self._messages += new

    def body(self) -> bytes:
        """The next request, with the cache marker on the last message."""
        last = self._messages[-1]
        marked = [{**last["content"][-1], "cache_control": {"type": "ephemeral"}}]
        messages = [*self._messages[:-1], {**last, "content": [*last["content"][:-1], *marked]}]
        request = {
            "model": "deepseek-v4-pro",
            "messages": messages,
            "system": [{"type": "text", "text": (_FILLER % 2) * 40}],
            "tools": TOOLS,
            "metadata": {"user_id": '{"device_id":"d","session_id":"s"}'},
            "max_tokens": 32000,
            "thinking": {"type": "adaptive"},
            "stream": True,
        }
        return json.dumps(request, separators=(",", ":")).encode()
