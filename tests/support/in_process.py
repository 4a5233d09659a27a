"""The proxy on a thread of this process, and a client that speaks to it byte by byte."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

from dsfix import repairs, upstreams
from dsfix.memory import OriginMemory, Store
from dsfix.proxy.client import Client
from dsfix.proxy.forward import Forwarder
from dsfix.proxy.guard import Guard
from dsfix.proxy.server import serve
from dsfix.repairs.base import Rules

TOKEN = "t" * 64
KEY = "sk-real-0123456789abcdef"
PATHS = {"messages": "/anthropic/v1/messages", "chat": "/chat/completions"}


class Journal:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.exchanges: list[Any] = []
        self.over: list[Any] = []

    def began(self, exchange: Any, outgoing: Any) -> None:
        """An exchange begins."""
        self.exchanges.append(exchange)

    def answering(self, exchange: Any, reply: Any) -> None:
        """An answer begins."""

    def ended(self, exchange: Any, reply: Any) -> None:
        """An exchange is over."""
        self.over.append(exchange)


class InProcess:
    """A proxy in front of an upstream; it serves while it is entered as a context."""

    def __init__(
        self,
        url: str,
        memory: Path | None = None,
        clock: Callable[[], float] = time.time,
        **rules: Any,
    ) -> None:
        self.journal = Journal()
        self.store = Store(memory, clock=clock)
        self._upstream = upstreams.resolve(url)
        self._rules = Rules(
            main=self._upstream.main,
            small=self._upstream.small,
            limits=self._upstream.model,
            **{"strict": True, **rules},
        )
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        self.port: int = self._listener.getsockname()[1]
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._stop: Callable[[], None] = lambda: None

    def __enter__(self) -> InProcess:
        self.store.open()
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()
        self._thread.join(10)
        self.store.close()
        self._listener.close()

    def _run(self) -> None:
        upstream = self._upstream
        forwarder = partial(
            Forwarder,
            upstream,
            guard=Guard(self.port, TOKEN, upstream.segments),
            repairs=repairs.without(frozenset()),
            rules=self._rules,
            memory=OriginMemory(self.store, upstream.origin),
            journal=self.journal,
        )
        client = partial(Client, upstream.origin, KEY)
        asyncio.run(serve(self._listener, client, forwarder, self._serving))

    def _serving(self, stop: Callable[[], None]) -> None:
        self._stop = stop
        self._ready.set()

    @contextmanager
    def asking(
        self, method: str, path: str, body: bytes = b"", **headers: str
    ) -> Iterator[http.client.HTTPResponse]:
        """A response whose body is still to be read; `sec_fetch_site` stands for its header."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        given = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json", **named}
        try:
            kept = {name: value for name, value in given.items() if value}
            connection.request(method, path, body or None, kept)
            response = connection.getresponse()
            try:
                yield response
            finally:
                response.close()
        finally:
            connection.close()

    def ask(
        self, method: str, path: str, body: bytes = b"", **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers in lower case, and the whole body."""
        with self.asking(method, path, body, **headers) as response:
            data = response.read()
            return response.status, {k.lower(): v for k, v in response.getheaders()}, data

    def post(self, dialect: str, body: bytes | dict[str, Any], **headers: str) -> tuple[int, bytes]:
        """Status and body of one request to a dialect's path."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        status, _, data = self.ask("POST", PATHS[dialect], raw, **headers)
        return status, data


SHELL = {"type": "object", "properties": {"command": {"type": "string"}}}
TOOLS = {
    "messages": [
        {"name": "Bash", "input_schema": SHELL},
        {"name": "Agent", "input_schema": SHELL},
    ],
    "chat": [{"type": "function", "function": {"name": "bash", "parameters": SHELL}}],
}


class Talk:
    """An agent that loses every reasoning: it replays what was said and done, and no more."""

    def __init__(self, proxy: InProcess, dialect: str, prompt: str, *, stream: bool = True) -> None:
        self.proxy, self.dialect, self.stream = proxy, dialect, stream
        self.model = "deepseek-v4-pro"
        self.system = "Be helpful."
        self.session = ""  # what the agent calls its session, if it does
        self.messages: list[dict[str, Any]] = []
        self.status = 0
        self.data = b""
        self.say(prompt)

    def say(self, prompt: str) -> None:
        """The user's next words."""
        self.messages.append({"role": "user", "content": prompt})

    def body(self) -> dict[str, Any]:
        """The next request."""
        head: dict[str, Any] = {"model": self.model, "max_tokens": 512, "stream": self.stream}
        head["tools"] = TOOLS[self.dialect]
        if self.dialect == "messages":
            return {**head, "system": self.system, "messages": self.messages}
        system = {"role": "system", "content": self.system}
        return {**head, "messages": [system, *self.messages]}

    def turn(self) -> dict[str, Any]:
        """One request; its answer is added to the history without its reasoning."""
        self.status, self.data = self.proxy.post(
            self.dialect, self.body(), x_session_id=self.session
        )
        assert self.status == 200, self.data
        message = answered(self.dialect, self.data)
        self.messages.append(lost(self.dialect, message))
        for call in calls(self.dialect, message):
            self._result(call)
        return message

    def work(self) -> None:
        """Take turns until the model has no more calls to make."""
        for _ in range(200):
            if not calls(self.dialect, self.turn()):
                return
        raise AssertionError("the model never ends")

    def _result(self, call: str) -> None:
        if self.dialect == "chat":
            self.messages.append({"role": "tool", "tool_call_id": call, "content": "done"})
            return
        block = {"type": "tool_result", "tool_use_id": call, "content": "done"}
        if self.messages[-1]["role"] == "user":
            self.messages[-1]["content"].append(block)
        else:
            self.messages.append({"role": "user", "content": [block]})


def events(data: bytes) -> list[dict[str, Any]]:
    """The payloads of a stream, whatever its line ends."""
    lines = data.replace(b"\r\n", b"\n").split(b"\n")
    found = [line[5:].strip() for line in lines if line.startswith(b"data:")]
    return [json.loads(each) for each in found if each != b"[DONE]"]


def answered(dialect: str, data: bytes) -> dict[str, Any]:
    """The assistant's message of an answer, streamed or whole."""
    if data.lstrip().startswith(b"{"):
        whole = json.loads(data)
        return dict(whole["choices"][0]["message"] if dialect == "chat" else whole)
    return _chat(events(data)) if dialect == "chat" else _messages(events(data))


def _messages(stream: list[dict[str, Any]]) -> dict[str, Any]:
    content: dict[int, dict[str, Any]] = {}
    parts: dict[int, str] = {}
    model = ""
    for event in stream:
        if event["type"] == "message_start":
            model = event["message"]["model"]
        elif event["type"] == "content_block_start":
            content[event["index"]] = dict(event["content_block"])
        elif event["type"] == "content_block_delta":
            block, delta = content[event["index"]], event["delta"]
            for name in ("thinking", "text", "signature"):
                if name in delta:
                    block[name] = block.get(name, "") + delta[name]
            if "partial_json" in delta:
                parts[event["index"]] = parts.get(event["index"], "") + delta["partial_json"]
    for index, text in parts.items():
        content[index]["input"] = json.loads(text)
    return {"role": "assistant", "model": model, "content": [content[n] for n in sorted(content)]}


def _chat(stream: list[dict[str, Any]]) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": ""}
    made: dict[int, dict[str, Any]] = {}
    for event in stream:
        for choice in event["choices"]:
            delta = choice["delta"]
            message["content"] += delta.get("content") or ""
            if delta.get("reasoning_content"):
                before = message.get("reasoning_content", "")
                message["reasoning_content"] = before + delta["reasoning_content"]
            for call in delta.get("tool_calls") or ():
                at = made.setdefault(call["index"], {"type": "function", "function": {}})
                at["id"] = call.get("id") or at.get("id")
                function = at["function"]
                function["name"] = call["function"].get("name") or function.get("name")
                more = call["function"].get("arguments") or ""
                function["arguments"] = function.get("arguments", "") + more
    if made:
        message["tool_calls"] = [made[n] for n in sorted(made)]
    return message


def calls(dialect: str, message: dict[str, Any]) -> list[str]:
    """The ids of a message's tool calls."""
    if dialect == "chat":
        return [call["id"] for call in message.get("tool_calls") or ()]
    return [block["id"] for block in message["content"] if block["type"] == "tool_use"]


def lost(dialect: str, message: dict[str, Any]) -> dict[str, Any]:
    """The message as an agent replays it that keeps no reasoning."""
    if dialect == "chat":
        return {key: value for key, value in message.items() if key != "reasoning_content"}
    kept = [block for block in message["content"] if "thinking" not in block["type"]]
    return {"role": "assistant", "content": kept}
