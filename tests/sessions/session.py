"""One session under way: its agent and user, the model, the proxy between, and the judge."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from random import Random
from types import TracebackType
from uuid import UUID

from tests.sessions.agent import Request, called, reply, request
from tests.sessions.habits import SHOWN, Habits, Scene
from tests.sessions.judge import Judge
from tests.sessions.model import Model
from tests.sessions.proxy import Proxy
from tests.sessions.truth import Note, Prompt, Reply, Result, Thread
from tests.sessions.upstream import Upstream

ROOTS = "fix the tests", "fix the tests", "look at the code"
RESULTS = "ok", "file contents", "error: no"
SLOW = 0.004  # seconds before each event of an answer that its agent does not wait for


class Session:
    """What moves are made in; all that is drawn comes from one seed. `log` tells what was done."""

    def __init__(self, seed: int, place: Path) -> None:
        self.random = random = Random(seed)
        self.habits, self.scene = Habits.drawn(random), Scene.drawn(random)
        self.model = Model(random, self.scene)
        self.judge = Judge(self.habits, self.scene)
        self.upstream = Upstream(self.scene.density)
        self.threads: list[Thread] = []
        self.log: list[str] = []
        self._place = None if self.scene.private else place / "memory.db"
        self._numbers, self._agents = itertools.count(1), itertools.count(1)
        self._names = [f"ses-{UUID(int=random.getrandbits(128)).hex}" for _ in range(3)]

    def __enter__(self) -> Session:
        self.upstream.__enter__()
        self._open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._proxy.__exit__(kind, error, trace)
        self.upstream.__exit__(kind, error, trace)

    def _open(self) -> None:
        self._proxy = Proxy(self.upstream.url, self._place, self.scene.stand_in)
        self._proxy.__enter__()

    def resume(self) -> None:
        """Go on in another process, which has the same memory."""
        self._proxy.__exit__(None, None, None)
        self._open()

    def name(self) -> str:
        """A name for a session, where the agent gives any."""
        return self.random.choice(self._names) if self.habits.session else ""

    def number(self) -> int:
        """The next entry's number."""
        return next(self._numbers)

    def prompt(self, text: str = "") -> Prompt:
        """Words of the user's."""
        return Prompt(self.number(), text or self.model.words(["go on", "yes", "continue"]))

    def begin(self) -> Thread:
        """A new thread: another session, another conversation in one, or a sub-agent's."""
        random, habits = self.random, self.habits
        inner = habits.names_agents and bool(self.threads) and random.random() < 0.5
        agent = f"agent-{next(self._agents)}" if inner else ""
        name = self.name() if random.random() < 0.3 else self._names[0]
        thread = Thread(self.scene.dialect, name if habits.session else "", [], agent=agent)
        if habits.preamble:
            thread.history.append(self.prompt("This is the environment. Directory: /repo"))
            thread.history.append(Reply(self.number(), "Got it. Thanks for the context!"))
        thread.history.append(self.prompt(random.choice([*ROOTS, self.model.words(["x"])])))
        if habits.notes:
            thread.history.append(Note(self.number(), "agents: a, b"))
        self.threads.append(thread)
        return thread

    def bring(self) -> None:
        """A thread that was begun without a proxy: of its first answers nobody knows the thoughts."""
        thread = self.begin()
        number = self.number()
        thread.brought, thread.session = True, f"ses-elsewhere-{number}"
        thread.history = [Prompt(number, f"Task {number}, begun elsewhere")]
        for _ in range(self.random.choice([1, 3])):
            plan = self.model.plan(tools=True)
            self.take(thread, Reply(self.number(), plan.text, called(plan)))
        for each in thread.replies:  # what one answer was, only who has seen it knows
            each.form = ""

    def fork(self, thread: Thread) -> None:
        """Another thread that begins as this one does."""
        stays = thread.brought or self.random.random() < 0.5
        name = thread.session if stays else self.name()
        agent = thread.agent and f"agent-{next(self._agents)}"
        self.threads.append(thread.copy(session=name, agent=agent))

    def ask(self, thread: Thread, leaves: int = 0) -> Reply | None:
        """Ask for the next answer; None where there is none. The agent `leaves` behind some bytes."""
        asked = self._request(thread)
        anew = None
        if self._place and not self.scene.refusals and not self.scene.density:
            anew = self._proxy.anew(asked) if self.random.random() < 0.25 else None
        if leaves:
            asked.leaves, asked.plan.pause = leaves, SLOW
        self._proxy.send(asked)
        return self._answered(asked, anew)

    def ask_at_once(self, threads: Sequence[Thread]) -> list[Reply | None]:
        """Ask for the next answer of each of these threads."""
        asked = [self._request(thread) for thread in threads]
        for each in asked:
            each.plan.first = self.random.choice([0, 0.01, 0.03])
            each.plan.pause = self.random.choice([0, 0.002])
        self._proxy.send(*asked)
        return [self._answered(each, None) for each in asked]

    def _request(self, thread: Thread) -> Request:
        thread.thinking = ""
        if self.scene.toggles and self.random.random() < 0.15:
            thread.thinking = self.random.choice(["off", "forced"])
        plan = self.model.plan(tools=thread.tools)
        self.upstream.add(plan)
        return request(self.habits, thread, plan)

    def _answered(self, asked: Request, anew: bytes | None) -> Reply | None:
        """What the agent takes for the answer, once the request has been judged."""
        self.log.append(str(asked))
        self.judge.check(asked, anew)
        if asked.status >= 400:
            return None
        answer = reply(self.habits, asked, self.number())
        self.judge.learn(asked, answer)
        return answer

    def take(self, thread: Thread, answer: Reply | None) -> None:
        """Go on with an answer: with what its calls come to, or with what the user says next."""
        if answer is None:
            return
        if not answer.certain:
            self._take_cut(thread, answer)
            return
        self.show(thread, answer)
        thread.history.append(answer)
        if not answer.calls:
            thread.history.append(self.prompt())
            return
        results = [Result(self.number(), c.id, self.random.choice(RESULTS)) for c in answer.calls]
        drawn = self.random.random()
        if drawn < 0.1 and self.scene.prunes:
            results.reverse()
        interrupted = drawn > 0.93
        if interrupted:
            results = results[: self.random.randrange(len(results))]
        thread.history += results
        if interrupted:
            words = self.random.choice(["go on", "stop"])
            thread.history.append(self.prompt(f"[Request interrupted by user] {words}"))

    def _take_cut(self, thread: Thread, answer: Reply) -> None:
        """Of an answer that broke off the agent keeps the text, or asks again, or the user does."""
        if answer.text and self.random.random() < 0.5:
            answer.shown = "lost"
            thread.history += [answer, self.prompt()]
        elif self.random.random() < 0.5:
            thread.history.append(self.prompt(self.model.words(["go on", "try again"])))

    def show(self, thread: Thread, answer: Reply) -> None:
        """Decide what the agent makes of an answer from now on."""
        if self.scene.loses == "lost":
            answer.shown = "lost"
        elif self.scene.loses == "mixed":
            answer.shown = self.random.choice(SHOWN)
        splits = self.habits.splits and thread.dialect != "responses"
        if splits and len(answer.calls) > 1 and self.random.random() < 0.7:
            answer.form = "split"
        late = self.scene.prunes and thread.dialect == "messages" and answer.shown == "kept"
        if late and self.random.random() < 0.1:
            answer.form = "late"
