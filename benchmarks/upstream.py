"""An upstream that costs nothing: it answers every POST at once, by what the request asks for.

A request that says nothing of it gets one small stream with a tool call. `plan:stream:COUNT:PAUSE:
CHARS` in its text makes that a stream of COUNT deltas, PAUSE microseconds apart, with CHARS
characters in each, the first quarter of them thinking; without a pause they come in pieces of
64 KB. `plan:big:BYTES:0:0` makes it one event of that many bytes, in pieces of 64 KB.
`python -m benchmarks.upstream` prints its port and serves until its stdin ends.
"""

from __future__ import annotations

import asyncio
import functools
import itertools
import json
import re
import sys
import time
from collections.abc import Iterator
from typing import Any

PIECE = 1 << 16
STAMP = re.compile(rb"@(\d{9,20})@")
_PLAN = re.compile(rb"plan:(\w+):(\d+):(\d+):(\d+)")
_PLANNED = 50_000  # bytes of a request: a longer one has no plan, and is not searched for it
_IDS = itertools.count()
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
_LAST = b"0\r\n\r\n"
_DONE = b"data: [DONE]\n\n"


def answer() -> bytes:
    """A Messages stream with thinking and one tool call of an id never used before."""
    number = next(_IDS)
    call = {"type": "tool_use", "id": f"call_00_b{number:022d}", "name": "Bash", "input": {}}
    thought = f"Thought {number}: look at the next file."
    events = [
        _message(number),
        _start(0, {"type": "thinking", "thinking": ""}),
        _delta(0, {"type": "thinking_delta", "thinking": thought}),
        _delta(0, {"type": "signature_delta", "signature": f"s{number}"}),
        {"type": "content_block_stop", "index": 0},
        _start(1, call),
        _delta(1, {"type": "input_json_delta", "partial_json": '{"command":"ls"}'}),
        *_ending(1, "tool_use"),
    ]
    return _frames(events)


