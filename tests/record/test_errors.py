"""What is kept of an error: its beginning, and nothing secret of it."""

from __future__ import annotations

from dsfix.protocol.body import Dialect
from dsfix.record.events import ERROR, response_fields
from dsfix.record.exchange import Attempt, Exchange
from dsfix.redact import Redactor

KEY = "sk-" + "k3y" * 10


def test_a_page_in_place_of_an_error_is_cut_behind_its_redaction() -> None:
    """A whole page does not fill the record, and no part of a key stands where it was cut."""
    page = "x" * (ERROR - 10) + " " + KEY + " " + "y" * 1_000_000
    exchange = Exchange(1, 0.0, Dialect.CHAT, "/", error=page)
    exchange.attempts.append(Attempt(502, page, "resend"))
    fields = response_fields(exchange, Redactor({KEY: "the key"}))
    for words in (fields["error"], fields["attempts"][0]["words"]):
        assert len(words) == ERROR and "sk-" not in words and words.startswith("xxx")
