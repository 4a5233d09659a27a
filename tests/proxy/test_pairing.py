"""An agent that takes answers apart: each turn still has the reasoning it was given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.proxy.conftest import Start
from tests.support.in_process import InProcess, Talk
from tests.support.strict_endpoint import StrictEndpoint

Messages = list[dict[str, Any]]
# A message, the id of the call in it, and that of the call it answers.
Part = tuple[dict[str, Any], str, str]
each = pytest.mark.parametrize("dialect", ["messages", "chat", "responses"])
WORK = "begin #do parallel bash parallel#"


class Apart:
    """Sends each call of an answer in a message of its own, what was said with it in each.

    A result follows its call where they go `one_by_one`, else all results follow all calls. On
    Responses calls are items of their own anyway, and the agent itself says where outputs stand.
    """

    def __init__(self, proxy: InProcess, one_by_one: bool) -> None:
        self.proxy, self.one_by_one = proxy, one_by_one

    def post(self, dialect: str, body: dict[str, Any], **headers: str) -> tuple[int, bytes]:
        """Status and body of one request."""
        if dialect != "responses":
            split = _blocks if dialect == "messages" else _lists
            parts = [part for message in body["messages"] for part in split(message)]
            body = {**body, "messages": self._ordered(parts)}
        return self.proxy.post(dialect, body, **headers)

    def _ordered(self, parts: list[Part]) -> Messages:
        if not self.one_by_one:
            return [message for message, _, _ in parts]
        results = {answers: message for message, _, answers in parts if answers}
        out: Messages = []
        for message, call, answers in parts:
            out += [] if answers else [message]
            out += [results[call]] if call else []
        return out


def _blocks(message: dict[str, Any]) -> Iterator[Part]:
    """A message of Messages, taken apart by its calls or results."""
    content = message["content"] if isinstance(message["content"], list) else []
    said = [block for block in content if not block["type"].startswith("tool_")]
    for block in content:
        if block["type"] == "tool_use":
            yield {**message, "content": [*said, block]}, block["id"], ""
        elif block["type"] == "tool_result":
            yield {**message, "content": [block]}, "", block["tool_use_id"]
    if len(said) == len(content):
        yield message, "", ""


def _lists(message: dict[str, Any]) -> Iterator[Part]:
    """A message of Chat, taken apart by its calls."""
    for call in message.get("tool_calls") or ():
        yield {**message, "tool_calls": [call]}, call["id"], ""
    if not message.get("tool_calls"):
        yield message, "", message.get("tool_call_id", "")


def all_real(endpoint: StrictEndpoint, turns: int) -> None:
    """The newest request has so many turns, and each of them its own reasoning."""
    assert not endpoint.refusals
    last = endpoint.main[-1]
    assert len(endpoint.history(last)) == endpoint.replayed(last) == turns
    assert not endpoint.broken_prefixes()


@each
@pytest.mark.parametrize("keeps", [False, True])
@pytest.mark.parametrize("one_by_one", [False, True])
def test_answers_taken_apart(
    proxy: InProcess, endpoint: StrictEndpoint, dialect: str, keeps: bool, one_by_one: bool
) -> None:
    """Calls sent one by one are one turn again, with the answer's reasoning and no other."""
    talk = Talk(Apart(proxy, one_by_one), dialect, WORK)
    talk.keeps, talk.interleave = keeps, one_by_one
    talk.work()
    talk.say("and on #do parallel#")
    talk.work()
    all_real(endpoint, 5)


@each
def test_ids_that_say_nothing(start: Start, endpoint: StrictEndpoint, dialect: str) -> None:
    """Memory knows what was one answer, in the next session too, where ids carry no number."""
    endpoint.ids = "{nth}x{random}"
    with start() as first:
        talk = Talk(Apart(first, True), dialect, WORK)
        talk.interleave = True
        talk.work()
    with start() as second:
        talk.proxy = Apart(second, True)
        talk.say("and on #do parallel bash#")
        talk.work()
    all_real(endpoint, 6)


@each
def test_words_behind_an_interruption(
    proxy: InProcess, endpoint: StrictEndpoint, dialect: str
) -> None:
    """Results that never came are answered, and the turns before and after keep their reasoning."""
    talk = Talk(proxy, dialect, "begin #do parallel bash#")
    talk.turn()
    _forget_results(talk, 2)
    talk.say("go on #do bash#")
    talk.work()
    all_real(endpoint, 2)


def _forget_results(talk: Talk, count: int) -> None:
    """What an agent has when it was stopped while its tools ran."""
    if talk.dialect == "messages":
        talk.messages[-1]["content"][-count:] = []
    else:
        talk.messages[-count:] = []
