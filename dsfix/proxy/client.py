"""The way to the upstream: one pinned origin, no redirects, bounded silence."""

from __future__ import annotations

import base64
import os
import re
import ssl
import urllib.request
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import aiohttp
from yarl import URL

from dsfix.proxy.headers import CODINGS, TRANSFERS, upstream_headers
from dsfix.proxy.payload import payload_of
from dsfix.proxy.pool import NoTunnel, Pool, found_closed, was_kept
from dsfix.redact import Redactor
from dsfix.upstreams import is_excepted, is_loopback

CONNECT = 30.0
HEADER = 1 << 16  # bytes; agents take one of 16 KiB (Node 20) to 100 KiB (httpx)
SILENCE = 600.0  # an upstream that has not begun after ten minutes closes: DeepSeek, rate_limit


# How a connection ends that the upstream had closed before the request came.
_DROPPED = (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, ConnectionError)
# RuntimeError: as many threads as the system allows, and none to look the host's name up.
# UnicodeError: a name that none can have.
_FAILED = (aiohttp.ClientError, TimeoutError, OSError, RuntimeError, UnicodeError)
_NOT_CONNECTED = (aiohttp.ClientConnectorError,)
# What no header may hold (RFC 9110, 5.5), and what aiohttp's server would not write.
_CONTROL = re.compile(rb"[\x00-\x08\n-\x1f\x7f]")
_URL_SAFE = str.maketrans("+/", "-_")  # base64 in URLs (RFC 4648, 5)


class Unreachable(Exception):
    """No answer could be had; the text says why, without secrets.

    `kind` is one word for it: `unresolved`, `unreachable`, `certificate`, `tls`, `timeout`, `cut`.
    """

    def __init__(self, text: str, kind: str = "cut") -> None:
        super().__init__(text)
        self.kind = kind

    def told(self, host: str) -> str:
        """As a sentence about the host, which may well have answered."""
        what = "gave no usable answer" if self.kind == "cut" else "cannot be reached"
        return f"{host} {what}: {self}"


