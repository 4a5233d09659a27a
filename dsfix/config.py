"""What a user may want otherwise: one registry of settings, and the layers they come from.

A setting is known by one name everywhere: `dsfix run --set NAME=VALUE` and the variable
`DSFIX_<NAME>` (upper case, `_` for `-` and `.`); the command line wins over the variable.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from dsfix.errors import UsageError


class Settings(NamedTuple):
    """The value of every setting.

    `small_calls` is in tokens and `memory_age` in days; `retries` is None where the dialect
    decides. What each means is in the registry.
    """

    tool_choice: str = "disable-thinking"
    small_calls: int = 4096
    images: str = "auto"
    retries: int | None = None
    memory_age: int = 90
    placeholder_mode: str = "fallback"
    placeholder_text: str = ""
    placeholder_field: str = "reasoning_content"


class Setting(NamedTuple):
    """One entry of the registry: how it is named, what it takes, and what it does.

    `parse` gives the value of a text, and raises ValueError for one that is none.
    """

    name: str
    takes: str
    meaning: str
    parse: Callable[[str], Any]

    @property
    def member(self) -> str:
        """Its member of Settings."""
        return self.name.replace("-", "_").replace(".", "_")

    @property
    def variable(self) -> str:
        """The variable that sets it."""
        return f"DSFIX_{self.member.upper()}"


def _one_of(*words: str) -> tuple[str, Callable[[str], str]]:
    def parse(text: str) -> str:
        if text not in words:
            raise ValueError
        return text

    return " | ".join(words), parse


def _number(least: int, most: int, unit: str) -> tuple[str, Callable[[str], int]]:
    def parse(text: str) -> int:
        number = int(text) if text.isdecimal() else least - 1
        if not least <= number <= most:
            raise ValueError
        return number

    return f"{least} to {most} {unit}", parse


def _retries(text: str) -> int | None:
    return None if text == "auto" else _number(0, 5, "")[1](text)


def _text(text: str) -> str:
    if not text.isprintable() or len(text) > 200:
        raise ValueError
    return text


def _setting(name: str, kind: tuple[str, Callable[[str], Any]], meaning: str) -> Setting:
    return Setting(name, kind[0], meaning, kind[1])


SETTINGS: tuple[Setting, ...] = (
    _setting(
        "tool-choice",
        _one_of("disable-thinking", "auto"),
        "What gives way where a request forces a tool, which the model cannot do while it thinks:"
        " its thinking, for that request, or the force.",
    ),
    _setting(
        "small-calls",
        _number(0, 393_216, "tokens"),
        "Up to this many tokens of answer, a request that offers no tools does not think: the"
        " reasoning would eat the budget of titles and classifiers. 0 lets all think.",
    ),
    _setting(
        "images",
        _one_of("auto", "keep", "text"),
        "Images are sent where the model sees them, always, or never; a visible note stands for"
        " one that is not sent.",
    ),
    _setting(
        "retries",
        ("auto | 0 to 5", _retries),
        "How often a busy upstream (429, 503) is asked again before the agent is told. `auto`:"
        " where the agent would give up at once (Codex).",
    ),
    _setting(
        "memory-age",
        _number(1, 3650, "days"),
        "How long reasoning is kept that nobody asks for.",
    ),
    _setting(
        "placeholder.mode",
        _one_of("off", "fallback", "always"),
        "Where a short text stands in for reasoning: never, where the real one is not known, or"
        " instead of it as well.",
    ),
    _setting(
        "placeholder.text",
        ("at most 200 printable characters", _text),
        "The words of that text; what tells the turns apart is added. Empty for dsfix's own.",
    ),
    _setting(
        "placeholder.field",
        _one_of("reasoning_content", "reasoning", "both"),
        "Which member of a Chat message holds reasoning upstream; OpenRouter and some relays read"
        " `reasoning`.",
    ),
)


def resolve(given: Sequence[str], environ: Mapping[str, str]) -> Settings:
    """The settings by `NAME=VALUE` words, else by variables, else the defaults.

    Raises UsageError for a name that there is not and a value that it does not take.
    """
    values: dict[str, Any] = {}
    for setting in SETTINGS:
        if (text := environ.get(setting.variable)) is not None:
            values[setting.member] = _value(setting, text, setting.variable)
    for words in given:
        name, equals, text = words.partition("=")
        setting = _named(name) if equals else _unnamed(words)
        values[setting.member] = _value(setting, text, f"--set {name}")
    return Settings(**values)


def _value(setting: Setting, text: str, where: str) -> Any:
    try:
        return setting.parse(text)
    except ValueError:
        raise UsageError(
            f"{where} does not take {text!r}", hint=f"expected {setting.takes}"
        ) from None


def _named(name: str) -> Setting:
    for setting in SETTINGS:
        if setting.name == name:
            return setting
    import difflib  # only on the way to an error

    names = [setting.name for setting in SETTINGS]
    near = difflib.get_close_matches(name, names, 1)
    hint = f"did you mean {near[0]}?" if near else f"expected one of {', '.join(names)}"
    raise UsageError(f"there is no setting {name!r}", hint=hint)


def _unnamed(words: str) -> Setting:
    raise UsageError(f"--set {words!r} sets nothing", hint="example: --set images=text")
