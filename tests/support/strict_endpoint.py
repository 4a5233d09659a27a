"""A strict endpoint on loopback: all three dialects, streams and JSON, every byte on record.

It shares no code with the program under test nor with its simulator. What it demands is in
`strict_rules`, what it answers in `strict_model`, what a dialect looks like in a module of its
own, and how bytes travel in `strict_server`.
"""

from __future__ import annotations

import itertools
import json
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from tests.support import strict_model
from tests.support.strict_base import Answer, Given, Memory, Refused
from tests.support.strict_rules import DIALECTS, WIRES, Policy, check, prompt, turns
from tests.support.strict_server import Server
from tests.support.strict_switches import Canned, Cut, Switches

__all__ = ["Canned", "Cut", "Received", "StrictEndpoint", "Switches"]


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
        """`messages`, `chat` or `responses`, empty for another path.

        The host's name may stand before it: agents look for it in their base URL.
        """
        path = self.path.partition("?")[0].removeprefix("/api.deepseek.com")
        return DIALECTS.get(path, "")

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

    def __init__(self, *, key: str = "", **rules: Any) -> None:
        self.folder, self.key = "/tmp", key  # where the tools that it calls work
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
        self._numbers = itertools.count(1)
        self._silent = itertools.count(1)
        self._server = Server(("127.0.0.1", 0), self)
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

    def record(
        self, method: str, path: str, headers: list[tuple[str, str]], raw: bytes, connection: int
    ) -> Received:
        """Put a request on record."""
        with self._lock:
            number = len(self.requests) + 1
            received = Received(number, method, path, headers, raw, connection=connection)
            self.requests.append(received)
        return received

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
        found = (_difference(later, earlier) for later, earlier in _continued(self.main[start:end]))
        return [text for text in found if text]

    def check(self, received: Received) -> None:
        """Raise Refused for a request that is not taken."""
        if self.refuse:
            raise Refused("told-to", self.refuse.pop(0))
        if words := self.refusing(received):
            raise Refused("told-to", words)
        check(received.dialect, received.body, self.policy, self.memory)

    def switches_of(self, received: Received) -> Switches:
        """How the answer to this request is to go."""
        return self.switches

    def answer(self, received: Received) -> tuple[Answer, str]:
        """What the scripted model says to a request that is taken, and in which step."""
        with self._lock:
            return self._answer(received)

    def _answer(self, received: Received) -> tuple[Answer, str]:
        body, switches, wire = received.body, self.switches, WIRES[received.dialect]
        offered = wire.tools(body)
        step = strict_model.next_step(wire.flow(body), offered)
        made = strict_model.calls(step, offered, self.folder)
        step = step or "text"
        trailing = received.dialect != "responses" and body["messages"][-1]["role"] == "system"
        if self.policy.trailing_system and trailing:
            made, step = [], "empty"
        given = self._given(wire, body, bool(offered), len(made))
        ending = switches.endings.pop(0) if switches.endings and offered else "completed"
        given.certain = ending != "failed"
        secret = None
        if step == "empty":
            given.reasoning = None
        if switches.redacted and received.dialect == "messages":
            secret, given.reasoning = given.reasoning, None
        text = "" if made or step == "empty" else switches.text.format(token=given.token)
        model = switches.served or body["model"]
        answer = Answer(
            given, made, str(uuid.uuid4()), model, text, switches.signature, secret, ending
        )
        self.memory.add(given)
        return answer, step

    def _given(self, wire: Any, body: dict[str, Any], main: bool, count: int) -> Given:
        """A new answer's identity, with as many calls."""
        number = next(self._numbers)
        mark = uuid.uuid4().hex
        reasoning: str | None = self.switches.reasoning.format(n=number, mark=mark[:12])
        every = self.switches.silent_every
        if wire.is_off(body) or (main and every and next(self._silent) % every == 0):
            reasoning = None
        ids = tuple(self.ids.format(nth=n, random=uuid.uuid4().hex[:24]) for n in range(count))
        return Given(number, f"[answer-{number}-{mark[:6]}]", reasoning, ids, body["model"])


def _continued(requests: list[Received]) -> Iterator[tuple[Received, Received]]:
    """Each request with the last one before it that it continues, by its turns' identities."""
    seen: list[tuple[Received, list[str], str]] = []
    for request in requests:
        found = turns(request.dialect, request.body)
        chain = [turn.calls[0] if turn.calls else turn.text for turn in found]
        names = sorted(tool.name for tool in WIRES[request.dialect].tools(request.body))
        root = f"{request.body['model']} {names}"
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


def _difference(later: Received, earlier: Received) -> str:
    """Where the prompt of `later` leaves that of `earlier`, empty when it continues it."""
    before = prompt(earlier.dialect, earlier.body)
    after = prompt(later.dialect, later.body)
    same = next(
        (n for n, (a, b) in enumerate(zip(before, after, strict=False)) if a != b),
        min(len(before), len(after)),
    )
    if same == len(before):
        return ""
    names = ("model", "user", "tools", "system")
    what = names[same] if same < 4 else f"message {same - 4} of {len(before) - 4}"
    was, now = before[same], after[same] if same < len(after) else ""
    at = next((n for n, (a, b) in enumerate(zip(was, now, strict=False)) if a != b), 0)
    around = slice(max(0, at - 80), at + 120)
    return (
        f"{later.number} does not continue {earlier.number}: {what} differs at {at}:"
        f" {was[around]!r} became {now[around]!r}"
    )
