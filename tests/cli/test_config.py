"""`dsfix config` as a user runs it."""

from __future__ import annotations

import json
import re
import stat
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from dsfix.config import REGISTRY, Config, File, load
from dsfix.config.file import understood
from dsfix.config.layers import resolve
from dsfix.config.writing import has_comments, template, with_value
from dsfix.errors import DsfixError
from dsfix.locks import alone
from dsfix.simulator.server import Simulator
from tests.support.commands import Ran, dsfix, environment

ASK = """
import json, os, urllib.request
body = json.dumps({"model": "deepseek-v4-pro", "max_tokens": 9000,
                   "messages": [{"role": "user", "content": "hi"}]}).encode()
head = {"Content-Type": "application/json", "x-api-key": os.environ["ANTHROPIC_AUTH_TOKEN"]}
url = os.environ["ANTHROPIC_BASE_URL"] + "/v1/messages"
urllib.request.urlopen(urllib.request.Request(url, body, head), timeout=60).read()
"""
KEY = "sk-0123456789abcdef0123456789abcdef"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / ".config/dsfix/config.toml"


def config(home: Path, *words: str, **more: str) -> Ran:
    return dsfix("config", *words, home=home, env=environment(home, **more))


def text(place: Path, said: str) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(said, encoding="utf-8")


def test_show_says_where_each_value_is_from(tmp_path: Path, place: Path) -> None:
    """A variable, a line of the file, or the default; for people and as JSON."""
    text(place, '[run]\nmodel = "m"\nkeep_env = ["A", "B c"]\n'.replace("B c", "B"))
    ran = config(tmp_path, "show", "--json", DSFIX_IMAGES="keep", DSFIX_PRIVATE="1")
    document = json.loads(ran.out)
    assert (document["schema"], document["command"]) == (1, ["config", "show"])
    assert document["errors"] == []
    assert set(document["data"]) == {"file", "settings", "upstreams"}
    rows = {each["name"]: (each["value"], each["source"]) for each in document["data"]["settings"]}
    assert rows["run.model"] == ("m", f"{place}:2")
    assert rows["run.keep_env"] == (["A", "B"], f"{place}:3")
    assert rows["settings.images"] == ("keep", "DSFIX_IMAGES")
    assert rows["run.private"] == (True, "DSFIX_PRIVATE")
    assert rows["run.thinking"] == ("agent", "default")
    assert set(rows) == {each.path for each in REGISTRY} - {"upstream.url"}
    lines = config(tmp_path, "show", DSFIX_IMAGES="keep").out.splitlines()
    assert any(line.split() == ["run.model", "m", f"{place}:2"] for line in lines)
    assert any(line.split() == ["run.keep_env", "A", "B", f"{place}:3"] for line in lines)


def test_show_has_no_secret(tmp_path: Path, place: Path) -> None:
    """Not the key of the environment, and not one that strayed into an argument or a URL."""
    text(place, f'[agents.claude]\nargs = ["--api-key", "abc", "{KEY}"]\n')
    for words in (("show",), ("show", "--json")):
        ran = config(tmp_path, *words, DSFIX_UPSTREAM="https://me:hunter22@x.example", MY_KEY=KEY)
        assert "agents.claude.args" in ran.out and "https://me:" in ran.out
        for secret in (KEY, "abc", "hunter22", environment(tmp_path)["DEEPSEEK_API_KEY"]):
            assert secret not in ran.out


def test_show_does_not_drive_the_terminal(tmp_path: Path, place: Path) -> None:
    """Whatever stands in an argument that was taken over from somewhere."""
    text(place, r"[agents.claude]" + "\n" + r'args = ["a\u001b[31m\u009b\u202e\nforged b"]')
    ran = config(tmp_path, "show")
    assert ran.code == 0 and "agents.claude.args" in ran.out
    assert not set("\x1b\x9b\u202e") & set(ran.out)
    assert "\nforged" not in ran.out


def test_the_template_changes_nothing(tmp_path: Path, place: Path) -> None:
    """`init` writes it for its owner alone, names every setting, and never overwrites."""
    ran = config(tmp_path, "init")
    assert (ran.code, ran.out) == (0, f"{place}\n")
    assert config(tmp_path, "path").out == ran.out
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
    said = place.read_text(encoding="utf-8")
    assert said == template()
    assert load({"DSFIX_CONFIG": str(place)}) == Config()
    again = config(tmp_path, "init")
    assert (again.code, "there is a" in again.err) == (1, True)
    assert place.read_text(encoding="utf-8") == said


