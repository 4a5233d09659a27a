"""Who may use the proxy: decided from the request's head alone, before any body is read.

The order is fixed: Host first, then anything that only a browser sends, then the session's token,
then the path. A page's request fails without having learnt anything
(farion1231/cc-switch#1841: any web page could spend the user's money).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dsfix.admission import Headers, Refusal, host_of, is_of_page, is_secret, own_names
from dsfix.protocol.body import Dialect


class Route(StrEnum):
    """What a path asks for."""

    MESSAGES = Dialect.MESSAGES
    CHAT = Dialect.CHAT
    RESPONSES = Dialect.RESPONSES
    COUNT_TOKENS = "count_tokens"
    MODELS = "models"


_ENDS: tuple[tuple[str, Route], ...] = (
    ("/messages/count_tokens", Route.COUNT_TOKENS),
    ("/messages", Route.MESSAGES),
    ("/chat/completions", Route.CHAT),
    ("/responses", Route.RESPONSES),
    ("/models", Route.MODELS),
)
_METHOD = {Route.MODELS: "GET"}
# How those are refused who have not shown the token.
NOT_ADMITTED = frozenset({401, 403, 421})


@dataclass(frozen=True, slots=True)
class Guard:
    """The door of one session's proxy.

    `segments` are the names that may stand in a path before its end: the upstream's host, and
    what agents and the upstream's own paths put there.
    """

    port: int
    token: str
    segments: frozenset[str]

    def refusal(self, method: str, target: str, headers: Headers) -> Refusal | None:
        """Why this request must not pass, None when it may; header names in lower case.

        A HEAD is admitted without a token, because Claude Code sends one at start-up: it is
        answered with nothing and forwarded nowhere.
        """
        if host_of(headers) not in own_names(self.port):
            return Refusal(421, "wrong Host: this endpoint answers to 127.0.0.1 only")
        if is_of_page(headers):
            return Refusal(403, "requests from web pages are refused")
        if method == "HEAD":
            return None
        if not self._knows(headers):
            return Refusal(401, "missing or wrong session token")
        route = self.route(target)
        if route is None:
            return Refusal(404, "unknown path")
        if method != _METHOD.get(route, "POST"):
            return Refusal(405, f"{method} is not allowed here")
        return None

    def route(self, target: str) -> Route | None:
        """What the target asks for, by the end of its path; None for an unknown one.

        What stands before the end may be any known names in any order: agents add `/v1` and
        users `/anthropic` to a base URL in every combination.
        """
        path = target.partition("?")[0]
        for end, route in _ENDS:
            if path.endswith(end):
                rest = [part for part in path[: -len(end)].split("/") if part]
                return route if path.startswith("/") and self.segments.issuperset(rest) else None
        return None

    def _knows(self, headers: Headers) -> bool:
        """Whether either credential is the token; both are compared, in constant time."""
        shown = [
            value[7:] if value[:7].lower() == "bearer " else value
            for value in headers.get("authorization", ())
        ]
        shown += headers.get("x-api-key", ())
        return any([is_secret(each, self.token) for each in shown])
