"""Tools: called, forced, and named in ways that agents name them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial

from dsfix.doctor import wires
from dsfix.doctor.base import Call, Meaning, Probe, Scene, Verdict
from dsfix.doctor.finding import Level
from dsfix.doctor.probes.answers import judge_answer
from dsfix.doctor.reply import Reply
from dsfix.protocol.body import Dialect

# How agents name tools: MCP servers with dots, and names that grow by prefixes. Refused:
# zed-industries/zed#57531 (2026-05-22).
_DOTTED = "server.run_command"
_LONG = "mcp__a_server_with_a_rather_long_name__and_a_tool_with_a_long_name_too_" + "x" * 20
# The marks of the model's own tool syntax (SuperJJ007/CSSwitch).
_LEAKED = ("\uff5cDSML\uff5c", "<\uff5ctool")
_ODD = {
    "answered": Meaning("Tools of any MCP server can be offered."),
    "refused": Meaning("One such tool of an MCP server fails every request."),
}
_FORCED = {
    "called": Meaning("A forced call is made."),
    "refused": Meaning("Requests that force a call fail while the model thinks."),
    "ignored": Meaning("A forced call is taken for a free one, and agents wait for it."),
}


def probes(dialect: Dialect) -> tuple[Probe, ...]:
    """The probes of one dialect."""
    json, on = f"{dialect}-json", f"{dialect}-thinking-on"
    found = [
        Probe(
            f"{dialect}-tool-call",
            "Does the model call a tool?",
            _called,
            frozenset({"called"}),
            asks=(partial(_to_call, dialect),),
            needs=(json,),
            dialect=dialect,
            tokens=350,
            words={
                "called": Meaning("Agents can work."),
                "not-called": Meaning(
                    "The model talks where it should act.", "Use a model that calls tools."
                ),
                "leaked": Meaning(
                    "Calls come as text in the model's own syntax.", "Ask the endpoint's operator."
                ),
                "broken": Meaning("The call's arguments are no JSON."),
            },
        ),
        _choice(
            dialect, "tool-choice", "May one tool be forced?", wires.forced(dialect), (json, on)
        ),
    ]
    if dialect is Dialect.MESSAGES:
        choice = {"tool_choice": {"type": "any"}}
        found.append(_choice(dialect, "tool-choice-any", "May any be forced?", choice, (json, on)))
        found.append(_odd(dialect, "typed-tool", "May a tool have a type?", _typed))
    for end, name, having in (("dot", _DOTTED, "a dot"), ("long", _LONG, f"{len(_LONG)} letters")):
        title = f"May a tool's name have {having}?"
        found.append(_odd(dialect, f"tool-name-{end}", title, partial(_offering, dialect, name)))
    return tuple(found)


def _odd(dialect: Dialect, end: str, title: str, ask: Callable[[Scene], Call]) -> Probe:
    return Probe(
        f"{dialect}-{end}",
        title,
        judge_answer,
        frozenset({"answered"}),
        asks=(ask,),
        needs=(f"{dialect}-json",),
        dialect=dialect,
        tokens=250,
        words=_ODD,
    )


def _typed(scene: Scene) -> Call:
    said = wires.user(Dialect.MESSAGES, wires.PLAIN)
    tools = [{"type": "custom", **wires.tool(Dialect.MESSAGES)}]
    return Call("messages", wires.asked(Dialect.MESSAGES, scene.model, said, tools=tools))


def _choice(
    dialect: Dialect, end: str, title: str, choice: wires.Body, needs: tuple[str, ...]
) -> Probe:
    return Probe(
        f"{dialect}-{end}",
        title,
        _forced,
        frozenset({"called"}),
        asks=(partial(_forcing, dialect, choice),),
        needs=needs,
        dialect=dialect,
        otherwise=Level.WARN,
        tokens=300,
        words=_FORCED,
    )


def _to_call(dialect: Dialect, scene: Scene) -> Call:
    said = wires.to_call(dialect)
    return Call(dialect, wires.asked(dialect, scene.model, said, tools=[wires.tool(dialect)]))


def _forcing(dialect: Dialect, choice: wires.Body, scene: Scene) -> Call:
    said = wires.user(dialect, "Run `echo dsfix`.")
    more = {"tools": [wires.tool(dialect)], **choice}
    return Call(dialect, wires.asked(dialect, scene.model, said, **more))


def _offering(dialect: Dialect, name: str, scene: Scene) -> Call:
    said = wires.user(dialect, wires.PLAIN)
    tools = [wires.tool(dialect, name)]
    return Call(dialect, wires.asked(dialect, scene.model, said, tools=tools))


def _called(replies: Sequence[Reply]) -> Verdict:
    reply = replies[-1]
    judged = judge_answer(replies)
    if judged.word != "answered":
        return judged
    if any(mark in reply.text for mark in _LEAKED):
        return Verdict("leaked")
    calls = [block for block in reply.answer.blocks.values() if block.kind == "tool_use"]
    if not calls:
        return Verdict("not-called", reply.text[:80])
    return Verdict("called" if all(_is_object(call.text) for call in calls) else "broken")


def _forced(replies: Sequence[Reply]) -> Verdict:
    return Verdict("called" if replies[-1].answer.turn().calls else "ignored")


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text or "{}"), dict)
    except ValueError:
        return False
