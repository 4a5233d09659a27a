"""The pages of `docs/` that follow from the code: `python -m dsfix.cli.reference docs`.

Commands come from their own --help, repairs from the registry and the docstrings of their
modules, variables from wiring each agent to an example endpoint.
"""

from __future__ import annotations

import importlib
import inspect
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import typer

from dsfix import doctor, repairs
from dsfix.cli.markdown import MADE, table
from dsfix.cli.reference_agents import agents_page
from dsfix.config import AGENT_SETTINGS, REGISTRY, SETTINGS, Config, file, layers
from dsfix.doctor import checks, drift, finding, probes
from dsfix.doctor.guarding import guard
from dsfix.doctor.words import WORDS
from dsfix.environment import ENDPOINT, ORIGIN, SESSION, TOKEN
from dsfix.errors import ExitCode
from dsfix.repairs import recovery
from dsfix.repairs.base import Repair, Step
from dsfix.upstreams import DEFAULT, named

_WIDTH = 88
_ISSUE = re.compile(r"(?<![\w/.`])([\w.-]+/[\w.-]+)#(\d+)")

READ: Mapping[str, str] = {
    named(DEFAULT).key_env: "The API key; `--key-env NAME` reads another variable.",
    "DSFIX_CONFIG": "The file of settings, in place of `config.toml` in the XDG config directory.",
    "DSFIX_STATE_DIR": "Directory of records and memory, in place of the XDG state directory.",
    "DSFIX_DEBUG": "Set: an error ends in a traceback instead of one line, and a debugger"
    " of the same user may look into `dsfix run`, as may the agent.",
    "DSFIX_REPORTS_SERVER": "The report server, in place of the one that runs on this machine.",
    "DSFIX_REPORTS_TOKEN": "What manages reports: for `dsfix serve` in place of its file, for the"
    " other commands that of another machine's server.",
    "DSFIX_<SETTING>": "A setting for every run: [settings.md](settings.md).",
    "DSFIX_STRICT": "Set: a repair that fails raises instead of letting the request pass. For"
    " tests.",
    "XDG_CONFIG_HOME": "Where the config directory is, by the same rules; `~/.config` if unset.",
    "XDG_STATE_HOME": "Where the state directory is, by the XDG rules; `~/.local/state` if unset.",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "Where traces are sent, as by `--otlp`; not with `--private`,"
    " nor where `OTEL_SDK_DISABLED`, `OTEL_TRACES_EXPORTER` or the protocol `grpc` forbids it.",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "The same, as a whole address; goes before it.",
    "OTEL_EXPORTER_OTLP_HEADERS, OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES": "What goes with"
    " them; headers for traces alone are `OTEL_EXPORTER_OTLP_TRACES_HEADERS`.",
    "HTTPS_PROXY, HTTP_PROXY, NO_PROXY": "The way to the upstream; never to one on loopback.",
    "SSL_CERT_FILE, SSL_CERT_DIR": "Certificates that are trusted, as OpenSSL reads them.",
    "NO_COLOR, FORCE_COLOR, TERM, COLUMNS": "How the summary is printed.",
    "VISUAL, EDITOR": "What `dsfix config edit` opens the file of settings with.",
    "HOME, PATH": "Where agents' settings are read, and programs are found.",
}
SET: Mapping[str, str] = {
    SESSION: "The session's id; tells the agent's own children that they run under dsfix.",
    ENDPOINT: "The endpoint, so that a `dsfix run` inside the session can use it.",
    TOKEN: "The session's token, for the same use.",
    ORIGIN: "What reasoning is remembered under.",
}
WRITTEN: Mapping[str, str] = {
    "reports/reports.db": "`dsfix serve`: what is said of reports, and what can be found in them.",
    "reports/files/ID/N.zip": "`dsfix serve`: version N of a report.",
    "reports/token": "`dsfix serve`: what manages the reports. Not with `DSFIX_REPORTS_TOKEN`.",
    "reports/server": "`dsfix serve`: where it listens; locked while it does.",
    "memory.db": "Reasoning by turn (SQLite; `-wal` and `-shm` beside it while in use). Not with"
    " `--private`.",
    "sessions/YYYY/MM/ID/events.jsonl": "The record of a session. Not with `--private`.",
    "sessions/YYYY/MM/ID/meta.json": "The user's labels of a session, by `dsfix sessions tag` and"
    " its like.",
    "sessions/YYYY/MM/ID/budget.json": "Limits that were raised while the session ran.",
    "sessions/YYYY/MM/ID/debug.log": "With `--debug`: the log of the proxy.",
    "index.db": "The records made searchable (SQLite), by `dsfix sessions list` and `search`; one"
    " that cannot be used is moved to `index.db.unusable`.",
}
CODES: Mapping[ExitCode, str] = {
    ExitCode.OK: "Success.",
    ExitCode.FAILED: "A command other than `run` failed.",
    ExitCode.WARNED: "`doctor`: it works only through repairs, or there are warnings.",
    ExitCode.USAGE: "The command line or a setting does not fit what is asked.",
    ExitCode.OWN_FAILURE: "`run`: dsfix itself failed before or around the agent.",
    ExitCode.NOT_EXECUTABLE: "`run`, `demo`: the agent's file cannot be executed;"
    " `config edit`: the editor's.",
    ExitCode.NOT_FOUND: "`run`, `demo`: the agent was not found; `config edit`: the editor.",
    ExitCode.INTERRUPTED: "Ctrl-C in a command other than `run`; `serve`, `simulate` and `view` end"
    " with 0.",
}


