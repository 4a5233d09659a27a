"""Why prompts were not in the cache, told from real records."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from dsfix.protocol.usage import Usage
from dsfix.record.exchange import Exchange
from dsfix.record.reader import SessionRecord, read
from dsfix.repairs.base import Change, Step
from dsfix.report.cache import Cache, Miss, Saved, explained
from dsfix.report.recall import recalled
from tests.record.support import START, assistant, exchange, finished, opened, request, user

TALK = [user("one"), assistant("two"), user("three")]
SYSTEM = [{"type": "text", "text": text} for text in ("block a", "block b")]
TOOLS = [{"name": "Read", "input_schema": {}}, {"name": "Bash", "input_schema": {}}]
BILLING, USER = Change("billing-header", "x"), Change("user-id", "x")


def made(number: int, cached: int, started: float = 0.0, **fields: Any) -> Exchange:
    """An exchange of 10,000 tokens, so many of them cached, `started` seconds into the session."""
    each = finished(exchange(number), usage=Usage(10_000, cached, 50), **fields)
    each.started = START + (started or 10 * number)
    return each


def record_of(
    state: Path, requests: Sequence[tuple[Exchange, list[Any], dict[str, Any]]], **options: Any
) -> tuple[list[Exchange], Callable[[], SessionRecord]]:
    """These exchanges with what the agent said in each, written down and closed."""
    log = opened(state, **options)
    for each, said, members in requests:
        log.began(each, request(said, each.conversation, **members))
        log.ended(each, None)
    log.close(0, 60)
    path = log.path
    assert path is not None
    return [each for each, _, _ in requests], lambda: read(path)


@pytest.mark.parametrize("bodies", [True, False])
@pytest.mark.parametrize(
    ("said", "members", "why"),
    [
        (TALK, {"system": [SYSTEM[0], {**SYSTEM[1], "text": "other"}]}, "system block 2 differs"),
        (TALK, {"system": [SYSTEM[1], SYSTEM[0]]}, "system block 1 differs"),
        (TALK, {"tools": TOOLS[::-1]}, "tool list from tool 1 (Bash) on differs"),
        (TALK, {"tools": TOOLS[:1]}, "tool list differs"),
        ([user("one"), assistant("new"), user("three")], {}, "message 2 (assistant) differs"),
        ([user("ONE"), *TALK[1:]], {"system": SYSTEM[::-1]}, "system block 1 differs"),
        ([*TALK, assistant("four"), user("five")], {}, "the same prompt, 8 s after the request"
         " before it"),
    ],
)  # fmt: skip
def test_the_first_thing_that_differs_is_named(
    tmp_path: Path, said: list[Any], members: dict[str, Any], why: str, bodies: bool
) -> None:
    """In the order of the prompt; without the texts it is found too, only not by its own name."""
    given = {"system": SYSTEM, "tools": TOOLS}
    first, second = made(1, 0), made(2, 128)
    exchanges, record = record_of(
        tmp_path, [(first, TALK, given), (second, said, {**given, **members})], bodies=bodies
    )
    if not bodies:
        why = why.replace(" (assistant)", "").replace(" (Bash)", "")
    assert explained(exchanges, record).misses == (Miss(2, "main", 9872, why),)


def test_a_moved_cache_marker_breaks_nothing(tmp_path: Path) -> None:
    """It is no part of the prompt."""
    marked = [user("one", cache_control={"type": "ephemeral"}), *TALK[1:]]
    exchanges, record = record_of(tmp_path, [(made(1, 0), marked, {}), (made(2, 0), TALK, {})])
    [miss] = explained(exchanges, record).misses
    assert miss.why == "the same prompt, 8 s after the request before it"


def test_reasoning_that_was_put_back_is_no_difference(tmp_path: Path) -> None:
    """The agent lost it, the upstream did not see that; where nothing was put back it did."""
    bare = {"role": "assistant", "content": [{"type": "text", "text": "two"}]}
    without = [TALK[0], bare, TALK[2]]
    for replayed, why in ((1, "the same prompt"), (0, "message 2 (assistant)")):
        second = made(2, 0, replayed=replayed)
        exchanges, record = record_of(
            tmp_path / str(replayed), [(made(1, 0), TALK, {}), (second, without, {})]
        )
        [miss] = explained(exchanges, record).misses
        assert miss.why.startswith(why)


@pytest.mark.parametrize(
    ("started", "fields", "why"),
    [
        (20, {"sent": "deepseek-v4-flash"}, "model deepseek-v4-pro → deepseek-v4-flash"),
        (20, {"step": Step.PLACEHOLDERS}, "recovery went from none to placeholders"),
        (20, {"changes": [Change("context-guard", "x")]},
         "context-guard shortened what was put back"),
        (11, {}, "sent while the request before it was being answered"),
        (3611.5, {}, "the same prompt, 60 min after the request before it"),
        (10 + 36_001.5, {}, "the same prompt, 10.0 h after the request before it"),
    ],
)  # fmt: skip
def test_what_is_not_in_the_prompt_is_told_too(
    tmp_path: Path, started: float, fields: dict[str, Any], why: str
) -> None:
    """Another model, another step of recovery, a shrunk replay, overlap, and age."""
    second = made(2, 0, started, **fields)
    exchanges, record = record_of(tmp_path, [(made(1, 0), TALK, {}), (second, TALK, {})])
    assert [each.why for each in explained(exchanges, record).misses] == [why]


def test_only_what_was_lost_within_a_thread_is_a_miss(tmp_path: Path) -> None:
    """First requests are none, nor is a tail that is too short for the cache to keep.

    One of which no tokens were told is passed over.
    """
    exchanges = [
        made(1, 0),
        made(2, 9_000),
        made(7, 0),
        made(3, 8_999),
        made(4, 0, conversation="other"),
        made(5, 0, kind="title"),
        made(6, 0),
    ]
    exchanges[2].usage, exchanges[-1].usage = Usage(0, 0, 0), Usage(400, 144, 1)
    assert [each.exchange for each in explained(exchanges).misses] == [3]


def test_without_a_record_the_cause_is_not_made_up() -> None:
    """With --private, or where the file has gone."""
    [miss] = explained([made(1, 0), made(2, 0)]).misses
    assert miss.why == "what was said is not in the record, 8 s after the request before it"


def test_what_repairs_kept_in_the_cache_is_counted(tmp_path: Path) -> None:
    """Only what this session can tell, and nothing twice."""

    def billed(mark: str) -> dict[str, Any]:
        return {
            "system": [{"type": "text", "text": f"x-anthropic-billing-header: {mark}"}, *SYSTEM]
        }

    rows = [
        (made(1, 3_000, changes=[USER, BILLING]), billed("a")),  # from earlier sessions
        (made(2, 9_900, changes=[USER, BILLING]), billed("a")),  # the block is an old one
        (made(3, 9_800, changes=[USER, BILLING]), billed("b")),
        (made(4, 9_700, changes=[USER, BILLING]), billed("a")),
        (made(5, 9_600, changes=[Change("billing-header", "x", failed=True)]), billed("c")),
    ]
    exchanges, record = record_of(tmp_path, [(each, TALK, given) for each, given in rows])
    found = explained(exchanges, record)
    assert found.saved == (Saved("user-id", 1, 3_000), Saved("billing-header", 3, 9_800))
    assert not found.misses


def test_a_billing_block_that_was_taken_out_is_no_difference(tmp_path: Path) -> None:
    """The blocks behind it keep the numbers that the agent gave them."""
    heads = [{"type": "text", "text": f"x-anthropic-billing-header: {n}"} for n in "ab"]
    rows = [
        (made(1, 0, changes=[BILLING]), TALK, {"system": [heads[0], *SYSTEM]}),
        (made(2, 0, changes=[BILLING]), TALK, {"system": [heads[1], SYSTEM[0], SYSTEM[0]]}),
    ]
    exchanges, record = record_of(tmp_path, rows)
    assert [each.why for each in explained(exchanges, record).misses] == ["system block 3 differs"]


def test_a_session_that_is_read_back_tells_the_same(tmp_path: Path) -> None:
    """`dsfix sessions show` and the summary at the end agree."""
    rows = [(made(1, 0), TALK, {}), (made(2, 0), [user("x"), *TALK[1:]], {})]
    exchanges, record = record_of(tmp_path, rows)
    summary = recalled(record())
    assert summary.cache == explained(exchanges, record) != Cache()
    assert summary.as_dict()["cache"] == {
        "misses": [{"exchange": 2, "kind": "main", "lost": 10_000,
                    "why": "message 1 (user) differs"}],
        "saved": [],
    }  # fmt: skip
