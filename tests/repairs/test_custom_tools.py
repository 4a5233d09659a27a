"""Tools that take plain text: a function upstream, plain text for the agent."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsfix.repairs.base import Answering
from dsfix.repairs.custom_tools import CUSTOM_TOOLS
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
from tests.repairs.support import USER, sent

GRAMMAR = {"type": "grammar", "syntax": "lark", "definition": "start: /.+/s"}
EXEC: Thing = {"type": "custom", "name": "exec", "description": "runs code", "format": GRAMMAR}
PATCH: Thing = {"type": "custom", "name": "apply_patch", "format": GRAMMAR}
CODE = 'text("é\\n" + 1)\n// \U0001f600 日本 \u2028 "quoted" \\ \t end'
INSIDE = {"namespace": "functions"}


def space(*tools: Thing) -> Thing:
    return {"type": "namespace", "name": "functions", "description": "d", "tools": list(tools)}


def called(name: str = "exec", ident: str = "call_00_a1b2c3d4e5f6", **more: Any) -> list[Thing]:
    """A call of a custom tool, behind its reasoning, and its output."""
    text = {"type": "reasoning_text", "text": "t"}
    call = {"type": "custom_tool_call", "id": "ctc_1", "call_id": ident, "name": name, **more}
    output = [{"type": "input_text", "text": "ok"}]
    return [
        {"type": "reasoning", "summary": [], "content": [text]},
        {**call, "input": CODE},
        {"type": "custom_tool_call_output", "call_id": ident, "output": output},
    ]


@pytest.mark.parametrize("tool", [EXEC, space(EXEC), space(PATCH), {"type": "custom", "name": "e"}])
def test_a_custom_tool_is_sent_as_a_function(tool: Thing) -> None:
    """It is refused as it is, and taken with one argument that is the whole input."""
    body = offering(RESPONSES, [function(RESPONSES, "g"), tool])
    assert refusal(RESPONSES, body).startswith("custom-tools: ")
    after, context = mended(CUSTOM_TOOLS, RESPONSES, body)
    assert refusal(RESPONSES, after) == ""
    given = tool.get("tools", [tool])[0]
    [made] = after["tools"][1].get("tools", after["tools"][1:])
    schema = made.pop("parameters")
    assert made == {key: value for key, value in given.items() if key != "format"} | {
        "type": "function"
    }
    assert schema["required"] == list(schema["properties"]) == ["input"]
    assert ("start: /.+/s" in schema["properties"]["input"]["description"]) is ("format" in given)
    assert after["tools"][0] == body["tools"][0]
    assert context.freeform == {("functions" if "tools" in tool else "", given["name"])}


def test_the_choice_follows() -> None:
    """A choice of it is one of a function; a choice of `apply_patch` stays."""
    for name, kind in (("exec", "function"), ("apply_patch", "custom")):
        choice = {"type": "custom", "name": name}
        more: Thing = {"tool_choice": choice, "reasoning": {"effort": "none"}}
        body = offering(RESPONSES, [EXEC, PATCH], **more)
        after, _ = mended(CUSTOM_TOOLS, RESPONSES, body)
        assert refusal(RESPONSES, after) == ""
        assert after["tool_choice"] == {**choice, "type": kind}


@pytest.mark.parametrize(
    ("name", "where"), [("exec", {}), ("exec", INSIDE), ("apply_patch", INSIDE)]
)
def test_calls_and_outputs_follow(name: str, where: Thing) -> None:
    """So does the history, whether the tool is still offered or not."""
    for tools in ([EXEC], [space(EXEC)], [function(RESPONSES)]):
        body = offering(RESPONSES, tools, *called(name, **where))
        after, _ = mended(CUSTOM_TOOLS, RESPONSES, body)
        assert refusal(RESPONSES, after) == ""
        _, thought, call, output = after["input"]
        assert thought == body["input"][1]
        assert json.loads(call.pop("arguments")) == {"input": CODE}
        given = {key: value for key, value in body["input"][2].items() if key != "input"}
        assert call == {**given, "type": "function_call"}
        assert output == {**body["input"][3], "type": "function_call_output"}


def test_an_output_that_says_nothing() -> None:
    """A function's output must be there."""
    thought, call, output = called()
    del output["output"]
    body = offering(RESPONSES, [EXEC], thought, call, output)
    assert mended(CUSTOM_TOOLS, RESPONSES, body)[0]["input"][3]["output"] == ""


