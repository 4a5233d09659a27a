"""What happens when the upstream refuses a history all the same: one step after the other."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.proxy.conftest import Start
from tests.support.in_process import InProcess, Talk
from tests.support.strict_endpoint import StrictEndpoint
from tests.support.strict_rules import PASS_BACK

both = pytest.mark.parametrize("dialect", ["messages", "chat", "responses"])


def begun(proxy: InProcess, endpoint: StrictEndpoint, dialect: str) -> Talk:
    """A conversation with two turns behind it, at an endpoint that no longer compares."""
    talk = Talk(proxy, dialect, "begin #do bash bash bash bash#")
    talk.turn()
    talk.turn()
    endpoint.policy.exact = False
    endpoint.requests.clear()
    return talk


@both
def test_refused_once(proxy: InProcess, endpoint: StrictEndpoint, dialect: str) -> None:
    """A refusal that does not come again is answered with the same bytes, and never seen."""
    talk = begun(proxy, endpoint, dialect)
    endpoint.refuse = [PASS_BACK[dialect]]
    talk.turn()
    first, second = endpoint.requests
    assert first.raw == second.raw
    talk.turn()
    assert endpoint.replayed(endpoint.main[-1]) == 3


@both
def test_refused_now_and_then(proxy: InProcess, endpoint: StrictEndpoint, dialect: str) -> None:
    """A replica that refuses once in a while never costs the real reasoning."""
    talk = begun(proxy, endpoint, dialect)
    for nth in range(3):
        endpoint.refuse = [PASS_BACK[dialect]]
        talk.turn()
        assert endpoint.replayed(endpoint.main[-1]) == 2 + nth


@both
def test_refused_with_real_reasoning(start: Start, endpoint: StrictEndpoint, dialect: str) -> None:
    """A history that is refused twice gets stand-ins; that is remembered, by the next run too."""
    with start() as first:
        talk = begun(first, endpoint, dialect)
        talk.session = "ses_1"
        endpoint.refusing = lambda each: PASS_BACK[dialect] if endpoint.replayed(each) else ""
        talk.turn()
        told = [reasoning for _, reasoning in endpoint.history(endpoint.requests[-1])]
        assert endpoint.replayed(endpoint.requests[-1]) == 0
        assert len(set(told)) == 2 and all(told)
        count = len(endpoint.requests)
        talk.turn()
        assert len(endpoint.requests) == count + 1
    with start() as second:
        talk.proxy = second
        talk.turn()
        assert len(endpoint.requests) == count + 2
        assert endpoint.replayed(endpoint.requests[-1]) == 0


@both
def test_nothing_is_sent_three_times(
    proxy: InProcess, endpoint: StrictEndpoint, dialect: str
) -> None:
    """The same bytes go once more after a refusal; a step that changes nothing is left out."""
    talk = begun(proxy, endpoint, dialect)
    endpoint.refuse = [PASS_BACK[dialect]] * 50
    proxy.post(dialect, talk.body())
    sent = [request.raw for request in endpoint.requests]
    assert max(map(sent.count, sent)) == 2


@both
def test_thinking_off_at_last(proxy: InProcess, endpoint: StrictEndpoint, dialect: str) -> None:
    """When nothing else is taken, thinking is turned off without effort; later it comes back."""
    talk = begun(proxy, endpoint, dialect)
    endpoint.refuse = [PASS_BACK[dialect]] * 3
    status, data = proxy.post(dialect, {**talk.body(), **_effort(dialect)})
    assert status == 200, data
    sent = endpoint.requests[-1].body
    assert _is_off(dialect, sent)
    assert "reasoning_effort" not in sent and "output_config" not in sent
    modes = []
    for _ in range(12):
        assert proxy.post(dialect, talk.body())[0] == 200
        modes.append(_is_off(dialect, endpoint.requests[-1].body))
    assert modes[0] and not modes[-1]


def _is_off(dialect: str, body: dict[str, Any]) -> bool:
    if dialect == "responses":
        return bool((body.get("reasoning") or {}).get("effort") == "none")
    return bool(body.get("thinking") == {"type": "disabled"})


def _effort(dialect: str) -> dict[str, object]:
    if dialect == "chat":
        return {"reasoning_effort": "high"}
    if dialect == "responses":
        return {"reasoning": {"effort": "high"}}
    return {"output_config": {"effort": "high"}}


@both
@pytest.mark.parametrize("wrapped", [False, True])
def test_no_loop(proxy: InProcess, endpoint: StrictEndpoint, dialect: str, wrapped: bool) -> None:
    """An upstream that refuses everything is asked a few times, and its words reach the agent."""
    talk = begun(proxy, endpoint, dialect)
    words = PASS_BACK[dialect]
    relay = f"upstream error: {json.dumps({'error': {'message': words}})}"
    endpoint.refuse = [relay if wrapped else words] * 50
    status, data = proxy.post(dialect, talk.body())
    assert status == 400
    assert b"must be passed back" in data
    assert 2 < len(endpoint.requests) <= 5
    count = len(endpoint.requests)
    proxy.post(dialect, talk.body())
    assert len(endpoint.requests) - count <= count


@both
def test_other_refusals_are_not_repeated(
    proxy: InProcess, endpoint: StrictEndpoint, dialect: str
) -> None:
    """A refusal for another reason goes to the agent at once."""
    endpoint.refuse = ["Insufficient Balance"]
    status, data = proxy.post(dialect, Talk(proxy, dialect, "begin").body())
    assert status == 400 and b"Insufficient Balance" in data
    assert len(endpoint.requests) == 1
