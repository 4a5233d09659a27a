"""Added time to first byte: direct, the bare pass-through and dsfix with everything on, in turns.

It is the first byte of what an agent waits for, the first event; a head alone says nothing.
*first seen*: every request is a conversation of its own whose turns nobody knows, so each gets
a placeholder. *re-injected*: so is this, but each turn once went through dsfix with its reasoning,
which the agent has lost since: it is looked up and put back. *growing*: one conversation, one call
longer each time, whose agent replays no reasoning, so every turn that has passed gets its own
back; two sub-agents, which grow as well, and a request for a title come between its requests. It
is on Messages, as all others, where no other dialect is named.
*requests A to B* are of one conversation that begins with nothing: what they add at its beginning
and at its end tells whether the cost follows what is new, or the history.
"""

from __future__ import annotations

import json
import re
import socket
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from benchmarks.traffic import Conversation, OnChat, OnResponses, title
from benchmarks.ways import Way, ways

SIZES = (10_000, 100_000, 1_000_000, 4_000_000, 16_000_000)
SUB_AGENT = 50_000  # bytes
LONG, WINDOW = 300, 50  # requests
_CALL = re.compile(rb'"(?:call_)?id": ?"(call_00_b\d+)"')
_TURN = 2_250  # bytes, about


class Target:
    """One way to the upstream, over one kept-alive connection."""

    def __init__(self, way: Way) -> None:
        self._way = way
        self._socket = socket.create_connection(("127.0.0.1", way.port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self) -> None:
        """End the connection."""
        self._socket.close()

    def post(self, body: bytes, end: str = Conversation.END) -> tuple[float, bytes]:
        """Milliseconds to the first byte of the answer's first event, and the whole answer."""
        request = self._way.request(body, end)
        began = time.perf_counter()
        self._socket.sendall(request)
        data = self._socket.recv(65536)
        while data.endswith(b"\r\n\r\n") and data.count(b"\r\n\r\n") == 1:  # a head alone
            data += self._socket.recv(65536)
        taken = (time.perf_counter() - began) * 1e3
        while not data.endswith(b"0\r\n\r\n"):
            data += self._socket.recv(65536)
        assert data.startswith(b"HTTP/1.1 200"), data[:300]
        return taken, data

    def ask(self, conversation: Conversation) -> float:
        """The conversation's next request, which then goes on with its answer."""
        taken, answer = self.post(conversation.body(), conversation.END)
        call = _CALL.search(answer)
        assert call is not None
        conversation.grow(call[1].decode(), "")
        return taken


Asked = Callable[[str, Target, int], float]


def growing(size: int, kind: type[Conversation] = Conversation) -> Asked:
    """The next request of a conversation, among those of others."""
    mains: dict[str, Conversation] = {}
    others: dict[str, list[Conversation]] = {}

    def asked(name: str, target: Target, number: int) -> float:
        if name not in mains:
            mains[name] = kind(f"g{size}{name[:2]}", size)
            others[name] = [kind(f"{n}{size}{name[:2]}", SUB_AGENT) for n in "ab"]
        for other in others[name]:
            target.ask(other)
        target.post(title(f"{size} {number}"))
        return target.ask(mains[name])

    return asked


def first_seen(size: int) -> Asked:
    """A long conversation that nobody knows."""
    return lambda name, target, number: target.ask(Conversation(f"f{size}{number}{name[:2]}", size))


def reinjected(size: int) -> Asked:
    """A long conversation of which memory knows each turn, and the agent no reasoning."""

    def asked(name: str, target: Target, number: int) -> float:
        given = f"r{size}{number}{name[:2]}"
        target.ask(Conversation(given, size, thinking=True))
        target.post(title(given))  # what was learnt is kept by then
        return target.ask(Conversation(given, size))

    return asked


def measure(
    targets: dict[str, Target], size: int, rounds: int, kind: str, asked: Asked, first: int = 3
) -> dict[str, Any]:
    """Median and p99 of each target, in turns; those before the `first` count for nothing."""
    times: dict[str, list[float]] = {name: [] for name in targets}
    for number in range(rounds + first):
        for name, target in targets.items():
            taken = asked(name, target, number)
            if number >= first:
                times[name].append(taken)
    result: dict[str, Any] = {"kind": kind, "size": size, "rounds": rounds}
    for name, values in times.items():
        result[name] = {
            "p50": round(statistics.median(values), 3),
            "p99": round(sorted(values)[min(len(values) - 1, int(len(values) * 0.99))], 3),
        }
    floor = result["bare"]["p50"] - result["direct"]["p50"]
    ours = result["dsfix"]["p50"] - result["direct"]["p50"]
    result["added_bare"], result["added_dsfix"] = round(floor, 3), round(ours, 3)
    result["ratio"] = round(ours / floor, 2)
    return result


def lengthening(targets: dict[str, Target]) -> list[dict[str, Any]]:
    """What a conversation's requests add, from its second to its last."""
    asked = growing(0)
    rows = []
    for begin in range(0, LONG, WINDOW):
        first = 1 if begin == 0 else 0
        kind = f"requests {begin + 1 + first} to {begin + WINDOW}"
        size = (begin + WINDOW // 2) * _TURN
        rows.append(measure(targets, size, WINDOW - first, kind, asked, first))
    return [rows[0], rows[-1]]


KINDS: dict[str, Callable[[int], Asked]] = {
    "first seen": first_seen,
    "re-injected": reinjected,
    "growing": growing,
}
DIALECTS = {"growing on Chat": OnChat, "growing on Responses": OnResponses}
OTHERS = 1_000_000  # bytes of a history on the other dialects


def run(sizes: tuple[int, ...] = SIZES) -> list[dict[str, Any]]:
    """All figures of this benchmark."""
    with _targets() as targets:
        rows = [
            measure(targets, size, 15 if size > 2_000_000 else 40, kind, make(size))
            for size in sizes
            for kind, make in KINDS.items()
        ]
    with _targets() as targets:  # which have not to write down what was said above
        rows += [
            measure(targets, OTHERS, 40, kind, growing(OTHERS, of)) for kind, of in DIALECTS.items()
        ]
        return [*rows, *lengthening(targets)]


@contextmanager
def _targets() -> Iterator[dict[str, Target]]:
    """The ways that are compared, each with its connection."""
    with ExitStack() as stack:
        found = stack.enter_context(ways("direct", "bare", "dsfix"))
        targets = {name: Target(way) for name, way in found.items()}
        for target in targets.values():
            stack.callback(target.close)
        yield targets


if __name__ == "__main__":
    for row in run():
        print(json.dumps(row))
