"""A conversation on its way through the chain, request by request, as the proxy handles it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from dsfix.memory import OriginMemory
from dsfix.protocol.body import Dialect
from dsfix.protocol.turns import Reasoning, Turn, is_random
from dsfix.repairs import REPAIRS
from dsfix.repairs.base import Rules, Step
from dsfix.repairs.chain import Outgoing, prepare
from dsfix.repairs.recall import Place
from dsfix.simulator import rules
from dsfix.simulator.rules.ledger import Ledger, Minted
from dsfix.simulator.rules.wire import context
from tests.laws import on_chat, on_messages, on_responses
from tests.laws.conversation import Answered, Conversation
from tests.laws.habits import Habits
from tests.laws.prompt import Prompt, prompt
from tests.repairs.support import RULES, memory

PATHS = {
    "messages": "/anthropic/v1/messages",
    "chat": "/chat/completions",
    "responses": "/responses",
}
# The strictest upstream takes no images, so the user has turned them off.
NO_IMAGES = replace(RULES, images="text")
HEADERS = {"authorization": "Bearer sk-fake", "content-type": "application/json"}
WRITERS: dict[Dialect, Any] = {
    Dialect.MESSAGES: on_messages,
    Dialect.CHAT: on_chat,
    Dialect.RESPONSES: on_responses,
}


@dataclass(frozen=True, slots=True)
class Sent:
    """One request: what the agent sent, and what dsfix made of it."""

    dialect: Dialect
    data: bytes
    out: Outgoing

    @property
    def prompt(self) -> Prompt:
        """What the upstream's cache sees of it."""
        return prompt(self.dialect, self.out.data)


@dataclass(slots=True)
class Passage:
    """What one agent has behind it: dsfix with its memory, and a strict upstream.

    `ledger` is what the upstream has answered so far.
    """

    dialect: Dialect
    habits: Habits = field(default_factory=Habits)
    known: OriginMemory = field(default_factory=memory)
    given: Rules = NO_IMAGES
    policy: rules.Policy = rules.STRICTEST
    ledger: Ledger = field(default_factory=Ledger)
    session: str = ""

    def body(self, conversation: Conversation, count: int) -> dict[str, Any]:
        """What the agent sends after so many steps."""
        writer = WRITERS[self.dialect]
        body: dict[str, Any] = writer.body(conversation.at(count), self.habits, count)
        return body

    def send(self, body: dict[str, Any]) -> Sent:
        """One request through the chain; what the agent itself carried is learnt, as later."""
        data = self.habits.encode(body)
        out = self.pass_on(data)
        if out.history is not None:
            places = [(turn, Place(out.history, at, out.session)) for at, turn in out.carried]
            self.known.learn(places)
        return Sent(self.dialect, data, out)

    def pass_on(self, data: bytes) -> Outgoing:
        """What the chain makes of these bytes."""
        return prepare(
            self.dialect, data, REPAIRS, self.given, self.known, lambda _: Step.NONE, self.session
        )

    def refusal(self, sent: Sent, **policy: Any) -> str:
        """Why the strict upstream refuses it; empty if it does not."""
        request = self._read(sent, replace(self.policy, **policy))
        refused = rules.refusal(request)
        return f"{refused[0].name}: {refused[1].body.decode()}" if refused else ""

    def history(self, sent: Sent) -> tuple[Any, ...]:
        """The request's turns, as the upstream reads them."""
        return self._read(sent, self.policy).history

    def answer(self, sent: Sent, step: Answered) -> None:
        """The upstream answers with this turn, and it passes back through dsfix."""
        assert sent.out.history is not None
        blocks = ((step.thought, step.signature),) if step.thought else ()
        ids = tuple(call.id for call in step.calls)
        texts = (step.text,) if step.text else ()
        turn = Turn(ids, tuple(call.name for call in step.calls), texts, Reasoning(blocks))
        place = Place(sent.out.history, len(sent.out.history.messages), sent.out.session)
        self.known.remember(turn, place)
        if not all(map(is_random, ids)):
            return  # the ledger finds calls by id, and these ids come again
        before = context(self.history(sent))
        self.ledger.add(Minted(step.signature, "sk-fake", step.thought, step.text, before, ids))

    def play(self, conversation: Conversation) -> list[Sent]:
        """The whole conversation: each request, and the answers that came through dsfix."""
        self.session = conversation.session
        return [self.ask(conversation, count) for count in conversation.requests()]

    def ask(self, conversation: Conversation, count: int) -> Sent:
        """The request after so many steps; what is answered may come through dsfix."""
        sent = self.send(self.body(conversation, count))
        following = conversation.steps[count : count + 1]
        if following and isinstance(following[0], Answered) and following[0].passed:
            self.answer(sent, following[0])
        return sent

    def _read(self, sent: Sent, policy: rules.Policy) -> rules.Request:
        path = PATHS[self.dialect]
        return rules.read("POST", path, HEADERS, sent.out.data, policy=policy, ledger=self.ledger)
