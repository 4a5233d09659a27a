"""The commands as a user runs them, with a server of their own or of somebody else."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from dsfix.reports.place import claim
from tests.reports.support import Running, serving, shown, write
from tests.support.commands import ROOT, Ran, dsfix, environment

Here = Callable[..., Ran]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    """A server with a home of its own."""
    with serving(tmp_path / "here") as running:
        yield running


@pytest.fixture
def here(server: Running) -> Here:
    """`dsfix reports` of the server's own user."""

    def run(*words: str, **more: str) -> Ran:
        return dsfix("reports", *words, home=server.home, env=environment(server.home, **more))

    return run


def data(ran: Ran) -> Any:
    """What a command told as JSON."""
    document = json.loads(ran.out)
    assert ran.code == 0 and document["errors"] == [], ran
    return document["data"]


def ids(ran: Ran) -> list[str]:
    """The ids that it told."""
    return [each["id"] for each in data(ran)]


def test_send_prints_the_address_alone(server: Running, here: Here, tmp_path: Path) -> None:
    """One line on stdout, that opens; what was left out is told on stderr."""
    page = write(tmp_path, page__html="<link rel=stylesheet href=a.css><img src=b.png>", a__css="x")
    ran = here("send", str(page))
    assert ran.code == 0 and ran.out.startswith(f"{server.url}/r/")
    assert ran.err == "dsfix: left out: page.html: b.png: there is no such file\n"
    assert server.ask(f"{shown(ran.out)}/v1/files/a.css").body == b"x"
    assert server.ask(f"{shown(ran.out)}/v1/files/b.png").status == 404


def test_send_and_serve_are_commands_of_their_own(server: Running, tmp_path: Path) -> None:
    """`dsfix send` is `dsfix reports send`; `serving` starts `dsfix serve`."""
    page = write(tmp_path, page__html="x")
    ran = dsfix("send", str(page), home=server.home)
    assert server.ask(shown(ran.out)).status == 200


def test_to_another_server(server: Running, tmp_path: Path) -> None:
    """From another home the server is named, and the token comes from the variable."""
    other = tmp_path / "other"
    other.mkdir()
    page = write(tmp_path, page__html="x")
    line = ("send", str(page), "--server", server.url)
    token = {"DSFIX_REPORTS_TOKEN": server.token}
    by_option = dsfix(*line, home=other, env=environment(other, **token))
    by_variable = environment(other, DSFIX_REPORTS_SERVER=f"{server.url}/", **token)
    assert dsfix(*line[:2], home=other, env=by_variable).out == by_option.out
    assert server.ask(shown(by_option.out)).status == 200
    without = dsfix(*line, home=other, env=environment(other))
    assert (without.code, without.out) == (1, "")
    assert without.err.startswith(f"dsfix: error: no token for {server.url}\n")
    wrong = environment(other, DSFIX_REPORTS_TOKEN="x" * 30)
    refused = dsfix(*line, home=other, env=wrong)
    assert (refused.code, refused.out) == (1, "") and "does not accept the token" in refused.err


def test_our_token_goes_to_our_server_alone(server: Running, tmp_path: Path) -> None:
    """The token of the server here is not offered to one that is named."""
    with serving(tmp_path / "there") as there:
        page = write(tmp_path, page__html="x")
        ran = dsfix("send", str(page), "--server", there.url, home=server.home)
        assert ran.code == 1 and "no token for" in ran.err


def test_no_server(tmp_path: Path) -> None:
    """Without a server nothing is started, and the error says how."""
    page = write(tmp_path, page__html="x")
    ran = dsfix("send", str(page), home=tmp_path)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("dsfix: error: no report server is running on this machine\n")
    assert "dsfix serve" in ran.err
    assert not (tmp_path / ".local").exists()


def test_a_dead_servers_port_is_not_trusted(tmp_path: Path) -> None:
    """After kill -9 the token is not sent to whoever has the port now."""
    page = write(tmp_path, page__html="x")
    with serving(tmp_path / "here") as server:
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait(timeout=60)
        ran = dsfix("send", str(page), home=server.home)
        assert ran.code == 1 and "no report server is running" in ran.err
        with serving(server.home) as again:
            assert dsfix("send", str(page), home=server.home).out.startswith(again.url)


