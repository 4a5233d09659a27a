"""The summary of a session, made from its exchanges. Pure; every text in it is redacted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import chain
from typing import Any

from dsfix.record.exchange import Exchange
from dsfix.report.cache import UNKNOWN, Cache
from dsfix.report.cost import Bill, exactly
from dsfix.report.facts import Facts, notes_on
from dsfix.report.standing import Standing, refused, standings

# Different texts of errors that are told; more are only counted.
ERRORS = 20
_WORDS = 300


@dataclass(frozen=True, slots=True)
class Tokens:
    """Token counts. `input` includes `cached`; `reasoning` is part of `output` where told.

    And what the upstream looked up on the web: `searches`, and pages that it read (`fetches`).
    """

    input: int = 0
    cached: int = 0
    output: int = 0
    reasoning: int = 0
    searches: int = 0
    fetches: int = 0

    @classmethod
    def of(cls, exchanges: Iterable[Exchange]) -> Tokens:
        """The sum over these exchanges."""
        used = [each.usage for each in exchanges if each.usage is not None]
        return cls(
            sum(each.input for each in used),
            sum(each.cached for each in used),
            sum(each.output for each in used),
            sum(each.reasoning or 0 for each in used),
            sum(each.searches for each in used),
            sum(each.fetches for each in used),
        )

    @property
    def hit_rate(self) -> float | None:
        """The share of the input that came from the cache; None without any input."""
        return self.cached / self.input if self.input else None

    def as_dict(self) -> dict[str, Any]:
        """For JSON; the rate has four decimals."""
        rate = self.hit_rate
        return {
            "input": self.input,
            "cached": self.cached,
            "output": self.output,
            "reasoning": self.reasoning,
            "cache_hit_rate": None if rate is None else round(rate, 4),
            "searches": self.searches,
            "fetches": self.fetches,
        }


def looked_up(searches: int, fetches: int) -> list[str]:
    """In words what was looked up on the web: 2 searches, 1 page read; empty where nothing was."""
    found = (searches, "search", "searches"), (fetches, "page read", "pages read")
    return [f"{count:,} {one if count == 1 else more}" for count, one, more in found if count]


@dataclass(frozen=True, slots=True)
class Models:
    """How often a model was asked for, which was sent, and which answered."""

    asked: str
    sent: str
    served: str
    count: int


@dataclass(frozen=True, slots=True)
class Conversation:
    """One thread of the session, with the kind that most of its exchanges are of."""

    id: str
    kind: str
    exchanges: int
    tokens: Tokens


@dataclass(frozen=True, slots=True)
class Repaired:
    """What one repair did: things it put right, in how many exchanges, and how often it failed."""

    name: str
    count: int
    exchanges: int
    failed: int


@dataclass(frozen=True, slots=True)
class Put:
    """Reasoning put into requests: turns, counted anew in every request, and exchanges."""

    count: int
    exchanges: int

    @classmethod
    def of(cls, counts: Iterable[int]) -> Put:
        """The sum of each exchange's count."""
        some = [count for count in counts if count]
        return cls(sum(some), len(some))


@dataclass(frozen=True, slots=True)
class Trouble:
    """A refusal or failure and how often it came; `then` is the step of recovery it led to."""

    status: int
    words: str
    count: int
    then: str = ""


