"""Which upstream a name or a URL means, and whose rules hold there."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from dsfix import upstreams
from dsfix.config import Config
from dsfix.errors import UsageError
from dsfix.upstreams import DEFAULT, NAMES, named, resolve

VENDORS = [name for name in NAMES if named(name).origin.startswith("https://")]
OFFICE = {
    "like": "deepseek",
    "origin": "https://llm.office.example",
    "hosts": ["llm.office.example"],
    "key_env": "OFFICE_KEY",
}


@pytest.mark.parametrize("name", VENDORS)
def test_a_vendors_own_url_is_that_vendor(name: str) -> None:
    """By name or by URL, with whatever path the user knows from an agent's settings."""
    vendor = named(name)
    for path in ("", "/", "/v1", "/anthropic", "/anthropic/v1/"):
        found = resolve(vendor.origin + path)
        assert found.origin == vendor.origin
        assert found.paths == vendor.paths
        same = {"name": name, "title": vendor.title, "hosts": vendor.hosts}
        assert found._replace(**same) == vendor
    for host in vendor.hosts:
        assert resolve(f"https://{host}").vendor == name


def test_anthropic() -> None:
    """It signs its thinking, and takes the key where its own clients put it."""
    found = resolve("https://api.anthropic.com")
    assert found.signs and found.key_header == "x-api-key"
    assert found.key_env == "ANTHROPIC_API_KEY"
    assert set(found.paths) == {"messages", "count_tokens", "models"}
    assert found.knows(found.main) and found.knows(found.small)
    assert not named("deepseek").signs


def test_the_simulator_is_deepseek_on_this_machine() -> None:
    """It needs no key, and agents take it for DeepSeek by its host name."""
    found, real = named("simulator"), named("deepseek")
    assert found.origin.startswith("http://127.0.0.1:") and found.key_optional
    assert not real.key_optional
    assert (found.paths, found.models, found.aliases) == (real.paths, real.models, real.aliases)
    assert found.hosts == ("api.deepseek.com", "127.0.0.1")
    assert resolve("https://api.deepseek.com").vendor == "deepseek"


def test_any_other_url_is_a_base_of_deepseeks_shape() -> None:
    """Its path is put before each of DeepSeek's."""
    found = resolve("https://relay.example:8443/v4/")
    assert found.origin == "https://relay.example:8443"
    assert found.paths["messages"] == "/v4/anthropic/v1/messages"
    assert (found.vendor, found.key_header, found.signs) == ("deepseek", "Authorization", False)
    assert {"relay.example", "v4"} <= found.segments


def test_a_session_within_a_session() -> None:
    """The rules are those of the upstream behind the outer session, the way is the outer one."""
    found = resolve("http://127.0.0.1:4000/api.anthropic.com", behind="https://api.anthropic.com")
    assert found.signs and found.vendor == "anthropic"
    assert found.origin == "http://127.0.0.1:4000"
    assert found.paths["messages"] == "/api.anthropic.com/v1/messages"
    assert resolve("http://127.0.0.1:4000", behind="https://relay.example").vendor == "deepseek"


def test_a_table_of_the_users_own() -> None:
    """It is found by its name and by its hosts, and says what is different from a file."""
    for spec in ("office", "https://llm.office.example/v1"):
        found = resolve(spec, extra={"office": OFFICE})
        assert (found.vendor, found.origin) == ("office", "https://llm.office.example")
        assert found.key_env == "OFFICE_KEY" and found.models == named("deepseek").models
    local = {"here": {"like": "deepseek", "origin": "http://127.0.0.1:4000", "key_env": "K"}}
    assert resolve("http://127.0.0.1:4000/v1", extra=local).vendor == "here"
    assert resolve("http://127.0.0.1:4001/v1", extra=local).vendor == "deepseek"
    with pytest.raises(UsageError):
        resolve("office")


def test_a_table_by_the_name_of_a_file_changes_that_upstream() -> None:
    """Only what it says; by name, by its host and within a session alike."""
    mine = {"kimi": {"key_env": "MY_KEY", "small": "kimi-k3", "repairs": {"off": []}}}
    for spec in ("kimi", "https://api.moonshot.ai/anthropic"):
        found = resolve(spec, extra=mine)
        assert (found.key_env, found.small, found.off) == ("MY_KEY", "kimi-k3", frozenset())
        assert found.main == named("kimi").main
    behind = resolve("http://127.0.0.1:1", behind="https://api.moonshot.ai", extra=mine)
    assert behind.key_env == "MY_KEY"


def test_a_table_with_no_list_of_hosts() -> None:
    """It is not in the way of another upstream, and told where it may be the one that is meant."""
    for hosts in (5, True, {}, [5], "llm.office.example"):
        extra = {"office": {**OFFICE, "hosts": hosts}}
        assert resolve("https://relay.example", extra=extra).vendor == DEFAULT
        with pytest.raises(UsageError, match="hosts"):
            resolve(OFFICE["origin"], extra=extra)


def test_a_table_must_not_send_the_key_in_the_clear() -> None:
    """Plain http beyond this machine is refused in a table as it is in a URL."""
    plain = {"office": {**OFFICE, "origin": "http://llm.office.example"}}
    for spec in ("office", "http://llm.office.example"):
        with pytest.raises(UsageError, match="plain http"):
            resolve(spec, extra=plain)
        assert resolve(spec, extra=plain, allow_plain_http=True).vendor == "office"


@pytest.mark.parametrize(
    "spec",
    ["nobody", "ftp://x", "https://", "https://a:b@x", "https://x?y=1", "https://x:0", "https://x:y",
     "http://api.anthropic.com", "http://[::1", "https://a:b@[x", "https://x..y", "https://xn--",
     f"https://{'x' * 64}.example", "https://10.0.0.300", "https://127.1", "https://2130706433"],
)  # fmt: skip
def test_what_is_no_upstream(spec: str) -> None:
    """It is refused in words, without what may be a secret in it."""
    with pytest.raises(UsageError) as caught:
        resolve(spec)
    assert "a:b" not in str(caught.value)


def test_words_that_were_found_add_to_those_that_were_known() -> None:
    """Of `expect` one by one; of every other key the whole."""
    known = named("deepseek").expect
    own = {
        "like": "deepseek",
        "expect": {"chat-cache": "miss", "mine": "odd"},
        "efforts": {"a": "b"},
    }
    found = resolve("office", extra={"office": own})
    assert found.expect == {**known, "chat-cache": "miss", "mine": "odd"}
    assert found.efforts == {"a": "b"}


def test_the_default_is_data() -> None:
    """No module names a vendor; which one stands for none is a file."""
    root = Path(upstreams.__file__).parent
    assert (root / "DEFAULT").read_text(encoding="utf-8").strip() == DEFAULT == Config().upstream
    assert DEFAULT in NAMES
    # A program whose profiles are read, and a part of paths; both are names of files as well.
    others = {"cc-switch", "anthropic"}
    for folder in (root, root / "prices", root.parent / "config", root.parent):
        for path in folder.glob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and node.value in set(NAMES) - others:
                    raise AssertionError(f"{path}:{node.lineno} names {node.value}")
