"""Each assistant turn gets its own reasoning back.

DeepSeek thinks by default and refuses a history whose turns lack their reasoning: "The
`content[].thinking` in the thinking mode must be passed back to the API", `reasoning_content`
on Chat (Gitlawb/openclaude#878; farion1231/cc-switch#3222; anomalyco/opencode#24722). Agents
lose it after a model switch, where a signature is missing, where a response named another
model, and with `redacted_thinking`. Real reasoning from memory comes first, a placeholder only
where nobody knows it. The rule is read in three ways (tool turns; every turn once a tool was
called; every turn while tools are offered), and extra reasoning is ignored
(https://api-docs.deepseek.com/guides/thinking_mode), so every turn gets some as soon as tools
are in play: what is decided for a turn never depends on what comes after it.
"""

from __future__ import annotations

from collections.abc import Callable

from dsfix.protocol.body import Body
from dsfix.protocol.history import WIRES, role_of
from dsfix.protocol.messages import FOREIGN_SIGNATURE
from dsfix.protocol.turns import Reasoning, Turn
from dsfix.repairs.base import BOTH, Context, Found, Repair, Step
from dsfix.repairs.placeholder import is_placeholder, placeholder


def with_reasoning(body: Body, context: Context) -> Body:
    """The body with reasoning on every assistant turn, once tools are in play."""
    wire = WIRES[body.dialect]
    places = [place for place, raw in enumerate(body.messages) if role_of(raw) == "assistant"]
    turns = [wire.turn(body.messages[place]) for place in places]
    if not body.has_tools and not any(turn and turn.calls for turn in turns):
        return body
    replay = _Replay(context, len(places))
    out = list(body.messages)
    for nth, (place, turn) in enumerate(zip(places, turns, strict=True)):
        if turn is not None and (found := replay.find(turn, nth)) is not None:
            out[place] = wire.with_reasoning(out[place], found.reasoning, found.texts)
    if not replay.changed:
        return body
    replay.report()
    return body.saying(out)


class _Replay:
    """Decides turn by turn, and counts what it decided."""

    def __init__(self, context: Context, turns: int) -> None:
        self._context = context
        self._conversation = context.history.root
        self._aligned = len(context.history.assistants) == turns
        self._seen: dict[str, int] = {}
        self.real = self.invented = self.kept = 0

    @property
    def changed(self) -> bool:
        return bool(self.real or self.invented or self.kept)

    def find(self, turn: Turn, nth: int) -> Found | None:
        """What to put into the message of the nth assistant turn; None to leave it alone."""
        own = turn.reasoning
        stand_in = own is not None and is_placeholder(own.text)
        foreign = own is not None and any(len(mark) >= FOREIGN_SIGNATURE for _, mark in own.blocks)
        step = self._context.step
        if step >= Step.PLACEHOLDERS or (step is Step.NATIVE and foreign):
            return self._placeholder(turn, sticky=False)
        if turn.sound and not stand_in:
            return None
        if (sent := self._context.memory.sent(self._conversation, turn.key)) is not None:
            return self._invented(turn, sent)
        known = self._context.memory.recall(turn, *self._keys(nth))
        if known is not None and known.reasoning.blocks:
            self.real += 1
            return known
        if own is not None and not stand_in:
            self.kept += 1
            return Found(own)
        if self._context.quiet:
            return None
        return self._placeholder(turn, sticky=True)

    def report(self) -> None:
        """Say what was done."""
        self._context.replayed += self.real
        self._context.placeholders += self.invented
        name = THINKING_REPLAY.name
        for count, detail in (
            (self.real, "real reasoning replayed"),
            (self.invented, "placeholder, reasoning not known"),
            (self.kept, "reasoning put into the form the upstream reads"),
        ):
            if count:
                self._context.note(name, detail, count)

    def _keys(self, nth: int) -> tuple[Callable[[], str], Callable[[], str]]:
        history = self._context.history
        if not self._aligned:
            return (lambda: ""), (lambda: "")
        place = history.assistants[nth]
        return (lambda: history.previous(place)), (lambda: history.chain(place))

    def _placeholder(self, turn: Turn, *, sticky: bool) -> Found | None:
        text = placeholder(turn, self._seen)
        if sticky:
            self._context.memory.remember_sent(self._conversation, turn.key, text)
        return self._invented(turn, text)

    def _invented(self, turn: Turn, text: Reasoning) -> Found | None:
        if turn.sound and turn.reasoning is not None and turn.reasoning.text == text.text:
            return None
        self.invented += 1
        return Found(text)


THINKING_REPLAY = Repair(
    "thinking-replay",
    "Gives each assistant turn its own reasoning back: real where known, else a placeholder",
    BOTH,
    request=with_reasoning,
)
