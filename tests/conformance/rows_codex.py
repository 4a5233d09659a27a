"""Rows about what Codex does with tools, on Responses, and what agents tell beside the request."""

from __future__ import annotations

from typing import Any

from dsfix.protocol.body import Dialect
from tests.conformance import agents
from tests.conformance.bodies import OWN, answer, asking, tool, user
from tests.conformance.cases import Answered, Sent
from tests.conformance.row import CHAT, MESSAGES, RESPONSES, Failure, Row

_ONLY = dict.fromkeys((MESSAGES, CHAT), "only Responses has it")
CUSTOM = Failure(
    "custom-tool",
    "A tool that takes plain text",
    "Codex in Code Mode, or with its vendor's newer models, fails at its first request.",
    _ONLY,
)
INSIDE = Failure(
    "tools-in-the-input",
    "Tools that stand in the input",
    "Nothing fails. Codex with its vendor's newer models is told that there are no tools, or gets"
    " calls as text.",
    _ONLY,
)
HELD = Failure(
    "tools-held-back",
    "Tools that Codex holds back until they are searched for",
    "Nothing fails. Codex, with a catalogue that says `supports_search_tool`, never calls a tool of"
    " an MCP server.",
    _ONLY,
)
BETWEEN = Failure(
    "message-between-agents",
    "What Codex's agents tell each other",
    "Nothing fails. A sub-agent of Codex says that it was given no task, and the one who asked gets"
    " no answer from it.",
    _ONLY,
)
BESIDE = Failure(
    "installation-id",
    "What is for an agent's own vendor, beside the request",
    "Nothing fails. The upstream is told which machine asks, in which session and sandbox (Codex),"
    " or what directories, rules and remotes there are (Claude Code's auto mode).",
    {CHAT: "no agent is known that does so there"},
)

_JUDGED = [{"type": "dangerous_tool_use", "classifier_context": {"home_dir": "/home/me"}}]
_EXEC = {"type": "custom", "name": "exec", "description": "Runs a script"}
_UNSUPPORTED = "custom-tools: Unsupported custom tool: 'exec'. Only 'apply_patch' is supported."
_SOURCES = (
    "822807097/codex-router#1, 2026-09-11",
    "measured with Codex 0.169.0, 2026-11-21",
)


def _custom(what: str, case: Any, error: str, *differs: str) -> Row:
    return Row(CUSTOM.name, RESPONSES, what, case, error, ("custom-tools",), differs, _SOURCES)


def _called(sent: Any) -> Any:
    """The model calls it as the function that it was told of."""
    made = answer(RESPONSES, OWN[0], name="exec")
    made["output"][1]["arguments"] = '{"input": "ls"}'
    return made


def _calls(dialect: Dialect, sent: Any, whole: Any) -> str:
    return "" if agents.calls(dialect, whole) else "no call arrives"


def _is_not_told(dialect: Dialect, sent: Any, whole: Any) -> str:
    told = {"client_metadata", "safeguards"} & sent.keys()
    return "the upstream learns which machine asks" if told else ""


_own = {"x-codex-installation-id": "f2116244-21ac-42b3-824b-c20b568f8037", "turn_id": "01a2"}
_forced = {"tool_choice": "required", "reasoning": {"effort": "none"}}
_task = [
    {"type": "input_text", "text": "Message Type: NEW_TASK\nPayload:\n"},
    {"type": "encrypted_content", "encrypted_content": "Do this: [[bash]]"},
]
_told = {"type": "agent_message", "author": "/root", "recipient": "/root/one", "content": _task}
_SHELL = {"type": "object", "properties": {"command": {"type": "string"}}}
_spawned = {
    **asking(RESPONSES, tools=[tool(RESPONSES, "bash", _SHELL)]),
    "input": [*user(RESPONSES), _told],
}
_thought = {
    "type": "reasoning",
    "summary": [],
    "content": [{"type": "reasoning_text", "text": "t"}],
}
_own = {"call_id": "call_00_a1b2c3d4e5f6", "execution": "client"}
_search = {"type": "tool_search", "execution": "client", "parameters": {"type": "object"}}
_searched = [
    _thought,
    {"type": "tool_search_call", **_own, "arguments": {"query": "a shell"}},
    {"type": "tool_search_output", **_own, "tools": [tool(RESPONSES, "bash", _SHELL)]},
]
_found = {
    **asking(RESPONSES, tools=[_search]),
    "input": [{"role": "user", "content": "go [[bash bash]]"}, *_searched],
}
_declared = {"type": "additional_tools", "role": "developer", "tools": [tool(RESPONSES)]}
_whole = {**asking(RESPONSES, **_forced), "input": [_declared, *user(RESPONSES)]}
_without = {name: value for name, value in _whole.items() if name != "tools"}