@pytest.mark.parametrize(
    "url",
    [
        "dev-1:3939",
        "ftp://x",
        "http://",
        "http://u:p@x",
        "http://x/path",
        "http://[",
        "http://x:0",
        "http://a b:1",
        "http://x\ny",
        "http://x:99999",
        "http://x:y",
        "http://x?y",
    ],
)
def test_servers_that_are_none(url: str, tmp_path: Path) -> None:
    """A server is named by scheme, host and port."""
    page = write(tmp_path, page__html="x")
    ran = dsfix("send", str(page), "--server", url, home=tmp_path)
    assert (ran.code, ran.out) == (2, "") and "http://HOST:PORT" in ran.err


@pytest.mark.parametrize(
    "words",
    [("send", "none.html"), ("send", "page.txt"), ("send", "."), ("send", "loop.html")],
)
def test_pages_that_are_none(words: tuple[str, ...], server: Running, tmp_path: Path) -> None:
    """What is no page is a mistake in the command line, told in one line."""
    write(tmp_path, page__txt="x")
    (tmp_path / "loop.html").symlink_to("loop.html")
    env = environment(server.home)
    line = [sys.executable, "-m", "dsfix", *words]
    done = subprocess.run(line, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("dsfix: error: ") and "Traceback" not in done.stderr


def test_one_server_for_one_directory(server: Running) -> None:
    """A second server on the same reports is refused, with the address of the first."""
    ran = dsfix("serve", "--port", "0", home=server.home)
    assert (ran.code, ran.out) == (1, "") and f"is running at {server.url}" in ran.err


def test_who_asks_for_a_server_keeps_none_from_starting(tmp_path: Path) -> None:
    """As `dsfix serve & dsfix send page.html` does: whoever asks locks the file for a moment."""
    (tmp_path / "server").write_text("")
    asking = os.open(tmp_path / "server", os.O_RDONLY)
    fcntl.flock(asking, fcntl.LOCK_SH)
    threading.Timer(0.1, os.close, (asking,)).start()
    os.close(claim(tmp_path))


@pytest.mark.parametrize("planted", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to(path)])
def test_what_is_no_file_in_the_servers_place(
    planted: Callable[[Path], None], tmp_path: Path
) -> None:
    """It is told in one line which file cannot be used."""
    place = tmp_path / ".local/state/dsfix/reports/server"
    place.parent.mkdir(parents=True)
    planted(place)
    ran = dsfix("serve", "--port", "0", home=tmp_path)
    assert (ran.code, ran.out) == (1, "") and f"{place} cannot be used: " in ran.err
    assert ran.err.count("\n") == 1


def test_port_in_use(server: Running, tmp_path: Path) -> None:
    """A port that is taken is told, not replaced by another."""
    port = server.url.rpartition(":")[2]
    ran = dsfix("serve", "--port", port, home=tmp_path)
    assert (ran.code, ran.out) == (1, "") and "cannot be used" in ran.err


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="no IPv6 here")
def test_an_address_is_written_as_a_browser_writes_it(tmp_path: Path) -> None:
    """Or the server would not know the name under which it is called."""
    with serving(tmp_path / "home", "--host", "0:0:0:0:0:0:0:1") as server:
        assert server.url.startswith("http://[::1]:")
        assert server.ask("/api/reports", token=server.token).status == 200


@pytest.mark.parametrize("host", ["dev-1", "127.0.0.1.evil.example", "", "1.2.3.4/8"])
def test_addresses_that_are_none(host: str, tmp_path: Path) -> None:
    """A server listens on an address, not on a name that may be anybody's."""
    ran = dsfix("serve", "--port", "0", "--host", host, home=tmp_path)
    assert (ran.code, ran.out) == (2, "") and "is no address" in ran.err


