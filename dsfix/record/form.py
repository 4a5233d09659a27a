"""The form of an event: what kind of value each member has that is read back.

A record may have been cut, edited or damaged. A number where a text belongs would be found out
only where it is used, in a report or an export; so each event is held against its form as it is
read, and one that does not fit is passed over like a line that cannot be decoded.
"""

from __future__ import annotations

from typing import Any, TypedDict

import msgspec


class _Change(TypedDict, total=False):
    """What a repair did."""

    repair: str
    detail: str
    count: int


class _Attempt(TypedDict):
    """An answer that was not passed on."""

    status: int
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
    index: int
    at: int


# One form for all types of events: no name means two things.
_Event = TypedDict(
    "_Event",
    {
        "type": str,
        "ts": str,
        "id": str,
        "parent": str,
        "hash": str,
        "items": list[str],
        "exchange": int,
        "dialect": str,
        "path": str,
        "kind": str,
        "head": str,
        "messages": int,
        "parts": dict[str, str],
        "params": dict[str, Any],
        "asked": str,
        "step": str,
        "error": str,
        "cut": str,
        "status": int,
        "bytes_in": int,
        "bytes_out": int,
        "bytes_sent": int,
        "replayed": int,
        "placeholders": int,
        "duration": float,
        "changes": list[_Change],
        "attempts": list[_Attempt],
        "edits": list[_Edit],
        "edits_repeated": int,
        "edits_left_out": int,
        "answer_edits": list[_Edit],
        "answer": list[_Block],
        "blocks": list[_Block],
        "gen_ai.conversation.id": str,
        "gen_ai.request.model": str,
        "gen_ai.response.model": str,
        "gen_ai.response.finish_reasons": list[str],
        "gen_ai.response.time_to_first_chunk": float,
        "gen_ai.usage.input_tokens": int,
        "gen_ai.usage.cache_read.input_tokens": int,
        "gen_ai.usage.output_tokens": int,
        "gen_ai.usage.reasoning.output_tokens": int,
        "gen_ai.usage.cache_creation.input_tokens": int,
        "written_1h": int,
        "agent": str,
        "upstream": str,
        "vendor": str,
        "cwd": str,
        "exit_code": int,
    },
    total=False,
)


def fits(event: dict[str, Any]) -> bool:
    """Whether each member that we know is of its kind; others may be anything."""
    try:
        msgspec.convert(event, _Event)
    except msgspec.ValidationError:
        return False
    return True
