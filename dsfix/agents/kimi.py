"""Kimi Code: a model of ours from the environment, for Kimi Code and for the older Kimi CLI.

KIMI_MODEL_NAME makes Kimi Code build a provider in memory that beats the default model of its
configuration (https://moonshotai.github.io/kimi-code/en/configuration/env-vars). Kimi CLI, which
it replaced, has the same command and the KIMI_* names without MODEL
(https://moonshotai.github.io/kimi-cli/en/configuration/env-vars.html).
"""

from __future__ import annotations

from dsfix.agents.base import Agent, Request, Wiring
from dsfix.agents.environ import direct, option
from dsfix.protocol.body import Dialect

_WIRE = "KIMI_MODEL_PROVIDER_TYPE"
_ANTHROPIC = "anthropic"


def wire(request: Request) -> Wiring:
    """URL, token and model; the user may ask for the Messages wire by Kimi's own variable."""
    endpoint, environ = request.endpoint, request.host.environ
    messages = environ.get(_WIRE) == _ANTHROPIC
    name = (request.model or request.upstream.main).removesuffix("[1m]")
    return Wiring(
        env={
            _WIRE: _ANTHROPIC if messages else "openai",
            "KIMI_MODEL_BASE_URL": endpoint.messages if messages else endpoint.chat,
            "KIMI_MODEL_API_KEY": endpoint.token,
            "KIMI_MODEL_NAME": name,
            **_abilities(request, name),
            "KIMI_BASE_URL": endpoint.chat,
            "KIMI_API_KEY": endpoint.token,
            **direct(environ),
        },
        models=(name,) if request.upstream.knows(name) else (),
        bypass=_bypass(request.args),
    )


def _abilities(request: Request, name: str) -> dict[str, str]:
    """What Kimi assumes otherwise: 256K of context, and that every model sees images."""
    known = next((model for model in request.upstream.models if model.id == name), None)
    if known is None:
        return {}
    sees = ",image_in" if known.vision else ""
    return {
        "KIMI_MODEL_MAX_CONTEXT_SIZE": str(known.context),
        "KIMI_MODEL_CAPABILITIES": f"thinking{sees}",
    }


def _bypass(args: tuple[str, ...]) -> tuple[str, ...]:
    """A model of the user's configuration, which beats the environment."""
    alias = option(args, "-m", "--model")
    return (f"--model {alias}",) if alias else ()


KIMI = Agent(
    name="kimi",
    title="Kimi Code",
    commands=("kimi", "kimi-cli"),
    wire=wire,
    dialects=(Dialect.CHAT, Dialect.MESSAGES),
    packages=("@moonshot-ai/kimi-code", "kimi-cli"),
    install="npm install -g @moonshot-ai/kimi-code",
    homepage="https://moonshotai.github.io/kimi-code",
    verified="2.1.0",
)