def test_a_server_for_others(tmp_path: Path) -> None:
    """One that listens on every network says so, is reached here, and tells its host's name."""
    page = write(tmp_path, page__html="x")
    with serving(tmp_path / "here", "--host", "0.0.0.0") as server:
        assert server.url.startswith(f"http://{socket.gethostname()}:")
        near = server._replace(url=f"http://127.0.0.1:{server.url.rpartition(':')[2]}")
        sent = dsfix("send", str(page), home=server.home)
        assert sent.out.startswith(f"{server.url}/r/")
        elsewhere = {"Host": "dev-1.example:3939"}
        assert near.ask(shown(sent.out), headers=elsewhere).status == 200
        assert near.ask("/api/reports", headers=elsewhere).status == 401
    assert server.process.returncode == 0


def test_a_token_that_others_could_read(server: Running, here: Here, tmp_path: Path) -> None:
    """A token file with loose permissions, or a link, is not used."""
    page = write(tmp_path, page__html="x")
    (server.state / "token").chmod(0o644)
    ran = here("send", str(page))
    assert ran.code == 1 and "can be read by others" in ran.err
    (server.state / "token").rename(server.state / "moved")
    (server.state / "token").symlink_to(server.state / "moved")
    assert here("send", str(page)).code == 1


@pytest.mark.parametrize("token", ["short", "with space in the middle", "wörter-und-noch-mehr"])
def test_tokens_that_are_none(token: str, tmp_path: Path) -> None:
    """A token that cannot be one is refused, and not repeated in the error."""
    env = environment(tmp_path, DSFIX_REPORTS_TOKEN=token)
    ran = dsfix("serve", "--port", "0", home=tmp_path, env=env)
    assert ran.code == 1 and "DSFIX_REPORTS_TOKEN must be" in ran.err and token not in ran.err


def test_token_from_the_variable(tmp_path: Path) -> None:
    """A server takes the token that it is given, and leaves no file."""
    token = "a-token-of-my-own-0123"
    with serving(tmp_path / "x", DSFIX_REPORTS_TOKEN=token) as server:
        assert server.ask("/api/reports", token=token).json == []
        assert not (server.state / "token").exists()


def test_an_empty_token_is_none(tmp_path: Path) -> None:
    """A full disk has left it: the next server makes one, and does not stay away."""
    path = tmp_path / ".local/state/dsfix/reports/token"
    path.parent.mkdir(parents=True)
    path.touch(0o600)
    with serving(tmp_path) as server:
        assert len(path.read_text()) == 43
        assert server.ask("/api/reports", token=path.read_text()).json == []


def test_versions(server: Running, here: Here, tmp_path: Path) -> None:
    """The same file again is a new version at the same address; older ones stay, with links."""
    page = write(tmp_path, page__html="<title>one</title>first")
    sent = ("send", str(page), "--tag", "a", "--category", "Review", "--project", "p")
    first = here(*sent)
    page.write_text("<title>two</title>second")
    second = here("send", str(page), "--tag", "b")
    assert second.out == first.out and second.err == "dsfix: version 2\n"
    path = shown(first.out)
    assert b"second" in server.ask(f"{path}/v2/files/page.html").body
    assert b"first" in server.ask(f"{path}/v1/files/page.html").body
    around = server.ask(path).text
    assert f'href="{path}/v1"' in around and f'href="{path}/v2" aria-current="page"' in around
    assert f'data-latest="{path}/latest"' in around
    assert "data-latest" not in server.ask(f"{path}/v1").text
    (report,) = data(here("list", "--json"))
    assert (report["title"], report["tags"]) == ("two", ["a", "b"])
    assert (report["category"], report["project"]) == ("Review", "p")
    assert here("search", "first").out == "" and path in here("search", "second").out


def test_a_version_of_a_named_report(here: Here, tmp_path: Path) -> None:
    """With --id another file is a version of that report; an unknown id is an error."""
    a, b = write(tmp_path / "a", page__html="a"), write(tmp_path / "b", page__html="b")
    first, other = here("send", str(a)), here("send", str(b))
    assert first.out != other.out
    name = shown(first.out).removeprefix("/r/")
    assert here("send", str(b), "--id", name[:8]).out == first.out
    ran = here("send", str(b), "--id", "0" * 32)
    assert (ran.code, ran.out) == (1, "") and "there is no report" in ran.err


