"""What Codex says of itself beside the request is taken out.

Its `client_metadata` names this installation, the session, the turn and the sandbox (Codex
0.169.0, measured 2026-11-21), as its headers do, which stay here too. It is for Codex's own
vendor: no public API has such a member. `prompt_cache_key` stays, which the cache is for.
"""

from __future__ import annotations

from dsfix.protocol.body import Body, Dialect
from dsfix.repairs.base import Context, Repair


def without_client_metadata(body: Body, context: Context) -> Body:
    """The body without what the agent says of itself."""
    rest = body.without("client_metadata")
    if rest is not body:
        context.note(CLIENT_METADATA.name, "installation and session ids taken out")
    return rest


CLIENT_METADATA = Repair(
    "client-metadata",
    "Takes out the installation and session ids that Codex puts beside the request",
    frozenset({Dialect.RESPONSES}),
    request=without_client_metadata,
)
