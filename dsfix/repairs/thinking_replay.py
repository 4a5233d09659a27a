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

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from dsfix.protocol.body import Body
from dsfix.protocol.history import WIRES, History
from dsfix.protocol.messages import is_foreign, resigned
from dsfix.protocol.turns import Reasoning, Turn, without_leak
from dsfix.repairs.asked import Asked
from dsfix.repairs.base import ALL, Context, Repair, Step
from dsfix.repairs.placeholder import is_ours, is_placeholder, numbered, placeholder
from dsfix.repairs.recall import Decision, Kind, Place
from dsfix.repairs.replayed import At, Replayed
from dsfix.repairs.unchanged import agreed


def with_reasoning(body: Body, context: Context) -> Body:
    """The body with reasoning on every assistant turn, once tools are in play."""
    history = context.history_of(body)
    if not body.has_tools and not history.has_calls:
        return body
    sent = _Replay(context, history).sent()
    counts = {kind: count for kind, count in sent.counts.items() if kind and count}
    if not counts:
        return body
    context.turns = sent.turns
    context.replayed += counts.get(Kind.REAL, 0) + counts.get(Kind.LEAKED, 0)
    context.placeholders += counts.get(Kind.PLACEHOLDER, 0)
    for kind, count in sorted(counts.items()):
        context.note(THINKING_REPLAY.name, kind.value, count)
    return body.saying((*sent.out, *history.messages[sent.done :]))


