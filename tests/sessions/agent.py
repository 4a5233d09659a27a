"""What an agent sends of a thread, and what arrives of the answer."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tests.sessions.habits import Habits
from tests.sessions.truth import Called, Reply, Thread
from tests.sessions.upstream import Plan
from tests.sessions.writing import body, headers
from tests.support.strict_endpoint import Received
from tests.support.talk import answered, calls, events


@dataclass
class Request:
    """One request: the thread as it was then, what is planned for it, and what became of it.

    `leaves` is behind how many bytes of the answer the agent leaves, 0 where it stays.
    """

    thread: Thread
    plan: Plan
    body: bytes
    headers: dict[str, str]
    leaves: int = 0
    status: int = 0
    data: bytes = b""

    @property
    def came(self) -> list[Received]:
        """What came upstream for it."""
        return self.plan.requests

    @property
    def is_whole(self) -> bool:
        """Whether all of the answer was to be sent and taken."""
        return not self.plan.cut and not self.leaves

    @property
    def arrived(self) -> tuple[str, list[str]]:
        """Text and calls of a whole answer, as they came to the agent."""
        dialect = self.thread.dialect
        message = answered(dialect, self.data)
        content = message.get("content") or ""
        if dialect == "responses":
            items = [item for item in message["output"] if item["type"] == "message"]
            content = [part for item in items for part in item["content"]]
        parts = [{"text": content}] if isinstance(content, str) else content
        made = [call or "" for call in calls(dialect, message)]
        return "".join(part.get("text", "") for part in parts), made

    def __str__(self) -> str:
        thread, plan = self.thread, self.plan
        said = "\n  ".join(map(str, thread.history))
        kind = "main" if thread.tools else "title"
        cut = f", cut {plan.cut}, left {self.leaves}" if not self.is_whole else ""
        return (
            f"{thread.session[-4:]} {thread.agent} {thread.dialect} {thread.model} {kind}"
            f" {thread.thinking}\n  {said}\n  -> {self.status} {plan.text!r} {plan.ids}"
            f" {(plan.reasoning or 'nothing thought')[:20]!r} {plan.ending}{cut}"
        )


def request(habits: Habits, thread: Thread, plan: Plan) -> Request:
    """The request for the next answer of a thread."""
    kept = replace(thread, history=[*thread.history])
    return Request(kept, plan, body(habits, kept), headers(habits, kept))


def reply(habits: Habits, asked: Request, number: int) -> Reply:
    """What the agent takes for the answer: of one that broke off, the text that had come."""
    thread, plan = asked.thread, asked.plan
    taken = Reply(
        number,
        "",
        reasoning=plan.reasoning,
        signature=plan.id,
        place=thread.place,
        certain=asked.is_whole,
    )
    if not asked.is_whole:
        taken.text = _text(thread.dialect, asked.data)
        return taken
    taken.text = plan.text.strip() if habits.rewrites else plan.text
    taken.calls = called(plan)
    return taken


def called(plan: Plan) -> tuple[Called, ...]:
    """The calls of an answer, as its agent knows them."""
    made = zip(plan.ids, plan.calls, strict=True)
    return tuple(Called(id, call.name, call.arguments) for id, call in made)


def _text(dialect: str, data: bytes) -> str:
    """The visible text of a stream that broke off."""
    whole = data[: data.rfind(b"\n\n") + 2]
    found = events(whole)
    if dialect == "messages":
        return "".join(event.get("delta", {}).get("text", "") for event in found)
    if dialect == "chat":
        deltas = [choice["delta"] for event in found for choice in event.get("choices", ())]
        return "".join(delta.get("content") or "" for delta in deltas)
    said = [event for event in found if event.get("type") == "response.output_text.delta"]
    return "".join(event["delta"] for event in said)
