"""The scripted model: it does what a directive in the last prompt says, one step per turn.

`[[bash write edit parallel agent]]` makes an agent run its own tools in this order and then
say `done`. Which tools those are is read from the request, so any agent can be driven. The
model keeps no state: how far it got is the number of assistant turns since the prompt.
"""

from __future__ import annotations

import json
import posixpath
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dsfix.simulator.rules.tools import is_search
from dsfix.simulator.rules.wire import Dialect, Turn, turns
from dsfix.simulator.tools import (
    CONTENT,
    Tool,
    agent_kind,
    arguments,
    named,
    native,
    offered,
    patch,
)

STEPS = (
    *("bash", "cd", "write", "edit", "read", "parallel", "agent", "text", "bare", "redacted"),
    *("dsml", "see", "search"),
)
_PURPOSE = {"write": "write", "edit": "edit", "read": "read", "agent": "agent"}
_DIRECTIVE = re.compile(r"\[\[([a-z ]+)\]\]")
_PATH = re.compile(r"(?:/[\w.-]+)*/?dsfix-sim-\d+-\d+\.txt")
_CWD = re.compile(r"working directory:?\s*`?(/[^\n`<]*)|<cwd>(/[^<\n]*)</cwd>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Move:
    """What the model does in one turn.

    `calls` are tool names with their arguments, `searched` is what the server looks up itself.
    """

    reasoning: str = ""
    text: str = ""
    calls: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    redacted: bool = False
    searched: str = ""


@dataclass(frozen=True, slots=True)
class _Scene:
    """What a step may need to know."""

    number: int
    seed: int
    cwd: str
    tools: tuple[Tool, ...]
    since: tuple[Turn, ...]
    seen: int
    search: bool


def move(
    body: Mapping[str, Any], dialect: Dialect, number: int, seed: int = 0, seen: int = 0
) -> Move:
    """The model's next turn; `number` counts the turns of this server, `seen` the images."""
    tools = offered(body)
    forced = _forced(body, tools)
    if forced is not None:
        return Move(
            _thought(number, seed, forced.name), "", ((forced.name, arguments(forced, {})),)
        )
    if not tools:
        return Move(_thought(number, seed, "nothing"), _title(body))
    history = turns(body, dialect)
    prompt, since = _split(history)
    steps = directive(prompt)
    done = sum(turn.role == "assistant" and not turn.silent for turn in since)
    if done >= len(steps):
        return Move(_thought(number, seed, "nothing"), "done")
    search = any(is_search(tool) for tool in body["tools"])
    scene = _Scene(number, seed, _cwd(body, history), tools, since, seen, search)
    return _perform(steps[done], scene)


def directive(text: str) -> tuple[str, ...]:
    """The steps of the last directive in a text; none if there is no directive."""
    for found in reversed(_DIRECTIVE.findall(text)):
        steps = tuple(found.split())
        if steps and all(step in STEPS for step in steps):
            return steps
    return ()


def _split(history: tuple[Turn, ...]) -> tuple[str, tuple[Turn, ...]]:
    """The last prompt and what followed: agents may spread a prompt over several messages."""
    runs: list[list[Turn]] = [[]]
    for turn in history:
        if turn.role == "assistant":
            runs.append([])
        else:
            runs[-1].append(turn)
    for run in reversed(runs):
        asked = [turn for turn in run if turn.role == "user" and turn.text.strip()]
        if asked and not any(turn.results for turn in run):
            text = "\n".join(turn.text for turn in asked)
            return text, history[run[-1].index + 1 :]
    return "", history


def _perform(step: str, scene: _Scene) -> Move:
    if step == "text":
        return Move(_thought(scene.number, scene.seed, "no tool"), f"Turn {scene.number}: a word.")
    if step == "see":
        text = f"Turn {scene.number}: images seen: {scene.seen}."
        return Move(_thought(scene.number, scene.seed, "no tool"), text)
    if step == "search" and scene.search:
        text = f"Turn {scene.number}: looked it up."
        return Move(_thought(scene.number, scene.seed, "the web"), text, searched="simulators")
    tool = _tool_for(step, scene.tools)
    if tool is None or step == "search":
        return Move(_thought(scene.number, scene.seed, "nothing"), f"no tool for step {step}")
    given = _values(step, scene, tool)
    if step == "dsml":
        leaked = native(tool.name, arguments(tool, given))
        return Move(_thought(scene.number, scene.seed, tool.name), leaked)
    count = 3 if step == "parallel" else 1
    calls = tuple(
        (tool.name, arguments(tool, given | _numbered(given, place, count)))
        for place in range(count)
    )
    thought = "" if step == "bare" else _thought(scene.number, scene.seed, tool.name)
    text = "" if count > 1 else f"Turn {scene.number}: {step}."
    return Move(thought, text, calls, redacted=step == "redacted")


def _tool_for(step: str, tools: tuple[Tool, ...]) -> Tool | None:
    """The tool for a step: files are also written by patches, or by the shell."""
    purposes = [_PURPOSE.get(step, "shell")]
    if step in ("write", "edit"):
        purposes += ["patch", "shell"]
    if step == "read":
        purposes.append("shell")
    found = (named(tools, purpose) for purpose in purposes)
    return next((tool for tool in found if tool is not None), None)


def _values(step: str, scene: _Scene, tool: Tool) -> dict[str, Any]:
    path = _written(scene.since) or f"{scene.cwd}/dsfix-sim-{scene.seed}-{scene.number}.txt"
    quoted = shlex.quote(path)
    commands = {
        "cd": f"cd {shlex.quote(scene.cwd)} && echo hi",
        "write": f"printf %s {shlex.quote(CONTENT)} > {quoted}",
        "edit": f"sed -i 's/beta/delta/' {quoted}",
        "read": f"cat {quoted}",
    }
    return {
        "command": commands.get(step, f"echo turn {scene.number}"),
        "patch": patch(step, posixpath.basename(path)),
        "path": path,
        "content": CONTENT,
        "old": "beta",
        "new": "delta  ",
        "prompt": "Do this: [[bash]]",
        "description": f"simulated {step}",
        "kind": agent_kind(tool),
    }


def _numbered(values: Mapping[str, Any], place: int, count: int) -> dict[str, Any]:
    return {"command": f"{values['command']} part {place}"} if count > 1 else {}


def _written(since: tuple[Turn, ...]) -> str:
    """The file that was last written in this prompt, as the agent tells it."""
    for turn in reversed(since):
        for call in turn.calls:
            path = call.arguments.get("file_path") or call.arguments.get("filePath")
            if path or (path := call.arguments.get("path")):
                return str(path)
            if found := _PATH.search(json.dumps(call.arguments)):
                return found[0]
    return ""


def _thought(number: int, seed: int, tool: str) -> str:
    return f"turn {number}-{seed}: the user wants the next step, so call {tool} next."


def _title(body: Mapping[str, Any]) -> str:
    wanted = str(body.get("output_config") or body.get("response_format") or body.get("text"))
    return '{"title":"Simulated task"}' if "json" in wanted else "Simulated task"


def _forced(body: Mapping[str, Any], tools: tuple[Tool, ...]) -> Tool | None:
    choice = body.get("tool_choice")
    kind = choice.get("type") if isinstance(choice, dict) else choice
    if kind not in ("any", "required", "tool", "function", "custom"):
        return None
    holder = choice.get("function", choice) if isinstance(choice, dict) else {}
    wanted = holder.get("name") if isinstance(holder, dict) else None
    return next((tool for tool in tools if wanted in (None, tool.name)), None)


def _cwd(body: Mapping[str, Any], history: tuple[Turn, ...]) -> str:
    """The agent's working directory, where its prompt names it."""
    for text in (
        _flat(body.get("system") or body.get("instructions")),
        *(turn.text for turn in history[:4]),
    ):
        found = _CWD.search(text)
        if found:
            return (found[1] or found[2]).strip().rstrip("/.") or "/"
    return "/tmp"


def _flat(system: Any) -> str:
    blocks = system if isinstance(system, list) else [{"text": system}]
    return "\n".join(str(block.get("text") or "") for block in blocks if isinstance(block, dict))