class Client:
    """Requests to one upstream. Made and closed on the proxy's loop.

    The key goes into `key_header`. `silence` is for how many seconds an upstream may say nothing,
    not even a comment or a blank line (those pass as they are), before its answer counts as cut.
    """

    def __init__(
        self, origin: str, key: str, *, key_header: str = "Authorization", silence: float = SILENCE
    ) -> None:
        self._origin = URL(origin)
        self._key, self._key_header = key, key_header
        # An error may repeat the key that it refuses, and the agent shall never hold it.
        self.masked = Masking(key)
        timeout = aiohttp.ClientTimeout(
            total=None, connect=CONNECT, sock_connect=CONNECT, sock_read=silence
        )
        self._proxy = _proxy_for(self._origin)
        secure = _tls() if self._origin.scheme == "https" else False
        self._pooled, self._fresh = (
            aiohttp.ClientSession(
                connector=connector,
                timeout=timeout,
                trust_env=False,  # it would read ~/.netrc as well
                skip_auto_headers=("User-Agent", "Content-Type"),  # the agent's, or none
                cookie_jar=aiohttp.DummyCookieJar(),
                read_bufsize=1 << 18,
                max_line_size=HEADER,
                max_field_size=HEADER,
            )
            for connector in (
                Pool(limit=0, ssl=secure, keepalive_timeout=60.0),
                Pool(limit=0, ssl=secure, force_close=True),
            )
        )

    async def close(self) -> None:
        """End every connection."""
        await self._pooled.close()
        await self._fresh.close()

    def post(
        self, path: str, pieces: Sequence[bytes], headers: Iterable[tuple[str, str]]
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        """The upstream's response to a request of an agent, whose body is in `pieces`."""
        return self.request("POST", path, pieces, headers)

    @asynccontextmanager
    async def request(
        self, method: str, path: str, pieces: Sequence[bytes], headers: Iterable[tuple[str, str]]
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """The upstream's response; its connection is closed unless it was read to the end.

        A connection that was idle may be closed by the upstream at the very moment it is used
        again; no byte of an answer has come then, or a 408, which is said to nobody's request
        (RFC 9110, 15.5.9). So the request goes once more on a fresh one.
        """
        scheme = (self._proxy or "http:").partition(":")[0].lower()
        if scheme not in ("http", "https"):
            why = f"a {scheme} proxy is set, and dsfix knows http:// proxies only"
            raise Unreachable(why, "unreachable")
        where, mark, query = path.partition("?")
        quoted = URL(f"http://any{where}").raw_path  # a base path may be quoted, or not
        place = self._origin.with_path(quoted, encoded=True)
        url = URL(f"{place}{mark}{query}", encoded=True)
        sent = upstream_headers(headers, self._key, self._key_header)
        response = await self._kept(method, url, pieces, sent)
        if response is None:
            try:
                response = await self._send(self._fresh, method, url, pieces, sent)
            except _FAILED as again:
                _let_go(again)
                raise _unreachable(again, self._origin.raw_host) from again
        try:
            _look_at(response)
            yield response
        finally:
            _let_go(response.content.exception())
            if response.content.at_eof():
                response.release()
            else:
                response.close()

    async def _kept(
        self, method: str, url: URL, pieces: Sequence[bytes], headers: dict[str, str]
    ) -> aiohttp.ClientResponse | None:
        """What comes on a connection that may be an old one; None where that one had ended."""
        try:
            response = await self._send(self._pooled, method, url, pieces, headers)
        except _FAILED as error:
            _let_go(error)
            dropped = isinstance(error, _DROPPED) and not isinstance(error, _NOT_CONNECTED)
            if dropped and found_closed():
                return None
            raise _unreachable(error, self._origin.raw_host) from error
        if response.status == 408 and was_kept():
            response.close()
            return None
        return response

    async def _send(
        self,
        session: aiohttp.ClientSession,
        method: str,
        url: URL,
        pieces: Sequence[bytes],
        headers: dict[str, str],
    ) -> aiohttp.ClientResponse:
        return await session.request(
            method,
            url,
            data=payload_of(pieces),
            headers=headers,
            allow_redirects=False,
            proxy=self._proxy,
        )


class Masking:
    """Takes the key out of an error's text, and its beginning where that was cut.

    JSON may spell any character as an escape, and some writers do: PHP `/`, .NET `+` and quotes.
    """

    def __init__(self, key: str) -> None:
        self._plainly = Redactor({key: "api-key"})
        self._key = key.encode()
        spelled = (rf"(?:\\?{re.escape(c)}|\\u(?i:{ord(c):04x}))" for c in key)
        forms = "|".join(("".join(spelled), *map(re.escape, _encoded(self._key))))
        self._pattern = re.compile(forms) if self._plainly.longest else None

    def __call__(self, text: str) -> str:
        if self._pattern is not None:
            text = self._pattern.sub("[REDACTED:api-key]", text)
        return self._plainly.known_and_begun(text)

    def finds(self, data: bytes) -> bool:
        """Whether the key stands in these bytes as it is: a look that costs next to nothing."""
        return self._pattern is not None and self._key in data


def _encoded(key: bytes) -> Iterator[str]:
    """The key in hexadecimal and base64, of which three bytes make four characters.

    In base64 it may begin at any of the three; its first and last character may hold bits of
    what is around it, and are left out.
    """
    yield from (key.hex(), key.hex().upper())
    for before in range(3):
        whole = base64.b64encode(bytes(before) + key)
        text = whole[-(-before * 4 // 3) : (before + len(key)) * 4 // 3].decode()
        yield from {text, text.translate(_URL_SAFE)}


def _proxy_for(origin: URL) -> str | None:
    """The user's proxy for this origin; a loopback upstream is never reached through one.

    An address without a scheme is an http:// one, as for curl and others.
    """
    host = origin.host or ""
    if is_loopback(host) or urllib.request.proxy_bypass(f"{host}:{origin.port}"):
        return None
    proxies = urllib.request.getproxies()
    if is_excepted(host, proxies.get("no", "")):
        return None
    way = proxies.get(origin.scheme) or proxies.get("all")
    return way if not way or "://" in way else f"http://{way}"


def _look_at(response: aiohttp.ClientResponse) -> None:
    """Raise Unreachable for an answer that cannot be read, or not be passed on."""
    for name, known in (("Content-Encoding", CODINGS), ("Transfer-Encoding", TRANSFERS)):
        if ",".join(response.headers.getall(name, ())).strip().lower() not in known:
            raise Unreachable("its answer is in a coding that nobody asked for")
    if _CONTROL.search(b"".join(name + value for name, value in response.raw_headers)):
        raise Unreachable("what it answered is not HTTP")


def _let_go(error: BaseException | None) -> None:
    """Forget where an error came through.

    aiohttp keeps it on the connection, which the frames that it came through hold with the
    request's body: a circle, and hundreds of kilobytes until somebody looks for garbage.
    """
    if error is not None:
        error.with_traceback(None)


def _unreachable(error: BaseException, host: str | None) -> Unreachable:
    """Why there is no answer of that host."""
    if isinstance(error, TimeoutError):
        return Unreachable("no answer in time", "timeout")
    if isinstance(error, aiohttp.ClientConnectorError):
        return _not_connected(error, host)
    if isinstance(error, NoTunnel) and error.__cause__ is not None:
        why = _unreachable(error.__cause__, host)
        return Unreachable(f"the proxy that is set: {why}", "unreachable")
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return Unreachable(f"the proxy that is set refused with {error.status}", "unreachable")
    # The upstream's own address was looked at when we started.
    if isinstance(error, aiohttp.InvalidURL | UnicodeError):
        return Unreachable("the proxy that is set has no address", "unreachable")
    if isinstance(error, aiohttp.ClientResponseError):
        return Unreachable("what it answered is not HTTP")
    if isinstance(refused := error.__cause__, ssl.SSLError) and "ALERT" in (refused.reason or ""):
        return Unreachable(_said(refused), "tls")  # TLS 1.3: we had taken the handshake for done
    if isinstance(error, _DROPPED):
        return Unreachable("it ended the connection without an answer")
    return Unreachable(str(error) if isinstance(error, RuntimeError) else type(error).__name__)


def _not_connected(error: aiohttp.ClientConnectorError, host: str | None) -> Unreachable:
    """Why there is no connection to that host, or to the proxy before it."""
    kind = "unreachable"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        why = getattr(error.certificate_error, "verify_message", "")  # it expired, another's name
        text, kind = f"its certificate was not accepted: {why}".rstrip(".: "), "certificate"
    elif isinstance(error, aiohttp.ClientConnectorDNSError):
        text, kind = error.os_error.strerror or "unknown host", "unresolved"
    elif isinstance(cause := error.os_error, ssl.SSLError):
        text, kind = _said(cause), "tls"
    else:
        text = os.strerror(cause.errno) if cause.errno else str(cause) or "it ended the connection"
    if isinstance(error, aiohttp.ClientProxyConnectionError) or error.host != host:
        return Unreachable(f"the proxy that is set: {text}", "unreachable")
    return Unreachable(text, kind)


def _said(error: ssl.SSLError) -> str:
    return error.strerror or type(error).__name__


def _tls() -> ssl.SSLContext:
    """Verification always on, TLS 1.2 at least, and no key log whatever the environment says."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_default_certs()
    return context
