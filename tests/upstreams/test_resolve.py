"""Which upstream a name or a URL means, and whose rules hold there."""

from __future__ import annotations

import pytest

from dsfix.errors import UsageError
from dsfix.upstreams import NAMES, named, resolve


@pytest.mark.parametrize("name", NAMES)
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


@pytest.mark.parametrize(
    "spec",
    ["nobody", "ftp://x", "https://", "https://a:b@x", "https://x?y=1", "https://x:0", "https://x:y",
     "http://api.anthropic.com"],
)  # fmt: skip
def test_what_is_no_upstream(spec: str) -> None:
    """It is refused in words, without what may be a secret in it."""
    with pytest.raises(UsageError) as caught:
        resolve(spec)
    assert "a:b" not in str(caught.value)
