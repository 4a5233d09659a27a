"""What an exchange is for: the main thread, a sub-agent, a title, a probe."""

from __future__ import annotations

from collections.abc import Mapping

from dsfix.repairs.chain import Outgoing


def kind_of(outgoing: Outgoing, headers: Mapping[str, str]) -> str:
    """The label of a request, told by what agents do (measured 2026-11-20).

    Claude Code marks its sub-agents with a header and probes a model with `max_tokens: 1`;
    titles and summaries offer no tools.
    """
    body = outgoing.body
    if body is None:
        return "other"
    if "x-claude-code-agent-id" in headers:
        return "sub-agent"
    if body.get("max_tokens") == 1:
        return "probe"
    return "main" if body.has_tools else "title"


# Claude Code's, OpenCode's and Codex's own names for a session: the same after resuming and
# compaction.
_SESSION = ("x-claude-code-session-id", "x-session-id", "x-session-affinity", "thread-id")


def session_of(headers: Mapping[str, str]) -> str:
    """The agent's own name for its session and its sub-agent, empty when it gives none."""
    session = next((headers[name] for name in _SESSION if headers.get(name)), "")
    agent = headers.get("x-claude-code-agent-id", "")
    named = f"{session} {agent}" if session and agent else session
    return named.encode("utf-8", "replace").decode()  # no disk takes half a character
