"""Traces sent while a session runs: a span for each exchange, in OTLP's JSON over HTTP.

Only where the user names a collector. The proxy's loop puts an exchange on a bounded queue and
goes on; one thread makes the spans, redacts and sends them. No text of a conversation is sent.
What fails is told once, when the session is over.

Variables: https://opentelemetry.io/docs/specs/otel/protocol/exporter/ (2026-11-21).
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from dsfix.errors import UsageError
from dsfix.record.exchange import Exchange
from dsfix.redact import Redactor
from dsfix.upstreams import is_loopback

WAITING = 1000  # exchanges that may wait for a slow collector; more are counted and not sent
_AT_ONCE = 100
_TIMEOUT = 5.0
_ANSWER = 64 << 10  # bytes that are read of an answer, which may have no end
_PATH = "/v1/traces"
_ALL, _TRACES = "OTEL_EXPORTER_OTLP_", "OTEL_EXPORTER_OTLP_TRACES_"
_HINT = "example: --otlp http://localhost:4318"


class Collector(NamedTuple):
    """Where traces go; `headers` may hold a key and are never told."""

    url: str
    headers: Mapping[str, str]
    resource: Mapping[str, object]


class Told(NamedTuple):
    """What is known of the session that is traced; `started` is wall-clock seconds."""

    session: str
    started: float
    upstream: str
    facts: Mapping[str, object]


def collector(flag: str, environ: Mapping[str, str]) -> Collector | None:
    """The collector of `--otlp`, or of the standard variables; None where nobody names one.

    What is said for traces alone goes before what is said for all, and its address is the whole
    one (https://opentelemetry.io/docs/specs/otel/protocol/exporter/). Raises UsageError for an
    address that is none, or that has a password in it.
    """
    name = "--otlp" if flag else _variable("ENDPOINT", environ)
    url = flag or ("" if _is_off(environ) else environ.get(name, ""))
    if not url:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:  # half an IPv6 address
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise UsageError(f"{name} is no http(s) address without a password", hint=_HINT)
    path = parts.path.rstrip("/")
    if not (name.startswith(_TRACES) or path.endswith(_PATH)):
        parts = parts._replace(path=path + _PATH)
    resource = _pairs(environ.get("OTEL_RESOURCE_ATTRIBUTES", ""))
    service = environ.get("OTEL_SERVICE_NAME") or resource.get("service.name") or "dsfix"
    headers = _pairs(environ.get(_variable("HEADERS", environ), ""))
    return Collector(parts.geturl(), headers, {**resource, "service.name": service})


def _is_off(environ: Mapping[str, str]) -> bool:
    """Whether the variables want no traces, or none of those that are sent here."""
    return (
        environ.get("OTEL_SDK_DISABLED", "").lower() == "true"
        or environ.get("OTEL_TRACES_EXPORTER", "otlp") != "otlp"
        or environ.get(_variable("PROTOCOL", environ), "").startswith("grpc")
    )


def _variable(what: str, environ: Mapping[str, str]) -> str:
    """The variable that says this for traces alone, if there is one, else that for everything."""
    return _TRACES + what if environ.get(_TRACES + what) else _ALL + what


def _pairs(words: str) -> dict[str, str]:
    """Names and values as `a=b,c=d`, each percent-encoded; what is no pair is left out."""
    pairs = (pair.partition("=") for pair in words.split(","))
    return {unquote(name.strip()): unquote(said.strip()) for name, eq, said in pairs if eq}


class Traces:
    """Sends the spans of one session."""

    def __init__(self, collector: Collector, told: Told, redactor: Redactor) -> None:
        self._collector, self._told, self._redactor = collector, told, redactor
        self._waiting: queue.Queue[Exchange] = queue.Queue(WAITING)
        self._over = threading.Event()
        self._seconds = 0.0
        self._dropped = 0
        self._trouble = ""
        self._thread = threading.Thread(target=self._run, name="dsfix-traces", daemon=True)
        self._started = False

    def ended(self, exchange: Exchange) -> None:
        """Send an exchange that is over; never waits."""
        if not self._begun():
            return
        try:
            self._waiting.put_nowait(exchange)
        except queue.Full:
            self._dropped += 1

    def _begun(self) -> bool:
        """Whether a thread sends, from the first exchange on, unless none can be had."""
        if not self._started and not self._trouble:
            try:
                self._thread.start()
                self._started = True
            except RuntimeError as error:  # there are as many as the system allows
                self._trouble = f"traces were not sent: {error}"
        return self._started

    def close(self, seconds: float, timeout: float = 2.0) -> str:
        """Send what is left, for at most so many seconds; gives what went wrong, or nothing."""
        self._seconds = seconds
        self._over.set()
        if self._started:
            self._thread.join(timeout)
        if self._started and self._thread.is_alive():
            return "traces were not all sent: the collector is too slow"
        dropped = f"{self._dropped} traces were not sent: the collector was too slow"
        return self._trouble or (dropped if self._dropped else "")

    def _run(self) -> None:
        while not (self._over.is_set() and self._waiting.empty()):
            try:
                some = [self._waiting.get(timeout=0.1)]
            except queue.Empty:
                continue
            while len(some) < _AT_ONCE and not self._waiting.empty():
                some.append(self._waiting.get())
            self._try(some)
        self._try([])

    def _try(self, exchanges: list[Exchange]) -> None:
        """Send these, or at last the session itself."""
        try:
            self._send(exchanges)
        except Exception as error:  # whatever it is, the session goes on
            host = urlsplit(self._collector.url).hostname
            why = getattr(error, "reason", None) or type(error).__name__
            self._trouble = self._trouble or f"traces were not sent to {host}: {why}"

    def _send(self, exchanges: list[Exchange]) -> None:
        from dsfix.report.export.otlp import document, exchange_span, provider_of, session_span
        from dsfix.report.export.resolved import line

        told = self._told
        provider = provider_of(told.upstream)
        spans = [exchange_span(told.session, provider, each) for each in exchanges]
        if not exchanges:
            spans = [session_span(told.session, told.started, self._seconds, told.facts)]
        body = document(spans, self._collector.resource)
        self._post(line(self._redactor.value(body)).encode("utf-8", "replace"))

    def _post(self, body: bytes) -> None:
        """Send it; an answer that leads elsewhere is a failure, for the headers may hold a key.

        A collector on this machine is not reached through the user's proxy.
        """
        from urllib.error import HTTPError
        from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

        class Stay(HTTPRedirectHandler):
            def redirect_request(self, *_: object) -> None:
                return None

        headers = {**self._collector.headers, "Content-Type": "application/json"}
        request = Request(self._collector.url, body, headers)
        near = is_loopback(urlsplit(self._collector.url).hostname or "")
        ways = (ProxyHandler({}),) if near else ()
        try:
            with build_opener(Stay, *ways).open(request, timeout=_TIMEOUT) as response:
                response.read(_ANSWER)
        except HTTPError as error:  # it holds the connection
            error.close()
            raise
