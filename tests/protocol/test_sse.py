"""A byte stream of events, whole and cut anywhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsfix.protocol import sse

STREAM = (
    b": keep-alive\n\nevent: a\ndata: {1}\n\n\n\ndata: two\n\n"
    b"event: b\ndata: {3}\nid: x\n\ndata: [DONE]\n\n"
)
LAYOUTS = [STREAM, STREAM.replace(b"\n", b"\r\n"), STREAM.replace(b"\n", b"\r")]


def run(stream: bytes, sizes: list[int]) -> tuple[bytes, bytes]:
    relay, passed, events, at = sse.Relay(), b"", b"", 0
    while at < len(stream):
        size = sizes.pop(0) if sizes else 1
        head, long, complete = relay.feed(stream[at : at + size])
        passed += head + complete
        events += long + complete
        at += size
    return passed + relay.rest(), events


@pytest.mark.parametrize("stream", LAYOUTS)
@given(st.lists(st.integers(1, 40)))
def test_bytes_pass_unchanged_however_they_are_cut(stream: bytes, sizes: list[int]) -> None:
    """What goes in comes out, every event of it complete, in any line ending."""
    passed, events = run(stream, sizes)
    assert passed == stream
    assert sse.lines(events) == [b"{1}", b"two", b"{3}", b"[DONE]"]


LINES = st.sampled_from(
    [
        "data: said",
        "data:said",
        "",
        "id: beside",
        ": beside data: beside",
        "event: beside",
        "beside",
    ]
)


@given(st.lists(LINES), st.sampled_from(["\n", "\r\n", "\r"]))
def test_what_is_no_payload_stands_beside(lines: list[str], end: str) -> None:
    """All words of all lines are in the one or in the other."""
    payloads, beside = sse.parted("".join(f"{line}{end}" for line in lines).encode())
    assert payloads == [b"said" for line in lines if line.startswith("data:")]
    assert b"said" not in beside
    for line in lines:
        if not line.startswith("data:"):
            assert line.encode() in beside


def test_a_complete_event_goes_on_at_once() -> None:
    """No byte of an event is kept once its end is there."""
    relay = sse.Relay()
    assert relay.feed(b"data: x\n\nda").events == b"data: x\n\n"
    assert relay.feed(b"ta: y\n").events == b""
    assert relay.feed(b"\n").events == b"data: y\n\n"


def test_a_long_event_is_not_held_back() -> None:
    """A long event's bytes go on before its end, and are looked at when it is there."""
    stream = b"data: " + b"x" * 300_000 + b"\n\ndata: y\n\n"
    relay, passed, seen = sse.Relay(), [], b""
    for at in range(0, len(stream), 10_000):
        head, long, events = relay.feed(stream[at : at + 10_000])
        passed.append(head + events)
        seen += long + events
    assert b"".join(passed) == stream == seen
    assert sum(map(len, passed[:10])) > 60_000


@given(st.binary(max_size=300), st.lists(st.integers(1, 20)))
def test_any_bytes_pass(stream: bytes, sizes: list[int]) -> None:
    """A stream of no shape at all is passed on as it is."""
    assert run(stream, sizes)[0] == stream


def test_split_gives_single_events() -> None:
    """A run of events is taken apart without losing a byte."""
    for stream in LAYOUTS:
        parts = sse.split(stream)
        assert b"".join(parts) == stream
        assert sum(bool(sse.data_of(part)) for part in parts) == 4


LINES = st.sampled_from([
    b"data: {1}", b"data:two", b"data:  three ", b"data: with data: inside", b"data:", b"id: 4",
    b": data: none", b"event: data: none", b"retry:5", b"data",
])  # fmt: skip
ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])


@given(st.lists(st.tuples(LINES, ENDS), max_size=4), ENDS)
def test_payloads_of_a_single_event(parts: list[tuple[bytes, bytes]], end: bytes) -> None:
    """Whether it has one part or more: what stands behind `data:` at the beginning of a line."""
    event = b"".join(line + end for line, end in parts) + end
    told = [line[5:].strip() for line, _ in parts if line.startswith(b"data:")]
    assert sse.lines(event) == told
    assert sse.data_of(event) == b"\n".join(told)


@pytest.mark.parametrize(
    "event", [b"data: {1}\n\n", b"data:{1}\r\n\r\n", b"data: {1}\n\n" + STREAM]
)
def test_a_byte_order_mark_hides_no_payload(event: bytes) -> None:
    """A stream may begin with one, and its first event says as much as any other."""
    assert sse.lines(b"\xef\xbb\xbf" + event) == sse.lines(event)


@pytest.mark.parametrize("stream", LAYOUTS)
def test_the_event_at_a_place(stream: bytes) -> None:
    """It is found from anywhere inside it, its end included."""
    begin = 0
    for event in sse.split(stream):
        for place in range(begin, begin + len(event.rstrip()) + 1):
            assert sse.event_at(stream, place) == event
        begin += len(event)


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@given(st.lists(st.sampled_from([1, 2, 3, 50, 5000, 70_000]), max_size=40))
def test_pieces_of_any_length_make_one_event(end: bytes, sizes: list[int]) -> None:
    """The long are kept as they came, the short are put together; it is the same event."""
    said = b"".join(b"%d " % number for number in range(50_000))
    stream = (b"data: " + said + b"\n\n" + STREAM).replace(b"\n", end)
    at = sum(sizes)
    passed, events = run(stream, [*sizes, *[9000] * (max(0, len(stream) - at) // 9000)])
    assert passed == events == stream


def test_a_long_event_is_held_back_for_those_who_have_to_see_it() -> None:
    """A repair of what the model wrote gets an event whole, whatever its length."""
    stream = b"data: {" + b"x" * 200_000 + b"}\n\n" + STREAM
    relay, seen = sse.Relay(hold=sse.LONGEST), b""
    for at in range(0, len(stream), 10_000):
        head, long, events = relay.feed(stream[at : at + 10_000])
        assert (head, long) == (b"", b"")
        seen += events
    assert seen == stream


def test_an_endless_event_is_not_kept() -> None:
    """It goes on byte for byte and takes no more room than it may; what follows is read again."""
    stream = b"data: " + b"x" * 300_000 + b"\n\n" + STREAM
    relay, passed, seen = sse.Relay(hold=1000, kept=50_000), b"", b""
    for at in range(0, len(stream), 1000):
        head, long, events = relay.feed(stream[at : at + 1000])
        passed += head + events
        seen += long + events
    assert passed == stream and relay.lost
    assert seen.endswith(STREAM) and len(seen) < 60_000
