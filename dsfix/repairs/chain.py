"""The registry at work on a request.

A repair that raises is recorded as a failed change and what it was given goes on; under strict
rules (DSFIX_STRICT=1) it raises. Nothing here does I/O.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from functools import partial

from dsfix.protocol.body import Body, Dialect
from dsfix.protocol.history import History, root
from dsfix.protocol.turns import Turn, digest
from dsfix.repairs.base import (
    Change,
    Context,
    Repair,
    Rules,
    Stage,
    Stages,
    Step,
    guarded,
)
from dsfix.repairs.recall import Length, Memory, history_of
from dsfix.repairs.thinking_mode import is_disabled


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request as it goes upstream, and what is known of it.

    `body` is as the agent sent it, and so is `history`, but for calls and results that were put
    in order; both are None where the body is no request that can be taken apart: then `pieces` are
    what came in. `conversation` names its thread, `session` is the agent's own name for its
    session, and `carried` are the turns that it sent with their reasoning. `renamed` are replaced
    tool names: by the name that is sent, the agent's own; `freeform` are tools that take plain
    text and are sent as functions, and `searches_tools` is whether the agent's search for tools
    is. `thinks` is whether the model is left to think. `stages` are what each repair that changed
    anything made of it, in order.
    """

    dialect: Dialect
    pieces: Sequence[bytes]
    asked: str = ""
    sent: str = ""
    stream: bool = False
    body: Body | None = None
    history: History | None = None
    conversation: str = ""
    step: Step = Step.NONE
    changes: tuple[Change, ...] = ()
    replayed: int = 0
    placeholders: int = 0
    session: str = ""
    carried: tuple[tuple[int, Turn], ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)
    freeform: Set[tuple[str, str]] = frozenset()
    searches_tools: bool = False
    thinks: bool = True
    stages: tuple[Stage, ...] = ()

    @property
    def data(self) -> bytes:
        """What goes upstream, as a whole."""
        return b"".join(self.pieces)

    @property
    def size(self) -> int:
        """How many bytes go upstream."""
        return sum(map(len, self.pieces))

    def taken_apart(self) -> Outgoing:
        """What is told of it: its messages, and nothing that is as long as all of them."""
        return replace(
            self,
            pieces=(),
            body=self.body and self.body.without_source(),
            history=None,
            carried=(),
            stages=tuple(stage.without_source() for stage in self.stages),
        )

    def without_texts(self) -> Outgoing:
        """What is known of it, without what was said."""
        return replace(self, pieces=(), body=None, history=None, carried=(), stages=())


def prepare(
    dialect: Dialect,
    data: bytes,
    repairs: Sequence[Repair],
    rules: Rules,
    memory: Memory,
    step: Callable[[str], Step],
    session: str = "",
    length: Callable[[str], Length] = lambda conversation: Length(),
    read: Callable[[Dialect, bytes], Body | None] = Body.read,
) -> Outgoing:
    """The request with every repair applied, byte-identical where none had to.

    `step` tells how far recovery has gone for a conversation; `session` is the agent's own name
    for its session, and `length` tells what the upstream said of a conversation's length. `read`
    takes the body apart.
    """
    changes: list[Change] = []
    stages: Stages = []
    body = read(dialect, data)
    if body is None:
        data = _mended(data, repairs, dialect, changes, stages)
        body = Body.read(dialect, data) if changes else None
    if body is None:
        return Outgoing(dialect, (data,), changes=tuple(changes), stages=tuple(stages))
    conversation = root(dialect, body.messages)
    conversation = digest(session, conversation) if session else conversation
    seen = memory.seen(conversation, body.messages)
    history = history_of(body, seen, "history")
    at = step(conversation)
    quiet = is_disabled(body) or rules.thinking == "off" or at is Step.OFF
    context = Context(rules, memory, history, conversation, session, quiet, at, changes, stages)
    context.seen, context.length = seen, length(conversation)
    return _outgoing(body, _repaired(body, context, repairs), context)


def _repaired(body: Body, context: Context, repairs: Sequence[Repair]) -> Body:
    for repair in repairs:
        if repair.request is not None and body.dialect in repair.dialects:
            call, before = partial(repair.request, body, context), body
            body = guarded(repair.name, context.changes, call, body, context.rules.strict)
            if body is not before:
                context.stages.append(Stage(repair.name, before, body))
                if repair.regroups:
                    name = f"history after {repair.name}"
                    context.history = history_of(body, context.seen, name, context.history)
    return body


def _outgoing(body: Body, mended: Body, context: Context) -> Outgoing:
    return Outgoing(
        body.dialect,
        mended.pieces(),
        asked=_name(body),
        sent=_name(mended),
        stream=body.get("stream") is True,
        body=body,
        history=context.history,
        conversation=context.conversation,
        step=context.step,
        changes=tuple(context.changes),
        replayed=context.replayed,
        placeholders=context.placeholders,
        session=context.session,
        carried=tuple(context.carried),
        renamed=context.renamed,
        freeform=context.freeform,
        searches_tools=context.searches_tools,
        thinks=not is_disabled(mended),
        stages=tuple(context.stages),
    )


def _mended(
    data: bytes, repairs: Sequence[Repair], dialect: Dialect, changes: list[Change], stages: Stages
) -> bytes:
    for repair in repairs:
        if repair.text is not None and dialect in repair.dialects:
            new, count = repair.text(data)
            if count:
                changes.append(Change(repair.name, "lone surrogates replaced", count))
                stages.append(Stage(repair.name, data, new))
                data = new
    return data


def _name(body: Body) -> str:
    model = body.get("model")
    return model if isinstance(model, str) else ""
