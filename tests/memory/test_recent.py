"""What is kept of recent conversations, by number and by bytes."""

from __future__ import annotations

import weakref

from dsfix.memory.recent import Recent
from dsfix.protocol.body import Body, Dialect
from dsfix.protocol.history import History


def _fill(recent: Recent, name: str, size: int) -> None:
    data = b'{"messages":[{"role":"user","content":"%s"}]}' % (b"x" * size)
    body = Body.read(Dialect.MESSAGES, data)
    assert body is not None
    recent.of(name).seen["history"] = History.of(body)
    recent.trim()


def test_the_oldest_goes_when_there_is_no_room() -> None:
    """Conversations that hold too many bytes make the oldest go, and never the present one."""
    recent = Recent(room=1000)
    _fill(recent, "a", 600)
    _fill(recent, "b", 600)
    _fill(recent, "c", 2000)
    assert not recent.of("a").seen
    recent.trim()
    assert not recent.of("c").seen  # too long for the room, once another's turn had come
    _fill(recent, "d", 2000)
    assert recent.of("d").seen


def test_what_was_seen_before_is_let_go_of_by_trim_alone() -> None:
    """A long conversation that comes back otherwise has its old state until it is answered."""
    recent = Recent()
    recent.seen("a")["pairing"] = {"old"}
    sign = weakref.ref(recent.seen("a")["pairing"])
    recent.trim()
    recent.seen("a")["pairing"] = {"new"}
    assert sign() is not None
    recent.trim()
    assert sign() is None
    assert recent.seen("a") == {"pairing": {"new"}}
