"""Crush: a configuration of ours where the user has none of their own.

The URL of its DeepSeek provider can only be changed in a file, which may name variables. The
folder of the global file comes from CRUSH_GLOBAL_CONFIG (read in charmbracelet/crush,
internal/config/load.go, 2026-08-21; not run here). A file of the user's is not set aside: it
needs two members, which go on working without dsfix.
"""

from __future__ import annotations

from pathlib import Path

from dsfix.agents.base import Agent, Host, Request, Wiring
from dsfix.agents.environ import direct
from dsfix.protocol.body import Dialect

FOLDER = Path(__file__).parent / "crush_config"
_VARIABLE = "CRUSH_GLOBAL_CONFIG"
_NEEDED = (
    '"base_url": "${DSFIX_ENDPOINT:-https://api.deepseek.com/v1}",'
    ' "api_key": "${DSFIX_TOKEN:-$DEEPSEEK_API_KEY}"'
)


def wire(request: Request) -> Wiring:
    """Our folder, or what the user's own file lacks."""
    host = request.host
    env = {"DEEPSEEK_API_KEY": request.endpoint.token, **direct(host.environ)}
    own = _own(host)
    if own is None:
        return Wiring(env={**env, _VARIABLE: str(FOLDER)})
    if "DSFIX_ENDPOINT" in (host.read(own) or ""):
        return Wiring(env=env)
    return Wiring(
        env=env,
        bypass=(f"{own}: providers.deepseek",),
        notes=(f"{own} needs in providers.deepseek: {_NEEDED}",),
    )


def _own(host: Host) -> Path | None:
    """The user's global configuration, None where there is none."""
    named, xdg = host.environ.get(_VARIABLE), host.environ.get("XDG_CONFIG_HOME")
    folder = Path(named) if named else Path(xdg or host.home / ".config") / "crush"
    paths = (folder / name for name in ("crush.json", "crushrc"))
    return next((path for path in paths if host.read(path) is not None), None)


CRUSH = Agent(
    name="crush",
    title="Crush",
    commands=("crush",),
    wire=wire,
    dialects=(Dialect.CHAT,),
    packages=("@charmland/crush",),
    install="npm install -g @charmland/crush",
    homepage="https://github.com/charmbracelet/crush",
)
