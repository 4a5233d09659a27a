"""Plain answers, whole and in events: what all other probes build on."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType

from dsfix.doctor import wires
from dsfix.doctor.base import Call, Meaning, Probe, Scene, Verdict
from dsfix.doctor.reply import Reply
from dsfix.doctor.wires import reasoning_of
from dsfix.protocol.body import Dialect

_NOTHING: Mapping[str, Meaning] = MappingProxyType({})
_END = {
    Dialect.CHAT: re.compile(rb"(?:^|[\r\n])data: ?\[DONE\]"),
    Dialect.MESSAGES: re.compile(rb'"type": ?"message_stop"'),
    Dialect.RESPONSES: re.compile(rb'"type": ?"response\.(?:completed|incomplete)"'),
}
_NO_DIALECT = Meaning(
    "The dialect is not spoken at this URL; agents that speak it cannot use it.",
    "Check the base URL, or leave the dialect out with --only.",
)
_WHOLE: Mapping[str, Meaning] = {
    "missing": _NO_DIALECT,
    "html": _NO_DIALECT,
}
_EVENTS: Mapping[str, Meaning] = {
    "not-streamed": Meaning(
        "One document came in place of events.", "Ask its operator about streams."
    ),
    "unended": Meaning(
        "The stream ends without its last event, and agents take the answer for cut.",
        "Ask the endpoint's operator.",
    ),
}


def probes(dialect: Dialect) -> tuple[Probe, ...]:
    """The probes of one dialect; nothing is asked of a dialect without whole answers."""
    whole, events = f"{dialect}-json", f"{dialect}-stream"
    make = partial(_probe, dialect)
    return (
        make(whole, "Is there a whole answer?", judge_answer, _WHOLE, ("auth",), False),
        make(events, "Is there an answer in events?", _events, _EVENTS, (whole,), True),
    )


def _probe(
    dialect: Dialect,
    name: str,
    title: str,
    judge: Callable[[Sequence[Reply]], Verdict],
    words: Mapping[str, Meaning],
    needs: tuple[str, ...],
    events: bool,
) -> Probe:
    return Probe(
        name,
        title,
        judge,
        frozenset({"answered"}),
        asks=(partial(_plain, dialect, events),),
        needs=needs,
        dialect=dialect,
        tokens=150,
        words=words,
    )


def question(
    dialect: Dialect,
    end: str,
    title: str,
    ask: Callable[[Scene], Call],
    words: Mapping[str, Meaning] = _NOTHING,
    tokens: int = 180,
) -> Probe:
    """A probe that is well where the question gets a whole answer, at about so many tokens."""
    return Probe(
        f"{dialect}-{end}",
        title,
        judge_answer,
        frozenset({"answered"}),
        asks=(ask,),
        needs=(f"{dialect}-json",),
        dialect=dialect,
        tokens=tokens,
        words=words,
    )


def _plain(dialect: Dialect, events: bool, scene: Scene) -> Call:
    more = wires.streamed(dialect) if events else {}
    return Call(dialect, wires.plainly(dialect, scene.model, **more))


def judge_answer(replies: Sequence[Reply]) -> Verdict:
    """Whether the last answer says anything."""
    reply = replies[-1]
    if reply.streamed:
        return Verdict("streamed")
    reasoning_of(reply)  # raises where the document has another form
    spoken = reply.text or reply.answer.turn().calls
    return Verdict("answered" if spoken else "empty")


def _events(replies: Sequence[Reply]) -> Verdict:
    reply = replies[-1]
    if not reply.streamed:
        return Verdict("not-streamed")
    answer = reply.answer
    if answer.error:
        return Verdict("failing", answer.error)
    if answer.unread or not (answer.blocks or answer.finish):
        return Verdict("malformed", reply.said)
    if not ended(reply):
        return Verdict("unended")
    return Verdict("answered" if reply.text else "empty")


def ended(reply: Reply) -> bool:
    """Whether a stream's last event came."""
    assert reply.dialect is not None
    return _END[reply.dialect].search(reply.body) is not None
