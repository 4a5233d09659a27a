"""Real relays, started as their users start them: own home, own key, one provider on loopback."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.pty_session import wait_until

ROOT = Path(__file__).parent.parent.parent
MODULES = Path(os.environ.get("DSFIX_RELAYS") or ROOT / "clients/relays/node_modules").absolute()
KEY = "sk-of-the-relay-0123456789abcdef"
CCR = MODULES / ".bin/ccr"
NINE = MODULES / "9router/app"
PRO, FLASH = "deepseek-v4-pro", "deepseek-v4-flash"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def configure_ccr(home: Path, port: int, url: str, key: str, transformer: str) -> None:
    """Write Claude Code Router's `config.json`: one provider, named as in its README."""
    provider = {
        "name": "deepseek",
        "api_base_url": url,
        "api_key": key,
        "models": [PRO, FLASH],
        "transformer": {"use": [transformer]},
    }
    config = {
        "HOST": "127.0.0.1",
        "PORT": port,
        "APIKEY": KEY,
        "LOG": False,
        "Providers": [provider],
        "Router": {"default": f"deepseek,{PRO}"},
    }
    folder = home / ".claude-code-router"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config))


@contextmanager
def ccr(home: Path, url: str, key: str, transformer: str) -> Iterator[str]:
    """Claude Code Router toward that URL; gives its own."""
    port = free_port()
    configure_ccr(home, port, url, key, transformer)
    with _running([str(CCR), "start"], home, home, {}, port) as own:
        yield own


@contextmanager
def nine_router(home: Path, url: str, key: str, wire: str) -> Iterator[tuple[str, str]]:
    """9router toward that base URL, on the wire `chat` or `messages`; gives its own, and a key."""
    wasm = NINE / "node_modules/sql.js/dist/sql-wasm.wasm"
    if not wasm.exists():  # npm leaves it out of the package; its own hook puts it back like this
        shutil.copy(MODULES / "sql.js/dist" / wasm.name, wasm)
    data, port = home / "data", free_port()
    (data / "auth").mkdir(parents=True)
    machine, secret = "m" * 32, "s" * 64
    (data / "machine-id").write_text(machine)
    (data / "auth/cli-secret").write_text(secret)
    pass_word = hashlib.sha256(f"{machine}9r-cli-auth{secret}".encode()).hexdigest()[:16]
    more = {"DATA_DIR": str(data), "PORT": str(port), "HOSTNAME": "127.0.0.1"}
    with _running(["node", "custom-server.js"], NINE, home, more, port) as own:

        def ask(path: str, body: dict[str, str]) -> dict[str, Any]:
            headers = {"Content-Type": "application/json", "x-9r-cli-token": pass_word}
            request = urllib.request.Request(own + path, json.dumps(body).encode(), headers)
            with urllib.request.urlopen(request, timeout=30) as answer:
                return dict(json.load(answer))

        kind = "openai-compatible" if wire == "chat" else "anthropic-compatible"
        node = {"name": "deepseek", "prefix": "own", "type": kind, "apiType": "chat"}
        made = ask("/api/provider-nodes", {**node, "baseUrl": url})["node"]
        account = {"name": "deepseek", "apiKey": key, "defaultModel": PRO}
        ask("/api/providers", {**account, "provider": made["id"]})
        yield own, ask("/api/keys", {"name": "agent"})["key"]


@contextmanager
def _running(
    line: list[str], folder: Path, home: Path, more: Mapping[str, str], port: int
) -> Iterator[str]:
    env = {"HOME": str(home), "PATH": "/usr/local/bin:/usr/bin:/bin", **more}
    with (home / "relay.log").open("wb") as log:
        process = subprocess.Popen(
            line,
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        wait_until(lambda: answers(port), line[0])
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def answers(port: int) -> bool:
    """Whether somebody listens on that port."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
