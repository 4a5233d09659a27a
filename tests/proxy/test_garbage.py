"""Circles of garbage are looked for in the pauses of a conversation."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from dsfix.proxy.garbage import CROWD, ENOUGH, FEW, MANY, PAUSE, Garbage


class Circle:
    """Something that only a look for garbage lets go of."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def alone() -> Iterator[None]:
    """Python does not look by itself."""
    before = gc.get_threshold()
    gc.collect()
    gc.disable()
    yield
    gc.enable()
    gc.set_threshold(*before)


def circles() -> weakref.ref[Circle]:
    """Many that nobody holds; a sign of the first."""
    made = [Circle() for _ in range(ENOUGH + 1)]
    return weakref.ref(made[0])


async def paused() -> None:
    """A while in which a look would have come."""
    await asyncio.sleep(PAUSE * 5)


def test_a_pause_has_time_for_a_look() -> None:
    """When the last exchange is over, and no other has begun."""

    async def play() -> None:
        garbage = Garbage()
        garbage.began()
        sign = circles()
        garbage.ended()
        assert sign() is not None
        await paused()
        assert sign() is None

    asyncio.run(play())


def test_no_look_while_something_is_under_way() -> None:
    """Neither beside another exchange, nor where the next one comes at once."""

    async def play() -> None:
        garbage = Garbage()
        garbage.began()
        garbage.began()
        sign = circles()
        garbage.ended()
        await paused()
        assert sign() is not None
        garbage.ended()
        garbage.began()
        await paused()
        assert sign() is not None

    asyncio.run(play())


def test_a_crowd_has_it_done_in_small_steps() -> None:
    """No pause comes, and a long look would keep all of them waiting."""

    async def play() -> None:
        garbage = Garbage()
        gc.set_threshold(*FEW)
        for _ in range(CROWD - 1):
            garbage.began()
        assert gc.get_threshold() == FEW
        garbage.began()
        assert gc.get_threshold() == MANY
        garbage.ended()
        assert gc.get_threshold() == FEW

    asyncio.run(play())


def test_a_long_pause_has_time_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has been looked at before is looked at again after so many looks at what is new."""
    monkeypatch.setattr("dsfix.proxy.garbage.LONG", PAUSE)

    async def play() -> None:
        garbage = Garbage()
        kept = [Circle() for _ in range(ENOUGH + 1)]
        sign = weakref.ref(kept[0])
        gc.collect()
        kept.clear()
        for _ in range(FEW[2] + 1):
            assert sign() is not None
            garbage.began()
            circles()
            garbage.ended()
            await paused()
        assert sign() is None

    asyncio.run(play())
