"""The strict endpoint itself: it takes what is right, and refuses what it says it refuses."""

from __future__ import annotations

import ast
import http.client
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.strict_base import Memory, Refused
from tests.support.strict_endpoint import StrictEndpoint
from tests.support.strict_rules import PASS_BACK, Policy, check
from tests.support.talk import TOOLS, Talk, events

USER = {"role": "user", "content": "x"}
THOUGHT = {"type": "reasoning", "content": [{"type": "reasoning_text", "text": "t"}]}
AGAIN = {"type": "reasoning", "content": [{"type": "reasoning_text", "text": "u"}]}
HIDDEN = {"type": "reasoning", "summary": [], "encrypted_content": "e", "content": None}
SAID = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "a"}]}
DEVELOPER = {"type": "message", "role": "developer", "content": "hook"}
IMAGE = {"type": "input_image", "image_url": "data:image/png;base64,AA=="}


def made(id: str) -> dict[str, Any]:
    """A call."""
    return {"type": "function_call", "call_id": id, "name": "bash", "arguments": "{}"}


def came(id: str) -> dict[str, Any]:
    """What a call gave."""
    return {"type": "function_call_output", "call_id": id, "output": "ok"}


PAIR = [THOUGHT, made("A"), came("A")]


class Direct:
    """Speaks to the endpoint with nothing between."""

    def __init__(self, endpoint: StrictEndpoint) -> None:
        self.address = endpoint.url.removeprefix("http://")

    def post(self, dialect: str, body: dict[str, Any], **headers: str) -> tuple[int, bytes]:
        """Status and body of one request."""
        path = {"messages": "/anthropic/v1/messages", "chat": "/chat/completions"}
        connection = http.client.HTTPConnection(self.address, timeout=60)
        connection.request("POST", path.get(dialect, "/v1/responses"), json.dumps(body))
        response = connection.getresponse()
        data = response.read()
        connection.close()
        return response.status, data


@pytest.fixture
def endpoint() -> Iterator[StrictEndpoint]:
    """A strict endpoint."""
    with StrictEndpoint() as running:
        yield running
        assert not running.trouble


def responses(*items: Any, **members: Any) -> dict[str, Any]:
    """A request on Responses."""
    given = {"model": "deepseek-v4-pro", "input": [USER, *items], "tools": TOOLS["responses"]}
    return given | members


def messages(*content: Any, **members: Any) -> dict[str, Any]:
    """A request on Messages."""
    said = {"role": "user", "content": list(content) or "x"}
    return {"model": "deepseek-v4-pro", "max_tokens": 9, "messages": [said]} | members


def chat(*content: Any, **members: Any) -> dict[str, Any]:
    """A request on Chat."""
    said = {"role": "user", "content": list(content) or "x"}
    return {"model": "deepseek-v4-pro", "messages": [said]} | members


def use(*ids: str) -> dict[str, Any]:
    """Calls on Messages."""
    thought = {"type": "thinking", "thinking": "t"}
    calls = [{"type": "tool_use", "id": id, "name": "Bash", "input": {}} for id in ids]
    return {"role": "assistant", "content": [thought, *calls]}


