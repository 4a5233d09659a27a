"""The settings: their names, what they take, and what they do.

One setting has one name everywhere: `TABLE.NAME` in `config.toml` and for `dsfix config set`, and
the variable `DSFIX_<TABLE>_<NAME>`, less the table where that is `run`, `settings` or `upstream`.
Those in `[settings]` can be given to `dsfix run` as `--set NAME=VALUE`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from dsfix.config import kinds
from dsfix.config.kinds import Kind


class Settings(NamedTuple):
    """The value of every setting in `[settings]`.

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
    """One entry of the registry; `flag` is the option of `dsfix run` that says the same."""

    table: str
    name: str
    kind: Kind
    meaning: str
    flag: str = ""

    @property
    def takes(self) -> str:
        """Its values, in words."""
        return self.kind.takes

    @property
    def path(self) -> str:
        """Its name in `config.toml`."""
        return f"{self.table}.{self.name.replace('-', '_')}"

    @property
    def member(self) -> str:
        """Its member of Config, or of Settings."""
        if self.table == "upstream" and self.name in ("name", "url"):
            return "upstream"
        own = self.name.replace("-", "_").replace(".", "_")
        return own if self.table in ("run", "settings", "upstream") else f"{self.table}_{own}"

    @property
    def variable(self) -> str:
        """The variable that sets it."""
        return f"DSFIX_{self.member.upper()}"

    def written(self, value: Any) -> Any:
        """A value as TOML holds it."""
        if value is None:
            return "auto"
        return list(value) if isinstance(value, tuple) else value


_COUNT = kinds.number(0, 10**12, "(0 for no limit)")
_RUN: tuple[Setting, ...] = (
    Setting(
        "upstream",
        "name",
        kinds.UPSTREAM,
        "Where to forward to, by name.",
        "--upstream",
    ),
    Setting(
        "upstream",
        "url",
        kinds.URL,
        "Where to forward to, by URL; in place of `name`.",
        "--upstream",
    ),
    Setting(
        "upstream",
        "key-env",
        kinds.VARIABLE,
        "Variable that holds the API key; empty for the upstream's own.",
        "--key-env",
    ),
    Setting(
        "upstream",
        "key-command",
        kinds.COMMAND,
        "Program that prints the API key, where no variable holds it. It is run in / and without"
        " a shell; the first line of its output counts.",
    ),
    Setting(
        "upstream",
        "key-file",
        kinds.FILE,
        "File that holds the API key, where neither variable nor program has it. Nobody but its"
        " owner may read it.",
    ),
    Setting("run", "model", kinds.MODEL, "Model for the agent's main work.", "--model"),
    Setting(
        "run",
        "small-model",
        kinds.MODEL,
        "Model for titles and sub-agents.",
        "--small-model",
    ),
    Setting(
        "run",
        "thinking",
        kinds.one_of("on", "off", "agent"),
        "Let the model think: always, never, as the agent says.",
        "--thinking",
    ),
    Setting(
        "run",
        "log-bodies",
        kinds.SWITCH,
        "Keep what was said in the session record, secrets taken out.",
        "--log-bodies",
    ),
    Setting("run", "private", kinds.SWITCH, "Keep record and memory in RAM only.", "--private"),
    Setting("run", "keep-env", kinds.NAMES, "Variables that are left to the agent.", "--keep-env"),
    Setting(
        "run",
        "allow-plain-http",
        kinds.SWITCH,
        "Accept http:// beyond this machine.",
        "--allow-plain-http",
    ),
    Setting("run", "quiet", kinds.SWITCH, "Print no summary.", "--quiet"),
    Setting(
        "run",
        "currency",
        kinds.one_of("auto", "USD", "CNY"),
        "Which price list the summary and every command that tells a cost go by where a vendor has"
        " several; nothing is converted. `auto`: dollars. A limit of cost has its own currency.",
    ),
    Setting(
        "budget",
        "cost",
        kinds.AMOUNT,
        "Refuse requests beyond this amount; empty for no limit.",
        "--max-cost",
    ),
    Setting(
        "budget",
        "tokens",
        _COUNT,
        "Refuse requests beyond so many tokens, in and out.",
        "--max-tokens",
    ),
    Setting("budget", "requests", _COUNT, "Refuse requests beyond so many.", "--max-requests"),
    Setting(
        "budget",
        "minutes",
        kinds.MINUTES,
        "Refuse requests after so many minutes.",
        "--max-minutes",
    ),
    Setting("repairs", "disable", kinds.REPAIRS, "Repairs that are left out.", "--no-repair"),
)

SETTINGS: tuple[Setting, ...] = (
    Setting(
        "settings",
        "tool-choice",
        kinds.one_of("disable-thinking", "auto"),
        "What gives way where a request forces a tool, which the model cannot do while it thinks:"
        " its thinking, for that request, or the force.",
    ),
    Setting(
        "settings",
        "small-calls",
        kinds.number(0, 393_216, "tokens"),
        "Up to this many tokens of answer, a request that offers no tools does not think: the"
        " reasoning would eat the budget of titles and classifiers. It is four times that where"
        " Messages says nothing of thinking and nothing is streamed. 0 lets all think.",
    ),
    Setting(
        "settings",
        "images",
        kinds.one_of("auto", "keep", "text"),
        "Images are sent where the model sees them, always, or never; a visible note stands for"
        " one that is not sent.",
    ),
    Setting(
        "settings",
        "retries",
        kinds.RETRIES,
        "How often a busy upstream (429, 503) is asked again before the agent is told. `auto`:"
        " where the agent would give up at once (Codex).",
    ),
    Setting(
        "settings",
        "memory-age",
        kinds.number(1, 3650, "days"),
        "How long reasoning is kept that nobody asks for.",
    ),
    Setting(
        "settings",
        "placeholder.mode",
        kinds.one_of("off", "fallback", "always"),
        "Where a short text stands in for reasoning: never, where the real one is not known, or"
        " instead of it as well.",
    ),
    Setting(
        "settings",
        "placeholder.text",
        kinds.TEXT,
        "The words of that text; what tells the turns apart is added. Empty for dsfix's own.",
    ),
    Setting(
        "settings",
        "placeholder.field",
        kinds.one_of("reasoning_content", "reasoning", "both"),
        "Which member of a Chat message holds reasoning upstream; OpenRouter and some relays read"
        " `reasoning`.",
    ),
)

REGISTRY: tuple[Setting, ...] = (*_RUN, *SETTINGS)

# What `[agents.NAME]` may hold: for that agent these stand above `[run]`.
AGENT_SETTINGS: tuple[Setting, ...] = (
    Setting("agents", "args", kinds.WORDS, "Arguments before the agent's own."),
    *(each for each in _RUN if each.name in ("model", "small-model", "thinking")),
)
