"""What is otherwise than expected, written to config.toml; and what that comes to."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from dsfix.config import Config, file
from dsfix.doctor import drift, saving
from dsfix.doctor.drift import learnt
from dsfix.doctor.examine import Report, Wish, examine
from dsfix.doctor.finding import Finding, Level
from dsfix.doctor.probes import NAMES
from dsfix.errors import DsfixError
from dsfix.locks import alone
from dsfix.repairs import NAMES as REPAIRS
from dsfix.simulator.options import Options
from dsfix.simulator.server import Simulator
from dsfix.simulator.switches import set_switches
from dsfix.upstreams import named, resolve
from tests.doctor.support import KEY, by_name, doctor, drifts, machine, probed, relay
from tests.support.serving import Came, Given

Tables = dict[str, dict[str, Any]]


def again(spec: str, tables: Tables, *only: str) -> Report:
    """What probes find where the user has these tables."""
    config = Config(spec, by_flag=True, upstreams=tables)
    wish = Wish(config=config, live=True, only=only or NAMES, timeout=5.0)
    return examine(wish, machine(), lambda origin, cost: None)


def saved(report: Report, path: Path) -> tuple[str, Tables]:
    """The name of the table that a report becomes, and the tables of the file with it."""
    found = learnt(report.upstream, report.findings, {})
    assert found is not None
    saving.save(path, found.name, found.table)
    return found.name, {name: dict(table) for name, table in file.read(path).upstreams.items()}


def found(name: str, raw: str, expected: str = "refused") -> Finding:
    """A finding of the endpoint."""
    return Finding(name, "endpoint", Level.GOOD, raw, "", expected=expected)


CHOICES = [found(name, "called") for name in drift.PROOFS[0].probes]
IMAGES = [found(name, "unseen", "seen") for name in drift.PROOFS[1].probes]


@pytest.mark.parametrize(
    "switches",
    [("forced-choice=accept",), ("images=refuse", "long-names"), ("plain-reasoning=fail",)],
)
def test_no_drift_the_second_time(switches: tuple[str, ...], tmp_path: Path) -> None:
    """After it was saved nothing is otherwise, whether the endpoint is named or spelt as a URL."""
    with Simulator.in_thread(set_switches(switches, Options())) as simulator:
        report = probed(simulator.url)
        assert drifts(report)
        name, tables = saved(report, tmp_path / "config.toml")
        assert not drifts(again(name, tables))
        assert not drifts(again(simulator.url, tables))
    assert name == simulator.url.removeprefix("http://").replace(".", "-").replace(":", "-")


def test_a_dialect_that_is_missing_is_asked_no_more(tmp_path: Path) -> None:
    """Its path and its words are not in the table, and the others are."""

    def change(came: Came, given: Given) -> Given:
        return Given(404) if came.path.endswith("/messages") else given

    with relay(change) as url:
        first = probed(url)
        hint = by_name(first)["messages-json"].do
        name, tables = saved(first, tmp_path / "config.toml")
        second = again(name, tables)
    assert "/anthropic/v1/messages" in hint
    assert "claude-code-router" in hint
    assert set(tables[name]["paths"]) == {"chat", "responses", "models", "balance"}
    assert not any(probe.startswith("messages") for probe in tables[name]["expect"])
    assert not drifts(second)
    asked = [each.name for each in second.findings if each.raw and each.name[:8] == "messages"]
    assert asked == []


def test_a_repair_that_is_not_needed_is_left_out() -> None:
    """Only where every dialect that is served answers what it would change."""
    upstream = resolve("http://127.0.0.1:9999")
    whole = learnt(upstream, CHOICES, {})
    part = learnt(upstream, CHOICES[:-1], {})
    assert whole is not None
    assert part is not None
    assert whole.table["repairs"] == {"off": ["tool-choice"]}
    assert "repairs" not in part.table
    gone = found("responses-json", "missing", "answered")
    without = learnt(upstream, [*CHOICES[:-1], gone], {})
    assert without is not None
    assert without.table["repairs"] == {"off": ["tool-choice"]}


def test_a_repair_that_is_needed_again_comes_back() -> None:
    """What was proven once is taken out when the endpoint changes; other choices stay."""
    first = learnt(named("deepseek"), [*CHOICES, *IMAGES], {})
    assert first is not None
    assert first.table["settings"] == {"images": "text"}
    table = {**first.table, "repairs": {"off": ["tool-choice", "user-id"]}}
    changed = [found("chat-tool-choice", "refused", "called"), found("chat-image", "seen", "no")]
    second = learnt(resolve("deepseek", extra={"deepseek": table}), changed, {"deepseek": table})
    assert second is not None
    assert second.table["repairs"] == {"off": ["user-id"]}
    assert second.table["settings"] == {}


def test_no_probe_turns_replay_off() -> None:
    """Reasoning is put back whatever is answered without it."""
    findings = [found(name, "answered") for name in NAMES if "reasoning" in name]
    table = learnt(named("deepseek"), findings, {})
    assert table is not None
    assert set(table.table) == {"expect"}
    assert all(each.table != "repairs" or each.value in REPAIRS for each in drift.PROOFS)
    assert "thinking-replay" not in {each.value for each in drift.PROOFS}


@pytest.mark.parametrize(
    ("name", "raw"),
    [("clock-skew", "wrong"), ("balance", "used-up"), ("chat-json", "failing"), ("models", "cut")],
)
def test_what_passes_is_not_saved(name: str, raw: str) -> None:
    """A clock, an empty account and an outage are no ways of an endpoint."""
    assert learnt(named("deepseek"), [found(name, raw, "right")], {}) is None


def test_nothing_is_saved_of_no_api() -> None:
    """Where no dialect is served there is no table to be had."""
    gone = [
        found(f"{dialect}-json", "missing", "answered")
        for dialect in ("chat", "messages", "responses")
    ]
    with pytest.raises(DsfixError, match="no dialect"):
        learnt(resolve("http://127.0.0.1:9999"), gone, {})


def test_the_name_of_a_new_table() -> None:
    """It is the host's, unless a data file or another table has that; a vendor's own host is it."""
    one = [found("models", "empty", "listed")]

    def name(spec: str, tables: Tables) -> str:
        table = learnt(resolve(spec, extra=tables), one, tables)
        assert table is not None
        return table.name

    assert name("https://api.deepseek.com/anthropic", {}) == "deepseek"
    assert name("https://LLM.example.com/x", {}) == "llm-example-com"
    other = {"like": "deepseek", "origin": "https://other.example.com"}
    assert name("https://llm.example.com", {"llm-example-com": other}) == "llm-example-com-2"
    assert name("https://other.example.com", {"mine": other}) == "mine"
    assert name("https://kimi", {}) == "kimi-2"


def test_the_rest_of_the_file_stays_as_it_is(tmp_path: Path) -> None:
    """Comments elsewhere stay; those of the table itself are lost only by force."""
    path = tmp_path / "config.toml"
    text = (
        '# mine\n[run]\nquiet = true # yes\n\n[upstreams.a-b]\nlike = "deepseek"\n\n'
        '[upstreams.a-b.paths]\nchat = "/c"\n\n[upstreams.a]\nlike = "kimi"\n'
    )
    path.write_text(text)
    saving.save(path, "a-b", {"like": "glm"})
    written = path.read_text()
    assert written.startswith("# mine\n[run]\nquiet = true # yes\n")
    assert tomllib.loads(written)["upstreams"] == {"a": {"like": "kimi"}, "a-b": {"like": "glm"}}
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text(written.replace('"glm"', '"glm" # why'))
    with pytest.raises(DsfixError, match="comments"):
        saving.save(path, "a-b", {"like": "mimo"})
    assert "# why" in path.read_text()
    saving.save(path, "a-b", {"like": "mimo"}, force=True)
    assert tomllib.loads(path.read_text())["upstreams"]["a-b"] == {"like": "mimo"}


def test_a_table_waits_for_who_else_changes_the_file(tmp_path: Path) -> None:
    """What another command writes meanwhile is kept."""
    path = tmp_path / "config.toml"
    with alone(tmp_path):
        saved = Thread(target=saving.save, args=(path, "a", {"like": "glm"}))
        saved.start()
        saved.join(0.3)
        assert saved.is_alive()
        path.write_text("[run]\nquiet = true\n")
    saved.join(10)
    wanted = {"run": {"quiet": True}, "upstreams": {"a": {"like": "glm"}}}
    assert tomllib.loads(path.read_text()) == wanted


@pytest.mark.parametrize(
    "text",
    [
        '[upstreams]\na = { like = "kimi" }\n',
        'upstreams.a.like = "kimi"\n',
        '[upstreams.a]\ntitle = """\n[run]\n"""\n',
    ],
)
def test_a_table_in_another_form_is_left_alone(text: str, tmp_path: Path) -> None:
    """What cannot be taken out by its lines is not touched."""
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(DsfixError, match="not the form"):
        saving.save(path, "a", {"like": "glm"})
    assert path.read_text() == text


def test_vendors_of_which_nothing_is_known(tmp_path: Path) -> None:
    """No drift, no crash: it is said that it is not known; what is not served is not asked."""
    config = tmp_path / "config.toml"
    environ = {"DSFIX_CONFIG": str(config), "MIMO_API_KEY": KEY}
    with Simulator.in_thread(Options()) as simulator:
        table = {"origin": simulator.url, "paths": {"chat": named("deepseek").paths["chat"]}}
        saving.save(config, "mimo", table)
        before = config.read_text()
        words = ("--live", "--save", "--upstream", "mimo", "--model", "deepseek-v4-flash")
        done = doctor(*words, **environ)
    printed = " ".join(done.stdout.split())
    assert done.returncode in (1, 3)
    assert done.stderr.startswith("dsfix: up to ")
    assert "Traceback" not in done.stderr
    assert "not known here" in printed
    assert "drift:" not in printed
    assert "serves no Messages" in printed
    assert "No drift that can be saved" in printed
    assert config.read_text() == before


def test_the_command(tmp_path: Path) -> None:
    """It writes, says what, and needs --live; with --json stdout stays one document."""
    config = tmp_path / "config.toml"
    config.write_text("# mine\n", encoding="utf-8")
    assert doctor("--save").returncode == 2
    with Simulator.in_thread(set_switches(("images=drop",), Options())) as simulator:
        words = ("--live", "--save", "--json", "--only", "image", "--upstream", simulator.url)
        first, second = (doctor(*words, DSFIX_CONFIG=str(config)) for _ in range(2))
    assert json.loads(first.stdout)["data"]["counts"]["drift"] == 3
    assert "chat-image is unseen, no longer seen" in first.stderr
    assert json.loads(second.stdout)["data"]["counts"]["drift"] == 0
    (table,) = tomllib.loads(config.read_text())["upstreams"].values()
    assert table["settings"] == {"images": "text"}
    assert KEY not in config.read_text()
    assert config.read_text().startswith("# mine\n")
