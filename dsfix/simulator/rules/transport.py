"""Refusals that come before the meaning of a body: key, path, content type, JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from dsfix.simulator.rules.base import Refusal, Request
from dsfix.simulator.rules.refusals import error_body, plain, position, unparsed
from dsfix.simulator.rules.wire import Dialect

CHAT_PATHS = (
    "/chat/completions",
    "/v1/chat/completions",
    "/beta/chat/completions",
    "/beta/v1/chat/completions",
)
MESSAGES_PATHS = ("/anthropic/v1/messages", "/anthropic/messages")
RESPONSES_PATHS = ("/responses", "/v1/responses")
MODELS_PATHS = ("/models", "/v1/models")
BALANCE_PATH = "/user/balance"
COUNT_PATH = "/anthropic/v1/messages/count_tokens"
ROUTES: Mapping[str, str] = (
    {path: "POST" for path in CHAT_PATHS + MESSAGES_PATHS + RESPONSES_PATHS}
    | {path: "GET" for path in MODELS_PATHS}
    | {BALANCE_PATH: "GET"}
)

_BAD_SURROGATE = "lone leading surrogate in hex escape"
_CUT_SURROGATE = "unexpected end of hex escape"
_ESCAPE = re.compile(rb"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)
_LAST_KEY = re.compile(rb'"([^"\\]*)"\s*:\s*$')


def dialect_of(path: str) -> Dialect | None:
    """The dialect spoken at a path."""
    if path in CHAT_PATHS:
        return "chat"
    if path in RESPONSES_PATHS:
        return "responses"
    return "messages" if path in MESSAGES_PATHS else None


def key_of(headers: Mapping[str, str]) -> str | None:
    """The key a request shows: Bearer wins over x-api-key; None for any other scheme.

    https://api-docs.deepseek.com/zh-cn/api/create-message, 2026-08.
    """
    if "authorization" in headers:
        scheme, _, token = headers["authorization"].partition(" ")
        return token.strip() or None if scheme.lower() == "bearer" else None
    return headers.get("x-api-key", "").strip() or None


def check_key(request: Request) -> Refusal | None:
    """No key at all is answered by the governor, a wrong one by the API."""
    key = key_of(request.headers)
    if key is None:
        return plain(401, "Authentication Fails (governor)", None)
    if request.policy.keys and key not in request.policy.keys:
        shown = f"****{key[-4:]}"
        text = f"Authentication Fails, Your api key: {shown} is invalid"
        return Refusal(401, "application/json", error_body(text, kind="authentication_error"))
    return None


def check_route(request: Request) -> Refusal | None:
    """Unknown paths and methods get an empty body."""
    counted = request.policy.count_tokens and request.path == COUNT_PATH
    method = "POST" if counted else ROUTES.get(request.path)
    if method is None:
        return plain(404)
    return None if method == request.method else plain(405)


def check_content_type(request: Request) -> Refusal | None:
    """Only JSON is read."""
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given == "application/json":
        return None
    return plain(415, "Expected request with `Content-Type: application/json`")


def check_json(request: Request) -> Refusal | None:
    """A body that is not JSON, or holds half of a surrogate pair, is answered in plain text.

    So is one where a number or the like stands for a name: l1i1/new-api, live 2026-09-02.
    """
    fault = request.fault or _nameless(request)
    return unparsed(fault) if fault else None


def _nameless(request: Request) -> str:
    thinking, effort = request.body.get("thinking"), request.body.get("reasoning_effort")
    names = {}
    if isinstance(thinking, dict) and "type" in thinking and request.dialect != "responses":
        names["thinking.type"] = thinking["type"]
    if effort is not None and request.dialect == "chat":
        names["reasoning_effort"] = effort
    for name, value in names.items():
        if not isinstance(value, str):
            return f"{name}: expected value at {position(request.raw, len(request.raw))}"
    return ""


def decode(raw: bytes) -> tuple[Any, str]:
    """The decoded body and what serde_json would say against it."""
    if not raw.strip():
        return None, f"EOF while parsing a value at {position(raw, len(raw))}"
    try:
        value = json.loads(raw, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        end = raw.find(b'"', error.start) + 1 or len(raw)
        return None, f"invalid unicode code point at {position(raw, end)}"
    except json.JSONDecodeError as error:
        return None, _serde_fault(raw, error)
    except RecursionError:
        return None, f"recursion limit exceeded at {position(raw, len(raw))}"
    except ValueError:
        return None, f"expected value at {position(raw, 1)}"
    return value, _surrogate_fault(raw, value)


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _serde_fault(raw: bytes, error: json.JSONDecodeError) -> str:
    offset = len(error.doc[: error.pos].encode())
    at_end = not raw[offset:].strip() or error.msg.startswith("Unterminated")
    where = position(raw, len(raw) if at_end else offset + 1)
    if not at_end:
        text = "trailing characters" if error.msg == "Extra data" else "expected value"
        return f"{text} at {where}"
    key = _LAST_KEY.search(raw)
    path = f"{key[1].decode()}: " if key else ""
    what = {"Expecting value": "a value", "Unterminated string starting at": "a string"}
    return f"{path}EOF while parsing {what.get(error.msg, 'an object')} at {where}"


def _surrogate_fault(raw: bytes, value: Any) -> str:
    """serde-rs/json src/read.rs: what follows the first half decides the text."""
    escapes = _ESCAPE.finditer(raw)
    for escape in escapes:
        code = int(escape[1], 16) if escape[1] else 0
        if 0xDC00 <= code <= 0xDFFF:
            return _located(value, _BAD_SURROGATE, raw, escape.end())
        if 0xD800 <= code <= 0xDBFF:
            follower = _ESCAPE.match(raw, escape.end())
            if follower is None or follower[1] is None:
                return _located(value, _CUT_SURROGATE, raw, escape.end() + 1)
            if not 0xDC00 <= int(follower[1], 16) <= 0xDFFF:
                return _located(value, _BAD_SURROGATE, raw, follower.end())
            next(escapes)
    return ""


def _located(value: Any, text: str, raw: bytes, offset: int) -> str:
    path = _path_of_surrogate(value)
    return (
        f"{path}: {text} at {position(raw, offset)}"
        if path
        else f"{text} at {position(raw, offset)}"
    )


def _path_of_surrogate(value: Any) -> str:
    """No deeper than a field of a message: esengine/DeepSeek-Reasonix#1906."""
    if not isinstance(value, dict):
        return ""
    for name, member in value.items():
        if not _has_surrogate(member):
            continue
        if name in ("messages", "input") and isinstance(member, list):
            index = next(i for i, message in enumerate(member) if _has_surrogate(message))
            fields = member[index].items() if isinstance(member[index], dict) else ()
            inner = next((key for key, part in fields if _has_surrogate(part)), "")
            return f"{name}[{index}].{inner}" if inner else f"{name}[{index}]"
        return str(name)
    return ""


def _has_surrogate(value: Any) -> bool:
    text = json.dumps(value, ensure_ascii=False)
    return any(0xD800 <= ord(char) <= 0xDFFF for char in text) if not text.isascii() else False
