"""Cases of what the deserialiser says on Chat, byte for byte where it was measured."""

from __future__ import annotations

from tests.simulator.cases_chat import case
from tests.simulator.histories import JSON, OCTETS, calls, chat, tool
from tests.simulator.support import TOOLS, body

DESERIALIZE = "Failed to deserialize the JSON body into the target type: "

CHAT_FORM = [
    case(
        "json",
        b'{"model":"deepseek-flash","messages":[],"thinking":{"type":123}}',
        body(thinking=None),
        "Failed to parse the request body as JSON: thinking.type: expected value at line 1",
        content_type=OCTETS,
    ),
    case(
        "json",
        body(reasoning_effort=3),
        body(reasoning_effort=None),
        "Failed to parse the request body as JSON: reasoning_effort: expected value at line 1",
    ),
    case(
        "shape",
        body(thinking="disabled"),
        body(thinking={"type": "disabled", "bogus": 1}),
        'thinking: invalid type: string "disabled", expected struct ThinkingOptions',
        content_type=JSON,
    ),
    case(
        "shape",
        body(thinking={}),
        body(thinking={"type": "enabled"}),
        DESERIALIZE + "thinking: missing field `type`",
        content_type=JSON,
    ),
    case(
        "shape",
        body(reasoning_effort="ultra"),
        body(reasoning_effort="minimal"),
        "reasoning_effort: unknown variant `ultra`, expected one of `none`, `minimal`, `low`, "
        "`medium`, `high`, `xhigh`, `max`",
        content_type=JSON,
    ),
    case(
        "shape",
        body(messages=[{"role": "user", "content": ["text"]}]),
        body(messages=[{"role": "user", "content": [{"type": "text", "text": "text"}]}]),
        'messages[0]: invalid type: string "text", expected struct '
        "ChatCompletionRequestContentBlock",
        content_type=JSON,
    ),
    case(
        "shape",
        body(messages=[{"role": "user"}]),
        body(messages=[{"role": "user", "content": ""}]),
        DESERIALIZE + "messages[0]: missing field `content`",
        content_type=JSON,
    ),
    case(
        "shape",
        body(messages=[{"role": "user", "content": None}]),
        body(messages=[{"role": "user", "content": []}]),
        "messages[0]: data did not match any variant of untagged enum ChatCompletionRequestContent",
        content_type=JSON,
    ),
    case(
        "shape",
        chat(calls("A", reasoning_content="t"), {"role": "tool", "content": "ok"}),
        chat(calls("A", reasoning_content="t"), tool("A")),
        DESERIALIZE + "messages[2]: missing field `tool_call_id`",
        content_type=JSON,
    ),
    case(
        "shape",
        body(tools=[{"type": "custom", "name": "f"}]),
        body(tools=TOOLS["chat"]),
        "tools[0].type: unknown variant `custom`, expected `function`",
        content_type=JSON,
    ),
    case(
        "shape",
        body(tool_choice="bogus"),
        body(tool_choice="none"),
        DESERIALIZE + "tool_choice: expected one of `none`, `auto`, `required` or a tool",
        content_type=JSON,
    ),
    case(
        "shape",
        body(logprobs=True, top_logprobs=-1),
        body(logprobs=True, top_logprobs=0),
        DESERIALIZE + "top_logprobs: invalid value: integer `-1`, expected u8",
        content_type=JSON,
    ),
]
