"""What was sent once is the beginning of what is sent next, so that the upstream's cache holds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsfix.protocol.body import Dialect
from tests.laws.agents import conversations, twin
from tests.laws.broken import LIST, faults
from tests.laws.conversation import Answered, Step
from tests.laws.examples import examples
from tests.laws.faults import Nowhere, Pick
from tests.laws.habits import habits
from tests.laws.passing import WRITERS, Passage, Sent
from tests.laws.prompt import Prompt, prompt

DIALECTS = pytest.mark.parametrize("dialect", list(Dialect))


@DIALECTS
@given(data=st.data())
@examples(100)
def test_the_prompt_only_grows(dialect: Dialect, data: st.DataObject) -> None:
    """While the agent goes on with what it sent, so does dsfix, whatever the agent loses.

    A switch of the model, reasoning shown in another way and a header that changes are no reason.
    """
    passage = Passage(dialect, data.draw(habits("developer")))
    conversation = data.draw(conversations(rich=True))
    before: tuple[tuple[Step, ...], Prompt] | None = None
    for count, sent in zip(conversation.requests(), passage.play(conversation), strict=True):
        steps = tuple(map(unshown, conversation.at(count).steps))
        if before and steps[: len(before[0])] == before[0]:
            assert before[1].begins(sent.prompt)
        before = steps, sent.prompt


@DIALECTS
@given(data=st.data())
@examples(60)
def test_sub_agents_keep_theirs(dialect: Dialect, data: st.DataObject) -> None:
    """Two sub-agents with one prompt, who say the same under other ids, do not disturb each other."""
    one = data.draw(conversations())
    first = replace(one, session="s1 a")
    second = twin(one, "s1 b")
    passages = Passage(dialect), Passage(dialect)
    passages[1].known = passages[0].known
    before: list[tuple[tuple[Step, ...], Prompt] | None] = [None, None]
    for count in one.requests():
        for place, conversation in enumerate((first, second)):
            passage = passages[place]
            passage.session = conversation.session
            sent = passage.ask(conversation, count)
            steps = tuple(map(unshown, conversation.at(count).steps))
            last = before[place]
            if last and steps[: len(last[0])] == last[0]:
                assert last[1].begins(sent.prompt)
            assert passage.refusal(sent, verify=True) == ""
            before[place] = steps, sent.prompt


@DIALECTS
@given(data=st.data())
@examples(60)
def test_a_broken_history_is_mended_alike_each_time(dialect: Dialect, data: st.DataObject) -> None:
    """What is made of a message does not depend on what comes after it."""
    passage = Passage(dialect, data.draw(habits("developer")))
    conversation = data.draw(conversations())
    passage.play(conversation)
    history = conversation.at(len(conversation.steps))
    body = WRITERS[dialect].body(history, replace(passage.habits, markers=False))
    messages = body[LIST[dialect]]
    try:
        messages = data.draw(st.sampled_from(faults(dialect))).broken(Pick(data.draw), messages)
    except Nowhere:
        return
    before: Prompt | None = None
    for count in asked(dialect, messages):
        sent = passage.send({**body, LIST[dialect]: messages[:count]})
        assert before is None or before.begins(sent.prompt)
        before = sent.prompt


@DIALECTS
@given(data=st.data())
@examples(60)
def test_never_less_is_kept_than_the_agent_kept(dialect: Dialect, data: st.DataObject) -> None:
    """Through compaction and with headers that change: as many bytes as without dsfix, or more."""
    passage = Passage(dialect, data.draw(habits("developer")))
    before: Sent | None = None
    for sent in passage.play(data.draw(conversations())):
        if before:
            own = prompt(dialect, before.data).shared(prompt(dialect, sent.data))
            assert before.prompt.shared(sent.prompt) >= own
        before = sent


def asked(dialect: Dialect, messages: list[dict[str, object]]) -> list[int]:
    """After how many messages an agent has asked the model, told by who speaks next."""
    spoke = [is_answer(dialect, message) for message in messages]
    ends = [n for n in range(1, len(spoke)) if spoke[n] and not spoke[n - 1]]
    return [*ends, len(messages)]


def is_answer(dialect: Dialect, message: dict[str, object]) -> bool:
    """Whether a message, or an item, is the model's."""
    if dialect is Dialect.RESPONSES and message.get("type", "message") != "message":
        return message.get("type") in ("reasoning", "function_call")
    return message.get("role") == "assistant"


def unshown(step: Step) -> Step:
    """The step, however its reasoning is shown."""
    return replace(step, shown="") if isinstance(step, Answered) else step
