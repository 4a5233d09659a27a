"""Qwen Code: everything through the environment, nothing of the user's is written.

A model listed under `modelProviders` in a settings file brings a base URL of its own, which
beats variables and flags; flags in front break subcommands, and twice the same one crashes it.
Settings of the system beat all of these, and may name variables, so a file of ours takes their
place for the session (measured with 0.15.10, 2026-11-21).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dsfix.agents import jsonc
from dsfix.agents.base import Agent, Host, Request, Wiring
from dsfix.agents.environ import direct, option
from dsfix.protocol.body import Dialect

SETTINGS = Path(__file__).with_name("qwen_settings.json")
_SYSTEM = "QWEN_CODE_SYSTEM_SETTINGS_PATH"
_DEFAULTS = "QWEN_CODE_SYSTEM_DEFAULTS_PATH"
_FOLDERS = (Path("/etc/qwen-code"), Path("/Library/Application Support/QwenCode"))
_AUTH_TYPE = "DSFIX_QWEN_AUTH_TYPE"
_ROUTED = ("openai", "anthropic")  # Chat Completions and Messages
_OWN_ROUTES = ("--openai-base-url", "--openai-api-key", "--proxy")
_PROXIES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")


def wire(request: Request) -> Wiring:
    """URL, token and model for both wires, and the settings that let them count."""
    found = _settings(request.host)
    model = _model(request, found)
    selected = jsonc.table(jsonc.table(found.get("security")).get("auth")).get("selectedType")
    env = {
        "OPENAI_BASE_URL": request.endpoint.chat,
        "OPENAI_API_KEY": request.endpoint.token,
        "OPENAI_MODEL": model,
        "ANTHROPIC_BASE_URL": request.endpoint.messages,
        "ANTHROPIC_API_KEY": request.endpoint.token,
        "ANTHROPIC_MODEL": model,
        **direct(request.host.environ),
        **_unproxied(request.host.environ),
    }
    system = _system(request.host)
    if system is None:
        env[_SYSTEM] = str(SETTINGS)
        env[_AUTH_TYPE] = selected if selected in _ROUTED else _ROUTED[0]
        env |= _defaults(request.host)
    asked = option(request.args, "-m", "--model") or model
    return Wiring(
        env=env,
        models=(asked,) if request.upstream.knows(asked) else (),
        thinking_off=_thinking_off(found),
        bypass=(*_flags(request), *_overruled(found, selected, system)),
        notes=_notes(found) if system is None else (),
    )


def _unproxied(environ: Mapping[str, str]) -> dict[str, str]:
    """No proxy: Qwen Code reaches loopback through it whatever NO_PROXY says (0.15.10).

    Empty and not removed, for a project's `.env` could set it then; so could its settings, which
    ours beat. The programs that Qwen Code runs find it in ALL_PROXY, those that know that.
    """
    named = next(filter(None, map(environ.get, _PROXIES)), None)
    every = {"ALL_PROXY": environ.get("ALL_PROXY") or named} if named else {}
    return {**dict.fromkeys(_PROXIES, ""), **every}


def _settings(host: Host) -> dict[str, Any]:
    """What the user's and the project's settings amount to.

    https://qwenlm.github.io/qwen-code-docs/en/users/configuration/settings/
    """
    configured = host.environ.get("QWEN_HOME")
    user = Path(configured) if configured else host.home / ".qwen"
    values: dict[str, Any] = {}
    for path in (user / "settings.json", host.cwd / ".qwen" / "settings.json"):
        values = jsonc.merged(values, jsonc.loads(host.read(path)) or {})
    return values


def _system(host: Host) -> Path | None:
    """An administrator's settings, which are left in force; None where there are none."""
    named = host.environ.get(_SYSTEM)
    if named:
        return Path(named)
    paths = (folder / "settings.json" for folder in _FOLDERS)
    return next((path for path in paths if host.read(path) is not None), None)


def _defaults(host: Host) -> dict[str, str]:
    """An administrator's defaults, which are looked for beside the settings of the system."""
    paths = (folder / "system-defaults.json" for folder in _FOLDERS)
    found = next((path for path in paths if host.read(path) is not None), None)
    return {_DEFAULTS: str(found)} if found and not host.environ.get(_DEFAULTS) else {}


def _model(request: Request, found: Mapping[str, Any]) -> str:
    """dsfix's own option, else the user's choice where the upstream knows it, else the vendor's."""
    if request.model:
        return request.model.removesuffix("[1m]")
    own = (jsonc.table(found.get("model")).get("name"), request.host.environ.get("OPENAI_MODEL"))
    known = (name for name in own if isinstance(name, str) and request.upstream.knows(name))
    return next(known, request.upstream.main)


def _thinking_off(found: Mapping[str, Any]) -> bool:
    """Whether the user switched thinking off: Qwen Code then omits the field (read in 0.15.10)."""
    generation = jsonc.table(jsonc.table(found.get("model")).get("generationConfig"))
    return generation.get("reasoning") is False


def _flags(request: Request) -> tuple[str, ...]:
    """Flags of the user's own that lead elsewhere."""
    chosen = option(request.args, "--auth-type", "--authType") or _ROUTED[0]
    hints = [] if chosen in _ROUTED else [f"--auth-type {chosen}"]
    return (*hints, *(name for name in _OWN_ROUTES if option(request.args, name)))


def _overruled(found: Mapping[str, Any], selected: object, system: Path | None) -> tuple[str, ...]:
    """Settings that lead elsewhere where those of an administrator keep ours out."""
    if system is None:
        return ()
    hints = [] if selected in (None, *_ROUTED) else [f"selectedType {selected}"]
    listed = jsonc.table(found.get("modelProviders"))
    hints += [f"modelProviders.{name}" for name in _ROUTED if listed.get(name)]
    hints += ["proxy"] if found.get("proxy") else []
    return tuple(f"settings.json: {hint} (kept by {system})" for hint in hints)


def _notes(found: Mapping[str, Any]) -> tuple[str, ...]:
    """What is lost with the list of models that is set aside."""
    listed = jsonc.table(found.get("modelProviders"))
    lists = (own for name in _ROUTED if isinstance(own := listed.get(name), list))
    if any("generationConfig" in jsonc.table(model) for own in lists for model in own):
        return ("settings.json: generationConfig under modelProviders is not used",)
    return ()


QWEN = Agent(
    name="qwen",
    title="Qwen Code",
    commands=("qwen",),
    wire=wire,
    dialects=(Dialect.CHAT, Dialect.MESSAGES),
    packages=("@qwen-code/qwen-code",),
    install="npm install -g @qwen-code/qwen-code",
    homepage="https://qwenlm.github.io/qwen-code-docs",
    verified="0.15.10 to 0.24.4",
    reexecutes=True,
)
