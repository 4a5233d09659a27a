"""A vendor's own repairs and settings hold in a run, and the user's choice above them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from dsfix.simulator.server import Simulator
from tests.support.commands import dsfix, environment

# An agent that lost the reasoning of a turn, and whose user id has a letter that is refused.
TURN: dict[str, Any] = {
    "model": "deepseek-v4-pro",
    "user_id": "someone@example",
    "tools": [{"type": "function", "function": {"name": "bash", "parameters": {"type": "object"}}}],
    "messages": [
        {"role": "user", "content": "go"},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "bash", "arguments": "{}"}}
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "done"},
    ],
}
ASK = """
import json, os, sys, urllib.error, urllib.request
url = os.environ["OPENAI_BASE_URL"] + sys.argv[1]
token = os.environ["ANTHROPIC_AUTH_TOKEN"]
headers = {"Content-Type": "application/json", "Authorization": "Bearer " + token}
try:
    answer = urllib.request.urlopen(urllib.request.Request(url, sys.argv[2].encode(), headers))
    print(answer.status)
except urllib.error.HTTPError as error:
    print(error.code, error.read().decode())
"""
TABLE = """
[upstreams.office]
like = "deepseek"
origin = "{origin}"
key_env = "OFFICE_KEY"
key_optional = true
{more}
"""


class Office:
    """Runs an agent through an upstream of the user's own, in front of the simulator."""

    def __init__(self, home: Path) -> None:
        self.home, self.sent, self.keys = home, [{}], [""]
        self.out = self.err = ""

    def run(self, more: str, *words: str, path: str = "/chat/completions") -> dict[str, Any]:
        """What reached the upstream of the agent's one request."""
        with Simulator.in_thread() as upstream:
            file = self.home / "config.toml"
            file.write_text(TABLE.format(origin=upstream.url, more=more), encoding="utf-8")
            file.chmod(0o600)
            env = environment(self.home, DSFIX_CONFIG=str(file), DEEPSEEK_API_KEY="")
            command = ("run", "--upstream", "office", *words, "--", sys.executable, "-c", ASK)
            ran = dsfix(*command, path, json.dumps(TURN), home=self.home, env=env)
            self.out, self.err = ran.out, ran.err
            self.keys = [each.headers.get("authorization", "") for each in upstream.requests]
            bodies = [json.loads(each.body_bytes) for each in upstream.requests]
        return bodies[0] if bodies else {}


@pytest.fixture
def office(tmp_path: Path) -> Office:
    home = tmp_path / "someone"
    home.mkdir()
    return Office(home)


def test_without_quirks_all_repairs_are_made(office: Office) -> None:
    """The id becomes a pseudonym, and reasoning stands where DeepSeek reads it."""
    body = office.run("")
    assert "@" not in body["user_id"]
    assert body["messages"][1]["reasoning_content"] and "reasoning" not in body["messages"][1]


def test_a_vendors_repairs_are_left_out(office: Office) -> None:
    """Those of its table, and those that the user left out as well."""
    quirk = '[upstreams.office.repairs]\noff = ["user-id"]'
    assert office.run(quirk)["user_id"] == TURN["user_id"]
    body = office.run(quirk, "--no-repair", "thinking-replay")
    assert body["user_id"] == TURN["user_id"]
    assert "reasoning_content" not in body["messages"][1]


def test_a_vendors_settings_hold_where_the_user_chose_nothing(office: Office) -> None:
    """Even a choice of what is the default without the vendor is the user's."""
    quirk = '[upstreams.office.settings]\nplaceholder.field = "reasoning"'
    turn = office.run(quirk)["messages"][1]
    assert turn["reasoning"] and "reasoning_content" not in turn
    turn = office.run(quirk, "--set", "placeholder.field=reasoning_content")["messages"][1]
    assert turn["reasoning_content"] and "reasoning" not in turn


def test_no_key_is_needed_where_none_is_asked_for(office: Office) -> None:
    """Something is sent all the same; a key in the variable would be it."""
    assert office.run("") and office.out.split()[0] == "200"
    assert office.keys == ["Bearer no-key-is-needed"]


def test_a_dialect_that_is_not_served_is_told(office: Office) -> None:
    """With those that are, and nothing goes upstream."""
    paths = '[upstreams.office.paths]\nchat = "/chat/completions"'
    assert office.run(paths, path="/responses") == {}
    assert "404" in office.out and "does not serve responses, but chat" in office.out


def test_a_wrong_table_stops_the_run(office: Office) -> None:
    """It names the table and the key, and the agent is not started."""
    assert office.run('[upstreams.office.repairs]\noff = ["user-ids"]') == {}
    assert "upstreams.office: repairs.off names no repair 'user-ids'" in office.err
    assert "did you mean user-id?" in office.err
    assert office.out == ""