def back(*ids: str, first: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    """Results on Messages."""
    results = [{"type": "tool_result", "tool_use_id": id, "content": "ok"} for id in ids]
    return {"role": "user", "content": [*first, *results]}


TEXT = {"type": "text", "text": "x"}
ODD = {"type": "function", "name": "a.b"}
OFF = {"reasoning": {"effort": "none"}}
CASES: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    ("responses", "pass-back", responses(made("A"), came("A")), responses(*PAIR)),
    ("responses", "pass-back", responses(HIDDEN, made("A"), came("A")), responses(*PAIR, **OFF)),
    ("responses", "pass-back", responses(SAID, THOUGHT, made("A"), came("A")), responses(THOUGHT, SAID, made("A"), came("A"))),
    ("responses", "pass-back", responses(*PAIR, SAID, USER), responses(*PAIR, AGAIN, SAID, USER)),
    ("responses", "pass-back", responses(*PAIR, made("B"), came("B")), responses(THOUGHT, made("A"), made("B"), came("A"), came("B"))),
    ("responses", "pairing", responses(THOUGHT, made("A")), responses(*PAIR)),
    ("responses", "pairing", responses(THOUGHT, made("A"), DEVELOPER, came("A")), responses(*PAIR, DEVELOPER)),
    ("responses", "pairing", responses(came("A")), responses(DEVELOPER)),
    ("responses", "pairing", responses(*PAIR, came("A")), responses(*PAIR)),
    ("responses", "pairing", responses(*PAIR, *PAIR), responses(*PAIR, AGAIN, made("B"), came("B"))),
    ("responses", "pairing", responses(THOUGHT, made(""), came("")), responses(*PAIR)),
    ("responses", "names", responses(tools=[ODD]), responses(tools=[{"type": "web_search"}])),
    ("responses", "names", responses(tools=[TOOLS["responses"][0]] * 2), responses()),
    ("responses", "names", responses(tools=[{"type": "custom", "name": "exec"}]), responses()),
    ("responses", "limits", responses(max_output_tokens=0), responses(max_output_tokens=None)),
    ("responses", "role", responses({"role": "tool", "content": "x"}), responses(DEVELOPER)),
    ("responses", "serde", responses({"type": "function_call", "call_id": "A"}), responses({"type": "of_tomorrow"})),
    ("responses", "content", responses({"role": "user", "content": [TEXT]}), responses({"role": "user", "content": [IMAGE]})),
    ("responses", "input", responses(input=[]), responses(input="x")),
    ("responses", "tool-choice", responses(tool_choice="required"), responses(tool_choice="required", **OFF)),
    ("messages", "pairing", messages(messages=[USER, back("A")]), messages(messages=[USER, use("A"), back("A")])),
    ("messages", "pairing", messages(messages=[USER, use("A"), back("A", first=(TEXT,))]), messages(messages=[USER, use("A", "B"), back("B", "A")])),
    ("messages", "pairing", messages(messages=[USER, use("A", "A"), back("A")]), messages()),
    ("messages", "pairing", messages(messages=[USER, use("A")]), messages()),
    ("messages", "names", messages(tools=[{"name": "a.b"}]), messages(tools=[{"name": "a_b"}])),
    ("messages", "names", messages(tools=[{"name": "a" * 65}]), messages(tools=[{"name": "a" * 64}])),
    ("messages", "limits", messages(max_tokens=393_217), messages(max_tokens=393_216)),
    ("messages", "content", messages({"type": "document"}), messages(TEXT, {"type": "image"})),
    ("chat", "names", chat(tools=[{"function": {"name": "工具"}}]), chat(tools=[{"function": {"name": "tool"}}])),
    ("chat", "limits", chat(max_tokens=0), chat(max_tokens=1)),
    ("chat", "content", chat({"type": "thinking"}), chat(TEXT)),
    ("chat", "content", chat(messages=[{"role": "assistant", "content": None}]), chat(messages=[USER, {"role": "assistant", "content": ""}])),
]  # fmt: skip


@pytest.mark.parametrize(("dialect", "rule", "refused", "accepted"), CASES)
def test_demands(
    dialect: str, rule: str, refused: dict[str, Any], accepted: dict[str, Any]
) -> None:
    """Each demand refuses one body and takes its neighbour."""
    check(dialect, accepted, Policy(), Memory())
    with pytest.raises(Refused) as told:
        check(dialect, refused, Policy(), Memory())
    assert told.value.rule == rule


