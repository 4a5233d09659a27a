"""What Codex's agents tell each other reaches the model that it is for."""

from __future__ import annotations

from typing import Any

import pytest

from dsfix.protocol.body import Body
from dsfix.protocol.history import History
from dsfix.repairs import REPAIRS
from dsfix.repairs.agent_messages import AGENT_MESSAGES
from dsfix.simulator.rules.items import responses_turns
from tests.repairs.offers import RESPONSES, Thing, compact, function, mended, offering, refusal
from tests.repairs.support import USER, sent

HEAD = {"type": "input_text", "text": "Message Type: NEW_TASK\nPayload:\n"}
THOUGHT = {"type": "reasoning", "summary": [], "content": [{"type": "reasoning_text", "text": "t"}]}


def words(text: Any) -> Thing:
    """The part in which the words are."""
    return {"type": "encrypted_content", "encrypted_content": text}


def told(*parts: Any) -> Thing:
    """The item in which one agent tells another."""
    names = {"id": "amsg_1", "author": "/root", "recipient": "/root/one"}
    return {"type": "agent_message", **names, "content": list(parts)}


def said(*parts: Thing) -> Thing:
    """The same as the user says it."""
    return {"type": "message", "role": "user", "content": list(parts)}


def text(words: str) -> Thing:
    """A part that is read."""
    return {"type": "input_text", "text": words}


def asking(*items: Thing) -> Thing:
    """A request with these items and a tool."""
    return {**offering(RESPONSES, [function(RESPONSES)]), "input": list(items)}


def test_a_task_and_an_answer() -> None:
    """The upstream takes the request and ignores both; then they stand where they stood."""
    body = asking(USER, told(HEAD, words("list the files")), told(text("Payload:\nthree files")))
    assert refusal(RESPONSES, body) == ""
    assert len(responses_turns(body)) == 1
    after, _ = mended(AGENT_MESSAGES, RESPONSES, body)
    task, answer = said(HEAD, text("list the files")), said(text("Payload:\nthree files"))
    assert after == {**body, "input": [USER, task, answer]}
    assert [turn.role for turn in responses_turns(after)] == ["user"] * 3
    assert "list the files" in responses_turns(after)[1].text
    assert refusal(RESPONSES, after) == ""


@pytest.mark.parametrize(
    ("given", "readable"),
    [
        ("gAAAAABo" + "x" * 80 + "==", False),
        ("gAAAAABo" + "x" * 80 + " is a token", True),
        ("gAAAA", True),
        ("", True),
    ],
)
def test_words_for_another_vendor(given: str, readable: bool) -> None:
    """What a parent on that vendor's model wrote nobody here can read, and the model is told so."""
    after, _ = mended(AGENT_MESSAGES, RESPONSES, asking(told(HEAD, words(given))))
    part = after["input"][0]["content"][1]
    assert part == text(given) if readable else "encrypted for another vendor" in part["text"]


def test_it_stands_between_two_answers() -> None:
    """Each side of it is a turn of its own, with reasoning of its own."""
    answers = [{"type": "message", "role": "assistant", "content": [text]} for text in map(
        lambda word: {"type": "output_text", "text": word}, ("one", "two"))]  # fmt: skip
    body = Body.read(RESPONSES, compact(asking(USER, answers[0], told(HEAD), answers[1])))
    assert body is not None
    assert History.of(body).assistants == (1, 3)


def test_a_result_before_what_another_agent_says() -> None:
    """The message of an agent that is done meanwhile does not part a call from its result."""
    call = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
    result = {"type": "function_call_output", "call_id": "c", "output": "x"}
    after, _ = sent(RESPONSES, asking(USER, THOUGHT, call, told(text("done")), result))
    assert [item.get("type") for item in after["input"]][1:] == [
        "reasoning", "function_call", "function_call_output", "message"]  # fmt: skip
    assert refusal(RESPONSES, after) == ""


def test_two_tasks_are_two_conversations() -> None:
    """Also where nothing but the task tells them apart."""
    roots = set()
    for task in ("one", "two"):
        body = Body.read(RESPONSES, compact(asking(told(HEAD, words(task)))))
        assert body is not None
        roots.add(History.of(body).root)
    assert len(roots) == 2


@pytest.mark.parametrize(
    "item",
    [
        {"role": "user", "content": '{"type":"agent_message","content":[1]}'},
        {"role": "user", "content": "agent_message", "author": "/root"},
        {"type": "item_reference", "id": "agent_message"},
    ],
)
def test_what_is_none_stays(item: Thing) -> None:
    """What only speaks of such an item is none."""
    assert mended(AGENT_MESSAGES, RESPONSES, asking(item))[0] == asking(item)


@pytest.mark.parametrize("parts", [[3, None], [words(5)], [{"type": "encrypted_content"}], []])
def test_parts_of_no_known_shape(parts: list[Any]) -> None:
    """They are nobody's words; what the upstream does not read is put into words as elsewhere."""
    after, _ = mended(AGENT_MESSAGES, RESPONSES, asking(told(*parts)))
    assert after["input"] == [said(*parts)]
    assert refusal(RESPONSES, sent(RESPONSES, asking(USER, told(*parts)))[0]) == ""


def test_it_comes_before_all_that_looks_at_messages() -> None:
    """What it makes is a message like any other."""
    names = [repair.name for repair in REPAIRS]
    order = ["tool-pairing", "agent-messages", "content-blocks", "empty-content", "thinking-replay"]
    assert sorted(order, key=names.index) == order
