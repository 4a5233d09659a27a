"""Cases of the rules on Responses."""

from __future__ import annotations

from typing import Any

from tests.simulator.histories import JSON, OCTETS, Case
from tests.simulator.support import SCHEMA, TOOLS

RESPONSES_PASS_BACK = "The `reasoning_text` in the thinking mode must be passed back to the API."
DESERIALIZE = "Failed to deserialize the JSON body into the target type: "
USER = {"role": "user", "content": "x"}
DEVELOPER = {"type": "message", "role": "developer", "content": "hook"}
THOUGHT = {"type": "reasoning", "content": [{"type": "reasoning_text", "text": "t"}]}
HIDDEN = {
    "type": "reasoning",
    "summary": [{"type": "summary_text", "text": "t"}],
    "encrypted_content": "e",
    "content": None,
}
SAID = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "a"}]}
IMAGE = {"type": "input_image", "image_url": "data:image/png;base64,AA=="}


def call(id: str, **members: Any) -> dict[str, Any]:
    """A call."""
    return {"type": "function_call", "call_id": id, "name": "f", "arguments": "{}"} | members


def output(id: str, content: Any = "ok") -> dict[str, Any]:
    """What a call gave."""
    return {"type": "function_call_output", "call_id": id, "output": content}


def patch(id: str) -> dict[str, Any]:
    """A call of the one custom tool."""
    return {"type": "custom_tool_call", "call_id": id, "name": "apply_patch", "input": "p"}


def searched(action: dict[str, Any]) -> dict[str, Any]:
    """A search that the server has done."""
    return {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": action}


def responses(*items: Any, **members: Any) -> dict[str, Any]:
    """A request after a first prompt."""
    given = [USER, *items]
    return {"model": "deepseek-v4-pro", "input": given, "tools": TOOLS["responses"]} | members


def bare(**members: Any) -> dict[str, Any]:
    """A request without tools."""
    return {"model": "deepseek-flash", "input": "x"} | members


def offering(*tools: dict[str, Any], **members: Any) -> dict[str, Any]:
    """A request with these tools."""
    return bare(tools=list(tools), **members)


def function(name: str) -> dict[str, Any]:
    """A tool of this name."""
    return {"type": "function", "name": name, "parameters": SCHEMA}


def case(rule: str, refused: Any, accepted: Any, text: str, **more: Any) -> Case:
    """A case on this dialect."""
    return Case(rule, "responses", refused, accepted, text, **more)


NO_MATCH = (
    "string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'."
)
PAIR = (THOUGHT, call("A"), output("A"))
FORM = [
    case(
        "json",
        rb'{"model":"deepseek-flash","input":[{"type":"function_call_output","call_id":"A","output":"\ud83d"}]}',
        bare(),
        "Failed to parse the request body as JSON: input[0].output: unexpected end of hex escape at line 1 column 97",
        content_type=OCTETS,
    ),
    case(
        "shape",
        responses(
            THOUGHT, call("A"), {"type": "function_call_output", "id": "fco_1", "output": "x"}
        ),
        responses(*PAIR),
        DESERIALIZE + "input: missing field `call_id`",
        content_type=JSON,
    ),
    case(
        "shape",
        responses({"role": "tool", "content": "x"}),
        responses(DEVELOPER),
        "input: unknown variant `tool`, expected one of `user`, `assistant`, `system`, `developer`",
        content_type=JSON,
    ),
    case(
        "shape",
        responses(THOUGHT, {"type": "function_call", "call_id": "A", "name": "f"}, output("A")),
        responses({"type": "item_of_tomorrow"}, *PAIR),
        "input: missing field `arguments`",
        content_type=JSON,
    ),
    case(
        "shape",
        bare(reasoning={"effort": "ultra"}),
        bare(reasoning={"effort": "minimal", "summary": "auto"}),
        "reasoning.effort: unknown variant `ultra`, expected one of `none`, `minimal`, `low`, `medium`, `high`, `xhigh`, `max`",
        content_type=JSON,
    ),
    case("shape", {"input": "x"}, bare(), "missing field `model`", content_type=JSON),
    case(
        "shape",
        bare(input=7),
        bare(input=[USER]),
        "input: data did not match any variant of untagged enum ResponsesInput",
        content_type=JSON,
    ),
    case(
        "shape",
        offering({"type": "function"}),
        offering({"type": "tool_search"}),
        "tools[0]: missing field `name`",
        content_type=JSON,
    ),
    case(
        "shape",
        responses(searched({"type": "search", "query": "q"}), *PAIR),
        responses(searched({"type": "search", "query": "q", "queries": ["q"]}), *PAIR),
        DESERIALIZE + "input: missing field `queries`",
        content_type=JSON,
    ),
    case(
        "shape",
        bare(tool_choice="some"),
        offering({"type": "web_search"}, tool_choice={"type": "web_search"}),
        "tool_choice: data did not match any variant of untagged enum ResponsesToolChoice",
        content_type=JSON,
    ),
    case(
        "shape",
        bare(text={"format": {"type": "xml"}}),
        bare(text={"format": {"type": "json_schema"}, "verbosity": "low"}),
        "text.format: unknown variant `xml`, expected one of `text`, `json_object`, `json_schema`",
        content_type=JSON,
    ),
]
