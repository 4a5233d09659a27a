"""One way to the endpoint, direct or through dsfix: probes put to it, in order, each once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from dsfix import __version__
from dsfix.doctor.base import Call, Probe, Scene, Unasked, Verdict
from dsfix.doctor.reply import Reply
from dsfix.doctor.words import failed
from dsfix.protocol import spans
from dsfix.protocol.body import Dialect
from dsfix.proxy.ask import ask
from dsfix.proxy.client import Client, Unreachable

_HEADERS: Mapping[str, str] = {
    "Content-Type": "application/json",
    "User-Agent": f"dsfix/{__version__}",
    "anthropic-version": "2023-06-01",
}
_BUSY = 429
_NO_PATH = "this upstream has no path for it"
# What a judge meets in a document that has not the form of its dialect.
_OTHER_FORM = (AttributeError, IndexError, KeyError, TypeError, ValueError)


class Outcome(NamedTuple):
    """What came of a probe: a verdict, or why it was not asked.

    `slowed` is whether it had to be asked again after a pause.
    """

    verdict: Verdict
    reply: Reply | None = None
    unasked: str = ""
    slowed: bool = False


class Way:
    """Asks each probe at most once, after those that it needs; `patience` is in seconds."""

    def __init__(
        self,
        client: Client,
        paths: Mapping[str, str],
        probes: Mapping[str, Probe],
        scene: Scene,
        patience: float,
    ) -> None:
        self._client, self._paths, self._probes = client, paths, probes
        self._scene, self._patience = scene, patience
        self._known: dict[str, Outcome] = {}
        self.calls = 0

    async def outcome(self, probe: Probe) -> Outcome:
        """What comes of a probe on this way."""
        if probe.name not in self._known:
            self._known[probe.name] = await self._put(probe)
        return self._known[probe.name]

    async def _put(self, probe: Probe) -> Outcome:
        replies: list[Reply] = []
        slowed = False
        for name in probe.needs:
            needed = self._probes[name]
            found = await self.outcome(needed)
            if found.unasked == _NO_PATH and not needed.dialect and probe.asks:
                continue  # many relays list no models: a question of its own can be asked still
            if found.reply is None or found.verdict.word not in needed.good:
                return Outcome(
                    Verdict(""), unasked=found.unasked or f"{name}: {found.verdict.word}"
                )
            replies.append(found.reply)
        for question in probe.asks:
            try:
                call = question(self._scene._replace(replies=tuple(replies)))
            except Unasked as why:
                return Outcome(Verdict(""), unasked=str(why))
            except _OTHER_FORM:  # what it builds on
                return _malformed(replies[-1])
            if call.path not in self._paths:
                return Outcome(Verdict(""), unasked=_NO_PATH)
            reply = await self._reply(call, probe.dialect)
            if reply.status == _BUSY and reply.wait <= self._patience:
                slowed = True
                await asyncio.sleep(reply.wait)
                reply = await self._reply(call, probe.dialect)
            replies.append(reply)
            if (why_not := failed(reply)) is not None:
                return Outcome(why_not, reply)
        return _judged(probe, replies)._replace(slowed=slowed)

    async def _reply(self, call: Call, dialect: Dialect | None) -> Reply:
        self.calls += 1
        data = b"" if call.body is None else spans.encode(dict(call.body))
        path, model = self._paths[call.path], str((call.body or {}).get("model", ""))
        try:
            came = await ask(
                self._client, call.method, path, data, _HEADERS, patience=self._patience
            )
        except Unreachable as error:
            return Reply(dialect, failure=error.kind, said=str(error))
        return Reply(
            dialect,
            came.status,
            came.headers,
            came.body,
            failure=came.broken,
            model=model,
            at=time.time(),
        )


def _judged(probe: Probe, replies: Sequence[Reply]) -> Outcome:
    try:
        return Outcome(probe.judge(replies), replies[-1])
    except Unasked as why:
        return Outcome(Verdict(""), unasked=str(why))
    except _OTHER_FORM:
        return _malformed(replies[-1])


def _malformed(reply: Reply) -> Outcome:
    return Outcome(Verdict("malformed", reply.said), reply)
