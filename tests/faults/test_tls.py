"""What breaks under TLS is told as it is without."""

from __future__ import annotations

import json
import shutil
import socket
import ssl
import subprocess
from pathlib import Path

import pytest

from tests.faults.rig import Rig, says, tells
from tests.faults.wild import Wild, head, reset
from tests.proxy.wire_data import CLEAN

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="it makes certificates")


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """What serves under a certificate that we trust."""
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    words = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=x -addext"
    made = [*words.split(), "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate]
    subprocess.run(made, check=True, capture_output=True, timeout=60)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def test_an_upstream_that_resets(server: ssl.SSLContext, tmp_path: Path) -> None:
    """The agent is told at once, though the socket is gone when the connection is told its end."""

    class Secure(Wild):
        def _request(self, connection: socket.socket) -> bytes:
            secure = server.wrap_socket(connection, server_side=True)
            data = secure.recv(1 << 16)
            reset(secure)
            return data

    with Secure(lambda connection: None) as wild:
        with Rig(wild.url.replace("http:", "https:"), tmp_path / "state") as rig:
            answer = rig.send("chat", CLEAN["chat"])
        [exchange] = rig.recorded()
    assert wild.requests[0].startswith(b"POST /chat/completions ")
    assert says(answer, "chat", b"") == "502, an error in the dialect's shape"
    assert tells(exchange) == "502, `it ended the connection without an answer`"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_an_upstream_that_wants_our_certificate(
    version: ssl.TLSVersion, server: ssl.SSLContext, tmp_path: Path
) -> None:
    """A refusal is told as one: under TLS 1.3 it comes when we have sent the request already."""
    server.minimum_version = server.maximum_version = version
    server.verify_mode = ssl.CERT_REQUIRED

    class Secure(Wild):
        def _request(self, connection: socket.socket) -> bytes:
            with connection.dup() as held:  # else what we have not read resets the connection
                with pytest.raises(ssl.SSLError):
                    server.wrap_socket(connection, server_side=True)
                while held.recv(1 << 16):
                    pass
            return b""

    with Secure(lambda connection: None) as wild:
        with Rig(wild.url.replace("http:", "https:"), tmp_path / "state") as rig:
            answer = rig.send("chat", CLEAN["chat"])
        [exchange] = rig.recorded()
    assert b"cannot be reached: " in answer.body and b"alert" in answer.body
    assert "alert" in tells(exchange)


def test_an_upstream_that_answers_before_it_has_read_all(
    server: ssl.SSLContext, tmp_path: Path
) -> None:
    """What it said is heard, several times: it depends on what has come when more is written."""
    refusal = b'{"error":{"message":"that is too much"}}'
    length = f"Content-Length: {len(refusal)}"

    class Secure(Wild):
        def _request(self, connection: socket.socket) -> bytes:
            secure = server.wrap_socket(connection, server_side=True)
            data = secure.recv(1 << 16)
            secure.sendall(head("application/json", length, "413 Too Large") + refusal)
            secure.close()  # with all that it has not read, which resets the connection
            return data

    long = json.dumps(json.loads(CLEAN["chat"]) | {"x_long": "x" * (1 << 20)}).encode()
    with Secure(lambda connection: None) as wild:
        with Rig(wild.url.replace("http:", "https:"), tmp_path / "state") as rig:
            answers = [rig.send("chat", long) for _ in range(6)]
        exchanges = rig.recorded()
    assert {answer.status for answer in answers} == {413}
    assert {answer.body for answer in answers} == {refusal}
    assert {tells(exchange) for exchange in exchanges} == {"413, `that is too much`"}
