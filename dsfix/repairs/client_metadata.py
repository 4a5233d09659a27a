"""What an agent tells its own vendor beside the request is taken out.

Codex's `client_metadata` names this installation, the session, the turn and the sandbox (Codex
0.169.0, measured 2026-11-21), as its headers do, which stay here too. Claude Code's `safeguards`
has the user's directories, rules, branches and remotes, for Anthropic to judge tool calls by in
auto mode (2.1.330, measured 2026-11-24; farion1231/cc-switch#7625, 2026-09-23). No other upstream
reads either. `prompt_cache_key` stays, which the cache is for.
"""

from __future__ import annotations

from collections.abc import Mapping

from dsfix.protocol.body import Body, Dialect
from dsfix.repairs.base import Context, Repair

# A member, and what it tells.
_TOLD: Mapping[Dialect, tuple[str, str]] = {
    Dialect.MESSAGES: ("safeguards", "directories, rules and remotes"),
    Dialect.RESPONSES: ("client_metadata", "installation and session ids"),
}


def without_client_metadata(body: Body, context: Context) -> Body:
    """The body without what the agent says of itself."""
    member, what = _TOLD[body.dialect]
    rest = body.without(member)
    if rest is not body:
        context.note(CLIENT_METADATA.name, f"{what} taken out")
    return rest


CLIENT_METADATA = Repair(
    "client-metadata",
    "Takes out what Codex and Claude Code tell their own vendors of this machine",
    frozenset(_TOLD),
    request=without_client_metadata,
)
