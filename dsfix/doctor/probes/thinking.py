"""Thinking: switched on and off, how it is marked, and what excludes it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from dsfix.doctor import wires
from dsfix.doctor.base import Call, Meaning, Probe, Scene, Verdict
from dsfix.doctor.finding import Level
from dsfix.doctor.probes.answers import judge_answer
from dsfix.doctor.reply import Reply
from dsfix.protocol.body import Dialect

_THINKS = frozenset({"reasoning"})
_SILENT = frozenset({"absent", "empty"})
_ON = {
    "reasoning": Meaning("The model thinks, and what it thinks is told."),
    "absent": Meaning(
        "No reasoning is told; where it must come back, it cannot.",
        "Use a model that thinks; a relay may be stripping it.",
    ),
    "empty": Meaning("There is a place for reasoning and none in it."),
    "in-text": Meaning(
        "Reasoning stands in the text, between <think> marks: agents show it as the answer.",
        "Ask the endpoint's operator for a reasoning parser.",
    ),
}
_OFF = {
    "reasoning": Meaning(
        "The model thinks though it was told not to: titles and small budgets are eaten.",
        "Give small calls more tokens, or use another model.",
    ),
    "absent": Meaning("The model does not think."),
    "empty": Meaning("The model does not think."),
    "in-text": Meaning(
        "The model thinks though it was told not to, and agents show it as the answer.",
        "Use another model.",
    ),
}


def probes(dialect: Dialect) -> tuple[Probe, ...]:
    """The probes of one dialect."""
    title = "Does the model think as it sees fit?"
    found = [
        _mode(dialect, "on", "enabled", "Does the model think when told to?", _THINKS, Level.WARN),
        _mode(dialect, "off", "disabled", "Is it silent when told to?", _SILENT, Level.WARN),
    ]
    if dialect is not Dialect.RESPONSES:
        found += [
            _mode(dialect, "adaptive", "adaptive", title, _THINKS, Level.ACT),
            _mode(dialect, "auto", "auto", "And under the name `auto`?", _THINKS, Level.WARN),
            _effort(dialect),
        ]
    found.append(_in_streams(dialect))
    return (*found, _SIGNATURE) if dialect is Dialect.MESSAGES else tuple(found)


def _effort(dialect: Dialect) -> Probe:
    return Probe(
        f"{dialect}-effort-conflict",
        "May an effort be named where thinking is off?",
        judge_answer,
        frozenset({"answered"}),
        asks=(partial(_conflict, dialect),),
        needs=(f"{dialect}-json", f"{dialect}-thinking-off"),
        dialect=dialect,
        tokens=60,
        words={"refused": Meaning("Sub-agents and titles of Claude Code fail here.")},
    )


def _in_streams(dialect: Dialect) -> Probe:
    return Probe(
        f"{dialect}-stream-reasoning",
        "Is reasoning in streams as well?",
        _streamed,
        _THINKS,
        needs=(f"{dialect}-thinking-on", f"{dialect}-stream"),
        dialect=dialect,
        otherwise=Level.WARN,
        through=False,
        words=_ON,
    )


def _mode(
    dialect: Dialect, name: str, mode: str, title: str, good: frozenset[str], otherwise: Level
) -> Probe:
    return Probe(
        f"{dialect}-thinking-{name}",
        title,
        _thought,
        good,
        asks=(partial(_asked, dialect, mode),),
        needs=(f"{dialect}-json",),
        dialect=dialect,
        otherwise=otherwise,
        tokens=60 if name == "off" else 200,
        words=_OFF if name == "off" else _ON,
    )


def _asked(dialect: Dialect, mode: str, scene: Scene) -> Call:
    return Call(dialect, wires.plainly(dialect, scene.model, **wires.thinking(dialect, mode)))


def _conflict(dialect: Dialect, scene: Scene) -> Call:
    more = {**wires.thinking(dialect, "disabled"), **wires.effort(dialect)}
    return Call(dialect, wires.plainly(dialect, scene.model, **more))


def _thought(replies: Sequence[Reply]) -> Verdict:
    found = wires.reasoning_of(replies[-1])
    if found is None:
        return Verdict("in-text" if replies[-1].text.lstrip().startswith("<think>") else "absent")
    return Verdict("reasoning" if found.strip() else "empty")


def _streamed(replies: Sequence[Reply]) -> Verdict:
    thoughts = _thinking_blocks(replies[-1])
    return Verdict("reasoning" if any(text.strip() for text, _ in thoughts) else "absent")


def _signed(replies: Sequence[Reply]) -> Verdict:
    whole, stream = replies[0], replies[1]
    lacking = [
        where
        for where, reply in (("in JSON", whole), ("in streams", stream))
        if any(not signature for _, signature in _thinking_blocks(reply))
    ]
    return Verdict("absent" if lacking else "present", ", ".join(lacking))


def _thinking_blocks(reply: Reply) -> list[tuple[str, str]]:
    blocks = reply.answer.blocks.values()
    return [(block.text, block.signature) for block in blocks if block.kind == "thinking"]


_SIGNATURE = Probe(
    "messages-signature",
    "Is thinking signed?",
    _signed,
    frozenset({"present"}),
    needs=("messages-thinking-on", "messages-stream", "messages-stream-reasoning"),
    dialect=Dialect.MESSAGES,
    otherwise=Level.WARN,
    words={
        "present": Meaning("Agents keep the reasoning and send it back."),
        "absent": Meaning("OpenCode drops reasoning that bears no signature."),
    },
)
