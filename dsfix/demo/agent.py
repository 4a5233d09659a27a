"""A tiny agent that loses reasoning as the real ones do. Standard library only.

`python -m dsfix.demo.agent --model NAME [--continue] FILE PROMPT` talks Messages to
ANTHROPIC_BASE_URL with ANTHROPIC_AUTH_TOKEN, runs `echo` when the model asks for it, and keeps
its conversation in FILE, so that another process can go on with it. It prints one JSON object
for each thing that is said. What it drops from its own history, others drop as well:

- the reasoning of a turn whose answer named another model (Claude Code 2.1.197, measured
  2026-11-20), so also all earlier reasoning once the user switches models;
- thinking without a signature (OpenCode 1.18.33, measured 2026-11-20).
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

TURNS = 8  # requests for one prompt; a loop ends
TIMEOUT = 15.0
TOOL = {
    "name": "bash",
    "description": "Run a shell command. Here only echo is known.",
    "input_schema": {
        "type": "object",
        "properties": {"command": {"type": "string"}},
        "required": ["command"],
    },
}
_LABEL = {"thinking": "reasoning", "redacted_thinking": "reasoning", "text": "answer"}
Blocks = list[dict[str, Any]]


def main() -> int:
    """Work on one prompt; 1 if the endpoint refuses the conversation."""
    parser = argparse.ArgumentParser(prog="dsfix.demo.agent")
    parser.add_argument("--model", required=True)
    parser.add_argument("--continue", dest="goes_on", action="store_true")
    parser.add_argument("file", type=Path)
    parser.add_argument("prompt")
    given = parser.parse_args()
    turns = json.loads(given.file.read_text(encoding="utf-8")) if given.goes_on else []
    turns.append({"role": "user", "content": [{"type": "text", "text": given.prompt}]})
    _say("user", given.prompt)
    try:
        for _ in range(TURNS):
            answer = _asked(turns, given.model)
            turns.append({"role": "assistant", "model": answer["model"]} | _content(answer))
            results = list(_results(answer["content"]))
            if not results:
                return 0
            turns.append({"role": "user", "content": results})
    except (OSError, http.client.HTTPException, ValueError) as error:
        _say("error", str(error))
    finally:
        given.file.write_text(json.dumps(turns), encoding="utf-8")
    return 1


def history(turns: Blocks, model: str) -> tuple[Blocks, list[str]]:
    """The messages as this agent sends them to a model, and why reasoning was left out."""
    messages, lost = [], []
    for turn in turns:
        other = turn.get("model", model) != model
        kept = []
        for block in turn["content"]:
            thought = block["type"] in ("thinking", "redacted_thinking")
            if thought and other:
                lost.append(f"reasoning of an answer by {turn['model']}")
            elif block["type"] == "thinking" and not block.get("signature"):
                lost.append("reasoning without a signature")
            else:
                kept.append(block)
        messages.append({"role": turn["role"], "content": kept})
    return messages, lost


def _asked(turns: Blocks, model: str) -> dict[str, Any]:
    """The endpoint's next answer. Raises ValueError with its own words if it refuses."""
    messages, lost = history(turns, model)
    for what in dict.fromkeys(lost):
        _say("lost", what)
    body = {"model": model, "max_tokens": 4096, "tools": [TOOL], "messages": messages}
    url = urlsplit(os.environ["ANTHROPIC_BASE_URL"])
    kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    connection = kind(url.netloc, timeout=TIMEOUT)
    headers = {
        "Authorization": f"Bearer {os.environ['ANTHROPIC_AUTH_TOKEN']}",
        "Content-Type": "application/json",
    }
    try:
        connection.request("POST", f"{url.path}/v1/messages", json.dumps(body), headers)
        response = connection.getresponse()
        data = json.loads(response.read())
    finally:
        connection.close()
    if response.status != 200:
        raise ValueError(f"{response.status} {data['error']['message']}")
    return dict(data)


def _content(answer: dict[str, Any]) -> dict[str, Blocks]:
    """The answer's blocks, told to whoever watches."""
    for block in answer["content"]:
        if block["type"] == "tool_use":
            _say("call", f"{block['name']}: {block['input'].get('command', '')}")
        else:
            text = block.get("thinking") or block.get("text") or "[redacted]"
            _say(_LABEL.get(block["type"], block["type"]), text)
    return {"content": answer["content"]}


def _results(blocks: Blocks) -> Iterator[dict[str, Any]]:
    for block in blocks:
        if block["type"] == "tool_use":
            words = shlex.split(str(block["input"].get("command", "")))
            known = words[:1] == ["echo"]
            output = " ".join(words[1:]) if known else "only echo is known here"
            _say("result", output)
            yield {"type": "tool_result", "tool_use_id": block["id"], "content": output}


def _say(kind: str, text: str) -> None:
    sys.stdout.write(json.dumps({"kind": kind, "text": text}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
