"""The pages of `docs/` that follow from the code: `python -m dsfix.cli.reference docs`.

Commands come from their own --help, repairs from the registry and the docstrings of their
modules, variables from wiring each agent to an example endpoint.
"""

from __future__ import annotations

import importlib
import inspect
import json
import re
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

from dsfix import doctor, repairs
from dsfix.agents import AGENTS
from dsfix.agents.base import Agent, Endpoint, Host, Request, Wiring
from dsfix.agents.generic import GENERIC
from dsfix.config import SETTINGS, Settings
from dsfix.doctor import checks, finding, probes
from dsfix.doctor.guarding import guard
from dsfix.doctor.words import WORDS
from dsfix.environment import ENDPOINT, ORIGIN, SESSION, TOKEN
from dsfix.errors import ExitCode
from dsfix.repairs import recovery
from dsfix.repairs.base import Repair, Step
from dsfix.upstreams import named

_WIDTH = 88
_MADE = "<!-- Made by `make docs` from the code; do not edit. -->\n"
_ISSUE = re.compile(r"(?<![\w/.`])([\w.-]+/[\w.-]+)#(\d+)")
_VARIABLE = re.compile(r'"(_?[A-Z][A-Z0-9_]{6,})"')

READ: Mapping[str, str] = {
    "DEEPSEEK_API_KEY": "The API key; `--key-env NAME` reads another variable.",
    "DSFIX_STATE_DIR": "Directory of records and memory, in place of the XDG state directory.",
    "DSFIX_DEBUG": "Set: an error ends in a traceback instead of one line.",
    "DSFIX_<SETTING>": "A setting for every run: [settings.md](settings.md).",
    "DSFIX_STRICT": "Set: a repair that fails raises instead of letting the request pass. For"
    " tests.",
    "XDG_STATE_HOME": "Where the state directory is, by the XDG rules; `~/.local/state` if unset.",
    "HTTPS_PROXY, HTTP_PROXY, NO_PROXY": "The way to the upstream; never to one on loopback.",
    "SSL_CERT_FILE, SSL_CERT_DIR": "Certificates that are trusted, as OpenSSL reads them.",
    "NO_COLOR, FORCE_COLOR, TERM, COLUMNS": "How the summary is printed.",
    "HOME, PATH": "Where agents' settings are read, and programs are found.",
}
SET: Mapping[str, str] = {
    SESSION: "The session's id; tells the agent's own children that they run under dsfix.",
    ENDPOINT: "The endpoint, so that a `dsfix run` inside the session can use it.",
    TOKEN: "The session's token, for the same use.",
    ORIGIN: "What reasoning is remembered under.",
}
WRITTEN: Mapping[str, str] = {
    "memory.db": "Reasoning by turn (SQLite; `-wal` and `-shm` beside it while in use). Not with"
    " `--private`.",
    "sessions/YYYY/MM/ID/events.jsonl": "The record of a session. Not with `--private`.",
    "sessions/YYYY/MM/ID/debug.log": "With `--debug`: the log of the proxy.",
}
CODES: Mapping[ExitCode, str] = {
    ExitCode.OK: "Success.",
    ExitCode.FAILED: "A command other than `run` failed.",
    ExitCode.WARNED: "`doctor`: it works only through repairs, or there are warnings.",
    ExitCode.USAGE: "The command line or a setting does not fit what is asked.",
    ExitCode.OWN_FAILURE: "`run`: dsfix itself failed before or around the agent.",
    ExitCode.NOT_EXECUTABLE: "`run`: the agent's file cannot be executed.",
    ExitCode.NOT_FOUND: "`run`: the agent was not found.",
    ExitCode.INTERRUPTED: "Ctrl-C in a command other than `run`.",
}


def commands() -> str:
    """Every command with its own help."""
    from dsfix.cli import app

    parts = [_MADE, "# Commands\n"]
    for words, text in _helps(typer.main.get_command(app), ("dsfix",)):
        parts.append(f"## {' '.join(words)}\n\n```text\n{text.rstrip()}\n```\n")
    return "\n".join(parts)


