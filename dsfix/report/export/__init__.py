"""The formats that a session can be exported in: each a function to text.

Everything comes from the record and its summary, and was redacted when it was written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from dsfix.record.reader import SessionRecord
from dsfix.report.export.har import har
from dsfix.report.export.jsonl import jsonl
from dsfix.report.export.markdown import markdown
from dsfix.report.export.otlp import otlp
from dsfix.report.page import page
from dsfix.report.summary import Summary

FORMATS: Mapping[str, Callable[[SessionRecord, Summary], Iterator[str]]] = {
    "html": page,
    "md": markdown,
    "jsonl": jsonl,
    "har": har,
    "otlp": lambda record, _: otlp(record),
}
