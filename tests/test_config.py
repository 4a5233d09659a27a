"""Settings: from the command line, from variables, and what is said of a wrong one."""

from __future__ import annotations

import pytest

from dsfix.config import SETTINGS, Settings, load
from dsfix.errors import UsageError
from dsfix.repairs.base import Rules, Stand


def test_the_defaults() -> None:
    """Without a word of the user's the registry's defaults hold, and they are the repairs' own."""
    found = load({}).settings
    assert found == Settings()
    rules = Rules("main", "small", lambda name: None)
    assert (found.tool_choice, found.small_calls, found.images) == (
        rules.tool_choice,
        rules.small_calls,
        rules.images,
    )
    assert rules.placeholder == Stand(
        found.placeholder_mode, found.placeholder_text, found.placeholder_field
    )


def test_every_setting_has_its_member() -> None:
    """The registry and the value of all settings name the same things."""
    assert [setting.member for setting in SETTINGS] == list(Settings._fields)


def test_the_command_line_wins() -> None:
    """A word on the command line beats the variable, the last word beats those before."""
    environ = {"DSFIX_IMAGES": "text", "DSFIX_PLACEHOLDER_MODE": "off"}
    assert load(environ).settings.images == "text"
    found = load(environ, words=("images=keep", "small-calls=0", "small-calls=12")).settings
    assert (found.images, found.small_calls, found.placeholder_mode) == ("keep", 12, "off")


@pytest.mark.parametrize(("text", "value"), [("auto", None), ("0", 0), ("5", 5)])
def test_retries(text: str, value: int | None) -> None:
    """A number, or what each dialect's agents need."""
    assert load({}, words=(f"retries={text}",)).settings.retries == value


@pytest.mark.parametrize(
    ("words", "said", "hint"),
    [
        ("imagse=text", "no setting 'imagse'", "images"),
        ("nothing-like-it=1", "no setting", "placeholder.mode"),
        ("images", "sets nothing", "--set images=text"),
        ("images=blue", "'blue'", "auto | keep | text"),
        ("small-calls=-1", "'-1'", "0 to 393216"),
        ("memory-age=0", "'0'", "1 to 3650 days"),
        ("retries=9", "'9'", "0 to 5"),
        ("placeholder.text=a\nb", "placeholder.text", "printable"),
    ],
)
def test_a_wrong_word(words: str, said: str, hint: str) -> None:
    """One line says what is wrong, and another what was expected."""
    with pytest.raises(UsageError) as caught:
        load({}, words=(words,))
    assert said in caught.value.message
    assert hint in (caught.value.hint or "")


def test_a_wrong_variable() -> None:
    """A variable that holds nonsense is named."""
    with pytest.raises(UsageError, match="DSFIX_RETRIES does not take 'often'"):
        load({"DSFIX_RETRIES": "often"})
