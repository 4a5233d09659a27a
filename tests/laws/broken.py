"""A conversation that went through dsfix, and a request of it that is broken in some way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from dsfix.protocol.body import Dialect
from dsfix.repairs import REPAIRS
from tests.laws import faults_chat, faults_messages, faults_responses
from tests.laws.agents import conversations
from tests.laws.conversation import SHOWN, Answered
from tests.laws.faults import Fault, Nowhere, Pick
from tests.laws.faults_head import HEAD_FAULTS, HeadFault
from tests.laws.habits import habits
from tests.laws.passing import WRITERS, Passage, Sent

FAULTS: dict[Dialect, tuple[Fault, ...]] = {
    Dialect.MESSAGES: faults_messages.FAULTS,
    Dialect.CHAT: faults_chat.FAULTS,
    Dialect.RESPONSES: faults_responses.FAULTS,
}
LIST = {Dialect.MESSAGES: "messages", Dialect.CHAT: "messages", Dialect.RESPONSES: "input"}


@dataclass(frozen=True, slots=True, repr=False)
class Broken:
    """What became of it: `names` are the faults, `answers` the model's turns that it is about."""

    passage: Passage
    names: tuple[str, ...]
    answers: tuple[Answered, ...]
    sent: Sent

    def __repr__(self) -> str:
        lost, made = self.sent.data.decode(), self.sent.out.data.decode()
        return f"faults: {', '.join(self.names) or 'none'}\nin:  {lost}\nout: {made}"


def faults(dialect: Dialect) -> list[Fault]:
    """The faults of histories that there is a repair for."""
    return [each for each in FAULTS[dialect] if each.repairs <= _there(dialect)]


def head_faults(dialect: Dialect) -> list[HeadFault]:
    """The faults of all else that there is a repair for."""
    return [each for each in HEAD_FAULTS if each.repairs <= _there(dialect)]


@st.composite
def broken(draw: st.DrawFn, dialect: Dialect, *, whole: bool = False) -> Broken:
    """A request of which the reasoning, the history or its head is broken.

    `whole`: only the reasoning.
    """
    passage = Passage(dialect, draw(habits("developer")))
    conversation = draw(conversations(rich=True))
    passage.play(conversation)
    history = conversation.at(len(conversation.steps))
    if whole or draw(st.booleans()):
        history = history.showing([draw(st.sampled_from(SHOWN)) for _ in history.answers])
    body = WRITERS[dialect].body(history, passage.habits, len(conversation.steps))
    names: list[str] = []
    if whole:
        return Broken(passage, (), tuple(history.answers), passage.send(body))
    for _ in range(draw(st.sampled_from([0, 1, 1, 1, 2]))):
        body = _with_fault(draw, dialect, body, names)
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        body = _with_head_fault(draw, dialect, body, names)
    return Broken(passage, tuple(names), tuple(history.answers), passage.send(body))


def _with_fault(draw: st.DrawFn, dialect: Dialect, body: Any, names: list[str]) -> Any:
    fault = draw(st.sampled_from(faults(dialect)))
    name = LIST[dialect]
    try:
        changed = {**body, name: fault.broken(Pick(draw), body[name])}
    except Nowhere:
        return body
    names.append(fault.name)
    return changed


def _with_head_fault(draw: st.DrawFn, dialect: Dialect, body: Any, names: list[str]) -> Any:
    fault = draw(st.sampled_from(head_faults(dialect)))
    try:
        changed = fault.broken(Pick(draw), dialect, body)
    except Nowhere:
        return body
    names.append(fault.name)
    return changed


def _there(dialect: Dialect) -> set[str]:
    return {repair.name for repair in REPAIRS if dialect in repair.dialects}
