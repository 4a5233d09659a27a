"""Cases of the rules about meaning: values, pairing, and what must be passed back."""

from __future__ import annotations

from tests.simulator.histories import (
    CHAT_PASS_BACK,
    PASS_BACK,
    THOUGHT,
    Case,
    assistant,
    calls,
    chat,
    messages,
    named,
    patterned,
    result,
    tool,
    use,
)
from tests.simulator.support import USER, body

SAID = {"type": "text", "text": "a"}
NO_MATCH = (
    "string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'."
)
TOO_LONG = "string too long. Expected a string with maximum length"
UNANSWERED = (
    "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
    "'tool_call_id'. (insufficient tool messages following tool_calls message)"
)

MEANING = [
    Case(
        "model",
        "chat",
        body(model="claude-sonnet-4-5"),
        body(model="deepseek-v4-flash"),
        "The supported API model names are deepseek-flash, deepseek-v4-pro, "
        "but you passed claude-sonnet-4-5.",
    ),
    Case(
        "model",
        "messages",
        body(model="gpt-4.1"),
        body(model="claude-opus-x"),
        "The supported API model names are deepseek-flash, deepseek-v4-pro, "
        "but you passed gpt-4.1.",
    ),
    Case(
        "model",
        "messages",
        body(model="deepseek-v4-flash-1m"),
        body(model="deepseek-v4-flash[1m]"),
        "but you passed deepseek-v4-flash-1m.",
    ),
    Case(
        "max-tokens",
        "chat",
        body(max_tokens=393217),
        body(max_tokens=393216),
        "Invalid max_tokens value, the valid range of max_tokens is [1, 393216]",
    ),
    Case(
        "max-tokens",
        "messages",
        body(max_tokens=0),
        body(max_tokens=1),
        "Invalid max_tokens value, the valid range of max_tokens is [1, 393216]",
    ),
    Case(
        "temperature",
        "chat",
        body(temperature=2.1),
        body(temperature=2),
        "Invalid temperature value, the valid range of temperature is [0, 2]",
    ),
    Case(
        "user-id",
        "messages",
        body(metadata={"user_id": '{"device_id":"a"}'}),
        body(metadata={"user_id": "device-a_1"}),
        "Invalid 'user_id': " + NO_MATCH,
    ),
    Case(
        "user-id",
        "chat",
        body(user_id="u" * 513),
        body(user_id="u" * 512),
        f"Invalid 'user_id': {TOO_LONG} 512, but got a string with length 513 instead",
    ),
    Case(
        "tool-names",
        "chat",
        named("chat", "mcp.search"),
        named("chat", "mcp_search"),
        "Invalid 'tools[0].function.name': " + NO_MATCH,
    ),
    Case(
        "tool-names",
        "messages",
        named("messages", "f" * 65),
        named("messages", "f" * 64),
        f"Invalid 'tools[0].function.name': {TOO_LONG} 64",
    ),
    Case(
        "tool-schemas",
        "chat",
        named("chat", "f", {}),
        named("chat", "f", None),
        "Invalid schema for function 'f': schema must be a JSON Schema of 'type: \"object\"', "
        "got 'type: null'.",
    ),
    Case(
        "tool-members",
        "chat",
        named("chat", "f", patterned("^[a][^[/]$")),
        named("chat", "f", patterned(r"^[a\[][^\]]\[(?!b)$")),
        'Invalid schema for function \'f\': "^[a][^[/]$" is not a "regex"',
    ),
    Case(
        "content",
        "chat",
        body(messages=[USER, {"role": "assistant", "content": None}, USER]),
        body(messages=[USER, {"role": "assistant", "content": ""}, USER]),
        "Invalid assistant message: content or tool_calls must be set",
    ),
    Case(
        "effort",
        "messages",
        body(thinking={"type": "disabled"}, output_config={"effort": "high"}),
        body(thinking={"type": "disabled"}, reasoning_effort="high"),
        "thinking options type cannot be disabled when reasoning_effort is set",
    ),
    Case(
        "effort",
        "chat",
        body(thinking={"type": "disabled"}, reasoning_effort="high"),
        body(thinking={"type": "enabled"}, reasoning_effort="high"),
        "thinking options type cannot be disabled when reasoning_effort is set",
    ),
    Case(
        "tool-choice",
        "messages",
        messages(tool_choice={"type": "tool", "name": "f"}),
        messages(tool_choice={"type": "tool", "name": "f"}, thinking={"type": "disabled"}),
        "Thinking mode does not support this tool_choice",
    ),
    Case(
        "tool-choice",
        "chat",
        chat(tool_choice="required"),
        chat(tool_choice="auto"),
        "Thinking mode does not support this tool_choice",
    ),
    Case(
        "pairing",
        "messages",
        messages(assistant(THOUGHT, *use("A", "B")), result("A")),
        messages(assistant(THOUGHT, *use("A", "B")), result("B", "A")),
        "messages.1:`tool_use` ids were found without `tool_result` blocks immediately after: B. "
        "Each `tool_use` block must have a corresponding `tool_result` block in the next message.",
    ),
    Case(
        "pairing",
        "messages",
        messages(assistant(THOUGHT, *use("A")), assistant(THOUGHT, *use("B")), result("A", "B")),
        messages(assistant(THOUGHT, *use("A")), result("A"), assistant(THOUGHT)),
        "immediately after: A.",
    ),
    Case(
        "pairing",
        "messages",
        messages(result("A")),
        messages(),
        "unexpected `messages.1.content.0: tool_use_id` found in `tool_result` blocks: A. Each "
        "`tool_result` block must have a corresponding `tool_use` block in the previous message.",
    ),
    Case(
        "pairing",
        "messages",
        messages(assistant(THOUGHT, *use("A", "A")), result("A")),
        messages(
            assistant(THOUGHT, *use("A")), result("A"), assistant(THOUGHT, *use("A")), result("A")
        ),
        "messages.1.content.2: `tool_use` ids must be unique",
    ),
    Case(
        "pairing",
        "messages",
        messages(assistant(THOUGHT, *use("A"), SAID), result("A")),
        messages(assistant(THOUGHT, SAID, *use("A")), result("A")),
        "messages.1.2: `tool_use` ids were found without `tool_result` blocks immediately after: A.",
    ),
    Case(
        "pairing",
        "chat",
        chat(calls("A", "A", reasoning_content="t"), tool("A")),
        chat(calls("A", reasoning_content="t"), tool("A")),
        "Duplicate value for 'tool_call_id' of A in message[1]",
    ),
    Case(
        "pass-back",
        "chat",
        chat(calls("c1"), tool("c1")),
        chat(calls("c1", reasoning_content="t"), tool("c1")),
        "Missing `reasoning_content` field in the assistant message at message index 1. For more "
        "information, please refer to https://api-docs.deepseek.com/guides/thinking_mode#tool-calls",
        policy={"wording": "v3.2"},
    ),
    Case(
        "pass-back",
        "messages",
        messages(assistant(*use("A")), result("A")),
        messages(assistant(THOUGHT, *use("A")), result("A")),
        "Missing thinking block in the assistant message at message index 1.",
        policy={"wording": "v3.2"},
    ),
    Case(
        "pairing",
        "chat",
        chat(calls("A", "B", reasoning_content="t"), tool("A"), USER, tool("B")),
        chat(calls("A", "B", reasoning_content="t"), tool("A"), tool("B"), USER),
        UNANSWERED,
    ),
    Case(
        "pairing",
        "chat",
        body(messages=[tool("A"), USER]),
        body(messages=[USER]),
        "Messages with role 'tool' must be a response to a preceding message with 'tool_calls'",
    ),
    Case(
        "pass-back",
        "messages",
        messages(assistant(*use("toolu_01A")), result("toolu_01A")),
        messages(assistant(THOUGHT, *use("toolu_01A")), result("toolu_01A")),
        PASS_BACK,
    ),
    Case(
        "pass-back",
        "messages",
        messages(assistant({"type": "redacted_thinking", "data": "e"}, *use("t1")), result("t1")),
        messages(assistant(*use("t1")), result("t1"), thinking={"type": "disabled"}),
        PASS_BACK,
    ),
    Case(
        "pass-back",
        "chat",
        chat(calls("c1"), tool("c1")),
        chat(calls("c1", reasoning_content="t"), tool("c1")),
        CHAT_PASS_BACK,
    ),
    Case(
        "context",
        "chat",
        body(messages=[{"role": "user", "content": "x" * 4000}]),
        body(),
        "This model's maximum context length is 1000 tokens. However, you requested 1519 tokens "
        "(1007 in the messages, 512 in the completion). "
        "Please reduce the length of the messages or completion.",
        policy={"context": 1000},
    ),
]