def test_what_is_decided_for_a_call_never_changes() -> None:
    """Each history is sent as the beginning of the longer one."""
    steps = [*called(), USER, *called("apply_patch", "call_00_b1"), *called("x", "call_00_c1")]
    whole = mended(CUSTOM_TOOLS, RESPONSES, offering(RESPONSES, [EXEC], *steps))[0]["input"]
    for count in range(len(steps)):
        part = mended(CUSTOM_TOOLS, RESPONSES, offering(RESPONSES, [EXEC], *steps[:count]))[0]
        assert part["input"] == whole[: count + 1]


def test_what_is_taken_stays() -> None:
    """`apply_patch` is the one custom tool that the upstream knows."""
    tools = [PATCH, function(RESPONSES), {"type": "web_search"}, space(function(RESPONSES, "g"))]
    body = offering(RESPONSES, tools, *called("apply_patch"))
    assert refusal(RESPONSES, body) == ""
    assert mended(CUSTOM_TOOLS, RESPONSES, body)[0] == body


def answer(arguments: str, given: str | None, *, pieces: int = 1, **more: Any) -> list[Thing]:
    """The events of a call of `exec`; of a custom tool where `given` is what it is given."""
    kind = "function_call" if given is None else "custom_tool_call"
    member, text = ("arguments", arguments) if given is None else ("input", given)
    name = f"response.{kind}_{'arguments' if given is None else 'input'}"
    item = {"type": kind, "id": "fc_1", "call_id": "call_00_a1", "name": "exec", **more}
    size = -(-len(arguments) // pieces) or 1
    cut = [arguments[at : at + size] for at in range(0, len(arguments), size)]
    done = {**item, member: text}
    head = {"id": "r", "model": "deepseek-v4-pro", "output": []}
    place = {"item_id": "fc_1", "output_index": 1}
    events: list[Thing] = [
        {"type": "response.created", "response": head},
        {"type": "response.output_item.added", "output_index": 1, "item": {**item, member: ""}},
        *({"type": f"{name}.delta", **place, "delta": each} for each in cut),
        {"type": f"{name}.done", **place, member: text},
        {"type": "response.output_item.done", "output_index": 1, "item": done},
        {"type": "response.completed", "response": {**head, "output": [done]}},
    ]
    return [{**event, "sequence_number": at} for at, event in enumerate(events)]


def without_deltas(events: list[Thing]) -> list[Thing]:
    return [event for event in events if not event["type"].endswith(".delta")]


def deltas(events: list[Thing]) -> list[str]:
    return [event["delta"] for event in events if event["type"].endswith("_input.delta")]


@pytest.mark.parametrize("where", [{}, INSIDE])
@pytest.mark.parametrize("escaped", [True, False])
@pytest.mark.parametrize("pieces", [1, 3, 1000])
def test_the_agent_reads_plain_text_in_a_stream(where: Thing, escaped: bool, pieces: int) -> None:
    """As it is written, in whatever pieces, and with no gap in the numbers."""
    body = offering(RESPONSES, [space(EXEC) if where else EXEC])
    arguments = json.dumps({"input": CODE}, ensure_ascii=escaped)
    upstream = answer(arguments, None, pieces=pieces, **where)
    reply = reply_to(RESPONSES, body)
    got = fed(reply, stream(upstream), 1 if pieces == 3 else 1_000_000)
    assert without_deltas(got) == without_deltas(answer(arguments, CODE, pieces=pieces, **where))
    assert [event["sequence_number"] for event in got] == list(range(len(upstream)))
    assert "".join(deltas(got)) == CODE
    assert pieces == 1 or sum(map(bool, deltas(got))) > 1, "it is told as it comes"
    assert [block.kind for block in reply.answer.blocks.values()] == ["tool_use"]


@pytest.mark.parametrize("arguments", ["{}", '{"code": "x"}', '{"input": 3}', "not json", ""])
def test_arguments_of_another_form(arguments: str) -> None:
    """The agent gets all that was written, and says itself what is wrong with it."""
    reply = reply_to(RESPONSES, offering(RESPONSES, [EXEC]))
    got = fed(reply, stream(answer(arguments, None)), 1_000_000)
    assert without_deltas(got) == without_deltas(answer(arguments, arguments))


def test_the_agent_reads_plain_text_in_a_whole_answer() -> None:
    """The same for an answer in one piece."""
    body = offering(RESPONSES, [EXEC])
    arguments = json.dumps({"input": CODE})
    [whole, expected] = [answer(arguments, each)[-1]["response"] for each in (None, CODE)]
    assert json.loads(reply_to(RESPONSES, body).whole(compact(whole))) == expected


def test_long_code() -> None:
    """The item that the agent acts on is as long as what was written: no length hides it."""
    code = "x" * 200_000
    arguments = json.dumps({"input": code})
    reply = reply_to(RESPONSES, offering(RESPONSES, [EXEC]))
    got = fed(reply, stream(answer(arguments, None, pieces=50)), 4096)
    assert without_deltas(got) == without_deltas(answer(arguments, code, pieces=50))


def test_other_calls_pass_by() -> None:
    """Those of functions, and of a tool of that name elsewhere, come as they are."""
    upstream = stream(answer('{"input":"x"}', None))
    for tools in ([function(RESPONSES, "exec")], [EXEC], [space(EXEC), function(RESPONSES)]):
        reply = reply_to(RESPONSES, offering(RESPONSES, tools))
        assert (reply.feed(upstream) == upstream) is (tools != [EXEC])


def test_an_answer_needs_no_look_without_such_tools() -> None:
    """Then it passes as if there were no such repair."""
    wanted = CUSTOM_TOOLS.answer[RESPONSES].wanted
    assert not wanted(Answering(RESPONSES, "m"))
    assert wanted(Answering(RESPONSES, "m", freeform={("", "exec")}))


def test_a_name_that_is_refused_as_well() -> None:
    """A custom tool may have one: then both repairs work together, there and back."""
    tool = EXEC | {"name": "exec.js"}
    body = offering(RESPONSES, [tool], *called("exec.js"))
    after, out = sent(RESPONSES, body)
    assert refusal(RESPONSES, after) == ""
    [name] = out.renamed
    assert after["input"][2]["name"] == after["tools"][0]["name"] == name
    upstream = answer('{"input":"x"}', None)
    text = stream(upstream).replace(b'"exec"', json.dumps(name).encode())
    expected = stream(answer('{"input":"x"}', "x")).replace(b'"exec"', b'"exec.js"')
    got = fed(reply_to(RESPONSES, body), text, 1_000_000)
    wanted = fed(reply_to(RESPONSES, offering(RESPONSES, [])), expected, 1_000_000)
    assert without_deltas(got) == without_deltas(wanted)


@given(st.text(), st.booleans(), st.integers(1, 9))
def test_any_text_comes_through(text: str, escaped: bool, pieces: int) -> None:
    """Whatever is written arrives, also where the pieces cut an escape."""
    arguments = json.dumps({"input": text}, ensure_ascii=escaped)
    upstream = answer(arguments, None, pieces=pieces)
    got = fed(reply_to(RESPONSES, offering(RESPONSES, [EXEC])), stream(upstream), 100)
    assert "".join(deltas(got)) == text
    assert got[-2]["item"]["input"] == text
