"""What a session comes to: exchanges counted, and said as a value that others show."""

from __future__ import annotations

from dsfix.report.run import recalled, summarise
from dsfix.report.summary import Summary

__all__ = ["Summary", "recalled", "summarise"]
