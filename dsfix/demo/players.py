"""Who can play: the built-in agent, Claude Code, OpenCode."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dsfix.agents import AGENTS
from dsfix.demo.base import Kind, Line, Player, Scene, Step
from dsfix.simulator.options import Options
from dsfix.simulator.rules import Policy

PRO, FLASH = "deepseek-v4-pro", "deepseek-v4-flash"
# In force unless a scene says otherwise; `verify` proves that what is replayed is the real text.
_STRICT = Policy(verify=True)
# Claude Code's user id is refused too, before it comes to thinking; here it may pass.
_ANY_USER = Policy(verify=True, check_user_id=False)
_USER_ID = " (Claude Code's user id, which may be refused as well, is let pass on both sides.)"


def _renamed(policy: Policy, remark: str = "") -> Scene:
    return Scene(
        "The upstream answers under another model name",
        f"Asked for {FLASH}, DeepSeek answers as deepseek-flash. Agents drop the reasoning of"
        f" an answer that names another model, and DeepSeek wants it back.{remark}",
        (Step("Say where you are [[bash]]", FLASH),),
        Options(policy, seed=1),
    )


def _switched(policy: Policy, first: str = PRO, second: str = FLASH) -> Scene:
    return Scene(
        "Tomorrow, another model",
        "A new process goes on with a conversation of another model. The reasoning that the"
        " agent drops is in dsfix's memory on disk.",
        (
            Step("Begin [[bash]]", first),
            Step("Now go on [[bash]]", second, goes_on=True),
        ),
        Options(policy, seed=2),
    )


def _unsigned(steps: str, title: str, remark: str = "", model: str = PRO) -> Scene:
    return Scene(
        title,
        "An upstream may send thinking without a signature. Agents drop it, and the upstream"
        f" wants it back; dsfix signs it.{remark}",
        (Step(f"Look around [[{steps}]]", model),),
        Options(_STRICT, seed=3, signature="none"),
    )


def _builtin_argv(step: Step, folder: Path) -> list[str]:
    goes_on = ["--continue"] if step.goes_on else []
    file = str(folder / "conversation.json")
    line = [sys.executable, "-m", "dsfix.demo.agent", "--model", step.model]
    return [*line, *goes_on, file, step.prompt]


def _builtin_lines(output: str) -> Iterator[Line]:
    for said in _documents(output):
        yield Line(Kind(said["kind"]), said["text"])


def _claude_argv(step: Step, folder: Path) -> list[str]:
    line = ["claude", *(["--continue"] if step.goes_on else []), "--model", step.model]
    line += ["--allowedTools", "Bash(echo:*)", "--output-format", "stream-json", "--verbose"]
    return [*line, "-p", step.prompt]


def _claude_lines(output: str) -> Iterator[Line]:
    """The documents of `claude -p --output-format stream-json`."""
    last = Line(Kind.ANSWER, "")
    for document in _documents(output):
        if document["type"] == "result":
            last = Line(Kind.ERROR if document["is_error"] else Kind.ANSWER, document["result"])
        elif document["type"] in ("assistant", "user"):
            content = document["message"]["content"]
            for block in content if isinstance(content, list) else ():
                yield from _claude_block(block)
    if last.kind is Kind.ERROR:
        yield last


def _claude_block(block: Mapping[str, Any]) -> Iterator[Line]:
    match block["type"]:
        case "thinking":
            yield Line(Kind.REASONING, block["thinking"])
        case "text" if not block["text"].startswith("API Error"):
            yield Line(Kind.ANSWER, block["text"])
        case "tool_use":
            given = block["input"]
            yield Line(Kind.CALL, f"{block['name']}: {given.get('command', '')}")
        case "tool_result":
            yield Line(Kind.RESULT, str(block["content"]))
        case _:
            pass


def _claude_direct(url: str, key: str) -> dict[str, str]:
    """As in DeepSeek's guide to Claude Code."""
    return {
        "ANTHROPIC_BASE_URL": f"{url}/anthropic",
        "ANTHROPIC_AUTH_TOKEN": key,
        "ANTHROPIC_MODEL": PRO,
        "ANTHROPIC_DEFAULT_HAIKU_MODEL": FLASH,
    }


def _opencode_argv(step: Step, folder: Path) -> list[str]:
    goes_on = ["--continue"] if step.goes_on else []
    line = ["opencode", "run", "--thinking", "--format", "json", *goes_on]
    return [*line, "-m", step.model, step.prompt]


def _opencode_lines(output: str) -> Iterator[Line]:
    """The events of `opencode run --format json`."""
    for event in _documents(output):
        part = event.get("part", {})
        match event["type"]:
            case "reasoning":
                yield Line(Kind.REASONING, part["text"])
            case "text":
                yield Line(Kind.ANSWER, part["text"])
            case "tool_use":
                state = part["state"]
                given = state.get("input", {})
                yield Line(Kind.CALL, f"{part['tool']}: {given.get('command', '')}")
                yield Line(Kind.RESULT, str(state.get("output") or state.get("error") or ""))
            case "error":
                data = event["error"].get("data", {})
                yield Line(Kind.ERROR, f"{data.get('statusCode', '')} {data.get('message', '')}")
            case _:
                pass


def _opencode_direct(url: str, key: str) -> dict[str, str]:
    """Both of its wires led to the URL, as one would in opencode.json."""
    entry = {"status": "active", "name": "model", "reasoning": True, "tool_call": True}
    chat = {"baseURL": url, "apiKey": key}
    messages = {"baseURL": f"{url}/anthropic/v1", "apiKey": key}
    config = {
        "deepseek": {"options": chat, "models": {PRO: {"status": "active"}, FLASH: entry}},
        "anthropic": {"options": messages},
    }
    return {"OPENCODE_CONFIG_CONTENT": json.dumps({"provider": config})}


def _documents(output: str) -> Iterator[dict[str, Any]]:
    """The JSON objects among the lines of an output; an agent may print others."""
    for line in output.splitlines():
        if line.startswith("{"):
            try:
                yield json.loads(line)
            except ValueError:
                continue


_INSTALL = {agent.name: agent.install for agent in AGENTS}
BUILTIN = Player(
    "built-in",
    (
        _renamed(_STRICT),
        _switched(_STRICT),
        _unsigned(
            "bash redacted",
            "Reasoning that comes unsigned, or unreadable",
            " Redacted thinking, which DeepSeek ignores, nobody can read: a placeholder says so.",
        ),
    ),
    _builtin_argv,
    lambda url, key: {"ANTHROPIC_BASE_URL": f"{url}/anthropic", "ANTHROPIC_AUTH_TOKEN": key},
    _builtin_lines,
)
CLAUDE = Player(
    "claude",
    (_renamed(_ANY_USER, _USER_ID), _switched(_ANY_USER)),
    _claude_argv,
    _claude_direct,
    _claude_lines,
    command="claude",
    install=_INSTALL["claude"],
    env={"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_AUTOUPDATER": "1"},
    limit=90.0,
)
OPENCODE = Player(
    "opencode",
    (
        _switched(_STRICT, f"deepseek/{PRO}", f"deepseek/{FLASH}"),
        _unsigned("bash", "Reasoning that comes unsigned", model="anthropic/claude-sonnet-4-5"),
    ),
    _opencode_argv,
    _opencode_direct,
    _opencode_lines,
    command="opencode",
    install=_INSTALL["opencode"],
    env={"OPENCODE_DISABLE_AUTOUPDATE": "1", "OPENCODE_DISABLE_MODELS_FETCH": "1"},
    limit=90.0,
)
PLAYERS = {player.name: player for player in (CLAUDE, OPENCODE)}
