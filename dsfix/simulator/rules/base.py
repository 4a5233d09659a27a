"""What a rule is: a request as the server sees it, the policy in force, and a refusal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from dsfix.simulator.rules.ledger import Ledger
from dsfix.simulator.rules.wire import Dialect, Turn, turns

BOTH: tuple[Dialect, ...] = ("messages", "chat")
EVERY: tuple[Dialect, ...] = (*BOTH, "responses")

MODELS = ("deepseek-flash", "deepseek-v4-pro")
ALIASES: Mapping[str, str] = {
    "deepseek-v4-flash": "deepseek-flash",
    "deepseek-v4-flash-vision-exp": "deepseek-flash",
}


@dataclass(frozen=True, slots=True)
class Policy:
    """Which of the observed server behaviours is in force.

    `keys`: accepted API keys; empty accepts any. `pass_back`: `lenient` checks nothing,
    `strict` every tool turn, `strict-all` every assistant turn once the history holds a tool
    call or the request has tools. `reject_blank`: whitespace counts as missing. `restore`: an
    omission passes when this server minted all ids of the turn, for this key, as one group.
    `verify`: reasoning of a turn that this server produced must be the text it sent. `flaky`:
    one good request with replayed tools is refused once; the same bytes pass when sent again.
    `redacted`: `redacted_thinking` is dropped or refused. `unknown_blocks`: the same for block
    types that are not supported. `system_role`: a `system` message on Messages is accepted.
    `check_user_id`: the pattern of the user id is enforced. `context`: the token limit.
    `balance`: the account has money. `count_tokens`: the undocumented counting route exists.
    `split_calls`: on Responses, calls of one answer that are not one group any more are refused,
    refused on flash only, or accepted. `images`: they are supported, dropped, or refused.
    `wording`: the texts of V3.2 name the message that lacks its reasoning.
    """

    keys: frozenset[str] = frozenset()
    pass_back: Literal["lenient", "strict", "strict-all"] = "strict-all"
    reject_blank: bool = True
    restore: bool = False
    verify: bool = False
    flaky: bool = False
    redacted: Literal["drop", "refuse"] = "drop"
    unknown_blocks: Literal["drop", "refuse"] = "refuse"
    system_role: bool = True
    check_user_id: bool = True
    context: int = 1_048_576
    balance: bool = True
    count_tokens: bool = False
    split_calls: Literal["refuse", "flash", "accept"] = "refuse"
    images: Literal["support", "drop", "refuse"] = "support"
    wording: Literal["v4", "v3.2"] = "v4"


@dataclass(frozen=True, slots=True)
class Refusal:
    """What goes back instead of an answer."""

    status: int
    content_type: str | None
    body: bytes


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `fault` says why the body is not JSON; `body` is empty then."""

    method: str
    path: str
    headers: Mapping[str, str]
    raw: bytes
    dialect: Dialect | None
    policy: Policy
    ledger: Ledger
    key: str = ""
    fault: str = ""
    value: Any = None
    body: Mapping[str, Any] = field(default_factory=dict)

    @property
    def thinking(self) -> bool:
        """Whether thinking is on: unless it is switched off in so many words.

        https://api-docs.deepseek.com/guides/thinking_mode, 2026-08.
        """
        if self.dialect == "responses":
            return bool(self.effort != "none")
        setting = self.body.get("thinking")
        return not (isinstance(setting, dict) and setting.get("type") == "disabled")

    @property
    def history(self) -> tuple[Turn, ...]:
        """The messages, once their form is known to be valid."""
        return turns(self.body, self.dialect) if self.dialect else ()

    @property
    def effort(self) -> Any:
        """The effort asked for, where this dialect reads it; None if absent."""
        if self.dialect == "chat":
            return self.body.get("reasoning_effort")
        config = self.body.get("reasoning" if self.dialect == "responses" else "output_config")
        return config.get("effort") if isinstance(config, dict) else None


Check = Callable[[Request], Refusal | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """One refusal of the real server, where it was seen or documented, and when.

    `everywhere`: it also holds on routes that speak no dialect.
    """

    name: str
    dialects: tuple[Dialect, ...]
    source: str
    date: str
    check: Check
    everywhere: bool = False
