"""An answer read while it passes, from its events or from its JSON: one reader a dialect."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from dsfix.protocol import spans, sse
from dsfix.protocol.answer import Answer
from dsfix.protocol.body import Dialect
from dsfix.protocol.reading import chat, messages, responses, runs


@dataclass(frozen=True, slots=True)
class _Reader:
    """How a dialect's events and whole answers are decoded and applied.

    `piece` is the text that an event adds to the answer, None where it is or may be more than that.
    """

    event: msgspec.json.Decoder[object]
    many: msgspec.json.Decoder[list[object]]
    whole: msgspec.json.Decoder[object]
    on_event: Callable[..., None]
    on_whole: Callable[..., None]
    piece: Callable[..., str | None]


def _reader(
    event: type,
    whole: type,
    on_event: Callable[..., None],
    on_whole: Callable[..., None],
    piece: Callable[..., str | None],
) -> _Reader:
    many = msgspec.json.Decoder(list[event])  # type: ignore[valid-type]  # built per dialect
    return _Reader(
        msgspec.json.Decoder(event), many, msgspec.json.Decoder(whole), on_event, on_whole, piece
    )


_READERS: Mapping[Dialect, _Reader] = {
    Dialect.MESSAGES: _reader(
        messages.Event, messages.Whole, messages.on_event, messages.on_whole, messages.piece
    ),
    Dialect.CHAT: _reader(chat.Event, chat.Event, chat.on_event, chat.on_whole, chat.piece),
    Dialect.RESPONSES: _reader(
        responses.Event, responses.Whole, responses.on_event, responses.on_whole, responses.piece
    ),
}


class Texts(NamedTuple):
    """Events that only go on with what is being said, their pieces of text, and what is beside."""

    said: list[str]
    beside: bytes
    events: list[object]
    on_event: Callable[..., None]

    def tell(self, answer: Answer) -> None:
        """Take them in."""
        for event in self.events:
            self.on_event(answer, event)


def texts(dialect: Dialect, together: bytes, asked: str) -> Texts | None:
    """What a part of the events adds to the answer's texts; None where it does more.

    No repair but one that reads texts changes any such event. `together` is a part's; `asked` is
    the model's name as the agent wrote it: an event under another one is no such event.
    """
    reader = _READERS[dialect]
    try:
        payloads, beside = _payloads(together)
        known = _decoded(reader, payloads)
    except spans.Malformed:
        return None
    said = []
    for event in known:
        if (piece := reader.piece(event, asked)) is None:
            return None
        said.append(piece)
    return Texts(said, beside, known, reader.on_event)


def observe(dialect: Dialect, answer: Answer, events: bytes) -> None:
    """Take in a run of complete events. What is no event of the dialect is passed over."""
    reader = _READERS[dialect]
    payloads, _ = _payloads(runs.merged(events))
    ended = b"[DONE]" in payloads
    try:
        known = _decoded(reader, [data for data in payloads if data != b"[DONE]"])
    except spans.Malformed:
        known = _one_by_one(reader, answer, events)
    for event in known:
        reader.on_event(answer, event)
    if ended:
        chat.on_done(answer)


def _payloads(events: bytes) -> tuple[list[bytes], bytes]:
    payloads, beside = sse.parted(events)
    return list(filter(None, payloads)), beside


def _decoded(reader: _Reader, payloads: list[bytes]) -> list[object]:
    """All payloads, in one call: a stream without pause brings hundreds in a chunk."""
    if len(payloads) == 1:
        return [reader.event.decode(payloads[0])]
    return reader.many.decode(b"[" + b",".join(payloads) + b"]") if payloads else []


def _one_by_one(reader: _Reader, answer: Answer, events: bytes) -> list[object]:
    """What can be read of a run in which something cannot; payloads may have several lines."""
    decoded = []
    for event in sse.split(events):
        data = sse.data_of(event)
        try:
            decoded.append(reader.event.decode(data))
        except spans.Malformed:
            if (found := _with_half(reader, data)) is not None:
                decoded.append(found)
            else:
                answer.unread = answer.unread or data not in (b"", b"[DONE]")
    return decoded


def _with_half(reader: _Reader, data: bytes) -> object | None:
    """A piece of text that ends or begins within a letter: relays in JavaScript cut it anywhere.

    The other half is in the next event. None for anything else that cannot be decoded.
    """
    if rb"\ud" not in data.lower():
        return None
    try:
        event = msgspec.convert(json.loads(data), reader.event.type)
    except (ValueError, RecursionError):
        return None
    return event if reader.piece(event, getattr(event, "model", None) or "") else None


def observe_json(dialect: Dialect, answer: Answer, data: bytes) -> None:
    """Take in a whole answer that came as one JSON document."""
    reader = _READERS[dialect]
    try:
        reader.on_whole(answer, reader.whole.decode(data.removeprefix(spans.MARK)))
    except spans.Malformed:
        return


class _Kind(msgspec.Struct):
    type: str = ""


_kind = msgspec.json.Decoder(_Kind)


def kind_of(payload: bytes) -> str:
    """The type that an event's payload names, on Messages and Responses."""
    try:
        return _kind.decode(payload).type
    except spans.Malformed:
        return ""


def framed(dialect: Dialect, payload: bytes) -> bytes:
    """An event's bytes. Messages and Responses name it after its type; Chat does not."""
    return sse.encode(payload, "" if dialect is Dialect.CHAT else kind_of(payload))
