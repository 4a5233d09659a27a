"""Cases of the rules that only Chat has, or has in texts of its own."""

from __future__ import annotations

from typing import Any

from tests.simulator.histories import Case, calls, chat, named, tool
from tests.simulator.support import SCHEMA, TOOLS, USER, body

MUST = (
    "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
    "'tool_call_id'"
)
IMAGE = {"type": "image_url", "image_url": {"url": "https://example.com/x.png"}}
SPEAKS_OF_JSON = [{"role": "system", "content": "Answer in JSON."}, USER]


def case(rule: str, refused: Any, accepted: Any, text: str, **more: Any) -> Case:
    """A case on this dialect."""
    return Case(rule, "chat", refused, accepted, text, **more)


def offering(*names: str, **members: Any) -> dict[str, Any]:
    """A request with tools of these names."""
    functions = [{"name": name, "parameters": SCHEMA} for name in names]
    tools = [{"type": "function", "function": function} for function in functions]
    return body(tools=tools, **members)


def forced(name: str, **members: Any) -> dict[str, Any]:
    """A request that wants one tool to be called."""
    choice = {"type": "function", "function": {"name": name}}
    return body(tool_choice=choice, **members)


def said(**members: Any) -> dict[str, Any]:
    """A request after an assistant turn with these members."""
    return body(messages=[USER, {"role": "assistant"} | members, USER])


