"""What happens to a history whose reasoning is real, absent, empty, a placeholder, or hidden.

https://api-docs.deepseek.com/guides/thinking_mode: with tools, the reasoning of every turn comes
back in all later requests. Each probe goes on from the tool call that the endpoint made itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from dsfix.doctor import wires
from dsfix.doctor.base import Call, Meaning, Probe, Scene, Unasked
from dsfix.doctor.probes.answers import judge_answer
from dsfix.protocol.body import Dialect

Said = list[dict[str, Any]]
_PLACEHOLDER = "[reasoning of this turn was not kept]"
_THANKS = "Thank you. Say goodbye."
_LOST = {
    "answered": Meaning("Agents that lose reasoning can go on."),
    "refused": Meaning("Agents that lose reasoning cannot go on."),
}
_REAL = {
    "answered": Meaning("A conversation with tools goes on."),
    "refused": Meaning(
        "Not even its own reasoning is taken back.", "A relay may be stripping it from requests."
    ),
}
_PLAIN = {
    "answered": Meaning("Agents may send back all that they got."),
    "failing": Meaning("Reasoning on a plain turn fails the request."),
    "refused": Meaning("Reasoning on a plain turn fails the request."),
}
_STAND_IN = {
    "answered": Meaning("Where the real reasoning is lost, a placeholder helps."),
    "refused": Meaning("Only thinking switched off helps where reasoning is lost."),
}


def probes(dialect: Dialect) -> tuple[Probe, ...]:
    """The probes of one dialect."""
    on, call = f"{dialect}-thinking-on", f"{dialect}-tool-call"
    plain = partial(_probe, dialect, (f"{dialect}-json", on), after=_THANKS)
    more = partial(_probe, dialect, (f"{dialect}-reasoning-real", call))
    lost = partial(_with, dialect, None)
    found = [
        plain("plain", "May a plain turn have reasoning?", _as_it_is, _PLAIN, tools=False),
        plain("plain-absent", "May it be left out of one where there are tools?", lost, _LOST),
        _probe(dialect, (on, call), "real", "Is its own taken back?", _as_it_is, _REAL),
        more("absent", "May reasoning be left out?", lost, _LOST),
        more("empty", "May it be empty?", partial(_with, dialect, ""), _LOST),
        more(
            "placeholder",
            "May other words stand for it?",
            partial(_with, dialect, _PLACEHOLDER),
            _STAND_IN,
        ),
        more("earlier", "May it be left out of an older turn?", lost, _LOST, after=_THANKS),
    ]
    if dialect is Dialect.MESSAGES:
        found.append(more("unsigned", "May it be unsigned?", _unsigned, _LOST))
        found.append(more("redacted", "May a redacted block stand beside it?", _redacted, _LOST))
    if dialect is Dialect.RESPONSES:
        found.append(_TORN)
    return tuple(found)


def _probe(
    dialect: Dialect,
    needs: tuple[str, ...],
    name: str,
    title: str,
    change: Callable[[Said], Said],
    words: Mapping[str, Meaning],
    *,
    after: str = "",
    tools: bool = True,
) -> Probe:
    """Goes on from the last of `needs`, with the assistant's turn changed, and says `after`."""
    return Probe(
        f"{dialect}-reasoning-{name}",
        title,
        judge_answer,
        frozenset({"answered"}),
        asks=(partial(_continued, dialect, change, after, tools),),
        needs=needs,
        dialect=dialect,
        tokens=450,
        words=words,
    )


def _continued(
    dialect: Dialect, change: Callable[[Said], Said], after: str, tools: bool, scene: Scene
) -> Call:
    """The conversation after the tool has run, or after a plain answer."""
    reply = scene.replies[-1]
    if not (wires.reasoning_of(reply) or "").strip():
        raise Unasked("the model did not think before")
    called = bool(reply.answer.turn().calls)
    items = [
        wires.to_call(dialect) if called else wires.user(wires.plain(dialect)),
        *change(wires.turn(reply)),
        *(wires.results(reply) if called else ()),
        *([wires.user(after)] if after else ()),
    ]
    offered = {"tools": [wires.tool(dialect)]} if tools else {}
    return Call(dialect, wires.asked(dialect, scene.model, *items, **offered))


def _as_it_is(said: Said) -> Said:
    return said


def _with(dialect: Dialect, text: str | None, said: Said) -> Said:
    return wires.thinking_as(dialect, said, text)


def _unsigned(said: Said) -> Said:
    content = [
        {name: value for name, value in block.items() if name != "signature"}
        for block in said[0]["content"]
    ]
    return [{**said[0], "content": content}]


def _redacted(said: Said) -> Said:
    hidden = {"type": "redacted_thinking", "data": "ZHNmaXg="}
    return [{**said[0], "content": [*said[0]["content"][:1], hidden, *said[0]["content"][1:]]}]


def _parallel(scene: Scene) -> Call:
    """Three calls at once, without thinking: torn apart they are refused all the same."""
    return Call("responses", _torn_body(scene.model))


def _interleaved(scene: Scene) -> Call:
    """Each call with its own output behind it, as some agents send them."""
    said = wires.turn(scene.replies[-1])
    calls = [item for item in said if item["type"] == "function_call"]
    if len(calls) < 2:
        raise Unasked("the model made no parallel calls")
    outputs = wires.results(scene.replies[-1])
    pairs = (item for pair in zip(calls, outputs, strict=True) for item in pair)
    return Call("responses", _torn_body(scene.model, *pairs))


def _torn_body(model: str, *items: wires.Body) -> wires.Body:
    dialect = Dialect.RESPONSES
    do = "Call the tool three times at once, with `echo 1`, `echo 2` and `echo 3`. [[parallel]]"
    more = {"tools": [wires.tool(dialect)], **wires.thinking(dialect, "disabled")}
    return wires.asked(dialect, model, wires.user(do), *items, **more)


_TORN = Probe(
    "responses-interleaved",
    "May each call be followed by its own output?",
    judge_answer,
    frozenset({"answered"}),
    asks=(_parallel, _interleaved),
    needs=("responses-thinking-off", "responses-tool-call"),
    dialect=Dialect.RESPONSES,
    tokens=450,
    words={
        "answered": Meaning("Agents may send calls and outputs in pairs."),
        "refused": Meaning("Parallel calls of Codex fail here."),
    },
)