def test_the_checkout_and_the_session_go_along(server: Running, tmp_path: Path) -> None:
    """Project and branch are those of the working directory, the session that of `dsfix run`."""
    work = tmp_path / "thing"
    page = write(work, **{"sub/page__html": "x", ".git/HEAD".replace(".", "__"): ""})
    (work / ".git").mkdir(exist_ok=True)
    (work / ".git/HEAD").write_text("ref: refs/heads/topic\n")
    line = [sys.executable, "-m", "dsfix", "send", str(page), "--json"]
    env = environment(server.home, DSFIX_SESSION="20261121-031522-k3f9")
    done = subprocess.run(line, cwd=work, env=env, capture_output=True, text=True, timeout=60)
    report = json.loads(done.stdout)["data"]
    assert (report["project"], report["branch"]) == ("thing", "topic")
    assert report["session"] == "20261121-031522-k3f9"
    for name in ("20261121-031522-k3f9", "20261121-03", "k3f9"):
        same = ("list", "--session", name, "--json")
        assert ids(dsfix("reports", *same, home=server.home)) == [report["id"]], name
    for name in ("20261121-031522-k3f8", "3f9", "f9", "1", "%", "-k3f9"):
        assert data(dsfix("reports", "list", f"--session={name}", "--json", home=server.home)) == []
    ran = dsfix("reports", "list", "--session", "last", home=server.home)
    assert (ran.code, "no session has been recorded" in ran.err) == (1, True)


def test_a_checkout_whose_names_are_no_labels(server: Running, tmp_path: Path) -> None:
    """A folder's name may have ends of lines, a branch's hundreds of characters: it is sent."""
    work = tmp_path / "two\nlines"
    page = write(work, **{"a__html": "x", "__git/HEAD": f"ref: refs/heads/{'b' * 300}\n"})
    line = [sys.executable, "-m", "dsfix", "send", str(page), "--json"]
    env = environment(server.home)
    done = subprocess.run(line, cwd=work, env=env, capture_output=True, text=True, timeout=60)
    report = json.loads(done.stdout)["data"]
    assert (report["project"], report["branch"]) == ("two lines", "b" * 256)


def asked(server: Running, **question: str | list[str]) -> list[str]:
    """The ids that the server tells of such reports."""
    query = urlencode(question, doseq=True)
    return [each["id"] for each in server.ask(f"/api/reports?{query}", token=server.token).json]


def test_search(server: Running, here: Here, tmp_path: Path) -> None:
    """Words are found in text and labels, two Chinese characters too; all must fit."""
    html = (
        "<title>报价单</title><p>本季度的价格与成本</p><p>GPU quotation</p><script>var hid</script>"
    )
    one = here("send", str(write(tmp_path / "1", a__html=html)), "--tag", "pricing", "--json")
    two = here("send", str(write(tmp_path / "2", b__html="quotation 50%_x")), "--json")
    first, second = data(one)["id"], data(two)["id"]
    for words, found in {
        ("价格",): [first],
        ("报价单",): [first],
        ("季度的价格",): [first],
        ("价",): [first],
        ("QUOTATION",): [second, first],
        ("quotation", "价格"): [first],
        ("pricing",): [first],
        ("50%_",): [second],
        ("%_",): [second],
        ("b.html",): [second],
        ("var hid",): [],
        ("none of this",): [],
    }.items():
        assert asked(server, word=list(words)) == found, words
    assert ids(here("search", "quotation", "价格", "--json")) == [first]
    assert ids(here("search", "quotation", "--tag", "pricing", "--json")) == [first]
    assert ids(here("search", "quotation", "--limit", "1", "--json")) == [second]
    assert ids(here("search", "quotation", "--offset", "1", "--json")) == [first]
    assert "价格" in here("search", "价格").out
    assert here("search", " ").code == 2


