"""`dsfix demo`: the same conversation without dsfix and with it, side by side."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from dsfix.cli.complete import players
from dsfix.cli.screen import screen
from dsfix.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from dsfix.demo.base import Done, Played, Player, Run, Side, Step

_LONGEST = 150  # characters of a line that are shown
_STYLES = {
    "user": ("user", "bold"),
    "reasoning": ("thinks", "italic dim"),
    "call": ("calls", "cyan"),
    "result": ("result", ""),
    "answer": ("says", "green"),
    "lost": ("drops", "yellow"),
    "error": ("error", "bold red"),
}
_INTRO = (
    "Left: {who} straight at a strict simulator of DeepSeek's API. Right: the same processes"
    " through `dsfix run`. No key is needed; [[...]] tells the simulated model what to do."
)


def demo(
    agent: Annotated[
        str,
        typer.Argument(
            metavar="[claude|opencode]",
            help="Play with this agent, which must be installed; without one, built in.",
            autocompletion=players,
        ),
    ] = "",
) -> None:
    """Show conversations that fail without dsfix and succeed with it. Needs no key.

    Exits with 0 if that is what happened.
    """
    from dsfix.demo import stage

    player = _player(agent)
    stage.check(player, os.environ)
    if not show(player, screen(), agent):
        raise typer.Exit(1)


def show(player: Player, console: Console, agent: str = "") -> bool:
    """Play and print every scene; whether all went as they should."""
    from dsfix.demo import stage

    who = agent or "a tiny agent that loses reasoning as the real ones do,"
    console.print(_INTRO.format(who=who), markup=False)
    scenes = []
    for number, scene in enumerate(player.scenes, 1):
        with console.status(f"{number} of {len(player.scenes)}: {scene.title} ..."):
            scenes.append(stage.play(player, scene, os.environ))
        _print_scene(console, number, scenes[-1])
    _print_end(console, scenes, agent)
    return all(played.as_expected for played in scenes)


def _player(name: str) -> Player:
    from dsfix.demo.players import BUILTIN, PLAYERS

    if name and name not in PLAYERS:
        raise UsageError(f"no demo with {name!r}", hint=f"expected one of {', '.join(PLAYERS)}")
    return PLAYERS[name] if name else BUILTIN


def _print_scene(console: Console, number: int, played: Played) -> None:
    """A heading, the reason, and both conversations in columns of equal width."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    scene = played.scene
    console.print()
    console.print(Text(f"{number}. {scene.title}", style="bold"))
    console.print(Text(scene.why, style="dim"))
    table = Table(box=SIMPLE_HEAD, expand=True, padding=(0, 1), pad_edge=False)
    table.add_column("without dsfix", ratio=1, header_style="bold red")
    table.add_column("through dsfix run", ratio=1, header_style="bold green")
    for place, step in enumerate(scene.steps):
        begun = Text(_begun(place, step), style="dim")
        table.add_row(begun, begun)
        table.add_row(*(_told(side.runs[place]) for side in (played.direct, played.through)))
    table.add_section()
    table.add_row(_verdict(played.direct), _verdict(played.through))
    console.print(table)


def _begun(place: int, step: Step) -> str:
    if not step.goes_on:
        return f"process {place + 1}: --model {step.model}"
    return f"process {place + 1}: --continue --model {step.model}"


def _told(run: Run) -> RenderableType:
    """What was said in one process: who, and the words wrapped beneath themselves."""
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 1))
    grid.add_column(width=6)
    grid.add_column(overflow="fold")
    for line in run.lines:
        who, style = _STYLES[line.kind]
        said = " ".join(line.text.split())
        said = said if len(said) <= _LONGEST else said[: _LONGEST - 1] + "…"
        grid.add_row(Text(who, style="dim"), Text(said, style=style))
    return grid


def _verdict(side: Side) -> RenderableType:
    from rich.text import Text

    if side.answered:
        return Text("answered", style="bold green")
    return Text("refused, no answer" if side.refusals else "no answer", style="bold red")


def _print_end(console: Console, scenes: list[Played], agent: str) -> None:
    """What dsfix did by its own account, and what to do next; or what went otherwise."""
    from rich.text import Text

    from dsfix.cli.summary import print_rows
    from dsfix.demo.base import Done

    done = Done.of(scenes)
    repairs = " · ".join(f"{name} {count}" for name, count in done.repairs.items())
    console.print(Text("What dsfix did", style="bold"))
    rows = [("repairs", repairs or "none", ""), ("reasoning", _reasoning(done), "")]
    print_rows(rows, console)
    wrong = [played for played in scenes if not played.as_expected]
    for played in wrong:
        ends = (
            "was answered" if side.answered else "was not answered"
            for side in (played.direct, played.through)
        )
        text = f"Not as expected: {played.scene.title}: without dsfix it {{}}, with dsfix it {{}}."
        console.print(Text(text.format(*ends), style="bold red"))
    if not wrong:
        console.print()
        run = Text(f"dsfix run {agent or 'claude'}", style="bold")
        console.print(Text("Next: export DEEPSEEK_API_KEY=... and then ") + run)


def _reasoning(done: Done) -> str:
    """Real reasoning and placeholders, told apart."""
    real = f"real reasoning put back {_times(done.replayed)}"
    return f"{real} · a placeholder {_times(done.placeholders)}" if done.placeholders else real


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
