"""Rows about what tools take, and the form in which they are offered."""

from __future__ import annotations

from typing import Any

from dsfix.protocol.body import Dialect
from tests.conformance.bodies import SCHEMA, asking, tool
from tests.conformance.cases import Sent
from tests.conformance.row import CHAT, MESSAGES, RESPONSES, Failure, Row

SCHEMAS = Failure(
    "schema-no-object",
    "A tool whose schema is no object",
    "One tool of an MCP server, or Codex's own with no parameters, and no request gets through.",
)
TYPED = Failure(
    "typed-tool",
    "A tool with a type, on Messages",
    "An agent that says `custom` of its own tools, or offers one that only Anthropic runs, fails at"
    " its first request.",
    dict.fromkeys((CHAT, RESPONSES), "a type belongs to each tool there"),
)
PATTERN = Failure(
    "odd-pattern",
    "A tool whose schema has a pattern that DeepSeek cannot read",
    "Claude Code from 2.1.265 on, whose Artifact tool has one, or any agent with one such tool of an"
    " MCP server: no request gets through.",
)
SHAPE = Failure(
    "tool-of-another-dialect",
    "A tool in another dialect's shape",
    "An agent or a relay passes tools on as it got them, and no request gets through.",
)

_HOLDER = {MESSAGES: "input_schema", CHAT: "function.parameters", RESPONSES: "parameters"}
_NOT = (
    "tool-schemas: Invalid schema for function 'f': schema must be a JSON Schema of "
    "'type: \"object\"', got 'type: null'."
)
_CUSTOM = {"type": "custom", **tool(MESSAGES)}
_SERVERS = {"type": "bash_20250124", "name": "bash"}
_RECIPE = "https://github.com/deepseek-ai/deepseek-recipe, 2026-09"


def _row(
    failure: Failure, dialect: Dialect, what: str, tools: Any, error: str, *differs: str
) -> Row:
    sources = {
        SCHEMAS.name: (
            "Kilo-Org/kilocode#12237, 2026-07-15",
            "farion1231/cc-switch#7019, 2026-08-31",
        ),
        TYPED.name: (_RECIPE,),
        PATTERN.name: (
            "farion1231/cc-switch#7236, 2026-09-09",
            "anthropics/claude-code#92964, 2026-09-09",
            "Dokploy/mcp#43, 2026-05-21",
        ),
        SHAPE.name: (_RECIPE,),
    }
    case = Sent(asking(dialect, tools=tools))
    return Row(
        failure.name, dialect, what, case, error, ("tool-schema",), differs, sources[failure.name]
    )


def _rootless(dialect: Dialect) -> Row:
    """A root that only says which of several it is."""
    schema = {"oneOf": [SCHEMA]}
    return _row(
        SCHEMAS,
        dialect,
        "no type",
        [tool(dialect, schema=schema)],
        _NOT,
        f"+tools[0].{_HOLDER[dialect]}.type",
    )


def _patterned(dialect: Dialect) -> Row:
    """A bracket in a class, as JavaScript has it."""
    inside = {"type": "string", "pattern": "^[^[/]+$"}
    schema = {**SCHEMA, "properties": {"name": inside}}
    return _row(
        PATTERN,
        dialect,
        "a bracket in a class",
        [tool(dialect, schema=schema)],
        'tool-members: Invalid schema for function \'f\': "^[^[/]+$" is not a "regex"',
        f"-tools[0].{_HOLDER[dialect]}.properties.name.pattern",
    )


def _required(dialect: Dialect) -> Row:
    """Whether one argument is required, said of it as JSON Schema once had it."""
    schema = {**SCHEMA, "properties": {"name": {"type": "string", "required": True}}}
    return _row(
        SCHEMAS,
        dialect,
        "an argument that is `required`",
        [tool(dialect, schema=schema)],
        "tool-members: Invalid schema for function 'f': true is not of type \"array\"",
        f"-tools[0].{_HOLDER[dialect]}.properties.name.required",
    )


_MISSING = "Failed to deserialize the JSON body into the target type: tools[0]: missing field"
ROWS = (
    *map(_rootless, Dialect),
    *map(_required, Dialect),
    *map(_patterned, Dialect),
    _row(
        SCHEMAS,
        MESSAGES,
        "none",
        [{"name": "f"}],
        "tool-schemas: tools.0: missing input_schema",
        "+tools[0].input_schema",
    ),
    _row(
        TYPED,
        MESSAGES,
        "the agent's own",
        [_CUSTOM],
        "tool-types: tools.0: server tools are not supported",
        "-tools[0].type",
    ),
    _row(
        TYPED,
        MESSAGES,
        "Anthropic's",
        [tool(MESSAGES), _SERVERS],
        "tool-types: tools.1: server tools are not supported",
        "-tools[1]",
    ),
    _row(
        SHAPE,
        MESSAGES,
        "of Chat",
        [tool(CHAT)],
        f"shape: {_MISSING} `name`",
        "-tools[0].type",
        "-tools[0].function",
        "+tools[0].name",
        "+tools[0].input_schema",
    ),
    _row(
        SHAPE,
        CHAT,
        "of Messages",
        [tool(MESSAGES)],
        f"shape: {_MISSING} `function`",
        "-tools[0].name",
        "-tools[0].input_schema",
        "+tools[0].type",
        "+tools[0].function",
    ),
    _row(
        SHAPE,
        RESPONSES,
        "of Chat",
        [tool(CHAT)],
        f"shape: {_MISSING} `name`",
        "-tools[0].function",
        "+tools[0].name",
        "+tools[0].parameters",
    ),
)
FAILURES = (SCHEMAS, PATTERN, TYPED, SHAPE)
