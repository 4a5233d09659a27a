"""What a row of the conformance table is: one failure in one dialect, and what cures it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from dsfix.protocol.body import Dialect
from dsfix.repairs.base import Repair

MESSAGES, CHAT, RESPONSES = Dialect.MESSAGES, Dialect.CHAT, Dialect.RESPONSES


class Outcome(NamedTuple):
    """What came of a case: what goes wrong (empty if nothing), and what the repairs were given
    and gave back. `sent` are the bytes of the latter, `refusal` status and body of an upstream that
    refused it.
    """

    trouble: str
    before: Any = None
    after: Any = None
    sent: bytes = b""
    refusal: tuple[int, bytes] | None = None


class Case(Protocol):
    """What an agent and an upstream say to each other."""

    def run(self, dialect: Dialect, repairs: Sequence[Repair]) -> Outcome:
        """What comes of it with these repairs between them."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A failure in our own words.

    `shows` is how a user meets it. `nowhere` says for the dialects that do not have it why they
    have not.
    """

    name: str
    title: str
    shows: str
    nowhere: Mapping[Dialect, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Row:
    """One failure in one dialect.

    `error` is what the upstream says without the cure, or what else is wrong then. `repairs` are
    the names of those that cure it, each of them needed; none where a proxy cannot, which
    `why_not` explains. `signer` is true toward an upstream that signs its own thinking (Anthropic),
    for which there are other repairs. `differs` are the parts that the cure may change, as `diff` names them:
    all of these and no others. `sources` are public, each with its date.
    """

    failure: str
    dialect: Dialect
    what: str
    case: Case | None
    error: str
    repairs: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    why_not: str = ""
    signer: bool = False

    @property
    def id(self) -> str:
        """A name for the row, which the test's name shows."""
        return f"{self.failure}/{self.dialect}/{self.what.replace(' ', '-')}"
