"""The upstream of a session: the strict endpoint, told what to answer to each request.

A request is known by `?plan=N`, its query. It is refused for what DeepSeek refuses; whether each
turn has its own reasoning is for the judge, who knows what may not be told apart.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from tests.support.in_process import PATHS
from tests.support.strict_base import Answer, Call, Given, Refused
from tests.support.strict_endpoint import Cut, Received, StrictEndpoint, Switches
from tests.support.strict_rules import PASS_BACK, WIRES, check

TOLD = "told to"


@dataclass
class Plan:
    """What the model will say to a request, and the requests that came for it.

    `lasting` is whether its calls' ids mean this answer alone. The stream breaks off behind so
    many events (`cut`, 0 for never); so many `refusals` come first.
    """

    number: int
    id: str
    text: str = ""
    names: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    lasting: bool = True
    reasoning: str | None = None
    ending: str = "completed"
    cut: int = 0
    first: float = 0.0  # seconds before the answer
    pause: float = 0.0  # seconds before each event
    refusals: int = 0
    requests: list[Received] = field(default_factory=list)

    def path(self, dialect: str) -> str:
        """Where the request for it goes."""
        return f"{PATHS[dialect]}?plan={self.number}"

    @property
    def calls(self) -> list[Call]:
        """The calls that it makes."""
        return [
            Call(name, {"command": f"do {self.number} {nth}", "n": 1000.0})
            for nth, name in enumerate(self.names)
        ]


class Upstream(StrictEndpoint):
    """Answers as planned. A prompt's bytes have so many tokens each (`density`), or 128 in all."""

    def __init__(self, density: float) -> None:
        super().__init__(exact=False, distinct=False)
        self.plans: dict[str, Plan] = {}
        self._density = density

    def add(self, plan: Plan) -> None:
        """Be ready for a request."""
        self.plans[str(plan.number)] = plan

    def record(self, method: str, path: str, *rest: object) -> Received:
        """Put a request on record, also with its plan."""
        received = super().record(method, path, *rest)  # type: ignore[arg-type]  # as they came
        self._plan(received).requests.append(received)
        return received

    def check(self, received: Received) -> None:
        """Raise Refused for a request that DeepSeek refuses, or as planned."""
        check(received.dialect, received.body, self.policy, self.memory)
        plan = self._plan(received)
        if plan.refusals:
            plan.refusals -= 1
            raise Refused(TOLD, PASS_BACK[received.dialect])

    def answer(self, received: Received) -> tuple[Answer, str]:
        """What was planned; without thinking there is no reasoning."""
        plan, body = self._plan(received), received.body
        if WIRES[received.dialect].is_off(body):
            plan.reasoning = None
        given = Given(plan.number, "", plan.reasoning, plan.ids, body["model"])
        if plan.lasting:
            self.memory.add(given)
        time.sleep(plan.first)
        answer = Answer(given, plan.calls, plan.id, body["model"], plan.text, ending=plan.ending)
        if self._density:
            answer.prompt = int(self._density * len(received.raw))
        return answer, ""

    def switches_of(self, received: Received) -> Switches:
        """How this answer's stream goes."""
        plan = self._plan(received)
        return Switches(cut=Cut(plan.cut) if plan.cut else None, delay=plan.pause)

    def _plan(self, received: Received) -> Plan:
        return self.plans[parse_qs(urlsplit(received.path).query)["plan"][0]]
