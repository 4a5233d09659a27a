"""An answer in the Chat Completions dialect."""

from __future__ import annotations

import msgspec

from dsfix.protocol import spans
from dsfix.protocol.answer import Answer, Block
from dsfix.protocol.reading.shared import NOTHING, Index, counted, error_text, used


class _Function(msgspec.Struct):
    name: str | None = None
    arguments: msgspec.Raw = NOTHING


class _Call(msgspec.Struct):
    index: Index = None
    id: str | None = None
    function: _Function | None = None


class _Delta(msgspec.Struct):
    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    tool_calls: list[_Call] | None = None


class _Choice(msgspec.Struct):
    index: Index = None
    delta: _Delta | None = None
    message: _Delta | None = None
    finish_reason: str | None = None
    usage: msgspec.Raw = NOTHING  # Kimi's, where the agent asked for none (earendil-works/pi#2017)


class Event(msgspec.Struct):
    """One chunk of the stream, or a JSON answer."""

    id: str | None = None
    model: str | None = None
    choices: list[_Choice] | None = None
    usage: msgspec.Raw = NOTHING
    error: msgspec.Raw = NOTHING


def on_event(answer: Answer, event: Event) -> None:
    """Take in one chunk."""
    answer.id = event.id or answer.id
    answer.served = event.model or answer.served
    answer.usage = used(event.usage, answer.usage)
    answer.error = error_text(event.error) or answer.error
    for choice in event.choices or []:
        if counted(choice.index):
            continue
        # MiniMax says all of it once more at the end of a stream (ENTERPILOT/GoModel#1068).
        delta = choice.delta or (None if answer.blocks else choice.message)
        if delta:
            _on_delta(answer, delta)
        if choice.finish_reason:
            answer.finish = choice.finish_reason
            answer.usage = used(choice.usage, answer.usage)
            on_done(answer)


def piece(event: Event, asked: str) -> str | None:
    """The text that a chunk adds to the answer, None where it is or may be more than that."""
    named = event.model is not None and event.model != asked
    if named or event.error is not NOTHING or event.choices is None or len(event.choices) != 1:
        return None
    choice = event.choices[0]
    delta = choice.delta
    if counted(choice.index) or choice.message is not None or choice.finish_reason or delta is None:
        return None
    calls = [_given(call) for call in delta.tool_calls or []]
    if None in calls:
        return None
    said = (delta.content, delta.reasoning_content, delta.reasoning, *calls)
    return "".join([part for part in said if part is not None])


def _given(call: _Call) -> str | None:
    """What a call's arguments go on with, None where it says more or they are no text."""
    if call.id or call.function is None or call.function.name:
        return None
    said = spans.value(bytes(call.function.arguments))
    return said if isinstance(said, str) else None


def on_done(answer: Answer) -> None:
    """Nothing more comes: all of it is complete."""
    for block in answer.blocks.values():
        block.complete = True
    answer.done = True


def _on_delta(answer: Answer, delta: _Delta) -> None:
    """Chat has no block indices: reasoning is block 0, text 1, and the calls follow."""
    if thought := delta.reasoning_content or delta.reasoning:
        answer.said(_at(answer, 0, "thinking"), thought)
    if delta.content:
        answer.said(_at(answer, 1, "text"), delta.content)
    for call in delta.tool_calls or []:
        block = _meant(answer, call)
        name = (call.function and call.function.name) or ""
        answer.named(block, block.id or call.id or "", name)
        if call.function:
            said = bytes(call.function.arguments)
            text = spans.value(said) if said.startswith(b'"') else said.decode("utf-8", "replace")
            if text and text != "null":
                answer.said(block, text)


def _meant(answer: Answer, call: _Call) -> Block:
    """The call that this is a piece of, which begins where there is none.

    Relays say 0 for each (ollama/ollama#15457), or nothing (ollama/ollama#7881). An id alone makes
    no other call: some change it within one (poolsideai/pool#9), of which agents keep the first.
    """
    index = 2 + counted(call.index)
    block = answer.blocks.get(answer.at(index))
    if block is not None:
        if not call.id or block.id in ("", call.id):
            return block
        known = answer.blocks.get(answer.places.get(call.id, index))
        if known is not None and known.id == call.id:
            return known
        if call.function is None or not call.function.name:
            return block
    for earlier in reversed(answer.blocks.values()):
        if earlier.complete:  # and so are those before it
            break
        earlier.complete = True
    block = Block("tool_use")
    answer.begin(index, block)
    if call.id:
        answer.places.setdefault(call.id, answer.at(index))
    return block


def _at(answer: Answer, place: int, kind: str) -> Block:
    """The block at that place, which begins where there is none."""
    block = answer.blocks.get(place)
    if block is None:
        block = Block(kind)
        answer.put(place, block)
    return block


def on_whole(answer: Answer, event: Event) -> None:
    """Take in a JSON answer."""
    for choice in event.choices or []:
        for place, call in enumerate((choice.message and choice.message.tool_calls) or []):
            call.index = place
    on_event(answer, event)
    on_done(answer)