def test_words_in_any_script(here: Here, tmp_path: Path) -> None:
    """Case is nowhere a matter, nor is how words are spaced; letters that join others are words."""
    html = "<p>Ähre und\nÖl, Ия, \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645, 東京\u3000大阪"
    name = data(here("send", str(write(tmp_path / "w \nw", a__html=html)), "--json"))["id"]
    for word in (
        "äH",
        "ия",
        "ИЯ",
        "öl",
        "und  öl",
        "می\u200cخواهم",
        "東京\u3000大阪",
        "w  w/a.html",
    ):
        assert ids(here("search", word, "--json")) == [name], word
    assert ids(here("search", "\u200c\u200d", "--json")) == []


def test_more_words_than_a_question_can_have(here: Here) -> None:
    """That is told as such, not as a server that is none."""
    ran = here("search", *map(str, range(5000)))
    assert ran.code == 2 and "too much for one question" in ran.err


def test_words_that_are_no_text(here: Here, tmp_path: Path) -> None:
    """A folder's name and an argument may be any bytes; they are found again as they were said."""
    first, other = (tmp_path / f"folder{odd}" for odd in ("\udcff", "\udcfe"))
    for folder in (first, other):
        folder.mkdir()
        write(folder, page__html="hello")
    word = "w\udcff"
    sent = [here("send", str(each / "page.html"), "--tag", word) for each in (first, other)]
    assert [each.code for each in sent] == [0, 0]
    assert len(ids(here("list", "--tag", word, "--json"))) == 2
    assert ids(here("list", "--tag", "w\udcfe", "--json")) == []
    name = shown(sent[0].out).rpartition("/")[2]
    (report,) = data(here("tag", name, "x\udcff", "--json"))
    assert len(report["tags"]) == 2
    (report,) = data(here("untag", name, word, "x\udcff", "--json"))
    assert report["tags"] == []
    assert here("search", word).code == 0


def test_labels(server: Running, here: Here, tmp_path: Path) -> None:
    """Labels are changed and taken away, and lists take exactly those that fit."""
    name = data(here("send", str(write(tmp_path, a__html="x")), "--json"))["id"]
    here("tag", name, "a", "b")
    here("untag", name, "a", "none")
    here("categorize", name, "Technical Review")
    (report,) = data(here("project", name[:6], "thing", "--json"))
    assert (report["tags"], report["category"]) == (["b"], "Technical Review")
    fitting: dict[str, list[str]] = {"tag": ["b"], "category": ["Technical Review"]}
    for names in ({**fitting, "project": ["thing"]}, fitting, {}):
        assert asked(server, **names) == [name]
    for label, values in {
        "tag": ["b", "c"],
        "category": ["Technical"],
        "project": ["thin"],
    }.items():
        assert asked(server, **{label: values}) == []
    assert ids(here("list", "--tag", "b", "--project", "thing", "--json")) == [name]
    assert ids(here("list", "--tag", "b", "--tag", "c", "--json")) == []
    assert ids(here("list", "--category", "Technical", "--json")) == []
    assert "thing" in here("list").out and "#b" in here("list").out
    assert ids(here("search", "Technical", "--json")) == [name]
    here("project", name, "")
    assert data(here("list", "--json"))[0]["project"] == ""
    assert data(here("search", "thing", "--json")) == []


def test_labels_hold_no_secret(here: Here, tmp_path: Path) -> None:
    """An agent may give its report a title, and who has the address sees it."""
    secret, shown = "x:value-of-the-token", "x:[REDACTED:SERVICE_TOKEN]"
    options = ("--title", secret, "--category", secret, "--tag", secret, "--project", secret)
    page = str(write(tmp_path, a__html="a"))
    report = data(here("send", page, *options, "--json", SERVICE_TOKEN="value-of-the-token"))
    told = [report[name] for name in ("title", "category", "project", "tags")]
    assert told == [shown, shown, shown, [shown]]
    for command in ("tag", "categorize", "project"):
        ran = here(command, report["id"], f"y{secret}", SERVICE_TOKEN="value-of-the-token")
        assert "value-of" not in ran.out and f"y{shown}" in ran.out
    ran = here("untag", report["id"], shown, f"y{shown}", "--json")
    assert data(ran)[0]["tags"] == []


