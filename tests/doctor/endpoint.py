"""An endpoint written by hand, from the vendor's pages, that deviates in what it is told to.

It shares nothing with the simulator, so that what the doctor says of one can be held against the
other. It speaks Chat and Messages, and calls a tool when it is told to in plain words.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.support.serving import running as serve

_MODELS = ("deepseek-v4-pro", "deepseek-v4-flash")
_WORD = re.compile(r"[a-zA-Z0-9_-]+")
_PATHS = {"/chat/completions": "chat", "/anthropic/v1/messages": "messages"}
_RESULTS = ("tool", "tool_result")


class Refused(Exception):
    """The endpoint's own words, and a status."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.text, self.status = text, status


class Said:
    """What the model says: reasoning, and a text or the calls of a tool."""

    def __init__(self, number: int, thinks: bool, call: str, text: str) -> None:
        self.id, self.model, self.call, self.text = f"id-{number}", "", call, text
        self.reasoning = f"thought {number}" if thinks else None


class Endpoint:
    """Deviates in these ways; see `tests/doctor/test_endpoint.py` for what each must be named."""

    def __init__(self, *ways: str) -> None:
        self.ways = frozenset(ways)
        self._count = itertools.count(1)
        self._seen: set[str] = set()

    def said(self, dialect: str, body: dict[str, Any]) -> Said:
        """The answer to a request. Raises Refused."""
        chat, tools = dialect == "chat", body.get("tools") or []
        names = [each["function"]["name"] if chat else each["name"] for each in tools]
        thinks = (body.get("thinking") or {}).get("type") != "disabled"
        choice = body.get("tool_choice") or {}
        forced = choice.get("type") in ("tool", "any", "function")
        self._values(chat, body, names)
        self._history(chat, body, thinks)
        if forced and thinks and "force-ignored" not in self.ways:
            raise Refused("Thinking mode does not support this tool_choice")
        asked, blocks = _last(body)
        wanted = "Call the tool" in asked and not any(each in _RESULTS for each in blocks)
        call = names[0] if names and (wanted or (forced and not thinks)) else ""
        seen = {"image", "image_url"} & set(blocks) and "Which colour" in asked
        reasons = thinks and "no-reasoning" not in self.ways
        said = Said(next(self._count), reasons, call, "Red." if seen else "51")
        said.model = "other" if "echo" in self.ways else body["model"]
        if "think-tags" in self.ways and said.reasoning:
            said.text, said.reasoning = f"<think>{said.reasoning}</think>{said.text}", None
        if "tags-anyway" in self.ways and not thinks:
            said.text = f"<think>thought</think>{said.text}"
        return said

    def _values(self, chat: bool, body: dict[str, Any], names: list[str]) -> None:
        mode = (body.get("thinking") or {}).get("type", "enabled")
        known = {"enabled", "disabled"} | ({"adaptive"} - {w[3:] for w in self.ways})
        effort = body.get("reasoning_effort") or (body.get("output_config") or {}).get("effort")
        user = body.get("user_id") if chat else (body.get("metadata") or {}).get("user_id")
        text = json.dumps(body)
        roles = {"system", "user", "assistant", "tool"}
        wrong = {
            f"you passed {body['model']}": body["model"] not in _MODELS,
            "valid range of max_tokens is [1, 4096]": "cap" in self.ways
            and body["max_tokens"] > 4096,
            f"thinking.type: unknown variant `{mode}`": mode not in known,
            "cannot be disabled when reasoning_effort is set": mode == "disabled" and effort,
            "Invalid 'user_id'": user and not _WORD.fullmatch(user),
            "Invalid 'tools[0].name'": any(len(n) > 64 or not _WORD.fullmatch(n) for n in names),
            "tools[0].type": not chat and any("type" in tool for tool in body.get("tools") or ()),
            "unknown variant `document`": '"document"' in text,
            "unknown variant `image`": "no-images" in self.ways and '"image' in text,
            "unknown role": any(each["role"] not in roles for each in body["messages"]),
            "system: expected a string": "system-string" in self.ways
            and isinstance(body.get("system"), list),
            "unknown field": "known-only" in self.ways
            and body.keys() & {"store", "context_management"},
            "unknown field `cache_control`": "no-marks" in self.ways and "cache_control" in text,
            "unknown variant `redacted_thinking`": "no-redacted" in self.ways
            and "redacted_thinking" in text,
        }
        for refusal, holds in wrong.items():
            if holds:
                raise Refused(refusal)

    def _history(self, chat: bool, body: dict[str, Any], thinks: bool) -> None:
        """With tools the reasoning of every turn must be there, and what it is made of."""
        for message in body["messages"]:
            if message["role"] != "assistant":
                continue
            blocks = message["content"] if isinstance(message["content"], list) else []
            inner = [each["thinking"] for each in blocks if each["type"] == "thinking"]
            reasoning = message.get("reasoning_content") if chat else "".join(inner)
            lost = not (reasoning or "").strip() and "forgiving" not in self.ways
            own = (reasoning or "").startswith("thought ") or "only-own" not in self.ways
            if body.get("tools") and thinks and (lost or not own):
                raise Refused("The reasoning in the thinking mode must be passed back to the API.")

    def usage(self, chat: bool, body: dict[str, Any]) -> Any:
        """A count of tokens; the same prompt is cached the second time."""
        prompt = json.dumps([body["messages"], body.get("tools")])
        cached = 128 if prompt in self._seen and "no-cache" not in self.ways else 0
        self._seen.add(prompt)
        if "no-usage" in self.ways:
            return None
        if chat:
            details = {"cached_tokens": cached}
            return {"prompt_tokens": 300, "completion_tokens": 9, "prompt_tokens_details": details}
        return {"input_tokens": 300, "output_tokens": 9, "cache_read_input_tokens": cached}


