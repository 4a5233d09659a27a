"""What repairs changed, with before and after, each change told once.

An agent sends its whole conversation each time, and the same repairs are made to it again: the
reasoning of an old turn is put back in every request. Told is what the request before it in the
same conversation did not have as well; the rest is counted.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence, Set
from itertools import chain
from typing import TypeAlias

import msgspec

from dsfix.foreground import ALONE, Background
from dsfix.protocol import spans
from dsfix.protocol.body import Body, Dialect
from dsfix.record.differing import Differing, common, in_bodies, in_bytes, within
from dsfix.record.tree import PERSONAL
from dsfix.redact import Redactor
from dsfix.repairs.base import Edit, Stage
from dsfix.repairs.chain import Outgoing

# Letters of a value that are kept; and, of a long one, letters before the first difference.
LONGEST, BEFORE = 2000, 100
# Letters of the edits of one exchange that are kept, with what each takes besides its values.
ROOM, EACH = 128 << 10, 100
# What stands in the place of a person's or a device's name.
_NAMED = b'"[a name of a person or device]"'
# Conversations whose last request is known.
CONVERSATIONS = 256

Fields: TypeAlias = dict[str, object]
# By the name of a member or message that was changed, the names of the edits in it.
_Known: TypeAlias = dict[int, tuple[int, ...]]


class Edits:
    """The edits of a session's requests. What is known of one is a hash, never its text."""

    def __init__(self, redactor: Redactor, background: Background = ALONE) -> None:
        self._redactor, self._background = redactor, background
        self._last: OrderedDict[str, _Known] = OrderedDict()

    def of(self, outgoing: Outgoing) -> Fields:
        """The members of a request's event: what is new, how much is not, how much has no room."""
        if not outgoing.stages:
            return {}
        before = self._last.pop(outgoing.conversation, {})
        told = {name for names in before.values() for name in names}
        kept = _Kept(self._redactor, told)
        known: _Known = {}
        for stage in outgoing.stages:
            for whole in _wholes(stage, outgoing.dialect):
                self._background.give_way()
                name = hash((stage.repair, whole))
                if name in before:
                    known[name] = before[name]
                    kept.repeated += len(before[name])
                else:
                    known[name] = tuple(kept.add(stage.repair, each) for each in within(whole))
        self._last[outgoing.conversation] = known
        while len(self._last) > CONVERSATIONS:
            self._last.popitem(last=False)
        return kept.fields("edits")


def answer_edits(edits: Mapping[str, Sequence[Edit]], redactor: Redactor) -> Fields:
    """The members of a response's event: what repairs made of the first events they changed."""
    kept = _Kept(redactor)
    told: set[Differing] = set()
    for repair, some in edits.items():
        for each in chain.from_iterable(map(_in_answer, some)):
            if each not in told:
                told.add(each)
                kept.add(repair, each)
    return kept.fields("answer_edits")


def _in_answer(edit: Edit) -> Iterator[Differing]:
    """What differs in an event; where others were put beside it, those."""
    before, after = edit
    if before in after:
        new = [each for each in after if each != before]
        yield Differing("event", None, new[0] if len(new) == 1 else spans.build_array(new))
        return
    one = after[0] if len(after) == 1 else spans.build_array(after)
    for each in within(Differing("", before, one)):
        yield each._replace(where=each.where or "event")


def _wholes(stage: Stage, dialect: Dialect) -> Iterator[Differing]:
    before, after = stage.before, stage.after
    if isinstance(before, Body) and isinstance(after, Body):
        yield from in_bodies(before, after)
    elif isinstance(before, bytes) and isinstance(after, bytes):
        yield from in_bytes(before, after, Body.read(dialect, after))


class _Kept:
    """Edits as they are written, but those that were `told` before, while there is room."""

    def __init__(self, redactor: Redactor, told: Set[int] = frozenset()) -> None:
        self._redactor, self._told = redactor, told
        self._edits: list[Fields] = []
        self._room = ROOM
        self._left_out = 0
        self.repeated = 0

    def add(self, repair: str, each: Differing) -> int:
        """Take in an edit or count it, and give its name."""
        name = hash((repair, each))
        if name in self._told:
            self.repeated += 1
        elif self._room > 0:
            self._edits.append(self._edit(repair, each))
        else:
            self._left_out += 1
        return name

    def fields(self, name: str) -> Fields:
        """What says something."""
        told = {"": self._edits, "_repeated": self.repeated, "_left_out": self._left_out}
        return {name + more: value for more, value in told.items() if value}

    def _edit(self, repair: str, each: Differing) -> Fields:
        if each.before is not None and each.where.partition(".")[0] in PERSONAL:
            each = each._replace(before=_NAMED)
        before, after = _shown(*_texts(each, self._redactor))
        where = self._redactor.text(each.where)
        self._room -= EACH + len(where) + len(before or "") + len(after or "")
        values = {"before": before, "after": after}
        known = {name: value for name, value in values.items() if value is not None}
        return {"repair": repair, "where": where, **known}


def _texts(each: Differing, redactor: Redactor) -> tuple[str | None, str | None]:
    """Both values as redacted JSON; where one is none, both as the text that they are."""
    raws = each.before, each.after
    try:
        before, after = (None if raw is None else _json(raw, redactor) for raw in raws)
    except spans.Malformed:
        plain = (None if raw is None else raw.decode("utf-8", "replace") for raw in raws)
        before, after = (None if text is None else redactor.text(text) for text in plain)
    return before, after


def _json(raw: bytes, redactor: Redactor) -> str:
    return spans.encode(redactor.value(msgspec.json.decode(raw))).decode()


def _shown(before: str | None, after: str | None) -> tuple[str | None, str | None]:
    """Both as far as they are kept: long ones from a little before the first difference."""
    one, other = before or "", after or ""
    start = 0
    if max(len(one), len(other)) > LONGEST:
        start = max(0, common(one, other) - BEFORE)
    return _cut(before, start), _cut(after, start)


def _cut(text: str | None, start: int) -> str | None:
    if text is None:
        return None
    begin = "…" if start else ""
    end = "…" if len(text) > start + LONGEST else ""
    return f"{begin}{text[start : start + LONGEST]}{end}"
