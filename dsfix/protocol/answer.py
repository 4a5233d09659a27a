"""What the upstream answered, put together from its events or its JSON, in any dialect."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import msgspec

from dsfix.protocol import spans, sse
from dsfix.protocol.body import Dialect
from dsfix.protocol.turns import Reasoning, Turn
from dsfix.protocol.usage import Usage, Wire


@dataclass(slots=True)
class Block:
    """One block of an answer as far as it came: thinking, text, or a tool call."""

    kind: str
    id: str = ""
    name: str = ""
    signature: str = ""
    parts: list[str] = field(default_factory=list)
    complete: bool = False

    @property
    def text(self) -> str:
        """All parts so far: the text, or the call's arguments as JSON."""
        return "".join(self.parts)


@dataclass(slots=True)
class Answer:
    """The answer so far. `finish` is the upstream's own word, empty while it is unfinished.

    `unread` is whether something came that is no event of the dialect: then nobody can tell
    whether the stream was complete.
    """

    id: str = ""
    served: str = ""
    finish: str = ""
    error: str = ""
    usage: Usage | None = None
    blocks: dict[int, Block] = field(default_factory=dict)
    done: bool = False
    unread: bool = False

    def turn(self) -> Turn:
        """The assistant's turn that this answer is: what is complete in it, for memory.

        A call whose arguments were cut is no call: no agent runs or replays it.
        """
        blocks = [self.blocks[index] for index in sorted(self.blocks)]
        calls = [block for block in blocks if block.kind == "tool_use" and block.complete]
        thought = [block for block in blocks if block.kind == "thinking" and block.text.strip()]
        return Turn(
            calls=tuple(call.id for call in calls),
            names=tuple(call.name for call in calls),
            texts=tuple(block.text for block in blocks if block.kind == "text"),
            reasoning=Reasoning(tuple((block.text, block.signature) for block in thought)),
        )


# Fields are read leniently: relays write nulls, and one odd field must not cost a turn.
_NOTHING = msgspec.Raw(b"")


class _Delta(msgspec.Struct):
    text: str | None = None
    thinking: str | None = None
    partial_json: str | None = None
    signature: str | None = None
    stop_reason: str | None = None


class _Content(msgspec.Struct):
    type: str | None = None
    id: str | None = None
    name: str | None = None
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    input: msgspec.Raw = msgspec.Raw(b"{}")


class _Message(msgspec.Struct):
    id: str | None = None
    model: str | None = None
    usage: msgspec.Raw = _NOTHING
    content: list[_Content] | None = None
    stop_reason: str | None = None


class _MessagesEvent(msgspec.Struct):
    type: str | None = None
    index: int | str | None = None
    delta: _Delta | None = None
    content_block: _Content | None = None
    message: _Message | None = None
    usage: msgspec.Raw = _NOTHING
    error: msgspec.Raw = _NOTHING

    @property
    def place(self) -> int:
        """The block's index, however it is spelt."""
        return int(self.index) if str(self.index).isdecimal() else 0  # type: ignore[arg-type]


class _Function(msgspec.Struct):
    name: str | None = None
    arguments: msgspec.Raw = _NOTHING


class _Call(msgspec.Struct):
    index: int | None = None
    id: str | None = None
    function: _Function | None = None


class _ChatDelta(msgspec.Struct):
    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    tool_calls: list[_Call] | None = None


class _Choice(msgspec.Struct):
    index: int | None = None
    delta: _ChatDelta | None = None
    message: _ChatDelta | None = None
    finish_reason: str | None = None


class _ChatEvent(msgspec.Struct):
    id: str | None = None
    model: str | None = None
    choices: list[_Choice] | None = None
    usage: msgspec.Raw = _NOTHING
    error: msgspec.Raw = _NOTHING


_usage = msgspec.json.Decoder(Wire)


def _used(raw: msgspec.Raw, before: Usage | None) -> Usage | None:
    """The usage in a raw member; what was known before where it has none that can be read."""
    data = bytes(raw)
    if data in (b"", b"null"):
        return before
    try:
        return Usage.read(_usage.decode(data), before)
    except spans.Malformed:
        return before


_KIND = {"thinking": "thinking", "redacted_thinking": "redacted", "text": "text"}


def _on_messages(answer: Answer, event: _MessagesEvent) -> None:
    match event.type:
        case "message_start" if event.message:
            answer.id, answer.served = event.message.id or "", event.message.model or ""
            answer.usage = _used(event.message.usage, answer.usage)
        case "content_block_start" if event.content_block:
            answer.blocks[event.place] = _opened(event.content_block)
        case "content_block_delta" if event.delta and event.place in answer.blocks:
            block, delta = answer.blocks[event.place], event.delta
            if part := delta.thinking or delta.text or delta.partial_json:
                block.parts.append(part)
            block.signature += delta.signature or ""
        case "content_block_stop" if event.place in answer.blocks:
            answer.blocks[event.place].complete = True
        case "message_delta":
            if event.delta and event.delta.stop_reason:
                answer.finish = event.delta.stop_reason
            answer.usage = _used(event.usage, answer.usage)
        case "message_stop":
            answer.done = True
        case "error":
            answer.error = _error_text(event.error)
        case _:
            pass


def _opened(content: _Content) -> Block:
    kind = _KIND.get(content.type or "", content.type or "")
    block = Block(kind, content.id or "", content.name or "", content.signature or "")
    if part := content.thinking or content.text:
        block.parts.append(part)
    return block