@dataclass(frozen=True, slots=True)
class Summary:
    """All that is told of a session when it is over."""

    facts: Facts
    exchanges: int
    kinds: Mapping[str, int]
    models: tuple[Models, ...]
    tokens: Tokens
    conversations: tuple[Conversation, ...]
    repairs: tuple[Repaired, ...]
    replayed: Put
    placeholders: Put
    retries: tuple[Trouble, ...]
    errors: tuple[Trouble, ...]
    cut: Mapping[str, int]
    cache: Cache = UNKNOWN
    bill: Bill | None = None
    budget: tuple[Standing, ...] = ()
    refused: int = 0
    turned_away: tuple[Trouble, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @classmethod
    def of(
        cls,
        exchanges: Sequence[Exchange],
        facts: Facts,
        redact: Callable[[str], str],
        cache: Cache = UNKNOWN,
        bill: Bill | None = None,
    ) -> Summary:
        """The summary of these exchanges; `redact` is applied to every text from outside."""
        sent = [each for each in exchanges if not refused(each)]
        models = Counter((each.asked, each.sent, each.served) for each in sent)
        tried = list(chain.from_iterable(each.attempts for each in exchanges))
        retries = Counter((each.status, _line(each.words, redact), each.then) for each in tried)
        failed = [each for each in sent if each.error]
        errors = Counter((each.status, _line(each.error, redact)) for each in failed)
        return cls(
            facts=facts,
            exchanges=len(exchanges) + facts.beyond,
            kinds=dict(Counter(each.kind for each in exchanges).most_common()),
            models=tuple(
                Models(redact(asked), redact(sent), redact(served), count)
                for (asked, sent, served), count in models.most_common()
            ),
            tokens=Tokens.of(exchanges),
            conversations=_conversations(exchanges),
            repairs=_repairs(exchanges),
            replayed=Put.of(each.replayed for each in exchanges),
            placeholders=Put.of(each.placeholders for each in exchanges),
            retries=tuple(Trouble(s, w, count, t) for (s, w, t), count in retries.most_common()),
            errors=tuple(Trouble(s, w, count) for (s, w), count in errors.most_common(ERRORS)),
            cut=dict(Counter(each.cut for each in exchanges if each.cut).most_common()),
            cache=cache._replace(
                misses=tuple(each._replace(why=_line(each.why, redact)) for each in cache.misses)
            ),
            bill=bill and bill.redacted(redact),
            budget=standings(facts.limits, exchanges, bill, facts.duration),
            refused=len(exchanges) - len(sent),
            turned_away=tuple(
                Trouble(status, _line(words, redact), count)
                for (status, words), count in facts.turned_away
            ),
            notes=tuple(map(redact, notes_on(exchanges, facts))),
        )

    def as_dict(self) -> dict[str, Any]:
        """The JSON document of `--summary-file`. Keys are stable within one `schema`."""
        facts = self.facts
        return {
            "schema": 1,
            "session": {
                "id": facts.session,
                "agent": facts.agent,
                "upstream": facts.upstream,
                "started": round(facts.started, 3),
                "duration": round(facts.duration, 3),
                "exit_code": facts.exit_code,
                "record": facts.record or None,
                "plain_http": facts.plain_http,
            },
            "exchanges": {"total": self.exchanges, "by_kind": dict(self.kinds)},
            "models": [asdict(each) for each in self.models],
            "tokens": self.tokens.as_dict(),
            "conversations": [
                {"id": each.id, "kind": each.kind, "exchanges": each.exchanges}
                | each.tokens.as_dict()
                for each in self.conversations
            ],
            "cost": self.bill and self.bill.as_dict(),
            "budget": {
                "limits": [
                    {"unit": each.unit, "used": exactly(each.used), "limit": exactly(each.limit)}
                    for each in self.budget
                ],
                "refused": self.refused,
            },
            "cache": {
                "misses": [each._asdict() for each in self.cache.misses],
                "saved": [each._asdict() for each in self.cache.saved],
            },
            "repairs": [asdict(each) for each in self.repairs],
            "reasoning": {
                "replayed": asdict(self.replayed),
                "placeholders": asdict(self.placeholders),
            },
            "retries": [asdict(each) for each in self.retries],
            "errors": _counted(self.errors),
            "turned_away": _counted(self.turned_away),
            "cut": {"upstream": self.cut.get("upstream", 0), "agent": self.cut.get("agent", 0)},
            "notes": list(self.notes),
        }


def _counted(troubles: Iterable[Trouble]) -> list[dict[str, Any]]:
    return [{"status": t.status, "words": t.words, "count": t.count} for t in troubles]


def _line(words: str, redact: Callable[[str], str]) -> str:
    """The words redacted, as one line of bounded length."""
    line = " ".join(redact(words).split())
    return line if len(line) <= _WORDS else line[: _WORDS - 1] + "…"


def _conversations(exchanges: Sequence[Exchange]) -> tuple[Conversation, ...]:
    """The threads in the order in which they began."""
    threads: dict[str, list[Exchange]] = {}
    for each in exchanges:
        threads.setdefault(each.conversation, []).append(each)
    return tuple(
        Conversation(
            name,
            Counter(each.kind for each in thread).most_common(1)[0][0],
            len(thread),
            Tokens.of(thread),
        )
        for name, thread in threads.items()
    )


def _repairs(exchanges: Iterable[Exchange]) -> tuple[Repaired, ...]:
    """What each repair did, the most active first."""
    done: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    touched: Counter[str] = Counter()
    for each in exchanges:
        for change in each.changes:
            (failed if change.failed else done)[change.repair] += change.count
        touched.update({change.repair for change in each.changes if not change.failed})
    names = sorted(set(done) | set(failed), key=lambda name: (-done[name], name))
    return tuple(Repaired(name, done[name], touched[name], failed[name]) for name in names)
