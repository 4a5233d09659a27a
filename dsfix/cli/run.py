"""`dsfix run`: launch an agent; its exit code is ours."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dsfix.cli import complete
from dsfix.cli.answers import STDOUT, KeyEnv, UpstreamName
from dsfix.cli.leaving import leave
from dsfix.errors import DsfixError, ExitCode, UsageError
from dsfix.interrupts import silent
from dsfix.paths import PRIVATE_FILE, working_dir

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsfix import session
    from dsfix.config import Config
    from dsfix.record.limits import Limits

BYPASS_AFTER = 5.0  # seconds; an agent that lived longer without a request may have gone past us


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
    upstream: UpstreamName = None,
    key_env: KeyEnv = None,
    model: Annotated[
        str | None,
        typer.Option(help="Model for the agent's main work.", autocompletion=complete.models),
    ] = None,
    small_model: Annotated[
        str | None,
        typer.Option(help="Model for titles and sub-agents.", autocompletion=complete.models),
    ] = None,
    thinking: Annotated[
        Thinking | None,
        typer.Option(
            help="Let the model think: always, never, as the agent says.", show_default="agent"
        ),
    ] = None,
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
        bool | None,
        typer.Option(
            help="Keep what was said in the session record, secrets taken out.",
            show_default="log-bodies",
        ),
    ] = None,
    private: Annotated[
        bool | None,
        typer.Option(help="Keep record and memory in RAM only.", show_default="no-private"),
    ] = None,
    keep_env: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Leave this variable to the agent (repeatable)."),
    ] = None,
    allow_plain_http: Annotated[
        bool | None,
        typer.Option(
            help="Accept http:// beyond this machine.", show_default="no-allow-plain-http"
        ),
    ] = None,
    quiet: Annotated[
        bool | None,
        typer.Option("-q", "--quiet/--no-quiet", help="Print no summary.", show_default="no-quiet"),
    ] = None,
    summary_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the summary there, as JSON.")
    ] = None,
    max_cost: Annotated[
        str | None,
        typer.Option(
            metavar="AMOUNT", help="Refuse requests beyond this: 2.50, or 18CNY; 0 for no limit."
        ),
    ] = None,
    max_tokens: Annotated[
        int | None,
        typer.Option(min=0, metavar="N", help="Refuse requests beyond so many tokens, in and out."),
    ] = None,
    max_requests: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="Refuse requests beyond so many.")
    ] = None,
    max_minutes: Annotated[
        float | None,
        typer.Option(min=0, metavar="N", help="Refuse requests after so many minutes."),
    ] = None,
    otlp: Annotated[
        str,
        typer.Option(
            metavar="URL", help="Send traces to this OpenTelemetry collector, without texts."
        ),
    ] = "",
    debug: Annotated[
        bool, typer.Option("--debug", help="Write a log file beside the record.")
    ] = False,
) -> None:
    """Launch an agent behind a proxy of its own, on DeepSeek's endpoints.

    Options come before the agent. The agent's terminal, arguments and exit code are its own.
    """
    words = tuple(command or ())
    words = words[1:] if words[:1] == ("--",) else words
    if summary_file == STDOUT:
        raise UsageError("--summary-file -: stdout is the agent's", hint="name a file")
    flags = {
        "upstream": upstream,
        "key_env": key_env,
        "model": model,
        "small_model": small_model,
        "thinking": thinking and thinking.value,
        "repairs_disable": no_repair or None,
        "log_bodies": log_bodies,
        "private": private,
        "keep_env": keep_env or None,
        "allow_plain_http": allow_plain_http,
        "quiet": quiet,
        "budget_cost": max_cost,
        "budget_tokens": max_tokens,
        "budget_requests": max_requests,
        "budget_minutes": max_minutes,
    }
    try:
        with silent():
            found = _config(words, flags, settings or ())
            limits = _limits(found)
            from dsfix import session  # a TAB press needs none of it

        options = session.Options(words, found, debug, limits, otlp)
        outcome = session.run(options, os.environ, working_dir(os.environ))
        # Stderr or memory is gone: the agent's exit code still counts. Where nobody reads it, rich
        # leaves.
        with suppress(OSError, ValueError, MemoryError, SystemExit):
            _report(outcome, found, summary_file, limits)
        if outcome.failure:
            raise DsfixError(outcome.failure, hint="run it again with --debug and look at the log")
    except DsfixError as error:
        if error.exit_code is ExitCode.FAILED:  # 1 may be the agent's own
            error.exit_code = ExitCode.OWN_FAILURE
        raise
    leave(outcome.exit_code, at_once=outcome.busy)


def _config(words: tuple[str, ...], flags: dict[str, Any], settings: Sequence[str]) -> Config:
    """What holds for this agent: flags, variables, the user's file, defaults."""
    from dsfix import agents, config

    agent = agents.find(words[0], words[1:]).name if words else ""
    return config.load(os.environ, flags, settings, agent)


def _limits(found: Config) -> Limits:
    from dsfix.record.limits import Limits, money

    cost, currency = money(found.budget_cost) if found.budget_cost else (None, "USD")
    return Limits(
        cost,
        currency,
        found.budget_tokens or None,
        found.budget_requests or None,
        found.budget_minutes or None,
    )


def _report(
    outcome: session.Outcome, found: Config, summary_file: Path | None, limits: Limits
) -> None:
    """The summary, where and as it was asked for."""
    quiet = found.quiet or sys.stderr is None
    brief = outcome.duration < BYPASS_AFTER and not outcome.troubles
    idle = brief and not (outcome.log.exchanges or outcome.log.turned_away)
    if summary_file is None and (quiet or idle):
        if not quiet:
            print(
                f"dsfix: {outcome.agent} ended ({outcome.exit_code}), no requests", file=sys.stderr
            )
        return
    from dsfix.cli.outcome import summary_of

    summary = summary_of(outcome, limits, found.currency)
    if summary_file is not None:
        _write(summary_file, summary.as_dict())
    if not quiet:
        from dsfix.cli.summary import print_summary

        print_summary(summary)


def _write(path: Path, document: dict[str, object]) -> None:
    """The summary as one JSON document; a failure is told and changes no exit code."""
    import json

    from dsfix.cli.plain import escaped

    text = escaped(json.dumps(document, ensure_ascii=False, indent=2))
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
    try:
        # A pipe that nobody reads would be waited for, and Ctrl-C end nothing any more.
        descriptor = os.open(path, flags | os.O_NONBLOCK, PRIVATE_FILE)
        os.set_blocking(descriptor, True)
        with os.fdopen(descriptor, "wb") as file:
            file.write(f"{text}\n".encode("utf-8", "replace"))  # a path may be no text
    except OSError as error:
        print(f"dsfix: {path} could not be written: {error.strerror}", file=sys.stderr)
