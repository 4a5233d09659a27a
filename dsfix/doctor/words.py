"""The words that any probe may end in, and what comes before a judge is asked."""

from __future__ import annotations

from collections.abc import Mapping

from dsfix.doctor.base import Meaning, Verdict
from dsfix.doctor.reply import Reply
from dsfix.protocol import spans

_NETWORK = "Check --upstream, your network, and the proxy variables."
WORDS: Mapping[str, Meaning] = {
    "accepted": Meaning("It is taken as it is."),
    "answered": Meaning("It answers as an agent needs it."),
    "unreachable": Meaning(
        "Nothing listens at that address, or something is in between.", _NETWORK
    ),
    "unresolved": Meaning("The host's name is not known.", _NETWORK),
    "certificate": Meaning(
        "The endpoint's certificate is not trusted here.",
        "Set SSL_CERT_FILE to the authority that signed it; look at the clock.",
    ),
    "tls": Meaning("No TLS connection comes about.", "Is this https, and the port the right one?"),
    "timeout": Meaning(
        "There is no whole answer in time.", "Try again later, or give it --timeout SECONDS."
    ),
    "cut": Meaning(
        "The connection ends before the answer does.", "Try again; else ask its operator."
    ),
    "endless": Meaning("The answer does not end.", "Ask the endpoint's operator."),
    "redirected": Meaning(
        "It redirects, and dsfix follows no redirect with a key.", "Name the final URL."
    ),
    "key-refused": Meaning("The key is not accepted.", "Use a valid key of this endpoint."),
    "no-money": Meaning("The account has no balance.", "Top up the account."),
    "forbidden": Meaning(
        "The key may not do this, or a firewall refuses.", "Ask the endpoint's operator."
    ),
    "missing": Meaning(
        "There is no such path.", "Check the base URL; agents of this dialect cannot use it."
    ),
    "busy": Meaning("Too many requests just now.", "Wait, or raise the account's limit."),
    "failing": Meaning("The endpoint fails.", "Try again later; look at its status page."),
    "refused": Meaning("The request is refused.", "Agents that send this fail here."),
    "html": Meaning("A web page came instead of an answer.", "Check the base URL: this is no API."),
    "not-json": Meaning("What came is neither JSON nor a stream.", "Check the base URL."),
    "bom": Meaning(
        "The answer begins with a byte order mark, and JSON must not.",
        "Ask the endpoint's operator.",
    ),
    "mislabelled": Meaning(
        "A stream came that is not named one, and agents read no stream in it.",
        "Ask the endpoint's operator for Content-Type: text/event-stream.",
    ),
    "streamed": Meaning("Events came that nobody asked for.", "Ask the endpoint's operator."),
    "malformed": Meaning(
        "The answer has not the form of its dialect.", "Ask the endpoint's operator."
    ),
    "empty": Meaning("The answer says nothing.", "Try another model with --model."),
}
_FIELDS = (b"data:", b"event:", b"id:", b":")  # how an event begins
_STATUS: Mapping[int, str] = {
    401: "key-refused",
    402: "no-money",
    403: "forbidden",
    404: "missing",
    405: "missing",
    429: "busy",
}
# Nothing else can be asked after one of these, where it is the first answer or a model's.
FINAL = frozenset(
    {"unreachable", "unresolved", "certificate", "tls", "redirected", "key-refused", "no-money"}
)
# Nor after two of these, while nothing has been answered.
HOPELESS = frozenset({"timeout", "cut", "endless", "forbidden", "busy", "failing"})
# What says nothing about the endpoint's ways, so that it is no drift.
NO_ANSWER = (FINAL | {"timeout", "busy"}) - {"redirected"}


def failed(reply: Reply) -> Verdict | None:
    """Why there is nothing to judge in an answer; None when there is."""
    if reply.failure:
        return Verdict(reply.failure, reply.said)
    status = reply.status
    if status in _STATUS:
        return Verdict(_STATUS[status], reply.said or f"HTTP {status}")
    if status >= 500:
        return Verdict("failing", reply.said or f"HTTP {status}")
    if status >= 400:
        return Verdict("refused", reply.said or f"HTTP {status}")
    if not 200 <= status < 300:
        return Verdict("redirected", f"HTTP {status}")
    if reply.html:
        return Verdict("html")
    if not reply.streamed and reply.document is None:
        return Verdict(_no_json(reply), reply.said)
    return None


def _no_json(reply: Reply) -> str:
    """What a body is that is no JSON."""
    if reply.body.startswith(spans.MARK):
        return "bom"
    return "mislabelled" if reply.body.lstrip().startswith(_FIELDS) else "not-json"
