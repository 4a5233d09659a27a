"""What was written to the cache, as Messages tells it: whole, in two events, or not at all."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from dsfix.protocol.answer import Answer
from dsfix.protocol.reading import chat
from dsfix.protocol.usage import Usage, Wire

WRITTEN = {
    "input_tokens": 10,
    "cache_read_input_tokens": 2000,
    "cache_creation_input_tokens": 300,
    "cache_creation": {"ephemeral_5m_input_tokens": 200, "ephemeral_1h_input_tokens": 100},
    "output_tokens": 1,
}


def read(*objects: dict[str, Any]) -> Usage:
    """The counts of these usage objects, one after the other."""
    usage = None
    for each in objects:
        usage = Usage.read(msgspec.json.decode(json.dumps(each), type=Wire), usage)
    assert usage is not None
    return usage


def test_what_was_written_is_input_and_told_apart() -> None:
    """10 plain, 2000 read, 300 written, 100 of them for an hour."""
    assert read(WRITTEN) == Usage(2310, 2000, 1, None, 300, 100)


@pytest.mark.parametrize(
    "later",
    [
        {"output_tokens": 50},
        {**WRITTEN, "output_tokens": 50},
        {"input_tokens": 10, "output_tokens": 50},
        {"cache_creation_input_tokens": 300, "cache_creation": {}, "output_tokens": 50},
        {"input_tokens": 0, "output_tokens": 50},
        {"input_tokens": 10, "cache_read_input_tokens": 0, "output_tokens": 50},
        {**dict.fromkeys(WRITTEN, 0), "cache_creation": None, "output_tokens": 50},
    ],
)
def test_a_later_event_that_leaves_counts_out_keeps_them(later: dict[str, Any]) -> None:
    """A stream tells them at its start, and some or all of them again at its end, or 0."""
    assert read(WRITTEN, later) == Usage(2310, 2000, 50, None, 300, 100)


def test_what_was_looked_up_on_the_web() -> None:
    """Messages counts it at the stream's end; a relay may in any dialect, or leave it out again."""
    looked_up = {"server_tool_use": {"web_search_requests": 2, "web_fetch_requests": 1}}
    whole = Usage(2310, 2000, 50, None, 300, 100, 2, 1)
    assert read(WRITTEN, {"output_tokens": 50, **looked_up}) == whole
    assert read(WRITTEN | looked_up, {"output_tokens": 50}) == whole
    assert read(WRITTEN, {"output_tokens": 50, **looked_up}, {"server_tool_use": None}) == whole
    on_chat = {"prompt_tokens": 100, "completion_tokens": 5, **looked_up}
    assert read(on_chat) == Usage(100, 0, 5, searches=2, fetches=1)


def test_nothing_is_written_where_nobody_says_so() -> None:
    """DeepSeek counts none, and Chat has no such count."""
    none = {"input_tokens": 10, "cache_read_input_tokens": 90, "cache_creation_input_tokens": 0}
    assert read({**none, "output_tokens": 5}) == Usage(100, 90, 5)
    assert read({"prompt_tokens": 100, "completion_tokens": 5}) == Usage(100, 0, 5)


@pytest.mark.parametrize(
    "told",
    [
        {"prompt_cache_hit_tokens": 90},
        {"prompt_tokens_details": {"cached_tokens": 90}},
        {"cached_tokens": 90},
        {"prompt_cache_hit_tokens": 0, "prompt_tokens_details": {"cached_tokens": 90}},
        {"prompt_tokens_details": {"cached_tokens": 0}, "cached_tokens": 90},
    ],
)
def test_what_was_cached_has_several_names(told: dict[str, Any]) -> None:
    """DeepSeek's, OpenAI's and Kimi's; a relay may know one of them and say 0 under another."""
    counts = {"prompt_tokens": 100, "completion_tokens": 5}
    assert read({**counts, **told}) == Usage(100, 90, 5)


def test_counts_may_stand_in_the_choice() -> None:
    """So Kimi tells them where the agent did not ask for any."""
    usage = {"prompt_tokens": 100, "completion_tokens": 5, "cached_tokens": 90}
    last = {"index": 0, "delta": {}, "finish_reason": "stop", "usage": usage}
    answer = Answer()
    data = json.dumps({"choices": [last]})
    chat.on_event(answer, msgspec.json.decode(data, type=chat.Event))
    assert answer.usage == Usage(100, 90, 5)


def test_no_more_is_kept_for_an_hour_than_was_written() -> None:
    """Counts that contradict each other make no negative share."""
    odd = {**WRITTEN, "cache_creation_input_tokens": 50}
    assert read(odd) == Usage(2060, 2000, 1, None, 50, 50)
