"""Secrets in an answer that streams: nothing that can be read meanwhile, or after, holds one."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dsfix.report.export import FORMATS
from tests.reports.support import serving as reporting
from tests.reports.support import shown, write
from tests.security.test_planted import KEY, NAMED, SAID, SECRETS, SHAPES, found_in
from tests.support.commands import dsfix, environment
from tests.support.strict_endpoint import Canned, StrictEndpoint
from tests.test_telemetry import collecting
from tests.view.support import serving as viewing

SSE = [("Content-Type", "text/event-stream")]
# Asks twice for a stream and reads it to its end; the second one ends with an error.
AGENT = """
import json, os, sys, urllib.error, urllib.request
said, base, token = sys.stdin.read(), os.environ["ANTHROPIC_BASE_URL"], os.environ["ANTHROPIC_AUTH_TOKEN"]
open(os.environ["TOKEN_FILE"], "w").write(token)
for model in ("deepseek-v4-pro", said.split(" ")[0]):
    body = {"model": model, "max_tokens": 9000000, "stream": True, "metadata": {"user_id": said},
            "tools": [{"name": "run", "input_schema": {"type": None, "properties": {said: {}}}}],
            "messages": [{"role": "user", "content": said}, {"role": "system", "content": said},
                {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "run", "input": {said: said}}]},
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": said}]}]}
    headers = {"Authorization": "Bearer " + token, "Content-Type": "application/json"}
    try:
        urllib.request.urlopen(urllib.request.Request(base + "/v1/messages", json.dumps(body).encode(), headers)).read()
    except (urllib.error.URLError, OSError):
        pass
"""


def event(kind: str, **fields: Any) -> bytes:
    """One event of the Messages wire."""
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()


def streamed() -> Iterator[bytes]:
    """An answer whose secrets come in pieces of seven letters."""
    message = {"id": SHAPES["github"], "type": "message", "role": "assistant", "content": [],
               "model": SHAPES["deepseek"], "usage": {"input_tokens": 9, "output_tokens": 0}}  # fmt: skip
    yield event("message_start", message=message)
    call = {"type": "tool_use", "id": "toolu_1", "name": "run", "input": {}}
    blocks: list[tuple[dict[str, Any], str, str]] = [
        ({"type": "thinking", "thinking": ""}, "thinking", f"hm {SAID} and so on "),
        ({"type": "text", "text": ""}, "text", f"the keys are {SAID} as you see "),
        (call, "partial_json", json.dumps({"cmd": SAID})),
    ]
    for index, (block, name, text) in enumerate(blocks):
        yield event("content_block_start", index=index, content_block=block)
        kind = {"text": "text_delta", "thinking": "thinking_delta"}.get(name, "input_json_delta")
        for start in range(0, len(text), 7):
            delta = {"type": kind, name: text[start : start + 7]}
            yield event("content_block_delta", index=index, delta=delta)
        yield event("content_block_stop", index=index)
    yield event("message_delta", delta={"stop_reason": "tool_use"}, usage={"output_tokens": 5})
    yield event("message_stop")


def failing() -> Iterator[bytes]:
    """One that begins well and ends with the upstream's error."""
    yield from list(streamed())[:60]
    yield event("error", error={"type": SHAPES["stripe"], "message": f"no: {SAID}"})


