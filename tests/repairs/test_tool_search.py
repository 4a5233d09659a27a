"""Tools that Codex holds back can be searched for, found and called."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dsfix.protocol import responses
from dsfix.protocol.answer import Answer
from dsfix.protocol.reading import observe_json
from dsfix.repairs import REPAIRS
from dsfix.repairs.base import Step
from dsfix.repairs.chain import prepare
from dsfix.repairs.recall import Place
from dsfix.repairs.tool_search import TOOL_SEARCH
from dsfix.report.transcript import Sort, transcript
from dsfix.simulator.rules.items import responses_turns
from dsfix.simulator.tools import offered
from tests.repairs.offers import (
    RESPONSES,
    Thing,
    compact,
    fed,
    function,
    mended,
    offering,
    refusal,
    reply_to,
    stream,
)
from tests.repairs.support import RULES, USER, memory, sent

SCHEMA = {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]}
SEARCH: Thing = {
    "type": "tool_search",
    "execution": "client",
    "description": "d",
    "parameters": SCHEMA,
}
AS_FUNCTION: Thing = {
    "type": "function",
    "description": "d",
    "parameters": SCHEMA,
    "name": "tool_search",
}
F, G, H, K = (function(RESPONSES, name) for name in "fghk")
ASKED = {"query": "lamps", "limit": 2}
ID = "call_00_a1b2c3d4e5f6"


def space(*tools: Thing, name: str = "lamps", **more: Any) -> Thing:
    return {"type": "namespace", "name": name, "description": "d", "tools": list(tools), **more}


def held(tool: Thing) -> Thing:
    """A tool as it stands in what a search found."""
    return {**tool, "defer_loading": True}


def searched(*found: Any, ident: str = ID, **more: Any) -> list[Thing]:
    """A turn in which the model searched, and what was found."""
    thought = {"type": "reasoning_text", "text": f"thought of {ident}"}
    own = {"call_id": ident, "status": "completed", "execution": "client"}
    return [
        {"type": "reasoning", "summary": [], "content": [thought]},
        {"type": "tool_search_call", **own, "arguments": ASKED, **more},
        {"type": "tool_search_output", **own, "tools": list(found)},
    ]


def test_the_search_is_a_function() -> None:
    """As it is the upstream takes the request, and the model cannot search."""
    body = offering(RESPONSES, [G, SEARCH])
    assert refusal(RESPONSES, body) == ""
    assert [tool.name for tool in offered(body)] == ["g"]
    after, context = mended(TOOL_SEARCH, RESPONSES, body)
    assert after["tools"] == [G, AS_FUNCTION] and context.searches_tools
    assert [tool.name for tool in offered(after)] == ["g", "tool_search"]
    assert refusal(RESPONSES, after) == ""


def test_what_was_found_can_be_called() -> None:
    """The call, its output and the tools stand where the upstream reads them."""
    body = offering(RESPONSES, [G, SEARCH], *searched(held(F), space(held(H))))
    assert refusal(RESPONSES, body) == ""
    assert [len(turn.calls) for turn in responses_turns(body)] == [0, 0]
    after, _ = mended(TOOL_SEARCH, RESPONSES, body)
    assert after["tools"] == [G, AS_FUNCTION, F, space(H)]
    _, thought, call, output = after["input"]
    assert thought == body["input"][1]
    assert (call["type"], call["name"], call["call_id"]) == ("function_call", "tool_search", ID)
    assert json.loads(call["arguments"]) == ASKED
    assert (output["type"], output["call_id"]) == ("function_call_output", ID)
    told = json.loads(output["output"])
    assert told == {"found": [{"namespace": "lamps", "name": "h"}, {"name": "f"}]}
    assert refusal(RESPONSES, after) == ""


@pytest.mark.parametrize("given", [ASKED, json.dumps(ASKED)])
def test_what_was_searched_for_is_a_text(given: Any) -> None:
    """As the arguments of every function are, however the agent wrote them."""
    body = offering(RESPONSES, [SEARCH], *searched(F, arguments=given))
    call = mended(TOOL_SEARCH, RESPONSES, body)[0]["input"][2]
    assert json.loads(call["arguments"]) == ASKED


def test_a_namespace_that_was_found_in_parts() -> None:
    """Its parts are one; a tool that is there, or was found before, is there once."""
    steps = [
        *searched(space(F), held(K)),
        *searched(space(F | {"description": "newer"}, G), H, K, ident="call_00_b1"),
        *searched(space(F, name="doors"), ident="call_00_c1"),
    ]
    body = offering(RESPONSES, [SEARCH, H], *steps)
    after, _ = mended(TOOL_SEARCH, RESPONSES, body)
    assert after["tools"] == [AS_FUNCTION, H, space(F, G), K, space(F, name="doors")]
    assert refusal(RESPONSES, after) == ""


def test_what_is_decided_never_changes() -> None:
    """Each history is sent as the beginning of the longer one, and no tool changes its place."""
    steps = [*searched(space(F)), USER, *searched(G, ident="call_00_b1"), USER]
    whole, _ = mended(TOOL_SEARCH, RESPONSES, offering(RESPONSES, [SEARCH], *steps))
    for count in range(len(steps)):
        part, _ = mended(TOOL_SEARCH, RESPONSES, offering(RESPONSES, [SEARCH], *steps[:count]))
        assert part["input"] == whole["input"][: count + 1]
        assert part["tools"] == whole["tools"][: len(part["tools"])]


@pytest.mark.parametrize("found", [[], [3, None, {}, {"type": "function"}, {"name": 4}]])
def test_nothing_was_found(found: list[Any]) -> None:
    """The model is told so, and what is no tool is not offered."""
    after, _ = mended(TOOL_SEARCH, RESPONSES, offering(RESPONSES, [SEARCH], *searched(*found)))
    assert after["tools"] == [AS_FUNCTION]
    assert "found" in json.loads(after["input"][3]["output"])
    assert refusal(RESPONSES, sent(RESPONSES, after)[0]) == ""


@pytest.mark.parametrize("count", [2, 1])
def test_a_search_that_was_interrupted(count: int) -> None:
    """It gets an output as any other call does; an output alone goes."""
    items = searched(F)[:2] if count == 2 else searched(F)[2:]
    after, _ = sent(RESPONSES, offering(RESPONSES, [SEARCH], *items, USER))
    assert refusal(RESPONSES, after) == ""
    kinds = [item.get("type") for item in after["input"]]
    assert ("function_call" in kinds) is (count == 2) is ("function_call_output" in kinds)


def test_a_search_beside_another_call() -> None:
    """All calls of an answer stand before the first output."""
    thought, call, output = searched(F)
    other = {"type": "function_call", "call_id": "c", "name": "g", "arguments": "{}"}
    result = {"type": "function_call_output", "call_id": "c", "output": "x"}
    body = offering(RESPONSES, [G, SEARCH], thought, call, other, output, result)
    after, _ = sent(RESPONSES, body)
    assert [item["type"] for item in after["input"][1:]] == [
        "reasoning", "function_call", "function_call", "function_call_output", "function_call_output"]  # fmt: skip
    assert refusal(RESPONSES, after) == ""


@pytest.mark.parametrize(
    "tool",
    [
        {**SEARCH, "execution": "server"},
        {"type": "tool_search"},
        {"type": "mcp", "server_label": "tool_search"},
        function(RESPONSES, "tool_search"),
        function(RESPONSES, "f", description='a "tool_search"'),
    ],
)
def test_what_is_no_search_of_the_agents_stays(tool: Thing) -> None:
    """Nor is a call of an agent's own function given back as one."""
    body = offering(RESPONSES, [tool])
    assert mended(TOOL_SEARCH, RESPONSES, body)[0] == body
    said = {"role": "user", "content": '{"type":"tool_search_call","arguments":{}}'}
    spoken = offering(RESPONSES, [G], said)
    assert mended(TOOL_SEARCH, RESPONSES, spoken)[0] == spoken
    whole = compact({"output": answered()})
    assert reply_to(RESPONSES, body).whole(whole) == whole


