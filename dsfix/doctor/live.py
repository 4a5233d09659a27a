"""The probes of the endpoint: each asked raw, and again through dsfix where that would not do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import NamedTuple

from dsfix.config import Settings
from dsfix.doctor.asking import Outcome, Way
from dsfix.doctor.base import Meaning, Probe, Scene
from dsfix.doctor.finding import Finding, Level
from dsfix.doctor.probes import PROBES, with_needs
from dsfix.doctor.through import Through, through
from dsfix.doctor.words import FINAL, HOPELESS, NO_ANSWER, WORDS
from dsfix.environment import Credentials
from dsfix.proxy.client import Client

_BY_NAME: Mapping[str, Probe] = {probe.name: probe for probe in PROBES}


class Cost(NamedTuple):
    """What probes take at most: calls asked raw and their tokens, and calls through dsfix."""

    calls: int
    tokens: int
    again: int


def cost(chosen: Sequence[Probe]) -> Cost:
    """What these probes take, with those that they build on."""
    asked = with_needs(chosen)
    again = sum(len(probe.asks) for probe in asked if probe.through)
    return Cost(sum(len(probe.asks) for probe in asked), sum(p.tokens for p in asked), again)


class Examination:
    """The probes put to one endpoint. `patience` is in seconds, for each answer."""

    def __init__(
        self, found: Credentials, *, model: str = "", patience: float = 30.0, settings: Settings
    ) -> None:
        self._found, self._settings, self._patience = found, settings, patience
        upstream = found.upstream
        seeing = next((each.id for each in upstream.models if each.vision), upstream.main)
        self._scene = Scene(model or upstream.main, model or seeing)
        self._model = model
        self._fruitless, self._stopped, self._answered = 0, "", False

    async def findings(self, chosen: Sequence[Probe]) -> AsyncIterator[Finding]:
        """A finding for each of these probes, and for what they build on and is not good."""
        names = {probe.name for probe in chosen}
        async with AsyncExitStack() as stack:
            upstream, key = self._found.upstream, self._found.key
            raw = await self._way(
                stack, Client(upstream.origin, key, key_header=upstream.key_header)
            )
            again: tuple[Way, Through] | None = None
            for probe in with_needs(chosen):
                if self._stopped:
                    finding = _skipped(probe, self._stopped)
                else:
                    outcome = await raw.outcome(probe)
                    self._look(probe, outcome)
                    finding = self._finding(probe, outcome)
                if finding.level in (Level.ACT, Level.WARN) and _can_help(probe, finding):
                    again = again or await self._repaired(stack)
                    finding = await _once_more(probe, finding, *again)
                if probe.name in names or finding.level not in (Level.GOOD, Level.SKIPPED):
                    yield finding

    async def _way(self, stack: AsyncExitStack, client: Client) -> Way:
        stack.push_async_callback(client.close)
        return Way(client, self._found.upstream.paths, _BY_NAME, self._scene, self._patience)

    async def _repaired(self, stack: AsyncExitStack) -> tuple[Way, Through]:
        proxy = stack.enter_context(through(self._found, self._settings, self._model))
        return await self._way(stack, Client(proxy.origin, proxy.token)), proxy

    def _look(self, probe: Probe, outcome: Outcome) -> None:
        """Stop where nothing else can come of asking on."""
        word, of_model = outcome.verdict.word, probe.dialect is not None
        if not probe.asks:
            return
        self._answered = self._answered or (word in probe.good and word not in HOPELESS)
        # A key may be good for the models and for nothing beside them.
        self._fruitless += word in HOPELESS and (of_model or word == "timeout")
        final = word in FINAL and (of_model or not probe.needs)
        if final or (self._fruitless > 1 and not self._answered):
            self._stopped = f"{probe.name}: {word}"

    def _finding(self, probe: Probe, outcome: Outcome) -> Finding:
        if outcome.unasked:
            return _skipped(probe, outcome.unasked)
        slowed = outcome.slowed and outcome.verdict.word in probe.good
        word = "busy" if slowed else outcome.verdict.word
        expected = self._found.upstream.expect.get(probe.name, "")
        meaning, level = _meaning_of(probe, word), self._level(probe, word, slowed)
        return Finding(
            probe.name,
            "endpoint",
            level,
            word,
            meaning.means,
            "" if level is Level.GOOD else meaning.do,
            said=outcome.verdict.said,
            expected="" if word in NO_ANSWER else expected,
        )

    def _level(self, probe: Probe, word: str, slowed: bool) -> Level:
        if slowed or (word in HOPELESS and word in probe.good):
            return Level.WARN
        if self._stopped or (word in NO_ANSWER and probe.dialect):
            return Level.ACT
        return Level.GOOD if word in probe.good else probe.otherwise


async def _once_more(probe: Probe, finding: Finding, way: Way, proxy: Through) -> Finding:
    """The finding with what came of asking through dsfix."""
    before = len(proxy.exchanges)
    outcome = await way.outcome(probe)
    word = outcome.verdict.word
    if outcome.unasked:
        means = f"{finding.means} Not asked through dsfix: {outcome.unasked}."
        return finding._replace(level=Level.WARN, means=means)
    if word not in probe.good:
        return finding._replace(through=word)
    changed = {change.repair for each in proxy.exchanges[before:] for change in each.changes}
    retried = {tried.then for each in proxy.exchanges[before:] for tried in each.attempts}
    return finding._replace(
        through=word,
        level=Level.REPAIRED,
        do="Use dsfix run.",
        repairs=tuple(sorted(changed | retried)),
    )


def _meaning_of(probe: Probe, word: str) -> Meaning:
    """What a word means when this probe ends in it."""
    return probe.words.get(word) or WORDS[word]


def _can_help(probe: Probe, finding: Finding) -> bool:
    return probe.through and finding.raw not in FINAL | {"timeout"}


def _skipped(probe: Probe, why: str) -> Finding:
    return Finding(probe.name, "endpoint", Level.SKIPPED, "", f"Not asked: {why}.")
