"""Hermes Agent: flags and files as people have them -> variables, and provider and model."""

from __future__ import annotations

import pytest

from dsfix.agents.hermes import HERMES, MANAGED
from tests.agents.support import NO_PROXY, ROOT, TOKEN, request

FRONT = ("--provider", "dsfix", "--model", "deepseek-v4-pro")


def test_a_plain_start():
    """URL and token in the environment, the managed folder, provider and model in front."""
    wiring = HERMES.wire(request("chat", "-q", "hi"))
    assert wiring.env == {
        "DEEPSEEK_BASE_URL": ROOT,
        "DEEPSEEK_API_KEY": TOKEN,
        "HERMES_MANAGED_DIR": str(MANAGED),
        **NO_PROXY,
    }
    assert wiring.args == FRONT
    assert wiring.models == ("deepseek-v4-pro",)
    assert (wiring.unset, wiring.bypass) == ((), ())


def test_the_provider_of_ours() -> None:
    """It names the variables of every session, and no value."""
    lines = (MANAGED / "config.yaml").read_text().splitlines()
    assert [line.strip() for line in lines if not line.startswith("#")] == [
        "providers:",
        "dsfix:",
        "name: DeepSeek",
        "base_url: ${DSFIX_ENDPOINT}",
        "key_env: DSFIX_TOKEN",
    ]


@pytest.mark.parametrize(
    ("args", "model", "added", "hints"),
    [
        (("chat", "-m", "deepseek-flash"), "", FRONT[:2], ()),
        (("chat", "--model=deepseek-flash"), "x", FRONT[:2], ()),
        (("--provider", "openrouter"), "", (), ("--provider openrouter",)),
        (("--provider", "deepseek"), "", (), ()),
        (("chat",), "x[1m]", (*FRONT[:3], "x"), ()),
    ],
)
def test_choices(args, model, added, hints):
    """The user's own flags stand; a provider of another vendor is named."""
    wiring = HERMES.wire(request(*args, model=model))
    assert (wiring.args, wiring.bypass) == (added, hints)


@pytest.mark.parametrize(
    ("environ", "files", "place"),
    [
        ({"HERMES_MANAGED_DIR": "/x"}, {"~/.hermes/.env": "DEEPSEEK_API_KEY=k"}, "/home/me/.hermes"),
        ({"HERMES_HOME": "/h"}, {"/etc/hermes/config.yaml": "", "/h/.env": "DEEPSEEK_BASE_URL=u"}, "/h"),
    ],
)  # fmt: skip
def test_an_administrators_folder_stays_in_force(environ, files, place):
    """Ours does not take its place, and a file that then beats the environment is named."""
    wiring = HERMES.wire(request(environ=environ, files=files))
    assert "HERMES_MANAGED_DIR" not in wiring.env
    assert wiring.bypass == (f"{place}/.env: DEEPSEEK_*",)
    assert wiring.args[:2] == ("--provider", "deepseek")


def test_a_key_in_the_users_file_needs_no_hint_otherwise():
    """Our provider does not look there."""
    assert HERMES.wire(request(files={"~/.hermes/.env": "DEEPSEEK_API_KEY=k"})).bypass == ()