def repairs_page() -> str:
    """The registry in its order: what each repair puts right, and the evidence."""
    parts = [_MADE, "# Repairs\n", _prose(repairs)]
    rows = [(f"[`{each.name}`](#{each.name})", _dialects(each), each.summary) for each in _all()]
    parts.append(_table(("repair", "dialects", "what it does"), rows))
    for each in _all():
        module = importlib.import_module(f"dsfix.repairs.{each.name.replace('-', '_')}")
        facts = f"{each.summary}. Dialects: {_dialects(each)}. Works on {_works_on(each)}."
        parts.append(f"## {each.name}\n\n{facts}\n\n{_prose(module)}")
    parts.append(f"## Recovery\n\n{_prose(recovery)}\n{_text(inspect.getdoc(Step) or '')}")
    parts.append("Any repair can be left out with `dsfix run --no-repair NAME`.\n")
    return "\n".join(parts)


def environment() -> str:
    """Variables set, taken out and read; files; exit codes."""
    parts = [_MADE, "# Environment, files, exit codes\n"]
    parts.append("## What every agent gets\n\n" + _pairs(SET, "variable", "meaning"))
    parts.append(
        "Every variable whose value is the API key is taken out, under whatever name;"
        " `--keep-env NAME` gives one back.\n"
    )
    for agent in (*AGENTS, GENERIC):
        parts.append(_agent(agent))
    parts.append("## What dsfix reads\n\n" + _pairs(READ, "variable", "meaning"))
    parts.append(
        "## What dsfix writes\n\nIn the state directory, `~/.local/state/dsfix` on Linux; files"
        " are readable by their owner only.\n\n" + _pairs(WRITTEN, "file", "what it is")
    )
    parts.append("Besides these, only the file that `--summary-file` names.\n")
    rows = [(f"{code.value}", text) for code, text in CODES.items()]
    rows += [("128+n", "`run`: the agent died of signal n."), ("other", "`run`: the agent's own.")]
    parts.append("## Exit codes\n\n" + _table(("code", "meaning"), rows))
    return "\n".join(parts)


def settings_page() -> str:
    """What a user may want otherwise."""
    default = Settings()
    parts = [
        _MADE,
        "# Settings\n",
        "`dsfix run --set NAME=VALUE` sets one for a run, its variable for all runs that see it;"
        " the command line wins.\n",
    ]
    for setting in SETTINGS:
        value = getattr(default, setting.member)
        facts = {
            "takes": setting.takes,
            "default": "empty" if value == "" else f"`{'auto' if value is None else value}`",
            "variable": f"`{setting.variable}`",
        }
        parts.append(f"## {setting.name}\n\n{setting.meaning}\n")
        parts.append("".join(f"- {name}: {said}\n" for name, said in facts.items()))
    return "\n".join(parts)


def doctor_page() -> str:
    """What is examined, in which words it ends, and how the JSON document is made."""
    parts = [_MADE, "# Doctor\n", _prose(doctor), _prose(finding.Finding)]
    keys = {"levels": [str(level) for level in finding.Level], "keys": _keys()}
    for name, words in keys.items():
        parts.append(f"{name.capitalize()} of a finding: {', '.join(f'`{w}`' for w in words)}.\n")
    parts.append("## Checks of the machine\n")
    rows = [(f"`{name}`", _first(check)) for name, check in checks.CHECKS.items()]
    parts.append(_table(("name", "question"), [*rows, ("`guard`", _first(guard))]))
    parts.append("## Probes of the endpoint\n")
    asked = [
        (f"`{each.name}`", each.title, ", ".join(f"`{word}`" for word in sorted(each.good)))
        for each in probes.PROBES
    ]
    parts.append(_table(("name", "question", "good words"), asked))
    parts.append("## Words that any probe may end in\n")
    parts.append(_pairs({word: meaning.means for word, meaning in WORDS.items()}, "word", "means"))
    return "\n".join(parts)


def _keys() -> list[str]:
    return list(finding.Finding("", "", finding.Level.GOOD, "", "").as_dict())


def _first(check: object) -> str:
    """The first line of what a check says of itself."""
    return (inspect.getdoc(check) or "").partition("\n")[0]


