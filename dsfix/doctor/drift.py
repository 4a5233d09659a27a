"""What an endpoint does otherwise than was known of it, as a table of the user's own.

`dsfix doctor --live --save` puts it into config.toml as `[upstreams.NAME]`: `expect` with the words
that the probes ended in, `paths` without a dialect that is missing, and what follows from the words
for repairs and settings. The name is that of the upstream; one that was given as a URL is named by
its host, and found again by its name and by its URL. An outage, an account that is used up and a
wrong clock are not written.

A repair is left out only where a probe proves it idle: the request that it would change was
answered as it came, in every dialect that is served there. What a repair is for besides refusals
no probe sees, so `user-id` (no device id leaves, one cache), `tool-names` and `effort` (more names
and words than are asked) stay; and `thinking-replay` stays whatever a probe says, as a turn
without its reasoning is often answered, and worse.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import count
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from dsfix.doctor.finding import Finding
from dsfix.doctor.words import HOPELESS
from dsfix.errors import DsfixError
from dsfix.protocol.body import Dialect
from dsfix.upstreams import NAMES, named, resolve
from dsfix.upstreams.base import Upstream
from dsfix.upstreams.data import whole

Tables = Mapping[str, Mapping[str, Any]]


class Proof(NamedTuple):
    """What follows where every one of these probes of a served dialect ends in one of the words.

    It stands in the upstream's table at `table` and `key`, as the value or `listed` among others.
    It is taken out again when one of the probes has come to end otherwise.
    """

    probes: tuple[str, ...]
    words: frozenset[str]
    table: str
    key: str
    value: str
    listed: bool = False


PROOFS = (
    Proof(
        (
            "chat-tool-choice",
            "messages-tool-choice",
            "messages-tool-choice-any",
            "responses-tool-choice",
        ),
        frozenset({"called"}),
        "repairs",
        "off",
        "tool-choice",
        listed=True,
    ),
    Proof(
        ("chat-image", "messages-image", "responses-image"),
        frozenset({"refused", "unseen"}),
        "settings",
        "images",
        "text",
    ),
)
# What is so today, or on this machine.
_PASSING = {("clock-skew", "wrong"), ("balance", "used-up")}


class Learnt(NamedTuple):
    """A table for config.toml, and the findings it was made from."""

    name: str
    table: Mapping[str, Any]
    findings: tuple[Finding, ...]

    @property
    def consequences(self) -> dict[str, Any]:
        """What the table says besides the words, by dotted name."""
        kept = ("paths", "repairs", "settings")
        return {key: self.table[key] for key in kept if key in self.table}


def learnt(
    upstream: Upstream, findings: Iterable[Finding], tables: Tables, key_env: str = ""
) -> Learnt | None:
    """The user's table with what was found, None where nothing is otherwise than was known.

    `tables` are those there are, and `key_env` is the variable that the user named for the key.
    Raises DsfixError where no dialect is left.
    """
    found = tuple(finding for finding in findings if _lasting(finding))
    if not found:
        return None
    gone = {each.name.removesuffix("-json") for each in found if _no_path(each)}
    if "messages" in gone:
        gone.add("count_tokens")
    paths = {name: path for name, path in upstream.paths.items() if name not in gone}
    if not paths.keys() & set(Dialect):
        raise DsfixError("no dialect is served there: nothing is saved", hint="check --upstream")
    name = _name(upstream, tables)
    given = dict(tables.get(name) or _begun(upstream, name, key_env))
    if gone or "origin" in given:
        given["paths"] = paths
    words = {**given.get("expect", {}), **{each.name: each.raw for each in found}}
    given["expect"] = {n: word for n, word in words.items() if n.partition("-")[0] not in gone}
    known = {**upstream.expect, **given["expect"]}
    changed = frozenset(each.name for each in found)
    for proof in PROOFS:
        if changed & set(proof.probes):
            _follow(proof, given, known, name, paths)
    resolve(name, allow_plain_http=True, extra={name: given})
    return Learnt(name, given, found)


def _lasting(finding: Finding) -> bool:
    """Whether a finding is drift that is likely to be so tomorrow.

    Of a dialect that does not even answer a plain question nothing is known, but where it is
    missing.
    """
    if not finding.drift or (finding.name, finding.raw) in _PASSING:
        return False
    if finding.name.endswith("-json"):
        return finding.raw in ("answered", "missing")
    return finding.raw not in HOPELESS - {"failing"}


def _no_path(finding: Finding) -> bool:
    return finding.name.endswith("-json") and finding.raw == "missing"


def _name(upstream: Upstream, tables: Tables) -> str:
    """The table in which an upstream is found again: its own, or a new one named by its host."""
    if "://" not in upstream.name:
        return upstream.name
    if upstream.vendor in tables or named(upstream.vendor).origin == upstream.origin:
        return upstream.vendor
    plain = re.sub(r"[^a-z0-9]+", "-", urlsplit(upstream.origin).netloc.lower()).strip("-")
    taken = {*tables, *NAMES}
    more = (f"{plain}-{number}" for number in count(2))
    return plain if plain not in taken else next(each for each in more if each not in taken)


def _begun(upstream: Upstream, name: str, key_env: str) -> dict[str, Any]:
    """A new table; by the name of a data file it is like that one without saying so."""
    if name in NAMES:
        return {}
    own = {"key_env": key_env} if key_env else {}
    return {"like": upstream.vendor, "origin": upstream.origin, **own}


def _follow(
    proof: Proof,
    given: dict[str, Any],
    known: Mapping[str, str],
    name: str,
    paths: Mapping[str, str],
) -> None:
    """Put what is proven into the table, or take out what no longer is."""
    asked = [probe for probe in proof.probes if probe.partition("-")[0] in paths]
    proven = all(known.get(probe) in proof.words for probe in asked)
    like = {"like": name} if name in NAMES else {}
    before = whole({**like, **given}).get(proof.table, {})
    standing = before.get(proof.key, [] if proof.listed else "")
    if proven == (proof.value in standing if proof.listed else standing == proof.value):
        return
    rest = {key: value for key, value in before.items() if key != proof.key}
    if proof.listed:
        less = [each for each in standing if each != proof.value]
        rest[proof.key] = [*less, proof.value] if proven else less
    elif proven:
        rest[proof.key] = proof.value
    given[proof.table] = rest