def test_every_line_of_the_template_can_be_taken(tmp_path: Path) -> None:
    """Without its number sign each is valid, and says what holds without it or is an example."""
    lines = template().splitlines()
    settings = [re.sub(r"^# (?=[\w.]+ = |\[agents)", "", line) for line in lines]
    settings = [line for line in settings if not line.startswith("url = ")]
    file = understood("\n".join(settings), "f")
    examples = {"key_env", "key_command", "key_file"}
    assert set(file.layer) == {each.member for each in REGISTRY}
    assert set(file.agents) == {"claude"}
    plain = File(layer={k: v for k, v in file.layer.items() if k not in examples})
    assert resolve(file=plain)._replace(sources={}) == Config()


@pytest.mark.parametrize(
    ("name", "value", "table", "read"),
    [
        ("run.model", "x", "run", {"model": "x"}),
        ("run.small_model", "x", "run", {"small-model": "x"}),
        ("run.private", "yes", "run", {"private": True}),
        ("run.keep_env", "A,B C", "run", {"keep_env": ["A", "B", "C"]}),
        ("settings.small_calls", "7", "settings", {"small_calls": 7}),
        ("settings.retries", "auto", "settings", {"retries": "auto"}),
        ("settings.placeholder.mode", "off", "settings", {"placeholder": {"mode": "off"}}),
        ("upstream.key_command", "pass show 'a b'", "upstream", {"key_command": ["pass", "show", "a b"]}),
        ("agents.claude.model", "x", "agents", {"claude": {"model": "x"}}),
        ("agents.claude.args", "--verbose -x", "agents", {"claude": {"args": ["--verbose", "-x"]}}),
    ],
)  # fmt: skip
def test_set_and_unset(
    tmp_path: Path, place: Path, name: str, value: str, table: str, read: dict[str, Any]
) -> None:
    """What is set is in the file, for its owner alone, beside what was there; and out again."""
    text(place, '[run]\nquiet = true\nsmall-model = "old"\n')
    assert config(tmp_path, "set", name, value).code == 0
    data = tomllib.loads(place.read_text(encoding="utf-8"))
    small = {} if name == "run.small_model" else {"small-model": "old"}
    kept = {"run": {"quiet": True, **small}}
    assert data == {**kept, table: {**kept.get(table, {}), **read}}
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert [each.name for each in place.parent.iterdir()] == ["config.toml"]
    assert config(tmp_path, "unset", name).code == 0
    layer = understood(place.read_text(encoding="utf-8"), "f").layer
    assert set(layer) == {"quiet", "small_model"} - ({"small_model"} if not small else set())


@pytest.mark.parametrize(
    "said",
    [
        '[agents.claude]\nmodel = "x"\n[run]\n[agents.codex]\nmodel = "y"\n',
        '[agents.claude]\nmodel = "x"\n[agents]\n',
        '[agents]\n[run]\n[agents.claude]\nmodel = "x"\n',
    ],
)
def test_an_agent_is_set_where_the_others_stand_apart(said: str) -> None:
    """Tables may come in any order; what is set is in the file, and the rest as it was."""
    made = tomllib.loads(with_value(said, "f", "agents.qwen.model", "z"))
    before = tomllib.loads(said)
    assert made == {**before, "agents": {**before["agents"], "qwen": {"model": "z"}}}


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("set", "run.modle", "x"), 2, "did you mean run.model?"),
        (("set", "images", "text"), 2, "did you mean settings.images?"),
        (("set", "settings.images", "blue"), 2, "does not take 'blue'"),
        (("set", "upstream.key_env", KEY), 2, "looks like a key"),
        (("set", "upstream.url", "https://x.example"), 1, "is set a second time"),
        (("set", "upstream.key_command", "/bin/\udcff"), 2, "does not take this value"),
        (("unset", "run.modle"), 2, "did you mean run.model?"),
    ],
)
def test_a_wrong_word_changes_nothing(
    tmp_path: Path, place: Path, words: tuple[str, ...], code: int, says: str
) -> None:
    """One line and a hint; the file is as it was, and a key is not shown."""
    before = '[upstream]\nname = "deepseek"\n'
    text(place, before)
    ran = config(tmp_path, *words)
    assert (ran.code, says in ran.err, KEY in ran.err) == (code, True, False), ran.err
    assert place.read_text(encoding="utf-8") == before