@contextmanager
def running(home: Path, env: dict[str, str], *flags: str) -> Iterator[subprocess.Popen[str]]:
    """`dsfix run` of the agent, which has been told what to say."""
    words = ["run", *flags, "--", sys.executable, "-c", AGENT]
    process = subprocess.Popen(
        [sys.executable, "-m", "dsfix", *words], env=env, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert process.stdin is not None
    process.stdin.write(SAID)
    process.stdin.close()
    process.stdin = None
    try:
        yield process
    finally:
        process.kill()
        process.wait(60)


def growing(state: Path, needle: str) -> Path:
    """The record, once an event of that kind stands in it."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for path in state.rglob("events.jsonl"):
            if needle in path.read_text(encoding="utf-8"):
                return path
        time.sleep(0.02)
    raise AssertionError(f"no {needle} came")


def looked_at(home: Path, env: dict[str, str]) -> dict[str, str]:
    """What the commands tell of the session, by command."""
    commands = [
        ("statusline", "last"), ("sessions", "show", "last", "--messages"),
        ("sessions", "show", "last", "1"), ("sessions", "show", "last", "--json", "--messages"),
        ("sessions", "diff", "last", "1", "2"), ("sessions", "search", "keys", "--json"),
        *(("sessions", "export", "last", "--format", form) for form in FORMATS),
    ]  # fmt: skip
    wrote = {}
    for words in commands:
        done = dsfix(*words, home=home, env=env)
        assert "Traceback" not in done.err, done.err
        wrote[" ".join(words)] = done.out + done.err
    return wrote


def test_what_streams_is_told_without_secrets(tmp_path: Path) -> None:
    """Record, status line, page and its news, exports and traces, while it runs and afterwards."""
    home, token_file = tmp_path / "someone", tmp_path / "token"
    home.mkdir()
    wrote: dict[str, str] = {}
    with StrictEndpoint() as endpoint, collecting() as collector:
        endpoint.canned = [
            Canned(200, SSE, list(streamed()), "chunked", pause=0.02),
            Canned(200, SSE, list(failing()), "chunked"),
        ]
        env = environment(home, MY_SERVICE_TOKEN=NAMED, TOKEN_FILE=str(token_file))
        with running(home, env, "--otlp", collector.url, "--upstream", endpoint.url) as process:
            record = growing(home, '"progress"')
            wrote["record so far"] = record.read_text(encoding="utf-8")
            with viewing(record) as page:
                path, cookie = page.enter()
                wrote["page"] = page.ask(path, Cookie=cookie).text
                wrote["status line"] = dsfix("statusline", "last", home=home, env=env).out
                wrote["news 1"] = page.ask(f"{path}news", Cookie=cookie).text
                out, _ = process.communicate(timeout=60)
                wrote["news 2"] = page.ask(f"{path}news", Cookie=cookie).text
        wrote |= {"the run": out, "traces": json.dumps([body for *_, body in collector.got])}
        wrote |= looked_at(home, env)
    assert process.returncode == 0, out
    assert [bool(request.body["stream"]) for request in endpoint.requests] == [True, True]
    secrets = {**SECRETS, "token": token_file.read_text(encoding="utf-8")}
    assert_nothing_leaks(home, wrote, secrets)
    assert "[REDACTED" in wrote["page"] and "the keys are" in wrote["news 2"]
    told = json.loads(wrote["sessions show last --json --messages"])["data"]["exchanges"]
    assert {each["where"].partition("[")[0] for each in told[0]["edits"]["request"]} >= {
        "max_tokens", "metadata.user_id", "messages",
    }  # fmt: skip
    assert told[0]["edits"]["answer"] and "no: [REDACTED" in told[1]["error"]
    assert "cached" in wrote["statusline last"]


def test_reports_of_a_session_hold_no_secret_of_it(tmp_path: Path) -> None:
    """Neither the server's files nor its pages: what goes with a page is redacted."""
    home, work = tmp_path / "someone", tmp_path / f"of {SHAPES['github']}"
    page = write(work / "sub", report__html="<title>All is well</title>", notes__txt="x")
    (work / ".git").mkdir()
    (work / ".git/HEAD").write_text(f"ref: refs/heads/{SHAPES['slack']}\n")
    secret = write(work / "sub", leaking__html=f"the key is {KEY}")
    with reporting(home, MY_SERVICE_TOKEN=NAMED) as server, StrictEndpoint() as endpoint:
        env = environment(home, MY_SERVICE_TOKEN=NAMED)
        flags = ("run", "--quiet", "--upstream", endpoint.url, "--")
        send = [sys.executable, "-m", "dsfix", "send", str(page)]
        told = subprocess.run(
            [sys.executable, "-m", "dsfix", *flags, *send],
            cwd=work, env=env, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert told.returncode == 0, told.stderr
        path = shown(told.stdout)
        around = server.ask(path)
        wrote = {
            "send": told.stdout + told.stderr,
            "page": around.text + json.dumps(around.headers),
            "list": dsfix("reports", "list", "--json", home=home, env=env).out,
            "search": dsfix("reports", "search", "well", home=home, env=env).out,
        }
        secrets = {**SECRETS, "token": server.token}
        (server.state / "token").unlink()  # the one file that holds it, for its owner alone
        assert_nothing_leaks(home, wrote, secrets)
        assert "[REDACTED:github-token]" in wrote["list"] and "All is well" in wrote["page"]
        again = environment(home, DSFIX_REPORTS_TOKEN=secrets["token"])
        warned = dsfix("send", str(secret), home=home, env=again)
    assert warned.err == "dsfix: leaking.html holds what looks like a key or a password\n"


def assert_nothing_leaks(home: Path, wrote: dict[str, str], secrets: dict[str, str]) -> None:
    """No file below the home and nothing that was printed holds one of the secrets."""
    files = [path for path in home.rglob("*") if path.is_file()]
    assert len(files) > 2 and all(wrote.values()), [name for name in wrote if not wrote[name]]
    leaks = [leak for path in files for leak in found_in(str(path), path.read_bytes(), secrets)]
    leaks += [
        leak for name, text in wrote.items() for leak in found_in(name, text.encode(), secrets)
    ]
    assert leaks == []
