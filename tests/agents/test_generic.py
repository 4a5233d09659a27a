"""Programs without an entry of their own."""

from __future__ import annotations

from dsfix.agents.generic import GENERIC
from tests.agents.support import NO_PROXY, ROOT, TOKEN, request


def test_every_common_spelling_is_set():
    """Base URL and key are set under the names of three vendors, nothing is removed."""
    wiring = GENERIC.wire(request("test", environ={"ANTHROPIC_API_KEY": "sk-own"}))
    assert wiring.env == {
        "ANTHROPIC_BASE_URL": f"{ROOT}/anthropic",
        "ANTHROPIC_AUTH_TOKEN": TOKEN,
        "ANTHROPIC_API_KEY": TOKEN,
        "OPENAI_BASE_URL": ROOT,
        "OPENAI_API_BASE": ROOT,
        "OPENAI_API_KEY": TOKEN,
        "DEEPSEEK_BASE_URL": ROOT,
        "DEEPSEEK_API_BASE": ROOT,
        "DEEPSEEK_API_KEY": TOKEN,
        **NO_PROXY,
    }
    assert (wiring.unset, wiring.args) == ((), ())
