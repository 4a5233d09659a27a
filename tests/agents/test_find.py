"""Which agent a command line starts, and where the wiring's own words go."""

from __future__ import annotations

import pytest

from dsfix.agents import AGENTS, find
from dsfix.agents.base import Wiring
from dsfix.agents.foreign import FOREIGN
from dsfix.errors import LaunchError

OURS = Wiring(args=("--ours",))


@pytest.mark.parametrize(
    ("line", "agent", "argv"),
    [
        ("claude", "claude", "claude --ours"),
        ("claude -p hi", "claude", "claude --ours -p hi"),
        ("/x/y/claude --resume", "claude", "/x/y/claude --ours --resume"),
        (r"C:\bin\claude.exe -p", "claude", r"C:\bin\claude.exe --ours -p"),
        ("Claude.CMD", "claude", "Claude.CMD --ours"),
        ("opencode run hi", "opencode", "opencode --ours run hi"),
        ("npx @anthropic-ai/claude-code -p hi", "claude", None),
        ("npx -y @anthropic-ai/claude-code@2.1.197 -p hi", "claude", None),
        ("npx --yes opencode-ai@latest run hi", "opencode", None),
        ("npx @earendil-works/pi-coding-agent run hi", "pi", None),
        ("npx -p @anthropic-ai/claude-code claude -p hi", "claude", None),
        ("npx --package=opencode-ai -- opencode run hi", "opencode", None),
        ("npx --registry https://r.example opencode-ai run hi", "opencode", None),
        ("/usr/bin/npx.cmd opencode-ai run hi", "opencode", None),
        ("npx claude -p hi", "claude", None),
        ("pnpm exec opencode run hi", "opencode", None),
        ("bunx opencode-ai run hi", "opencode", None),
        ("bun x opencode-ai run hi", "opencode", None),
        ("pnpm dlx @anthropic-ai/claude-code -p hi", "claude", None),
        ("pnpm --silent dlx opencode-ai run hi", "opencode", None),
        ("yarn dlx opencode-ai run hi", "opencode", None),
        ("uvx aider-chat@0.86.2 run hi", "aider", None),
        ("uvx -p 3.12 aider-chat run hi", "aider", None),
        ("uv tool run -p 3.12 --from aider-chat aider run hi", "aider", None),
        ("npm exec opencode-ai -- run hi", "opencode", None),
        ("npm exec -- opencode-ai run hi", "opencode", None),
    ],
)
def test_agents_are_known_by_their_executable(line, agent, argv):
    """The line is kept as it is spelt; our words come right before the agent's own."""
    words = line.split()
    if argv is None:
        own = "-p hi" if agent == "claude" else "run hi"
        argv = f"{line.removesuffix(own)}--ours {own}"
    found = find(words[0], words[1:])
    assert found.agent.name == agent
    assert " ".join(found.argv(OURS)) == argv
    assert found.argv(Wiring()) == tuple(words)


@pytest.mark.parametrize(
    "line",
    [
        "make test",
        "claudette",
        "./claude.py",
        "npx",
        "npx -y",
        "npx -p",
        "npx prettier claude",
        "npx -p @anthropic-ai/claude-code node x.js",
        "npx -c claude",
        "npm run claude",
        "npm install @anthropic-ai/claude-code",
        "bash -c claude",
    ],
)
def test_any_other_program_is_generic(line):
    """A program without an entry is started as it is, with its arguments untouched."""
    words = line.split()
    found = find(words[0], words[1:])
    assert (found.agent.name, found.args) == ("generic", tuple(words[1:]))


def test_names_are_unique():
    """No command, package or name belongs to two agents."""
    for names in (
        [known.name for known in (*AGENTS, *FOREIGN)],
        [command for known in (*AGENTS, *FOREIGN) for command in known.commands],
        [package for known in (*AGENTS, *FOREIGN) for package in known.packages],
    ):
        assert len(names) == len(set(names))


@pytest.mark.parametrize(
    "line",
    ["gemini -p hi", "/usr/bin/gemini.cmd", "npx -y @google/gemini-cli@0.61.0", "cursor-agent"],
)
def test_agents_that_cannot_be_led_here_are_refused(line):
    """They would run past us, so the reason is told instead, with what to do."""
    words = line.split()
    with pytest.raises(LaunchError, match="cannot be run here: ") as told:
        find(words[0], words[1:])
    assert "dsfix agents" in told.value.hint
