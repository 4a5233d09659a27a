"""An answer of the endpoint as the judges read it."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any

from dsfix.protocol import spans
from dsfix.protocol.answer import Answer
from dsfix.protocol.body import Dialect
from dsfix.protocol.reading import observe, observe_json

_SHOWN = 300  # characters of the endpoint's own words


class Reply:
    """One answer. `failure` names what came instead of one, in a word; `said` its particulars.

    `model` is the one that was asked for; `at` is when the answer came, in seconds of wall-clock
    time.
    """

    def __init__(
        self,
        dialect: Dialect | None,
        status: int = 0,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        *,
        failure: str = "",
        said: str = "",
        model: str = "",
        at: float = 0.0,
    ) -> None:
        self.dialect, self.status, self.body = dialect, status, body
        self.headers = headers or {}
        self.failure, self.model, self.at = failure, model, at
        self._said = said

    @cached_property
    def document(self) -> Any:
        """The decoded JSON, None when there is none."""
        # Not every agent passes a byte order mark over, though dsfix does.
        return None if self.body.startswith(spans.MARK) else spans.value(self.body.strip())

    @cached_property
    def answer(self) -> Answer:
        """What the model said, read from events or from one document."""
        answer = Answer()
        if self.dialect is not None and self.streamed:
            observe(self.dialect, answer, self.body)
        elif self.dialect is not None:
            observe_json(self.dialect, answer, self.body)
        return answer

    @property
    def streamed(self) -> bool:
        """Whether it came as events."""
        return self.headers.get("content-type", "").lower().startswith("text/event-stream")

    @property
    def wait(self) -> float:
        """Seconds after which it wants to be asked again; one where it does not say."""
        asked = self.headers.get("retry-after", "")
        return float(asked) if asked.isdecimal() else 1.0

    @property
    def html(self) -> bool:
        """Whether it is a page for people."""
        start = self.body[:200].lstrip().lower()
        return start.startswith((b"<!doctype html", b"<html"))

    @property
    def said(self) -> str:
        """The endpoint's own words, where it refused or failed."""
        document = self.document
        error = document.get("error", document) if isinstance(document, dict) else None
        text = error.get("message") if isinstance(error, dict) else error
        if not isinstance(text, str):
            text = "" if self.html else self.body.decode("utf-8-sig", "replace")
        return self._said or " ".join(text.split())[:_SHOWN]

    @property
    def text(self) -> str:
        """The visible text."""
        return self.answer.turn().text

    @property
    def skew(self) -> float | None:
        """Seconds by which this machine's clock is ahead of the endpoint's."""
        try:
            return self.at - parsedate_to_datetime(self.headers.get("date", "")).timestamp()
        except (TypeError, ValueError):
            return None