def answered(arguments: str = json.dumps(ASKED), **more: Any) -> list[Thing]:
    """An answer in which the model searches, as the upstream tells it."""
    item = {"type": "function_call", "id": "fc_1", "call_id": ID, "status": "completed"}
    return [{**item, "name": "tool_search", "arguments": arguments, **more}]


def as_search(arguments: Any) -> Thing:
    own = {"type": "tool_search_call", "execution": "client", "arguments": arguments}
    return {"id": "fc_1", "call_id": ID, "status": "completed", **own}


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        (json.dumps(ASKED), ASKED),
        ("", {}),
        ("lamps", {"query": "lamps"}),
        ('["lamps"]', {"query": '["lamps"]'}),
    ],
)
def test_a_call_comes_back_as_a_search(given: str, asked: Thing) -> None:
    """With what is searched for as an object, in JSON and in a stream; other calls stay."""
    other = {"type": "function_call", "id": "fc_2", "call_id": "c", "name": "g", "arguments": "{}"}
    inside = answered(given, namespace="lamps")[0]
    body = offering(RESPONSES, [SEARCH, G])
    output = [*answered(given), other, inside]
    whole = json.loads(reply_to(RESPONSES, body).whole(compact({"output": output})))
    assert whole["output"] == [as_search(asked), other, inside]
    head = {"output_index": 0}
    begun = {**answered("")[0], "status": "in_progress"}
    events = [
        {"type": "response.output_item.added", **head, "item": begun},
        {"type": "response.function_call_arguments.delta", **head, "delta": given},
        {"type": "response.output_item.done", **head, "item": answered(given)[0]},
        {"type": "response.completed", "response": {"status": "completed", "output": output}},
    ]
    for size in (1, 7, 10_000):
        came = fed(reply_to(RESPONSES, body), stream(events), size)
        assert came[0]["item"] == {**as_search({}), "status": "in_progress"}
        assert came[1] == events[1]
        assert came[2]["item"] == as_search(asked)
        assert came[3]["response"]["output"] == whole["output"]


