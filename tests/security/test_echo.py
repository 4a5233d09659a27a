"""An upstream that repeats the key as its JSON writer spells it: the agent's parser undoes that."""

from __future__ import annotations

import json
import re

import pytest

from tests.proxy.wire_data import CLEAN, JSON, STREAM
from tests.support.in_process import KEY, PATHS, InProcess
from tests.support.strict_endpoint import Canned, StrictEndpoint

SPELLINGS = {
    "its dashes": KEY.replace("-", r"\u002D"),
    "all of it": "".join(f"\\u{ord(each):04x}" for each in KEY),
    "its end": KEY[:-1] + f"\\u{ord(KEY[-1]):04X}",
}


@pytest.mark.parametrize("spelled", SPELLINGS.values(), ids=SPELLINGS)
@pytest.mark.parametrize("stream", [False, True])
def test_an_escaped_key_in_an_error_does_not_reach_the_agent(spelled: str, stream: bool) -> None:
    """Neither in a document nor in an event; other escapes stay as they are."""
    message = rf'"no key: {spelled} \u00e9"'
    text = '{"type":"error","error":{"type":"x","message":' + message + "}}"
    assert KEY in json.loads(text)["error"]["message"]
    body = f"event: error\ndata: {text}\n\n" if stream else text
    with StrictEndpoint(key=KEY) as endpoint, InProcess(endpoint.url) as proxy:
        endpoint.canned = [
            Canned(200 if stream else 401, STREAM if stream else JSON, [body.encode()])
        ]
        answer = proxy.ask("POST", PATHS["messages"], CLEAN["messages"])[2].decode()
    told = json.loads(re.sub(r"(?s)^.*?data: ", "", answer) if stream else answer)
    assert told["error"]["message"] == "no key: [REDACTED:api-key] é"