@pytest.mark.parametrize("dialect", ["messages", "chat", "responses"])
@pytest.mark.parametrize("stream", [True, False])
def test_an_agent_that_keeps_its_reasoning(
    endpoint: StrictEndpoint, dialect: str, stream: bool
) -> None:
    """It is never refused, its prompts continue each other, and every turn is known."""
    talk = Talk(Direct(endpoint), dialect, "begin #do bash parallel#", stream=stream)
    talk.keeps = True
    talk.work()
    talk.say("and on #do bash#")
    talk.work()
    assert not endpoint.refusals
    assert not endpoint.broken_prefixes()
    assert endpoint.replayed(endpoint.main[-1]) == 4


@pytest.mark.parametrize("dialect", ["messages", "chat", "responses"])
def test_an_agent_that_loses_it(endpoint: StrictEndpoint, dialect: str) -> None:
    """It is refused with its second request, in the words of its dialect."""
    talk = Talk(Direct(endpoint), dialect, "begin #do bash#")
    talk.turn()
    with pytest.raises(AssertionError):
        talk.turn()
    assert endpoint.requests[-1].text == PASS_BACK[dialect]


def other(talk: Talk) -> None:
    """Put other words in place of the reasoning."""
    talk.messages[1]["content"][0]["text"] = "[not recorded]"


def twice(talk: Talk) -> None:
    """Put the reasoning there twice."""
    talk.messages.insert(1, talk.messages[1])


def apart(talk: Talk) -> None:
    """Put each call's output right behind it, with the reasoning before each."""
    thought, first, second, third, *outputs = talk.messages[1:]
    calls = zip((first, second, third), outputs, strict=True)
    talk.messages[1:] = [each for call, output in calls for each in (thought, call, output)]


@pytest.mark.parametrize(("change", "rule"), [(other, "exact"), (twice, "exact"), (apart, "split")])
def test_a_history_that_was_changed(
    endpoint: StrictEndpoint, change: Callable[[Talk], None], rule: str
) -> None:
    """A turn has exactly its own reasoning, and calls of one answer stay together."""
    talk = Talk(Direct(endpoint), "responses", "begin #do parallel#")
    talk.keeps = True
    talk.turn()
    change(talk)
    with pytest.raises(AssertionError):
        talk.turn()
    assert endpoint.requests[-1].rule == rule


def test_interleaved_calls_with_thinking_off(endpoint: StrictEndpoint) -> None:
    """Calls that were torn apart are refused even where nothing needs reasoning."""
    talk = Talk(Direct(endpoint), "responses", "begin #do parallel#")
    talk.interleave = True
    talk.turn()
    status, data = talk.proxy.post("responses", {**talk.body(), **OFF})
    assert status == 400
    assert json.loads(data)["error"]["message"] == PASS_BACK["responses"]


@pytest.mark.parametrize("ending", ["completed", "incomplete", "failed"])
def test_the_events_of_responses(endpoint: StrictEndpoint, ending: str) -> None:
    """Events are numbered and named, each item is opened, filled and closed, no [DONE] comes."""
    endpoint.switches.endings = [ending]
    talk = Talk(Direct(endpoint), "responses", "begin #do patch#")
    talk.turn()
    assert b"[DONE]" not in talk.data
    found = events(talk.data)
    assert [event["sequence_number"] for event in found] == list(range(len(found)))
    names = [line[7:] for line in talk.data.decode().split("\n") if line.startswith("event: ")]
    assert names == [event["type"] for event in found]
    assert names[-1] == f"response.{ending}"
    seen = list(dict.fromkeys(name.removeprefix("response.") for name in names))
    assert seen == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "reasoning_text.delta",
        "reasoning_text.done",
        "content_part.done",
        "output_item.done",
        "custom_tool_call_input.delta",
        "custom_tool_call_input.done",
        ending,
    ]


def test_it_stands_alone() -> None:
    """Nothing of the program under test is imported, or a misreading would pass on both sides."""
    for path in Path(__file__).parent.glob("strict_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [name for name in names if name.startswith("dsfix")], path
