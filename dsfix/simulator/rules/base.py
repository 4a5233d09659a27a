"""What a rule is: a request as the server sees it, the policy in force, and a refusal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from dsfix.simulator.rules.ledger import Ledger
from dsfix.simulator.rules.wire import Dialect, Turn, turns

BOTH: tuple[Dialect, ...] = ("messages", "chat")
EVERY: tuple[Dialect, ...] = (*BOTH, "responses")

T = TypeVar("T")


def switch(default: T, means: str, *, least: int = 0) -> T:
    """A member with a default, and what it means to a user; numbers are at least `least`."""
    made: Any = field(default=default, metadata={"means": means, "least": least})
    return made  # type: ignore[no-any-return]  # what a dataclass takes for a default


@dataclass(frozen=True, slots=True)
class Policy:
    """Which of the observed server behaviours is in force.

    Where the evidence contradicts itself, each reading is a value; the default is the one that
    refuses, except where the newest measurement of the live server says otherwise.
    """

    keys: frozenset[str] = switch(frozenset(), "accepted API keys; empty accepts any")
    pass_back: Literal["lenient", "open-loop", "strict", "strict-all"] = switch(
        "strict-all",
        "whose reasoning must come back: nobody's, that of the turn whose results end the request"
        " (l1i1/new-api, live 2026-09-01), of every turn with calls (farion1231/cc-switch#3222),"
        " of every assistant turn once there are tools (maximhq/bifrost#5325, the guide)",
    )
    blank: Literal["accept", "refuse-empty", "refuse"] = switch(
        "refuse",
        "blank reasoning passes (esengine/DeepSeek-Reasonix#8927), is missing if it is empty"
        " (NousResearch/hermes-agent#17341), or if it is white space too"
        " (damianvtran/local-operator#1111)",
    )
    restore: bool = switch(
        False,
        "omitted reasoning is found by the ids of a whole group of own calls (create-message)",
    )
    verify: bool = switch(
        False, "reasoning of a turn that was produced here must be the text that was sent"
    )
    flaky: bool = switch(
        False, "one good request with replayed tools is refused once (aaif-goose/goose#10012)"
    )
    wording: Literal["v4", "v3.2"] = switch(
        "v4", "whose texts about reasoning; those of V3.2 name the message"
    )
    unsigned: Literal["accept", "refuse", "refuse-foreign"] = switch(
        "accept",
        "thinking without a signature passes (musistudio/claude-code-router#1639), is refused, or"
        " so is one by another server; nobody has shown that (NousResearch/hermes-agent#16149)",
    )
    plain_reasoning: Literal["ignore", "fail"] = switch(
        "ignore",
        "reasoning on a plain turn is ignored (the guide), or answered with 500"
        " (SeraphimSerapis/tool-eval-bench#71)",
    )
    auto_thinking: bool = switch(
        False,
        "thinking type `auto` is accepted on Messages (SuperJJ007/CSSwitch#72; not so"
        " lobehub/lobehub#14173)",
    )
    forced_choice: Literal["refuse", "any-auto", "accept"] = switch(
        "refuse",
        "a forced call while thinking is refused (STRML/cc-ds4), `any` on Messages is taken for"
        " auto (deepseek-ai/deepseek-recipe), or all pass (l1i1/new-api, live 2026-08-25)",
    )
    system_role: bool = switch(
        True,
        "`system` is a role on Messages, as since 2026-05-29"
        " (deepseek-ai/awesome-deepseek-agent#167)",
    )
    redacted: Literal["drop", "refuse", "unsupported"] = switch(
        "drop", "`redacted_thinking` on Messages; the values are those of unknown-blocks"
    )
    unknown_blocks: Literal["drop", "refuse", "unsupported"] = switch(
        "refuse",
        "blocks that are not supported are dropped (maximhq/bifrost#6741), a fault of the form"
        " (deepseek-ai/DeepSeek-V3#1026), or of the meaning (deepseek-ai/deepseek-recipe)",
    )
    images: Literal["support", "drop", "refuse", "deny"] = switch(
        "support",
        "images reach flash, reach nobody (STRML/cc-ds4), are a fault of the form"
        " (deepseek-ai/DeepSeek-V3#1026), or need the vision model (l1i1/new-api, live 2026-09-01)",
    )
    typed_tools: Literal["refuse", "ignore"] = switch(
        "refuse", "tools with a type on Messages, web search apart (deepseek-ai/deepseek-recipe)"
    )
    json_schema: Literal["refuse", "ignore"] = switch(
        "refuse",
        "that response format on Chat (l1i1/new-api, live 2026-09-01; not so"
        " deepseek-ai/deepseek-recipe)",
    )
    names: Literal["current", "retired", "any"] = switch(
        "current",
        "models that answer: the current ones, deepseek-chat and deepseek-reasoner too (live"
        " 2026-07-27), or on Messages every name (the guide until August)",
    )
    pro_as_flash: bool = switch(
        False, "deepseek-v4-pro is served by flash, as announced for 2026-09-14"
    )
    long_names: bool = switch(
        False,
        "names of tools may have 128 letters on all dialects (deepseek-ai/deepseek-recipe), not 64",
    )
    check_user_id: bool = switch(
        True,
        "the charset of the user id is enforced (deepseek-ai/DeepSeek-V3#1277; not so live"
        " 2026-07-27)",
    )
    split_calls: Literal["refuse", "flash", "accept"] = switch(
        "refuse",
        "calls of one answer that are no group any more on Responses (lidge-jun/opencodex#1534)",
    )
    context: int = switch(1_048_576, "tokens that prompt and answer may have", least=1)
    balance: bool = switch(True, "the account has money")
    forbidden: str = switch("", "a prompt with this text is refused by moderation")
    count_tokens: bool = switch(
        False, "the undocumented counting route exists (maximhq/bifrost#5311)"
    )


# Every refusal that has been shown, at once. Not in it: `verify`, which is only ours; `flaky`,
# which is a fault; `refuse-foreign` and failing plain reasoning, which were only claimed.
STRICTEST = Policy(
    pass_back="strict-all",
    blank="refuse",
    unsigned="refuse",
    forced_choice="refuse",
    system_role=False,
    redacted="refuse",
    unknown_blocks="refuse",
    images="refuse",
    typed_tools="refuse",
    json_schema="refuse",
    names="current",
    check_user_id=True,
    split_calls="refuse",
)


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

        https://api-docs.deepseek.com/guides/thinking_mode, 2026-08. On Chat effort `none` does
        it too where `thinking` says nothing: l1i1/new-api, live 2026-09-01.
        """
        setting = self.body.get("thinking")
        if self.dialect != "responses" and isinstance(setting, dict):
            return setting.get("type") != "disabled"
        if self.body.get("model") == "deepseek-chat" and self.policy.names != "current":
            return False
        return self.dialect == "messages" or bool(self.effort != "none")

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
