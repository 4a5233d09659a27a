"""Each assistant turn gets its own reasoning back.

DeepSeek thinks by default and refuses a history whose turns lack their reasoning: "The
`content[].thinking` in the thinking mode must be passed back to the API", `reasoning_content`
on Chat, `reasoning_text` on Responses (Gitlawb/openclaude#878; farion1231/cc-switch#3222;
anomalyco/opencode#24722; lidge-jun/opencodex#1534). Agents lose it after a model switch, where a
signature is missing, where a response named another model, and with `redacted_thinking`. Real
reasoning from memory comes first, a placeholder only where nobody knows it. The rule is read in
three ways (tool turns; every turn once a tool was called; every turn while tools are offered),
and extra reasoning is ignored (https://api-docs.deepseek.com/guides/thinking_mode), so every turn
gets some as soon as tools are in play: what is decided for a turn never depends on what comes
after it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from dsfix.protocol.body import Body
from dsfix.protocol.history import WIRES, History
from dsfix.protocol.messages import is_foreign, resigned
from dsfix.protocol.turns import Reasoning, Turn, digest, is_random
from dsfix.repairs.base import ALL, Context, Repair, Step
from dsfix.repairs.placeholder import is_ours, is_placeholder, numbered, placeholder
from dsfix.repairs.recall import Decision, Found, Kind, Place, Replay


def with_reasoning(body: Body, context: Context) -> Body:
    """The body with reasoning on every assistant turn, once tools are in play."""
    history = context.history_of(body)
    if not body.has_tools and not history.has_calls:
        return body
    replay = _Replay(context, history)
    out = replay.messages()
    if not replay.counts:
        return body
    replay.report()
    return body.saying(out)


class _Replay:
    """Decides turn by turn, and counts what it decided."""

    def __init__(self, context: Context, history: History) -> None:
        self._context, self._history = context, history
        self._stand = context.rules.placeholder
        self._conversation = context.conversation
        self._aligned = len(context.history.assistants) == len(history.assistants)
        self._seen: dict[str, int] = {}
        self._new: dict[str, Reasoning] = {}
        self.counts: Counter[Kind] = Counter()

    def messages(self) -> list[bytes]:
        """All messages, each assistant's turn as it is to be sent."""
        out: list[bytes] = []
        done = 0
        for place, items, decision, count in self._decisions():
            out += self._history.messages[done:place]
            done = place + len(items)
            if decision is not None and decision.kind is Kind.REAL:
                self._context.replays.append(Replay(len(out), place, count, items, decision))
            out += decision.items if decision is not None else items
        return out + list(self._history.messages[done:])

    def report(self) -> None:
        """Say what was done."""
        self._context.replayed += self.counts[Kind.REAL] + self.counts[Kind.LEAKED]
        self._context.placeholders += self.counts[Kind.PLACEHOLDER]
        for kind, count in sorted(self.counts.items()):
            self._context.note(THINKING_REPLAY.name, kind.value, count)

    def _decisions(self) -> list[tuple[int, tuple[bytes, ...], Decision | None, int]]:
        """Place, messages, decision and number (of its key) of each turn.

        There is no decision for a turn of no known shape.

        What was decided for a turn at its place in this conversation is kept: the next
        request brings all of them back, and only the last turns are new.
        """
        history, context = self._history, self._context
        plain = context.step < Step.NATIVE
        known = context.memory.decided(self._conversation) if plain else {}
        turns = [(place, history.items(place)) for place in history.assistants]
        kept = [known.get(each) for each in turns]
        read = [
            None if decision else history.turn(place)
            for (place, _), decision in zip(turns, kept, strict=True)
        ]
        lost = [turn for turn in read if turn and self._needs_memory(turn)]
        context.memory.prefetch([call for turn in lost for call in turn.calls[:1]])
        out = []
        for nth, (each, decision, turn) in enumerate(zip(turns, kept, read, strict=True)):
            if decision is None and turn is not None:
                decision = self._decide(each[1], turn, nth)
                if decision.settled and _unmistakable(turn):
                    known[each] = decision
            count = self._seen.get(decision.turn, 0) if decision else 0
            out.append((*each, self._counted(decision), count))
        if self._new:
            context.memory.remember_sent(self._conversation, self._new)
        return out

    def _counted(self, decision: Decision | None) -> Decision | None:
        if decision is not None and decision.kind is not None:
            self.counts[decision.kind] += 1
        if decision is not None and decision.turn:
            self._seen[decision.turn] = self._seen.get(decision.turn, 0) + 1
        return decision

    def _decide(self, items: tuple[bytes, ...], turn: Turn, nth: int) -> Decision:
        """What is sent for the nth assistant turn."""
        own, step = turn.reasoning, self._context.step
        stand_in = self._stand_in(turn)
        foreign = own is not None and is_foreign(own) and not self._was_given(turn, nth)
        instead = step >= Step.PLACEHOLDERS or (step is Step.NATIVE and foreign)
        if turn.sound and not (foreign or stand_in or instead):
            self._context.carried.append((self._place(nth).index, turn))
            return Decision(items, turn=turn.key if turn.calls else "")
        place = self._place(nth)
        key = turn.key if turn.calls else digest(turn.key, place.previous)
        if own is not None and not stand_in and not instead:
            own = resigned(own) if foreign else own
            self._context.carried.append((place.index, replace(turn, reasoning=own)))
            return Decision(self._with(items, Found(own)), Kind.FORM, key)
        ours = own is not None and turn.sound and is_ours(own.text)
        if instead:
            return (
                Decision(items, turn=key)
                if ours
                else self._stood_in(items, turn, key, self._text(turn, key))
            )
        name = numbered(key, self._seen)
        if (sent := self._context.memory.sent(self._conversation, name)) is not None:
            return self._stood_in(items, turn, key, sent)
        found = None
        if self._stand.mode != "always":
            found = self._context.memory.recall(turn, place)
        if found is not None and found.reasoning.blocks:
            kind = Kind.REAL if found.texts is None else Kind.LEAKED
            return Decision(self._with(items, found), kind, key)
        if ours:
            return Decision(items, turn=key)
        if self._context.quiet or self._stand.mode == "off":
            return Decision(items, settled=False)
        self._new[name] = text = self._text(turn, key)
        return self._stood_in(items, turn, key, text)

    def _text(self, turn: Turn, key: str) -> Reasoning:
        return placeholder(turn, key, self._seen, self._stand.text)

    def _stood_in(
        self, items: tuple[bytes, ...], turn: Turn, key: str, text: Reasoning
    ) -> Decision:
        if turn.sound and turn.reasoning is not None and turn.reasoning.text == text.text:
            return Decision(items, turn=key)
        if self._stand.mode == "off":
            return Decision(items, settled=False)
        return Decision(self._with(items, Found(text)), Kind.PLACEHOLDER, key)

    def _with(self, items: tuple[bytes, ...], found: Found) -> tuple[bytes, ...]:
        return WIRES[self._history.dialect].with_reasoning(items, found.reasoning, found.texts)

    def _place(self, nth: int) -> Place:
        """Where the nth assistant turn stands in what the agent sent."""
        given = self._context.history if self._aligned else self._history
        return Place(given, given.assistants[nth], self._context.session)

    def _was_given(self, turn: Turn, nth: int) -> bool:
        """Whether this upstream itself gave the turn this reasoning, signatures included."""
        found = self._context.memory.recall(turn, self._place(nth))
        return found is not None and found.reasoning == turn.reasoning

    def _needs_memory(self, turn: Turn) -> bool:
        own = turn.reasoning
        return not turn.sound or self._stand_in(turn) or (own is not None and is_foreign(own))

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
    ALL,
    request=with_reasoning,
)
