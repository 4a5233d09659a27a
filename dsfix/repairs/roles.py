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
from dsfix.protocol.turns import Look
from dsfix.repairs.base import ALL, Context, Repair
from dsfix.repairs.unchanged import Again, each


def with_known_roles(body: Body, context: Context) -> Body:
    """The body with its roles as the upstream reads them."""
    if body.dialect is Dialect.MESSAGES:
        return _messages(body, context)
    return _developer(body, context)


def _developer(body: Body, context: Context) -> Body:
    history = context.history_of(body)
    count = history.roles.count("developer")
    if not count:
        return body
    context.note(ROLES.name, "developer -> system", count)
    found = each(context, ROLES.name, history, _in_place)
    return body.saying([new or old for new, old in zip(found, body.messages, strict=True)])


def _in_place(look: Look) -> bytes | None:
    """What is sent in place of a message, None where it can stay."""
    message = spans.members(look.raw) if look.role == "developer" else None
    return spans.build_object({**message, "role": b'"system"'}) if message else None


def _messages(body: Body, context: Context) -> Body:
    roles = context.history_of(body).roles
    if "system" not in roles:
        return body
    again = Again(context, ROLES.name)
    places = [place for place, role in enumerate(roles) if role == "system"]
    said = [at for at in places if again(_text_blocks, body.messages[at]) is not None]
    out: list[bytes] = []
    waiting: list[bytes] = []
    at, last = 0, ""
    for place in (*said, len(roles)):
        if between := body.messages[at:place]:
            if waiting and roles[at] == "user":
                out.append(again(_joined, between[0], *waiting))
                between = between[1:]
            elif waiting:
                out.append(again(_own, *waiting))
            waiting = []
            out += between
            last = roles[place - 1]
        at = place + 1
        if place == len(roles):
            break
        if last == "user":
            out[-1] = again(_joined, out[-1], body.messages[place])
        elif last == "assistant" and again(_calls, out[-1]):
            # The results must follow the calls at once, so this waits for the user's message.
            waiting.append(body.messages[place])
        else:
            out.append(again(_own, body.messages[place]))
            last = "user"
    if waiting:
        out.append(again(_own, *waiting))
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


def _blocks(said: Sequence[bytes]) -> list[bytes]:
    return [block for raw in said for block in _text_blocks(raw) or ()]


def _joined(raw: bytes, *said: bytes) -> bytes:
    """A user's message, and in it what these system messages say."""
    message, own = spans.members(raw), _text_blocks(raw)
    if message is None or own is None:
        return raw
    return spans.build_object({**message, "content": spans.build_array([*own, *_blocks(said)])})


def _own(*said: bytes) -> bytes:
    """A user's message that says what these system messages do."""
    return spans.build_object({"role": b'"user"', "content": spans.build_array(_blocks(said))})


def _calls(raw: bytes) -> bool:
    turn = messages.turn(raw)
    return bool(turn and turn.calls)


ROLES = Repair(
    "roles",
    "Puts developer and mid-conversation system messages into roles the upstream reads",
    ALL,
    request=with_known_roles,
)
