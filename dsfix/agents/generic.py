"""Any program that takes its model API from the environment."""

from __future__ import annotations

from dsfix.agents.base import Agent, Request, Wiring
from dsfix.agents.environ import direct
from dsfix.protocol.body import Dialect


def wire(request: Request) -> Wiring:
    """Set every common spelling of base URL and key.

    ANTHROPIC_API_KEY is set to the token as well: Vercel's `@ai-sdk/anthropic`, LiteLLM and
    Qwen Code read nothing else, and the official SDKs then send the token in both headers,
    which the proxy takes (https://docs.litellm.ai/docs/providers/anthropic). The price: Claude
    Code, started interactively from such a program, asks about the key (measured with 2.1.197,
    2026-11-21); started by name it has an entry of its own.
    """
    endpoint = request.endpoint
    env = {
        "ANTHROPIC_BASE_URL": endpoint.messages,
        "ANTHROPIC_AUTH_TOKEN": endpoint.token,
        "ANTHROPIC_API_KEY": endpoint.token,
        **direct(request.host.environ),
    }
    for vendor in ("OPENAI", "DEEPSEEK"):
        env[f"{vendor}_BASE_URL"] = endpoint.chat
        env[f"{vendor}_API_BASE"] = endpoint.chat
        env[f"{vendor}_API_KEY"] = endpoint.token
    return Wiring(env=env)


GENERIC = Agent(
    name="generic", title="Any program", commands=(), wire=wire, dialects=tuple(Dialect)
)
