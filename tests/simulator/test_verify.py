"""The modes that compare a request with what this server itself has sent."""

from __future__ import annotations

from typing import Any

import pytest

from dsfix.simulator.engine import Engine, Reply
from tests.simulator.support import (
    AGENT_TOOLS,
    CHAT_AGENT_TOOLS,
    answer_of,
    body,
    engine,
    message_of,
    post,
)

PROMPT = {"role": "user", "content": "go [[bash parallel]]"}


def turn(server: Engine, history: list[Any]) -> list[Any]:
    """One turn on Messages with its results, appended to the history."""
    answer = answer_of(post(server, "messages", body(messages=history, tools=AGENT_TOOLS)))
    said = {"role": "assistant", "content": answer["content"]}
    results = [
        {"type": "tool_result", "tool_use_id": block["id"], "content": "ok"}
        for block in answer["content"]
        if block["type"] == "tool_use"
    ]
    return [*history, said, *([{"role": "user", "content": results}] if results else [])]


def altered(history: list[Any], index: int, thinking: str | None) -> list[Any]:
    """The history with the thinking of one turn replaced or taken out."""
    blocks = [block for block in history[index]["content"] if block["type"] != "thinking"]
    if thinking is not None:
        blocks.insert(0, {"type": "thinking", "thinking": thinking})
    changed = history[index] | {"content": blocks}
    return [*history[:index], changed, *history[index + 1 :]]


def send(server: Engine, history: list[Any]) -> Reply:
    """The answer to a history on Messages."""
    return post(server, "messages", body(messages=history, tools=AGENT_TOOLS))


def test_verify_accepts_what_was_sent() -> None:
    """The real reasoning passes through the whole conversation."""
    server = engine(verify=True)
    history = turn(server, turn(server, turn(server, [PROMPT])))
    assert history[-1]["content"][-1]["text"] == "done"


@pytest.mark.parametrize("index", [1, 3, 5])
def test_verify_refuses_other_reasoning(index: int) -> None:
    """A placeholder for a turn this server produced is refused with the turn's id."""
    server = engine(verify=True)
    history = turn(server, turn(server, turn(server, [PROMPT])))
    history.append({"role": "user", "content": "and now"})
    assert send(server, history).status == 200
    reply = send(server, altered(history, index, "placeholder"))
    assert (reply.status, reply.refused_by) == (400, "verify")
    assert message_of(reply).startswith("The `content[].thinking` in the thinking mode must")
    assert message_of(reply).endswith(" differs]")


def test_verify_refuses_swapped_reasoning() -> None:
    """Real reasoning in the wrong turn is as wrong as a placeholder."""
    server = engine(verify=True)
    history = turn(server, turn(server, [PROMPT]))
    thoughts = [history[index]["content"][0]["thinking"] for index in (1, 3)]
    swapped = altered(altered(history, 1, thoughts[1]), 3, thoughts[0])
    reply = send(server, swapped)
    assert reply.refused_by == "verify"
    assert history[1]["content"][-1]["id"] in message_of(reply)


def test_verify_refuses_omission() -> None:
    """Even where nothing else asks for reasoning, an omission is not what was sent."""
    server = engine(verify=True, pass_back="lenient")
    history = turn(server, [PROMPT])
    assert send(server, altered(history, 1, None)).refused_by == "verify"


def test_verify_knows_only_its_own_turns() -> None:
    """Turns of another server may carry any reasoning."""
    history = turn(engine(), [PROMPT])
    assert send(engine(verify=True), altered(history, 1, "placeholder")).status == 200


def test_verify_ignores_rewritten_arguments() -> None:
    """A turn is known by its ids, whatever an agent made of the arguments."""
    server = engine(verify=True)
    history = turn(server, [PROMPT])
    history[1]["content"][-1]["input"] = {"command": "other"}
    assert send(server, history).status == 200
    assert send(server, altered(history, 1, "placeholder")).refused_by == "verify"


def test_verify_skips_turns_sent_without_reasoning() -> None:
    """For a turn that was sent bare, any reasoning will do."""
    server = engine(verify=True)
    history = turn(server, [{"role": "user", "content": "go [[bare]]"}])
    assert send(server, altered(history, 1, "placeholder")).status == 200
    assert send(server, history).refused_by == "pass-back"


def test_verify_with_thinking_off() -> None:
    """Nothing is compared where thinking is switched off."""
    server = engine(verify=True)
    history = altered(turn(server, [PROMPT]), 1, None)
    off = body(messages=history, tools=AGENT_TOOLS, thinking={"type": "disabled"})
    assert post(server, "messages", off).status == 200


def test_verify_same_text_elsewhere() -> None:
    """The same text in another conversation has its own reasoning."""
    server = engine(verify=True)
    first = turn(server, [{"role": "user", "content": "one"}])
    second = turn(server, [{"role": "user", "content": "two"}])
    assert first[1]["content"][1] == second[1]["content"][1]
    crossed = altered(second, 1, first[1]["content"][0]["thinking"])
    more = {"role": "user", "content": "more"}
    assert send(server, [*second, more]).status == 200
    assert send(server, [*crossed, more]).refused_by == "verify"


def test_verify_on_chat() -> None:
    """On Chat the reasoning stands beside the content."""
    server = engine(verify=True)
    request = body(messages=[PROMPT], tools=CHAT_AGENT_TOOLS)
    said = answer_of(post(server, "chat", request))["choices"][0]["message"]
    result = {"role": "tool", "tool_call_id": said["tool_calls"][0]["id"], "content": "ok"}
    good = request | {"messages": [PROMPT, said, result]}
    bad = request | {"messages": [PROMPT, said | {"reasoning_content": "other"}, result]}
    assert post(server, "chat", good).status == 200
    reply = post(server, "chat", bad)
    id = said["tool_calls"][0]["id"]
    assert message_of(reply) == (
        "The `reasoning_content` in the thinking mode must be passed back to the API."
        f" [simulator: reasoning of {id} differs]"
    )


def test_restore() -> None:
    """With the switch, omission passes for whole groups of ids minted here for this key."""
    server = engine(restore=True, verify=True)
    history = turn(server, turn(server, [PROMPT]))
    omitted = altered(altered(history, 1, None), 3, None)
    assert send(server, omitted).status == 200
    other = post(
        server,
        "messages",
        body(messages=omitted, tools=AGENT_TOOLS),
        authorization="Bearer sk-other",
    )
    assert other.refused_by == "pass-back"
    split = altered(history, 3, None)
    split[3] = split[3] | {"content": split[3]["content"][:2]}
    split[4] = split[4] | {"content": split[4]["content"][:2]}
    assert send(server, split).refused_by == "pass-back"


def test_restore_needs_own_ids() -> None:
    """Ids of another server are not restored."""
    history = turn(engine(), [PROMPT])
    assert send(engine(restore=True), altered(history, 1, None)).refused_by == "pass-back"


def test_flaky() -> None:
    """One good request with replayed tools is refused, and passes when sent again."""
    server = engine(flaky=True)
    history = turn(server, [PROMPT])
    reply = send(server, history)
    assert (reply.status, reply.refused_by) == (400, "flaky")
    assert send(server, history).status == 200
