"""The report server's life: a socket, a lock on the directory, and stopping in good order."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import os
import signal
import socket
from collections.abc import Callable, Mapping

from aiohttp import web

from dsfix.errors import DsfixError, UsageError
from dsfix.reports import place
from dsfix.reports.guard import Guard
from dsfix.reports.place import Running
from dsfix.reports.server import application
from dsfix.reports.store import Store
from dsfix.serving import IDLE, end_refused, serving

_GRACE = 2.0  # seconds for requests under way when the server is stopped


def serve(
    environ: Mapping[str, str], host: str, port: int, ready: Callable[[Running], None]
) -> None:
    """Serve until a signal says stop. Raises DsfixError when it cannot."""
    directory = place.folder(environ)
    lock = place.claim(directory)
    try:
        guard = Guard(place.token(environ, make=True), is_loopback(host))
        with _listening(host, port) as listener:
            running = _addresses(host, listener.getsockname()[1])
            store = Store(directory)
            try:
                asyncio.run(_serve(application(store, guard), listener, lock, running, ready))
            finally:
                store.close()
    finally:
        os.close(lock)


def is_loopback(host: str) -> bool:
    """Whether nobody beyond this machine reaches that address. Raises UsageError for none."""
    return host == "localhost" or _address(host).is_loopback


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        raise UsageError(f"--host {host!r} is no address", hint="example: 0.0.0.0") from None


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise DsfixError(
            f"{host} port {port} cannot be used: {reason}",
            hint="take another with --port; 0 takes a free one",
        ) from error


def _addresses(host: str, port: int) -> Running:
    """How this machine reaches the server, and how others do; written as browsers write it."""
    host = host if host == "localhost" else _address(host).compressed
    every = host in ("0.0.0.0", "::")
    near = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return Running(
        f"http://{_bracketed(near)}:{port}",
        f"http://{socket.gethostname() if every else _bracketed(host)}:{port}",
    )


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


async def _serve(
    app: web.Application,
    listener: socket.socket,
    lock: int,
    running: Running,
    ready: Callable[[Running], None],
) -> None:
    # aiohttp tells of every malformed request with a traceback; our own failures are told apart.
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    app.on_response_prepare.append(end_refused)
    async with serving(app, listener, _GRACE, keepalive_timeout=IDLE):
        place.announce(lock, running)
        ready(running)
        await stop.wait()