ROWS = (
    _custom(
        "exec",
        Sent(asking(RESPONSES, tools=[_EXEC])),
        _UNSUPPORTED,
        "~tools[0].type",
        "+tools[0].parameters",
    ),
    _custom(
        "in a namespace",
        Sent(asking(RESPONSES, tools=[{"type": "namespace", "name": "n", "tools": [_EXEC]}])),
        "custom-tools: tools[0].tools[0]: custom tools are not supported inside a namespace",
        "~tools[0].tools[0].type",
        "+tools[0].tools[0].parameters",
    ),
    _custom(
        "the answer's call",
        Answered(asking(RESPONSES, tools=[_EXEC]), _called, agents.has_its_custom_tools),
        _UNSUPPORTED,
        "~output[1].type",
        "-output[1].arguments",
        "+output[1].input",
    ),
    Row(
        INSIDE.name,
        RESPONSES,
        "as an item",
        Sent(_without, wants=_calls),
        "no call arrives",
        ("additional-tools",),
        ("-input[0]", "+tools"),
        ("Wei-Shaw/sub2api#7285, 2026-09-17", "measured with Codex 0.169.0, 2026-11-21"),
    ),
    Row(
        HELD.name,
        RESPONSES,
        "one that was found",
        Sent(_found, wants=_calls),
        "no call arrives",
        ("tool-search",),
        (
            "~tools[0].type",
            "-tools[0].execution",
            "+tools[0].name",
            "+tools[1]",
            "~input[2].type",
            "-input[2].execution",
            "+input[2].name",
            "~input[2].arguments",
            "~input[3].type",
            "-input[3].execution",
            "-input[3].tools",
            "+input[3].output",
        ),
        (
            "farion1231/cc-switch#6653, 2026-08-20",
            "openai/codex#20574, 2026-07-12",
            "measured with Codex 0.169.0, 2026-11-24",
        ),
    ),
    Row(
        BETWEEN.name,
        RESPONSES,
        "a task",
        Sent(_spawned, wants=_calls),
        "no call arrives",
        ("agent-messages",),
        (
            "~input[1].type",
            "-input[1].author",
            "-input[1].recipient",
            "+input[1].role",
            "~input[1].content[1].type",
            "-input[1].content[1].encrypted_content",
            "+input[1].content[1].text",
        ),
        (
            "deepseek-ai/awesome-deepseek-agent#392, 2026-08-19",
            "fish2lab/DSCodex#24, 2026-09-19",
            "measured with Codex 0.169.0, 2026-11-24",
        ),
    ),
    Row(
        BESIDE.name,
        RESPONSES,
        "client_metadata",
        Sent(asking(RESPONSES, client_metadata=_own), wants=_is_not_told),
        "the upstream learns which machine asks",
        ("client-metadata",),
        ("-client_metadata",),
        ("measured with Codex 0.169.0, 2026-11-21",),
    ),
    Row(
        BESIDE.name,
        MESSAGES,
        "safeguards",
        Sent(asking(MESSAGES, safeguards=_JUDGED), wants=_is_not_told),
        "the upstream learns which machine asks",
        ("client-metadata",),
        ("-safeguards",),
        ("farion1231/cc-switch#7625, 2026-09-23", "measured with Claude Code 2.1.330, 2026-11-24"),
    ),
)
FAILURES = (CUSTOM, INSIDE, HELD, BETWEEN, BESIDE)
