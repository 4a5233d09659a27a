"""Codex, which speaks Responses: what breaks it bare goes on through dsfix."""

from __future__ import annotations

import json
import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.lab import PRO, REAL_KEY, Lab, signalled
from tests.support.strict_endpoint import Canned, Cut, StrictEndpoint
from tests.support.strict_rules import PASS_BACK

pytestmark = pytest.mark.agents
BUSY = b'{"error":{"message":"Too many requests","type":"rate_limit_error"}}'
JSON = [("Content-Type", "application/json")]
MCP = Path(__file__).parent.parent / "support" / "mcp_server.py"
# A model as a catalogue of the user's has it.
LISTED = {
    "slug": PRO,
    "display_name": PRO,
    "base_instructions": "Do as you are told.",
    "context_window": 1_048_576,
    "supported_reasoning_levels": [{"effort": "high", "description": "high"}],
    "default_reasoning_level": "high",
    "apply_patch_tool_type": "freeform",
    "shell_type": "unified_exec",
    "truncation_policy": {"mode": "tokens", "limit": 10_000},
    "experimental_supported_tools": [],
    "priority": 1,
    "support_verbosity": False,
    "supported_in_api": True,
    "supports_parallel_tool_calls": True,
    "supports_reasoning_summaries": False,
    "visibility": "list",
}


def with_a_catalogue(at: Lab, more: str = "", **model: Any) -> None:
    """Give Codex a catalogue with this model in it, and `more` of a configuration."""
    folder = at.home / ".codex"
    folder.mkdir(exist_ok=True)
    (folder / "models.json").write_text(json.dumps({"models": [{**LISTED, **model}]}))
    config = folder / "config.toml"
    had = config.read_text() if config.exists() else ""
    config.write_text(f'model_catalog_json = "{folder}/models.json"\n{had}\n{more}')


def silent_turns(endpoint: StrictEndpoint) -> None:
    """Each second answer has no reasoning."""
    endpoint.switches.silent_every = 2


def refused_once(endpoint: StrictEndpoint) -> None:
    """A replica refuses a history that the next one takes."""
    endpoint.refuse = [PASS_BACK["responses"]]


def busy(endpoint: StrictEndpoint) -> None:
    """The upstream is busy for a moment, and like DeepSeek it does not say for how long."""
    endpoint.canned = [Canned(429, JSON, [BUSY])]


@pytest.mark.parametrize(
    ("trouble", "told"),
    [(silent_turns, "must be passed back"), (refused_once, "must be passed back"), (busy, "429")],
)
def test_bare(
    lab: Callable[..., Lab],
    endpoint: StrictEndpoint,
    trouble: Callable[[StrictEndpoint], None],
    told: str,
) -> None:
    """Without dsfix each of these ends the session."""
    trouble(endpoint)
    ran = lab("codex", through=False).say("begin #do bash bash bash#")
    assert ran.code == 1, ran
    assert told in ran.out + ran.err


def test_turns_without_reasoning(lab: Callable[..., Lab], endpoint: StrictEndpoint) -> None:
    """A turn that had no reasoning gets a stand-in of its own, the others keep what is theirs."""
    silent_turns(endpoint)
    at = lab("codex")
    first = at.say("begin #do bash bash bash#")
    at.check(first, at.say("and on #do bash#", go_on=True, model=at.second_model()))
    history = endpoint.history(endpoint.main[-1])
    assert len(history) == 5
    assert sum(given is not None and given.reasoning is None for given, _ in history) == 2
    assert endpoint.replayed(endpoint.main[-1]) == 3
    assert len({reasoning for _, reasoning in history}) == 5
    assert not endpoint.broken_prefixes()


@pytest.mark.parametrize("trouble", [refused_once, busy])
def test_what_passes_when_sent_again(
    lab: Callable[..., Lab],
    endpoint: StrictEndpoint,
    trouble: Callable[[StrictEndpoint], None],
) -> None:
    """The same bytes go once more, and Codex, which tries nothing again, sees nothing of it."""
    at = lab("codex")
    trouble(endpoint)
    ran = at.say("begin #do bash#")
    assert ran.code == 0, ran
    first, second, *_ = endpoint.requests
    assert first.raw == second.raw
    assert endpoint.replayed(endpoint.main[-1]) == 1


