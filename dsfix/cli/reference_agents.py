"""`docs/agents.md`: each agent as its wiring has it at an example endpoint, and how to add one."""

from __future__ import annotations

import inspect
import json
import re
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

from dsfix.agents import AGENTS
from dsfix.agents.base import Agent, Endpoint, Host, Request, Wiring
from dsfix.agents.foreign import FOREIGN, Foreign
from dsfix.agents.generic import GENERIC
from dsfix.cli.markdown import MADE, table
from dsfix.upstreams import named

_VARIABLE = re.compile(r'"(_?[A-Z][A-Z0-9_]{6,})"')

_HEAD = """\
`dsfix run NAME` starts an agent with what stands here and nothing else changed. Addresses are
those of an example session. No file of an agent's is written; where an agent reads only files, it
is pointed at one of ours, in the package, that names variables and holds nothing of a session.
"""

_ADD = """\
## Adding an agent

Any program that takes its base URL and key from the usual variables runs without an entry. One
that does not needs one file in `dsfix/agents/` with one value; `dsfix/agents/__init__.py` imports
it and has its name in the tuple `AGENTS`. This is such a file, whole, `dsfix/agents/example.py`
for a program that reads its URL and key from variables of its own and its model from a flag:

```python
from dsfix.agents.base import Agent, Request, Wiring
from dsfix.agents.environ import direct, option
from dsfix.protocol.body import Dialect


def wire(request: Request) -> Wiring:
    model = request.model or request.upstream.main
    chosen = option(request.args, "--model")
    return Wiring(
        env={
            "EXAMPLE_URL": request.endpoint.chat,
            "EXAMPLE_KEY": request.endpoint.token,
            **direct(request.host.environ),
        },
        unset=("EXAMPLE_PROVIDER",) if "EXAMPLE_PROVIDER" in request.host.environ else (),
        args=() if chosen else ("--model", model),
    )


EXAMPLE = Agent(
    name="example",
    title="Example",
    commands=("example", "example-cli"),
    wire=wire,
    dialects=(Dialect.CHAT,),
    packages=("@example/cli",),
    install="npm install -g @example/cli",
    homepage="https://example.com",
)
```

- `endpoint.chat` is the base URL for Chat Completions and Responses, `endpoint.messages` the one
  for Messages; `endpoint.token` is the key. The token goes into a variable or into a file that
  names one, never into an argument.
- The user's own choice of a model wins; `args` stand before the user's own words.
- What the agent reads besides its environment is read with `request.host.read`, and what would
  lead past the endpoint is named in `bypass`, for the summary.
- `verified` stays empty until the agent has been run through dsfix.
- `reexecutes=True` where the program works in a child of its own and passes no signal on.

A test of the value needs no agent: see `tests/agents/`. `make docs` writes the entry's section
here and `dsfix agents` lists it.
"""


def agents_page() -> str:
    """Every agent, those that cannot be run, and how to add one."""
    parts = [MADE, "# Agents\n", _HEAD]
    rows = [
        (
            f"[`{agent.name}`](#{_anchor(agent)})",
            ", ".join(agent.dialects),
            agent.verified or "from its sources",
        )
        for agent in AGENTS
    ]
    parts.append(table(("agent", "dialects", "verified with"), rows))
    parts += [_agent(agent) for agent in (*AGENTS, GENERIC)]
    parts.append("## Agents that cannot be run\n")
    parts.append(table(("agent", "why", "instead"), [_refused(each) for each in FOREIGN]))
    parts.append(_ADD)
    return "\n".join(parts)


def _anchor(agent: Agent) -> str:
    return agent.title.lower().replace(" ", "-")


def _refused(each: Foreign) -> tuple[str, ...]:
    return (f"[{each.title}]({each.homepage})", each.reason, each.hint)


def _agent(agent: Agent) -> str:
    """What one agent's wiring sets and takes out."""
    wiring = _wired(agent, {})
    set_, blocks = [], []
    for name, value in wiring.env.items():
        shown = f"`{_placed(value)}`" if value else "(empty)"
        if value.startswith("{"):
            shown = "JSON, below"
            text = json.dumps(json.loads(value), indent=2)
            blocks.append(
                f"`{name}`, with no configuration of one's own:\n\n```json\n{text}\n```\n"
            )
        set_.append((f"`{name}`", shown))
    own = "Preferences and model names yield to the user's own.\n" if agent.install else ""
    out = ", ".join(f"`{name}`" for name in _taken_out(agent))
    taken = f"Taken out where set: {out}.\n" if out else "Nothing is taken out.\n"
    if wiring.args:
        words = _placed(shlex.join(wiring.args))
        blocks.append(f"Arguments before the agent's own:\n\n```text\n{words}\n```\n")
    variables = table(("variable", "value"), set_)
    return "\n".join(filter(None, (_heading(agent), variables, *blocks, own, taken)))


def _heading(agent: Agent) -> str:
    """The title and, for an agent with an entry, where it comes from."""
    if not agent.install:
        return f"## {agent.title}\n"
    run = f"verified with {agent.verified}" if agent.verified else "made from its sources"
    commands = ", ".join(f"`{command}`" for command in agent.commands)
    lines = [
        f"## {agent.title}\n",
        f"`{agent.name}`, {run}: <{agent.homepage}>\n",
        f"- starts with {commands}",
        f"- install: `{agent.install}`",
        f"- dialects: {', '.join(agent.dialects)}\n",
    ]
    return "\n".join(lines)


def _placed(text: str) -> str:
    """The text with `PACKAGE` for the folder that dsfix is installed in."""
    return text.replace(str(Path(__file__).parent.parent), "PACKAGE")


def _wired(agent: Agent, environ: Mapping[str, str]) -> Wiring:
    endpoint = Endpoint("http://127.0.0.1:PORT/api.deepseek.com", "TOKEN")
    home = Path("/home/me")
    return agent.wire(
        Request(endpoint, named("deepseek"), Host(environ, home, home, lambda path: None))
    )


def _taken_out(agent: Agent) -> list[str]:
    """What the wiring takes out when every variable that any agent's module names is set.

    A name that ends in `_` is the beginning of a family of names.
    """
    sources = [inspect.getsource(module) for module in _modules()]
    environ = dict.fromkeys(_VARIABLE.findall("".join(sources)), "{}")
    unset = _wired(agent, environ).unset
    return [f"{name}*" if name.endswith("_") else name for name in unset]


def _modules() -> set[ModuleType]:
    return {sys.modules[agent.wire.__module__] for agent in AGENTS}
