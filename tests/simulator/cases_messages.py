"""Cases of the rules that only Messages has, or has in texts of its own."""

from __future__ import annotations

from typing import Any

from tests.simulator.histories import (
    JSON,
    PASS_BACK,
    THOUGHT,
    Case,
    assistant,
    messages,
    named,
    patterned,
    result,
    use,
)
from tests.simulator.support import SCHEMA, TOOLS, USER, body

SAID = {"type": "text", "text": "a"}
IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA=="}}
REDACTED = {"type": "redacted_thinking", "data": "e"}
WEB = {"type": "web_search_20250305", "name": "web_search", "max_uses": 5}
ASKED = {"type": "server_tool_use", "id": "S", "name": "web_search", "input": {"query": "q"}}
FOUND = {"type": "web_search_tool_result", "tool_use_id": "S", "content": []}
ALONE = (
    "`tool_use` ids were found without `tool_result` blocks immediately after: A. Each `tool_use` "
    "block must have a corresponding `tool_result` block in the next message."
)


def case(rule: str, refused: Any, accepted: Any, text: str, **more: Any) -> Case:
    """A case on this dialect."""
    return Case(rule, "messages", refused, accepted, text, **more)


def user(*blocks: Any) -> dict[str, Any]:
    """A user message."""
    return {"role": "user", "content": list(blocks)}


def asking(*blocks: Any, **members: Any) -> dict[str, Any]:
    """A request with one user message."""
    return body(messages=[user(*blocks)], **members)


def offering(*tools: Any, **members: Any) -> dict[str, Any]:
    """A request with these tools."""
    return body(tools=list(tools), **members)


def turn(*blocks: Any, **members: Any) -> dict[str, Any]:
    """A request after a turn with a call and its result."""
    return messages(assistant(*blocks, *use("A")), result("A"), **members)


F = TOOLS["messages"][0]
OFF = {"thinking": {"type": "disabled"}}
ANSWERED = result("A")["content"]

