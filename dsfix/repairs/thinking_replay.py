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

from collections import Counter

from dsfix.protocol.body import Body
from dsfix.protocol.history import WIRES, History
from dsfix.protocol.messages import FOREIGN_SIGNATURE
from dsfix.protocol.turns import Reasoning, Turn, digest, is_random
from dsfix.repairs.base import BOTH, Context, Decision, Found, Kind, Place, Repair, Step
from dsfix.repairs.placeholder import is_ours, is_placeholder, placeholder


def with_reasoning(body: Body, context: Context) -> Body:
    """The body with reasoning on every assistant turn, once tools are in play."""
    history = context.history_of(body)
    if not body.has_tools and not history.has_calls:
        return body
    replay = _Replay(context, history)
    out = replay.decided()
    if not replay.counts:
        return body
    replay.report()
    return body.saying(out)


class _Replay:
    """Decides turn by turn, and counts what it decided."""

    def __init__(self, context: Context, history: History) -> None:
        self._context, self._history = context, history
        self._conversation = context.conversation
        self._aligned = len(context.history.assistants) == len(history.assistants)
        self._seen: dict[str, int] = {}
        self._new: dict[str, Reasoning] = {}
        self.counts: Counter[Kind] = Counter()

    def decided(self) -> list[bytes]:
        """All messages, each assistant's as it is to be sent.

        What was decided for a message at its place in this conversation is kept: the next
        request brings all of them back, and only the last turns are new.
        """
        out = list(self._history.messages)
        plain = self._context.step < Step.NATIVE
        known = self._context.memory.decided(self._conversation) if plain else {}
        fresh: list[tuple[int, int, Turn]] = []
        for nth, place in enumerate(self._history.assistants):
            decision = known.get((place, out[place]))
            if decision is not None:
                out[place] = self._counted(decision)
            elif (turn := self._history.turn(place)) is not None:
                fresh.append((nth, place, turn))
        lost = [turn for _, _, turn in fresh if not turn.sound or self._stand_in(turn)]
        self._context.memory.prefetch([call for turn in lost for call in turn.calls[:1]])
        for nth, place, turn in fresh:
            raw = out[place]
            decision = self._decide(raw, turn, nth)
            out[place] = self._counted(decision)
            if decision.settled and _unmistakable(turn):
                known[place, raw] = decision
        if self._new:
            self._context.memory.remember_sent(self._conversation, self._new)
        return out

    def report(self) -> None:
        """Say what was done."""
        self._context.replayed += self.counts[Kind.REAL]
        self._context.placeholders += self.counts[Kind.PLACEHOLDER]
        for kind, count in sorted(self.counts.items()):
            self._context.note(THINKING_REPLAY.name, kind.value, count)

    def _counted(self, decision: Decision) -> bytes:
        if decision.kind is not None:
            self.counts[decision.kind] += 1
        if decision.turn:
            self._seen[decision.turn] = self._seen.get(decision.turn, 0) + 1
        return decision.raw

    def _decide(self, raw: bytes, turn: Turn, nth: int) -> Decision:
        """What is sent for the nth assistant turn."""
        own, step = turn.reasoning, self._context.step
        stand_in = self._stand_in(turn)
        foreign = own is not None and any(len(mark) >= FOREIGN_SIGNATURE for _, mark in own.blocks)
        instead = step >= Step.PLACEHOLDERS or (step is Step.NATIVE and foreign)
        if turn.sound and not stand_in and not instead:
            self._context.carried.append((self._place(nth).index, turn))
            return Decision(raw, turn=turn.key if turn.calls else "")
        place = self._place(nth)
        key = turn.key if turn.calls else digest(turn.key, place.previous)
        ours = own is not None and turn.sound and is_ours(own.text)
        if instead and ours:
            return Decision(raw)
        if instead:
            return self._placeholder(raw, turn, key, placeholder(turn, key, self._seen))
        if own is not None and not stand_in:
            self._context.carried.append((place.index, turn))
            return Decision(self._with(raw, Found(own)), Kind.FORM, key)
        count = self._seen.get(key, 0)
        name = f"{key} #{count + 1}" if count else key
        if (sent := self._context.memory.sent(self._conversation, name)) is not None:
            return self._placeholder(raw, turn, key, sent)
        found = self._context.memory.recall(turn, place)
        if found is not None and found.reasoning.blocks:
            return Decision(self._with(raw, found), Kind.REAL, key)
        if ours:
            return Decision(raw)
        if self._context.quiet:
            return Decision(raw, settled=False)
        self._new[name] = text = placeholder(turn, key, self._seen)
        return self._placeholder(raw, turn, key, text)

    def _placeholder(self, raw: bytes, turn: Turn, key: str, text: Reasoning) -> Decision:
        if turn.sound and turn.reasoning is not None and turn.reasoning.text == text.text:
            return Decision(raw)
        return Decision(self._with(raw, Found(text)), Kind.PLACEHOLDER, key)

    def _with(self, raw: bytes, found: Found) -> bytes:
        return WIRES[self._history.dialect].with_reasoning(raw, found.reasoning, found.texts)

    def _place(self, nth: int) -> Place:
        """Where the nth assistant turn stands in what the agent sent."""
        given = self._context.history if self._aligned else self._history
        return Place(given, given.assistants[nth], self._context.session)

    @staticmethod
    def _stand_in(turn: Turn) -> bool:
        return turn.reasoning is not None and is_placeholder(turn.reasoning.text)


def _unmistakable(turn: Turn) -> bool:
    """Whether a message with these calls can only be this turn, in whatever conversation.

    Two sub-agents with one prompt may say the same at the same place, and some vendors count
    their ids from zero in each answer.
    """
    return bool(turn.calls) and all(map(is_random, turn.calls))


THINKING_REPLAY = Repair(
    "thinking-replay",
    "Gives each assistant turn its own reasoning back: real where known, else a placeholder",
    BOTH,
    request=with_reasoning,
)
