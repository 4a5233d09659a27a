"""A session's budget: what is let through, what is reserved, and how the rest is refused."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dsfix.protocol.body import Dialect
from dsfix.protocol.usage import Usage
from dsfix.proxy.budget import Budget, budget_of
from dsfix.record.exchange import Exchange
from dsfix.record.limits import Limits, raised, write_raised
from dsfix.record.log import SessionLog
from dsfix.redact import Redactor
from dsfix.report.cost import costs_of
from dsfix.upstreams import named, resolve
from tests.proxy.conftest import Start
from tests.proxy.wire_data import ANSWERS, CLEAN, EVENTS, JSON, STREAM
from tests.support.in_process import InProcess, Talk
from tests.support.pty_session import wait_until
from tests.support.strict_endpoint import Canned, StrictEndpoint

HOW = "Raise it with `dsfix sessions budget k3f9 --max-{} ...`, and go on"
TOLD = 0.3  # tokens to a byte, where nothing else is known


def costs(model: str, usage: Usage, at: float) -> Decimal | None:
    """A cent for 100 tokens of input, a cent for 10 of output, and double after a second of 100."""
    if model != "known":
        return None
    cents = Decimal(usage.input - usage.cached) / 100 + Decimal(usage.output) / 10
    return cents / 100 * (2 if at >= 100 else 1)


def budget(
    raised: Callable[[], Limits] = Limits, age: Callable[[], float] = float, **limits: Any
) -> Budget:
    """A budget of a session that has just begun, or some seconds ago."""
    return Budget(Limits(**limits), age, costs, raised, "k3f9")


def exchange(number: int, at: float = 0.0) -> Exchange:
    """A request to the one model that has a price."""
    return Exchange(number, at, Dialect.MESSAGES, "/v1/messages", sent="known")


def ended(each: Exchange, usage: Usage | None = None, status: int = 200) -> Exchange:
    """The same when its answer has come."""
    each.status, each.served, each.usage = status, "known", usage
    return each


def test_without_limits_nothing_is_refused() -> None:
    """However much it is."""
    free = budget()
    assert not any(free.refusal(exchange(n), 10**9) for n in range(100))


def test_requests_are_counted_when_they_go_out() -> None:
    """Also those that are open; a refused one does not count."""
    two = budget(requests=2)
    assert not two.refusal(exchange(1), 100)
    assert not two.refusal(exchange(2), 100)
    assert two.refusal(exchange(3), 100) == (
        f"the budget of this session is used up: 2 of 2 requests. {HOW.format('requests')}"
    )
    two.limits = Limits(requests=3)
    assert not two.refusal(exchange(3), 100)


def test_minutes_are_those_of_the_session() -> None:
    """Whatever the wall clock says: it is set while a session runs, by hours after a sleep."""
    age = [89.9]
    short = budget(age=lambda: age[-1], minutes=1.5)
    assert not short.refusal(exchange(1, at=86_400.0), 100)
    age.append(90.0)
    assert "1.5 of 1.5 minutes" in short.refusal(exchange(2, at=-86_400.0), 100)


def test_a_wall_clock_that_jumps_uses_no_minutes_up() -> None:
    """A session that began in 1970, as its clock said, is as young as any."""
    log = SessionLog(None, Redactor({}), clock=lambda: 0.0)
    young = budget_of(Limits(minutes=60), resolve("deepseek"), (), log)
    assert not young.refusal(exchange(1, at=1.8e9), 100)


def test_a_fault_of_ours_is_in_the_record() -> None:
    """The agent reads an error in 500, and the exchange tells what it was."""

    def broken(model: str, usage: Usage, at: float) -> Decimal | None:
        raise ZeroDivisionError

    limited = Budget(Limits(cost=Decimal(1)), float, broken, Limits, "")
    with InProcess("http://127.0.0.1:1", budget=limited) as proxy:
        status, body = proxy.post("messages", CLEAN["messages"])
    assert status == 500 and json.loads(body)["type"] == "error"
    [over] = proxy.journal.over
    assert (over.status, over.error) == (500, "dsfix: ZeroDivisionError")


def test_a_request_that_cannot_be_prepared_is_in_the_record() -> None:
    """A repair that raises under strict rules leaves an exchange, though nothing went upstream."""
    calls = [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]
    asked = {"role": "assistant", "content": "", "tool_calls": calls}
    with InProcess("http://127.0.0.1:1", placeholder=None) as proxy:  # where reasoning is missing
        status, body = proxy.post("chat", {"messages": [{"role": "user", "content": "a"}, asked]})
    assert status == 500 and json.loads(body)["error"]
    [over] = proxy.journal.over
    assert (over.status, over.error) == (500, "dsfix: AttributeError")
    assert proxy.journal.exchanges == [over]


def test_an_open_request_reserves_its_input() -> None:
    """Of 1,000 bytes 300 tokens; what it used takes their place when it is over."""
    small = budget(tokens=1_000)
    first, second, third = exchange(1), exchange(2), exchange(3)
    assert not small.refusal(first, 1_000)
    assert not small.refusal(second, 1_000)
    assert not small.refusal(third, 1_000)
    assert "900 of 1,000 tokens, and this request has 300" in small.refusal(exchange(4), 1_000)
    small.settle(ended(first, Usage(input=100, cached=90, output=50)))
    assert not small.refusal(exchange(4), 820)  # 150 + 300 + 300 + 246
    small.settle(ended(second, Usage(input=300, output=500)))
    assert "1,496 of 1,000 tokens" in small.refusal(exchange(5), 10)


def test_the_upstreams_own_density_is_believed() -> None:
    """Once it was measured in that conversation."""
    small = budget(tokens=1_000)
    assert "this request has 3,000" in small.refusal(exchange(1), 10_000)
    assert not small.refusal(exchange(1), 10_000, density=0.1)


def test_money_is_counted_by_hand() -> None:
    """At the price of the time, what was cached at its own."""
    purse = budget(cost=Decimal("1.00"))
    first = exchange(1)
    assert not purse.refusal(first, 1_000)  # reserves 300 tokens: 0.03
    purse.settle(ended(first, Usage(input=2_000, cached=1_000, output=800)))  # 0.10 + 0.80
    assert not purse.refusal(exchange(2), 1_000)  # 0.90 + 0.03
    assert purse.refusal(exchange(3), 3_000) == (
        "the budget of this session is used up: 0.9300 of 1.00 USD, and this request may take"
        f" 0.0900. {HOW.format('cost')}"
    )
    assert "may take 0.1800" in purse.refusal(exchange(4, at=100.0), 3_000)


def test_a_model_under_another_name_has_spent_what_was_asked_for() -> None:
    """An upstream that renames models must not spend without end."""
    purse = budget(cost=Decimal("1.00"))
    first = exchange(1)
    assert not purse.refusal(first, 1_000)
    ended(first, Usage(input=2_000, cached=1_000, output=800)).served = "renamed"
    purse.settle(first)
    assert "0.9000 of 1.00" in purse.refusal(exchange(2), 10_000)


def test_parallel_requests_go_over_by_an_answer_each_at_most() -> None:
    """However many ask at once, the prompts alone stay within the limit."""
    purse = budget(cost=Decimal("0.10"))
    admitted = [n for n in range(20) if not purse.refusal(exchange(n), 1_000)]
    assert admitted == [0, 1, 2]


@pytest.mark.parametrize(
    ("status", "cut", "used"),
    [(200, "agent", 300), (200, "", 300), (0, "agent", 300), (429, "", 0), (502, "", 0)],
)
def test_an_exchange_without_usage(status: int, cut: str, used: int) -> None:
    """A cut answer has used what was reserved; a refused request nothing."""
    small = budget(tokens=1_000)
    first = exchange(1)
    assert not small.refusal(first, 1_000)
    first.cut = cut
    small.settle(ended(first, None, status))
    assert f"{used} of 1,000" in small.refusal(exchange(2), 10_000)


def test_a_model_without_a_price_is_refused_where_money_is_limited() -> None:
    """It could cost anything. Tokens are counted without a price."""
    other = exchange(1)
    other.sent = "unheard-of"
    why = budget(cost=Decimal("2.5")).refusal(other, 100)
    assert "what unheard-of costs is not known, and only 2.5 USD may be spent" in why
    assert not budget(tokens=1_000).refusal(other, 100)


def test_a_private_session_says_that_it_cannot_be_given_more() -> None:
    """It has no place where a new limit could stand."""
    private = Budget(Limits(requests=0), float, costs, Limits, "")
    assert private.refusal(exchange(1), 1).endswith(". A private session cannot be given more")


def test_a_limit_is_looked_up_when_it_is_reached(tmp_path: Path) -> None:
    """And not before: the file is read when a request is about to be refused."""
    looked: list[int] = []

    def look() -> Limits:
        looked.append(1)
        return raised(tmp_path)

    two = budget(look, requests=1)
    assert not two.refusal(exchange(1), 100)
    assert not looked
    assert two.refusal(exchange(2), 100)
    write_raised(tmp_path, Limits(requests=2))
    assert not two.refusal(exchange(2), 100)
    assert two.refusal(exchange(3), 100)
    assert len(looked) == 3


SHAPES = {
    "messages": lambda error: (
        error["type"] == "error"
        and error["error"]["type"] == "billing_error"
        and error["error"]["message"]
    ),
    "chat": lambda error: error["error"]["code"] == 402 and error["error"]["message"],
    "responses": lambda error: error["error"]["code"] == 402 and error["error"]["message"],
}


@pytest.mark.parametrize("dialect", ["messages", "chat", "responses"])
def test_the_refusal_speaks_the_agents_dialect(
    start: Start, endpoint: StrictEndpoint, tmp_path: Path, dialect: str
) -> None:
    """Nothing goes upstream, the journal is told, and it goes on when the limit is raised."""
    with start(budget=budget(lambda: raised(tmp_path), requests=1)) as proxy:
        assert proxy.post(dialect, CLEAN[dialect])[0] == 200
        asked = len(endpoint.requests)
        status, data = proxy.post(dialect, CLEAN[dialect])
        said = SHAPES[dialect](json.loads(data))
        assert status == 402
        assert (
            said
            == f"dsfix: the budget of this session is used up: 1 of 1 requests. {HOW.format('requests')}"
        )
        assert len(endpoint.requests) == asked
        wait_until(lambda: len(proxy.journal.over) == 2)
        assert (proxy.journal.over[1].status, proxy.journal.over[1].usage) == (402, None)
        assert proxy.journal.over[1].error in said
        write_raised(tmp_path, Limits(requests=9))
        assert proxy.post(dialect, CLEAN[dialect])[0] == 200


def test_what_an_answer_used_is_counted(start: Start, endpoint: StrictEndpoint) -> None:
    """From the upstream's own usage, in a conversation of several turns."""
    with start(budget=(small := budget(tokens=10**9))) as proxy:
        talk = Talk(proxy, "messages", "begin #do bash#")
        talk.turn()
        talk.turn()
        wait_until(lambda: len(proxy.journal.over) == 2)
        used = sum(each.usage.input + each.usage.output for each in proxy.journal.over)
        small.limits = Limits(tokens=used)
        _, data = proxy.post("messages", CLEAN["messages"])
        assert f"{used:,} of {used:,} tokens".encode() in data


