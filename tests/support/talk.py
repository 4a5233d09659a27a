"""A small agent: it holds a conversation in any dialect, and loses its reasoning unless told."""

from __future__ import annotations

import json
from typing import Any, Protocol

SHELL = {"type": "object", "properties": {"command": {"type": "string"}}}
PATCH = {"type": "grammar", "syntax": "lark", "definition": "start: /.+/"}
TOOLS = {
    "messages": [
        {"name": "Bash", "input_schema": SHELL},
        {"name": "Agent", "input_schema": SHELL},
    ],
    "chat": [{"type": "function", "function": {"name": "bash", "parameters": SHELL}}],
    "responses": [
        {"type": "function", "name": "bash", "parameters": SHELL},
        {"type": "custom", "name": "apply_patch", "format": PATCH},
    ],
}
_OUTPUTS = {
    "function_call": "function_call_output",
    "custom_tool_call": "custom_tool_call_output",
}


class Post(Protocol):
    """What the conversation is held with."""

    def post(self, dialect: str, body: dict[str, Any], **headers: str) -> tuple[int, bytes]:
        """Status and body of one request."""


class Talk:
    """An agent that replays what was said and done; reasoning too where it `keeps` it.

    `interleave` makes it put each call's output right behind the call (Responses), as some
    agents do with parallel calls.
    """

    def __init__(self, proxy: Post, dialect: str, prompt: str, *, stream: bool = True) -> None:
        self.proxy, self.dialect, self.stream = proxy, dialect, stream
        self.model = "deepseek-v4-pro"
        self.system = "Be helpful."
        self.session = ""  # what the agent calls its session, if it does
        self.keeps = False
        self.interleave = False
        self.messages: list[dict[str, Any]] = []
        self.status = 0
        self.data = b""
        self.say(prompt)

    def say(self, prompt: str) -> None:
        """The user's next words."""
        self.messages.append({"role": "user", "content": prompt})

    def body(self) -> dict[str, Any]:
        """The next request."""
        head: dict[str, Any] = {"model": self.model, "stream": self.stream}
        head["tools"] = TOOLS[self.dialect]
        if self.dialect == "responses":
            head |= {"max_output_tokens": 512, "instructions": self.system}
            return {**head, "input": self.messages}
        head["max_tokens"] = 512
        if self.dialect == "messages":
            return {**head, "system": self.system, "messages": self.messages}
        system = {"role": "system", "content": self.system}
        return {**head, "messages": [system, *self.messages]}

    def turn(self) -> dict[str, Any]:
        """One request; its answer is added to the history, and what its calls gave."""
        self.status, self.data = self.proxy.post(
            self.dialect, self.body(), x_session_id=self.session
        )
        assert self.status == 200, self.data
        message = answered(self.dialect, self.data)
        kept = message if self.keeps else lost(self.dialect, message)
        if self.dialect == "responses":
            self._items(kept["output"])
            return message
        self.messages.append(kept)
        for call in calls(self.dialect, message):
            self._result(call)
        return message

    def work(self) -> None:
        """Take turns until the model has no more calls to make."""
        for _ in range(200):
            if not calls(self.dialect, self.turn()):
                return
        raise AssertionError("the model never ends")

    def _items(self, items: list[dict[str, Any]]) -> None:
        """Add the items of an answer and its calls' outputs."""
        outputs: list[dict[str, Any]] = []
        for item in items:
            self.messages.append(item)
            if item["type"] in _OUTPUTS:
                kind = _OUTPUTS[item["type"]]
                output = {"type": kind, "call_id": item["call_id"], "output": "done"}
                (self.messages if self.interleave else outputs).append(output)
        self.messages += outputs

    def _result(self, call: str) -> None:
        if self.dialect == "chat":
            self.messages.append({"role": "tool", "tool_call_id": call, "content": "done"})
            return
        block = {"type": "tool_result", "tool_use_id": call, "content": "done"}
        if self.messages[-1]["role"] == "user":
            self.messages[-1]["content"].append(block)
        else:
            self.messages.append({"role": "user", "content": [block]})


def events(data: bytes) -> list[dict[str, Any]]:
    """The payloads of a stream, whatever its line ends."""
    lines = data.replace(b"\r\n", b"\n").split(b"\n")
    found = [line[5:].strip() for line in lines if line.startswith(b"data:")]
    return [json.loads(each) for each in found if each != b"[DONE]"]


def answered(dialect: str, data: bytes) -> dict[str, Any]:
    """The assistant's message of an answer, streamed or whole; on Responses, what it put out."""
    if data.lstrip().startswith(b"{"):
        whole = json.loads(data)
        return dict(whole["choices"][0]["message"] if dialect == "chat" else whole)
    return {"messages": _messages, "chat": _chat, "responses": _responses}[dialect](events(data))


def _responses(stream: list[dict[str, Any]]) -> dict[str, Any]:
    """The items that were closed, which is what Codex goes by."""
    done = [event["item"] for event in stream if event["type"] == "response.output_item.done"]
    return {"model": stream[0]["response"]["model"], "output": done}


def _messages(stream: list[dict[str, Any]]) -> dict[str, Any]:
    content: dict[int, dict[str, Any]] = {}
    parts: dict[int, str] = {}
    model = ""
    for event in stream:
        if event["type"] == "message_start":
            model = event["message"]["model"]
        elif event["type"] == "content_block_start":
            content[event["index"]] = dict(event["content_block"])
        elif event["type"] == "content_block_delta":
            block, delta = content[event["index"]], event["delta"]
            for name in ("thinking", "text", "signature"):
                if name in delta:
                    block[name] = block.get(name, "") + delta[name]
            if "partial_json" in delta:
                parts[event["index"]] = parts.get(event["index"], "") + delta["partial_json"]
    for index, text in parts.items():
        content[index]["input"] = json.loads(text)
    return {"role": "assistant", "model": model, "content": [content[n] for n in sorted(content)]}


def _chat(stream: list[dict[str, Any]]) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": ""}
    made: dict[int, dict[str, Any]] = {}
    for event in stream:
        for choice in event["choices"]:
            delta = choice["delta"]
            message["content"] += delta.get("content") or ""
            if delta.get("reasoning_content"):
                before = message.get("reasoning_content", "")
                message["reasoning_content"] = before + delta["reasoning_content"]
            for call in delta.get("tool_calls") or ():
                at = made.setdefault(call["index"], {"type": "function", "function": {}})
                at["id"] = call.get("id") or at.get("id")
                function = at["function"]
                function["name"] = call["function"].get("name") or function.get("name")
                more = call["function"].get("arguments") or ""
                function["arguments"] = function.get("arguments", "") + more
    if made:
        message["tool_calls"] = [made[n] for n in sorted(made)]
    return message


def calls(dialect: str, message: dict[str, Any]) -> list[str]:
    """The ids of a message's tool calls."""
    if dialect == "responses":
        return [item["call_id"] for item in message["output"] if item["type"] in _OUTPUTS]
    if dialect == "chat":
        return [call["id"] for call in message.get("tool_calls") or ()]
    return [block["id"] for block in message["content"] if block["type"] == "tool_use"]


def lost(dialect: str, message: dict[str, Any]) -> dict[str, Any]:
    """The message as an agent replays it that keeps no reasoning."""
    if dialect == "responses":
        return {"output": [item for item in message["output"] if item["type"] != "reasoning"]}
    if dialect == "chat":
        return {key: value for key, value in message.items() if key != "reasoning_content"}
    kept = [block for block in message["content"] if "thinking" not in block["type"]]
    return {"role": "assistant", "content": kept}
