"""Tools go under names that the upstream accepts, and come back under the agent's own.

"Invalid 'tools[0].function.name': string does not match pattern" (zed-industries/zed#57531,
2026-05-22): names of MCP tools with a dot, a colon, a space or CJK, and names of more than 64
letters (https://api-docs.deepseek.com/api/create-chat-completion), on Responses 128
(https://api-docs.deepseek.com/guides/responses_api). What stands for such a name is made from it
alone, so it is the same in every request, wherever the tool stands; it is put into the tools, the
choice and the calls of the history. A name that is offered twice is refused too ("Tool names must
be unique", deepseek-ai/deepseek-recipe, 2026-09): nobody could tell the calls apart, so the first
tool stays.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from itertools import count
from typing import NamedTuple

from dsfix.protocol import responses, spans
from dsfix.protocol.body import Body, Dialect
from dsfix.protocol.spans import EACH
from dsfix.protocol.turns import Look, digest
from dsfix.repairs.base import ALL, Answering, AnswerRepair, Context, Repair
from dsfix.repairs.unchanged import KEPT, each

Path = tuple[str | None, ...]

_LONGEST: Mapping[Dialect, int] = {
    Dialect.MESSAGES: 64,
    Dialect.CHAT: 64,
    Dialect.RESPONSES: 128,
}
_VALID = {
    dialect: re.compile(rb"[a-zA-Z0-9_-]{1,%d}" % longest) for dialect, longest in _LONGEST.items()
}
_NAME = re.compile(rb'"name"\s*:\s*"([^"]*)"')
# A quote inside a JSON string is escaped, so this finds members only: those whose value is
# not plainly a valid name.
_DOUBTFUL = {
    dialect: re.compile(rb'"name(?:space)?"\s*:\s*"(?!%b")' % valid.pattern)
    for dialect, valid in _VALID.items()
}
_FOREIGN = re.compile(r"[^a-zA-Z0-9_-]+")
_MARK = 8

# Where names stand: in the tools, in the choice, in a message (on Responses: an item), in an
# event and in a whole answer.
_TOOLS: Mapping[Dialect, tuple[Path, ...]] = {
    Dialect.MESSAGES: ((EACH, "name"),),
    Dialect.CHAT: ((EACH, "function", "name"),),
    Dialect.RESPONSES: ((EACH, "name"), (EACH, "tools", EACH, "name")),
}
_CHOICE: Mapping[Dialect, tuple[Path, ...]] = {
    Dialect.MESSAGES: (("name",),),
    Dialect.CHAT: (("function", "name"),),
    Dialect.RESPONSES: (("name",),),
}
_CALLS: Mapping[Dialect, tuple[Path, ...]] = {
    Dialect.MESSAGES: (("content", EACH, "name"),),
    Dialect.CHAT: (("tool_calls", EACH, "function", "name"),),
    Dialect.RESPONSES: (("name",), ("namespace",)),
}
_EVENT: Mapping[Dialect, tuple[Path, ...]] = {
    Dialect.MESSAGES: (("content_block", "name"),),
    Dialect.CHAT: (("choices", EACH, "delta", "tool_calls", EACH, "function", "name"),),
    Dialect.RESPONSES: (
        ("name",),
        ("item", "name"),
        ("item", "namespace"),
        ("response", "output", EACH, "name"),
        ("response", "output", EACH, "namespace"),
    ),
}
_WHOLE: Mapping[Dialect, tuple[Path, ...]] = {
    Dialect.MESSAGES: (("content", EACH, "name"),),
    Dialect.CHAT: (("choices", EACH, "message", "tool_calls", EACH, "function", "name"),),
    Dialect.RESPONSES: (("output", EACH, "name"), ("output", EACH, "namespace")),
}


def with_accepted_names(body: Body, context: Context) -> Body:
    """The body with names that the upstream accepts; `context.renamed` says what they stand for."""
    tools = body.members.get("tools", b"[]")
    offered = _offered(tools, body.dialect)
    if not _plain(tools, body.dialect):
        body = _with_tools(body, context, _Renaming(body.dialect, offered, context.renamed))
    make = partial(_in_place, body.dialect, offered)
    found = each(context, TOOL_NAMES.name, context.history_of(body), make, offered)
    if len(found) > found.count(None):
        for call in filter(None, found):
            context.renamed.update(call.renamed)
        both = zip(found, body.messages, strict=True)
        body = body.saying([new.sent if new else old for new, old in both])
    if context.renamed:
        context.note(TOOL_NAMES.name, "names replaced", len(context.renamed))
    return body


@lru_cache(maxsize=KEPT)
def _plain(tools: bytes, dialect: Dialect) -> bool:
    """Whether all names are valid and distinct, looking no further than their bytes."""
    names = _NAME.findall(tools)
    return len(set(names)) == len(names) and all(map(_VALID[dialect].fullmatch, names))


@lru_cache(maxsize=KEPT)
def _offered(tools: bytes, dialect: Dialect) -> frozenset[str]:
    """The names of the tools."""
    return frozenset(_decoded(tools, _TOOLS[dialect]))


class _Call(NamedTuple):
    """A message as it is sent, and the agent's own names by those that stand for them in it."""

    sent: bytes
    renamed: Mapping[str, str]


