"""What is kept of recent conversations, by number and by bytes."""

from __future__ import annotations

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
