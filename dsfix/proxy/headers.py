"""Which headers travel: an allow-list towards the upstream, and a short refusal list back."""

from __future__ import annotations

from collections.abc import Iterable

# Sent on as the agent wrote them. All others stay here: credentials, cookies, session and
# device ids, forwarding and hop-by-hop headers.
_FORWARDED = frozenset({"accept", "content-type", "user-agent", "anthropic-version"})
_FORWARDED_PREFIXES = ("anthropic-beta", "openai-beta", "x-stainless-")
# Not passed back: hop-by-hop (RFC 9110, 7.6.1), framing that is ours, and what would let a web
# page read an answer or keep a cookie.
_KEPT_BACK = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "content-length",
        "content-encoding",
        "location",
        "set-cookie",
        "date",
    }
)

# Codings that are none, and those that aiohttp 3.14.5 undoes, one at a time
# (aiohttp/http_parser.py); any other it leaves as it is, and says nothing.
PLAIN = frozenset({"", "identity"})
CODINGS = PLAIN | {"gzip", "deflate", "br", "zstd"}
TRANSFERS = PLAIN | {"chunked"}  # likewise of what carries a body


def upstream_headers(
    given: Iterable[tuple[str, str]], key: str, key_header: str = "Authorization"
) -> dict[str, str]:
    """The headers of a request upstream, with the real key and without compression."""
    headers: dict[str, str] = {}
    for name, value in given:
        low = name.lower()
        if low in _FORWARDED or low.startswith(_FORWARDED_PREFIXES):
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
    headers[key_header] = f"Bearer {key}" if key_header == "Authorization" else key
    headers["Accept-Encoding"] = "identity"
    return headers


def agent_headers(given: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The headers of an answer to the agent, less those that `Connection` names.

    A blank behind a name is not passed on (RFC 9112, 5.1): aiohttp 3.14.5 leaves it where a name
    tells of the framing, and an agent that meets it takes no header that follows.
    """
    headers = [(each.strip(), value) for each, value in given]
    named = ",".join(value for name, value in headers if name.lower() == "connection")
    kept = _KEPT_BACK.union(each.strip().lower() for each in named.split(","))
    return [
        (name, value)
        for name, value in headers
        if (low := name.lower()) not in kept and not low.startswith("access-control-")
    ]
