"""How an answer goes out: as JSON or as the events of a stream, and what is done to them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dsfix.simulator import chat, messages, responses
from dsfix.simulator.answer import Answer, Usage, frame
from dsfix.simulator.faults import KEEP_ALIVE, endless, error_frame
from dsfix.simulator.options import Options
from dsfix.simulator.rules import Request

_CREATED = 1_790_000_000


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back: one body, or the events of a stream. `refused_by` names the rule.

    `cut_after`: the answer breaks off after so many events, or bytes of a body. `repeat`: what
    follows for ever. `status` 0: the connection is reset before any byte.
    """

    status: int
    content_type: str | None
    frames: tuple[bytes, ...]
    streamed: bool = False
    refused_by: str = ""
    cut_after: int = 0
    repeat: bytes = b""


def as_json(value: Mapping[str, Any], cut_after: int = 0) -> Reply:
    """One object."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return Reply(200, "application/json", (body,), cut_after=cut_after)


def delivered(
    request: Request, answer: Answer, usage: Usage, options: Options, *, afflicted: bool
) -> Reply:
    """An answer as the request wants it; what goes wrong goes wrong if it is `afflicted`."""
    cut = options.cut_after if afflicted else 0
    if request.body.get("stream") is True:
        return _streamed(request, answer, usage, options, cut, afflicted)
    if request.dialect == "chat":
        return as_json(chat.completion(answer, usage, _CREATED), cut)
    if request.dialect == "responses":
        return as_json(responses.response(answer, usage, _CREATED), cut)
    return as_json(messages.message(answer, usage, options), cut)


def _streamed(
    request: Request, answer: Answer, usage: Usage, options: Options, cut: int, afflicted: bool
) -> Reply:
    assert request.dialect is not None
    frames, repeat = tuple(_events(request, answer, usage, options)), b""
    if afflicted and options.error_after:
        frames = frames[: options.error_after]
        frames = (*frames, error_frame(request.dialect, answer, _CREATED, len(frames)))
    if afflicted and options.endless != "no":
        frames, repeat = endless(frames, options.endless)
    dressed = tuple(_dressed(frame, options) for frame in frames)
    kind = "text/event-stream; charset=utf-8"
    return Reply(200, kind, dressed, True, cut_after=cut, repeat=repeat)


def _dressed(frame: bytes, options: Options) -> bytes:
    text = KEEP_ALIVE + frame if options.keep_alive else frame
    return text.replace(b"\n", b"\r\n") if options.crlf else text


def _events(request: Request, answer: Answer, usage: Usage, options: Options) -> Iterator[bytes]:
    if request.dialect == "messages":
        for event in messages.events(answer, usage, options):
            yield frame(event)
        return
    if request.dialect == "responses":
        for event in responses.events(answer, usage, _CREATED):
            yield frame(event)
        return
    asked = request.body.get("stream_options")
    include = isinstance(asked, dict) and bool(asked.get("include_usage"))
    for chunk in chat.chunks(answer, usage, _CREATED, include, options.usage_chunk):
        yield chat.frame(chunk)
    yield chat.DONE
