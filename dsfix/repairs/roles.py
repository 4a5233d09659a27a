"""Roles that the upstream does not know, or answers with nothing, are put into ones it does.

Chat: `developer` is refused ("unknown variant `developer`",
https://github.com/chatdeepai/deepseek-api-reproducible-tests, 2026-07-27). Responses: it is read
as the user's word by the vendor's own adapter (https://github.com/deepseek-ai/deepseek-recipe,
2026-09), though the page says system (https://api-docs.deepseek.com/guides/responses_api), so
`system` is said outright. Messages: a `system`
message that stands last gets an empty answer (QuantumNous/new-api#5411, PR#5413), so each one
becomes the last text block of the user message before it, or a user message of its own. It is
never hoisted to the top: that changes the first bytes of the prompt and voids the cache
(farion1231/cc-switch#3775, reverted in #4297).
"""

from __future__ import annotations

from collections.abc import Sequence

from dsfix.protocol import messages, spans
from dsfix.protocol.body import Body, Dialect
from dsfix.repairs.base import ALL, Context, Repair


def with_known_roles(body: Body, context: Context) -> Body:
    """The body with its roles as the upstream reads them."""
    if body.dialect is Dialect.MESSAGES:
        return _messages(body, context)
    return _developer(body, context)


def _developer(body: Body, context: Context) -> Body:
    places = _places("developer", context.history_of(body).roles)
    if not places:
        return body
    context.note(ROLES.name, "developer -> system", len(places))
    out = list(body.messages)
    for place in places:
        out[place] = _as_system(out[place])
    return body.saying(out)


def _places(role: str, roles: Sequence[str]) -> list[int]:
    """Where messages have that role; few do, and the others are passed over at once."""
    found: list[int] = []
    for _ in range(roles.count(role)):
        found.append(roles.index(role, found[-1] + 1 if found else 0))
    return found


def _as_system(raw: bytes) -> bytes:
    message = spans.members(raw)
    return raw if message is None else spans.build_object({**message, "role": b'"system"'})


def _messages(body: Body, context: Context) -> Body:
    roles = context.history_of(body).roles
    places = _places("system", roles)
    if not places:
        return body
    read = ((place, _text_blocks(body.messages[place])) for place in places)
    said = {place: blocks for place, blocks in read if blocks is not None}
    out: list[bytes] = []
    waiting: list[bytes] = []
    at, last = 0, ""
    for place in (*said, len(roles)):
        if between := body.messages[at:place]:
            if waiting:
                out.append(_joined(between[0], waiting) if roles[at] == "user" else _own(waiting))
                between = between[1:] if roles[at] == "user" else between
                waiting = []
            out += between
            last = roles[place - 1]
        at = place + 1
        if place not in said:
            break
        if last == "user":
            out[-1] = _joined(out[-1], said[place])
        elif last == "assistant" and _calls(out[-1]):
            # The results must follow the calls at once, so this waits for the user's message.
            waiting += said[place]
        else:
            out.append(_own(said[place]))
            last = "user"
    if waiting:
        out.append(_own(waiting))
    context.note(ROLES.name, "system message -> user text", len(places))
    return body.saying(out)


def _text_blocks(raw: bytes) -> list[bytes] | None:
    """The content of a message as blocks; None where it has a shape of its own."""
    message = spans.members(raw)
    if message is None:
        return None
    content = message.get("content", b'""')
    if content.startswith(b'"'):
        return [messages.worded(content)]
    return spans.items(content)


def _joined(raw: bytes, blocks: list[bytes]) -> bytes:
    message, own = spans.members(raw), _text_blocks(raw)
    if message is None or own is None:
        return raw
    return spans.build_object({**message, "content": spans.build_array([*own, *blocks])})


def _own(blocks: list[bytes]) -> bytes:
    return spans.build_object({"role": b'"user"', "content": spans.build_array(blocks)})


def _calls(raw: bytes) -> bool:
    turn = messages.turn(raw)
    return bool(turn and turn.calls)


ROLES = Repair(
    "roles",
    "Puts developer and mid-conversation system messages into roles the upstream reads",
    ALL,
    request=with_known_roles,
)
