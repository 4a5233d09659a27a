"""The one funnel for secrets: all that touches a disk or a screen goes through a Redactor.

Exact values first (the real key, the session's token, the environment's secrets), then patterns
that are specific enough not to hit ordinary text (entireio/cli#471 over-redacted). A hit becomes
`[REDACTED:kind]`; nothing of the secret is kept, not even its ends.

A pattern runs only where its anchor stands in the text, so most are never compiled. Each begins
with literal characters and cannot start inside a word: a long word of base64 is read once, not
once from each of its characters. 100 KB of source code take 1.2 ms (CPython 3.11, 2026-11-21).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import quote, unquote, urlsplit


class _Kind(NamedTuple):
    """A kind of secret: what stands in every text that holds one, and where it is.

    Where the pattern has a group, only the group is the secret.
    """

    name: str
    anchor: str
    pattern: str


# What follows a header's name: quotes and a colon, then a word; a key's has a digit in it.
_SAYS = r"(?:\\?[\"'])?[:=] {0,4}(?:\\?[\"'])?"
_HOLDS = _SAYS.replace("[:=]", "[:=]?")  # where the name alone leaves no doubt
_WORD = r"((?=[A-Za-z_.~+/-]*\d)[\w.~+/-]{20,}=*)"

# Each prefix is followed by "not in the middle of a word": `risk-`, `shelf_` are no prefixes.
_KINDS: tuple[_Kind, ...] = (
    # DeepSeek, Moonshot, Anthropic (sk-ant-), OpenAI (sk-proj-), OpenRouter (sk-or-v1-), MiniMax
    _Kind(
        "api-key",
        "sk-",
        r"sk-(?<![\w-]sk-)(?:(?:ant|proj|svcacct)-[\w-]{20,}"
        r"|(?:[A-Za-z0-9]{1,12}-){0,3}(?=[A-Za-z_]*\d)\w{24,})",
    ),
    # Groq (52 characters), xAI (80), NVIDIA (64), Perplexity (48)
    _Kind("api-key", "gsk_", r"gsk_(?<!\wgsk_)[A-Za-z0-9]{40,}(?!\w)"),
    _Kind("api-key", "xai-", r"xai-(?<![\w-]xai-)\w{60,}"),
    _Kind("api-key", "nvapi-", r"nvapi-(?<![\w-]nvapi-)[\w-]{50,}"),
    _Kind("api-key", "pplx-", r"pplx-(?<![\w-]pplx-)[A-Za-z0-9]{40,}(?!\w)"),
    _Kind("github-token", "gh", r"gh[pousr]_(?<!\wgh[pousr]_)[A-Za-z0-9]{36,}"),
    _Kind("github-token", "github_pat_", r"github_pat_(?<!\wgithub_pat_)\w{40,}"),
    _Kind("gitlab-token", "glpat-", r"glpat-(?<![\w-]glpat-)[\w-]{20,}"),
    _Kind("slack-token", "xox", r"xox[abprs]-(?<![\w-]xox[abprs]-)(?=[A-Za-z-]*\d)[\w-]{20,}"),
    _Kind("aws-key", "IA", r"IA(?<=A[KS]IA)(?<![\w/+].{4})[A-Z0-9]{16}(?![\w/+=])"),
    _Kind("google-key", "AIza", r"AIza(?<![\w/+-]AIza)[\w-]{35}(?![\w/+=-])"),
    _Kind("npm-token", "npm_", r"npm_(?<!\wnpm_)[A-Za-z0-9]{36}(?!\w)"),
    _Kind("pypi-token", "pypi-", r"pypi-(?<![\w-]pypi-)[\w-]{50,}"),
    _Kind("huggingface-token", "hf_", r"hf_(?<!\whf_)[A-Za-z0-9]{30,}(?!\w)"),
    _Kind("stripe-key", "k_live_", r"k_live_(?<=[rs]k_live_)(?<!\w.{8})[A-Za-z0-9]{20,}"),
    _Kind("jwt", "eyJ", r"eyJ(?<![\w.-]eyJ)[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"),
    # A key follows at once; a header that is only spoken of is ordinary text.
    _Kind(
        "private-key",
        "PRIVATE KEY",
        r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----"
        r"(?=.{0,160}?[A-Za-z0-9+/]{40}).*?(?:-----END [A-Z0-9 ]{0,30}PRIVATE KEY[A-Z ]*-----|\Z)",
    ),
    _Kind("bearer", "earer ", r"earer (?<=[Bb]earer ) {0,4}(?:\\?[\"'])?" + _WORD),
    _Kind("bearer", "-key", rf"-key(?<=api-key)(?:{_SAYS}|(?<=x-api-key){_HOLDS})" + _WORD),
    _Kind(
        "bearer",
        "-Key",
        rf"-Key(?<=[Aa][Pp][Ii]-Key)(?:{_SAYS}|(?<=-[Aa][Pp][Ii]-Key){_HOLDS})" + _WORD,
    ),
    _Kind(
        "basic",
        "uthorization",
        rf"uthorization(?<=[Aa]uthorization){_SAYS}[Bb]asic "
        r"((?=[a-z]*[A-Z\d+/=])[\w+/]{8,}=*)",
    ),
    _Kind("url-password", "://", r"://[^\s/:@\"'<>]{0,64}:([^\s/:@\"'<>$({]{3,128})@(?=[\w\[])"),
)
# MYSQL_PWD, SSHPASS and REDISCLI_AUTH are names that programs read; a PWD alone is a place.
_NAMES = re.compile(
    r"(?:KEYS?|TOKEN|SECRETS?|PASSWORDS?|PASSWD|PASSPHRASE|CREDENTIALS?|COOKIES?)(?:$|_)"
    r"|(?:_PASS|SSHPASS|(?:MYSQL|DB)_PWD|_PAT|_AUTH|AUTHORIZATION|_HEADERS|_DSN|CONNECTION_STRING)$"
)
# What such a variable names is a place or a public id, not the secret.
_NOT_SECRET = re.compile(r"_(?:FILE|PATH|DIR|ID|NAME|URL|TYPE)$|^GPG_KEY$|^GOOGLE_APPLICATION_")
_PLAIN = re.compile(r"[\w.~-]+", re.ASCII)  # what JSON, URLs and pages leave as it is
_OPTION = re.compile(r"--?(?:[\w-]*[-_])?(?:key|token|secret|password|passwd)", re.IGNORECASE)
# Shorter values are words, and would be found everywhere.
SHORTEST = 12
# So much of its beginning tells nothing: it is the vendor's prefix and a little more.
_BEGUN = 8
# No secret of any kind is shorter, with what makes it known.
_TEXT = 10


class _Known(NamedTuple):
    """A known value: a part of it that all its forms have, those, and what is shown for them."""

    part: str
    forms: tuple[str, ...]
    shown: str


class Redactor:
    """Takes secrets out of texts. Immutable; safe to use from any thread."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        """`secrets` maps a value to the kind that is shown in its place."""
        known = {value: kind for value, kind in secrets.items() if len(value) >= SHORTEST}
        # the longest first: one value may be a part of another
        self._exact = tuple(
            _Known(_unspelled(value), _spellings(value), f"[REDACTED:{known[value]}]")
            for value in sorted(known, key=len, reverse=True)
        )
        self.longest = max((len(form) for each in self._exact for form in each.forms), default=0)

    @classmethod
    def of(cls, environ: Mapping[str, str], known: Iterable[tuple[str, str]]) -> Redactor:
        """A redactor for these (value, kind) pairs, what the environment's names call secret, and
        the passwords in its URLs.
        """
        inside = {_password(value): name for name, value in environ.items()}
        named = {
            value.strip(): name
            for name, value in environ.items()
            if _NAMES.search(name.upper()) and not _NOT_SECRET.search(name.upper())
        }
        return cls({**inside, **named, **{value: kind for value, kind in known if value}})

    def text(self, text: str) -> str:
        """The text with every secret replaced; the same object when there is none."""
        if len(text) < _TEXT:
            return text
        text = self.known(text)
        for kind in _KINDS:
            if kind.anchor in text:
                text = _compiled(kind.pattern).sub(_Shown(kind.name), text)
        return text

    def known(self, text: str) -> str:
        """The text with the known values replaced; no form of a secret is looked for."""
        for part, forms, shown in self._exact:
            if part in text:
                for form in forms:
                    text = text.replace(form, shown)
        return text

    def known_and_begun(self, text: str) -> str:
        """Likewise of a text that may be cut: it may end within a known value."""
        text = self.known(text)
        for _, forms, shown in self._exact:
            for form in forms:
                for size in range(len(form) - 1, _BEGUN - 1, -1):
                    if text.endswith(form[:size]):
                        return text[:-size] + shown
        return text

    def finds(self, text: str) -> bool:
        """Whether the text holds a secret."""
        return self.text(text) is not text

    def value(self, value: Any) -> Any:
        """A decoded JSON value with every string in it redacted, keys included."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        if isinstance(value, dict):
            return {self.text(str(key)): self.value(item) for key, item in value.items()}
        return value

    def argv(self, words: Sequence[str]) -> list[str]:
        """A command line with every secret replaced, and what follows `--api-key` and the like."""
        shown: list[str] = []
        hidden = False
        for word in words:
            name, equals, value = word.partition("=")
            if hidden:
                shown.append("[REDACTED:argument]")
            elif equals and value and _OPTION.fullmatch(name):
                shown.append(f"{name}=[REDACTED:argument]")
            else:
                shown.append(self.text(word))
            hidden = not hidden and _OPTION.fullmatch(word) is not None
        return shown


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Compiled when first needed: all of them take 5 ms, and most sessions need one."""
    return re.compile(pattern, re.DOTALL | re.ASCII)


class _Shown:
    """What a match becomes: the mark in place of the secret, with what surrounds it."""

    def __init__(self, kind: str) -> None:
        self._mark = f"[REDACTED:{kind}]"

    def __call__(self, match: re.Match[str]) -> str:
        if not match.re.groups:
            return self._mark
        start = match.start(1) - match.start()
        end = match.end(1) - match.start()
        whole = match[0]
        return f"{whole[:start]}{self._mark}{whole[end:]}"


def _password(value: str) -> str:
    """The password in a URL, as it is typed elsewhere; empty where there is none."""
    if "://" not in value or "@" not in value:
        return ""
    try:
        return unquote(urlsplit(value.strip()).password or "")
    except ValueError:  # looks like a URL and is none
        return ""


def _unspelled(value: str) -> str:
    """The longest part of a value that is the same in all its forms."""
    return max(_PLAIN.findall(value), key=len, default="")


def _spellings(value: str) -> tuple[str, ...]:
    """A value as it stands and as it is written in JSON, JSON in JSON, a URL, a page; the longest
    first. Languages differ in what they leave as it is.
    """
    if _PLAIN.fullmatch(value):
        return (value,)
    forms = {value, value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")}
    for plain in (True, False):
        once = json.dumps(value, ensure_ascii=plain)[1:-1]
        forms |= {once, json.dumps(once, ensure_ascii=plain)[1:-1], once.replace("/", "\\/")}  # PHP
        forms.add(re.sub("[<>&]", lambda found: f"\\u{ord(found[0]):04x}", once))  # Go
        quotes = once.replace('\\"', '"')
        forms.add(re.sub("[<>&+'\"]", lambda found: f"\\u{ord(found[0]):04X}", quotes))  # .NET
    for safe in ("", "/", "!'()*"):  # RFC 3986, Python, JavaScript
        url = quote(value, safe, errors="surrogateescape")
        lower = re.sub("%..", lambda found: found[0].lower(), url)
        forms |= {url, lower, url.replace("%20", "+"), lower.replace("%20", "+")}
    return tuple(sorted(forms, key=len, reverse=True))
