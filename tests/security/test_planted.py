"""Secrets planted wherever a session takes words from: nothing that writes lets one through."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from dsfix.report.export import FORMATS
from tests.proxy.wire_data import JSON
from tests.support.commands import KEY, dsfix, environment
from tests.support.strict_endpoint import Canned, StrictEndpoint
from tests.test_telemetry import collecting

# Put together here, so that this file holds none of them.
SHAPES = {
    "deepseek": "sk-" + "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
    "anthropic": "sk-ant-" + "api03-Aa1Bb2Cc3Dd4Ee5Ff6Gg7Hh8Ii9Jj0",
    "github": "ghp_" + "Aa1Bb2Cc3Dd4Ee5Ff6Gg7Hh8Ii9Jj0Kk1Ll2",
    "slack": "xoxb-" + "123456789012-123456789012-AbCdEfGhIjKl",
    "aws": "AKIA" + "QWERTYUIOP123456",
    "stripe": "sk_live_" + "0123456789abcdefABCDEFgh",
    "jwt": "eyJ" + "hbGciOiJIUzI1NiJ9.eyJ" + "zdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
}
# A secret of no known shape: only the environment's name for it says what it is.
NAMED = "correct horse/battery+staple ünï"
SECRETS = {**SHAPES, "named": NAMED, "key": KEY}
SAID = " | ".join(SECRETS.values())

# A stand-in for an agent: secrets in a prompt, a tool's result, names, headers and addresses.
AGENT = """
import json, os, sys, urllib.error, urllib.request
said, (base, token) = sys.stdin.read(), (os.environ[n] for n in ("ANTHROPIC_BASE_URL", "ANTHROPIC_AUTH_TOKEN"))
open(os.environ["TOKEN_FILE"], "w").write(token)
call = {"type": "tool_use", "id": "toolu_planted_1", "name": "run", "input": {"cmd": said, said: 1}}
def ask(path, model="deepseek-v4-pro", **more):
    body = {"model": model, "max_tokens": 999, "stream": False, "system": said,
            "tools": [{"name": "run", "description": said, "input_schema": {"type": "object"}}],
            "metadata": {"user_id": said}, "stop_sequences": [said], **more,
            "messages": [{"role": "user", "content": said}, {"role": "assistant", "content": [call]},
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call["id"], "content": said}]}]}
    headers = {"Authorization": "Bearer " + token, "X-Private": said.encode().hex(),
               "User-Agent": "agent " + said.split(" ")[0], "Content-Type": "application/json"}
    try:
        urllib.request.urlopen(urllib.request.Request(base + path, json.dumps(body).encode(), headers)).read()
    except urllib.error.HTTPError as error:
        error.read()
first = said.split(" ")[0]
ask("/v1/messages")
ask("/v1/messages?key=" + first, model=first)
ask("/v1/" + first)
ask("/v1/messages", unknown=[said])
"""
ANSWER = {
    "id": SHAPES["github"], "type": "message", "role": "assistant", "model": SHAPES["deepseek"],
    "content": [
        {"type": "thinking", "thinking": f"hm {SAID}", "signature": "s"},
        {"type": "text", "text": f"the keys are {SAID}"},
        {"type": "tool_use", "id": SHAPES["aws"], "name": "run", "input": {"cmd": SAID}},
        {"type": SHAPES["anthropic"], "text": "x"},
    ],
    "stop_reason": SHAPES["github"], "usage": {"input_tokens": 10, "output_tokens": 5},
}  # fmt: skip
REFUSAL = {"error": {"message": f"no: {SAID}", "type": SHAPES["stripe"], "code": SHAPES["slack"]}}

COMMANDS = [
    ("sessions", "list"), ("sessions", "list", "--json"), ("sessions", "show", "last"),
    ("sessions", "show", "last", "--json"), ("sessions", "search", "keys"), ("statusline", "last"), ("sessions", "show", "last", "1"),
    ("sessions", "show", "last", "2", "--json", "--messages"),
    *(("sessions", "export", "last", "--format", form) for form in FORMATS),
    ("cost",), ("cost", "--json"), ("memory", "stats"), ("config", "show"), ("doctor", "--json"),
]  # fmt: skip


def spellings(secret: str) -> list[bytes]:
    """The secret as files of text and JSON would hold it, and its longer ends."""
    plain, escaped = secret, json.dumps(secret)[1:-1]
    ends = (secret[:14], secret[-14:]) if secret != NAMED else (secret,)
    return [each.encode() for each in {plain, escaped, *ends}]


def found_in(name: str, data: bytes, secrets: dict[str, str]) -> list[str]:
    """Which secrets stand in these bytes, and where."""
    return [
        f"{kind} in {name}"
        for kind, secret in secrets.items()
        if any(spelled in data for spelled in spellings(secret))
    ]


def test_no_byte_that_is_written_or_sent_holds_a_secret(tmp_path: Path) -> None:
    """Record, memory, index, log, summary, page, exports, traces, and what every command prints."""
    home, token_file = tmp_path / "someone", tmp_path / "token"
    home.mkdir()
    with StrictEndpoint() as endpoint, collecting() as collector:
        endpoint.canned = [
            Canned(200, JSON, [json.dumps(ANSWER, ensure_ascii=False).encode()]),
            Canned(400, JSON, [json.dumps(REFUSAL).encode()]),
            Canned(500, [("Content-Type", "text/plain")], [SAID.encode()]),
        ]
        named = {"MY_SERVICE_TOKEN": NAMED, "TOKEN_FILE": str(token_file)}
        env = environment(home, **named, OTEL_EXPORTER_OTLP_HEADERS=f"k={SHAPES['github']}")
        flags = ["--debug", "--otlp", collector.url, "--upstream", endpoint.url]
        agent = [sys.executable, "-c", AGENT, f"--api-key={SHAPES['jwt']}", SHAPES["aws"]]
        ran = dsfix("run", *flags, "--", *agent, home=home, env=env, text=SAID)
        assert ran.code == 0, ran.err
        asked = [request.raw.decode() for request in endpoint.requests]
        assert len(asked) == 3 and all(SHAPES["jwt"] in body for body in asked)
        page = home / "page.html"
        wrote = {"the run": ran.out + ran.err, "traces": json.dumps([b for *_, b in collector.got])}
        for words in (*COMMANDS, ("view", "last", "-o", str(page))):
            done = dsfix(*words, home=home, env=env)
            assert "Traceback" not in done.err, done.err
            wrote[" ".join(words)] = done.out + done.err
    assert page.exists() and "[REDACTED" in wrote["sessions export last --format md"]
    secrets = {**SECRETS, "token": token_file.read_text(encoding="utf-8")}
    files = [path for path in home.rglob("*") if path.is_file()]
    assert {"events.jsonl", "memory.db", "index.db"} <= {path.name for path in files}
    leaks = [leak for path in files for leak in found_in(str(path), path.read_bytes(), secrets)]
    leaks += [
        leak for name, text in wrote.items() for leak in found_in(name, text.encode(), secrets)
    ]
    assert leaks == []
