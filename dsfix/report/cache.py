"""Why a prompt was not read from the cache, and what dsfix did so that it was.

The upstream keeps prompts by their beginning, for hours to days and as best it can
(https://api-docs.deepseek.com/guides/kv_cache). So a request should find in the cache what the
request before it in the same conversation sent; where it does not, the first thing that differs
between the two is what broke it. Told from the names of what was said, which the record holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from dsfix.record.exchange import Exchange
from dsfix.record.reader import Recorded, SessionRecord
from dsfix.repairs.billing_header import BILLING_HEADER
from dsfix.repairs.context_guard import CONTEXT_GUARD
from dsfix.repairs.user_id import USER_ID
from dsfix.report.transcript import tool_name

# The upstream keeps whole blocks of 128 tokens, measured in tinkerindustries/agent-harness
# docs/OBSERVED.md (2026-08-09). A loss of two blocks, or of a tenth of the prompt, is usual.
USUAL_TOKENS, USUAL_SHARE = 256, 0.1


class Miss(NamedTuple):
    """A request that sent `lost` tokens anew which the request before it had sent as well.

    `why` names the first thing that differs.
    """

    exchange: int
    kind: str
    lost: int
    why: str


class Saved(NamedTuple):
    """Tokens that an exchange read from the cache only because of that repair."""

    repair: str
    exchange: int
    tokens: int


class Cache(NamedTuple):
    """What is told of a session's cache."""

    misses: tuple[Miss, ...] = ()
    saved: tuple[Saved, ...] = ()


UNKNOWN = Cache()


def explained(
    exchanges: Sequence[Exchange], read: Callable[[], SessionRecord | None] = lambda: None
) -> Cache:
    """The misses among these exchanges, and what was saved.

    `read` gives the record, None where there is none; it is called only if there is something
    to look up.
    """
    missed = [(before, each) for before, each in _pairs(exchanges) if _lost(before, each)]
    repaired = any(_repaired(each, BILLING_HEADER.name) for each in exchanges)
    record = read() if missed or repaired else None
    known = {each.exchange.id: each for each in record.exchanges} if record else {}
    return Cache(
        tuple(
            Miss(each.id, each.kind, _lost(before, each), _why(before, each, record, known))
            for before, each in missed
        ),
        tuple(_saved(exchanges, record, known)),
    )


def _pairs(exchanges: Sequence[Exchange]) -> Iterator[tuple[Exchange, Exchange]]:
    """Each counted exchange with the one before it in its thread."""
    last: dict[tuple[str, str], Exchange] = {}
    for each in exchanges:
        if each.usage is not None and each.usage.input:
            thread = (each.conversation, each.kind)
            if (before := last.get(thread)) is not None:
                yield before, each
            last[thread] = each


def _lost(before: Exchange, each: Exchange) -> int:
    """Tokens that should have been in the cache and were not; 0 for what is usual."""
    if before.usage is None or each.usage is None:
        return 0
    expected = min(before.usage.input, each.usage.input)
    lost = expected - each.usage.cached
    return lost if lost > max(USUAL_TOKENS, USUAL_SHARE * expected) else 0


def _why(
    before: Exchange,
    each: Exchange,
    record: SessionRecord | None,
    known: Mapping[int, Recorded],
) -> str:
    if before.sent != each.sent:
        return f"model {before.sent} → {each.sent}"
    old, new = known.get(before.id), known.get(each.id)
    told = record is not None and old is not None and new is not None and bool(new.head)
    if told and record and old and new and (found := _difference(record, old, new)):
        return f"{found} differs"
    if before.step is not each.step:
        return f"recovery went from {before.step.name.lower()} to {each.step.name.lower()}"
    if _repaired(each, CONTEXT_GUARD.name):
        return f"{CONTEXT_GUARD.name} shortened what was put back"
    ended = before.started + (before.duration or 0.0)
    if each.started < ended:
        return "sent while the request before it was being answered"
    same = "the same prompt" if told else "what was said is not in the record"
    return f"{same}, {_age(each.started - ended)} after the request before it"


