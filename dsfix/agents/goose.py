"""goose: its OpenAI provider, led to the endpoint by variables, which beat its files.

The URL is given in two parts, host and path (read in block/goose,
crates/goose/src/providers/openai.rs, at 011dd8cc; not run here;
https://block.github.io/goose/docs/guides/environment-variables).
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from dsfix.agents.base import Agent, Request, Wiring
from dsfix.agents.environ import direct, option
from dsfix.protocol.body import Dialect

_PROVIDER = "openai"
# They lead some of the work to another provider, from the environment or a file alike.
_OTHERS = ("GOOSE_LEAD_PROVIDER", "GOOSE_PLANNER_PROVIDER")


def wire(request: Request) -> Wiring:
    """Provider, URL, token and model."""
    host = request.host
    url = urlsplit(request.endpoint.chat)
    model = (request.model or request.upstream.main).removesuffix("[1m]")
    asked = option(request.args, "--model") or model
    provider = option(request.args, "--provider") or _PROVIDER
    config = host.read(_config(request) / "config.yaml") or ""
    others = [name for name in _OTHERS if f"{name}:" in config and name not in host.environ]
    return Wiring(
        env={
            "GOOSE_PROVIDER": _PROVIDER,
            "GOOSE_MODEL": model,
            "OPENAI_HOST": f"{url.scheme}://{url.netloc}",
            "OPENAI_BASE_PATH": f"{url.path.lstrip('/')}/chat/completions",
            "OPENAI_API_KEY": request.endpoint.token,
            **direct(host.environ),
        },
        unset=tuple(name for name in _OTHERS if name in host.environ),
        models=(asked,) if request.upstream.knows(asked) else (),
        bypass=(
            *((f"--provider {provider}",) if provider != _PROVIDER else ()),
            *(f"config.yaml: {name}" for name in others),
        ),
    )


def _config(request: Request) -> Path:
    xdg = request.host.environ.get("XDG_CONFIG_HOME")
    return Path(xdg or request.host.home / ".config") / "goose"


GOOSE = Agent(
    name="goose",
    title="goose",
    commands=("goose",),
    wire=wire,
    dialects=(Dialect.CHAT,),
    install="brew install block-goose-cli",
    homepage="https://block.github.io/goose",
)
