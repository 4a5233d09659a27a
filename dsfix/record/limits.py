"""What a session may use up: given when it starts, raised while it runs.

A raised limit stands in a small file beside the record, which the session reads when it is about
to refuse a request.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import NamedTuple

from dsfix.errors import UsageError
from dsfix.paths import text_of, write_private
from dsfix.protocol import spans

RAISED = "budget.json"
# What a refusal begins with: it tells an exchange that never went out.
REFUSED = "the budget of this session is used up"
CURRENCIES = ("USD", "CNY")


_DIGITS = 15  # before the point of an amount; Decimal rounds no more than 28 in all
_MOST = 10**_DIGITS


class Limits(NamedTuple):
    """Where a session ends; None for no limit. Tokens are input and output together."""

    cost: Decimal | None = None
    currency: str = "USD"
    tokens: int | None = None
    requests: int | None = None
    minutes: float | None = None

    def __bool__(self) -> bool:
        """Whether there is any limit."""
        return any(each is not None for each in (self.cost, *self[2:]))

    def over(self, others: Limits) -> Limits:
        """These limits, and the others where there is none among these."""
        known = {name: value for name, value in self._asdict().items() if value is not None}
        merged = others._replace(**known)
        return merged if self.cost is not None else merged._replace(currency=others.currency)

    def as_dict(self) -> dict[str, object]:
        """For JSON, without what is not limited."""
        fields = {**self._asdict(), "cost": None if self.cost is None else str(self.cost)}
        if self.cost is None:
            fields["currency"] = None
        return {name: value for name, value in fields.items() if value is not None}

    @classmethod
    def of(cls, fields: object) -> Limits:
        """The limits in a JSON object; whatever is none is passed over."""
        if not isinstance(fields, Mapping):
            return cls()
        tokens, requests, minutes = (fields.get(name) for name in cls._fields[2:])
        currency = fields.get("currency")
        return cls(
            _decimal(fields.get("cost")),
            str(currency) if currency in CURRENCIES else "USD",
            tokens if isinstance(tokens, int) and 0 <= tokens < _MOST else None,
            requests if isinstance(requests, int) and 0 <= requests < _MOST else None,
            minutes if isinstance(minutes, int | float) and 0 <= minutes < _MOST else None,
        )


UNLIMITED = Limits()


def money(text: str, otherwise: str = "USD") -> tuple[Decimal, str]:
    """An amount and its currency, from `2.50`, `2.50USD` or `18CNY`; `otherwise` if it says none.

    Raises UsageError for anything else.
    """
    bare = text.strip().upper()
    currency = next((each for each in CURRENCIES if bare.endswith(each)), "")
    amount = _decimal(bare.removesuffix(currency).strip())
    if amount is None or amount <= 0:
        raise UsageError(f"{text!r} is no amount", hint="expected 2.50, 2.50USD or 18CNY")
    return amount, currency or otherwise


def raised(directory: Path | None) -> Limits:
    """The limits in a session's directory; none where there is no file that can be read."""
    if directory is None:
        return Limits()
    text = text_of(directory / RAISED)
    return Limits.of(spans.value(text.encode())) if text else Limits()


def write_raised(directory: Path, limits: Limits) -> None:
    """Put these limits in force. Raises OSError where the disk does."""
    write_private(directory / RAISED, [spans.encode(limits.as_dict()), b"\n"], force=True)


def _decimal(value: object) -> Decimal | None:
    """An amount of money; None for what is none, or has more digits than an amount has."""
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() and abs(found.adjusted()) < _DIGITS and found >= 0 else None
