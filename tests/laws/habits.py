"""What agents do differently from each other when they write the same conversation down."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

SCHEMA = {"type": "object", "properties": {"command": {"type": "string"}}, "required": []}
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
TOOLS = ("Bash", "Read", "Agent", "mcp__git__log")
EXTRA = {"n": 1000.0, "big": 2**70, "none": None}
FOREIGN_MARK = "ErUB" + "Ck" * 150  # as long as Anthropic's own
STAND_IN = "(thinking omitted)"


@dataclass(frozen=True, slots=True)
class Habits:
    """One agent's way of writing.

    `blocks`: texts as lists of blocks; `markers`: cache markers that move with the end, and turn
    a text into a block as Claude Code does; `joined`: the user's words behind the results of an
    interrupted turn; `billing`: a header that is another one in each request; `extra`: members
    that no dialect knows, in the body and in the user's messages; `note`: the role of the agent's
    own messages on Chat and Responses. `ascii` and `spaced` are how JSON is written.
    """

    blocks: bool = False
    markers: bool = False
    joined: bool = False
    billing: bool = False
    extra: bool = False
    note: str = "system"
    ascii: bool = False
    spaced: bool = False

    def said(self, message: dict[str, Any]) -> dict[str, Any]:
        """The user's message with what nobody knows."""
        return {**message, "x_note": EXTRA} if self.extra else message

    def encode(self, body: dict[str, Any]) -> bytes:
        """The body as this agent's JSON; half of a surrogate pair can only be escaped."""
        if self.extra:
            body = {**body, "x_trace": EXTRA}
        separators = (", ", ": ") if self.spaced else (",", ":")
        try:
            return json.dumps(body, ensure_ascii=self.ascii, separators=separators).encode()
        except UnicodeEncodeError:
            return json.dumps(body, separators=separators).encode()


def habits(note: str = "system") -> st.SearchStrategy[Habits]:
    """Any agent's; `note` is the role of its own messages."""
    flag = st.booleans()
    return st.builds(
        Habits,
        blocks=flag,
        markers=flag,
        joined=flag,
        billing=flag,
        extra=flag,
        note=st.sampled_from(["system", note]),
        ascii=flag,
        spaced=flag,
    )
