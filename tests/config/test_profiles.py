"""Other programs' profiles: where they point to comes along, their keys never do."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from dsfix.config import profiles
from dsfix.errors import DsfixError, UsageError
from dsfix.upstreams import named, resolve
from dsfix.upstreams.data import NAMES

KEY = "sk-0123456789abcdef0123456789abcdef"
DEEPSEEK = {
    "ANTHROPIC_BASE_URL": "https://api.deepseek.com/anthropic/",
    "ANTHROPIC_AUTH_TOKEN": KEY,
    "ANTHROPIC_MODEL": "deepseek-v4-pro[1m]",
    "ANTHROPIC_DEFAULT_HAIKU_MODEL": "deepseek-v4-flash",
}
RELAY = {
    "ANTHROPIC_BASE_URL": "https://relay.example:8443/api",
    "ANTHROPIC_API_KEY": KEY,
    "ANTHROPIC_MODEL": "strange-1",
    "ANTHROPIC_SMALL_FAST_MODEL": "deepseek-v4-flash",
}


def written(path: Path, data: Any) -> Path:
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


def test_a_profile_of_cc_use(tmp_path: Path) -> None:
    """With a label and `env`, or the environment alone, named for its file."""
    labelled = written(tmp_path / "x.json", {"version": 1, "label": "My DS", "env": DEEPSEEK})
    wanted = {
        "title": "My DS",
        "like": "deepseek",
        "key_env": "MY_DS_API_KEY",
        "main": "deepseek-v4-pro",
        "small": "deepseek-v4-flash",
    }
    assert profiles.read("cc-use", labelled) == {"my-ds": wanted}
    flat = profiles.read("cc-use", written(tmp_path / "work.json", DEEPSEEK))
    assert flat["work"]["key_env"] == "WORK_API_KEY"


def test_a_relay_is_an_upstream_of_its_own(tmp_path: Path) -> None:
    """Its URL and models are what the profile says; a model nobody knows has assumed sizes."""
    (table,) = profiles.read("cc-use", written(tmp_path / "r.json", RELAY)).values()
    found = resolve("r", extra={"r": table})
    assert found.origin == "https://relay.example:8443"
    assert dict(found.paths) == {"messages": "/api/v1/messages"}
    assert (found.main, found.small, found.key_env) == (
        "strange-1",
        "deepseek-v4-flash",
        "R_API_KEY",
    )
    assert [model.context for model in found.models] == [200_000, 1_048_576]
    assert resolve("https://relay.example:8443", extra={"r": table}).vendor == "r"


def test_what_stands_behind_a_path_is_left_out(tmp_path: Path) -> None:
    """A query may hold a key, and no upstream has one."""
    file = written(tmp_path / "r.json", RELAY)
    (plain,) = profiles.read("cc-use", file).values()
    more = RELAY | {"ANTHROPIC_BASE_URL": f"{RELAY['ANTHROPIC_BASE_URL']}/?key={KEY}#x"}
    assert list(profiles.read("cc-use", written(file, more)).values()) == [plain]


@pytest.mark.parametrize("label", ["DeepSeek", "deepseek!", "Moonshot", "Anthropic"])
def test_no_profile_takes_a_vendors_place(tmp_path: Path, label: str) -> None:
    """Under a vendor's name it would be where `dsfix run` leads, and get the user's key for it."""
    file = written(tmp_path / "x.json", {"label": label, "env": RELAY})
    [(name, table)] = profiles.read("cc-use", file).items()
    assert name not in NAMES
    assert table["key_env"] not in {named(each).key_env for each in NAMES}
    assert resolve(name, extra={name: table}).origin == "https://relay.example:8443"
    itself = written(tmp_path / "y.json", {"label": "DeepSeek", "env": DEEPSEEK})
    assert profiles.read("cc-use", itself)["deepseek"]["key_env"] == "DEEPSEEK_API_KEY"


def rows(database: sqlite3.Connection) -> None:
    database.execute(
        'CREATE TABLE "providers" (id TEXT NOT NULL, app_type TEXT NOT NULL, name TEXT NOT NULL,'
        " settings_config TEXT NOT NULL, PRIMARY KEY (id, app_type))"
    )
    for id_, app, name, settings in (
        ("1", "claude", "DeepSeek", {"env": DEEPSEEK}),
        ("2", "claude", "It's 中文", {"env": RELAY}),
        ("3", "claude", "Official", {"env": {}}),
        ("4", "codex", "Codex", {"auth": {"OPENAI_API_KEY": KEY}}),
    ):
        database.execute(
            "INSERT INTO providers VALUES (?, ?, ?, ?)", (id_, app, name, json.dumps(settings))
        )
    database.commit()


@pytest.mark.parametrize("form", ["database", "script", "json"])
def test_an_export_of_cc_switch(tmp_path: Path, form: str) -> None:
    """The database, its export and the old file give the same; what names no URL is left out."""
    path = tmp_path / "cc-switch"
    database = sqlite3.connect(path if form == "database" else ":memory:")
    rows(database)
    if form == "script":
        dump = "-- CC Switch SQLite 导出\nPRAGMA foreign_keys=OFF;\n" + "\n".join(
            database.iterdump()
        )
        path.write_text(dump, encoding="utf-8")
    database.close()
    if form == "json":
        providers = {
            "1": {"id": "1", "name": "DeepSeek", "settingsConfig": {"env": DEEPSEEK}},
            "2": {"id": "2", "name": "It's 中文", "settingsConfig": {"env": RELAY}},
            "3": {"id": "3", "name": "Official", "settingsConfig": {"env": {}}},
        }
        written(path, {"version": 2, "claude": {"providers": providers, "current": "1"}})
    found = profiles.read("cc-switch", path)
    assert list(found) == ["deepseek", "it-s"]
    assert found["deepseek"]["main"] == "deepseek-v4-pro"
    assert found["it-s"]["origin"] == "https://relay.example:8443"
    assert KEY not in repr(found)


@pytest.mark.parametrize("text", ["[" * 200_000, '{"env": ' * 200_000])
@pytest.mark.parametrize("program", ["cc-use", "cc-switch"])
def test_a_file_that_is_nested_too_deeply(tmp_path: Path, program: str, text: str) -> None:
    """It is refused like any that is none."""
    (tmp_path / "x.json").write_text(text, encoding="utf-8")
    with pytest.raises(DsfixError, match="is no file of"):
        profiles.read(program, tmp_path / "x.json")


@pytest.mark.parametrize(
    "more",
    [
        "INSERT INTO providers WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT 1 FROM n)"
        " SELECT sum(x), '{}', 'claude' FROM n;",
        "CREATE TABLE more AS SELECT zeroblob(100000000) AS x;",
    ],
    ids=["without end", "a value of 100 MB"],
)
def test_a_script_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: str) -> None:
    """One that would go on for ever, or fill the memory with one value, is refused."""
    monkeypatch.setattr(profiles, "PATIENCE", 0.5)
    table = "CREATE TABLE providers (name, settings_config, app_type);"
    row = f"INSERT INTO providers VALUES ('a', '{json.dumps({'env': RELAY})}', 'claude');"
    script = f"-- CC Switch SQLite\n{table}\n{row}\n{more}"
    (tmp_path / "x.sql").write_text(script, encoding="utf-8")
    with pytest.raises(DsfixError, match="is no file of"):
        profiles.read("cc-switch", tmp_path / "x.sql")


def test_a_script_reaches_nothing_but_its_memory(tmp_path: Path) -> None:
    """One that would write a file is refused."""
    path = tmp_path / "evil.sql"
    for statement in (
        f"ATTACH '{tmp_path}/made' AS x; CREATE TABLE x.y (z);",
        f"VACUUM INTO '{tmp_path}/made';",
    ):
        path.write_text(f"-- CC Switch SQLite 导出\n{statement}", encoding="utf-8")
        with pytest.raises(DsfixError, match="is no file of cc-switch"):
            profiles.read("cc-switch", path)
        assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("program", ["cc-use", "cc-switch"])
@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", "1", '{"a": 1}', '{"env": 1}', "-- nonsense", '{"providers": []}',
     '{"claude": {"providers": {"1": 1}}}', '{"env": {"ANTHROPIC_BASE_URL": "ftp://x"}}'],
)  # fmt: skip
def test_what_is_no_profile(tmp_path: Path, program: str, text: str) -> None:
    """One line, and what was expected."""
    path = tmp_path / "x"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DsfixError) as caught:
        profiles.read(program, path)
    assert str(path) in caught.value.message and caught.value.hint


@pytest.mark.parametrize("program", ["cc-use", "cc-switch"])
def test_a_file_without_end(program: str) -> None:
    """No more is read than there is in a profile."""
    with pytest.raises(DsfixError, match="too large"):
        profiles.read(program, Path("/dev/zero"))


def test_a_program_that_is_not_known(tmp_path: Path) -> None:
    """The two that are get named, and a file that is not there is told."""
    with pytest.raises(UsageError) as caught:
        profiles.read("cc-router", tmp_path)
    assert "cc-use or cc-switch" in caught.value.hint
    with pytest.raises(DsfixError, match="cannot be read"):
        profiles.read("cc-use", tmp_path / "gone")
