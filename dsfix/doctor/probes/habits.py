"""What agents put into every request: long answers, members of their own, a system in blocks."""

from __future__ import annotations

from functools import partial
from typing import Any

from dsfix.doctor import wires
from dsfix.doctor.base import Call, Meaning, Probe, Scene
from dsfix.doctor.probes.answers import question
from dsfix.protocol.body import Dialect

# What Claude Code 2.1 and OpenCode 1.18 allow an answer (2026-11-21).
_LONG = 32_000
# Members that the agents of a dialect send and DeepSeek does not know: it ignores them
# (STRML/cc-ds4, live 2026-08-02; https://api-docs.deepseek.com/guides/responses_api).
_MEMBERS: dict[Dialect, wires.Body] = {
    Dialect.CHAT: {"parallel_tool_calls": True, "store": False},
    Dialect.MESSAGES: {"context_management": {"edits": []}},
    Dialect.RESPONSES: {"parallel_tool_calls": True, "store": False, "prompt_cache_key": "dsfix"},
}
_LIMITED = {
    "refused": Meaning(
        "Agents allow their answers more than the endpoint does.",
        "Write the model's output into a table of your own (docs/upstreams.md).",
    )
}
_STRICT = {
    "refused": Meaning(
        "Agents send members of their own, and are refused.",
        "Ask the endpoint's operator to let them pass.",
    )
}
_ALWAYS = {
    "refused": Meaning("Claude Code sends it with every request.", "Ask the endpoint's operator.")
}
_MARK = {"cache_control": {"type": "ephemeral"}}
_BRIEF = {"type": "text", "text": "Be brief."}


def probes(dialect: Dialect) -> tuple[Probe, ...]:
    """The probes of one dialect."""
    limit = "max_output_tokens" if dialect is Dialect.RESPONSES else "max_tokens"
    found = [
        question(
            dialect,
            "max-tokens",
            f"May an answer have {_LONG:,} tokens?",
            partial(_with, dialect, {limit: _LONG}),
            _LIMITED,
        ),
        question(
            dialect,
            "extra-members",
            "Are members that it does not know passed over?",
            partial(_with, dialect, _MEMBERS[dialect]),
            _STRICT,
        ),
    ]
    if dialect is Dialect.MESSAGES:
        make = partial(question, dialect, words=_ALWAYS)
        found += [
            make(
                "system-blocks",
                "May the system prompt be in blocks?",
                partial(_with, dialect, {"system": [_BRIEF]}),
            ),
            make("cache-control", "May a block be marked for the cache?", _marked),
        ]
    return tuple(found)


def _with(dialect: Dialect, more: wires.Body, scene: Scene) -> Call:
    return Call(dialect, wires.plainly(dialect, scene.model, **more))


def _marked(scene: Scene) -> Call:
    text: dict[str, Any] = {"type": "text", "text": wires.plain(Dialect.MESSAGES), **_MARK}
    said = {"role": "user", "content": [text]}
    return Call("messages", wires.asked(Dialect.MESSAGES, scene.model, said))
