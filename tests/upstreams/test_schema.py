"""What a table of an upstream may say: the files that are shipped, the page, and what is refused."""

from __future__ import annotations

import datetime
import re
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from dsfix.agents import AGENTS
from dsfix.config.registry import SETTINGS as REGISTRY
from dsfix.config.registry import Settings
from dsfix.errors import UsageError
from dsfix.upstreams import NAMES, named, read, resolve, schema
from dsfix.upstreams.data import table

ROOT = Path(__file__).parent.parent.parent
FILES = ROOT / "dsfix" / "upstreams"
PAGE = (ROOT / "docs" / "upstreams.md").read_text(encoding="utf-8")
GOOD: dict[str, Any] = {
    "name": "example",
    "origin": "https://api.example.com",
    "key_env": "EXAMPLE_KEY",
    "main": "large",
    "paths": {"chat": "/v1/chat/completions"},
    "models": [{"id": "large", "context": 1000, "output": 100}],
}


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_file_is_valid_dated_and_sourced(name: str) -> None:
    """It is read at a start without being checked, so it is checked here."""
    data = table(name)
    found = read(data, f"{name}.toml")
    assert found == named(name) and found.vendor == name
    assert datetime.date(2026, 1, 1) < data["as_of"]
    assert data["source"].startswith("https://")
    assert found.knows(found.main) and found.knows(found.small)
    assert found.origin.startswith(("https://", "http://127.0.0.1:"))
    for model in found.models:
        assert 0 < model.output <= model.context
    assert set(found.agent_env) <= {agent.name for agent in AGENTS}


@pytest.mark.parametrize("name", NAMES)
def test_each_table_of_a_shipped_file_names_its_page(name: str) -> None:
    """A comment at the paths and at the first model has an address, or a thread of a repository."""
    text = (FILES / f"{name}.toml").read_text(encoding="utf-8")
    if "like =" in text:
        return
    for header in (r"\[paths\]", r"\[\[models\]\]"):
        found = re.search(rf"((?:^#[^\n]*\n)*)^{header}([^\n]*)(\n#[^\n]*)?", text, re.MULTILINE)
        assert found is not None
        said = "".join(filter(None, found.groups()))
        assert re.search(r"https://|\w+/[\w.-]+[ #]\w+", said), f"{name}: {header}"


def test_a_host_belongs_to_one_vendor() -> None:
    """Else the order of the files would decide whose rules hold."""
    hosts = [
        host
        for name in NAMES
        for host in tomllib.loads((FILES / f"{name}.toml").read_text(encoding="utf-8")).get(
            "hosts", ()
        )
    ]
    assert len(hosts) == len(set(hosts))


def test_a_small_table_is_enough() -> None:
    """What it does not say has a meaning."""
    found = read(GOOD, "here")
    assert (found.title, found.small, found.hosts) == ("example", "large", ("api.example.com",))
    assert (found.key_header, found.signs) == ("Authorization", False)
    assert found.models[0].thinking and not found.models[0].vision
    assert found.off == frozenset() and not found.settings


def test_a_settings_name_may_be_spelt_as_in_the_configuration() -> None:
    """With a hyphen, an underscore, or as a table."""
    for spelt in ({"tool-choice": "auto"}, {"tool_choice": "auto"}):
        assert read({**GOOD, "settings": spelt}, "here").settings == {"tool_choice": "auto"}
    nested = {**GOOD, "settings": {"placeholder": {"field": "both"}}}
    assert read(nested, "here").settings == {"placeholder_field": "both"}


def changed(**keys: Any) -> dict[str, Any]:
    return {**GOOD, **keys}


def without(key: str) -> dict[str, Any]:
    return {name: value for name, value in GOOD.items() if name != key}


