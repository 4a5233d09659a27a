"""One question to an upstream, and its whole answer, however that ends."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import NamedTuple

import aiohttp

from dsfix.proxy.client import Client, Unreachable

LIMIT = 8 << 20  # bytes; no answer to a question of ours is longer


class Answered(NamedTuple):
    """What came back; header names in lower case.

    `broken` says how the body ended, where not by its end: `cut`, `timeout` or `endless`.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    broken: str = ""


async def ask(
    client: Client,
    method: str,
    path: str,
    data: bytes,
    headers: Mapping[str, str],
    patience: float,
) -> Answered:
    """The answer, or what is there of it after `patience` seconds.

    Raises Unreachable when nothing is.
    """
    head: Answered | None = None
    body = bytearray()
    try:
        async with (
            asyncio.timeout(patience),
            client.request(method, path, (data,), headers.items()) as response,
        ):
            named = {name.lower(): value for name, value in response.headers.items()}
            head = Answered(response.status, named, b"")
            async for chunk in response.content.iter_any():
                body += chunk
                if len(body) > LIMIT:
                    return head._replace(body=bytes(body), broken="endless")
    except TimeoutError:
        if head is None:
            raise Unreachable(f"no answer within {patience:g} s", "timeout") from None
        return head._replace(body=bytes(body), broken="timeout")
    except (aiohttp.ClientError, OSError):
        if head is None:
            raise
        return head._replace(body=bytes(body), broken="cut")
    return head._replace(body=bytes(body))