PAGES: Mapping[str, Callable[[], str]] = {
    "settings.md": settings_page,
    "commands.md": commands,
    "repairs.md": repairs_page,
    "environment.md": environment,
    "doctor.md": doctor_page,
}


def main(folder: str) -> None:
    """Write every page into a folder."""
    for name, page in PAGES.items():
        (Path(folder) / name).write_text(page(), encoding="utf-8")


def _helps(
    command: Any, words: tuple[str, ...], parent: Any = None
) -> Iterator[tuple[tuple[str, ...], str]]:
    """The help of a command and of those below it, at a fixed width."""
    context = command.make_context(
        words[-1], [], parent, resilient_parsing=True, terminal_width=_WIDTH
    )
    yield words, command.get_help(context)
    for name, below in getattr(command, "commands", {}).items():
        yield from _helps(below, (*words, name), context)


def _agent(agent: Agent) -> str:
    """What one agent's wiring sets and takes out, at an example endpoint."""
    wiring = _wired(agent, {})
    set_, blocks = [], []
    for name, value in wiring.env.items():
        shown = f"`{_placed(value)}`"
        if value.startswith("{"):
            shown = "JSON, below"
            text = json.dumps(json.loads(value), indent=2)
            blocks.append(
                f"`{name}`, with no configuration of one's own:\n\n```json\n{text}\n```\n"
            )
        set_.append((f"`{name}`", shown))
    head = f"## {agent.title}\n"
    if agent.verified:
        head += f"\n`{agent.name}`, verified with {agent.verified}: <{agent.homepage}>\n"
    own = "Preferences and model names yield to the user's own.\n" if agent.verified else ""
    out = ", ".join(f"`{name}`" for name in _taken_out(agent))
    taken = f"Taken out where set: {out}.\n" if out else "Nothing is taken out.\n"
    table = _table(("variable", "value"), set_)
    if wiring.args:
        words = _placed(shlex.join(wiring.args))
        blocks.append(f"Arguments before the agent's own:\n\n```text\n{words}\n```\n")
    return "\n".join(filter(None, (head, table, *blocks, own, taken)))


def _placed(text: str) -> str:
    """The text with `PACKAGE` for the folder that dsfix is installed in."""
    return text.replace(str(Path(__file__).parent.parent), "PACKAGE")


def _wired(agent: Agent, environ: Mapping[str, str]) -> Wiring:
    endpoint = Endpoint("http://127.0.0.1:PORT/api.deepseek.com", "TOKEN")
    home = Path("/home/me")
    return agent.wire(
        Request(endpoint, named("deepseek"), Host(environ, home, home, lambda path: None))
    )


def _taken_out(agent: Agent) -> list[str]:
    """What the wiring takes out when every variable that its module names is set.

    A name that ends in `_` is the beginning of a family of names.
    """
    module = inspect.getmodule(agent.wire)
    assert module is not None
    environ = dict.fromkeys(_VARIABLE.findall(inspect.getsource(module)), "{}")
    unset = _wired(agent, environ).unset
    return [f"{name}*" if name.endswith("_") else name for name in unset]


def _all() -> tuple[Repair, ...]:
    return repairs.REPAIRS


def _dialects(repair: Repair) -> str:
    return ", ".join(sorted(repair.dialects))


def _works_on(repair: Repair) -> str:
    parts = {
        "requests": repair.request or repair.text,
        "answers": repair.answer,
        "errors": repair.error,
    }
    return " and ".join(name for name, given in parts.items() if given)


def _prose(module: object) -> str:
    return _text(inspect.getdoc(module) or "")


def _text(docstring: str) -> str:
    """A docstring as Markdown, with issues linked."""
    linked = _ISSUE.sub(r"[\1#\2](https://github.com/\1/issues/\2)", docstring)
    return f"{linked}\n"


def _pairs(pairs: Mapping[str, str], *heads: str) -> str:
    rows = []
    for name, meaning in pairs.items():
        names = ", ".join(f"`{each}`" for each in name.split(", "))
        rows.append((names, meaning))
    return _table(heads, rows)


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [" | ".join(row) for row in (heads, tuple("---" for _ in heads), *rows)]
    return "".join(f"| {line} |\n" for line in lines)


if __name__ == "__main__":
    main(sys.argv[1])
