"""Bodies written by hand, and what is needed to send them."""

from __future__ import annotations

import json
from typing import Any

from dsfix.simulator.engine import Engine, Reply
from dsfix.simulator.options import Options
from dsfix.simulator.rules import Policy

PATHS = {
    "messages": "/anthropic/v1/messages",
    "chat": "/chat/completions",
    "responses": "/responses",
}
HEADERS = {"authorization": "Bearer sk-fake", "content-type": "application/json"}
USER = {"role": "user", "content": "x"}
SCHEMA = {"type": "object", "properties": {}}
TOOLS = {
    "messages": [{"name": "f", "input_schema": SCHEMA}],
    "chat": [{"type": "function", "function": {"name": "f", "parameters": SCHEMA}}],
    "responses": [{"type": "function", "name": "f", "parameters": SCHEMA}],
}
AGENT_TOOLS: list[dict[str, Any]] = [
    {
        "name": "Bash",
        "description": "Run a command",
        "input_schema": {
            "type": "object",
            "properties": {"command": {"type": "string"}, "timeout": {"type": "number"}},
            "required": ["command"],
        },
    },
    {
        "name": "Write",
        "description": "Write a file",
        "input_schema": {
            "type": "object",
            "properties": {"file_path": {"type": "string"}, "content": {"type": "string"}},
            "required": ["file_path", "content"],
        },
    },
    {
        "name": "Edit",
        "description": "Edit a file",
        "input_schema": {
            "type": "object",
            "properties": {
                "file_path": {"type": "string"},
                "old_string": {"type": "string"},
                "new_string": {"type": "string"},
                "mode": {"enum": ["once", "all"]},
            },
            "required": ["file_path", "old_string", "new_string", "mode"],
        },
    },
    {
        "name": "Agent",
        "description": "Types: general-purpose",
        "input_schema": {
            "type": "object",
            "properties": {
                "prompt": {"type": "string"},
                "description": {"type": "string"},
                "subagent_type": {"type": "string"},
            },
            "required": ["prompt", "description"],
        },
    },
]
CHAT_AGENT_TOOLS = [
    {
        "type": "function",
        "function": {
            "name": tool["name"].lower(),
            "description": tool["description"],
            "parameters": tool["input_schema"],
        },
    }
    for tool in AGENT_TOOLS
]


def body(**members: Any) -> dict[str, Any]:
    """A small valid request with some members replaced or added."""
    return {"model": "deepseek-v4-pro", "max_tokens": 512, "messages": [USER]} | members


def engine(**policy: Any) -> Engine:
    """A server with this policy."""
    return Engine(Options(policy=Policy(**policy), seed=0))


def post(server: Engine, dialect: str, request: Any, **headers: str) -> Reply:
    """Send a body: an object is encoded, bytes go as they are."""
    raw = request if isinstance(request, bytes) else json.dumps(request).encode()
    return server.reply("POST", PATHS[dialect], HEADERS | headers, raw)


def message_of(reply: Reply) -> str:
    """The text of a refusal, in JSON or not."""
    raw = b"".join(reply.frames).decode()
    return str(json.loads(raw)["error"]["message"]) if raw.startswith("{") else raw


def answer_of(reply: Reply) -> dict[str, Any]:
    """The answer of a request that was not streamed."""
    assert reply.status == 200, message_of(reply)
    answer: dict[str, Any] = json.loads(reply.frames[0])
    return answer
