"""`dsfix run`: launch an agent; its exit code is ours."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from dsfix.cli import complete
from dsfix.errors import DsfixError, ExitCode, LaunchError, UsageError
from dsfix.paths import PRIVATE_FILE

if TYPE_CHECKING:
    from dsfix import session
    from dsfix.report.summary import Summary

BYPASS_AFTER = 5.0  # seconds; an agent that lived longer without a request went past us


class Thinking(StrEnum):
    """Whether the model thinks: as told here, or as the agent has it."""

    ON = "on"
    OFF = "off"
    AGENT = "agent"


def run(
    command: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="AGENT [ARGS]...",
            help="claude, opencode, a path to one, or any other command; what follows is its own.",
            autocompletion=complete.agents,
        ),
    ] = None,
    upstream: Annotated[
        str,
        typer.Option(
            metavar="NAME|URL", help="Where to forward to.", autocompletion=complete.upstreams
        ),
    ] = "deepseek",
    key_env: Annotated[
        str, typer.Option(metavar="NAME", help="Variable that holds the API key.")
    ] = "",
    model: Annotated[str, typer.Option(help="Model for the agent's main work.")] = "",
    small_model: Annotated[str, typer.Option(help="Model for titles and sub-agents.")] = "",
    thinking: Annotated[
        Thinking, typer.Option(help="Let the model think: always, never, as the agent says.")
    ] = Thinking.AGENT,
    no_repair: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Leave this repair out (repeatable).",
            autocompletion=complete.repairs,
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="Change a setting for this run (repeatable).",
            autocompletion=complete.settings,
        ),
    ] = None,
    log_bodies: Annotated[
        bool, typer.Option(help="Keep what was said in the session record, secrets taken out.")
    ] = True,
    private: Annotated[
        bool, typer.Option("--private", help="Keep record and memory in RAM only.")
    ] = False,
    keep_env: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Leave this variable to the agent (repeatable)."),
    ] = None,
    allow_plain_http: Annotated[
        bool, typer.Option("--allow-plain-http", help="Accept http:// beyond this machine.")
    ] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Print no summary.")] = False,
    summary_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the summary there, as JSON.")
    ] = None,
    debug: Annotated[
        bool, typer.Option("--debug", help="Write a log file beside the record.")
    ] = False,
) -> None:
    """Launch an agent behind a proxy of its own, on DeepSeek's endpoints.

    Options come before the agent. The agent's terminal, arguments and exit code are its own.
    """
    from dsfix import config, session  # a TAB press needs none of it

    words = tuple(command or ())
    options = session.Options(
        command=words[1:] if words[:1] == ("--",) else words,
        upstream=upstream,
        key_env=key_env,
        model=model,
        small_model=small_model,
        thinking=thinking.value,
        no_repair=tuple(no_repair or ()),
        keep_env=tuple(keep_env or ()),
        log_bodies=log_bodies,
        private=private,
        allow_plain_http=allow_plain_http,
        debug=debug,
        settings=config.resolve(settings or (), os.environ),
    )
    try:
        outcome = session.run(options, os.environ, _cwd())
    except UsageError:
        raise
    except DsfixError as error:
        if error.exit_code is ExitCode.FAILED:
            error.exit_code = ExitCode.OWN_FAILURE
        raise
    with suppress(OSError, ValueError):  # stderr is gone: the agent's exit code still counts
        _report(outcome, quiet or sys.stderr is None, summary_file)
    if outcome.failure:
        raise LaunchError(outcome.failure, hint="run it again with --debug and look at the log")
    _leave(outcome.exit_code, busy=outcome.busy)


def _report(outcome: session.Outcome, quiet: bool, summary_file: Path | None) -> None:
    """The summary, where and as it was asked for."""
    idle = not outcome.log.exchanges and not outcome.troubles and outcome.duration < BYPASS_AFTER
    if summary_file is None and (quiet or idle):
        if not quiet:
            print(
                f"dsfix: {outcome.agent} ended ({outcome.exit_code}), no requests", file=sys.stderr
            )
        return
    summary = _summary(outcome)
    if summary_file is not None:
        _write(summary_file, summary.as_dict())
    if not quiet:
        from dsfix.cli.summary import print_summary

        print_summary(summary)


def _summary(outcome: session.Outcome) -> Summary:
    from dsfix.report.summary import Facts, Summary

    log = outcome.log
    facts = Facts(
        log.id,
        outcome.agent,
        outcome.upstream.origin,
        started=log.began_at,
        duration=outcome.duration,
        exit_code=outcome.exit_code,
        record=str(log.path or ""),
        plain_http=_plain(outcome.upstream.origin),
        bypass=outcome.wiring.bypass,
        notes=(*outcome.wiring.notes, *outcome.troubles),
        beyond=log.beyond,
    )
    return Summary.of(log.exchanges, facts, log.redactor.text)


def _plain(origin: str) -> bool:
    from urllib.parse import urlsplit

    from dsfix.upstreams import is_loopback

    url = urlsplit(origin)
    return url.scheme == "http" and not is_loopback(url.hostname or "")


def _write(path: Path, document: dict[str, object]) -> None:
    """The summary as one JSON document; a failure is told and changes no exit code."""
    import json

    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(path, flags, PRIVATE_FILE), "w", encoding="utf-8") as file:
            file.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
    except OSError as error:
        print(f"dsfix: {path} could not be written: {error.strerror}", file=sys.stderr)


def _cwd() -> Path:
    """The working directory, by its name where it has been deleted meanwhile."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return Path(os.environ.get("PWD", "/"))


def _leave(code: int, *, busy: bool) -> NoReturn:
    """Exit with the agent's code; at once where a thread still imports, or output is gone."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):
            busy = True  # the interpreter would flush again, and exit with 120
    if busy:
        os._exit(code)
    sys.exit(code)
