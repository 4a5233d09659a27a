"""What a session keeps of its exchanges for the summary."""

from __future__ import annotations

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from dsfix.changes import Change
from dsfix.protocol.body import Dialect
from dsfix.protocol.usage import Usage
from dsfix.record.accounts import Accounts
from dsfix.record.exchange import Attempt, Exchange


def exchange(number: int) -> Exchange:
    """One that is like no other; a few have a path that is no Unicode."""
    each = Exchange(number, 1.5 * number, Dialect.CHAT, f"/v1/{number}")
    each.path += "\udc80" if number % 40 == 0 else ""
    each.usage, each.duration = Usage(number, 3, 4), number / 7
    each.conversation = f"{number:032x}"
    each.attempts.append(Attempt(429, "busy", "again"))
    each.changes.append(Change("effort", "as the vendor spells it", number))
    return each


@given(st.permutations(range(1, 101)), st.integers(0, 100))
def test_all_of_them_are_told_in_their_order(order: list[int], over: int) -> None:
    """However they end, and while some are under way, each is there as it was left."""
    accounts = Accounts()
    made = [exchange(number) for number in range(1, 101)]
    for each in made:
        accounts.began(each)
    for number in order[:over]:
        made[number - 1].status = 200
        accounts.ended(made[number - 1])
    assert accounts.all() == made


def test_exchanges_beyond_a_bound_are_counted() -> None:
    """A session of days does not fill the memory; the record has them all."""
    accounts = Accounts(2)
    for number in range(5):
        accounts.began(exchange(number))
        accounts.ended(exchange(number))
    assert ([each.id for each in accounts.all()], accounts.beyond) == ([0, 1], 3)


def test_those_that_are_over_take_little_room() -> None:
    """Ten thousand take less than two megabytes, a quarter of what they would as objects."""
    tracemalloc.start()
    try:
        accounts = Accounts()
        for number in range(10_000):
            each = exchange(40 * number + 1)
            accounts.began(each)
            accounts.ended(each)
        assert tracemalloc.get_traced_memory()[0] < 2_000_000
    finally:
        tracemalloc.stop()
