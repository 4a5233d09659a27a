"""The server from outside: who reads, who manages, and what everybody else is told."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from dsfix.reports.bundle import UPLOAD, Manifest, bundle
from dsfix.reports.guard import Guard
from tests.reports.support import Answer, Running, serving

PAGE = b"<!doctype html><title>T &lt;i&gt;</title><link rel=stylesheet href=a.css><p>hello"
UNKNOWN = "/r/" + "0" * 32


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One server for all tests here."""
    with serving(tmp_path_factory.mktemp("server")) as running:
        yield running


def sent(server: Running, files: dict[str, bytes] | None = None, **said: object) -> str:
    """Send a page straight to the server; its path."""
    entry = next(iter(files)) if files else "page.html"
    upload = bundle(
        Manifest(entry, **said),  # type: ignore[arg-type]
        files or {"page.html": PAGE, "a.css": b"p { color: red }"},
    )
    answer = server.ask("/api/reports", "POST", token=server.token, body=upload)
    assert answer.status == 201, answer
    return str(answer.json["address"])


def raw(server: Running, head: str) -> bytes:
    """What a request of exactly these lines is answered with."""
    host, port = urlsplit(server.url).hostname, urlsplit(server.url).port
    with socket.create_connection((host, port), timeout=60) as connection:
        connection.sendall(head.replace("\n", "\r\n").encode() + b"\r\n\r\n")
        return connection.recv(65536)


def test_anybody_with_the_address_reads(server: Running) -> None:
    """The page around a report, its files and its download need no token."""
    path = sent(server)
    around = server.ask(path)
    assert around.status == 200
    assert "<title>T &lt;i&gt;</title>" in around.text
    assert f'src="{path}/v1/files/page.html"' in around.text
    page = server.ask(f"{path}/v1/files/page.html")
    assert (page.status, page.body) == (200, PAGE)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    style = server.ask(f"{path}/v1/files/a.css")
    assert style.headers["content-type"] == "text/css; charset=utf-8"
    download = server.ask(f"{path}/v1/download")
    assert download.body.startswith(b"PK")
    assert download.headers["content-disposition"].endswith("page-v1.zip")
    assert server.ask(path, "HEAD").status == 200


def test_a_report_runs_in_a_sandbox(server: Running) -> None:
    """A report has an opaque origin and loads nothing from elsewhere, however it is opened."""
    path = sent(server, {"page.html": PAGE, "a.svg": b"<svg/>", "a.js": b"1"})
    for name in ("page.html", "a.svg", "a.js"):
        headers = server.ask(f"{path}/v1/files/{name}").headers
        policy = [part.strip() for part in headers["content-security-policy"].split(";")]
        assert "sandbox allow-scripts" in policy
        (sources,) = [part for part in policy if part.startswith("default-src")]
        own = f"{server.url}{path}/v1/files/"
        assert sources == f"default-src 'self' {own} data: blob: 'unsafe-inline' 'unsafe-eval'"
        assert "allow-same-origin" not in headers["content-security-policy"]
        assert "form-action 'none'" in policy and "frame-ancestors 'self'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("host", ["[::1]:8080", "127.0.0.1:1"])
def test_a_reports_own_files_are_named_as_a_policy_can(server: Running, host: str) -> None:
    """A browser for which an opaque origin is not its own self knows them by that alone."""
    path = sent(server)
    answer = server.ask(f"{path}/v1/files/page.html", headers={"Host": host})
    named = f" http://{host}{path}/v1/files/ " in answer.headers["content-security-policy"]
    assert answer.status == 200 and named is host[0].isdigit()


def test_the_page_around_is_strict(server: Running) -> None:
    """The page around a report runs our script alone, and shows frames of this server only."""
    answer = server.ask(sent(server))
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "frame-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy and "unsafe" not in policy
    assert '<iframe sandbox="allow-scripts"' in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in answer.headers
    for name, sort in (("page.css", "text/css"), ("page.js", "text/javascript")):
        assert server.ask(f"/{name}").headers["content-type"] == sort


def test_labels_are_text(server: Running) -> None:
    """What a sender says is never markup in the page around."""
    path = sent(server, title="<script>1</script>", tags=('"><b>',), project="<i>", branch="&")
    text = server.ask(path).text
    assert "<script>1" not in text and "<b>" not in text and "<i>" not in text
    assert "&lt;script&gt;1&lt;/script&gt;" in text


def test_odd_names(server: Running) -> None:
    """A page of any allowed name is shown and served."""
    name = "价格 #1 & 50% 'x'.html"
    path = sent(server, {name: PAGE})
    src = server.ask(path).text.partition('src="/r/')[2].partition('"')[0]
    assert server.ask(f"/r/{src}").body == PAGE