class _Replay:
    """Decides turn by turn."""

    def __init__(self, context: Context, history: History) -> None:
        self._context, self._history = context, history
        self._wire = WIRES[history.dialect]
        self._stand = context.rules.placeholder
        self._conversation = context.conversation
        aligned = len(context.history.assistants) == len(history.assistants)
        given = context.history if aligned else history
        # No method of ours: what was asked would hold us and we it, the request's bytes with us,
        # until somebody looks for garbage.
        self._place = partial(_place, given, context.session)
        self._sent = Replayed(history.dialect, {})
        self._placeholders = context.memory.sent(context.conversation)
        self._asked = Asked(history, (), self._place, context.memory)
        self._new: dict[str, Reasoning] = {}

    def sent(self) -> Replayed:
        """The conversation as it is to be sent.

        What was decided for a turn at its place is kept, also for where conversations of one name
        part from each other.
        """
        memory, history = self._context.memory, self._history
        if self._context.step >= Step.NATIVE:
            self._go_on()
            return self._sent
        known = memory.decided(self._conversation)
        seen = self._context.seen
        # Until all is decided there is nothing to go on from.
        last: Replayed | None = seen.pop(THINKING_REPLAY.name, None)
        if last is None or last.known is not known or last.dialect is not history.dialect:
            last = Replayed(history.dialect, known)
        if stay := bisect_left(history.stops, agreed(last.messages, history)):
            last.back_to(stay)
        else:  # to let go of the old one may wait
            last = Replayed(history.dialect, known)
        self._sent = last
        self._go_on()
        seen[THINKING_REPLAY.name] = last
        return last

    def _go_on(self) -> None:
        """Decide for all turns for which nothing has been."""
        history, sent, memory = self._history, self._sent, self._context.memory
        sent.messages, placed = history.messages, history.placed(len(sent.turns))
        sent.learnt, learnt = memory.learnt(sent.learnt)
        again = sent.doubtful(learnt)
        self._ask((*again, *sent.undecided(placed)))
        if decided := self._decided_again(again):  # what is behind it as well
            placed = history.placed(len(sent.turns))
            self._ask(sent.undecided(placed))
        self._add(placed, decided)
        if self._new:
            memory.remember_sent(self._conversation, self._new)

    def _ask(self, nths: Iterable[int]) -> None:
        """Look up what memory has of these turns."""
        asked = Asked(self._history, nths, self._place, self._context.memory)
        seen = asked.look_at_answers() if self._is_first else frozenset[int]()
        asked.look_up(asked.turns.keys() - seen)
        self._asked = asked

    @property
    def _is_first(self) -> bool:
        """Whether nothing has been sent of this conversation, and nothing is asked for but that."""
        context = self._context
        usual = self._stand.mode == "fallback" and not context.quiet
        return usual and context.step < Step.PLACEHOLDERS and not self._sent.turns

    def _add(self, placed: Sequence[At], decided: Mapping[int, Decision]) -> None:
        """Send the turns at these places, and decide for those for which nothing has been."""
        sent, asked = self._sent, self._asked
        turns, first = asked.turns, len(sent.turns)
        if self._is_first:
            decided = {**self._at_once(placed), **decided}
            asked.look_up(turns.keys() - decided.keys())
        ready: list[tuple[At, Decision | None]] = []
        for nth, at in enumerate(placed, first):
            decision, turn = sent.known.get(at), turns.get(nth)
            if decision is None and turn is not None:
                decision = decided.get(nth)
                if decision is None:  # by what was sent before it
                    sent.add(ready)
                    ready = []
                    decision = self._decide(at[1], turn, nth)
                if decision.until != () and nth in asked.sure:
                    sent.known[at] = decision
                elif decision.until is not None:
                    sent.open.append((nth, decision.until))
            ready.append((at, decision))
        sent.add(ready)

    def _at_once(self, placed: Sequence[At]) -> dict[int, Decision]:
        """What is sent for the turns of a whole history that lack reasoning and are alone.

        Where it is seen for the first time most are: no other has the same key. One by one they
        take twice as long.
        """
        own, asked = self._stand.text, self._asked
        stored = asked.stored
        keys = {nth: asked.key(nth) for nth in asked.turns}
        before = [each.turn for at in placed if (each := self._sent.known.get(at))]
        often = Counter((*keys.values(), *before))
        sent, new, decided = self._placeholders, self._new, {}
        put = self._wire.with_reasoning
        for nth, turn in asked.turns.items():
            key = keys[nth]
            if turn.reasoning is not None or often[key] > 1:
                continue
            text, kind = sent.get(key), Kind.PLACEHOLDER
            if text is None and stored and not stored.isdisjoint(asked.names(nth)):
                known = asked.answers.get(turn.calls[0]) if turn.calls else None
                text, kind = _plainly(turn, known), Kind.REAL
                if text is None:
                    continue
            elif text is None:
                new[key] = text = placeholder(turn, key, 0, own)
            decided[nth] = Decision(put(placed[nth][1], text, None), kind, key)
        return decided

    def _decided_again(self, again: Sequence[int]) -> dict[int, Decision]:
        """Go back to the first turn that comes out otherwise than last time: what it is now."""
        for nth in again:
            decision = self._decide(self._history.items(nth), self._asked.turns[nth], nth)
            if decision != self._sent.turns[nth].decision:
                self._sent.back_to(nth)
                return {nth: decision}
        return {}

    def _decide(self, items: tuple[bytes, ...], turn: Turn, nth: int) -> Decision:
        """What is sent for the nth assistant turn."""
        own, step = turn.reasoning, self._context.step
        instead = step >= Step.PLACEHOLDERS
        if own is None:
            return self._found(items, turn, nth, instead)
        foreign = is_foreign(own) and not self._was_given(turn, nth)
        instead = instead or (step is Step.NATIVE and foreign)
        if instead or is_placeholder(own.text):
            return self._found(items, turn, nth, instead, turn.sound and is_ours(own.text))
        if turn.sound and not foreign:
            key = turn.key if turn.calls else ""
            return Decision(items, turn=key, until=None if self._is_kept(turn, nth) else ())
        own = resigned(own) if foreign else own
        until = self._asked.names(nth) if self._is_kept(turn.reasoned(own), nth) else ()
        return Decision(self._with(items, own), Kind.FORM, self._asked.key(nth), until)

    def _found(
        self, items: tuple[bytes, ...], turn: Turn, nth: int, instead: bool, ours: bool = False
    ) -> Decision:
        """What is sent for a turn that lacks its reasoning, or has a stand-in, perhaps `ours`.

        That is what memory knows, unless a placeholder is wanted `instead`.
        """
        key = self._asked.key(nth)
        count, own = self._sent.before(key, nth), self._stand.text
        if instead:
            return (
                Decision(items, turn=key)
                if ours
                else self._stood_in(items, turn, key, placeholder(turn, key, count, own))
            )
        name = numbered(key, count)
        if (text := self._placeholders.get(name)) is not None:
            return self._stood_in(items, turn, key, text)
        if self._stand.mode != "always" and (not turn.calls or turn.calls[0] in self._asked.stored):
            found = self._context.memory.recall(turn, self._place(nth))
            if found is not None and found.reasoning.blocks:
                kind = Kind.REAL if found.texts is None else Kind.LEAKED
                until = (self._place(nth).chain,) if found.here else self._asked.names(nth)
                said = self._with(items, found.reasoning, found.texts)
                return Decision(said, kind, key, until)
        if ours:
            return Decision(items, turn=key, until=self._asked.names(nth))
        if self._context.quiet or self._stand.mode == "off":
            return Decision(items, until=())
        self._new[name] = text = placeholder(turn, key, count, own)
        return self._stood_in(items, turn, key, text)

    def _stood_in(
        self, items: tuple[bytes, ...], turn: Turn, key: str, text: Reasoning
    ) -> Decision:
        if turn.sound and turn.reasoning is not None and turn.reasoning.text == text.text:
            return Decision(items, turn=key)
        if self._stand.mode == "off":
            return Decision(items, until=())
        return Decision(self._with(items, text), Kind.PLACEHOLDER, key)

    def _with(
        self,
        items: tuple[bytes, ...],
        reasoning: Reasoning,
        texts: tuple[str, ...] | None = None,
    ) -> tuple[bytes, ...]:
        return self._wire.with_reasoning(items, reasoning, texts)

    def _was_given(self, turn: Turn, nth: int) -> bool:
        """Whether this upstream itself gave the turn this reasoning, signatures included."""
        found = self._context.memory.recall(turn, self._place(nth))
        return found is not None and found.reasoning == turn.reasoning

    def _is_kept(self, turn: Turn, nth: int) -> bool:
        """Whether memory has what the agent sent; else it shall, once the upstream has taken it."""
        place = self._place(nth)
        if self._context.memory.knows(turn, place):
            return True
        self._context.carried.append((place.index, turn))
        return False


def _place(given: History, session: str, nth: int) -> Place:
    """Where the nth assistant turn stands in what the agent sent."""
    return Place(given, given.assistants[nth], session)


def _plainly(turn: Turn, answer: Turn | None) -> Reasoning | None:
    """The reasoning of the answer that is known to have made these calls, and no others.

    None where there is none, or where it may have come into the turn's text.
    """
    if answer is None or answer.calls != turn.calls:
        return None
    said = answer.reasoning
    if said is None or not said.blocks:
        return None
    leaked = turn.texts and without_leak(turn.texts, said.text) is not None
    return None if leaked else said


THINKING_REPLAY = Repair(
    "thinking-replay",
    "Gives each assistant turn its own reasoning back: real where known, else a placeholder",
    ALL,
    request=with_reasoning,
)
