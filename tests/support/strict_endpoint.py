"""A strict endpoint on loopback: Messages and Chat, streams and JSON, every byte on record.

It shares no code with the program under test nor with its simulator. What it demands is in
`strict_rules`, what it answers in `strict_model`; here is the wire.
"""

from __future__ import annotations

import itertools
import json
import select
import socket
import struct
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from tests.support import strict_model, strict_rules
from tests.support.strict_rules import Given, Memory, Policy, Refused, prompt, turns

DIALECTS = {"/anthropic/v1/messages": "messages", "/chat/completions": "chat"}


@dataclass
class Cut:
    """End an answer early: after so many events, `times` times, by `rst` or `fin`.

    `kinds` limits it to answers that call a tool (`calls`) or close with a text (`text`).
    """

    after: int
    how: str = "fin"
    times: int = 1
    kinds: str = "calls text"


@dataclass
class Switches:
    """How the endpoint answers."""

    served: str = ""  # another model name than the one asked for
    signature: str = "uuid"  # `uuid`, `empty`, or `absent`
    redacted: bool = False
    silent_every: int = 0  # each so manyth answer has no reasoning
    crlf: bool = False
    comments: bool = False
    bytewise: bool = False
    delay: float = 0.0  # seconds before each event of an answer to a request with tools
    delay_steps: str = ""  # only in these steps; `text` is the closing text
    cut: Cut | None = None
    text: str = "{token} All is done."
    reasoning: str = 'Thought {n}: "quoted"\nand a second line, 思考 é \\ {mark}'


@dataclass
class Canned:
    """An answer given as it is: `end` is `length`, `chunked`, `fin` or `rst`."""

    status: int = 200
    headers: list[tuple[str, str]] = field(default_factory=list)
    pieces: list[bytes] = field(default_factory=list)
    end: str = "length"
    pause: float = 0.0
    hold: float = 0.0  # seconds before the status line


@dataclass
class Received:
    """One request, as it came."""

    number: int
    method: str
    path: str
    headers: list[tuple[str, str]]
    raw: bytes
    status: int = 0
    rule: str = ""
    text: str = ""
    given: Given | None = None
    connection: int = 0
    sent: list[bytes] = field(default_factory=list)
    gone: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def dialect(self) -> str:
        """`messages` or `chat`, empty for another path."""
        return DIALECTS.get(self.path.partition("?")[0], "")

    @property
    def body(self) -> dict[str, Any]:
        """The request's body."""
        return dict(json.loads(self.raw))

    @property
    def is_main(self) -> bool:
        """Whether the request offers tools: no title and no probe."""
        return bool(self.dialect and self.body.get("tools"))

    def header(self, name: str) -> str | None:
        """The value of a header, None when it did not come."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


class StrictEndpoint:
    """The endpoint, on a thread of its own while it is entered as a context."""

    def __init__(self, folder: str = "/tmp", key: str = "", **rules: Any) -> None:
        self.folder, self.key = folder, key
        self.policy = Policy(**rules)
        self.switches = Switches()
        self.memory = Memory()
        self.requests: list[Received] = []
        self.canned: list[Canned] = []
        self.refuse: list[str] = []  # refusals to give before anything is looked at
        # the refusal that a request earns besides all rules, empty for none
        self.refusing: Callable[[Received], str] = lambda received: ""
        self.ids = "call_{nth:02}_{random}"
        self.trouble: list[BaseException] = []
        self.idle_close = False  # close each connection after its answer, without saying so
        self._lock = threading.Lock()
        self._connections = itertools.count(1)
        self._numbers = itertools.count(1)
        self._silent = itertools.count(1)
        self._server = _Server(("127.0.0.1", 0), self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def url(self) -> str:
        """Base URL, without a path."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> StrictEndpoint:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.hang_up()
        self._server.server_close()

    @property
    def refusals(self) -> list[str]:
        """What was refused, and why."""
        return [f"{r.number} {r.rule}: {r.text}" for r in self.requests if r.rule]

    @property
    def main(self) -> list[Received]:
        """The requests that offer tools, without those that were refused."""
        return [r for r in self.requests if r.method == "POST" and r.is_main and not r.rule]

    def history(self, request: Received) -> list[tuple[Given | None, str | None]]:
        """The assistant turns of a request: the answer each one is, and its reasoning."""
        found = turns(request.dialect, request.body)
        return [(self.memory.of(turn), turn.reasoning) for turn in found]

    def replayed(self, request: Received) -> int:
        """How many turns of the request carry the very reasoning they were given."""
        return sum(
            given is not None and given.reasoning is not None and given.reasoning == reasoning
            for given, reasoning in self.history(request)
        )

    def broken_prefixes(self, start: int = 0, end: int | None = None) -> list[str]:
        """Each request whose prompt does not begin with the prompt it continues.

        `start` and `end` limit it to a part of the main requests: one run of the agent.
        """
        out = []
        for later, earlier in _continued(self.main[start:end]):
            before, after = prompt(earlier.body), prompt(later.body)
            same = next(
                (n for n, (a, b) in enumerate(zip(before, after, strict=False)) if a != b),
                min(len(before), len(after)),
            )
            if same < len(before):
                names = ("model", "metadata", "tools", "system")
                what = names[same] if same < 4 else f"message {same - 4} of {len(before) - 4}"
                was, now = before[same], after[same] if same < len(after) else ""
                at = next((n for n, (a, b) in enumerate(zip(was, now, strict=False)) if a != b), 0)
                around = slice(max(0, at - 80), at + 120)
                out.append(
                    f"{later.number} does not continue {earlier.number}: {what} differs at {at}:"
                    f" {was[around]!r} became {now[around]!r}"
                )
        return out

    def next_answer(self, request: Received) -> tuple[Given, list[strict_model.Call], str]:
        """What the scripted model says to a request that was not refused."""
        body = request.body
        offered = strict_model.tools(request.dialect, body)
        step = strict_model.next_step(request.dialect, body)
        made = strict_model.calls(step, offered, self.folder)
        number = next(self._numbers)
        mark = uuid.uuid4().hex
        reasoning: str | None = self.switches.reasoning.format(n=number, mark=mark[:12])
        every = self.switches.silent_every
        off = (body.get("thinking") or {}).get("type") == "disabled"
        if off or (offered and every and next(self._silent) % every == 0):
            reasoning = None
        ids = tuple(
            self.ids.format(nth=n, random=uuid.uuid4().hex[:24]) for n, _ in enumerate(made)
        )
        given = Given(number, f"[answer-{number}-{mark[:6]}]", reasoning, ids, body["model"])
        return given, made, step or "text"


