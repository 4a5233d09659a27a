"""An upstream that costs nothing: it answers every POST at once with one small stream.

`python -m benchmarks.upstream` prints its port and serves until its stdin ends.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
from typing import Any

_IDS = itertools.count()
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def answer() -> bytes:
    """A Messages stream with thinking and one tool call of an id never used before."""
    number = next(_IDS)
    message = {"id": f"m{number}", "type": "message", "role": "assistant", "content": []}
    call = {"type": "tool_use", "id": f"call_00_b{number:022d}", "name": "Bash", "input": {}}
    thought = f"Thought {number}: look at the next file."
    events: list[dict[str, Any]] = [
        {
            "type": "message_start",
            "message": {**message, "model": "deepseek-v4-pro", "usage": {"input_tokens": 10}},
        },
        _start(0, {"type": "thinking", "thinking": ""}),
        _delta(0, {"type": "thinking_delta", "thinking": thought}),
        _delta(0, {"type": "signature_delta", "signature": f"s{number}"}),
        {"type": "content_block_stop", "index": 0},
        _start(1, call),
        _delta(1, {"type": "input_json_delta", "partial_json": '{"command":"ls"}'}),
        {"type": "content_block_stop", "index": 1},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "tool_use"},
            "usage": {"output_tokens": 20},
        },
        {"type": "message_stop"},
    ]
    return b"".join(
        f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events
    )


def _start(index: int, block: dict[str, Any]) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": block}


def _delta(index: int, delta: dict[str, Any]) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": delta}


async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = 0
            for line in head.split(b"\r\n"):
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            if length:
                await reader.readexactly(length)
            elif b"chunked" in head.lower():
                await reader.readuntil(b"\r\n0\r\n\r\n")
            body = answer()
            size = f"{len(body):x}\r\n".encode()
            writer.write(_HEAD + size + body + b"\r\n0\r\n\r\n")
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
        writer.close()


async def main() -> None:
    server = await asyncio.start_server(handle, "127.0.0.1", 0, limit=1 << 25)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
