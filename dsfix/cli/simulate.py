"""`dsfix simulate`: serve the strict simulator on a loopback port until told to stop."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from dsfix.cli.screen import screen
from dsfix.errors import DsfixError

if TYPE_CHECKING:
    from dsfix.simulator.options import Options
    from dsfix.simulator.server import Received

Port = Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")]
Switches = Annotated[
    list[str] | None,
    typer.Option("--switch", "-s", metavar="NAME[=VALUE]", help="How it behaves; repeatable."),
]
Strictest = Annotated[bool, typer.Option("--strictest", help="Refuse all that was ever refused.")]
Keys = Annotated[list[str] | None, typer.Option("--key", help="Accepted API key; none: any.")]
Log = Annotated[bool, typer.Option("--log", help="One line per request on stderr.")]
ListRules = Annotated[bool, typer.Option("--list-rules", help="Print the rules and exit.")]
ListSwitches = Annotated[
    bool, typer.Option("--list-switches", help="Print the switches, what they mean, and exit.")
]


def simulate(
    port: Port = 0,
    switch: Switches = None,
    strictest: Strictest = False,
    key: Keys = None,
    log: Log = False,
    list_rules: ListRules = False,
    list_switches: ListSwitches = False,
) -> None:
    """Serve a strict stand-in for DeepSeek's endpoints, for demos and tests.

    Put [[bash write edit]] into a prompt and the agent runs its tools in this order.

    \b
    Switches, which --list-switches explains:
      reasoning  pass-back blank restore verify flaky wording unsigned
                 plain-reasoning auto-thinking forced-choice
      requests   system-role redacted unknown-blocks images typed-tools
                 json-schema names pro-as-flash long-names check-user-id
                 split-calls
      account    keys context balance forbidden count-tokens
      answers    seed serve-as no-reasoning-every bare thinks-anyway
                 thinking-tokens placeholders mute-after-system dsml-every
                 broken-every signature ping usage-chunk
      delivery   keep-alive slow-start delay chunk crlf gzip
      faults     fail relay cut-after cut cut-request error-after endless

    \b
    For example:
      dsfix simulate --strictest -s restore -s fail=429,503 -s cut-after=9
    """
    if list_rules:
        _print_rules()
    elif list_switches:
        _print_switches()
    else:
        _serve(_options(strictest, key or (), switch or ()), port, _log_line if log else None)


def _options(strictest: bool, keys: Iterable[str], words: Iterable[str]) -> Options:
    """The simulator as the command line asks for it; a switch has the last word."""
    from dataclasses import replace

    from dsfix.simulator.options import Options
    from dsfix.simulator.rules import STRICTEST, Policy
    from dsfix.simulator.switches import set_switches

    policy = replace(STRICTEST if strictest else Policy(), keys=frozenset(keys))
    return set_switches(words, Options(policy))


def _serve(options: Options, port: int, on_request: Callable[[Received], None] | None) -> None:
    import asyncio
    import logging
    import signal

    from dsfix.simulator.server import Simulator

    # aiohttp tells of every malformed request with a traceback, and anybody can send one
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)

    async def until_stopped() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        async with Simulator(options, port=port, on_request=on_request, kept=0) as simulator:
            print(simulator.url, flush=True)
            await stop.wait()

    try:
        asyncio.run(until_stopped())
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        hint = "take another with --port; 0 takes a free one"
        raise DsfixError(f"port {port} cannot be used: {reason}", hint=hint) from error


def _log_line(received: Received) -> None:
    refused = f" refused by {received.refused_by}" if received.refused_by else ""
    size = len(received.body_bytes)
    line = f"{received.status} {received.method} {received.path} {size} bytes{refused}"
    print(line, file=sys.stderr, flush=True)


def _print_rules() -> None:
    from dsfix.simulator.rules import RULES
    from dsfix.simulator.rules.base import EVERY

    _print_table(
        ("rule", "dialects", "source", "date"),
        (
            (
                rule.name,
                "all" if rule.dialects == EVERY else ", ".join(rule.dialects),
                rule.source,
                rule.date,
            )
            for rule in RULES
        ),
    )


def _print_switches() -> None:
    from dsfix.simulator.switches import switches

    _print_table(
        ("switch", "values", "default", "meaning"),
        ((each.name, each.values, each.shown, each.means) for each in switches()),
    )


def _print_table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    from rich.table import Table

    table = Table(box=None)
    for name in head:  # a value is to be typed, and a source to be looked up: neither is cut
        table.add_column(name, overflow="fold", no_wrap=name == head[0])
    for row in rows:
        table.add_row(*row)
    console = screen()
    if not console.is_terminal:
        console.width = 400
    console.print(table)