CHAT = [
    case(
        "model",
        body(model="deepseek-v4-flash[1m]"),
        body(model="deepseek-v4-flash-vision-exp"),
        "The supported API model names are deepseek-flash, deepseek-v4-pro, but you passed "
        "deepseek-v4-flash[1m].",
    ),
    case("n", body(n=2), body(n=1), "Invalid n value (currently only n = 1 is supported)"),
    case(
        "penalties",
        body(presence_penalty=2.5),
        body(presence_penalty=2, frequency_penalty=-2),
        "Invalid presence_penalty value, the valid range of presence_penalty is [-2, 2]",
    ),
    case(
        "penalties",
        body(frequency_penalty=-2.5),
        body(frequency_penalty=0),
        "Invalid frequency_penalty value, the valid range of frequency_penalty is [-2, 2]",
    ),
    case(
        "max-tokens",
        body(max_tokens=-1),
        body(max_tokens=None),
        "Invalid max_tokens value, the valid range of max_tokens is [1, 393216]",
    ),
    case(
        "top-p",
        body(top_p=0),
        body(top_p=0.1),
        "Invalid top_p value, the valid range of top_p is (0, 1.0]",
    ),
    case(
        "stop",
        body(stop=["word"] * 17),
        body(stop=["word"] * 16),
        "Stop string array too long: 17",
    ),
    case(
        "logprobs",
        body(top_logprobs=5),
        body(top_logprobs=5, logprobs=True),
        "Invalid top_logprobs and logprobs value, logprobs must be set to true if top_logprobs is "
        "used.",
    ),
    case(
        "logprobs",
        body(logprobs=True, top_logprobs=21),
        body(logprobs=True, top_logprobs=20),
        "Invalid top_logprobs value, the valid range of top_logprobs is [0, 20].",
    ),
    case(
        "stream-options",
        body(stream_options={"include_usage": True}),
        body(stream_options={"include_usage": True}, stream=True),
        "stream_options should be set along with stream = true",
    ),
    case(
        "tool-count",
        offering(*(f"f{number}" for number in range(129))),
        offering(*(f"f{number}" for number in range(128))),
        "Invalid 'tools': array too long. Expected an array with maximum length 128, but got an "
        "array with length 129 instead",
    ),
    case(
        "tool-names",
        named("chat", "f" * 65),
        named("chat", "f" * 64),
        "Invalid 'tools[0].function.name': string too long. Expected a string with maximum length "
        "64, but got a string with length 65 instead",
    ),
    case(
        "tool-names",
        named("chat", "f" * 129),
        named("chat", "f" * 128),
        "maximum length 128",
        policy={"long_names": True},
    ),
    case(
        "tool-names",
        offering("f", "f"),
        offering("f", "f", tool_choice="none"),
        "Tool names must be unique",
    ),
    case(
        "tool-schemas",
        named("chat", "f", {"type": "array"}),
        named("chat", "f", {"type": "array"}) | {"tool_choice": "none"},
        "got 'type: \"array\"'.",
    ),
    case(
        "tool-choice",
        forced("g", tools=TOOLS["chat"], thinking={"type": "disabled"}),
        forced("f", tools=TOOLS["chat"], thinking={"type": "disabled"}),
        "tool_choice: no tool named 'g' was specified",
    ),
    case(
        "tool-choice",
        forced("f", tools=TOOLS["chat"]),
        forced("f", tools=TOOLS["chat"], reasoning_effort="none"),
        "Thinking mode does not support this tool_choice",
    ),
    case(
        "tool-choice",
        chat(tool_choice="required"),
        body(tool_choice="required"),
        "Thinking mode does not support this tool_choice",
    ),
    case(
        "images",
        body(messages=[{"role": "user", "content": [IMAGE]}]),
        body(messages=[{"role": "user", "content": [IMAGE]}], model="deepseek-v4-flash-vision-exp"),
        "This model does not support image",
        policy={"images": "deny"},
    ),
    case(
        "content",
        said(content="", tool_calls=[]),
        said(content="", tool_calls=None),
        "Invalid 'messages[1].tool_calls': empty array. Expected an array with minimum length 1, "
        "but got an empty array instead.",
    ),
    case("pairing", body(messages=[]), body(), "Empty input messages"),
    case(
        "pairing",
        chat(calls("A", reasoning_content="t"), tool("B")),
        chat(calls("B", reasoning_content="t"), tool("B")),
        f"{MUST}, The following tool_call_ids did not have response messages: B",
    ),
    case(
        "pairing",
        chat(calls("A", "B", reasoning_content="t"), tool("A"), tool("A")),
        chat(calls("A", "B", reasoning_content="t"), tool("B"), tool("A")),
        "Duplicate value for 'tool_call_id' of A in message[3]",
    ),
    case(
        "pairing",
        chat(calls("A", reasoning_content="t"), tool("A"), tool("A")),
        chat(calls("A", reasoning_content="t"), tool("A"), USER),
        "Messages with role 'tool' must be a response to a preceding message with 'tool_calls'",
    ),
    case(
        "pairing",
        chat(calls("A", reasoning_content="t")),
        chat(calls("A", reasoning_content="t"), tool("A")),
        f"{MUST}. (insufficient tool messages following tool_calls message)",
    ),
    case(
        "pairing",
        chat(calls("", reasoning_content="t"), tool("")),
        chat(calls("A", reasoning_content="t"), tool("A")),
        f"{MUST}. (insufficient tool messages following tool_calls message)",
    ),
    case(
        "format",
        body(response_format={"type": "json_object"}),
        body(response_format={"type": "json_object"}, messages=SPEAKS_OF_JSON),
        "Prompt must contain the word 'json' in some form to use 'response_format' of type "
        "'json_object'.",
    ),
    case(
        "format",
        body(response_format={"type": "json_schema", "json_schema": {}}, messages=SPEAKS_OF_JSON),
        body(response_format={"type": "text"}),
        "This response_format type is unavailable now",
    ),
    case(
        "moderation",
        body(messages=[{"role": "user", "content": "of dragons"}]),
        body(),
        "Content Exists Risk",
        policy={"forbidden": "dragon"},
    ),
    case(
        "pass-back",
        chat(calls("A"), tool("A")),
        chat(calls("A"), tool("A"), USER),
        "The `reasoning_content` in the thinking mode must be passed back to the API.",
        policy={"pass_back": "open-loop"},
    ),
    case(
        "plain-reasoning",
        said(content="a", reasoning_content="t"),
        chat(calls("A", reasoning_content="t"), tool("A")),
        "500 Internal Server Error",
        status=500,
        content_type="text/html",
        policy={"plain_reasoning": "fail"},
    ),
]
