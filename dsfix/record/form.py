"""The form of an event: what kind of value each member has that is read back.

A record may have been cut, edited or damaged. A number where a text belongs would be found out
only where it is used, in a report or an export; so each event is held against its form as it is
read, and one that does not fit is passed over like a line that cannot be decoded.
"""

from __future__ import annotations

from typing import Annotated, Any, Required, TypedDict

import msgspec

from dsfix.protocol import spans

# What no number of ours is beyond, and no seconds of a session: thirty years. A clock may go back.
_Number = Annotated[int, msgspec.Meta(ge=-(1 << 53), le=1 << 53)]
_Seconds = Annotated[float, msgspec.Meta(ge=-1e9, le=1e9)]


class _Change(TypedDict, total=False):
    """What a repair did."""

    repair: Required[str]
    detail: str
    count: _Number


class _Attempt(TypedDict):
    """An answer that was not passed on."""

    status: _Number
    words: str
    then: str


class _Edit(TypedDict, total=False):
    """What a repair changed in one place."""

    repair: str
    where: str
    before: str
    after: str


class _Block(TypedDict, total=False):
    """A piece of an answer, or what was new of it."""

    type: str
    id: str
    name: str
    text: str
    partial: str
    index: _Number
    at: _Number


# One form for all types of events: no name means two things.
_Event = TypedDict(
    "_Event",
    {
        "type": str,
        "ts": str,
        "seq": _Number,
        "id": str,
        "parent": str,
        "hash": str,
        "items": list[str],
        "exchange": _Number,
        "dialect": str,
        "path": str,
        "kind": str,
        "head": str,
        "messages": _Number,
        "parts": dict[str, str],
        "params": dict[str, Any],
        "asked": str,
        "step": str,
        "error": str,
        "cut": str,
        "status": _Number,
        "bytes_in": _Number,
        "bytes_out": _Number,
        "bytes_sent": _Number,
        "replayed": _Number,
        "placeholders": _Number,
        "duration": _Seconds,
        "changes": list[_Change],
        "attempts": list[_Attempt],
        "edits": list[_Edit],
        "edits_repeated": _Number,
        "edits_left_out": _Number,
        "answer_edits": list[_Edit],
        "answer": list[_Block],
        "blocks": list[_Block],
        "gen_ai.conversation.id": str,
        "gen_ai.request.model": str,
        "gen_ai.response.model": str,
        "gen_ai.response.finish_reasons": list[str],
        "gen_ai.response.time_to_first_chunk": _Seconds,
        "gen_ai.usage.input_tokens": _Number,
        "gen_ai.usage.cache_read.input_tokens": _Number,
        "gen_ai.usage.output_tokens": _Number,
        "gen_ai.usage.reasoning.output_tokens": _Number,
        "gen_ai.usage.cache_creation.input_tokens": _Number,
        "written_1h": _Number,
        "searches": _Number,
        "fetches": _Number,
        "agent": str,
        "version": str,
        "project": str,
        "branch": str,
        "upstream": str,
        "vendor": str,
        "cwd": str,
        "argv": list[str],
        "exit_code": _Number,
    },
    total=False,
)


def event_in(line: bytes) -> dict[str, Any] | None:
    """The event in a line; None where it is none of which each member that we know is of its kind.

    Members that we do not know may be anything.
    """
    event = spans.value(line)
    try:
        msgspec.convert(event, _Event)
    except msgspec.ValidationError:
        return None
    return event if isinstance(event, dict) else None