COMMENTED = """\
# mine
[run]   # of every day
small-model = "old" # the cheap one

# no summary
quiet = true
[settings]
placeholder.mode = "off" # why
"""


def test_what_is_not_changed_stays_as_it_was_written(tmp_path: Path, place: Path) -> None:
    """Comments, blank lines and spellings; and a link to the file stays one."""
    real = tmp_path / "dotfiles.toml"
    before = COMMENTED
    text(real, before)
    place.parent.mkdir(parents=True)
    place.symlink_to(real)
    for words in (
        ("set", "run.small_model", "new"),
        ("set", "run.model", "x"),
        ("set", "settings.placeholder.text", "y"),
        ("set", "agents.claude.model", "z"),
    ):
        assert config(tmp_path, *words).code == 0
    after = real.read_text(encoding="utf-8").splitlines()
    new = ['small-model = "new" # the cheap one', 'model = "x"', 'placeholder.text = "y"', "[agents.claude]", 'model = "z"']  # fmt: skip
    assert [line for line in after if line and line not in before.splitlines()] == new
    for name in (
        "run.small_model",
        "run.model",
        "settings.placeholder.text",
        "agents.claude.model",
    ):
        assert config(tmp_path, "unset", name).code == 0
    rest = [line for line in before.splitlines() if "small-model" not in line] + ["[agents.claude]"]
    assert [line for line in real.read_text(encoding="utf-8").splitlines() if line] == [line for line in rest if line]  # fmt: skip
    assert place.is_symlink()


def test_a_file_that_init_wrote_can_be_set(tmp_path: Path, place: Path) -> None:
    """All its lines stay, and the last unset leaves what there was."""
    assert config(tmp_path, "init").code == 0
    for name, value in (("run.model", "x"), ("settings.placeholder.mode", "off"), ("upstream.name", "glm")):  # fmt: skip
        assert config(tmp_path, "set", name, value).code == 0
    said = place.read_text(encoding="utf-8")
    assert set(template().splitlines()) <= set(said.splitlines())
    found = load({"DSFIX_CONFIG": str(place)})
    assert (found.model, found.settings.placeholder_mode, found.upstream) == ("x", "off", "glm")
    for name in ("run.model", "settings.placeholder.mode", "upstream.name"):
        assert config(tmp_path, "unset", name).code == 0
    said = place.read_text(encoding="utf-8").replace("[settings.placeholder]", "")
    assert said.split() == template().split()


def test_what_is_not_set_needs_no_file(tmp_path: Path, place: Path) -> None:
    """To take it out makes none, which would be in the way of the one that `init` writes."""
    assert config(tmp_path, "unset", "run.model").code == 0
    assert not place.exists()
    assert config(tmp_path, "init").code == 0


def test_a_table_may_be_empty(tmp_path: Path) -> None:
    """One that has settings in it, even if none is set; no other."""
    assert understood("[settings.placeholder]\n# mode = 'off'\n[agents.claude]", "f").layer == {}
    with pytest.raises(DsfixError, match=r"no setting settings\.placeholders"):
        understood("[settings.placeholders]", "f")


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("", False),
        ("a = '#'", False),
        ('a = """\n# text\n"""', False),
        ("a = '#' # b", True),
        ("#", True),
        ("a = [ # x\n1]", True),
    ],
)
def test_what_a_comment_is(said: str, found: bool) -> None:
    """A number sign outside of a text."""
    assert has_comments(said) is found


def editor(home: Path, code: str) -> str:
    path = home / "editor.py"
    path.write_text(f"import sys\nfrom pathlib import Path\nfile = Path(sys.argv[1])\n{code}\n")
    return f"'{sys.executable}' '{path}'"


