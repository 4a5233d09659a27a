"""`config.toml`: what is understood, and what is said of the rest, by line."""

from __future__ import annotations

from pathlib import Path

import pytest

from dsfix.config import load, user_file
from dsfix.config.file import line_of, understood
from dsfix.errors import DsfixError
from dsfix.paths import config_file
from tests.support.commands import dsfix, environment

KEY = "sk-" + "0123456789abcdef" * 2
WHOLE = f"""# everything
[upstream]
name = "mine"
key_env = "MINE"
key_command = ["pass", "show", "a b"]
key_file = "~/key"

[run]
small-model = "small"
keep_env = ["A", "B"]

[repairs]
disable = ["dsml"]

[settings]
images = "text"
placeholder.mode = "off"

[agents.claude]
args = ["--verbose"]
model = "big"

[upstreams.mine]
like = "deepseek"
main = "{"deepseek-v4-flash"}"
"""


def test_the_whole_file() -> None:
    """Every table, with the line of each value; `-` and `_` are the same in a name."""
    file = understood(WHOLE, "c.toml")
    assert {name: each.source for name, each in file.layer.items()} == {
        "upstream": "c.toml:3",
        "key_env": "c.toml:4",
        "key_command": "c.toml:5",
        "key_file": "c.toml:6",
        "small_model": "c.toml:9",
        "keep_env": "c.toml:10",
        "repairs_disable": "c.toml:13",
        "images": "c.toml:16",
        "placeholder_mode": "c.toml:17",
    }
    assert file.layer["key_command"].value == ("pass", "show", "a b")
    assert file.agents["claude"]["agents_args"].value == ("--verbose",)
    assert file.agents["claude"]["model"].source == "c.toml:21"
    assert file.upstreams["mine"]["like"] == "deepseek"
    assert file.places == {"upstreams.mine": "c.toml:23"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[run]\nmodle = 'x'", "c.toml:2: there is no setting run.modle|did you mean run.model?"),
        ("images = 'text'", "c.toml:1: there is no setting images|did you mean settings.images?"),
        ("[settings]\n\nimages = 'blue'", "c.toml:3: settings.images does not take 'blue'|auto | keep | text"),
        ("[settings]\nimages = 3", "c.toml:2: settings.images does not take 3"),
        ("[settings]\nsmall_calls = '12'", "settings.small_calls does not take '12'|0 to 393216"),
        ("[settings.placeholder]\nmode = 'x'", "c.toml:2: settings.placeholder.mode does not"),
        ("[run]\nprivate = 1", "c.toml:2: run.private does not take 1|true | false"),
        ("[run]\nmodel = ['x']", "c.toml:2: run.model does not take ['x']"),
        ("[run]\nkeep_env = 'A'", "run.keep_env does not take 'A'"),
        ("[run]\nkeep_env = ['A', 2]", "run.keep_env does not take ['A', 2]"),
        ("[run]\nsmall-model = 'a'\nsmall_model = 'b'", "run.small_model is set a second time"),
        ("[upstream]\nname = 'deepseek'\nurl = 'https://x'", "upstream.url is set a second time: upstream.name"),
        ("[repairs]\ndisable = ['dmsl']", "c.toml:2: repairs.disable: unknown repair 'dmsl'"),
        ("[agents.cluade]\nargs = []", "c.toml:1: no agent 'cluade' is known|did you mean claude?"),
        ("[agents.claude]\nmodle = 'x'", "c.toml:2: there is no setting agents.claude.modle|agents.claude.model"),
        ("[agents]\nclaude = 1", "c.toml:2: agents holds one table"),
        ("upstreams = []", "c.toml:1: upstreams holds one table"),
        ("[nonsense]", "c.toml:1: there is no setting nonsense"),
        ("[run.model]", "c.toml:1: run.model does not take {}"),
        ("[run]\nmodel = \n", "c.toml:2: Invalid value"),
        ("[run", "c.toml:1: "),
        ("x = '''", "c.toml:1: "),
        (f"x = {'9' * 5000}", "c.toml has a number that is too long"),
        ('[upstream]\nkey_command = ["a\\u0000b"]', "c.toml:2: upstream.key_command does not take this value"),
        ('[agents.pi]\nargs = ["a\\u0000b"]', "c.toml:2: agents.pi.args does not take"),
        ("[upstream]\nurl = 'https://x/v1?a=b'", "c.toml:2: upstream.url does not take this value|without user or query"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_by_line(text: str, says: str) -> None:
    """With the name, what it said, and what was expected or meant."""
    with pytest.raises(DsfixError) as caught:
        understood(text, "c.toml")
    for part in says.split("|", 1):
        assert part in f"{caught.value.message}  {caught.value.hint}"


@pytest.mark.parametrize(
    "line",
    [
        f"key_env = '{KEY}'",
        f"key_env = '{'0123456789abcdef' * 2}a'",
        f"key_file = '{KEY}'",
        f"key_command = ['echo', '{KEY}']",
        f"key = '{KEY}'",
        f"api_key = '{KEY}'",
        f"token = '{KEY}'",
        f"url = 'https://user:{KEY}@relay.example'",
    ],
)
def test_a_key_has_no_place_in_the_file(line: str) -> None:
    """The error says so and does not show it."""
    with pytest.raises(DsfixError) as caught:
        understood(f"[upstream]\n{line}\n", "c.toml")
    assert "looks like a key" in caught.value.message
    assert caught.value.message.startswith("c.toml:2: upstream.")
    assert "0123456789abcdef" not in f"{caught.value.message} {caught.value.hint}"


def test_a_key_in_the_place_of_a_name_is_not_shown() -> None:
    """A line that was pasted in the wrong place is told by its number alone."""
    with pytest.raises(
        DsfixError, match=r"^c\.toml:2: a name holds what looks like a key"
    ) as caught:
        understood(f"[upstream]\n{KEY} = 1\n", "c.toml")
    assert "0123456789abcdef" not in f"{caught.value.message} {caught.value.hint}"


def test_names_of_keys_are_no_keys() -> None:
    """What a program is asked for may be long and have digits."""
    words = (
        '["op", "read", "op://vault/deepseek-api-key/2026-11-21", "deepseek-api-key-2026-11-21"]'
    )
    file = understood(
        f"[upstream]\nkey_env = 'MY_DEEPSEEK_API_KEY_2026_11'\nkey_command = {words}", "f"
    )
    assert len(file.layer["key_command"].value) == 4


def test_lines_are_found_by_their_text() -> None:
    """In tables, inside dotted names and quotes, and 1 where nothing is found."""
    text = "[ settings ]\n'images' = 1\nplaceholder . mode = 2\n[settings.placeholder]\ntext = 3\n"
    assert line_of(text, "settings.images") == 2
    assert line_of(text, "settings.placeholder.mode") == 3
    assert line_of(text, "settings.placeholder.text") == 5
    assert line_of(text, "run.model") == 1


def test_a_missing_file_says_nothing_unless_it_was_named(tmp_path: Path) -> None:
    """`DSFIX_CONFIG` names a file that must be there."""
    assert user_file({"HOME": str(tmp_path)}).layer == {}
    with pytest.raises(DsfixError, match=r"there is no .*gone\.toml"):
        user_file({"DSFIX_CONFIG": str(tmp_path / "gone.toml")})


def test_where_the_file_is(tmp_path: Path) -> None:
    """`DSFIX_CONFIG`, else the XDG rules, which ignore a relative path."""
    home = {"HOME": "/home/me"}
    assert config_file(home) == Path("/home/me/.config/dsfix/config.toml")
    assert config_file({**home, "XDG_CONFIG_HOME": "/x"}) == Path("/x/dsfix/config.toml")
    assert config_file({**home, "XDG_CONFIG_HOME": "x"}) == config_file(home)
    assert config_file({**home, "DSFIX_CONFIG": "/a/b"}) == Path("/a/b")


def test_what_platformdirs_says_is_what_we_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """The short way on Linux and the library agree, with and without variables."""
    import os
    import sys

    from platformdirs import PlatformDirs

    from dsfix.paths import state_dir

    if sys.platform != "linux":
        pytest.skip("the library is asked")
    monkeypatch.delenv("DSFIX_STATE_DIR")
    for config, state in (("", ""), ("/c", "/s"), ("c", "s"), (" /c ", "/s/")):
        monkeypatch.setenv("XDG_CONFIG_HOME", config)
        monkeypatch.setenv("XDG_STATE_HOME", state)
        dirs = PlatformDirs("dsfix", appauthor=False)
        assert config_file(os.environ).parent == Path(dirs.user_config_dir)
        assert state_dir(os.environ) == Path(dirs.user_state_dir)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    """A byte order mark is skipped; what is not UTF-8 is an error, and so is a folder."""
    path = tmp_path / "c.toml"
    path.write_bytes(b"\xef\xbb\xbf[run]\nmodel = 'x'\n")
    assert load({"DSFIX_CONFIG": str(path)}).model == "x"
    path.write_bytes(b"[run]\nmodel = '\xff'\n")
    with pytest.raises(DsfixError, match="is not UTF-8"):
        load({"DSFIX_CONFIG": str(path)})
    with pytest.raises(DsfixError, match="cannot be read"):
        load({"DSFIX_CONFIG": str(tmp_path)})


@pytest.mark.parametrize("words", [("run", "touch", "started"), ("config", "show"), ("doctor",)])
def test_a_broken_file_is_never_ignored(tmp_path: Path, words: tuple[str, ...]) -> None:
    """One line with the place; `run` exits with 125 and starts nothing."""
    place = tmp_path / ".config/dsfix/config.toml"
    place.parent.mkdir(parents=True)
    place.write_text("[run]\nmodel = \n", encoding="utf-8")
    ran = dsfix(*words, home=tmp_path)
    assert ran.code == (125 if words[0] == "run" else 1)
    assert ran.err.startswith(f"dsfix: error: {place}:2: Invalid value")
    assert not Path("started").exists() and not (tmp_path / "started").exists()


def test_a_projects_files_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies in the working directory names neither upstream nor key, nor anything else."""
    project = tmp_path / "project"
    (project / ".config/dsfix").mkdir(parents=True)
    for name in (".dsfix.toml", "dsfix.toml", "config.toml", ".config/dsfix/config.toml"):
        (project / name).write_text(
            '[upstream]\nurl = "http://127.0.0.1:9"\nkey_command = ["sh", "-c", "touch read"]\n',
            encoding="utf-8",
        )
    home = tmp_path / "me"
    home.mkdir()
    monkeypatch.chdir(project)
    env = {**environment(home), "DEEPSEEK_API_KEY": "", "XDG_CONFIG_HOME": "."}
    ran = dsfix("run", "true", home=home, env=env)
    assert (ran.code, "DEEPSEEK_API_KEY is not set" in ran.err) == (125, True)
    shown = dsfix("config", "show", home=home, env=env)
    assert "127.0.0.1" not in shown.out and shown.code == 0
    assert not (project / "read").exists()