def test_parallel_calls_and_sub_agents(lab: Callable[..., Lab], endpoint: StrictEndpoint) -> None:
    """Each turn has its own reasoning, in each conversation, also under another model."""
    at = lab("codex")
    first = at.say("begin #do parallel twins pause bash#")  # sub-agents go with the session
    at.check(first, at.say("and on #do parallel#", go_on=True, model=at.second_model()))
    asked = [request for request in endpoint.main if endpoint.history(request)]
    assert len(asked) >= 6
    assert all(endpoint.replayed(r) == len(endpoint.history(r)) for r in asked)
    assert not endpoint.broken_prefixes()


@pytest.mark.parametrize("through", [False, True])
def test_what_agents_tell_each_other(
    lab: Callable[..., Lab], endpoint: StrictEndpoint, through: bool
) -> None:
    """In the second version of sub-agents one learns its task, the other what came of it."""
    at = lab("codex", through=through)
    second = ["-c", "features.multi_agent_v2=true"]
    ran = at.run([*at.command("begin #do agent wait#"), *second])
    assert ran.code == 0, ran
    came = re.search(rb"Sender: /root/one\\nPayload:\\n\[answer", endpoint.main[-1].raw)
    assert bool(came) is through
    if through:
        tasked = [
            request for request in endpoint.main if b"Message Type: NEW_TASK\\nT" in request.raw
        ]
        assert [len(endpoint.history(request)) for request in tasked] == [1, 2]
        assert all(endpoint.replayed(r) == len(endpoint.history(r)) for r in endpoint.main)


@pytest.mark.parametrize("through", [False, True])
def test_tools_that_are_held_back(
    lab: Callable[..., Lab], endpoint: StrictEndpoint, through: bool
) -> None:
    """Where a catalogue says so the model has to search for the tools of an MCP server."""
    at = lab("codex", through=through)
    server = f'[mcp_servers.lamps]\ncommand = "{sys.executable}"\nargs = ["{MCP}"]\n'
    with_a_catalogue(at, server, supports_search_tool=True)
    ran = at.say("begin #do find light#")
    assert ran.code == 0, ran
    called = b'lamp is on: {\\"lamp\\": \\"hall\\"}' in endpoint.main[-1].raw
    assert called is through
    if through:
        at.check(ran, at.say("and on #do light#", go_on=True))
        history = endpoint.history(endpoint.main[-1])
        assert len(history) == endpoint.replayed(endpoint.main[-1]) == 4


@pytest.mark.parametrize("how", ["rst", "fin"])
def test_cut_stream(lab: Callable[..., Lab], endpoint: StrictEndpoint, how: str) -> None:
    """An answer cut in the middle is asked for again, and the session goes on."""
    endpoint.switches.cut = Cut(after=8, how=how)
    at = lab("codex")
    at.check(at.say("begin #do bash bash#"))
    assert endpoint.switches.cut.times == 0
    assert endpoint.replayed(endpoint.main[-1]) >= 2


def test_a_session_held_without_dsfix(lab: Callable[..., Lab], endpoint: StrictEndpoint) -> None:
    """`resume --last` through dsfix finds it, and the user's configuration stays as it is."""
    at = lab("codex", through=False)
    first = at.say("begin #do bash#")
    config = at.home / ".codex/config.toml"
    before = config.read_bytes()
    at.through = True
    at.check(first, at.say("and on #do bash#", go_on=True))
    assert endpoint.replayed(endpoint.main[-1]) == len(endpoint.history(endpoint.main[-1])) == 3
    assert config.read_bytes() == before
    urls = {request.header("host") for request in endpoint.requests}
    assert urls == {endpoint.url.removeprefix("http://")}


def test_settings_that_lead_elsewhere(lab: Callable[..., Lab], endpoint: StrictEndpoint) -> None:
    """A provider, a URL and a key in the configuration do not lead past the endpoint."""
    with StrictEndpoint() as elsewhere:
        at = lab("codex")
        provider = f'name = "x"\nbase_url = "{elsewhere.url}"\nexperimental_bearer_token = "sk-own"'
        for folder, active in ((at.home, "deepseek"), (at.project, "mine")):
            place = folder / ".codex/config.toml"
            place.parent.mkdir()
            place.write_text(f'''model_provider = "{active}"
                [model_providers.deepseek]
                {provider}
                [model_providers.mine]
                {provider}
                [projects."{at.project}"]
                trust_level = "trusted"
            ''')
        at.check(at.say("begin #do bash#"))
        assert not elsewhere.requests
    assert {request.header("authorization") for request in endpoint.main} == {f"Bearer {REAL_KEY}"}


