"""The page that says how to add an agent: its example is a whole file, and it works as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dsfix import agents
from dsfix.agents.base import Agent
from dsfix.protocol.body import Dialect
from tests.agents.support import NO_PROXY, ROOT, TOKEN, request

PAGE = Path(__file__).parent.parent.parent / "docs/agents.md"


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> Agent:
    """The value of the page's file, in the tuple where the page says it belongs."""
    (source,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Agent] = {"__name__": "example"}  # type: ignore[dict-item]
    exec(compile(source, str(PAGE), "exec"), names)
    value = names["EXAMPLE"]
    monkeypatch.setattr(agents, "AGENTS", (*agents.AGENTS, value))
    return value


@pytest.mark.parametrize("line", ["example -p hi", "npx @example/cli@2 -p hi", "example-cli"])
def test_the_example_is_found(example: Agent, line: str) -> None:
    """By its commands, and by its package behind a runner; also where somebody tries it out."""
    words = line.split()
    assert agents.find(words[0], words[1:]).agent._replace(wire=example.wire) == example


def test_the_example_is_wired(example: Agent) -> None:
    """URL, key and model go where the page says, and one variable is taken out where it is set."""
    wiring = example.wire(request("hi", environ={"EXAMPLE_PROVIDER": "other"}))
    assert wiring.env == {"EXAMPLE_URL": ROOT, "EXAMPLE_KEY": TOKEN, **NO_PROXY}
    assert wiring.unset == ("EXAMPLE_PROVIDER",)
    assert wiring.args == ("--model", "deepseek-v4-pro")
    assert example.wire(request("--model", "x")).args == ()
    assert example.wire(request("--model", "x")).unset == ()
    assert example.dialects == (Dialect.CHAT,)