def _continued(requests: list[Received]) -> Iterator[tuple[Received, Received]]:
    """Each request with the last one before it that it continues, by its turns' identities."""
    seen: list[tuple[Received, list[str], str]] = []
    for request in requests:
        chain = [turn.calls[0] if turn.calls else turn.text for turn in _turns(request)]
        root = f"{request.body['model']} {strict_model.tools(request.dialect, request.body)}"
        for earlier, before, key in reversed(seen):
            if (
                key == root
                and before
                and len(before) < len(chain)
                and chain[: len(before)] == before
            ):
                yield request, earlier
                break
        seen.append((request, chain, root))


def _turns(request: Received) -> list[strict_rules.Turn]:
    return turns(request.dialect, request.body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], endpoint: StrictEndpoint) -> None:
        self.endpoint = endpoint
        self._open: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """End connections that agents keep alive."""
        for each in list(self._open):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        deadline = time.monotonic() + 5
        while self._open and time.monotonic() < deadline:
            time.sleep(0.005)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that ended in the middle is no trouble of the endpoint's."""


class _Ended(Exception):
    """The connection is over."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.number = next(self.server.endpoint._connections)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        received = self._record(b"")
        self._plain(404, b'{"error":{"message":"not here"}}')
        received.over.set()

    def do_POST(self) -> None:
        endpoint = self.server.endpoint
        size = int(self.headers.get("content-length") or 0)
        raw = self._chunks() if self.headers.get("transfer-encoding") else self.rfile.read(size)
        received = self._record(raw)
        try:
            self._post(endpoint, received)
        except _Ended:
            self.close_connection = True
        except (BrokenPipeError, ConnectionResetError):
            received.gone.set()
            self.close_connection = True
        except Exception as error:
            endpoint.trouble.append(error)
            raise
        finally:
            received.over.set()
        if endpoint.idle_close:
            self.close_connection = True

    def _record(self, raw: bytes) -> Received:
        endpoint = self.server.endpoint
        with endpoint._lock:
            received = Received(
                len(endpoint.requests) + 1,
                self.command,
                self.path,
                list(self.headers.items()),
                raw,
                connection=self.number,
            )
            endpoint.requests.append(received)
        return received

    def _chunks(self) -> bytes:
        parts = []
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _post(self, endpoint: StrictEndpoint, received: Received) -> None:
        if endpoint.canned:
            return self._canned(endpoint.canned.pop(0), received)
        dialect = received.dialect
        if not dialect:
            return self._refuse(received, Refused("path", "Not Found", 404))
        shown = (self.headers.get("authorization") or "").removeprefix("Bearer ")
        if endpoint.key and endpoint.key not in (shown, self.headers.get("x-api-key")):
            return self._refuse(received, Refused("key", "Authentication Fails", 401))
        try:
            body = received.body
            if endpoint.refuse:
                raise Refused("told-to", endpoint.refuse.pop(0))
            if words := endpoint.refusing(received):
                raise Refused("told-to", words)
            strict_rules.check(dialect, body, endpoint.policy, endpoint.memory)
        except Refused as refusal:
            return self._refuse(received, refusal)
        with endpoint._lock:
            given, calls, step = endpoint.next_answer(received)
        received.given, received.status = given, 200
        if endpoint.policy.trailing_system and body["messages"][-1]["role"] == "system":
            given.reasoning, given.calls, calls, step = None, (), [], "empty"
        if endpoint.switches.redacted and dialect == "messages":
            secret, given.reasoning = given.reasoning, None
        else:
            secret = None
        answer = _Answer(dialect, body, endpoint.switches, given, calls, step, secret)
        with endpoint._lock:
            endpoint.memory.add(given)
        if body.get("stream"):
            return self._stream(answer, received)
        self._plain(200, json.dumps(answer.whole()).encode(), received)
        return None

    def _refuse(self, received: Received, refusal: Refused) -> None:
        received.status, received.rule, received.text = refusal.status, refusal.rule, refusal.text
        kind = "invalid_request_error"
        error = {"message": refusal.text, "type": kind, "param": None, "code": kind}
        self._plain(refusal.status, json.dumps({"error": error}).encode())

    def _plain(self, status: int, data: bytes, received: Received | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)
        if received is not None:
            received.sent.append(data)

    def _stream(self, answer: _Answer, received: Received) -> None:
        switches = answer.switches
        cut = switches.cut
        kind = "calls" if answer.calls else "text"
        if cut is None or not answer.main or kind not in cut.kinds or cut.times <= 0:
            cut = None
        else:
            cut.times -= 1
            answer.given.certain = cut.how == "fin"
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        slow = answer.main and (not switches.delay_steps or answer.step in switches.delay_steps)
        for number, event in enumerate(answer.events()):
            if cut is not None and number == cut.after:
                self._end(cut.how)
            if switches.delay and slow:
                self._wait(switches.delay, received)
            if switches.comments:
                event = b": keep-alive\n\n" + event
            if switches.crlf:
                event = event.replace(b"\n", b"\r\n")
            for piece in (
                [event[n : n + 1] for n in range(len(event))] if switches.bytewise else [event]
            ):
                self._chunk(piece)
            received.sent.append(event)
        self._chunk(b"")

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def _wait(self, seconds: float, received: Received) -> None:
        """Pause, unless the other side hangs up."""
        readable, _, _ = select.select([self.connection], [], [], seconds)
        if readable and not self.connection.recv(1, socket.MSG_PEEK):
            received.gone.set()
            raise _Ended

    def _end(self, how: str) -> None:
        """End the connection in the middle."""
        self.wfile.flush()
        if how == "rst":
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()
        raise _Ended

    def _canned(self, canned: Canned, received: Received) -> None:
        received.status = canned.status
        if canned.hold:
            self._wait(canned.hold, received)
        if not canned.status:
            self._end(canned.end)
        self.send_response_only(canned.status)
        for name, value in canned.headers:
            self.send_header(name, value)
        if canned.end == "length":
            self.send_header("Content-Length", str(sum(map(len, canned.pieces))))
        else:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for piece in canned.pieces:
            if canned.pause:
                self._wait(canned.pause, received)
            if canned.end == "length":
                self.wfile.write(piece)
            else:
                self._chunk(piece)
            received.sent.append(piece)
        if canned.end == "chunked":
            self._chunk(b"")
        elif canned.end != "length":
            self._end(canned.end)


class _Answer:
    """One answer of the model, as a stream or whole, in either dialect."""

    def __init__(
        self,
        dialect: str,
        body: dict[str, Any],
        switches: Switches,
        given: Given,
        calls: list[strict_model.Call],
        step: str,
        secret: str | None,
    ) -> None:
        self.dialect, self.switches, self.given, self.calls = dialect, switches, given, calls
        self.step, self.secret = step, secret
        self.main = bool(body.get("tools"))
        self.model = switches.served or body["model"]
        self.id = str(uuid.uuid4())
        self.text = "" if calls or step == "empty" else switches.text.format(token=given.token)

    def whole(self) -> dict[str, Any]:
        """The answer as one document."""
        if self.dialect == "chat":
            message: dict[str, Any] = {"role": "assistant", "content": self.text}
            if self.given.reasoning is not None:
                message["reasoning_content"] = self.given.reasoning
            if self.calls:
                message["tool_calls"] = [self._function(n) for n, _ in enumerate(self.calls)]
            choice = {"index": 0, "message": message, "finish_reason": self._finish}
            return {**self._chat_head("chat.completion"), "choices": [choice], "usage": _CHAT_USAGE}
        return {
            **self._message_head(),
            "content": self._blocks(),
            "stop_reason": self._stop,
            "usage": _USAGE,
        }

    def events(self) -> Iterator[bytes]:
        """The answer event by event."""
        if self.dialect == "chat":
            yield from self._chat_events()
            return
        for event in self._message_events():
            yield f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()

    def _blocks(self) -> list[dict[str, Any]]:
        out: list[dict[str, Any]] = []
        if self.secret is not None:
            out.append({"type": "redacted_thinking", "data": "b3BhcXVl" + self.id})
        if self.given.reasoning is not None:
            thought = {"type": "thinking", "thinking": self.given.reasoning}
            signatures = {"uuid": {"signature": self.id}, "empty": {"signature": ""}, "absent": {}}
            out.append({**thought, **signatures[self.switches.signature]})
        if self.text:
            out.append({"type": "text", "text": self.text})
        for id, call in zip(self.given.calls, self.calls, strict=True):
            out.append({"type": "tool_use", "id": id, "name": call.name, "input": call.arguments})
        return out

    def _message_head(self) -> dict[str, Any]:
        head = {"id": self.id, "type": "message", "role": "assistant", "model": self.model}
        return {**head, "stop_sequence": None}

    def _message_events(self) -> Iterator[dict[str, Any]]:
        start = {**self._message_head(), "content": [], "stop_reason": None, "usage": _USAGE}
        yield {"type": "message_start", "message": start}
        for index, block in enumerate(self._blocks()):
            kind, at = block["type"], {"index": index}
            empty: dict[str, Any] = {"thinking": {"thinking": ""}, "text": {"text": ""}}.get(
                kind, {}
            )
            opened = {**block, **empty}
            if kind == "thinking" and "signature" in block:
                opened["signature"] = ""
            if kind == "tool_use":
                opened["input"] = {}
            yield {"type": "content_block_start", **at, "content_block": opened}
            for delta in _deltas(block):
                yield {"type": "content_block_delta", **at, "delta": delta}
            yield {"type": "content_block_stop", **at}
        stop = {"stop_reason": self._stop, "stop_sequence": None}
        yield {"type": "message_delta", "delta": stop, "usage": _USAGE}
        yield {"type": "message_stop"}

    def _chat_events(self) -> Iterator[bytes]:
        deltas: list[dict[str, Any]] = [{"role": "assistant", "content": None}]
        if self.given.reasoning is not None:
            deltas += [{"reasoning_content": part} for part in _thirds(self.given.reasoning)]
        deltas += [{"content": part} for part in _thirds(self.text) if part]
        for index, call in enumerate(self.calls):
            whole = self._function(index)
            arguments = json.dumps(call.arguments)
            opened = {**whole, "index": index, "function": {"name": call.name, "arguments": ""}}
            deltas.append({"tool_calls": [opened]})
            for part in _thirds(arguments):
                more = {"index": index, "function": {"arguments": part}}
                deltas.append({"tool_calls": [more]})
        head = self._chat_head("chat.completion.chunk")
        for delta in deltas:
            choice = {"index": 0, "delta": delta, "finish_reason": None}
            yield b"data: " + json.dumps({**head, "choices": [choice]}).encode() + b"\n\n"
        last = {"index": 0, "delta": {"content": ""}, "finish_reason": self._finish}
        end = {**head, "choices": [last], "usage": _CHAT_USAGE}
        yield b"data: " + json.dumps(end).encode() + b"\n\n"
        yield b"data: [DONE]\n\n"

    def _chat_head(self, kind: str) -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": 1790000000, "model": self.model}

    def _function(self, index: int) -> dict[str, Any]:
        call = self.calls[index]
        function = {"name": call.name, "arguments": json.dumps(call.arguments)}
        return {"id": self.given.calls[index], "type": "function", "function": function}

    @property
    def _stop(self) -> str:
        return "tool_use" if self.calls else "end_turn"

    @property
    def _finish(self) -> str:
        return "tool_calls" if self.calls else "stop"


_USAGE = {
    "input_tokens": 128,
    "cache_creation_input_tokens": 0,
    "cache_read_input_tokens": 0,
    "output_tokens": 32,
}
_CHAT_USAGE = {"prompt_tokens": 128, "completion_tokens": 32, "total_tokens": 160}


def _thirds(text: str) -> list[str]:
    size = max(1, -(-len(text) // 3))
    return [text[n : n + size] for n in range(0, len(text), size)]


def _deltas(block: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The deltas that bring one block of a Messages stream."""
    if block["type"] == "thinking":
        for part in _thirds(block["thinking"]):
            yield {"type": "thinking_delta", "thinking": part}
        if block.get("signature"):
            yield {"type": "signature_delta", "signature": block["signature"]}
    elif block["type"] == "text":
        for part in _thirds(block["text"]):
            yield {"type": "text_delta", "text": part}
    elif block["type"] == "tool_use":
        for part in _thirds(json.dumps(block["input"])):
            yield {"type": "input_json_delta", "partial_json": part}