def test_other_character_sets(server: Running) -> None:
    """A page that names its own character set keeps it."""
    data = b"<meta charset=gb18030>" + "报告".encode("gb18030")
    path = sent(server, {"page.html": data})
    assert server.ask(f"{path}/v1/files/page.html").headers["content-type"] == "text/html"


def absent(server: Running) -> list[str]:
    """Paths with nothing there, of every kind."""
    path, gone = sent(server), sent(server)
    name = gone.removeprefix("/r/")
    server.ask(f"/api/reports/{name}", "PATCH", token=server.token, body=b'{"deleted":true}')
    ends = ("", "/latest", "/v1", "/v1/download", "/v1/files/page.html")
    return [
        *(UNKNOWN + end for end in ends),
        *(gone + end for end in ends),
        *(path + end for end in ("/v2", "/v0", "/v01", "/v1/files/", "/v1/files/none.png", "/")),
        f"{path}/v1/files/../files/../../v1/none",
        f"{path}/v1/files/..%2f..%2f..%2freports.db",
        f"{path}/v1/files/.dsfix.json",
        path[:12],
        path.upper(),
        *("/", "/r", "/r/", "/files", "/index.html", "/page.py", "/favicon.ico", "/r/%00"),
    ]


def test_what_is_not_there_looks_the_same(server: Running) -> None:
    """Unknown, deleted and never existing: one answer, to the byte; nothing is listed."""

    def told(answer: Answer) -> tuple[int, dict[str, str], bytes]:
        return answer.status, answer.headers | {"date": ""}, answer.body

    (first, *others) = [told(server.ask(path)) for path in absent(server)]
    assert first[0] == 404
    for other in others:
        assert other == first


def test_a_version_whose_files_are_gone_is_not_there(server: Running) -> None:
    """As where `gc` removes it while somebody downloads it: that is no failure of the server."""
    path = sent(server)
    (server.state / "files" / path.rpartition("/")[2] / "1.zip").unlink()
    for name in ("download", "files/page.html"):
        assert server.ask(f"{path}/v1/{name}").status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_readers_change_nothing(method: str, server: Running) -> None:
    """A report's address is for reading."""
    assert server.ask(sent(server), method, body=b"x").status == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/reports"),
        ("GET", "/api/reports"),
        ("GET", "/api/reports/0000"),
        ("PATCH", "/api/reports/0000"),
        ("DELETE", "/api/reports/0000"),
        ("OPTIONS", "/api/reports"),
        ("GET", "/api/none"),
    ],
)
def test_managing_takes_the_token(method: str, path: str, server: Running) -> None:
    """Without the token nothing under /api/ is done, nor is told what there is."""
    right = f"Bearer {server.token}"
    for wrong in ({}, {"Authorization": right[:-1]}, {"Authorization": right + "x"}):
        answer = server.ask(path, method, headers=wrong, body=b"x")
        assert (answer.status, answer.json) == (401, {"error": "missing or wrong token"})
    for page in ({"Origin": server.url}, {"Sec-Fetch-Site": "same-origin"}, {"Origin": "null"}):
        assert server.ask(path, method, token=server.token, headers=page).status == 403


def test_the_token_stands_once(server: Running) -> None:
    """Two credentials are none, and an address holds none."""
    host = urlsplit(server.url).netloc
    line = f"Authorization: Bearer {server.token}"
    twice = raw(server, f"GET /api/reports HTTP/1.1\nHost: {host}\n{line}\n{line}")
    assert twice.startswith(b"HTTP/1.1 401 ")
    assert server.ask(f"/api/reports?token={server.token}").status == 401


@pytest.mark.parametrize(
    "target",
    [
        "/%61pi/reports",
        "//api/reports",
        "/./api/reports",
        "/r/../api/reports",
        "/API/reports",
        "/api%2freports",
        "http://127.0.0.1/api/reports",
        "http://evil.example/api/reports",
    ],
)
def test_no_way_around_the_token(target: str, server: Running) -> None:
    """However the path of a question is written, it is not answered without the token."""
    host = urlsplit(server.url).netloc
    answer = raw(server, f"GET {target} HTTP/1.1\nHost: {host}\nConnection: close")
    assert answer.startswith((b"HTTP/1.1 401 ", b"HTTP/1.1 404 ")), answer