def _on_messages_json(answer: Answer, message: _Message) -> None:
    answer.id, answer.served = message.id or "", message.model or ""
    answer.finish = message.stop_reason or ""
    answer.usage = _used(message.usage, None)
    for index, content in enumerate(message.content or []):
        block = _opened(content)
        if block.kind == "tool_use":
            block.parts.append(bytes(content.input).decode("utf-8", "replace"))
        block.complete = True
        answer.blocks[index] = block
    answer.done = True


def _on_chat(answer: Answer, event: _ChatEvent) -> None:
    answer.id = event.id or answer.id
    answer.served = event.model or answer.served
    answer.usage = _used(event.usage, answer.usage)
    answer.error = _error_text(event.error) or answer.error
    for choice in event.choices or []:
        if choice.index:
            continue
        delta = choice.delta or choice.message
        if delta:
            _chat_delta(answer, delta)
        if choice.finish_reason:
            answer.finish = choice.finish_reason
            _chat_done(answer)


def _chat_done(answer: Answer) -> None:
    for block in answer.blocks.values():
        block.complete = True
    answer.done = True


def _chat_delta(answer: Answer, delta: _ChatDelta) -> None:
    """Chat has no block indices: reasoning is block 0, text 1, and the calls follow."""
    if thought := delta.reasoning_content or delta.reasoning:
        answer.blocks.setdefault(0, Block("thinking")).parts.append(thought)
    if delta.content:
        answer.blocks.setdefault(1, Block("text")).parts.append(delta.content)
    for call in delta.tool_calls or []:
        place = 2 + (call.index or 0)
        if place not in answer.blocks:
            for earlier in answer.blocks.values():
                earlier.complete = True
        block = answer.blocks.setdefault(place, Block("tool_use"))
        block.id = call.id or block.id
        if call.function:
            block.name = call.function.name or block.name
            said = bytes(call.function.arguments)
            text = spans.value(said) if said.startswith(b'"') else said.decode("utf-8", "replace")
            if text and text != "null":
                block.parts.append(text)


def _on_chat_json(answer: Answer, event: _ChatEvent) -> None:
    for choice in event.choices or []:
        for place, call in enumerate((choice.message and choice.message.tool_calls) or []):
            call.index = place
    _on_chat(answer, event)
    _chat_done(answer)


def _error_text(raw: msgspec.Raw) -> str:
    found = spans.value(bytes(raw)) if bytes(raw) else None
    if isinstance(found, dict):
        return str(found.get("message", found))
    return str(found or "")


@dataclass(frozen=True, slots=True)
class _Reader:
    """How a dialect's events and whole answers are decoded and applied."""

    event: msgspec.json.Decoder[object]
    many: msgspec.json.Decoder[list[object]]
    whole: msgspec.json.Decoder[object]
    on_event: Callable[..., None]
    on_whole: Callable[..., None]


def _reader(
    event: type, whole: type, on_event: Callable[..., None], on_whole: Callable[..., None]
) -> _Reader:
    many = msgspec.json.Decoder(list[event])  # type: ignore[valid-type]  # built per dialect
    return _Reader(
        msgspec.json.Decoder(event), many, msgspec.json.Decoder(whole), on_event, on_whole
    )


_READERS: Mapping[Dialect, _Reader] = {
    Dialect.MESSAGES: _reader(_MessagesEvent, _Message, _on_messages, _on_messages_json),
    Dialect.CHAT: _reader(_ChatEvent, _ChatEvent, _on_chat, _on_chat_json),
}


def observe(dialect: Dialect, answer: Answer, events: bytes) -> None:
    """Take in a run of complete events. What is no event of the dialect is passed over.

    All payloads are decoded in one call: a stream without pause brings hundreds in a chunk.
    """
    reader = _READERS.get(dialect)
    payloads = [data for data in sse.lines(events) if data]
    if reader is None or not payloads:
        return
    ended = b"[DONE]" in payloads
    try:
        known = [data for data in payloads if data != b"[DONE]"]
        decoded = reader.many.decode(b"[" + b",".join(known) + b"]")
    except spans.Malformed:
        decoded = _one_by_one(reader, answer, events)
    for event in decoded:
        reader.on_event(answer, event)
    if ended:
        _chat_done(answer)


def _one_by_one(reader: _Reader, answer: Answer, events: bytes) -> list[object]:
    """What can be read of a run in which something cannot; payloads may have several lines."""
    decoded = []
    for event in sse.split(events):
        data = sse.data_of(event)
        try:
            decoded.append(reader.event.decode(data))
        except spans.Malformed:
            answer.unread = answer.unread or data not in (b"", b"[DONE]")
    return decoded


def observe_json(dialect: Dialect, answer: Answer, data: bytes) -> None:
    """Take in a whole answer that came as one JSON document."""
    reader = _READERS.get(dialect)
    if reader is None:
        return
    try:
        reader.on_whole(answer, reader.whole.decode(data))
    except spans.Malformed:
        return


class _Kind(msgspec.Struct):
    type: str = ""


_kind = msgspec.json.Decoder(_Kind)


def kind_of(payload: bytes) -> str:
    """The type that a Messages event's payload names."""
    try:
        return _kind.decode(payload).type
    except spans.Malformed:
        return ""
