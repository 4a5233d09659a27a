"""`dsfix cost --self-host`: a year of the API beside a year of owning the hardware."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from dsfix.errors import UsageError
from dsfix.report.cost import exactly
from dsfix.report.selfhost import (
    ASSUMPTIONS,
    DAYS,
    MILLION,
    NAMES,
    PRICE,
    SCENARIOS,
    Comparison,
    assumed,
    compared,
)

if TYPE_CHECKING:
    from dsfix.report.spending import Row, Year

# What is measured, unless the user assumes it.
VOLUME, MIXED = "volume", "price"
EVERY = (VOLUME, MIXED, *NAMES)
_DIGITS = 15  # of a number that is assumed, before its point or behind it
_MEANINGS = {VOLUME: "tokens a day, in and out", MIXED: "price of a million of them"}


class Compared(NamedTuple):
    """A comparison, and each number that it rests on with where that comes from."""

    comparison: Comparison
    currency: str
    values: Mapping[str, tuple[Decimal, str]]

    def as_dict(self) -> dict[str, Any]:
        """For JSON; numbers as text."""
        found = self.comparison
        return {
            "currency": self.currency,
            "api": exactly(found.api),
            "owning": {name: exactly(each) for name, each in found.owning._asdict().items()},
            "owning_total": exactly(found.owning.total),
            "break_even_tokens_a_day": _text(found.break_even),
            "utilisation_at_break_even": _text(found.needed),
            "utilisation_at_volume": exactly(found.busy),
            "verdict": found.verdict,
            "assumptions": {
                name: {"value": exactly(value), "source": source}
                for name, (value, source) in self.values.items()
            },
        }


def given(words: Sequence[str], asked: bool) -> dict[str, Decimal]:
    """What the user assumes. Raises UsageError for what is no assumption or no number.

    So it does where nobody has `asked` for what rests on it.
    """
    if words and not asked:
        raise UsageError("--assume is for --self-host", hint="add --self-host")
    found = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or name not in EVERY:
            known = ", ".join(EVERY)
            raise UsageError(f"--assume {word!r} assumes nothing", hint=f"NAME=VALUE of {known}")
        try:
            value = Decimal(text)
        except InvalidOperation:
            value = Decimal("nan")
        least = "above 0" if name in ("years", "speed") else "of 0 or more"
        usable = value.is_finite() and value >= 0 and abs(value.adjusted()) < _DIGITS
        if not usable or (value == 0 and least == "above 0"):
            raise UsageError(f"--assume {name} takes a number {least}, not {text!r}")
        found[name] = value
    return found


def compare(whole: Year, total: Row, currency: str, own: Mapping[str, Decimal]) -> Compared:
    """The comparison of the measured year, and of what the user assumes in its place.

    Raises UsageError where nothing was measured and nothing is assumed.
    """
    volume = own.get(VOLUME, Decimal(whole.tokens) / DAYS)
    price = own.get(MIXED)
    if price is None and total.known and total.tokens and not total.unknown:
        price = total.amount * MILLION / total.tokens
    if price is None or not volume:
        raise UsageError(
            "no year can be made of what was measured: no sessions, or models without a price",
            hint="example: --self-host --assume volume=5000000 --assume price=0.10",
        )
    values = assumed(currency, {name: own[name] for name in NAMES if name in own})
    sources = {name: "given" if name in own else "assumed" for name in NAMES}
    measured = {VOLUME: volume, MIXED: price}
    sources |= {name: "given" if name in own else "measured" for name in measured}
    every = {name: (value, sources[name]) for name, value in {**measured, **values}.items()}
    return Compared(compared(volume, price, values), currency, every)


def print_comparison(answer: Compared) -> None:
    """The answer, everything it rests on, and the published scenarios."""
    from dsfix.report.cost import amount

    found, currency = answer.comparison, answer.currency
    kinds = found.owning._asdict().items()
    parts = " · ".join(f"{name} {each:,.0f}" for name, each in kinds)
    lines = [
        "",
        f"the API, a year      {amount(found.api, currency)}",
        f"owning, a year       {amount(found.owning.total, currency)}: {parts}",
        f"break-even           {_break_even(found)}",
        f"in these words       {found.verdict}",
        "",
        "what this rests on (--assume NAME=VALUE)",
    ]
    meanings = {**_MEANINGS, **{each.name: each.meaning for each in ASSUMPTIONS}}
    for name, (value, source) in answer.values.items():
        shown = f"{value:,.4f}".rstrip("0").rstrip(".")
        lines.append(f"  {name:<12} {shown:>14}  {source:<9} {meanings[name]}")
    lines += ["", *_scenarios(), "", *_CAUTIONS]
    typer.echo("\n".join(lines))


def _break_even(found: Comparison) -> str:
    if found.break_even is None or found.needed is None:
        return "never: the API costs nothing"
    return (
        f"{found.break_even:,.0f} tokens a day, {100 * found.needed:,.0f}% of the machine's time;"
        f" now {found.tokens:,.0f}, {100 * found.busy:,.1f}%"
    )


def _scenarios() -> list[str]:
    """The published table, computed."""
    lines = [f"published scenarios, CNY a year at {PRICE} per million tokens, in and out alike"]
    for each in SCENARIOS:
        lines += [
            f"  {each.name}, {each.tokens:,} tokens a day: {each.verdict(PRICE)}",
            f"    {each.setup}, {each.low:,} to {each.high:,}; API {each.api(PRICE):,.0f}",
        ]
    return lines


_CAUTIONS = (
    "Utilisation is easily overestimated. The real price depends on model, mix of input and",
    "output, cache and tools; and an open model on one's own machine is another product than a",
    "closed one behind an API.",
)


def _text(value: Decimal | None) -> str | None:
    return None if value is None else exactly(value)
