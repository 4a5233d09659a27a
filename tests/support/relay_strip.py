"""A relay that passes on what it knows of a Messages request and answer, and drops the rest.

Many relays read each request into types of their own and write it again: what these have no
member for is gone. This one knows every kind of block with the members that it cannot do without,
so `metadata`, `cache_control` and everything newer than it do not survive, nor do signatures where
it knows none.
"""

from __future__ import annotations

import asyncio
import json
import threading
from types import TracebackType
from typing import Any

from aiohttp import ClientSession, ClientTimeout, web

_BODY = {"model", "max_tokens", "system", "messages", "tools", "tool_choice", "thinking", "stream"}
_MEMBERS = {
    "text": {"text"},
    "thinking": {"thinking", "signature"},
    "tool_use": {"id", "name", "input"},
    "tool_result": {"tool_use_id", "content", "is_error"},
    "image": {"source"},
}
_TOOL = {"name", "description", "input_schema"}


class StrippingRelay:
    """The relay, on a thread of its own while it is entered as a context."""

    def __init__(self, upstream: str, key: str, own_key: str, *, signatures: bool) -> None:
        self._upstream, self._key, self._own_key = upstream, key, own_key
        self._members = _MEMBERS | {"thinking": {"thinking"}} if not signatures else _MEMBERS
        self.url = ""
        self._loop = asyncio.new_event_loop()
        self._ready, self._over = threading.Event(), asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),))

    def __enter__(self) -> StrippingRelay:
        self._thread.start()
        assert self._ready.wait(60)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()
        self._loop.close()

    async def _serve(self) -> None:
        app = web.Application(client_max_size=2**26)
        app.router.add_post("/v1/messages", self._messages)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        self._ready.set()
        await self._over.wait()
        await runner.cleanup()

    async def _messages(self, request: web.Request) -> web.StreamResponse:
        given = {request.headers.get("x-api-key"), request.headers.get("Authorization")}
        if not given & {self._own_key, f"Bearer {self._own_key}"}:
            return web.json_response({"error": {"message": "no such key"}}, status=401)
        body = self._known_request(await request.json())
        headers = {"Authorization": f"Bearer {self._key}"}
        async with (
            ClientSession(timeout=ClientTimeout(60)) as client,
            client.post(self._upstream, json=body, headers=headers) as answer,
        ):
            out = web.StreamResponse(status=answer.status)
            out.content_type = answer.content_type
            await out.prepare(request)
            async for line in answer.content:
                await out.write(self._known_line(line))
            await out.write_eof()
            return out

    def _known_request(self, body: dict[str, Any]) -> dict[str, Any]:
        known = _only(body, _BODY)
        known["messages"] = [
            {"role": each["role"], "content": self._content(each["content"])}
            for each in body["messages"]
        ]
        known["tools"] = [_only(tool, _TOOL) for tool in body.get("tools") or ()]
        return known

    def _known_line(self, line: bytes) -> bytes:
        if not line.startswith(b"data: "):
            return line
        event = json.loads(line[6:])
        unsigned = "signature" not in self._members["thinking"]
        if unsigned and (event.get("delta") or {}).get("type") == "signature_delta":
            event = {"type": "ping"}
        if "content_block" in event:
            event["content_block"] = self._block(event["content_block"])
        return b"data: " + json.dumps(event).encode() + b"\n"

    def _content(self, content: Any) -> Any:
        return content if isinstance(content, str) else [self._block(block) for block in content]

    def _block(self, block: dict[str, Any]) -> dict[str, Any]:
        return _only(block, {"type", *self._members.get(block["type"], ())})


def _only(value: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: each for name, each in value.items() if name in names}
