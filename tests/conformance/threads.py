"""The threads in which people reported these failures; each has a row of its own.

They are those of the analysis at
https://svtter.cn/en/p/deepseek--claude-code-thinking-block-compatibility-analysis/ (2026-04-30).
"""

from __future__ import annotations

from typing import NamedTuple


class Thread(NamedTuple):
    """A public thread in our own words.

    Its row in the table bears its name. `cured` says in a word what dsfix does about it, `why` what
    limits that; `also` names other failures that it speaks of. `read` is false where the thread
    itself could not be had.
    """

    name: str
    date: str
    story: str
    why: str = ""
    cured: str = "cured"
    also: tuple[str, ...] = ()
    read: bool = True


_ANTHROPIC = (
    "Between Claude Code and Anthropic nothing can be cured from outside: only Anthropic can sign"
    " reasoning, so towards it dsfix rewrites nothing."
)
THREADS = (
    Thread(
        "leechen298/cc-use#1",
        "2026-04",
        "A session with Claude, imported, goes on with DeepSeek and is refused because its thinking"
        " does not come back. The project's answer was to sanitise imported histories (release"
        " 0.2.3): thinking is taken out and tool calls become text.",
        "The calls stay calls, with a stand-in for the reasoning that nobody has.",
        read=False,
        also=("hidden-reasoning",),
    ),
    Thread(
        "Gitlawb/openclaude#878",
        "2026-04-24",
        "Two requests with curl show it on Chat: an assistant's message with tool calls and no"
        " `reasoning_content` is refused, the same with it is answered. The first fix missed turns"
        " of other shapes, so the thread was opened again.",
        also=("plain-turn",),
    ),
    Thread(
        "musistudio/claude-code-router#1355",
        "2026-04-26",
        "Claude Code through a router that translates to Chat: thinking is not translated back,"
        " and blocks without a signature are dropped on the way. People switched thinking off, or"
        " wrote transformers that removed every mention of it, which did not help.",
        "dsfix does not translate. Where the router stays in use behind dsfix and drops reasoning"
        " there, it is lost after dsfix has put it back.",
        also=("unsigned-thinking",),
    ),
    Thread(
        "QuantumNous/new-api#4543",
        "2026-04-29",
        "Claude Code through new-api: with DeepSeek's Chat route behind it, the second thought of a"
        " session is refused; with DeepSeek's Messages route behind it, all is well.",
        "Use the relay's Messages route. What a relay drops while it translates is lost after dsfix"
        " has put it back.",
    ),
    Thread(
        "decolua/9router#355",
        "2026-03-19",
        "Before V4, with deepseek-reasoner: the text names the message that lacks its reasoning"
        " (``Missing `reasoning_content` field in the assistant message at message index 2``).",
    ),
    Thread(
        "NousResearch/hermes-agent#16748",
        "2026-04-28",
        "The agent takes every host but Anthropic's for one that cannot read thinking, and strips"
        " all of it from the history. Its fix keeps unsigned blocks, and then lost DeepSeek's own,"
        " which are signed (#17992).",
        also=("thinking-off-by-omission",),
    ),
    Thread(
        "farion1231/cc-switch#2414",
        "2026-04-28",
        "A session with Claude goes on with deepseek-v4-pro: ``messages[11].content: unknown variant"
        " `redacted_thinking` ``.",
        "What was redacted stays unknown: a stand-in takes its place.",
    ),
    Thread(
        "NanmiCoder/cc-haha#174",
        "2026-04-25",
        "`/compact` fails with `Error during compaction`: the answer has thinking and no text. So it"
        " was measured where the system prompt forbids to think, among others.",
        "The request for the summary carries the whole history, so it is refused, or answered inside"
        " the thinking, for reasoning that is missing or blank: that is cured. A model that thinks"
        " and then says nothing of its own accord cannot be made to speak: the answer has reached"
        " the agent by then.",
        cured="cured in part",
        also=("answer-inside-thinking",),
    ),
    Thread(
        "anthropics/claude-code#10199",
        "2025-10-23",
        "Anthropic refuses a history whose thinking was changed: `` `thinking` or"
        " `redacted_thinking` blocks in the latest assistant message cannot be modified ``. Some meet"
        " it after `/resume`.",
        _ANTHROPIC + " DeepSeek does not compare thinking with what it once sent.",
        cured="not cured towards Anthropic",
        also=("error-that-strips",),
    ),
    Thread(
        "anthropics/claude-code#51985",
        "2026-04-22",
        "Claude Code on Bedrock: after several exchanges an assistant's message begins with text"
        " where its thinking should be, and the session is stuck.",
        _ANTHROPIC,
        cured="cured towards DeepSeek",
        also=("plain-turn",),
    ),
    Thread(
        "anthropics/claude-code#20692",
        "2026-01-25",
        "On the first use of a tool after a clean install: the thinking is there, and not first.",
        _ANTHROPIC,
        cured="cured towards DeepSeek",
    ),
    Thread(
        "anthropics/claude-code#54482",
        "2026-04-28",
        "Opus 4.7: 174 thoughts are in the transcript of a session and none in what the model sees,"
        " by its own account. No error.",
        "What the agent leaves out is put back word for word. " + _ANTHROPIC,
        cured="cured towards DeepSeek",
        also=("served-under-another-name",),
    ),
)