def _last(body: dict[str, Any]) -> tuple[str, list[str]]:
    """What the user said last, and the kinds of blocks that the conversation ends in."""
    users = [each["content"] for each in body["messages"] if each["role"] == "user"]
    content = body["messages"][-1].get("content")
    blocks = [each["type"] for each in content] if isinstance(content, list) else []
    return json.dumps(users[-1]), [*blocks, body["messages"][-1]["role"]]


def chat_answer(end: Endpoint, said: Said, body: dict[str, Any]) -> list[dict[str, Any]]:
    """The answer on Chat: one document, or the chunks of a stream."""
    function = {"name": said.call, "arguments": "{}"}
    if "arguments" in end.ways:
        function = {"name": said.call, "arguments": {}}  # type: ignore[dict-item]  # planted
    call = {"index": 0, "id": f"call-{said.id}", "type": "function", "function": function}
    if "no-index" in end.ways:
        del call["index"]
    if "one-id" in end.ways:
        call["id"] = "call-1"
    delta = {"role": "assistant", "content": "" if said.call else said.text}
    delta |= {"reasoning_content": said.reasoning} if said.reasoning else {}
    delta |= {"tool_calls": [call]} if said.call else {}
    finish = "tool_calls" if said.call and "stop" not in end.ways else "stop"
    document = {"id": said.id, "model": said.model, "usage": end.usage(True, body)}
    if not body.get("stream"):
        choice = {"index": 0, "message": delta, "finish_reason": finish}
        return [{**document, "choices": [choice]}]
    if "no-stream-calls" in end.ways:
        delta.pop("tool_calls", None)
    chunks = [{"index": 0, "delta": delta}, {"index": 0, "delta": {}, "finish_reason": finish}]
    return [{**document, "choices": [choice]} for choice in chunks]


def messages_answer(end: Endpoint, said: Said, body: dict[str, Any]) -> list[dict[str, Any]]:
    """The answer on Messages: one document, or the events of a stream."""
    signed = {} if "unsigned" in end.ways else {"signature": said.id}
    blocks: list[dict[str, Any]] = []
    if said.reasoning:
        blocks.append({"type": "thinking", "thinking": said.reasoning, **signed})
    if said.call:
        call = "call-1" if "one-id" in end.ways else f"call-{said.id}"
        blocks.append({"type": "tool_use", "id": call, "name": said.call, "input": {}})
    else:
        blocks.append({"type": "text", "text": said.text})
    finish = {"stop_reason": "tool_use" if said.call and "stop" not in end.ways else "end_turn"}
    whole = {"id": said.id, "type": "message", "role": "assistant", "model": said.model}
    whole["usage"] = end.usage(False, body)
    if not body.get("stream"):
        return [{**whole, "content": blocks, **finish}]
    if "no-stream-calls" in end.ways:
        blocks = [each for each in blocks if each["type"] != "tool_use"]
    events: list[dict[str, Any]] = [{"type": "message_start", "message": {**whole, "content": []}}]
    for index, block in enumerate(blocks):
        told = {"thinking", "text", "signature"} & block.keys()
        begun = {**block, **dict.fromkeys(told, "")}
        events.append({"type": "content_block_start", "index": index, "content_block": begun})
        for name in sorted(told, reverse=True):
            delta = {"type": f"{name}_delta", name: block[name]}
            events.append({"type": "content_block_delta", "index": index, "delta": delta})
        events.append({"type": "content_block_stop", "index": index})
    events.append({"type": "message_delta", "delta": finish, "usage": whole["usage"]})
    return events + ([] if "endless" in end.ways else [{"type": "message_stop"}])


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    end: Endpoint
    asked = 0

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        ways, status = self.end.ways, 200
        listed: Any = {"data": [{"id": each} for each in _MODELS]}
        if self.path == "/user/balance":
            infos = [{"total_balance": "1.00", "currency": "USD"}]
            listed = {"is_available": "used-up" not in ways, "balance_infos": infos}
        for each in ways:
            path, _, code = each.rpartition(" ")
            status = int(code) if path == self.path else status
        self._give(status, json.dumps(listed).encode())

    def do_POST(self) -> None:
        type(self).asked += 1
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if "one-429" in self.end.ways and self.asked == 1:
            return self._give(429, b"{}", ("Retry-After", "0"))
        dialect = _PATHS.get(self.path)
        if dialect is None:
            return self._give(404, b"")
        try:
            said = self.end.said(dialect, body)
        except Refused as refused:
            error = {"error": {"message": refused.text}}
            return self._give(refused.status, json.dumps(error).encode())
        answer = chat_answer if dialect == "chat" else messages_answer
        documents = [json.dumps(each).encode() for each in answer(self.end, said, body)]
        if not body.get("stream"):
            mark = b"\xef\xbb\xbf" if "bom" in self.end.ways else b""
            return self._give(200, mark + documents[0])
        if dialect == "chat" and "endless" not in self.end.ways:
            documents.append(b"[DONE]")
        lines = b"\r\r" if "cr" in self.end.ways else b"\n\n"
        kind = "text/plain" if "plain" in self.end.ways else "Text/Event-Stream; charset=utf-8"
        events = b"".join(b"data: " + each + lines for each in documents)
        return self._give(200, events, ("Content-Type", kind))

    def _give(self, status: int, body: bytes, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in headers or (("Content-Type", "application/json"),):
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def running(*ways: str) -> Iterator[str]:
    """The URL of an endpoint that deviates in these ways."""
    handler = type("Handler", (_Handler,), {"end": Endpoint(*ways)})
    with serve(ThreadingHTTPServer(("127.0.0.1", 0), handler)) as url:
        yield url