MODEL = GOOD["models"][0]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        *((without(key), f"here: {key} is missing") for key in schema.NEEDED),
        (changed(orign="x"), "there is no key 'orign'. did you mean origin?"),
        (changed(like="deepsek"), "like does not take this text"),
        (changed(origin="api.example.com"), "here: origin"),
        (changed(origin="https://api.example.com/v1"), "without a path"),
        (changed(origin="https://me:pass@example.com"), "here: origin"),
        (changed(origin="https://example.com:x"), "here: origin"),
        (changed(hosts="api.example.com"), "here: hosts"),
        (changed(hosts=["https://api.example.com"]), "without scheme"),
        (changed(key_env="sk-pass@0123"), "the name of a variable"),
        (changed(key_env="sk-pass0123"), "the name of a variable"),
        (changed(key_header="x api key"), "the name of a header"),
        (changed(key_optional="yes"), "true or false"),
        (changed(signs=1), "signs does not take this number. expected true or false"),
        (changed(as_of="2026-11-20"), "a date"),
        (changed(as_of=datetime.datetime(2026, 11, 20)), "a date"),
        (changed(title=""), "a text"),
        (changed(paths={}), "paths has no dialect"),
        (changed(paths={"models": "/v1/models"}), "paths has no dialect"),
        (changed(paths={"chats": "/v1"}), "here: paths: there is no key 'chats'"),
        (changed(paths={"chat": "v1/chat"}), "begins with /"),
        (changed(paths={"chat": "/v1/chat?x=1"}), "begins with /"),
        (changed(models=[]), "main names no model"),
        (changed(models={}), "[[models]]"),
        (changed(models=["large"]), "models, number 1 does not take this text"),
        (changed(models=[{"id": "large", "output": 1}]), "number 1: context is missing"),
        (changed(models=[{**MODEL, "context": 0}]), "tokens above 0"),
        (changed(models=[{**MODEL, "context": True}]), "tokens above 0"),
        (changed(models=[{**MODEL, "visions": True}]), "did you mean vision?"),
        (changed(main="larg"), "main names no model 'larg'. did you mean large?"),
        (changed(small="tiny"), "small names no model"),
        (changed(aliases={"newest": "tiny"}), "aliases.newest names no model"),
        (changed(aliases={"newest": 1}), "here: aliases.newest"),
        (changed(repairs={"off": ["user_id"]}), "did you mean user-id?"),
        (changed(repairs={"off": "user-id"}), "a list of texts"),
        (changed(server_tools={"chat": "web_search"}), "a list of texts"),
        (changed(server_tools={"chats": ["web_search"]}), "did you mean chat?"),
        (changed(repairs={"on": []}), "there is no key 'on'"),
        (changed(settings={"retries": 2}), "there is no key 'retries'"),
        (changed(settings={"placeholder": {"field": "thoughts"}}), "reasoning_content, reasoning"),
        (changed(settings={"placeholder": 1}), "there is no key 'placeholder'"),
        (changed(agents={"claude": "x"}), "here: agents.claude"),
        (changed(agents={"claude": {"A": 1}}), "here: agents.claude.A"),
        (changed(expect={"models": True}), "here: expect.models"),
    ],
)
def test_what_is_wrong_is_named(data: dict[str, Any], says: str) -> None:
    """The table, the key, and what was expected; never the value, which may be a key."""
    with pytest.raises(UsageError) as caught:
        read(data, "here")
    said = f"{caught.value.message}. {caught.value.hint}"
    assert says in said and said.startswith("here: ")
    assert "pass" not in said


@pytest.mark.parametrize("key", sorted(schema.KEYS))
def test_no_value_raises_anything_but_a_usage_error(key: str) -> None:
    """Whatever TOML can hold at a key."""
    values = ("", "x", 0, -1, 1.5, True, [], [1], [[]], [{}], {}, {"a": {}}, {"a": [1]}, None)
    for value in (*values, datetime.date(2026, 1, 1), datetime.time(1)):
        with suppress(UsageError):
            read(changed(**{key: value}), "here")


def test_the_settings_of_a_vendor_are_settings() -> None:
    """Every value that is taken here is one that the user's own setting takes, and no other."""
    by_member = {setting.member: setting for setting in REGISTRY}
    assert schema.SETTINGS.keys() <= by_member.keys() & set(Settings._fields)
    values = ("auto", "disable-thinking", "keep", "text", "off", "fallback", "always", "reasoning",
              "reasoning_content", "both", "other", 0, 4096, -1, 1.5, True)  # fmt: skip
    for member, check in schema.SETTINGS.items():
        for value in values:
            try:
                by_member[member].kind.read(value)
                taken = True
            except ValueError:
                taken = False
            assert (check(value) == "") == taken, (member, value)


def test_the_pages_table_of_vendors() -> None:
    """It says what the files say."""
    rows = re.findall(r"^\| `(\w+)` \| (.+) \| (.+) \| `(\w+)` \| (\w+) \|$", PAGE, re.MULTILINE)
    assert len(rows) >= 10
    for name, *said in rows:
        found = named(name)
        spoken = ", ".join(each for each in schema.DIALECTS if each in found.paths)
        without = found.expect.get("chat-reasoning-absent", "unknown")
        assert said == [found.title, spoken, found.key_env, without], name


def test_the_page_names_every_key() -> None:
    """And no other."""
    rows = re.findall(r"^\| `(\w+)` \|", PAGE.partition("\n## Keys\n")[2], re.MULTILINE)
    assert sorted(rows) == sorted([*schema.KEYS, *schema.MODEL])
    for word in (*schema.PATHS, *schema.SETTINGS):
        assert f"`{word}`" in PAGE or f"`{word.replace('_', '.', 1)}`" in PAGE, word


def test_the_pages_examples_are_read() -> None:
    """A whole file, and a table of config.toml."""
    whole, configured = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    found = read(tomllib.loads(whole), "page")
    assert found.name == "example" and found.settings and found.off
    tables = tomllib.loads(configured)["upstreams"]
    for name in tables:
        assert resolve(name, extra=tables).vendor == name