@pytest.mark.parametrize(
    "host",
    [
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "evil.localhost",
        "localhost.",
        "127.0.0.1, evil.example",
        "evil.example",
        "192.168.1.2:3939",
        "",
    ],
)
def test_other_names(host: str, server: Running) -> None:
    """A server of this machine answers to its own names, whatever is asked."""
    path = sent(server)
    answer = raw(server, f"GET {path} HTTP/1.1\nHost: {host}\nConnection: close")
    assert answer.startswith((b"HTTP/1.1 421 ", b"HTTP/1.1 400 "))
    twice = f"GET {path} HTTP/1.1\nHost: localhost\nHost: {host}\nConnection: close"
    assert raw(server, twice).startswith((b"HTTP/1.1 421 ", b"HTTP/1.0 400 "))


def test_own_names(server: Running) -> None:
    """A tunnel's other port is this machine too."""
    path = sent(server)
    for host in ("localhost", "127.0.0.1:1", "[::1]:8080", "LOCALHOST:3939", "127.1.2.3:1"):
        assert server.ask(path, headers={"Host": host}).status == 200


def test_names_of_a_server_for_others() -> None:
    """A server that others reach is known by names that it cannot know; the token stays."""
    guard = Guard("x" * 20, loopback=False)
    assert guard.refusal("/r/x", {"host": ["dev-1:3939"]}) is None
    assert guard.refusal("/r/x", {}) is not None
    refused = guard.refusal("/api/reports", {"host": ["dev-1:3939"]})
    assert refused is not None and refused.status == 401


def test_bad_uploads(server: Running) -> None:
    """An upload that is refused is told why, and leaves nothing behind."""
    before = set((server.state / "files").iterdir())
    for upload in (b"", b"hello"):
        answer = server.ask("/api/reports", "POST", token=server.token, body=upload)
        assert answer.status == 400 and "no zip file" in answer.json["error"]
    packed = {"Content-Encoding": "gzip"}
    answer = server.ask(
        "/api/reports", "POST", token=server.token, body=b"no gzip at all", headers=packed
    )
    assert answer.status == 400 and "compressed" in answer.json["error"]
    to_unknown = bundle(Manifest("page.html", id="f" * 32), {"page.html": PAGE})
    assert server.ask("/api/reports", "POST", token=server.token, body=to_unknown).status == 404
    assert set((server.state / "files").iterdir()) == before


def test_an_upload_that_is_broken_off_says_nothing(tmp_path: Path) -> None:
    """Who stops `send` writes nothing on the server's terminal (`serving` sees no traceback)."""
    with serving(tmp_path / "home") as server:
        host, port = urlsplit(server.url).hostname, urlsplit(server.url).port
        head = f"POST /api/reports HTTP/1.1\r\nHost: {host}\r\nContent-Length: 9\r\n"
        with socket.create_connection((host, port)) as connection:
            token = f"Authorization: Bearer {server.token}\r\nExpect: 100-continue\r\n\r\n"
            connection.sendall((head + token).encode())
            assert connection.recv(12) == b"HTTP/1.1 100"
        assert server.ask("/api/reports", token=server.token).status == 200


def test_an_upload_over_the_limit_is_not_read(server: Running) -> None:
    """What says that it is too large is refused before it is sent."""
    host = urlsplit(server.url).netloc
    head = f"POST /api/reports HTTP/1.1\nHost: {host}\nAuthorization: Bearer {server.token}\n"
    answer = raw(server, f"{head}Content-Length: {UPLOAD + 1}")
    assert answer.startswith(b"HTTP/1.1 413 ") and b"over 64 MiB" in answer


@pytest.mark.parametrize(
    "change",
    [b"", b"{", b"[]", b'{"x":1}', b'{"tag":"a"}', b'{"category":"a\\u0000"}', b'{"tag":["%s"]}'],
)
def test_bad_changes(change: bytes, server: Running) -> None:
    """A change that is none is refused."""
    name = sent(server).removeprefix("/r/")
    change = change.replace(b"%s", b"x" * 300)
    answer = server.ask(f"/api/reports/{name}", "PATCH", token=server.token, body=change)
    assert answer.status == 400 and answer.json["error"].startswith("no valid change")


def test_bad_questions(server: Running) -> None:
    """Numbers that are none are refused; words may hold anything."""
    for query in ("limit=-1", "limit=x", "offset=1.5", "word=abc%00", "word=%00"):
        assert server.ask(f"/api/reports?{query}", token=server.token).status == 400
    for word in ('q"', "a*b%20OR", "NEAR(", "%25", "q'", "_", "%E4%BB%B7%E6%A0%BC'"):
        answer = server.ask(f"/api/reports?word={word}", token=server.token)
        assert (answer.status, answer.json) == (200, [])


def test_files_are_private(server: Running) -> None:
    """Nobody else on the machine can read a report or the token."""
    sent(server)
    paths: list[Path] = [server.state, *server.state.rglob("*")]
    assert len(paths) > 5
    for path in paths:
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path
