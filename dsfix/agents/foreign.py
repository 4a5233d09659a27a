"""Agents that cannot be led to the endpoint, with the reason: it is told instead of starting them.

Started all the same they would run past us, on another vendor's account.
"""

from __future__ import annotations

from typing import NamedTuple


class Foreign(NamedTuple):
    """A program known not to work here; `commands` are the names of its executable.

    `reason` says why in half a sentence, `hint` what to do instead.
    """

    name: str
    title: str
    commands: tuple[str, ...]
    reason: str
    hint: str
    homepage: str
    packages: tuple[str, ...] = ()


FOREIGN = (
    Foreign(
        "gemini",
        "Gemini CLI",
        ("gemini",),
        # 0.61.0, driven 2026-11-20: "Invalid auth method selected"
        "it speaks Google's protocol only, which DeepSeek does not serve",
        "Qwen Code is made from it: dsfix run qwen; dsfix agents lists the others",
        "https://github.com/google-gemini/gemini-cli",
        ("@google/gemini-cli",),
    ),
    Foreign(
        "cursor-agent",
        "Cursor CLI",
        ("cursor-agent",),
        # no base URL, no key of another vendor: https://cursor.com/docs/cli/reference/configuration
        "its requests go through its vendor's own server, which no setting moves",
        "dsfix agents lists those that can",
        "https://cursor.com/cli",
    ),
)
