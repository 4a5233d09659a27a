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

from dsfix.protocol import messages, spans
from dsfix.protocol.body import Body, Dialect
from dsfix.repairs.base import ALL, Context, Repair


def with_known_roles(body: Body, context: Context) -> Body:
    """The body with its roles as the upstream reads them."""
    if body.dialect is Dialect.MESSAGES:
        return _messages(body, context)
    return _developer(body, context)


def _developer(body: Body, context: Context) -> Body:
    roles = context.history_of(body).roles
    if "developer" not in roles:
        return body
    context.note(ROLES.name, "developer -> system", roles.count("developer"))
    return body.saying(
        [
            _as_system(raw) if role == "developer" else raw
            for role, raw in zip(roles, body.messages, strict=True)
        ]
    )


def _as_system(raw: bytes) -> bytes:
    message = spans.members(raw)
    return raw if message is None else spans.build_object({**message, "role": b'"system"'})


def _messages(body: Body, context: Context) -> Body:
    roles = context.history_of(body).roles
    if "system" not in roles:
        return body
    out: list[bytes] = []
    waiting: list[bytes] = []
    last = ""
    for role, raw in zip(roles, body.messages, strict=True):
        blocks = _text_blocks(raw) if role == "system" else None
        if blocks is None:
            if waiting:
                out.append(_joined(raw, waiting) if role == "user" else _own(waiting))
                if role != "user":
                    out.append(raw)
                waiting = []
            else:
                out.append(raw)
            last = role
        elif last == "user":
            out[-1] = _joined(out[-1], blocks)
        elif last == "assistant" and _calls(out[-1]):
            # The results must follow the calls at once, so this waits for the user's message.
            waiting += blocks
        else:
            out.append(_own(blocks))
            last = "user"
    if waiting:
        out.append(_own(waiting))
    context.note(ROLES.name, "system message -> user text", roles.count("system"))
    return body.saying(out)


def _text_blocks(raw: bytes) -> list[bytes] | None:
    """The content of a message as blocks; None where it has a shape of its own."""
    message = spans.members(raw)
    if message is None:
        return None
    content = message.get("content", b'""')
    if content.startswith(b'"'):
        return [b'{"type":"text","text":' + content + b"}"]
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
