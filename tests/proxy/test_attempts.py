"""A busy upstream, and a prompt that is too long: tried again before the agent sees anything."""

from __future__ import annotations

import json
import time

import pytest

from dsfix.protocol.body import Dialect
from dsfix.proxy import attempts
from tests.support.in_process import InProcess, Talk
from tests.support.strict_endpoint import Canned, Received, StrictEndpoint

ALL = pytest.mark.parametrize("dialect", ["messages", "chat", "responses"])
TOO_LONG = (
    "This model's maximum context length is 1000 tokens. However, you requested 1010 tokens "
    "(910 in the messages, 100 in the completion). Please reduce the length of the messages."
)


def overflow(endpoint: StrictEndpoint) -> None:
    """From now on a history with all of its reasoning is too long."""
    endpoint.policy.exact = False
    endpoint.requests.clear()

    def words(each: Received) -> str:
        return TOO_LONG if endpoint.replayed(each) > 2 else ""

    endpoint.refusing = words


@ALL
def test_a_prompt_that_is_too_long_sheds_reasoning(
    proxy: InProcess, endpoint: StrictEndpoint, dialect: str
) -> None:
    """The oldest replayed reasoning goes, the agent sees no error, and it stays gone."""
    endpoint.switches.reasoning += " and more of it" * 50
    talk = Talk(proxy, dialect, "begin #do bash bash bash bash bash#")
    for _ in range(3):
        talk.turn()
    overflow(endpoint)
    talk.turn()
    refused, taken = endpoint.requests
    assert (endpoint.replayed(refused), endpoint.replayed(taken)) == (3, 2)
    assert all(said for _, said in endpoint.history(taken))
    endpoint.refusing = lambda each: ""
    talk.turn()
    assert kept(endpoint) == [False, True, True, True]


def kept(endpoint: StrictEndpoint) -> list[bool]:
    """Whether each turn of the newest request carries the reasoning it was given."""
    told = endpoint.history(endpoint.main[-1])
    return [given is not None and given.reasoning == reasoning for given, reasoning in told]


@ALL
def test_a_prompt_that_nothing_was_put_into(
    proxy: InProcess, endpoint: StrictEndpoint, dialect: str
) -> None:
    """Where dsfix made nothing longer, the agent gets the upstream's words, at once."""
    endpoint.refuse = [TOO_LONG, TOO_LONG]
    status, data = proxy.post(dialect, Talk(proxy, dialect, "begin #do bash#").body())
    assert status == 400
    assert TOO_LONG.encode() in data
    assert len(endpoint.requests) == 1


def busy(times: int) -> list[Canned]:
    headers = [("content-type", "application/json"), ("retry-after", "0")]
    return [Canned(429, headers, [b'{"error":{"message":"busy"}}']) for _ in range(times)]


def test_codex_is_spared_a_429(proxy: InProcess, endpoint: StrictEndpoint) -> None:
    """On Responses a busy upstream is asked again, and the record says so."""
    endpoint.canned = busy(3)
    talk = Talk(proxy, "responses", "begin #do bash#")
    talk.turn()
    assert len({each.raw for each in endpoint.requests}) == 1
    assert [each.then for each in proxy.journal.over[-1].attempts] == ["busy"] * 3


def test_a_time_to_wait_may_be_a_date(proxy: InProcess, endpoint: StrictEndpoint) -> None:
    """It counts from the upstream's own clock."""
    headers = [
        ("content-type", "application/json"),
        ("date", "Sun, 22 Nov 2026 10:00:00 GMT"),
        ("retry-after", "Sun, 22 Nov 2026 10:00:01 GMT"),
    ]
    endpoint.canned = [Canned(429, headers, [b'{"error":{"message":"busy"}}'])]
    began = time.monotonic()
    Talk(proxy, "responses", "begin #do bash#").turn()
    assert 0.9 < time.monotonic() - began < 20


def test_a_busy_upstream_is_not_asked_for_ever(proxy: InProcess, endpoint: StrictEndpoint) -> None:
    """After a few attempts the agent is told."""
    endpoint.canned = busy(9)
    status, data = proxy.post("responses", Talk(proxy, "responses", "begin #do bash#").body())
    assert (status, b"busy" in data) == (429, True)
    assert len(endpoint.requests) == attempts.PATIENCE[Dialect.RESPONSES] + 1


@pytest.mark.parametrize("dialect", ["messages", "chat"])
def test_agents_that_wait_by_themselves(
    proxy: InProcess, endpoint: StrictEndpoint, dialect: str
) -> None:
    """Claude Code and OpenCode get the 429 and the time to wait, and do as they always do."""
    endpoint.canned = busy(1)
    status, _ = proxy.post(dialect, Talk(proxy, dialect, "begin #do bash#").body())
    assert (status, len(endpoint.requests)) == (429, 1)


@ALL
@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, {"message": TOO_LONG.replace("1010", "1" * 5000)}),
        (200, {"message": "no", "code": "4" * 5000}),
    ],
)
def test_numbers_that_python_does_not_read(
    proxy: InProcess, endpoint: StrictEndpoint, dialect: str, status: int, error: dict[str, str]
) -> None:
    """An error with thousands of digits in it is passed on as any other."""
    said = json.dumps({"error": error}).encode()
    endpoint.canned = [Canned(status, [("content-type", "application/json")], [said])]
    _, data = proxy.post(dialect, Talk(proxy, dialect, "begin #do bash#").body())
    assert error["message"].encode() in data
