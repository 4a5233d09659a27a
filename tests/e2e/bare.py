"""How a user without dsfix points each agent at an endpoint, as its own guide says."""

from __future__ import annotations

import json
from pathlib import Path

REAL_KEY = "sk-e2e-0123456789abcdef0123456789abcdef"
PRO, FLASH = "deepseek-v4-pro", "deepseek-v4-flash"


def pointed(agent: str, url: str, home: Path) -> dict[str, str]:
    """The variables that lead the agent there; what only a file can say is written to its home."""
    return {
        "claude": _claude,
        "opencode": _opencode,
        "codex": _codex,
        "qwen": _qwen,
        "pi": _pi,
    }[agent.partition("-")[0]](url, home)


def _claude(url: str, home: Path) -> dict[str, str]:
    return {
        "ANTHROPIC_BASE_URL": f"{url}/anthropic",
        "ANTHROPIC_AUTH_TOKEN": REAL_KEY,
        "ANTHROPIC_MODEL": PRO,
        "ANTHROPIC_DEFAULT_OPUS_MODEL": PRO,
        "ANTHROPIC_DEFAULT_SONNET_MODEL": PRO,
        "ANTHROPIC_DEFAULT_HAIKU_MODEL": FLASH,
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    }


def _opencode(url: str, home: Path) -> dict[str, str]:
    entry = {"status": "active", "name": "model", "reasoning": True, "tool_call": True}
    chat = {"baseURL": url, "apiKey": REAL_KEY}
    messages = {"baseURL": f"{url}/anthropic/v1", "apiKey": REAL_KEY}
    models = {PRO: {"status": "active"}, FLASH: entry}
    config = {
        "provider": {
            "deepseek": {"options": chat, "models": models},
            "anthropic": {"options": messages},
        }
    }
    return {
        "OPENCODE_CONFIG_CONTENT": json.dumps(config),
        "OPENCODE_DISABLE_AUTOUPDATE": "1",
    }


def _codex(url: str, home: Path) -> dict[str, str]:
    """https://api-docs.deepseek.com/quick_start/agent_integrations/codex, less its catalogue."""
    text = f"""
        model = "{PRO}"
        model_provider = "deepseek"
        [model_providers.deepseek]
        name = "deepseek"
        base_url = "{url}"
        wire_api = "responses"
        env_key = "DEEPSEEK_API_KEY"
    """
    _write(home / ".codex/config.toml", text)
    return {"DEEPSEEK_API_KEY": REAL_KEY}


def _qwen(url: str, home: Path) -> dict[str, str]:
    return {
        "OPENAI_BASE_URL": url,
        "OPENAI_API_KEY": REAL_KEY,
        "OPENAI_MODEL": PRO,
        "ANTHROPIC_BASE_URL": f"{url}/anthropic",
        "ANTHROPIC_API_KEY": REAL_KEY,
        "ANTHROPIC_MODEL": PRO,
    }


def _pi(url: str, home: Path) -> dict[str, str]:
    """The host's name in the path is what switches pi's quirks for DeepSeek on."""
    base = f"{url}/api.deepseek.com"
    providers = {
        "deepseek": {"baseUrl": base, "apiKey": "DEEPSEEK_API_KEY"},
        "anthropic": {"baseUrl": f"{base}/anthropic", "apiKey": "DEEPSEEK_API_KEY"},
    }
    _write(home / ".pi/agent/models.json", json.dumps({"providers": providers}))
    return {"DEEPSEEK_API_KEY": REAL_KEY}


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
