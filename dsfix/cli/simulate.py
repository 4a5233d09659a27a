"""`dsfix simulate`: serve the strict simulator on a loopback port until told to stop.

Each option has the name of the member of `Policy` or `Options` that it sets.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from dsfix.simulator.options import Options
    from dsfix.simulator.server import Received

Port = Annotated[int, typer.Option(min=0, help="Port on 127.0.0.1; 0 takes a free one.")]
ListRules = Annotated[bool, typer.Option("--list-rules", help="Print the rules and exit.")]
Log = Annotated[bool, typer.Option("--log", help="One line per request on stderr.")]
Keys = Annotated[list[str] | None, typer.Option("--key", help="Accepted API key; none: any.")]
PassBack = Annotated[
    Literal["lenient", "strict", "strict-all"],
    typer.Option(help="Which assistant turns must carry their reasoning."),
]
RejectBlank = Annotated[bool, typer.Option(help="Blank reasoning counts as missing.")]
Restore = Annotated[bool, typer.Option("--restore", help="Find omitted reasoning by call id.")]
Verify = Annotated[bool, typer.Option("--verify", help="Reasoning must be what was sent.")]
Flaky = Annotated[bool, typer.Option("--flaky", help="Refuse one good request; a retry passes.")]
Redacted = Annotated[Literal["drop", "refuse"], typer.Option(help="Treat redacted_thinking so.")]
UnknownBlocks = Annotated[Literal["drop", "refuse"], typer.Option(help="Treat unknown types so.")]
SystemRole = Annotated[bool, typer.Option(help="Accept system messages on Messages.")]
CheckUserId = Annotated[bool, typer.Option(help="Enforce the user id's charset.")]
Context = Annotated[int, typer.Option(min=1, help="Context limit in tokens.")]
Balance = Annotated[bool, typer.Option(help="The account has money.")]
CountTokens = Annotated[bool, typer.Option("--count-tokens", help="Have the counting route.")]
Seed = Annotated[int | None, typer.Option(help="Makes ids, texts and file names repeatable.")]
ServeAs = Annotated[str, typer.Option(help="Model name in every answer.")]
Signature = Annotated[
    Literal["delta", "start", "none"], typer.Option(help="Where thinking blocks are signed.")
]
KeepAlive = Annotated[bool, typer.Option("--keep-alive", help="Send comments and blank lines.")]
Chunk = Annotated[int, typer.Option(min=0, help="Write streams in pieces of so many bytes.")]
CrLf = Annotated[bool, typer.Option("--crlf", help="End lines of streams in CR LF.")]
Delay = Annotated[float, typer.Option(min=0, help="Seconds before each event.")]
CutAfter = Annotated[int, typer.Option(min=0, help="Reset a stream after so many events.")]
CutRequest = Annotated[int, typer.Option(min=1, help="The answer to cut, counted from 1.")]
Fail = Annotated[list[int] | None, typer.Option(help="Status to answer first; repeatable.")]
Gzip = Annotated[bool, typer.Option("--gzip", help="Compress answers.")]
NoReasoningEvery = Annotated[int, typer.Option(min=0, help="Each nth answer has no reasoning.")]
MuteAfterSystem = Annotated[
    bool, typer.Option("--mute-after-system", help="Answer nothing to a trailing system message.")
]

SplitCalls = Annotated[
    Literal["refuse", "flash", "accept"], typer.Option(help="Treat split calls on Responses so.")
]
Images = Annotated[Literal["support", "drop", "refuse"], typer.Option(help="Treat images so.")]
Wording = Annotated[Literal["v4", "v3.2"], typer.Option(help="Whose texts about reasoning.")]
ErrorAfter = Annotated[int, typer.Option(min=0, help="An error event after so many events.")]
Endless = Annotated[
    Literal["no", "comments", "events"], typer.Option(help="What a stream without end repeats.")
]
SlowStart = Annotated[float, typer.Option(min=0, help="Seconds of signs of life at first.")]
UsageChunk = Annotated[
    Literal["last", "own", "none"], typer.Option(help="Which chunk has the usage on Chat.")
]


# fmt: off
def simulate(
    port: Port = 0, list_rules: ListRules = False, log: Log = False, keys: Keys = None,
    pass_back: PassBack = "strict-all", reject_blank: RejectBlank = True, restore: Restore = False,
    verify: Verify = False, flaky: Flaky = False, redacted: Redacted = "drop",
    unknown_blocks: UnknownBlocks = "refuse", system_role: SystemRole = True,
    check_user_id: CheckUserId = True, context: Context = 1_048_576, balance: Balance = True,
    count_tokens: CountTokens = False, seed: Seed = None, serve_as: ServeAs = "",
    signature: Signature = "delta", keep_alive: KeepAlive = False, chunk: Chunk = 0,
    crlf: CrLf = False, delay: Delay = 0.0, cut_after: CutAfter = 0, cut_request: CutRequest = 1,
    fail: Fail = None, gzip: Gzip = False, split_calls: SplitCalls = "refuse",
    images: Images = "support", wording: Wording = "v4", error_after: ErrorAfter = 0,
    endless: Endless = "no", slow_start: SlowStart = 0.0, usage_chunk: UsageChunk = "last",
    no_reasoning_every: NoReasoningEvery = 0, mute_after_system: MuteAfterSystem = False,
) -> None:
    """Serve a strict stand-in for DeepSeek's endpoints, for demos and tests.

    Put [[bash write edit]] into a prompt and the agent runs its tools in this order.
    """
    given = dict(locals())
    if list_rules:
        _print_rules()
    else:
        _serve(_options(given), port, _log_line if log else None)
# fmt: on


def _options(given: Mapping[str, Any]) -> Options:
    from dataclasses import fields

    from dsfix.simulator.options import Options
    from dsfix.simulator.rules import Policy

    values = {
        **given,
        "keys": frozenset(given["keys"] or ()),
        "fail": tuple(given["fail"] or ()),
    }
    values["policy"] = Policy(**{member.name: values[member.name] for member in fields(Policy)})
    return Options(**{member.name: values[member.name] for member in fields(Options)})


def _serve(options: Options, port: int, on_request: Callable[[Received], None] | None) -> None:
    import asyncio
    import signal

    from dsfix.simulator.server import Simulator

    async def until_stopped() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        async with Simulator(options, port=port, on_request=on_request) as simulator:
            print(simulator.url, flush=True)
            await stop.wait()

    asyncio.run(until_stopped())


def _log_line(received: Received) -> None:
    refused = f" refused by {received.refused_by}" if received.refused_by else ""
    size = len(received.body_bytes)
    line = f"{received.status} {received.method} {received.path} {size} bytes{refused}"
    print(line, file=sys.stderr, flush=True)


def _print_rules() -> None:
    from rich.console import Console
    from rich.table import Table

    from dsfix.simulator.rules import RULES
    from dsfix.simulator.rules.base import EVERY

    table = Table("rule", "dialects", "source", "date", box=None)
    for rule in RULES:
        dialects = "all" if rule.dialects == EVERY else ", ".join(rule.dialects)
        table.add_row(rule.name, dialects, rule.source, rule.date)
    console = Console()
    if not console.is_terminal:
        console.width = 200
    console.print(table)