def test_edit(tmp_path: Path, place: Path) -> None:
    """$VISUAL gets the file, made if need be; what it left is kept, and told where it is wrong."""
    good = editor(tmp_path, "file.write_text('[run]\\nmodel = \"m\"\\n')")
    ran = config(tmp_path, "edit", VISUAL=good, EDITOR="false")
    assert (ran.code, ran.err) == (0, "")
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    bad = editor(tmp_path, "file.write_text(file.read_text() + 'modle = 1\\n')")
    ran = config(tmp_path, "edit", EDITOR=bad)
    assert (ran.code, f"{place}:3: there is no setting run.modle" in ran.err) == (1, True)
    assert place.read_text(encoding="utf-8") == '[run]\nmodel = "m"\nmodle = 1\n'
    assert "ended with exit code 1" in config(tmp_path, "edit", EDITOR="false").err
    assert "no editor is named" in config(tmp_path, "edit").err
    ran = config(tmp_path, "edit", EDITOR="'nano")
    assert ran.code == 2 and "is no command" in ran.err and "Traceback" not in ran.err


def test_import(tmp_path: Path, place: Path) -> None:
    """What would be written is shown first; the key stays where it is; comments stay too."""
    env = {"ANTHROPIC_BASE_URL": "https://api.deepseek.com/anthropic", "ANTHROPIC_API_KEY": KEY}
    profile = tmp_path / "work.json"
    profile.write_text(json.dumps(env), encoding="utf-8")
    text(place, "# mine\n[run]\nquiet = true # so\n")
    before = place.read_text(encoding="utf-8")
    shown = config(tmp_path, "import", "cc-use", str(profile), "--dry-run")
    assert "[upstreams.work]" in shown.out and "put its key into WORK_API_KEY" in shown.err
    assert place.read_text(encoding="utf-8") == before
    ran = config(tmp_path, "import", "cc-use", str(profile))
    assert (ran.code, ran.out) == (0, shown.out)
    after = place.read_text(encoding="utf-8")
    assert after.startswith(before.rstrip()) and KEY not in after + ran.out + ran.err
    again = config(tmp_path, "import", "cc-use", str(profile))
    assert (again.code, "has an [upstreams.work]" in again.err) == (1, True)
    used = dsfix("run", "--upstream", "work", "true", home=tmp_path)
    assert "WORK_API_KEY is not set" in used.err
    assert dsfix("run", "--upstream", "work", "true", home=tmp_path, env=environment(tmp_path, WORK_API_KEY=KEY)).code == 0  # fmt: skip


def test_an_import_does_not_drive_the_terminal(tmp_path: Path) -> None:
    """Whatever a profile that came from somebody else calls its models."""
    hostile = "m\x1b[31m\x9b\u202e\nforged"
    env = {"ANTHROPIC_BASE_URL": "https://relay.example/x", "ANTHROPIC_MODEL": hostile}
    profile = tmp_path / "work.json"
    profile.write_text(json.dumps({"label": hostile, "env": env}), encoding="utf-8")
    ran = config(tmp_path, "import", "cc-use", str(profile), "--dry-run")
    assert ran.code == 0 and "are assumed" in ran.err
    assert not set("\x1b\x9b\u202e") & set(ran.out + ran.err)
    assert "\nforged" not in ran.out + ran.err
    assert tomllib.loads(ran.out)["upstreams"]["m-31m-forged"]["main"] == hostile


def test_a_run_takes_all_of_it(tmp_path: Path, place: Path) -> None:
    """Arguments, models and what is kept or left out come from the file; a flag is stronger."""
    fake = tmp_path / "bin/claude"
    fake.parent.mkdir()
    fake.write_text('#!/bin/sh\necho "$@"; echo "$ANTHROPIC_MODEL"\n', encoding="utf-8")
    fake.chmod(0o755)
    text(
        place,
        '[run]\nmodel = "deepseek-v4-flash"\nquiet = true\n[agents.claude]\nargs = ["--mine"]\n',
    )
    import os

    env = environment(tmp_path, PATH=f"{fake.parent}:{os.environ['PATH']}")
    ran = dsfix("run", "claude", "-p", "hi", home=tmp_path, env=env)
    arguments, model = ran.out.splitlines()
    assert arguments.endswith("--mine -p hi")
    assert "deepseek-v4-flash" in model and ran.err == ""
    ran = dsfix("run", "--model", "deepseek-v4-pro", "claude", home=tmp_path, env=env)
    assert "deepseek-v4-pro" in ran.out
    other = dsfix("run", "echo", "x", home=tmp_path, env=env)
    assert other.out == "x\n"


