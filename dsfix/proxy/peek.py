"""The first words of an answer, read before anything of it is passed on.

Relays answer 200 and then send an error, in place of a document or as the first event of a
stream (https://openrouter.ai/docs/api-reference/errors, 2026). Nothing has reached the agent by
then, so such an error can be treated as a refusal. An answer waits for no more than its first
chunk; where that has comments or blank lines only, they go on at once, and nothing that follows
is held against them.
"""

from __future__ import annotations

import asyncio
from typing import NamedTuple

import aiohttp

from dsfix.protocol import spans, sse
from dsfix.repairs.error_shape import error_in, status_of

# Seconds for the first chunk. A refusal comes at once; an upstream that is busy for longer may
# well send its headers first, and the agent shall have them.
PATIENCE = 10.0
LIMIT = 1 << 20


class Begun(NamedTuple):
    """What was read of an answer, and the error that it is, if so, with its status."""

    data: bytes = b""
    error: bytes | None = None
    status: int = 200


def streams(response: aiohttp.ClientResponse, data: bytes) -> bool:
    """Whether an answer that begins so is a stream of events, under whatever type it comes."""
    return response.content_type == "text/event-stream" or sse.begins(data)


async def begun(response: aiohttp.ClientResponse) -> Begun:
    """The beginning of a success. What fails here will fail again where the rest is read."""
    data = b""
    told: bytes | None = None
    try:
        data = response.content.read_nowait()  # mostly it has come with the head
        told = _told(response, data) if data else None
        if told is None:
            async with asyncio.timeout(PATIENCE):
                while told is None and len(data) <= LIMIT:
                    chunk = await response.content.readany()
                    data += chunk
                    told = _told(response, data) if chunk else b""
    except (aiohttp.ClientError, TimeoutError):
        return Begun(data)
    error = error_in(told or b"")
    return Begun(data) if error is None else Begun(data, told, status_of(error))


def _told(response: aiohttp.ClientResponse, data: bytes) -> bytes | None:
    return _event(data) if streams(response, data) else _document(data)


def _event(data: bytes) -> bytes | None:
    """The first event's payload: empty where it is no error, None while that cannot be told."""
    if b"error" not in data:
        return b""
    relay = sse.Relay()
    for event in sse.split(relay.feed(data).events):
        if payload := sse.data_of(event):
            return payload
    return None if b"error" in relay.rest() else b""


def _document(data: bytes) -> bytes | None:
    """The document, likewise."""
    return data if b'"error"' not in data or spans.value(data) is not None else None
