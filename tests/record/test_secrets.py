"""No secret reaches the disk, whichever way it came; what goes over the wire is not touched."""

from __future__ import annotations

import base64
import time
from pathlib import Path

import pytest

from dsfix.protocol.answer import Block
from dsfix.record.exchange import Attempt
from dsfix.record.log import SessionLog
from dsfix.redact import Redactor
from dsfix.repairs.base import Change
from tests.record.support import META, exchange, finished, of_type, reply, request, user

KEY = "real-key-0123456789-abcdef"
GITHUB = "ghp_Aa1Bb2Cc3Dd4Ee5Ff6Gg7Hh8Ii9Jj0Kk1Ll2"
PLANTED = (KEY, GITHUB)
SAID = f"the key is {KEY} and {GITHUB}"


@pytest.mark.parametrize("bodies", [True, False])
def test_planted_secrets_appear_in_no_file(tmp_path: Path, bodies: bool) -> None:
    """In texts, tool calls and results, errors, paths, names, command line and notes."""
    log = SessionLog(tmp_path, Redactor({KEY: "api-key"}), bodies=bodies)
    log.start(
        {**META, "cwd": f"/home/me/{KEY}", "argv": ["claude", f"--say={SAID}", SAID], "x": [SAID]}
    )
    call = {"type": "tool_use", "id": "t", "name": "Bash", "input": {"env": {KEY: SAID}}}
    result = {
        "type": "tool_result",
        "tool_use_id": "t",
        "content": [{"type": "text", "text": SAID}],
    }
    history = [
        user(SAID),
        {"role": "assistant", "content": [call]},
        {"role": "user", "content": [result]},
    ]
    outgoing = request(
        history,
        changes=[Change("model-name", SAID)],
        system=[{"type": "text", "text": SAID}],
        tools=[{"name": "t", "description": SAID}],
        stop_sequences=[SAID],
        metadata={"user_id": SAID},
        unknown={"long": SAID * 50},
        **{f"long {SAID}": SAID * 50},
    )
    answer = reply(
        Block("thinking", parts=[SAID[:20], SAID[20:]], complete=True),
        Block("text", parts=list(SAID), complete=True),
        Block("tool_use", "t1", KEY, parts=['{"a":"', SAID, '"}'], complete=True),
        Block("tool_use", "t2", "Bash", parts=['{"a":"', SAID]),
        Block("tool_use", KEY, "Bash", parts=["{}"], complete=True),
        Block(GITHUB, KEY, "Bash", parts=list(SAID)),
    )
    each = exchange(asked=KEY, sent=KEY, path=f"/v1/{KEY}", error=SAID)
    data = outgoing.data
    log.began(each, outgoing)
    log.answering(each, answer)
    wait_for_progress(log, bodies)
    finished(
        each,
        served=KEY,
        finish=GITHUB,
        attempts=[Attempt(400, SAID, "resend")],
        changes=[Change("x", SAID)],
    )
    log.ended(each, answer)
    log.close(0, 1)
    assert not log.trouble
    for path in tmp_path.rglob("*.jsonl"):
        text = path.read_text()
        assert len(text) > 1000
        for secret in PLANTED:
            assert secret not in text
            assert secret[:12] not in text and secret[-12:] not in text
    assert outgoing.data is data and data.count(KEY.encode()) > 50
    assert each.error == SAID and answer.answer.blocks[1].text == SAID


def wait_for_progress(log: SessionLog, bodies: bool) -> None:
    """Let the writer tell of the unfinished answer once."""
    end = time.monotonic() + 5
    while bodies and not of_type(log, "progress") and time.monotonic() < end:
        time.sleep(0.05)


@pytest.mark.parametrize("cut", range(0, 60, 3))
def test_a_secret_that_comes_in_pieces_is_held_back(tmp_path: Path, cut: int) -> None:
    """Whatever had come when progress was written, no beginning of it is on disk."""
    from dsfix.record.progress import Progress

    redactor = Redactor({KEY: "api-key", "two words of a passphrase": "phrase"})
    text = f"{'before ' * 20}{SAID} two words of a passphrase {'after ' * 40}"
    growing = reply(Block("text", parts=[text[: 120 + cut]]))
    progress = Progress(growing.answer)
    shown = ""
    for end in range(120 + cut, len(text) + 20, 20):
        growing.answer.blocks[0].parts = [text[:end]]
        for news in progress.news(redactor):
            at = news["at"]
            assert at == len(shown), "what was written never has to be taken back"
            shown += str(news["text"])
    assert redactor.text(text).startswith(shown) and len(shown) > 200
    for part in (KEY[:8], GITHUB[:8], "two words"):
        assert part not in shown


def test_a_private_key_that_grows_is_taken_back_before_it_is_told(tmp_path: Path) -> None:
    """Its first line may stand; none of its content ever does."""
    from dsfix.record.progress import Progress

    body = base64.b64encode(bytes(range(256)) * 6).decode()
    lines = [body[start : start + 64] for start in range(0, len(body), 64)]
    text = "\n".join(
        ["see", "-----BEGIN PRIVATE KEY-----", *lines, "-----END PRIVATE KEY-----", ""]
    )
    text += "done " * 40
    growing = reply(Block("text"))
    progress = Progress(growing.answer)
    shown = ""
    for end in range(0, len(text) + 10, 10):
        growing.answer.blocks[0].parts = [text[:end]]
        for news in progress.news(Redactor({})):
            at = news["at"]
            assert isinstance(at, int)
            shown = shown[:at] + str(news["text"])
            assert not any(line[:12] in str(news["text"]) for line in lines)
    assert shown.startswith("see\n[REDACTED:private-key]\ndone")
