"""Whatever an agent sends, the chain makes a request of it, and spoils no part that is right."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from dsfix.protocol import spans
from dsfix.protocol.body import Body, Dialect
from dsfix.repairs import REPAIRS, TOWARD_SIGNERS
from dsfix.repairs.base import Step
from dsfix.repairs.chain import prepare
from tests.fuzz.inputs import (
    any_bytes,
    each_replaced,
    examples,
    mutated,
    odd_bodies,
    seeds,
    small_recorded,
)
from tests.repairs.support import RULES, memory

DIALECTS = pytest.mark.parametrize("dialect", list(Dialect))
RECORDED = small_recorded()
BY_DIALECT = {each: [r for r in RECORDED if r.dialect is each] or RECORDED for each in Dialect}


def check_sent(dialect: Dialect, data: bytes) -> None:
    """Every step of recovery gives bytes; of a JSON object, a JSON object."""
    for step in (Step.NONE, Step.OFF):
        for repairs in (REPAIRS, TOWARD_SIGNERS):
            out = prepare(dialect, data, repairs, RULES, memory(), lambda _, at=step: at)
            if spans.members(data) is None:
                continue
            assert spans.members(out.data) is not None, out.data


@DIALECTS
@given(data=any_bytes("bodies"))
@examples(60)
def test_any_bytes_are_prepared(dialect: Dialect, data: bytes) -> None:
    """No bytes make a repair fail, under rules that let none fail in silence."""
    check_sent(dialect, data)


@DIALECTS
@given(data=mutated([each.data for each in RECORDED]))
@examples(40)
def test_spoilt_requests_are_prepared(dialect: Dialect, data: bytes) -> None:
    """Nor do agents' own requests, cut, repeated and overwritten; nor in another's dialect."""
    check_sent(dialect, data)


@pytest.mark.parametrize("dialect", list(Dialect))
@pytest.mark.parametrize("other", [False, True])
def test_odd_requests_are_prepared(dialect: Dialect, other: bool) -> None:
    """Nor do well-formed ones with values of the wrong kind anywhere in them."""
    known = RECORDED if other else BY_DIALECT[dialect]

    @given(body=odd_bodies([each.body for each in known]))
    @examples(60)
    def check(body: Any) -> None:
        check_sent(dialect, json.dumps(body).encode())

    check()


@DIALECTS
def test_any_member_may_be_of_another_kind(dialect: Dialect) -> None:
    """Each value of an ordinary request, in each dialect, in turn: a list for a name, and so on."""
    for data in seeds("bodies")[:3]:
        for body in each_replaced(json.loads(data)):
            check_sent(dialect, json.dumps(body).encode())


@DIALECTS
@given(data=any_bytes("bodies"))
@examples(100)
def test_a_body_is_put_together_as_it_was(dialect: Dialect, data: bytes) -> None:
    """Bodies that can be taken apart mean the same when they are put together again."""
    body = Body.read(dialect, data)
    if body is None:
        return
    assert body.encode() == data
    again = body.saying(body.messages)
    assert spans.members(again.encode()) == spans.members(
        b"{" + b",".join(_member(body, name) for name in body.order) + b"}"
    )


def _member(body: Body, name: str) -> bytes:
    raw = body.members.get(name, b"[" + b",".join(body.messages) + b"]")
    return spans.encode(name) + b":" + raw