MESSAGES = [
    case(
        "shape",
        body(tool_choice={"type": "some"}),
        body(tool_choice={"type": "any"}),
        "tool_choice: unknown variant `some`, expected one of `auto`, `any`, `tool`, `none`",
        content_type=JSON,
    ),
    case(
        "shape",
        turn({"type": "server_tool_use", "id": "S", "name": "web_search"}),
        turn(THOUGHT, ASKED, FOUND),
        "messages[1]: missing field `input`",
        content_type=JSON,
    ),
    case(
        "shape",
        body(thinking={"type": "auto"}),
        body(thinking={"type": "adaptive", "display": "omitted"}),
        "thinking.type: unknown variant `auto`",
        content_type=JSON,
    ),
    case(
        "model",
        body(model="deepseek-chat"),
        body(model="claude-haiku-4-5"),
        "but you passed deepseek-chat.",
    ),
    case(
        "stop",
        body(stop_sequences=["s", ""]),
        body(stop_sequences=["s"] * 16),
        "stop_sequences must contain at most 16 non-empty strings",
    ),
    case("top-p", body(top_p=1.5), body(top_p=1), "Invalid top_p value"),
    case("temperature", body(temperature=-0.5), body(temperature=2), "Invalid temperature value"),
    case(
        "user-id",
        body(metadata={"user_id": "u" * 513}),
        body(metadata={"user_id": "u" * 512, "more": 1}),
        "Invalid 'user_id': string too long. Expected a string with maximum length 512, but got "
        "a string with length 513 instead",
    ),
    case(
        "tool-types",
        offering(F | {"type": "custom"}),
        offering(F, WEB),
        "tools.0: server tools are not supported",
    ),
    case("tool-names", offering(F, F), offering(F, F | {"name": "g"}), "Tool names must be unique"),
    case(
        "tool-names",
        named("messages", "a b"),
        named("messages", "a-b"),
        "Invalid 'tools[0].function.name': string does not match pattern.",
    ),
    case(
        "tool-schemas",
        offering({"name": "f"}),
        offering({"name": "f", "input_schema": SCHEMA}),
        "tools.0: missing input_schema",
    ),
    case(
        "tool-members",
        offering({"name": "f", "input_schema": patterned("[[]")}),
        offering({"name": "f", "input_schema": patterned("[a]")}),
        'Invalid schema for function \'f\': "[[]" is not a "regex"',
    ),
    case(
        "tool-choice",
        offering(F, tool_choice={"type": "tool", "name": "g"}, **OFF),
        offering(F, WEB, tool_choice={"type": "tool", "name": "web_search"}),
        "tool_choice: no tool named 'g' was specified",
    ),
    case(
        "tool-choice",
        offering(F, tool_choice={"type": "any"}),
        offering(F, tool_choice={"type": "any"}, **OFF),
        "Thinking mode does not support this tool_choice",
    ),
    case(
        "tool-choice",
        offering(F, tool_choice={"type": "tool", "name": "f"}),
        offering(F, tool_choice={"type": "any"}),
        "Thinking mode does not support this tool_choice",
        policy={"forced_choice": "any-auto"},
    ),
    case("blocks", body(messages=[]), body(), "messages: at least one message is required"),
    case(
        "blocks",
        body(messages=[user()]),
        body(messages=[{"role": "user", "content": ""}]),
        "messages.0: all messages must have non-empty content",
    ),
    case(
        "blocks",
        messages(assistant(), USER),
        messages(assistant(THOUGHT), USER),
        "messages.1: all messages must have non-empty content",
    ),
    case(
        "blocks",
        asking(*use("A")),
        asking(SAID),
        "messages.0: `tool_use` blocks can only be in `assistant` messages",
    ),
    case(
        "blocks",
        asking(ASKED),
        messages(assistant(THOUGHT, ASKED, FOUND, SAID), USER),
        "messages.0: `server_tool_use` blocks can only be in `assistant` messages",
    ),
    case(
        "blocks",
        asking(FOUND),
        asking(IMAGE),
        "messages.0: `web_search_tool_result` blocks can only be in `assistant` messages",
    ),
    case(
        "blocks",
        asking(THOUGHT),
        messages(assistant(THOUGHT)),
        "messages.0.content: thinking blocks may only be in `assistant` messages",
    ),
    case(
        "blocks",
        messages(assistant(THOUGHT, *ANSWERED)),
        turn(THOUGHT),
        "messages.1: `tool_result` blocks can only be in `user` messages",
    ),
    case(
        "blocks",
        messages(assistant(THOUGHT, IMAGE)),
        messages(assistant(THOUGHT), user(IMAGE)),
        "Image in assistant message is unsupported",
    ),
    case(
        "blocks",
        body(system=[IMAGE]),
        body(system=[SAID]),
        "Image in system message is unsupported",
    ),
    case(
        "blocks",
        asking({"type": "search_result"}),
        asking({"type": "document"}, {"type": "tool_reference", "tool_name": "f"}),
        "Unsupported content block",
        policy={"unknown_blocks": "unsupported"},
    ),
    case(
        "blocks",
        turn(REDACTED, THOUGHT),
        turn(THOUGHT),
        "Unsupported content block",
        policy={"redacted": "unsupported"},
    ),
    case(
        "pairing",
        messages(assistant(THOUGHT, *use("A")), USER),
        turn(THOUGHT),
        f"messages.2: {ALONE}",
    ),
    case(
        "pairing",
        messages(assistant(THOUGHT, *use("A")), {"role": "system", "content": "s"}, result("A")),
        messages(assistant(THOUGHT, *use("A")), result("A"), {"role": "system", "content": "s"}),
        f"messages.2: {ALONE}",
    ),
    case("pairing", messages(assistant(THOUGHT, *use("A"))), messages(), f"messages.1:{ALONE}"),
    case(
        "pairing",
        messages(assistant(THOUGHT, *use("A")), user(SAID, *ANSWERED)),
        messages(assistant(THOUGHT, *use("A")), user(*ANSWERED, SAID)),
        f"messages.2: {ALONE}",
    ),
    case(
        "pairing",
        messages(assistant(THOUGHT, *use("A")), user(*ANSWERED, *ANSWERED)),
        turn(THOUGHT),
        "messages.2.content.1: each tool_use must have a single result. Found multiple "
        "`tool_result` blocks with id: A",
    ),
    case(
        "pairing",
        messages(assistant(THOUGHT, *use("")), result("")),
        turn(THOUGHT),
        "ids were found without `tool_result` blocks immediately after: .",
    ),
    case(
        "pass-back",
        messages(assistant(*use("A")), result("A"), assistant(THOUGHT, *use("B")), result("B")),
        messages(assistant(THOUGHT, *use("A")), result("A"), assistant(SAID), USER),
        PASS_BACK,
        policy={"pass_back": "strict"},
    ),
    case(
        "pass-back",
        messages(assistant(THOUGHT, *use("A")), result("A"), assistant(*use("B")), result("B")),
        messages(assistant(*use("A")), result("A"), assistant(THOUGHT, *use("B")), result("B")),
        PASS_BACK,
        policy={"pass_back": "open-loop"},
    ),
    case(
        "signatures",
        turn({"type": "thinking", "thinking": "t"}),
        turn(THOUGHT),
        "messages.1.content.0: Invalid `signature` in `thinking` block",
        policy={"unsigned": "refuse"},
    ),
]