def test_a_catalogue_of_the_users(lab: Callable[..., Lab], endpoint: StrictEndpoint) -> None:
    """With the vendor's kind of catalogue patches are calls of a custom tool, with reasoning too."""
    at = lab("codex")
    with_a_catalogue(at)
    endpoint.switches.silent_every = 3
    at.check(at.say("begin #do patch bash patch#"))
    assert (at.project / "note.txt").read_text().startswith("  first line\n")
    last = endpoint.main[-1]
    assert len(endpoint.history(last)) == 3
    assert endpoint.replayed(last) == 2
    assert '"custom_tool_call"' in last.raw.decode()


def test_a_search_of_codex_own(lab: Callable[..., Lab], endpoint: StrictEndpoint) -> None:
    """Where the user's provider has it, the tool that the upstream runs is offered instead."""
    at = lab("codex")
    (at.home / ".codex").mkdir()
    (at.home / ".codex/config.toml").write_text(f'''
        web_search = "live"
        features.standalone_web_search = true
        [model_providers.mine]
        name = "mine"
        base_url = "{endpoint.url}"
        supports_standalone_web_search = true
    ''')
    at.check(at.say("begin #do bash#"))
    tools = json.loads(endpoint.main[-1].raw)["tools"]
    assert "web_search" in [tool["type"] for tool in tools]
    assert "web" not in [tool.get("name") for tool in tools]


@pytest.mark.parametrize("name", ["DeepSeek", "OpenAI"])
def test_compaction(lab: Callable[..., Lab], endpoint: StrictEndpoint, name: str) -> None:
    """A conversation that Codex compacts goes on from a summary, also where the user's provider has
    a name by which Codex would let the upstream compact it."""
    at = lab("codex")
    (at.home / ".codex").mkdir()
    (at.home / ".codex/config.toml").write_text(f'''
        [model_providers.mine]
        name = "{name}"
        base_url = "{endpoint.url}"
    ''')
    first = at.say("begin #do bash parallel#")
    full = ["-c", "model_auto_compact_token_limit=100"]  # of any answer
    second = at.run([*at.command("and on #do #", go_on=True), *full])
    at.check(first, second, at.say("further #do bash#", go_on=True))
    last = endpoint.main[-1]  # in which the first prompt's turns are no more
    assert len(endpoint.history(last)) == endpoint.replayed(last) == 2
    assert not any(b"compaction_trigger" in request.raw for request in endpoint.main)


@pytest.mark.parametrize("through", [False, True])
def test_a_refusal_of_another_kind(
    lab: Callable[..., Lab], endpoint: StrictEndpoint, through: bool
) -> None:
    """An error that is no repair's business ends Codex as it would without dsfix."""
    text = b'{"error":{"message":"Insufficient Balance","type":"unknown_error"}}'
    endpoint.canned = [Canned(402, JSON, [text]) for _ in range(9)]
    ran = lab("codex", through=through).say("begin #do bash#")
    assert ran.code == 1, ran
    assert "Insufficient Balance" in ran.out + ran.err


def test_the_key_is_out_of_reach(lab: Callable[..., Lab], endpoint: StrictEndpoint) -> None:
    """Neither Codex nor its tools have the real key in environment, arguments or files."""
    at = lab("codex")
    at.environ = {"MY_COPY": REAL_KEY, "OPENAI_API_KEY": REAL_KEY}
    at.check(at.say("begin #do env#"))
    seen = endpoint.main[-1].raw.decode()
    assert "DSFIX_SESSION" in seen and "PATH=" in seen


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 1), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("through", [False, True])
def test_exit_code_of_a_signal(
    lab: Callable[..., Lab],
    endpoint: StrictEndpoint,
    number: signal.Signals,
    code: int,
    through: bool,
) -> None:
    """A signal ends Codex with the same exit code, bare and through dsfix."""
    ran = signalled(lab("codex", through=through), endpoint, number)
    assert ran.code % 256 in (code, -number % 256), ran
    assert not through or ran.code == code
