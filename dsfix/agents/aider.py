"""aider: through the environment, and an env file of ours that no other one beats.

aider lets every `.env` that it finds override the variables it was started with, so a DeepSeek
key in one would take the token's place. A file named by `--env-file` is read last, beside the
others and not in their place, and its values may name variables (read and measured in 0.86.2,
2026-11-21; https://aider.chat/docs/config/dotenv.html).
"""

from __future__ import annotations

import re
from pathlib import Path

from dsfix.agents.base import Agent, Host, Request, Wiring
from dsfix.agents.environ import direct, option
from dsfix.protocol.body import Dialect

ENV_FILE = Path(__file__).with_name("aider.env")
_CONFIG = ".aider.conf.yml"
# LiteLLM picks the vendor, and with it URL and key, by what stands before the slash.
_VENDOR = "deepseek/"
# Names that aider makes such a name of (read in 0.86.2, aider/models.py).
_ALIASES = frozenset(["deepseek", "r1"])
_OWN_KEY = re.compile(r"^[ \t]*+(?:-[ \t]*+)?deepseek=", re.MULTILINE)
_VARIABLE = re.compile(r"^[ \t]*(?:export[ \t]+)?DEEPSEEK_API_(?:KEY|BASE)[ \t]*=", re.MULTILINE)


def wire(request: Request) -> Wiring:
    """URL and token twice over, and the models where the user chose none that the upstream has."""
    endpoint = request.endpoint
    models = [
        ("--model", request.model or request.upstream.main),
        ("--weak-model", request.small_model or request.upstream.small),
    ]
    set_ = [(flag, name) for flag, name in models if not _keeps(request, flag)]
    chosen = [word for flag, name in set_ for word in (flag, _VENDOR + name.removesuffix("[1m]"))]
    own_file = _chosen(request, "--env-file")
    asked = option((*chosen, *request.args), "--model") or _chosen(request, "--model")
    name = asked.removeprefix(_VENDOR)
    return Wiring(
        env={
            "DEEPSEEK_API_BASE": endpoint.chat,
            "DEEPSEEK_API_KEY": endpoint.token,
            **_preferences(request),
            **direct(request.host.environ),
        },
        args=(*(() if own_file else ("--env-file", str(ENV_FILE))), *chosen),
        models=(name,) if request.upstream.knows(name) else (),
        bypass=_bypass(request, asked, own_file),
    )


def _preferences(request: Request) -> dict[str, str]:
    """No warning, and no browser opened for it, about a model that aider's lists do not have."""
    name = "AIDER_SHOW_MODEL_WARNINGS"
    return {} if _chosen(request, "--show-model-warnings") else {name: "false"}


def _keeps(request: Request, flag: str) -> bool:
    """Whether the user's choice of a model stands: on the command line, or one that is known."""
    if option(request.args, flag):
        return True
    if request.model if flag == "--model" else request.small_model:
        return False
    name = _chosen(request, flag)
    return name.startswith(_VENDOR) and request.upstream.knows(name.removeprefix(_VENDOR))


def _chosen(request: Request, flag: str) -> str:
    """The user's value of an option: flag, variable, file of the project, file of the home."""
    host, name = request.host, flag.removeprefix("--")
    value = option(request.args, flag) or host.environ.get(
        f"AIDER_{name.upper()}".replace("-", "_")
    )
    line = re.compile(rf"^{name}:[ \t]*[\"']?([^\s\"'#]+)", re.MULTILINE)
    for text in _configs(host):
        found = line.search(text)
        value = value or (found[1] if found else "")
    return value or ""


def _configs(host: Host) -> list[str]:
    """aider's configuration files: those of the folder, of the repository, and of the home."""
    places = (host.cwd, *host.cwd.parents)
    root = next((each for each in places if host.read(each / ".git/HEAD") is not None), host.cwd)
    folders = dict.fromkeys((host.cwd, root, host.home))
    return [host.read(folder / _CONFIG) or "" for folder in folders]


def _bypass(request: Request, asked: str, own_file: str) -> tuple[str, ...]:
    """A model of another vendor, and what beats our env file: a key in an option, a file."""
    hints = []
    if asked and not asked.startswith(_VENDOR) and asked not in _ALIASES:
        hints.append(f"--model {asked}")
    if (option(request.args, "--api-key") or "").startswith("deepseek="):
        hints.append("--api-key deepseek=...")
    if any(map(_OWN_KEY.search, _configs(request.host))):
        hints.append(f"{_CONFIG}: api-key")
    if own_file and _VARIABLE.search(request.host.read(request.host.cwd / own_file) or ""):
        hints.append(f"--env-file {own_file}")
    return tuple(hints)


AIDER = Agent(
    name="aider",
    title="aider",
    commands=("aider",),
    wire=wire,
    dialects=(Dialect.CHAT,),
    packages=("aider-chat",),
    install="uv tool install aider-chat",
    homepage="https://aider.chat",
    verified="0.86.2",
)
