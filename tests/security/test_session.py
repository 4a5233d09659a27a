"""One session's socket, token and way upstream, as a run makes them."""

from __future__ import annotations

import ctypes
import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import HTTPServer
from pathlib import Path

import pytest

from dsfix.proxy.client import _tls
from dsfix.simulator.server import Simulator
from tests.support.commands import KEY, dsfix, environment
from tests.support.serving import Came, Given, handler_of, running, serving

# Tries the endpoint's port on every other address of this machine, and shows its own token.
LOOK = """
import os, re, socket
base = os.environ["ANTHROPIC_BASE_URL"]
host, port = re.match(r"http://([^:/]+):([0-9]+)/", base).groups()
open_ = []
own = [each[4][0] for each in socket.getaddrinfo(socket.gethostname(), None)] if os.environ.get("OWN") else []
for address in ("127.0.0.1", "127.0.0.2", "::1", *own):
    try:
        socket.create_connection((address, int(port)), timeout=2).close()
        open_.append(address)
    except OSError:
        pass
print(host, port, os.environ["ANTHROPIC_AUTH_TOKEN"], ",".join(open_))
"""


def test_the_endpoint_is_on_one_address_and_its_token_for_one_session(tmp_path: Path) -> None:
    """127.0.0.1 and no other, another port and another 256 bits each time."""
    seen = [
        dsfix("run", "-q", "--", sys.executable, "-c", LOOK, home=tmp_path).out.split()
        for _ in range(2)
    ]
    assert [each[0] for each in seen] == ["127.0.0.1"] * 2
    assert [each[3] for each in seen] == ["127.0.0.1"] * 2
    tokens = {each[2] for each in seen}
    assert len(tokens) == 2 and all(len(token) >= 43 for token in tokens)


def test_the_port_is_closed_when_the_session_is_over(tmp_path: Path) -> None:
    """With the agent's end the endpoint is gone, and its token worth nothing."""
    import socket

    ran = dsfix("run", "-q", "--", sys.executable, "-c", LOOK, home=tmp_path)
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", int(ran.out.split()[1])), timeout=60).close()


def test_tls_is_verified_whatever_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Certificates and names are checked, at least TLS 1.2 is spoken, and no keys are logged."""
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    monkeypatch.setenv("PYTHONHTTPSVERIFY", "0")
    context = _tls()
    assert context.verify_mode is ssl.CERT_REQUIRED and context.check_hostname
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert context.keylog_filename is None


@contextmanager
def self_signed(folder: Path, got: list[Came]) -> Iterator[str]:
    """A server whose certificate nobody vouches for; `got` is what it is sent."""
    key, certificate = folder / "key.pem", folder / "cert.pem"
    words = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    made = [*words.split(), "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(made, check=True, capture_output=True, timeout=60)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def taken(came: Came) -> Given:
        got.append(came)
        return Given(200)

    server = HTTPServer(("127.0.0.1", 0), handler_of(taken))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a refused handshake
    with running(server):
        yield f"https://localhost:{server.server_port}"


POST = """
import os, sys, urllib.error, urllib.request
url = os.environ["ANTHROPIC_BASE_URL"] + "/v1/messages"
headers = {"x-api-key": os.environ["ANTHROPIC_AUTH_TOKEN"]}
body = b'{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"x"}]}'
try:
    urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=60)
except urllib.error.HTTPError as error:
    print(error.code, error.read().decode())
