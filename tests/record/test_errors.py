"""What is kept of an error: its beginning, and nothing secret of it, nor of odd answers."""

from __future__ import annotations

from pathlib import Path

from dsfix.protocol.answer import Answer, Block
from dsfix.protocol.body import Dialect
from dsfix.record.events import ERROR, response_fields
from dsfix.record.exchange import Attempt, Exchange
from dsfix.record.progress import Progress
from dsfix.redact import Redactor
from tests.record.support import opened, recorded, reply, request, user

KEY = "sk-" + "k3y" * 10


def test_a_page_in_place_of_an_error_is_cut_behind_its_redaction() -> None:
    """A whole page does not fill the record, and no part of a key stands where it was cut."""
    page = "x" * (ERROR - 10) + " " + KEY + " " + "y" * 1_000_000
    exchange = Exchange(1, 0.0, Dialect.CHAT, "/", error=page)
    exchange.attempts.append(Attempt(502, page, "resend"))
    fields = response_fields(exchange, Redactor({KEY: "the key"}))
    for words in (fields["error"], fields["attempts"][0]["words"]):
        assert len(words) == ERROR and "sk-" not in words and words.startswith("xxx")


def test_a_key_that_an_upstream_gives_for_a_name_is_not_kept(tmp_path: Path) -> None:
    """Not as the kind, id or name of a block, nor as the reason of an end."""
    redactor = Redactor({KEY: "the key"})
    block = Block(KEY, KEY, KEY, KEY, [f"{KEY} so it goes " * 10])
    log = opened(tmp_path, redactor)
    recorded(log, request([user("hi")]), reply(block), finish=KEY, served=KEY, error=KEY)
    log.close(0, 1)
    assert log.path is not None and KEY not in log.path.read_text(encoding="utf-8")
    news = Progress(Answer(blocks={0: block})).news(redactor)
    assert news and KEY not in str(news)