def test_a_flag_undoes_what_the_file_switches_on(tmp_path: Path, place: Path) -> None:
    """A summary is printed, a record left; and http is refused."""
    text(place, "[run]\nquiet = true\nprivate = true\nallow_plain_http = true\ncurrency = 'CNY'\n")
    with Simulator.in_thread() as upstream:
        words = ("--upstream", upstream.url, "--", sys.executable, "-c", ASK)
        silent = dsfix("run", *words, home=tmp_path)
        assert (silent.code, silent.err) == (0, "")
        assert not (tmp_path / ".local/state/dsfix/sessions").exists()
        told = dsfix("run", "--no-quiet", "--no-private", *words, home=tmp_path)
        assert told.code == 0 and "¥" in told.err
        assert (tmp_path / ".local/state/dsfix/sessions").exists()
    plain = ("run", "--upstream", "http://relay.example")
    refused = dsfix(*plain, "--no-allow-plain-http", "true", home=tmp_path)
    assert "is plain http" in refused.err
    assert dsfix(*plain, "true", home=tmp_path).code == 0


def test_the_agent_is_not_told_the_way_to_the_key(tmp_path: Path) -> None:
    """What names it for a run is taken out; --keep-env gives it back."""
    key = tmp_path / "key"
    text(key, KEY)
    key.chmod(0o600)
    env = environment(tmp_path, DEEPSEEK_API_KEY="", DSFIX_KEY_FILE=str(key))
    env |= {"DSFIX_QUIET": "1"}
    assert "DSFIX_KEY" not in dsfix("run", "env", home=tmp_path, env=env).out
    kept = dsfix("run", "--keep-env", "DSFIX_KEY_FILE", "env", home=tmp_path, env=env)
    assert f"DSFIX_KEY_FILE={key}" in kept.out
    env = env | {"DSFIX_KEY_COMMAND": f"cat {key}"}
    assert "DSFIX_KEY" not in dsfix("run", "env", home=tmp_path, env=env).out


def test_a_wrong_table_of_an_upstream_is_told_by_line(tmp_path: Path, place: Path) -> None:
    """When it is used; so is the name of one that there is not."""
    text(place, '[upstream]\nname = "mine"\n\n[upstreams.mine]\nlike = "deepseek"\nmani = "x"\n')
    ran = dsfix("run", "true", home=tmp_path)
    assert (ran.code, f"{place}:6: upstreams.mine: there is no key 'mani'" in ran.err) == (
        125,
        True,
    ), ran.err
    text(place, '[upstream]\nname = "yours"\n')
    ran = dsfix("run", "true", home=tmp_path)
    assert (ran.code, f"{place}:2: unknown upstream 'yours'" in ran.err) == (125, True), ran.err


@pytest.mark.parametrize(
    ("words", "written"),
    [
        (("set", "run.model", "m"), {"run": {"currency": "CNY", "model": "m"}}),
        (("unset", "run.model"), {"run": {"currency": "CNY"}}),
        (("import", "cc-use", "mine.json"), {"run": {"currency": "CNY"}, "upstreams": ["mine"]}),
    ],
    ids=lambda each: each[0] if isinstance(each, tuple) else "",
)
def test_two_who_change_the_file_at_once_lose_nothing(
    words: tuple[str, ...], written: dict[str, object], tmp_path: Path, place: Path
) -> None:
    """What another command is about to write is waited for, and kept."""
    text(place, "")
    profile = {"ANTHROPIC_BASE_URL": "https://api.deepseek.com/anthropic", "ANTHROPIC_MODEL": "m"}
    (tmp_path / "mine.json").write_text(json.dumps(profile))
    line = [sys.executable, "-m", "dsfix", "config", *words]
    with alone(place.parent):
        other = subprocess.Popen(line, env=environment(tmp_path), cwd=tmp_path)
        with pytest.raises(subprocess.TimeoutExpired):
            other.wait(1.5)  # it waits for us
        text(place, '[run]\ncurrency = "CNY"\n')
    assert other.wait(60) == 0
    found = tomllib.loads(place.read_text())
    assert found | {name: list(found[name]) for name in found.keys() & {"upstreams"}} == written
