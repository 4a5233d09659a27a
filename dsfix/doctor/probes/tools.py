"""Tools: called, forced, and named in ways that agents name them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial

from dsfix.doctor import wires
from dsfix.doctor.base import Call, Meaning, Probe, Scene, Verdict
from dsfix.doctor.finding import Level
from dsfix.doctor.probes.answers import ended, judge_answer, question
from dsfix.doctor.reply import Reply
from dsfix.protocol import spans, sse
from dsfix.protocol.body import Dialect

# How agents name tools: MCP servers with dots, and names that grow by prefixes. Refused:
# zed-industries/zed#57531 (2026-05-22).
_DOTTED = "server.run_command"
_LONG = "mcp__a_server_with_a_rather_long_name__and_a_tool_with_a_long_name_too_" + "x" * 20
# The marks of the model's own tool syntax (SuperJJ007/CSSwitch).
_LEAKED = ("\uff5cDSML\uff5c", "<\uff5ctool")
# None at all is another probe's matter.
_ENDS = ("tool_calls", "tool_use", "completed", "")
_CALLED = {
    "called": Meaning("Agents can work."),
    "not-called": Meaning("The model talks where it should act.", "Use a model that calls tools."),
    "leaked": Meaning(
        "Calls come as text in the model's own syntax.", "Ask the endpoint's operator."
    ),
    "broken": Meaning("The call's arguments are no JSON, or no end of it comes."),
    "not-streamed": Meaning("One document came in place of events."),
    "unended": Meaning("The stream ends without its last event."),
}
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
    call, events = f"{dialect}-tool-call", f"{dialect}-stream-tool-call"
    found = [
        _calling(dialect, call, "Does the model call a tool?", _called, (json,), {}),
        _calling(
            dialect,
            events,
            "Is a tool called in a stream as well?",
            _streamed,
            (call, f"{dialect}-stream"),
            wires.streamed(dialect),
        ),
        _frame(dialect, (call, events)),
        _choice(
            dialect, "tool-choice", "May one tool be forced?", wires.forced(dialect), (json, on)
        ),
    ]
    odd = partial(question, dialect, words=_ODD, tokens=250)
    if dialect is Dialect.MESSAGES:
        choice = {"tool_choice": {"type": "any"}}
        found.append(_choice(dialect, "tool-choice-any", "May any be forced?", choice, (json, on)))
        found.append(odd("typed-tool", "May a tool have a type?", _typed))
    for end, name, having in (("dot", _DOTTED, "a dot"), ("long", _LONG, f"{len(_LONG)} letters")):
        title = f"May a tool's name have {having}?"
        found.append(odd(f"tool-name-{end}", title, partial(_offering, dialect, name)))
    return tuple(found)


def _calling(
    dialect: Dialect,
    name: str,
    title: str,
    judge: Callable[[Sequence[Reply]], Verdict],
    needs: tuple[str, ...],
    more: wires.Body,
) -> Probe:
    return Probe(
        name,
        title,
        judge,
        frozenset({"called"}),
        asks=(partial(_to_call, dialect, more),),
        needs=needs,
        dialect=dialect,
        tokens=350,
        words=_CALLED,
    )


def _frame(dialect: Dialect, needs: tuple[str, ...]) -> Probe:
    return Probe(
        f"{dialect}-tool-frame",
        "Have calls an id of their own, a place, and an end that tells of them?",
        _framed,
        frozenset({"complete"}),
        needs=needs,
        dialect=dialect,
        otherwise=Level.WARN,
        through=False,
        words={
            "complete": Meaning("Agents can tell calls apart, and know that they are asked."),
            "incomplete": Meaning(
                "Agents take one call for another, or the turn for over.",
                "A relay may be stripping it: ask its operator.",
            ),
        },
    )


def _typed(scene: Scene) -> Call:
    tools = [{"type": "custom", **wires.tool(Dialect.MESSAGES)}]
    return Call("messages", wires.plainly(Dialect.MESSAGES, scene.model, tools=tools))


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


def _to_call(dialect: Dialect, more: wires.Body, scene: Scene) -> Call:
    said, tools = wires.to_call(dialect), [wires.tool(dialect)]
    return Call(dialect, wires.asked(dialect, scene.model, said, tools=tools, **more))


def _forcing(dialect: Dialect, choice: wires.Body, scene: Scene) -> Call:
    # of itself no model calls a tool for such a question
    more = {"tools": [wires.tool(dialect)], **choice}
    return Call(dialect, wires.plainly(dialect, scene.model, **more))


def _offering(dialect: Dialect, name: str, scene: Scene) -> Call:
    tools = [wires.tool(dialect, name)]
    return Call(dialect, wires.plainly(dialect, scene.model, tools=tools))


def _called(replies: Sequence[Reply]) -> Verdict:
    reply = replies[-1]
    judged = judge_answer(replies)
    if judged.word != "answered":
        return judged
    return _calls_of(reply)


def _streamed(replies: Sequence[Reply]) -> Verdict:
    reply = replies[-1]
    if not reply.streamed:
        return Verdict("not-streamed")
    if reply.answer.error:
        return Verdict("failing", reply.answer.error)
    return _calls_of(reply) if ended(reply) else Verdict("unended")


def _calls_of(reply: Reply) -> Verdict:
    if any(mark in reply.text for mark in _LEAKED):
        return Verdict("leaked")
    calls = [block for block in reply.answer.blocks.values() if block.kind == "tool_use"]
    if not calls:
        return Verdict("not-called", reply.text[:80])
    whole = all(call.complete and _is_object(call.text) for call in calls)
    return Verdict("called" if whole else "broken")


def _framed(replies: Sequence[Reply]) -> Verdict:
    whole, stream = replies
    lacking = [
        f"{name} {where}"
        for where, reply in (("in JSON", whole), ("in streams", stream))
        for name, is_there in (
            ("id", all(reply.answer.turn().calls)),
            ("end", reply.answer.finish in _ENDS),
            ("index", reply is whole or all(isinstance(n, int) for n, _ in _pieces(reply))),
            ("text", all(isinstance(given, str) for _, given in _pieces(reply))),
        )
        if not is_there
    ]
    if set(whole.answer.turn().calls) & set(stream.answer.turn().calls) - {""}:
        lacking.append("another id each time")
    return Verdict("incomplete" if lacking else "complete", ", ".join(lacking))


def _pieces(reply: Reply) -> list[tuple[object, object]]:
    """The index and the arguments of each piece of a call; only Chat has calls in such pieces."""
    if reply.dialect is not Dialect.CHAT:
        return []
    events = map(spans.value, sse.lines(reply.body)) if reply.streamed else (reply.document,)
    return [
        (piece.get("index"), piece["function"].get("arguments", ""))
        for event in events
        if isinstance(event, dict)
        for choice in event.get("choices") or ()
        for piece in (choice.get("delta") or choice.get("message") or {}).get("tool_calls") or ()
    ]


def _forced(replies: Sequence[Reply]) -> Verdict:
    return Verdict("called" if replies[-1].answer.turn().calls else "ignored")


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text or "{}"), dict)
    except ValueError:
        return False