def test_its_reasoning_comes_back() -> None:
    """A turn that searched is known again by its call, though the agent has lost what it thought."""
    store = memory()
    body = offering(RESPONSES, [SEARCH, G])
    out = prepare(RESPONSES, compact(body), REPAIRS, RULES, store, lambda _: Step.NONE)
    answer = Answer()
    thought, call, output = searched(F)
    observe_json(RESPONSES, answer, compact({"status": "completed", "output": [thought, call]}))
    turn = answer.turn()
    assert (turn.names, turn.calls) == (("tool_search",), (ID,))
    assert out.history is not None
    store.remember(turn, Place(out.history, len(out.history.messages)))
    later = offering(RESPONSES, [SEARCH, G], call, output)
    after, context = sent(RESPONSES, later, to=store)
    assert after["input"][1]["content"] == thought["content"]
    assert (context.replayed, context.placeholders) == (1, 0)


def test_a_turn_that_searched_is_one_with_a_call() -> None:
    """Before and after it was put into a function's words."""
    body = offering(RESPONSES, [SEARCH], *searched(F))
    after, _ = mended(TOOL_SEARCH, RESPONSES, body)
    for each in (body, after):
        turn = responses.turn([compact(item) for item in each["input"][1:3]])
        assert turn is not None and turn.sound
        assert [responses.kind(compact(item)) for item in each["input"][2:]] == ["call", "output"]
        assert (turn.names, turn.calls) == (("tool_search",), (ID,))


def test_people_read_what_was_searched_for() -> None:
    """The transcript shows it as a call and its result."""
    _, call, output = said = transcript(searched(F, space(G)))
    assert (call.sort, call.name, json.loads(call.text)) == (Sort.CALL, "tool_search", ASKED)
    assert (output.role, output.sort, output.text) == ("tool", Sort.RESULT, "f, lamps")
    assert len(said) == 3
