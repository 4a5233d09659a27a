"""Rows about the tools that an agent offers: their names, and the schemas of what they take."""

from __future__ import annotations

from typing import Any

from dsfix.protocol.body import Dialect
from tests.conformance import agents
from tests.conformance.bodies import (
    OWN,
    THOUGHT,
    answer,
    asking,
    body,
    results,
    tool,
    turn,
    user,
)
from tests.conformance.cases import Answered, Sent
from tests.conformance.row import CHAT, MESSAGES, RESPONSES, Failure, Row

NAMES = Failure(
    "tool-name",
    "A tool under a name of letters that are not allowed",
    "An agent with an MCP server whose tools have a dot, a colon or Chinese characters in their"
    " names fails at its first request.",
)
LENGTH = Failure(
    "long-tool-name",
    "A tool under a name that is too long",
    "An agent with an MCP server whose tools carry the server's name in front fails at its first"
    " request.",
)
TWICE = Failure(
    "tool-offered-twice",
    "Two tools of one name",
    "Two MCP servers offer a tool of the same name, and the agent fails at its first request.",
)

_PATTERN = (
    "string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'."
)
_PLACE = {
    MESSAGES: "tools[0].function.name",
    CHAT: "tools[0].function.name",
    RESPONSES: "tools[0].name",
}
_NAME = {MESSAGES: "~tools[0].name", CHAT: "~tools[0].function.name", RESPONSES: "~tools[0].name"}
_CALLED = {
    MESSAGES: "~messages[1].content[1].name",
    CHAT: "~messages[1].tool_calls[0].function.name",
    RESPONSES: "~input[2].name",
}
_ANSWERED = {
    MESSAGES: "~content[1].name",
    CHAT: "~choices[0].message.tool_calls[0].function.name",
    RESPONSES: "~output[1].name",
}
_SOURCES = {
    NAMES.name: "zed-industries/zed#57531, 2026-05-22",
    LENGTH.name: "https://api-docs.deepseek.com/api/create-chat-completion, 2026-08",
    TWICE.name: "https://github.com/deepseek-ai/deepseek-recipe, 2026-09",
}


def _row(
    failure: Failure, dialect: Dialect, what: str, case: Any, error: str, *differs: str
) -> Row:
    sources = (_SOURCES[failure.name],)
    if (failure, dialect) == (LENGTH, RESPONSES):
        sources = ("https://api-docs.deepseek.com/guides/responses_api, 2026-08-27",)
    error = f"tool-names: {error}"
    return Row(failure.name, dialect, what, case, error, ("tool-names",), differs, sources)


def _illegal(dialect: Dialect) -> Row:
    """Offered, and called before."""
    history = (turn(dialect, OWN[0], thought=THOUGHT, name="files.列表"), results(dialect, OWN[0]))
    given = body(dialect, user(dialect), *history, tools=[tool(dialect, "files.列表")])
    error = f"Invalid '{_PLACE[dialect]}': {_PATTERN}"
    return _row(
        NAMES, dialect, "offered and called", Sent(given), error, _NAME[dialect], _CALLED[dialect]
    )


def _back(dialect: Dialect) -> Row:
    """The model calls the tool under the name that it was told."""

    def called(sent: Any) -> Any:
        name = sent["tools"][0].get("function", sent["tools"][0])["name"]
        return answer(dialect, OWN[0], name=name)

    given = asking(dialect, tools=[tool(dialect, "files.list")])
    case = Answered(given, called, agents.has_its_tools)
    error = f"Invalid '{_PLACE[dialect]}': {_PATTERN}"
    return _row(NAMES, dialect, "the answer's call", case, error, _ANSWERED[dialect])


def _long(dialect: Dialect) -> Row:
    most = 128 if dialect is RESPONSES else 64
    given = asking(dialect, tools=[tool(dialect, "f" * (most + 1))])
    error = f"Invalid '{_PLACE[dialect]}': string too long. Expected a string with maximum length {most}"
    return _row(LENGTH, dialect, f"{most + 1} letters", Sent(given), error, _NAME[dialect])


def _twice(dialect: Dialect) -> Row:
    other = {"type": "object", "properties": {}}
    given = asking(dialect, tools=[tool(dialect), tool(dialect, schema=other)])
    return _row(
        TWICE, dialect, "two servers", Sent(given), "Tool names must be unique", "-tools[1]"
    )


ROWS = tuple(
    row
    for dialect in Dialect
    for make in (_illegal, _back, _long, _twice)
    for row in [make(dialect)]
)
FAILURES = (NAMES, LENGTH, TWICE)