@pytest.mark.parametrize("label", ["a\tb", "line\nline", "x" * 257, "x\x1b[31m"])
def test_labels_that_are_none(label: str, here: Here, tmp_path: Path) -> None:
    """They are told by what they are, and nothing is sent."""
    page = write(tmp_path / "work", a__html="<title>A</title>a")
    said = "is no label of a report\n  hint: expected one line of at most 256 characters\n"
    for option in ("--tag", "--category", "--project", "--title"):
        ran = here("send", str(page), option, label)
        assert ran.code == 2 and ran.err.endswith(said) and "\x1b" not in ran.err, option
    report = ids(here("list", "--json"))
    assert report == []
    report = [data(here("send", str(page), "--json"))["id"]]
    for command in ("tag", "untag", "categorize", "project"):
        ran = here(command, *report, label)
        assert ran.code == 2 and ran.err.endswith(said), command
    assert here("tag", *report, "x" * 256).code == 0


def test_delete_and_undelete(server: Running, here: Here, tmp_path: Path) -> None:
    """A deleted report is gone for readers and lists, until it is brought back."""
    page = write(tmp_path, a__html="x")
    sent = here("send", str(page))
    path = shown(sent.out)
    name = path.removeprefix("/r/")
    assert "(deleted)" in here("delete", name).out
    assert server.ask(path).status == 404
    assert server.ask(f"{path}/v1/files/a.html").status == 404
    assert data(here("list", "--json")) == [] == data(here("search", "a.html", "--json"))
    assert ids(here("list", "--deleted", "--json")) == [name]
    assert here("send", str(page)).out != sent.out
    assert here("send", str(page), "--id", name).code == 1
    here("undelete", name)
    assert server.ask(path).status == 200


def test_none_is_deleted_where_one_is_unknown(here: Here, tmp_path: Path) -> None:
    """A slip of the fingers changes nothing, as with sessions."""
    name = shown(here("send", str(write(tmp_path, a__html="x"))).out).removeprefix("/r/")
    assert here("delete", name, "0000").code == 1
    assert ids(here("list", "--json")) == [name]


RARE = "§¶ß"  # three letters, as the index of words has them


def test_deleted_reports_are_removed_for_good(server: Running, here: Here, tmp_path: Path) -> None:
    """Not before it is confirmed, and nothing else; then no file of theirs says what they said."""
    pages = [
        write(tmp_path / name, **{f"{name}__html": f"{name} words {rare}"})
        for name, rare in (("kept", ""), ("vanishing", RARE))
    ]
    kept, gone = (data(here("send", str(page), "--json")) for page in pages)
    name = gone["id"]
    assert here("gc", "--yes").out == "nothing to remove\n"
    here("delete", name)
    assert here("gc").out.endswith("1 report, 0.0 MB would be removed; --yes removes them\n")
    assert data(here("gc", "--days", "1", "--yes", "--json")) == {"removed": True, "reports": []}
    assert data(here("gc", "--json"))["reports"] == [
        {"id": name, "bytes": 15 + 1 + len(RARE.encode())}
    ]
    assert ids(here("list", "--deleted", "--json")) == [name]
    assert here("gc", "--yes").out.endswith("1 report, 0.0 MB removed\n")
    assert ids(here("list", "--deleted", "--json")) == []
    assert here("undelete", name).code == 1
    assert ids(here("list", "--json")) == [kept["id"]] == ids(here("search", "words", "--json"))
    left = [path for path in server.state.rglob("*") if path.is_file()]
    assert len(left) > 3
    for path in left:
        found = path.read_bytes()
        assert name not in str(path) and b"vanishing" not in found and RARE.encode() not in found


def test_only_deleted_reports_are_removed(server: Running, here: Here, tmp_path: Path) -> None:
    """Whoever asks the server: first its address is taken away."""
    name = data(here("send", str(write(tmp_path, a__html="x")), "--json"))["id"]
    answer = server.ask(f"/api/reports/{name}", "DELETE", token=server.token)
    assert answer.status == 400 and "is not deleted" in answer.json["error"]
    assert server.ask(f"/r/{name}").status == 200


