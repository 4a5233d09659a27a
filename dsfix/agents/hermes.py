"""Hermes Agent: a provider of ours, in a managed folder that is merged over its configuration.

What `hermes setup` puts into `~/.hermes/.env` beats the environment, a DeepSeek key among it, and
for its own providers beats a managed `.env` too. A provider of its own name is not found there;
the `config.yaml` of a managed folder, meant for administrators, may add one beside the user's and
name variables in it (read and measured in 0.19.0, 2026-11-21;
https://hermes-agent.nousresearch.com/docs).
"""

from __future__ import annotations

from pathlib import Path

from dsfix.agents.base import Agent, Host, Request, Wiring
from dsfix.agents.environ import direct, option
from dsfix.protocol.body import Dialect

MANAGED = Path(__file__).with_name("hermes_managed")
_VARIABLE = "HERMES_MANAGED_DIR"
_SYSTEM = Path("/etc/hermes")
_OURS, _BUILT_IN = "dsfix", "deepseek"


def wire(request: Request) -> Wiring:
    """Provider and model in front, where they hold for every subcommand; the user's own win."""
    endpoint, args = request.endpoint, request.args
    own_provider = option(args, "--provider")
    own_model = option(args, "-m", "--model")
    model = (request.model or request.upstream.main).removesuffix("[1m]")
    managed = _managed(request.host)
    provider = () if own_provider else ("--provider", _BUILT_IN if managed else _OURS)
    chosen = () if own_provider or own_model else ("--model", model)
    asked = own_model or (model if chosen else "")
    return Wiring(
        env={
            "DEEPSEEK_BASE_URL": endpoint.chat,
            "DEEPSEEK_API_KEY": endpoint.token,
            **({} if managed else {_VARIABLE: str(MANAGED)}),
            **direct(request.host.environ),
        },
        args=(*provider, *chosen),
        models=(asked,) if request.upstream.knows(asked) else (),
        bypass=(*_elsewhere(own_provider), *_overruled(request.host, managed)),
    )


def _managed(host: Host) -> Path | None:
    """An administrator's folder, which is left in force; None where there is none."""
    named = host.environ.get(_VARIABLE)
    if named:
        return Path(named)
    files = (_SYSTEM / name for name in (".env", "config.yaml"))
    return _SYSTEM if any(host.read(path) is not None for path in files) else None


def _elsewhere(provider: str | None) -> tuple[str, ...]:
    return (f"--provider {provider}",) if provider not in (None, _OURS, _BUILT_IN) else ()


def _overruled(host: Host, managed: Path | None) -> tuple[str, ...]:
    """Keys and URLs in a `.env`, which beats the environment where our provider is not known."""
    if managed is None:
        return ()
    home = Path(host.environ.get("HERMES_HOME") or host.home / ".hermes")
    paths = (home / ".env", managed / ".env")
    return tuple(f"{path}: DEEPSEEK_*" for path in paths if "DEEPSEEK_" in (host.read(path) or ""))


HERMES = Agent(
    name="hermes",
    title="Hermes Agent",
    commands=("hermes",),
    wire=wire,
    dialects=(Dialect.CHAT,),
    packages=("hermes-agent",),
    install="uv tool install hermes-agent",
    homepage="https://hermes-agent.nousresearch.com",
    verified="0.19.0",
)