def _difference(record: SessionRecord, old: Recorded, new: Recorded) -> str:
    """The first part or message of `old` that is another in `new`, in the order of the prompt."""
    for part, word in (("system", "system block"), ("instructions", "instructions")):
        at = _first(_sent(record, old, part), _sent(record, new, part))
        if at is not None:
            return word if part == "instructions" else f"{word} {at + 1}"
    tools = record.pieces(old, "tools"), record.pieces(new, "tools")
    if tools[0] != tools[1]:
        return f"tool list{_tool(record, new, _first(*tools))}"
    return _message(record, old, new)


def _sent(record: SessionRecord, recorded: Recorded, part: str) -> list[str]:
    """The blocks of a part as they went upstream: a billing block that was taken out is none."""
    pieces = record.pieces(recorded, part)
    gone = part == "system" and _repaired(recorded.exchange, BILLING_HEADER.name)
    return ["", *pieces[1:]] if gone and len(pieces) > 1 else pieces


def _first(old: Sequence[str], new: Sequence[str]) -> int | None:
    """The first place at which two lists differ; None when they are the same."""
    for place, (one, other) in enumerate(zip(old, new, strict=False)):
        if one != other:
            return place
    return None if len(old) == len(new) else min(len(old), len(new))


def _tool(record: SessionRecord, new: Recorded, at: int | None) -> str:
    tools = record.part(new, "tools")
    if at is None or not isinstance(tools, list) or at >= len(tools):
        return ""
    name = tool_name(tools[at])
    return f" from tool {at + 1}" + (f" ({name})" if name else "") + " on"


def _message(record: SessionRecord, old: Recorded, new: Recorded) -> str:
    """The first message of `old` that is another in `new`; reasoning that was put back is none."""
    for place, was, now in record.parted(old, new):
        if was == now:
            continue
        one, other = record.contents.get(was), record.contents.get(now)
        replayed = new.exchange.replayed and isinstance(other, dict)
        if not (replayed and _spoken(one) == _spoken(other)):
            role = other.get("role") or other.get("type") if isinstance(other, dict) else ""
            return f"message {place + 1}" + (f" ({role})" if role else "")
    return ""


def _spoken(message: Any) -> Any:
    """A message without its reasoning, in any dialect."""
    if not isinstance(message, dict):
        return message
    kept = {key: value for key, value in message.items() if not key.startswith("reasoning")}
    if isinstance(blocks := kept.get("content"), list):
        kept["content"] = [
            each
            for each in blocks
            if not (isinstance(each, dict) and "thinking" in str(each.get("type")))
        ]
    return kept


def _saved(
    exchanges: Sequence[Exchange], record: SessionRecord | None, known: Mapping[int, Recorded]
) -> Iterator[Saved]:
    """What can be told for certain to have been saved.

    The first request to a model found what earlier sessions had sent, which another user id
    would have hidden. A later one with a billing block that this session had not sent before
    found nothing of its own that began with that block.
    """
    models: set[str] = set()
    blocks: set[str] = set()
    for each in exchanges:
        cached = each.usage.cached if each.usage else 0
        recorded = known.get(each.id)
        block = ""
        if record and recorded and _repaired(each, BILLING_HEADER.name):
            block = next(iter(record.pieces(recorded, "system")), "")
        if cached and each.sent not in models and _repaired(each, USER_ID.name):
            yield Saved(USER_ID.name, each.id, cached)
        elif cached and block and blocks and block not in blocks:
            yield Saved(BILLING_HEADER.name, each.id, cached)
        models.add(each.sent)
        blocks |= {block} - {""}


def _repaired(exchange: Exchange, name: str) -> bool:
    return any(change.repair == name and not change.failed for change in exchange.changes)


def _age(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
