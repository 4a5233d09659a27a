"""DeepSeek Harness: URL and key from the environment, below its own settings.

A `baseURL` that is stored in its settings or set by a patch outranks DEEPSEEK_BASE_URL, and so
no variable and no `--patch` of ours can move it without setting all settings aside; it is named
instead (read in deepseek-ai/deepseek-harness, packages/llm/llm-deepseek, 2026-08-21; not run
here).
"""

from __future__ import annotations

import re
from pathlib import Path

from dsfix.agents.base import Agent, Request, Wiring
from dsfix.agents.environ import direct
from dsfix.protocol.body import Dialect

_FILES = ("settings.yaml", "cordis.patch.yml")
_BASE = re.compile(r"^[ \t]*[\"']?baseURL[\"']?[ \t]*:", re.MULTILINE)


def wire(request: Request) -> Wiring:
    """URL and token for the model, and the same for its search, which speaks Messages."""
    host, endpoint = request.host, request.endpoint
    home = Path(host.environ.get("DSH_HOME") or host.home / ".dsh")
    stored = [home / name for name in _FILES if _BASE.search(host.read(home / name) or "")]
    return Wiring(
        env={
            "DEEPSEEK_BASE_URL": endpoint.chat,
            "DEEPSEEK_SEARCH_BASE_URL": f"{endpoint.messages}/v1",
            "DEEPSEEK_API_KEY": endpoint.token,
            **direct(host.environ),
        },
        bypass=tuple(f"{path}: baseURL" for path in stored),
    )


DSH = Agent(
    name="dsh",
    title="DeepSeek Harness",
    commands=("dsh",),
    wire=wire,
    dialects=(Dialect.CHAT, Dialect.MESSAGES),
    packages=("@deepseek-ai/dsh",),
    install="npm install -g @deepseek-ai/dsh",
    homepage="https://github.com/deepseek-ai/deepseek-harness",
)