def commands() -> str:
    """Every command with its own help."""
    from dsfix.cli import app

    parts = [MADE, "# Commands\n"]
    for words, text in _helps(typer.main.get_command(app), ("dsfix",)):
        parts.append(f"## {' '.join(words)}\n\n```text\n{text.rstrip()}\n```\n")
    return "\n".join(parts)


def repairs_page() -> str:
    """The registry in its order: what each repair puts right, and the evidence."""
    parts = [MADE, "# Repairs\n", _prose(repairs)]
    every = repairs.LISTED
    rows = [(f"[`{each.name}`](#{each.name})", _dialects(each), each.summary) for each in every]
    parts.append(table(("repair", "dialects", "what it does"), rows))
    for each in every:
        module = importlib.import_module(f"dsfix.repairs.{each.name.replace('-', '_')}")
        facts = f"{each.summary}. Dialects: {_dialects(each)}. Works on {_works_on(each)}."
        parts.append(f"## {each.name}\n\n{facts}\n\n{_prose(module)}")
    parts.append(f"## Recovery\n\n{_prose(recovery)}\n{_text(inspect.getdoc(Step) or '')}")
    parts.append("Any repair can be left out with `dsfix run --no-repair NAME`.\n")
    return "\n".join(parts)


def environment() -> str:
    """Variables set, taken out and read; files; exit codes."""
    parts = [MADE, "# Environment, files, exit codes\n"]
    parts.append("## What every agent gets\n\n" + _pairs(SET, "variable", "meaning"))
    parts.append(
        "Every variable whose value is the API key is taken out, under whatever name, and so are"
        " `DSFIX_KEY_COMMAND` and `DSFIX_KEY_FILE`, the way to it; `--keep-env NAME` gives one"
        " back.\n"
    )
    parts.append("What each agent gets besides: [agents.md](agents.md).\n")
    parts.append("## What dsfix reads\n\n" + _pairs(READ, "variable", "meaning"))
    parts.append(
        "## What dsfix writes\n\nIn the state directory, `~/.local/state/dsfix` on Linux; files"
        " are readable by their owner only.\n\n" + _pairs(WRITTEN, "file", "what it is")
    )
    parts.append("Besides these, only what the command line names, and `dsfix config` its file.\n")
    rows = [(f"{code.value}", text) for code, text in CODES.items()]
    rows += [("128+n", "`run`: the agent died of signal n."), ("other", "`run`: the agent's own.")]
    parts.append("## Exit codes\n\n" + table(("code", "meaning"), rows))
    return "\n".join(parts)


def settings_page() -> str:
    """What a user may want otherwise."""
    parts = [MADE, "# Settings\n", _prose(layers), _prose(file)]
    for setting in REGISTRY:
        value = setting.written(Config().of(setting).value)
        flag = f"--set {setting.name}=VALUE" if setting in SETTINGS else setting.flag
        facts = {
            "takes": setting.takes,
            "default": f"`{json.dumps(value)}`"
            if setting.name != "url" and value not in ("", [])
            else "empty",
            "variable": f"`{setting.variable}`",
            "option of `dsfix run`": f"`{flag}`" if flag else "none",
        }
        parts.append(f"## {setting.path}\n\n{setting.meaning}\n")
        parts.append("".join(f"- {name}: {said}\n" for name, said in facts.items()))
    parts.append("## agents.NAME\n\nFor one agent, above what `[run]` says.\n")
    rows = {each.path.partition(".")[2]: each.meaning for each in AGENT_SETTINGS}
    parts.append(_pairs(rows, "name", "meaning"))
    parts.append("## upstreams.NAME\n\nAn upstream of one's own, used by that name.\n")
    parts.append(
        "See [upstreams](upstreams.md). `dsfix config import` writes such tables from profiles of"
        " cc-use and cc-switch, and `dsfix doctor --live --save` what an endpoint does otherwise.\n"
    )
    return "\n".join(parts)


def doctor_page() -> str:
    """What is examined, in which words it ends, and how the JSON document is made."""
    parts = [MADE, "# Doctor\n", _prose(doctor), _prose(finding.Finding)]
    keys = {"levels": [str(level) for level in finding.Level], "keys": _keys()}
    for name, words in keys.items():
        parts.append(f"{name.capitalize()} of a finding: {', '.join(f'`{w}`' for w in words)}.\n")
    parts.append("## Checks of the machine\n")
    examined = {**checks.CHECKS, "leaks": checks.leaks, "guard": guard}
    rows = [(f"`{name}`", _first(examined[name])) for name in checks.NAMES]
    parts.append(table(("name", "question"), rows))
    parts.append("## Probes of the endpoint\n")
    asked = [(f"`{each.name}`", each.title, _ticked(sorted(each.good))) for each in probes.PROBES]
    parts.append(table(("name", "question", "good words"), asked))
    parts.append("## What --save writes\n\n" + _prose(drift))
    proofs = [
        (_ticked(p.probes), _ticked(sorted(p.words)), f"`{p.table}.{p.key}`: `{p.value}`")
        for p in drift.PROOFS
    ]
    parts.append(table(("probes, as far as they are served", "all end in", "written"), proofs))
    parts.append("## Words that any probe may end in\n")
    parts.append(_pairs({word: meaning.means for word, meaning in WORDS.items()}, "word", "means"))
    return "\n".join(parts)


def _ticked(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


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
    "agents.md": agents_page,
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
    for name in command.list_commands(context) if hasattr(command, "list_commands") else ():
        yield from _helps(command.get_command(context, name), (*words, name), context)


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
    return table(heads, rows)


if __name__ == "__main__":
    main(sys.argv[1])
