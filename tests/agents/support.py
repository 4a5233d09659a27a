"""A host of dictionaries and an upstream that does not change with the vendor's data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dsfix.agents.base import Endpoint, Host, Request
from dsfix.upstreams.base import Model, Upstream

ROOT = "http://127.0.0.1:4242/api.deepseek.com"
TOKEN = "session-token"
HOME = Path("/home/me")
CWD = Path("/home/me/code/app")
NO_PROXY = {"NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost"}

UPSTREAM = Upstream(
    name="deepseek",
    vendor="deepseek",
    title="DeepSeek",
    origin="https://api.deepseek.com",
    paths={"messages": "/anthropic/v1/messages", "chat": "/chat/completions"},
    key_env="DEEPSEEK_API_KEY",
    hosts=("api.deepseek.com",),
    models=(
        Model("deepseek-v4-pro", 1048576, 393216),
        Model("deepseek-v4-flash", 1048576, 393216, vision=True),
        Model("deepseek-flash", 1048576, 393216, vision=True),
    ),
    main="deepseek-v4-pro",
    small="deepseek-v4-flash",
    agent_env={
        "claude": {
            "CLAUDE_CODE_AUTO_COMPACT_WINDOW": "786432",
            "CLAUDE_CODE_EFFORT_LEVEL": "max",
        }
    },
)


def request(
    *args: str,
    environ: Mapping[str, str] | None = None,
    files: Mapping[str, Any] | None = None,
    model: str = "",
    small_model: str = "",
    upstream: Upstream = UPSTREAM,
) -> Request:
    """A request to wire; `~` in a file's name is the home, other names are in the project."""
    texts = {
        _place(name): text if isinstance(text, str) else json.dumps(text)
        for name, text in (files or {}).items()
    }
    host = Host(environ=environ or {}, cwd=CWD, home=HOME, read=texts.get)
    return Request(Endpoint(ROOT, TOKEN), upstream, host, args, model, small_model)


def _place(name: str) -> Path:
    return HOME / name[2:] if name.startswith("~/") else CWD / name