def test_ids_are_offered_by_tab(here: Here, tmp_path: Path) -> None:
    """Of this machine's own server, and those that were deleted where they are brought back."""
    one, two = (
        data(here("send", str(write(tmp_path / name, a__html="x")), "--json"))["id"]
        for name in ("1", "2")
    )
    here("delete", one)

    def offered(line: str, **more: str) -> list[str]:
        words = {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1)}
        words["_DSFIX_COMPLETE"] = "complete_bash"
        env = environment(tmp_path / "here", **words, **more)
        code = "import sys; sys.argv[0] = 'dsfix'; from dsfix.cli import main; main()"
        done = subprocess.run(
            [sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=60
        )
        return done.stdout.split()

    assert offered("dsfix reports tag ") == [two]
    assert offered("dsfix send --id ") == [two]
    assert offered("dsfix reports undelete ") == [one]
    assert offered(f"dsfix reports delete {two[:5]}") == [two]
    assert offered("dsfix reports tag ", DSFIX_REPORTS_SERVER="http://dev-1:3939") == []
    assert offered("dsfix reports tag ", DSFIX_STATE_DIR=str(tmp_path / "none")) == []


@pytest.mark.parametrize("name", ["0" * 32, "abc", "a/b", "../x", "?", "--", "é" * 6])
def test_reports_that_are_none(name: str, here: Here) -> None:
    """An unknown id is an error in one line, also as JSON."""
    ran = here("delete", "--", name)
    assert ran.code in (1, 2) and ran.out == "" and ran.err.count("error: ") == 1
    told = here("delete", "--json", "--", name)
    if name != "--":
        assert json.loads(told.out)["errors"][0]["message"] and told.code == ran.code


def test_reports_outlive_the_server(tmp_path: Path) -> None:
    """What was sent is there again at the same path when the server is started again."""
    page = write(tmp_path, a__html="x")
    with serving(tmp_path / "here") as server:
        path = shown(dsfix("send", str(page), home=server.home).out)
    with serving(tmp_path / "here") as server:
        assert server.ask(f"{path}/v1/files/a.html").body == b"x"


def test_watch(server: Running, tmp_path: Path) -> None:
    """A change of the page or of a file it loads is sent, in the place of one version."""
    page = write(tmp_path, a__html="<link rel=stylesheet href=a.css>one", a__css="p {}")
    first = shown(dsfix("send", str(page), home=server.home).out)
    watching = subprocess.Popen(
        [sys.executable, "-m", "dsfix", "reports", "watch", str(page)],
        env=environment(server.home),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert watching.stdout is not None
        path = shown(watching.stdout.readline())
        assert path == first
        state = server.ask(f"{path}/latest").json
        assert state == {"state": "2.0"}
        page.write_text("<link rel=stylesheet href=a.css><img src=new.svg>two")
        arrives(server, f"{path}/v2/files/a.html", b"two")
        (tmp_path / "a.css").write_text("b {}")
        arrives(server, f"{path}/v2/files/a.css", b"b {}")
        page.unlink()
        time.sleep(1.5)
        (tmp_path / "new.svg").write_text("<svg/>")
        page.write_text("<img src=new.svg>three")
        arrives(server, f"{path}/v2/files/new.svg", b"<svg/>")
        (tmp_path / "new.svg").write_text("<svg>4</svg>")
        arrives(server, f"{path}/v2/files/new.svg", b"4")
        assert server.ask(f"{path}/latest").json != state
        assert server.ask(f"{path}/v3").status == 404
        assert b"one" in server.ask(f"{path}/v1/files/a.html").body
        watching.send_signal(signal.SIGINT)
        assert watching.wait(timeout=60) == 130
    finally:
        watching.kill()
        _, err = watching.communicate(timeout=60)
    assert "there is no such file" in err and "Traceback" not in err


def arrives(server: Running, path: str, part: bytes) -> None:
    """Wait until that is what is served."""
    for _ in range(600):
        if part in server.ask(path).body:
            return
        time.sleep(0.1)
    raise AssertionError(f"{path} never had {part!r}")
