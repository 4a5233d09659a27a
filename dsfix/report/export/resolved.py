"""A request put together again from where its parts are stored."""

from __future__ import annotations

import json
from typing import Any

from dsfix.protocol.body import Dialect
from dsfix.record.reader import Recorded, SessionRecord


def body(record: SessionRecord, each: Recorded) -> dict[str, Any]:
    """The body as the agent sent it: members in another order, secrets and cache marks gone."""
    exchange = each.exchange
    messages = "input" if exchange.dialect is Dialect.RESPONSES else "messages"
    whole: dict[str, Any] = {"model": exchange.asked}
    whole |= {"stream": True} if exchange.stream else {}
    whole |= each.params
    whole |= {name: record.part(each, name) for name in each.parts}
    if each.head:
        whole[messages] = record.messages(each)
    return whole


def line(value: object) -> str:
    """One line of JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
