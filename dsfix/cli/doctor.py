"""`dsfix doctor`: is everything as it must be, here and at the endpoint?"""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from dsfix.cli import complete
from dsfix.cli.answers import AllowPlainHttp, AsJson, KeyEnv, UpstreamName, answering, print_json
from dsfix.errors import DsfixError, UsageError
from dsfix.paths import config_file, working_dir

if TYPE_CHECKING:
    from typing import TextIO

    from dsfix.config import Config
    from dsfix.doctor.examine import Report
    from dsfix.doctor.live import Cost


def doctor(
    agent: Annotated[
        str,
        typer.Argument(
            metavar="[AGENT]", help="Check this agent only.", autocompletion=complete.agents
        ),
    ] = "",
    upstream: UpstreamName = None,
    key_env: KeyEnv = None,
    live: Annotated[
        bool, typer.Option("--live", help="Ask the endpoint as well; that costs tokens.")
    ] = False,
    save: Annotated[
        bool,
        typer.Option(
            "--save",
            help="With --live: write what is otherwise than expected to config.toml.",
        ),
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="With --save: drop the comments of a table.")
    ] = False,
    only: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="This check or probe, or all with this word in their name (repeatable).",
            autocompletion=complete.examinations,
        ),
    ] = None,
    model: Annotated[str, typer.Option(help="Model to ask, in place of the upstream's own.")] = "",
    timeout: Annotated[
        float, typer.Option(min=0.1, help="Seconds to wait for each answer.")
    ] = 30.0,
    as_json: AsJson = False,
    listed: Annotated[
        bool, typer.Option("--list", help="Print the names for --only, and exit.")
    ] = False,
    allow_plain_http: AllowPlainHttp = None,
) -> None:
    """Check this machine, and with --live what the endpoint really does.

    Without --live nothing leaves the machine. With it every question is asked raw, and again
    through dsfix where the raw answer would not do. With --save what the endpoint does otherwise
    than expected becomes a table [upstreams.NAME] of config.toml, and repairs follow it.

    \b
    Exit codes: 0 all is good; 3 it works only through dsfix, or there are
    warnings; 1 something must be done; 2 the command line is wrong.
    """
    from dsfix import config
    from dsfix.doctor.examine import Wish, examine
    from dsfix.doctor.machine import this_machine

    if listed:
        _print_names()
        return
    flags = {"upstream": upstream, "key_env": key_env, "allow_plain_http": allow_plain_http}
    with answering("doctor", as_json):
        if agent.startswith("-"):
            raise UsageError(f"no option {agent!r}")
        if save and not live:
            raise UsageError("--save writes what probes found", hint="add --live")
        settings = config.load(os.environ, flags, agent=agent)
        wish = Wish(agent, settings, live, tuple(only or ()), model, timeout)
        report = examine(wish, this_machine(os.environ, working_dir(os.environ)), _announce)
    if as_json:
        print_json("doctor", report.as_dict())
    else:
        from dsfix.cli.examined import print_report

        print_report(report)
    if save:
        _save(report, wish.config, force, to=sys.stderr if as_json else sys.stdout)
    raise typer.Exit(int(report.exit_code))


def _save(report: Report, config: Config, force: bool, to: TextIO) -> None:
    """Write what is otherwise than expected, and say what that was."""
    from dsfix.doctor import saving
    from dsfix.doctor.drift import learnt

    if report.nested:
        raise DsfixError("a session stands in for the endpoint", hint="name it with --upstream")
    place = config_file(os.environ)
    found = learnt(report.upstream, report.findings, config.upstreams, config.key_env)
    if found is None:
        print(f"\nNo drift that can be saved: nothing is written to {place}.", file=to)
        return
    saving.save(place, found.name, found.table, force=force)
    print(f"\nWrote [upstreams.{found.name}] to {place}:", file=to)
    for each in found.findings:
        print(f"  {each.name} is {each.raw}, no longer {each.expected}", file=to)
    for key, value in found.consequences.items():
        print(f"  {key} = {json.dumps(value)}", file=to)
    print(f"Use it with --upstream {found.name}.", file=to)


def _announce(origin: str, cost: Cost) -> None:
    """What the probes will take, before the first of them."""
    host = origin.partition("://")[2]
    calls, again = (f"{many} call{'' if many == 1 else 's'}" for many in (cost.calls, cost.again))
    said = f"dsfix: up to {calls} to {host}, about {cost.tokens:,} tokens"
    if cost.again:
        said += f"; up to {again} more, where an answer would not do"
    print(said, file=sys.stderr, flush=True)


def _print_names() -> None:
    from dsfix.doctor import checks
    from dsfix.doctor.probes import PROBES

    for name in checks.NAMES:
        print(name)
    for probe in PROBES:
        print(f"{probe.name:32} {probe.title}")
