"""What is kept of recent conversations, by number and by bytes."""

from __future__ import annotations

import weakref

from dsfix.memory.recent import THREADS, Recent
from dsfix.protocol.body import Body, Dialect


def _fill(recent: Recent, name: str, size: int) -> None:
    data = b'{"messages":[{"role":"user","content":"%s"}]}' % (b"x" * size)
    body = Body.read(Dialect.MESSAGES, data)
    assert body is not None
    recent.seen(name, body.messages)["pairing"] = name
    recent.trim()


def test_the_oldest_goes_when_there_is_no_room() -> None:
    """Conversations that hold too many bytes make the oldest go, and never the present one."""
    recent = Recent(room=1000)
    _fill(recent, "a", 600)
    _fill(recent, "b", 600)
    _fill(recent, "c", 2000)
    assert not recent.of("a").threads
    recent.trim()
    assert not recent.of("c").threads  # too long for the room, once another's turn had come
    _fill(recent, "d", 2000)
    assert recent.of("d").threads


def test_what_was_seen_before_is_let_go_of_by_trim_alone() -> None:
    """A long conversation that comes back otherwise has its old state until it is answered."""
    recent = Recent()
    recent.seen("a", (b"task",))["pairing"] = {"old"}
    sign = weakref.ref(recent.seen("a", (b"task",))["pairing"])
    recent.trim()
    recent.seen("a", (b"task",))["pairing"] = {"new"}
    assert sign() is not None
    recent.trim()
    assert sign() is None
    assert recent.seen("a", (b"task",)) == {"pairing": {"new"}}


def test_threads_of_one_conversation_go_on_each_by_itself() -> None:
    """A sub-agent that begins with the same words does not take what is known of the main thread."""
    recent = Recent()
    main, sub = ((b"task", b"answer %d" % number) for number in range(2))
    main = (*main, *(b"more %d" % number for number in range(6)))
    recent.seen("a", main)["pairing"] = "main"
    recent.seen("a", sub)["pairing"] = "sub"
    recent.trim()
    assert recent.seen("a", (*main[:-1], b"without a marker", b"next")) == {"pairing": "main"}
    assert recent.seen("a", (*sub, b"next")) == {"pairing": "sub"}
    for number in range(THREADS):
        recent.seen("a", (b"task", *3 * (b"%d" % number,)))["pairing"] = number
    assert recent.seen("a", (*main, b"later")) == {}
    assert len(recent.of("a").threads) == THREADS
