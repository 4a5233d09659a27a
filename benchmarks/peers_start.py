"""How each peer is installed and started: a folder of its own, a home of its own, a fake key.

`python -m benchmarks.peers_start` installs them into benchmarks/.peers, at these versions.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks.ways import MESSAGES, Way

PLACE = Path(__file__).parent / ".peers"
KEY = "benchmark-key-not-real"
MODEL = "deepseek-v4-pro"
START = 60.0  # seconds that a peer may take to listen


class Peer(NamedTuple):
    """A program from PyPI, or from npm; `{port}`, `{origin}` and `{home}` are filled in.

    `files` are written into its home before it is started.
    """

    package: str
    argv: tuple[str, ...]
    files: dict[str, str]
    path: str = MESSAGES
    npm: bool = False


_LITELLM = f"""
model_list:
  - model_name: {MODEL}
    litellm_params: {{model: anthropic/{MODEL}, api_base: "{{origin}}/anthropic", api_key: {KEY}}}
general_settings: {{master_key: {KEY}}}
litellm_settings: {{drop_params: true}}
"""
_CCR = {
    "HOST": "127.0.0.1",
    "PORT": "{port}",
    "APIKEY": KEY,
    "LOG": False,
    "NON_INTERACTIVE_MODE": True,
    "Providers": [
        {
            "name": "upstream",
            "api_base_url": "{origin}" + MESSAGES,
            "api_key": KEY,
            "models": [MODEL],
            "transformer": {"use": ["Anthropic"]},
        }
    ],
    "Router": {"default": f"upstream,{MODEL}"},
}
PEERS = {
    "claude-tap": Peer(
        "claude-tap==0.1.146",
        ("claude-tap", "--tap-no-launch", "--tap-no-open", "--tap-no-live", "--tap-host",
         "127.0.0.1", "--tap-port", "{port}", "--tap-target", "{origin}/anthropic"),
        {},
        "/v1/messages",
    ),
    "mitmdump": Peer(
        "mitmproxy==11.0.2",
        ("mitmdump", "-q", "--listen-host", "127.0.0.1", "--mode",
         "reverse:{origin}@{port}", "--set", "stream_large_bodies=1"),
        {},
    ),
    "litellm": Peer(
        "litellm[proxy]==1.106.2",
        ("litellm", "--host", "127.0.0.1", "--port", "{port}", "--config", "{home}/config.yaml"),
        {"config.yaml": _LITELLM},
        "/v1/messages",
    ),
    "claude-code-router": Peer(
        "@musistudio/claude-code-router@2.0.0",
        ("ccr", "start"),
        {".claude-code-router/config.json": json.dumps(_CCR)},
        "/v1/messages",
        npm=True,
    ),
}  # fmt: skip


def settings() -> str:
    """The version and command line of each peer."""
    lines = [f"* {peer.package}: `{' '.join(peer.argv)}`" for peer in PEERS.values()]
    return "\n".join(
        ["Started as", "", *lines, "", "with the configuration of benchmarks/peers_start.py."]
    )


def install() -> None:
    """Install what is not there yet. Raises CalledProcessError."""
    for name, peer in PEERS.items():
        folder = PLACE / name
        if _program(name, peer).exists():
            continue
        folder.mkdir(parents=True, exist_ok=True)
        if peer.npm:
            command = ["npm", "install", "--silent", "--prefix", str(folder), peer.package]
        else:
            subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
            command = [str(folder / "bin" / "pip"), "install", "-q", peer.package]
        subprocess.run(command, check=True)


@contextmanager
def started(name: str, upstream: int) -> Iterator[Way]:
    """A peer that listens, in front of the upstream at that port."""
    peer = PEERS[name]
    port = _free()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        known = {"{port}": str(port), "{origin}": f"http://127.0.0.1:{upstream}", "{home}": home}
        for place, text in peer.files.items():
            path = Path(home) / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(_filled(text, known), encoding="utf-8")
        argv = [_filled(word, known) for word in peer.argv]
        argv[0] = str(_program(name, peer))
        env = {"HOME": home, "PATH": os.environ["PATH"], "NO_PROXY": "127.0.0.1"}
        with (Path(home) / "output").open("wb") as out:
            process = subprocess.Popen(
                argv, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=home
            )
        try:
            _wait(port, process)
            yield Way(name, port, peer.path, KEY, process.pid)
        finally:
            process.terminate()
            process.wait(20)


def _program(name: str, peer: Peer) -> Path:
    return PLACE / name / ("node_modules/.bin" if peer.npm else "bin") / peer.argv[0]


def _filled(text: str, known: dict[str, str]) -> str:
    for mark, value in known.items():
        text = text.replace(mark, value)
    return text


def _free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"{process.args!r} does not listen on {port}")


if __name__ == "__main__":
    install()
