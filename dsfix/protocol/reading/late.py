"""Events that are read after they have gone on: more of the same, many in one."""

from __future__ import annotations

from dataclasses import dataclass, field

from dsfix.protocol.reading.runs import Form

MANY = 32  # events that go on before they are read
SMALL = 4096  # bytes; a longer run of events is no single delta
FORMS = 4  # forms that are looked at in vain


@dataclass(slots=True)
class Late:
    """What has gone on unread.

    `_calm` is the form that what comes now may have; `_form` is the last one, known again without
    a look, and `_looked` how often another one was looked for since it served.
    """

    _calm: Form | None = None
    _form: Form | None = None
    _looked: int = 0
    _texts: list[bytes] = field(default_factory=list)

    def takes(self, data: bytes) -> bool:
        """Whether this is one more event of the same form, to be read later; then it is kept."""
        text = self._calm.inside(data) if self._calm is not None else None
        if text is None:
            return False
        self._texts.append(text)
        return True

    def follow(self, events: bytes) -> None:
        """These were nothing but text, and so may be what comes."""
        self._calm = self._form_of(events)

    def stop(self) -> None:
        """What comes is to be read at once."""
        self._calm = None

    @property
    def waiting(self) -> int:
        """How many events are unread."""
        return len(self._texts)

    def together(self) -> bytes:
        """All that is unread, as one event; nothing where nothing is."""
        if not self._texts or self._form is None:
            return b""
        texts, self._texts, self._looked = self._texts, [], 0
        return self._form.saying(texts)

    def _form_of(self, events: bytes) -> Form | None:
        """The form of what went by, unless what comes is of another one each time."""
        if self._form is not None and self._form.fits(events):
            return self._form
        if len(events) > SMALL or self._looked == FORMS:
            return None
        self._looked += 1
        if (form := Form.of(events)) is not None:
            self._form = form
        return form
