"""The user id becomes a stable pseudonym within the charset.

Claude Code sends JSON with a device and a session id. DeepSeek refused it
("Invalid 'user_id': string does not match pattern", deepseek-ai/DeepSeek-V3#1277, 2026-05-06),
and partitions its prompt cache by user id (https://api-docs.deepseek.com/quick_start/rate_limit),
so two sessions of one user share no cached prefix. The pseudonym is made from what is stable in
the id; Claude Code's device id stays on the machine.
"""

from __future__ import annotations

import re
from functools import lru_cache

from dsfix.protocol import spans
from dsfix.protocol.body import Body, Dialect
from dsfix.protocol.turns import digest
from dsfix.repairs.base import BOTH, Context, Repair

_VALID = re.compile(r"[a-zA-Z0-9_-]{1,512}")
# Claude Code before 2.1.129: user_<hash>_account_<uuid>_session_<uuid>
_OLD_FORM = re.compile(r"(user_[0-9a-f]+)_account_.*_session_.*")
_SESSION_KEYS = ("session_id",)


def with_pseudonym(body: Body, context: Context) -> Body:
    """The body with a user id that the upstream accepts and that does not change."""
    on_chat = body.dialect is Dialect.CHAT
    member, replaced = ("user_id", _replaced) if on_chat else ("metadata", _inside)
    given = body.members.get(member)
    changed = replaced(given) if given is not None else None
    if changed is None:
        return body
    context.note(USER_ID.name, "user id replaced by a stable pseudonym")
    return body.having(member, changed)


@lru_cache(maxsize=64)  # an agent sends the same one each time
def _inside(raw: bytes) -> bytes | None:
    """The metadata to put in place of these, None where they can stay."""
    metadata = spans.members(raw)
    given = metadata.get("user_id") if metadata else None
    changed = _replaced(given) if given is not None else None
    return spans.build_object({**metadata, "user_id": changed}) if metadata and changed else None


def _replaced(raw: bytes) -> bytes | None:
    """The raw value to put in place of the user id, None where it can stay."""
    given = spans.value(raw)
    if not isinstance(given, str):
        return None
    stable = _stable_part(given)
    if stable == given and _VALID.fullmatch(given):
        return None
    return spans.encode("dsfix-" + digest("user", stable))


def _stable_part(given: str) -> str:
    """What names the user and not the session."""
    if old := _OLD_FORM.fullmatch(given):
        return old[1]
    inner = spans.value(given.encode("utf-8", "replace")) if given.startswith("{") else None
    if isinstance(inner, dict):
        kept = {key: inner[key] for key in sorted(inner) if key not in _SESSION_KEYS}
        return spans.encode(kept).decode()
    return given


USER_ID = Repair(
    "user-id",
    "Replaces the user id by a stable pseudonym, so that the cache is shared",
    BOTH,
    request=with_pseudonym,
)