"""


def test_a_certificate_that_nobody_vouches_for_gets_no_key(tmp_path: Path) -> None:
    """The agent is told in a 502 why; the key was not sent, and no keys of TLS were logged."""
    if not any((Path(each) / "openssl").exists() for each in os.environ["PATH"].split(":")):
        pytest.skip("openssl makes the certificate")
    home, log = tmp_path / "someone", tmp_path / "keys"
    home.mkdir()
    got: list[Came] = []
    with self_signed(tmp_path, got) as url:
        env = environment(home, SSLKEYLOGFILE=str(log))
        words = ("--upstream", url, "--", sys.executable, "-c", POST)
        ran = dsfix("run", *words, home=home, env=env)
    assert ran.out.startswith("502"), ran
    assert "its certificate was not accepted: self" in ran.out
    assert got == []
    # Python makes the file with a heading when any default context is made, the agent's too
    assert not log.exists() or "SECRET" not in log.read_text(encoding="utf-8")


def test_the_token_takes_the_keys_place_inside_a_longer_value(tmp_path: Path) -> None:
    """In a header or a configuration of any name, unless the user keeps it or the key is a word."""
    longer = {"HEADER": f"Authorization: Bearer {KEY}", "KEPT": f"x {KEY}"}
    show = ("--keep-env", "KEPT", "--", "sh", "-c", 'echo "$HEADER; $KEPT; $ANTHROPIC_AUTH_TOKEN"')
    ran = dsfix("run", "-q", *show, home=tmp_path, env=environment(tmp_path, **longer))
    header, kept, token = ran.out.strip().split("; ")
    assert (header, kept) == (f"Authorization: Bearer {token}", f"x {KEY}")
    env = environment(tmp_path, DEEPSEEK_API_KEY="ollama", HEADER="my ollama")
    assert dsfix("run", "-q", *show, home=tmp_path, env=env).out.startswith("my ollama; ")


# What the agent sees of the process that started it, and of itself.
PEER = """
import os
for pid in (os.getppid(), os.getpid()):
    for name in ("environ", "mem", "maps"):
        try:
            os.close(os.open(f"/proc/{pid}/{name}", os.O_RDONLY))
            print("open", end=" ")
        except PermissionError:
            print("closed", end=" ")
"""
_DROP_CAPABILITY, _SYS_PTRACE, _SYS_ADMIN, _PERFMON = 24, 19, 21, 38  # prctl.h, capability.h


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="reads /proc")
@pytest.mark.parametrize("debug", [False, True])
def test_the_agent_does_not_look_into_us(tmp_path: Path, debug: bool) -> None:
    """The key in our environment and memory is closed to programs of the same user, unless the
    user wants to debug dsfix; the agent itself is as open as any program."""

    def as_others_are() -> None:
        """Root may look into any process; without these rights it is as any other user."""
        for right in (_SYS_PTRACE, _SYS_ADMIN, _PERFMON):
            ctypes.CDLL(None).prctl(_DROP_CAPABILITY, right, 0, 0, 0)

    env = environment(tmp_path, **({"DSFIX_DEBUG": "1"} if debug else {}))
    command = [sys.executable, "-m", "dsfix", "run", "-q", "--", sys.executable, "-c", PEER]
    ran = subprocess.run(
        command, env=env, preexec_fn=as_others_are, capture_output=True, text=True, timeout=60
    )
    ours = "open" if debug else "closed"
    assert ran.stdout.split() == [ours] * 3 + ["open"] * 3, ran


def _yes(came: Came) -> Given:
    """What a program says that cannot show the token: yes, whatever it is asked."""
    return Given(200, headers={"X-Dsfix-Proof": came.headers.get("x-dsfix-challenge", "")})


@pytest.mark.parametrize("token", ["t" * 64, "t\udcff"])
def test_the_port_of_a_dead_session_is_not_trusted(tmp_path: Path, token: str) -> None:
    """A program that has taken it meanwhile is told nothing: it cannot show the token.

    One in bytes that are no text is a token like any other.
    """
    with serving(_yes) as url:
        env = environment(tmp_path, DSFIX_SESSION="x", DSFIX_ENDPOINT=f"{url}/x", DSFIX_TOKEN=token)
        words = ("-q", "--", "sh", "-c", "echo $DSFIX_ORIGIN")
        ran = dsfix("run", *words, home=tmp_path, env=env)
    assert ran.out == "https://api.deepseek.com\n", ran


def test_a_nested_session_gives_its_agent_a_token_of_its_own(tmp_path: Path) -> None:
    """Neither the key nor the outer token reaches the inner agent."""
    inner = [sys.executable, "-m", "dsfix", "run", "-q", "--", "sh", "-c", "env"]
    show = f'echo "outer=$ANTHROPIC_AUTH_TOKEN"; exec {" ".join(inner[:-1])} env'
    with Simulator.in_thread() as upstream:
        words = ("-q", "--upstream", upstream.url, "--", "sh", "-c", show)
        ran = dsfix("run", *words, home=tmp_path)
    outer = ran.out.partition("outer=")[2].partition("\n")[0]
    assert ran.code == 0 and len(outer) >= 43
    names = [line.partition("=")[0] for line in ran.out.splitlines()[1:] if outer in line]
    assert names == []