def on_chat() -> bytes:
    """The same on Chat."""
    number = next(_IDS)
    function = {"name": "Bash", "arguments": '{"command":"ls"}'}
    call = {"index": 0, "id": f"call_00_b{number:022d}", "type": "function", "function": function}
    deltas = [
        {"role": "assistant", "content": None, "reasoning_content": f"Thought {number}."},
        {"tool_calls": [call]},
        {},
    ]
    head = {"id": f"m{number}", "object": "chat.completion.chunk", "model": "deepseek-v4-pro"}
    ends = [None, None, "tool_calls"]
    both = zip(deltas, ends, strict=True)
    frames = [
        {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": end}]}
        for delta, end in both
    ]
    return b"".join(b"data: %s\n\n" % json.dumps(each).encode() for each in frames) + _DONE


def on_responses() -> bytes:
    """The same on Responses."""
    number = next(_IDS)
    content = [{"type": "reasoning_text", "text": f"Thought {number}."}]
    thought = {"type": "reasoning", "id": f"rs{number}", "summary": [], "content": content}
    about = {"name": "Bash", "arguments": '{"command":"ls"}', "call_id": f"call_00_b{number:022d}"}
    call = {"type": "function_call", "id": f"fc{number}", "status": "completed", **about}
    response = {"id": f"m{number}", "object": "response", "model": "deepseek-v4-pro"}
    events = [{"type": "response.created", "response": {**response, "output": []}}]
    for index, item in enumerate((thought, call)):
        for end in ("added", "done"):
            kind = f"response.output_item.{end}"
            events.append({"type": kind, "output_index": index, "item": item})
    done = {**response, "status": "completed", "output": [thought, call]}
    return _frames([*events, {"type": "response.completed", "response": done}])


_ANSWERS = {b"/chat/completions": on_chat, b"/responses": on_responses}


def stream(count: int, chars: int) -> Iterator[tuple[bytes, bytes]]:
    """The deltas of a planned stream, each with what has to come before it; last, its end.

    A delta's text begins with the time at which it is made, in nanoseconds.
    """
    ahead = _frames([_message(next(_IDS)), _start(0, {"type": "thinking", "thinking": ""})])
    index, name, kind = 0, "thinking", "thinking_delta"
    for number in range(count):
        if number == count // 4:
            index, name, kind = 1, "text", "text_delta"
            stop = {"type": "content_block_stop", "index": 0}
            ahead += _frames([stop, _start(1, {"type": "text", "text": ""})])
        text = f"@{time.monotonic_ns()}@".ljust(chars, ".")
        yield ahead, _frames([_delta(index, {"type": kind, name: text})])
        ahead = b""
    yield ahead, _frames(_ending(1, "end_turn"))


def pieces(count: int, chars: int) -> Iterator[bytes]:
    """The same stream without a pause: pieces of 64 KB, made of one delta over and over."""
    whole = list(stream(4, chars))
    start = whole[0][0]
    for kind, number in ((0, count // 4), (1, count - count // 4)):
        event = whole[kind][1]
        yield start if kind == 0 else whole[1][0]
        many = max(1, PIECE // len(event))
        for _ in range(number // many):
            yield event * many
        yield event * (number % many)
    yield whole[-1][1]


def big(size: int) -> Iterator[bytes]:
    """A stream with one event of `size` bytes, in pieces of 64 KB."""
    yield _frames([_message(next(_IDS)), _start(1, {"type": "text", "text": ""})])
    yield from _cut(size)
    yield _frames(_ending(1, "end_turn"))


@functools.cache
def _cut(size: int) -> tuple[bytes, ...]:
    """A delta of that many bytes, in its pieces."""
    one = _frames([_delta(1, {"type": "text_delta", "text": "." * size})])
    return tuple(one[at : at + PIECE] for at in range(0, len(one), PIECE))


def _message(number: int) -> dict[str, Any]:
    message = {"id": f"m{number}", "type": "message", "role": "assistant", "content": []}
    usage = {"input_tokens": 10}
    return {
        "type": "message_start",
        "message": {**message, "model": "deepseek-v4-pro", "usage": usage},
    }


def _start(index: int, block: dict[str, Any]) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": block}


def _delta(index: int, delta: dict[str, Any]) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": delta}


def _ending(index: int, reason: str) -> list[dict[str, Any]]:
    stopped = {"type": "message_delta", "delta": {"stop_reason": reason}}
    return [
        {"type": "content_block_stop", "index": index},
        {**stopped, "usage": {"output_tokens": 20}},
        {"type": "message_stop"},
    ]


def _frames(events: list[dict[str, Any]]) -> bytes:
    return b"".join(
        f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events
    )


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data) if data else b""


async def _perform(plan: re.Match[bytes], writer: asyncio.StreamWriter) -> None:
    """Send the stream that a request has planned."""
    count, pause, chars = (int(plan[number]) for number in (2, 3, 4))
    writer.write(_HEAD)
    if plan[1] == b"stream" and pause:
        began = asyncio.get_running_loop().time()
        made = stream(count, chars)
        for number in range(count + 1):
            due = began + number * pause / 1e6
            await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
            ahead, event = next(made)
            writer.write(_chunk(ahead + event))
            await writer.drain()
    else:
        for piece in pieces(count, chars) if plan[1] == b"stream" else big(count):
            writer.write(_chunk(piece))
            await writer.drain()
    writer.write(_LAST)


async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer the requests of one connection."""
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length, body = 0, b""
            for line in head.split(b"\r\n"):
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            if length:
                body = await reader.readexactly(length)
            elif b"chunked" in head.lower():
                body = await reader.readuntil(b"\r\n0\r\n\r\n")
            plan = _PLAN.search(body) if len(body) < _PLANNED else None
            if plan is not None:
                await _perform(plan, writer)
            else:
                path = head.split(b" ", 2)[1].partition(b"?")[0]
                ends = [made for end, made in _ANSWERS.items() if path.endswith(end)]
                writer.write(_HEAD + _chunk((ends or [answer])[0]()) + _LAST)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
        writer.close()


async def main() -> None:
    """Serve until stdin ends."""
    server = await asyncio.start_server(handle, "127.0.0.1", 0, limit=1 << 25, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