@pytest.mark.parametrize(("told", "cached"), [(10, 10**6), (0, 0)])
def test_counts_that_cannot_be_give_nothing_back(
    start: Start, endpoint: StrictEndpoint, told: int, cached: int
) -> None:
    """What they come to is nothing or less, and no limit would be reached."""
    usage = {"prompt_tokens": told, "prompt_tokens_details": {"cached_tokens": cached}}
    answer = json.dumps({**json.loads(ANSWERS["chat"]), "usage": usage}).encode()
    endpoint.canned = [Canned(200, JSON, [answer])] * 2
    room = Limits(cost=Decimal(20))  # for one such request, by its length
    cents = Budget(
        room, float, lambda _, used, at: Decimal(used.input - used.cached) / 100, Limits, ""
    )
    with start(budget=cents) as proxy:
        long = CLEAN["chat"] + b" " * 4000
        assert [proxy.post("chat", long)[0] for _ in range(2)] == [200, 402]
    assert proxy.journal.over[0].usage is None


@pytest.mark.parametrize("dialect", ["messages", "responses"])
def test_searches_of_the_web_are_counted(
    start: Start, endpoint: StrictEndpoint, dialect: str
) -> None:
    """Twenty cost more than a cent at DeepSeek, however few the tokens are."""
    action = {"type": "search", "queries": ["q"]}
    searched = {"type": "web_search_call", "id": "w", "status": "completed", "action": action}
    more: dict[str, Any] = {"usage": {"input_tokens": 10, "output_tokens": 5}}
    if dialect == "messages":
        more["usage"]["server_tool_use"] = {"web_search_requests": 20}
    else:
        more["usage"]["input_tokens_details"] = {}
        more["output"] = [{**searched, "id": f"w{n}"} for n in range(20)]
    answer = json.dumps({**json.loads(ANSWERS[dialect]), **more}).encode()
    endpoint.canned = [Canned(200, JSON, [answer])] * 2
    room = Limits(cost=Decimal("0.01"))
    with start(budget=Budget(room, float, costs_of(named("deepseek"), "USD"), Limits, "")) as proxy:
        assert [proxy.post(dialect, CLEAN[dialect])[0] for _ in range(2)] == [200, 402]


def test_open_requests_are_reserved_in_the_proxy(start: Start, endpoint: StrictEndpoint) -> None:
    """Ten agents that ask at once get as many answers as their prompts fit in."""
    pieces = [each + b"\n\n" for each in EVENTS["chat"].split(b"\n\n") if each]
    endpoint.canned = [Canned(200, STREAM, pieces, "chunked", pause=0.2)] * 3
    room = 3 * round(len(CLEAN["chat"]) * TOLD)
    statuses: list[int] = []

    def ask(proxy: InProcess) -> None:
        statuses.append(proxy.post("chat", CLEAN["chat"])[0])

    with start(budget=budget(tokens=room)) as proxy:
        threads = [threading.Thread(target=ask, args=(proxy,)) for _ in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert sorted(statuses) == [200] * 3 + [402] * 7
