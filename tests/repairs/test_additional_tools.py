"""Tools that an agent declares inside the input reach the model."""

from __future__ import annotations

from typing import Any

import pytest

from dsfix.protocol.body import Body
from dsfix.protocol.history import History
from dsfix.repairs import REPAIRS
from dsfix.repairs.additional_tools import ADDITIONAL_TOOLS
from dsfix.repairs.base import Context
from dsfix.simulator.tools import offered
from tests.repairs.offers import RESPONSES, Thing, compact, function, mended, offering, refusal
from tests.repairs.support import RULES, USER, memory, sent

F, G, H = (function(RESPONSES, name) for name in "fgh")


def declaring(*tools: Any) -> Thing:
    """The item in which Codex declares them."""
    return {"type": "additional_tools", "id": "at_1", "role": "developer", "tools": list(tools)}


def lite(*items: Thing, **more: Any) -> Thing:
    """A request that has its tools in its input, and nowhere else."""
    body: Thing = offering(RESPONSES, [], **more)
    del body["tools"]
    return {**body, "input": [*items, USER]}


def test_tools_in_the_input() -> None:
    """The upstream takes the request and ignores them; then they are where it looks."""
    body = lite(declaring(F, G))
    assert refusal(RESPONSES, body) == ""
    assert offered(body) == ()
    after, _ = mended(ADDITIONAL_TOOLS, RESPONSES, body)
    assert after == {**body, "input": [USER], "tools": [F, G]}
    assert [tool.name for tool in offered(after)] == ["f", "g"]
    assert refusal(RESPONSES, after) == ""


def test_tools_here_and_there() -> None:
    """All of them count, each once, as it was declared last."""
    newer = G | {"description": "newer"}
    space = {"type": "namespace", "name": "g", "tools": [F]}
    servers = [{"type": "mcp", "server_label": label} for label in "ab"]
    body = lite(declaring(G, space), declaring(newer, H), declaring(*servers))
    body["tools"] = [F]
    after, _ = mended(ADDITIONAL_TOOLS, RESPONSES, body)
    assert after["tools"] == [F, newer, space, H, *servers]
    assert after["input"] == [USER]


def test_a_whole_request_of_codex() -> None:
    """A custom tool in a namespace in the input is, at last, a function that can be called."""
    code = {"type": "custom", "name": "exec", "description": "d", "format": {"type": "text"}}
    space = {"type": "namespace", "name": "functions", "description": "d", "tools": [code]}
    after, out = sent(RESPONSES, lite(declaring(space)))
    assert refusal(RESPONSES, after) == ""
    assert [(tool.namespace, tool.name) for tool in offered(after)] == [("functions", "exec")]
    assert out.freeform == {("functions", "exec")}


@pytest.mark.parametrize(
    "item",
    [
        declaring(),
        {"type": "additional_tools"},
        {"type": "additional_tools", "tools": None},
        {"role": "user", "content": '{"type":"additional_tools","tools":[1]}'},
        {"role": "user", "content": "additional_tools", "tools": [F]},
        {"type": "item_reference", "id": "additional_tools", "tools": [F]},
        {"role": "user", "content": [{"type": "additional_tools", "tools": [F]}]},
    ],
)
def test_what_declares_nothing_stays(item: Thing) -> None:
    """An item without tools is ignored upstream, and what only speaks of them is no item."""
    assert mended(ADDITIONAL_TOOLS, RESPONSES, lite(item))[0] == lite(item)


def test_tools_of_no_known_shape() -> None:
    """They are moved as they are, whatever they are."""
    body = Body.read(RESPONSES, compact(lite(declaring(3, None, {"a": 1}, {"a": 1}))))
    assert body is not None and ADDITIONAL_TOOLS.request is not None
    after = ADDITIONAL_TOOLS.request(body, Context(RULES, memory(), History.of(body)))
    assert after.get("tools") == [3, None, {"a": 1}]


def test_it_comes_before_all_that_looks_at_tools() -> None:
    """Schemas, names and custom tools are put right wherever they were declared."""
    names = [repair.name for repair in REPAIRS]
    order = ["additional-tools", "tool-schema", "tool-names", "custom-tools", "tool-choice"]
    assert sorted(order, key=names.index) == order
