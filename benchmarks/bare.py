"""The floor: a pass-through with aiohttp that repairs, remembers and records nothing.

`python -m benchmarks.bare ORIGIN` prints its port and serves until its stdin ends.
"""

from __future__ import annotations

import asyncio
import sys

import aiohttp
from aiohttp import web


async def main(origin: str) -> None:
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, auto_decompress=False) as session:

        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            body = b"".join([chunk async for chunk in request.content.iter_any()])
            headers = {"Content-Type": "application/json"}
            async with session.post(origin + request.path, data=body, headers=headers) as response:
                out = web.StreamResponse(status=response.status)
                out.content_type = response.content_type
                await out.prepare(request)
                async for chunk in response.content.iter_any():
                    await out.write(chunk)
                return out

        server = await asyncio.get_running_loop().create_server(web.Server(handle), "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