def _in_place(dialect: Dialect, offered: frozenset[str], look: Look) -> _Call | None:
    """What is sent in place of a message, None where it can stay."""
    if look.role != "assistant" or not _is_doubtful(dialect, look):
        return None
    if dialect is Dialect.RESPONSES and responses.kind(look.raw) != "call":
        return None
    renamed: dict[str, str] = {}
    sent = _edited(look.raw, _CALLS[dialect], _Renaming(dialect, offered, renamed))
    return None if sent is look.raw else _Call(sent, renamed)


def _is_doubtful(dialect: Dialect, look: Look) -> bool:
    if look.plain and look.turn is not None and dialect is not Dialect.RESPONSES:
        return not _are_valid(dialect, look.turn.names)
    return _DOUBTFUL[dialect].search(look.raw) is not None


@lru_cache(maxsize=1024)
def _are_valid(dialect: Dialect, names: tuple[str, ...]) -> bool:
    return all(_VALID[dialect].fullmatch(name.encode()) for name in names)


class _Renaming:
    """Gives each name the one that is sent for it, and keeps what was replaced in `renamed`."""

    def __init__(self, dialect: Dialect, offered: frozenset[str], renamed: dict[str, str]) -> None:
        self._valid, self._longest = _VALID[dialect], _LONGEST[dialect]
        self._offered, self._renamed = offered, renamed

    def __call__(self, raw: bytes) -> bytes:
        """The raw name to send; the same object where it may stay."""
        name = spans.value(raw)
        if not isinstance(name, str) or self._valid.fullmatch(name.encode()):
            return raw
        sent = self._accepted(name)
        self._renamed[sent] = name
        return spans.encode(sent)

    def _accepted(self, name: str) -> str:
        """A readable valid name that stands for this one and is no other tool's own."""
        stem = _FOREIGN.sub("_", name).strip("_")[: self._longest - _MARK - 1] or "tool"
        names = (f"{stem}_{digest('tool', name, str(salt))[:_MARK]}" for salt in count())
        return next(each for each in names if each not in self._offered)


def _with_tools(body: Body, context: Context, rename: _Renaming) -> Body:
    """The body with its tools and its choice renamed, and no tool twice."""
    for member, paths in (("tools", _TOOLS), ("tool_choice", _CHOICE)):
        given = body.members.get(member, b"null")
        new = _edited(given, paths[body.dialect], rename)
        if new is not given:
            body = body.having(member, new)
    tools = spans.items(body.members.get("tools", b"[]")) or []
    once: dict[str | int, bytes] = {}
    for place, tool in enumerate(tools):
        once.setdefault(_identity(tool, body.dialect, place), tool)
    if len(once) == len(tools):
        return body
    context.note(TOOL_NAMES.name, "tools offered twice taken out", len(tools) - len(once))
    return body.having("tools", spans.build_array(once.values()))


def _identity(tool: bytes, dialect: Dialect, place: int) -> str | int:
    """The name of a function; its place for a tool that has none, or is the server's."""
    names = _decoded(tool, [path[1:] for path in _TOOLS[dialect][:1]])
    kind = spans.value((spans.members(tool) or {}).get("type"))
    return names[0] if names and kind in (None, "function", "custom") else place


def _decoded(raw: bytes, paths: Sequence[Path]) -> list[str]:
    """The names at these paths."""
    found: list[str] = []

    def seen(name: bytes) -> bytes:
        found.append(str(spans.value(name)))
        return name

    _edited(raw, paths, seen)
    return found


def _edited(raw: bytes, paths: Sequence[Path], change: Callable[[bytes], bytes]) -> bytes:
    for path in paths:
        raw = spans.edited(raw, path, change)
    return raw


def _back(paths: Sequence[Path]) -> Callable[[bytes, Answering], bytes]:
    """How an answer is given back the agent's own names at these paths.

    A name comes whole: on Chat in the opening frame of its call, whose arguments follow in
    pieces (tinkerindustries/agent-harness, 2026-08-09).
    """

    def back(data: bytes, answering: Answering) -> bytes:
        def own(raw: bytes) -> bytes:
            name = answering.renamed.get(str(spans.value(raw)))
            return raw if name is None else spans.encode(name)

        return _edited(data, paths, own)

    return back


def _answer(dialect: Dialect) -> AnswerRepair:
    event = _back(_EVENT[dialect])
    return AnswerRepair(
        (b'"name"',),
        lambda data, answering: [event(data, answering)],
        _back(_WHOLE[dialect]),
        lambda answering: bool(answering.renamed),
        long=dialect is Dialect.RESPONSES,
    )


TOOL_NAMES = Repair(
    "tool-names",
    "Sends tools under names that the upstream accepts, and gives the agent its own names back",
    ALL,
    request=with_accepted_names,
    answer={dialect: _answer(dialect) for dialect in Dialect},
)
