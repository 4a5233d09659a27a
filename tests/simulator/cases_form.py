"""Cases of the rules about form: JSON, and what the deserialiser expects."""

from __future__ import annotations

from tests.simulator.histories import (
    JSON,
    OCTETS,
    THOUGHT,
    Case,
    assistant,
    calls,
    chat,
    messages,
    result,
    tool,
    use,
)
from tests.simulator.support import TOOLS, body

DESERIALIZE = "Failed to deserialize the JSON body into the target type: "
PICTURE = {"type": "image", "source": {}}
PICTURED = {
    "role": "user",
    "content": [{"type": "tool_result", "tool_use_id": "A", "content": [PICTURE]}],
}

FORM = [
    Case(
        "json",
        "chat",
        b"",
        body(),
        "Failed to parse the request body as JSON: EOF while parsing a value at line 1 column 0",
        content_type=OCTETS,
    ),
    Case(
        "json",
        "messages",
        b'{"model":',
        body(),
        "Failed to parse the request body as JSON: model: "
        "EOF while parsing a value at line 1 column 9",
        content_type=OCTETS,
    ),
    Case(
        "json",
        "messages",
        rb'{"model":"deepseek-flash","messages":[{"role":"user","content":"\ud83d\u0041"}]}',
        rb'{"model":"deepseek-flash","messages":[{"role":"user","content":"\ud83d\ude00"}]}',
        "Failed to parse the request body as JSON: messages[0].content: "
        "lone leading surrogate in hex escape at line 1 column 76",
        content_type=OCTETS,
    ),
    Case(
        "json",
        "chat",
        rb'{"model":"deepseek-flash","messages":[{"role":"user","content":"\ud83d"}]}',
        rb'{"model":"deepseek-flash","messages":[{"role":"user","content":"\\ud83d"}]}',
        "Failed to parse the request body as JSON: messages[0].content: "
        "unexpected end of hex escape at line 1 column 71",
        content_type=OCTETS,
    ),
    Case(
        "shape",
        "chat",
        b'{"model":"deepseek-v4-flash","messages":[{"role":"developer","content":"x"}]}',
        b'{"model":"deepseek-v4-flash","messages":[{"role":"latest_reminder","content":"x"}]}',
        DESERIALIZE + "messages[0].role: unknown variant `developer`, expected one of `system`, "
        "`user`, `assistant`, `tool`, `latest_reminder` at line 1 column 60",
        content_type=JSON,
    ),
    Case(
        "shape",
        "chat",
        b"{}",
        body(),
        DESERIALIZE + "missing field `messages` at line 1 column 2",
        content_type=JSON,
    ),
    Case(
        "shape",
        "chat",
        b'{"model":"deepseek-v4-flash","messages":{}}',
        body(),
        DESERIALIZE + "messages: invalid type: map, expected a sequence at line 1 column 40",
        content_type=JSON,
    ),
    Case(
        "shape",
        "chat",
        body(thinking={"type": "auto"}),
        body(thinking={"type": "adaptive"}),
        "unknown variant `auto`, expected one of `adaptive`, `enabled`, `disabled`",
        content_type=JSON,
    ),
    Case(
        "shape",
        "chat",
        body(messages=[{"role": "user", "content": [{"type": "thinking", "thinking": "t"}]}]),
        body(messages=[{"role": "user", "content": [{"type": "text", "text": "t"}]}]),
        "messages[0]: unknown variant `thinking`",
        content_type=JSON,
    ),
    Case(
        "shape",
        "chat",
        body(reasoning_effort="huge"),
        body(reasoning_effort="xhigh"),
        "reasoning_effort: unknown variant `huge`",
        content_type=JSON,
    ),
    Case(
        "shape",
        "chat",
        chat({"role": "assistant", "tool_calls": [{"type": "function"}]}),
        chat(calls("c1", reasoning_content="t"), tool("c1")),
        "messages[1]: missing field `id`",
        content_type=JSON,
    ),
    Case(
        "shape",
        "chat",
        body(tools=TOOLS["messages"]),
        body(tools=TOOLS["chat"]),
        "tools[0]: missing field `function`",
        content_type=JSON,
    ),
    Case(
        "shape",
        "messages",
        messages({"role": "system", "content": "s"}),
        messages({"role": "user", "content": "s"}),
        "messages[1].role: unknown variant `system`, expected `user` or `assistant`",
        content_type=JSON,
        policy={"system_role": False},
    ),
    Case(
        "shape",
        "messages",
        messages(assistant({"type": "thinking"}, *use("t1")), result("t1")),
        messages(assistant(THOUGHT, *use("t1")), result("t1")),
        "messages[1]: missing field `thinking`",
        content_type=JSON,
    ),
    Case(
        "shape",
        "messages",
        body(messages=[{"role": "user", "content": [{"type": "document", "source": {}}]}]),
        body(messages=[{"role": "user", "content": [{"type": "image", "source": {}}]}]),
        "messages[0]: unknown variant `document`, expected one of `text`",
        content_type=JSON,
    ),
    Case(
        "shape",
        "messages",
        messages(assistant(THOUGHT, *use("A")), PICTURED),
        messages(assistant(THOUGHT, *use("A")), result("A")),
        "messages[2]: unknown variant `image`, expected one of `text`, `thinking`, `tool_use`",
        content_type=JSON,
        policy={"images": "refuse"},
    ),
    Case(
        "shape",
        "chat",
        body(messages=[{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]),
        body(messages=[{"role": "user", "content": [{"type": "text", "text": "t"}]}]),
        "messages[0]: unknown variant `image_url`, expected `text`",
        content_type=JSON,
        policy={"images": "refuse"},
    ),
    Case(
        "shape",
        "messages",
        body(output_config={"effort": "huge"}),
        body(output_config={"effort": "max"}),
        "output_config.effort: unknown variant `huge`",
        content_type=JSON,
    ),
    Case(
        "shape",
        "messages",
        messages(assistant({"type": "redacted_thinking", "data": "e"}, *use("t1")), result("t1")),
        messages(assistant(THOUGHT, *use("t1")), result("t1")),
        "messages[1]: unknown variant `redacted_thinking`",
        content_type=JSON,
        policy={"redacted": "refuse"},
    ),
]
