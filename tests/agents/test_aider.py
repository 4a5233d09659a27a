"""aider: flags, variables and files as people have them -> variables, and models in front."""

from __future__ import annotations

import pytest

from dsfix.agents.aider import AIDER, ENV_FILE
from tests.agents.support import NO_PROXY, ROOT, TOKEN, request

OURS = ("--env-file", str(ENV_FILE))
MAIN = ("--model", "deepseek/deepseek-v4-pro")
WEAK = ("--weak-model", "deepseek/deepseek-v4-flash")
CONFIG = ".aider.conf.yml"


def test_a_plain_start():
    """URL and token in the environment, our env file, and the vendor's models."""
    wiring = AIDER.wire(request("--message", "hi"))
    assert wiring.env == {
        "DEEPSEEK_API_BASE": ROOT,
        "DEEPSEEK_API_KEY": TOKEN,
        "AIDER_SHOW_MODEL_WARNINGS": "false",
        **NO_PROXY,
    }
    assert wiring.args == (*OURS, *MAIN, *WEAK)
    assert wiring.models == ("deepseek-v4-pro",)
    assert (wiring.unset, wiring.bypass, wiring.notes) == ((), (), ())


def test_the_env_file_of_ours():
    """It names the variables of every session, and no value."""
    lines = [line for line in ENV_FILE.read_text().splitlines() if not line.startswith("#")]
    assert sorted(lines) == [
        "DEEPSEEK_API_BASE=${DSFIX_ENDPOINT}",
        "DEEPSEEK_API_KEY=${DSFIX_TOKEN}",
    ]


@pytest.mark.parametrize(
    ("args", "environ", "files", "model", "args_added"),
    [
        (("--model", "deepseek/deepseek-flash"), {}, {}, "", WEAK),
        (("--model=deepseek/x", "--weak-model", "y"), {}, {}, "", ()),
        ((), {"AIDER_MODEL": "deepseek/deepseek-flash"}, {}, "", WEAK),
        ((), {"AIDER_MODEL": "gpt-6"}, {}, "", (*MAIN, *WEAK)),
        ((), {}, {CONFIG: "model: deepseek/deepseek-flash  # mine\n"}, "", WEAK),
        ((), {}, {f"~/{CONFIG}": 'model: "deepseek/deepseek-flash"\n'}, "", WEAK),
        ((), {}, {CONFIG: "model: sonnet\n"}, "", (*MAIN, *WEAK)),
        ((), {}, {CONFIG: "# model: deepseek/deepseek-flash\n"}, "", (*MAIN, *WEAK)),
        ((), {"AIDER_MODEL": "deepseek/deepseek-flash"}, {}, "x[1m]", ("--model", "deepseek/x", *WEAK)),
    ],
)  # fmt: skip
def test_models(args, environ, files, model, args_added):
    """The user's flag stands, then dsfix's option, then a choice of the user's that is known."""
    wiring = AIDER.wire(request(*args, environ=environ, files=files, model=model))
    assert wiring.args == (*OURS, *args_added)


def test_the_file_of_the_repository_counts():
    """aider reads its configuration at the root of the repository too."""
    files = {"~/code/.git/HEAD": "ref", f"~/code/{CONFIG}": "model: deepseek/deepseek-flash\n"}
    assert AIDER.wire(request(files=files)).args == (*OURS, *WEAK)


@pytest.mark.parametrize(
    ("args", "files", "hints"),
    [
        (("--model", "gpt-6"), {}, ("--model gpt-6",)),
        (("--model", "deepseek"), {}, ()),
        (("--api-key", "deepseek=sk-1"), {}, ("--api-key deepseek=...",)),
        ((), {CONFIG: "api-key:\n  - deepseek=sk-1\n"}, (f"{CONFIG}: api-key",)),
        (("--env-file", "my.env"), {"my.env": "export DEEPSEEK_API_KEY=sk-1"}, ("--env-file my.env",)),
        (("--env-file", "my.env"), {"my.env": "OTHER=1"}, ()),
    ],
)  # fmt: skip
def test_what_leads_elsewhere_is_named(args, files, hints):
    """What beats our env file, and a model of another vendor; no key is repeated."""
    assert AIDER.wire(request(*args, files=files)).bypass == hints


@pytest.mark.parametrize(
    ("args", "environ"), [(("--env-file", "x"), {}), ((), {"AIDER_ENV_FILE": "x"})]
)
def test_the_users_own_env_file_stands(args, environ):
    """aider takes one such file, so ours is left out."""
    assert AIDER.wire(request(*args, environ=environ)).args == (*MAIN, *WEAK)
