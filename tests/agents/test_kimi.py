"""Kimi Code and the older Kimi CLI: a model from the environment."""

from __future__ import annotations

from dsfix.agents.kimi import KIMI
from tests.agents.support import NO_PROXY, ROOT, TOKEN, request


def test_a_plain_start():
    """The variables of both programs, with what the model can do."""
    wiring = KIMI.wire(request("-p", "hi"))
    assert wiring.env == {
        "KIMI_MODEL_PROVIDER_TYPE": "openai",
        "KIMI_MODEL_BASE_URL": ROOT,
        "KIMI_MODEL_API_KEY": TOKEN,
        "KIMI_MODEL_NAME": "deepseek-v4-pro",
        "KIMI_MODEL_MAX_CONTEXT_SIZE": "1048576",
        "KIMI_MODEL_CAPABILITIES": "thinking",
        "KIMI_BASE_URL": ROOT,
        "KIMI_API_KEY": TOKEN,
        **NO_PROXY,
    }
    assert wiring.models == ("deepseek-v4-pro",)
    assert (wiring.args, wiring.unset, wiring.bypass) == ((), (), ())


def test_the_messages_wire_is_asked_for_by_kimis_own_variable():
    """Then the base URL is that of Messages."""
    env = KIMI.wire(request(environ={"KIMI_MODEL_PROVIDER_TYPE": "anthropic"})).env
    assert env["KIMI_MODEL_PROVIDER_TYPE"] == "anthropic"
    assert env["KIMI_MODEL_BASE_URL"] == f"{ROOT}/anthropic"


def test_models():
    """A model that sees images says so; of one that is not known nothing is claimed."""
    assert KIMI.wire(request(model="deepseek-flash")).env["KIMI_MODEL_CAPABILITIES"] == "thinking,image_in"  # fmt: skip
    unknown = KIMI.wire(request(model="x[1m]"))
    assert unknown.env["KIMI_MODEL_NAME"] == "x"
    assert "KIMI_MODEL_MAX_CONTEXT_SIZE" not in unknown.env
    assert unknown.models == ()


def test_an_alias_of_the_users_is_named():
    """It beats the environment."""
    assert KIMI.wire(request("-m", "k3")).bypass == ("--model k3",)
