"""What a setting takes: how its value is written in a text, and how in TOML.

A parser raises ValueError for a text that is no value of its kind. A Secret looks like a key: it is
never shown, not even in the error.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from dsfix.redact import Redactor


class Secret(ValueError):
    """The value looks like a key, and has no business in a configuration."""


class Unknown(ValueError):
    """The value names something that there is not; `args` are a message and a hint."""


class Kind(NamedTuple):
    """What a setting takes, in words, and `parse` for a text of it.

    `types` are those that TOML may hold; a list is parsed as the command line of its words.
    """

    takes: str
    parse: Callable[[str], Any]
    types: tuple[type, ...] = (str,)

    def read(self, value: object) -> Any:
        """The value that TOML holds. Raises ValueError for one of another type."""
        if type(value) not in self.types:
            raise ValueError
        if isinstance(value, list):
            import shlex

            words = [word for word in value if isinstance(word, str)]
            if len(words) != len(value):
                raise ValueError
            return self.parse(shlex.join(words))
        return self.parse(str(value).lower() if isinstance(value, bool) else str(value))


def looks_like_key(text: str) -> bool:
    """Whether a text is a key rather than the name of one."""
    if text.startswith("sk-") or Redactor({}).finds(text):
        return True
    long = len(text) >= 24 and re.fullmatch(r"[\w.]+", text) is not None
    return long and text != text.upper() and sum(letter.isdigit() for letter in text) >= 5


def one_of(*words: str) -> Kind:
    """One of these words."""

    def parse(text: str) -> str:
        if text not in words:
            raise ValueError
        return text

    return Kind(" | ".join(words), parse)


def number(least: int, most: int, unit: str) -> Kind:
    """A whole number between these."""

    def parse(text: str) -> int:
        value = int(text) if text.isdecimal() else least - 1
        if not least <= value <= most:
            raise ValueError
        return value

    return Kind(f"{least} to {most} {unit}", parse, (int,))


def _amount(text: str) -> str:
    """An amount as it is written; nothing for 0. `record.limits.money` reads it."""
    bare = text.strip().upper()
    if not re.fullmatch(r"(\d+(\.\d+)?|\.\d+)? *(USD|CNY)?", bare, re.ASCII):
        raise ValueError
    return bare if re.search(r"[1-9]", bare) else ""


def _minutes(text: str) -> float:
    if not re.fullmatch(r"\d{1,9}(\.\d{0,9})?", text, re.ASCII):
        raise ValueError
    return float(text)


def _retries(text: str) -> int | None:
    return None if text == "auto" else number(0, 5, "").parse(text)


def _text(text: str) -> str:
    if not text.isprintable() or len(text) > 200:
        raise ValueError
    return text


def _switch(text: str) -> bool:
    if text.lower() in ("1", "true", "yes", "on"):
        return True
    if text.lower() not in ("0", "false", "no", "off", ""):
        raise ValueError
    return False


def _model(text: str) -> str:
    if not text.isprintable() or " " in text or len(text) > 200:
        raise ValueError
    return text


def _words(text: str) -> tuple[str, ...]:
    import shlex

    if "\0" in text:  # no program can be given one
        raise ValueError
    return tuple(shlex.split(text))


def _names(text: str) -> tuple[str, ...]:
    names = _words(text.replace(",", " "))
    if not all(re.fullmatch(r"[\w.-]+", name) for name in names):
        raise ValueError
    return names


def _repairs(text: str) -> tuple[str, ...]:
    from dsfix.repairs import NAMES as known  # all repairs, so only where one is named

    names = _names(text)
    for name in names:
        if name not in known:
            raise Unknown(f"unknown repair {name!r}", f"expected one of {', '.join(known)}")
    return names


def _upstream(text: str) -> str:
    if "://" in text or not re.fullmatch(r"[\w.-]+", text):
        raise ValueError
    return text


def _url(text: str) -> str:
    if "@" in text or Redactor({}).finds(text):
        raise Secret
    if not re.match(r"https?://[^/?#\s][^?#]*$", text) or not text.isprintable() or " " in text:
        raise ValueError
    return text


def _variable(text: str) -> str:
    if looks_like_key(text):
        raise Secret
    if not re.fullmatch(r"[A-Za-z_]\w*", text, re.ASCII):
        raise ValueError
    return text


def _command(text: str) -> tuple[str, ...]:
    words = _words(text)
    if any(looks_like_key(word) for word in words):
        raise Secret
    if not words or ("/" in words[0] and not words[0].startswith(("/", "~/"))):
        raise ValueError
    return words


def _file(text: str) -> str:
    if "/" not in text and looks_like_key(text):
        raise Secret
    if not text.startswith(("/", "~/")) or not text.isprintable():
        raise ValueError
    return text


AMOUNT = Kind("2.50, 2.50USD or 18CNY; 0 for no limit", _amount, (str, int, float))
MINUTES = Kind("minutes, 0 for no limit", _minutes, (int, float))
RETRIES = Kind("auto | 0 to 5", _retries, (str, int))
TEXT = Kind("at most 200 printable characters", _text)
SWITCH = Kind("true | false", _switch, (bool,))
MODEL = Kind("the name of a model", _model)
NAMES = Kind("a list of names", _names, (list,))
REPAIRS = Kind("names of repairs; dsfix repairs lists them", _repairs, (list,))
WORDS = Kind("a list of arguments", _words, (list,))
UPSTREAM = Kind("the name of an upstream", _upstream)
URL = Kind("http:// or https:// with host and path, without user or query", _url)
VARIABLE = Kind("the name of a variable", _variable)
COMMAND = Kind("a program on PATH or by its absolute path, with arguments", _command, (list,))
FILE = Kind("an absolute path, or one that begins with ~/", _file)
