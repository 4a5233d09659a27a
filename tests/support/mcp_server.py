"""An MCP server on stdin and stdout with two tools, for agents that are driven here."""

from __future__ import annotations

import json
import sys
from typing import Any

_LAMP = {"type": "object", "properties": {"lamp": {"type": "string"}}, "required": ["lamp"]}
_TOOLS = [
    {"name": name, "description": f"Turns a lamp {state}", "inputSchema": _LAMP}
    for name, state in (("light", "on"), ("dark", "off"))
]


def answer(method: str, given: dict[str, Any]) -> dict[str, Any]:
    """The result of a request."""
    if method == "initialize":
        about = {"name": "lamps", "version": "1"}
        version = given["protocolVersion"]
        return {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": about}
    if method == "tools/list":
        return {"tools": _TOOLS}
    if method == "tools/call":
        text = f"lamp is on: {json.dumps(given['arguments'])}"
        return {"content": [{"type": "text", "text": text}]}
    return {}


def main() -> None:
    """Answer every request; a notification has no id."""
    for line in sys.stdin:
        asked = json.loads(line)
        if "id" in asked:
            result = answer(asked["method"], asked.get("params") or {})
            told = {"jsonrpc": "2.0", "id": asked["id"], "result": result}
            sys.stdout.write(json.dumps(told) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
