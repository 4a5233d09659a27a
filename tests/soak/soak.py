"""Hours of use in minutes: many sessions at once in bad weather, then what has to hold.

Two sessions live from the beginning to the end, with several conversations at once; beside them
others are started and ended one after the other, and conversations go on from one to the next.
All share one memory, one record and one upstream.
"""

from __future__ import annotations

import random
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from dsfix.record.reader import read
from dsfix.record.sessions import EndState, event_files
from tests.soak.agent import Agent
from tests.soak.proxies import MARK, Proxy
from tests.soak.weather import Weather, weather
from tests.support.talk import Talk, calls

LONG, TALKERS, SHORT = 2, 3, 1  # long sessions, talkers in each, and threads of short sessions
# MB that a session may fill with what it keeps on purpose: the last requests of the record, turns of
# the memory. What of it is not filled by then may come after warming up.
ROOM = 64.0
LEFT = 6.0  # KB that an exchange may leave behind besides: for the summary and the record
# Times that a request of 360 KB is made again, and MB that may stay: a quarter of them, where all
# but chance is none (0.004 MB; 2 cores, 2026-11-23).
SAME, SLACK = 60, 5.0
MORE = 3  # threads and descriptors that come and go


@dataclass
class Soak:
    """One run. `troubles` is what went wrong, empty if nothing did."""

    weather: Weather
    place: Path
    seed: int
    exchanges: int = 0
    sessions: list[Proxy] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    grown: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._over, self._go, self._lock = threading.Event(), threading.Event(), threading.Lock()
        self._go.set()
        self._talking = 0

    def run(self, seconds: float) -> None:
        """Soak for so long; a third of it is warming up."""
        with ExitStack() as stack:
            long = [stack.enter_context(self._session()) for _ in range(LONG)]
            tasks: list[Callable[[Agent], None]] = [self._short] * SHORT
            for proxy in long:
                tasks += [self._talks(proxy)] * TALKERS
            threads = [
                threading.Thread(target=self._kept, args=(task, number))
                for number, task in enumerate(tasks)
            ]
            start = self._quiet(long)
            for thread in threads:
                thread.start()
            self._over.wait(seconds / 3)
            before, sent = self._quiet(long), [proxy.sent for proxy in long]
            self._over.wait(seconds * 2 / 3)
            after = self._quiet(long)
            self._over.set()
            for thread in threads:
                thread.join(120)
                if thread.is_alive():
                    self.troubles.append("an agent waits for ever")
            for proxy in long:
                self._same(proxy)
        for number, proxy in enumerate(long):
            filled = before[number]["MB"] - start[number]["MB"]
            exchanges = proxy.sent - sent[number]
            self._compare(before[number], after[number], exchanges, max(SLACK, ROOM - filled))

    def check(self) -> None:
        """What has to hold when all sessions have ended."""
        self.troubles += [f"the upstream refused {each}" for each in self.weather.refused]
        self.troubles += [f"a file is left: {each}" for each in (self.place / "tmp").iterdir()]
        self.troubles += [f"a process is left: {each}" for each in _processes(self.place)]
        if errors := (self.place / "errors").read_text():
            self.troubles.append(f"dsfix said {errors[-2000:]}")
        self._check_record()

    def _check_record(self) -> None:
        """Every answer that an agent got is in the record, and nothing that nobody asked."""
        paths = {path.parent.name: path for path in event_files(self.place / "state")}
        if paths.keys() != {proxy.id for proxy in self.sessions}:
            self.troubles.append(f"{len(self.sessions)} sessions, {len(paths)} recorded")
        for proxy in self.sessions:
            session = read(paths[proxy.id])
            kept = Counter(each.exchange.status for each in session.exchanges)
            got = Counter(status for status in proxy.answered if status)
            told = f"{proxy.id}: {proxy.sent} requests, answered {got}, recorded {kept}"
            if got - kept or kept.total() > proxy.sent:
                self.troubles.append(told)
            if session.state is not EndState.ENDED or not all(e.ended for e in session.exchanges):
                self.troubles.append(f"without an end: {told}")

    def _compare(
        self, was: dict[str, float], now: dict[str, float], exchanges: int, room: float
    ) -> None:
        """Nothing grows with what is asked, but for what is named above."""
        self.exchanges += exchanges
        what = f"{exchanges} exchanges" if exchanges else f"the same {SAME} times more"
        grown = now["MB"] - was["MB"]
        more = max(now[name] - was[name] for name in ("threads", "descriptors"))
        self.grown.append(f"{was} -> {now} by {what}; room for {room:.0f} MB")
        if grown > room + LEFT * exchanges / 1e3 or more > MORE:
            self.troubles.append(f"grown: {self.grown[-1]}")

    def _same(self, proxy: Proxy) -> None:
        """One long request again and again: nothing of it stays, however short the soak is."""
        agent = Agent(self.weather, self.seed)
        agent.proxy = proxy
        talk = agent.talk()
        talk.system *= 2
        body = talk.body()
        held = []
        for times in (SAME // 3, SAME):
            for _ in range(times):
                agent.post(talk.dialect, body)
            held.append(self._quiet([proxy])[0])
        self._compare(held[0], held[1], 0, SLACK)

    @contextmanager
    def _session(self) -> Iterator[Proxy]:
        with Proxy(self.weather.url, self.place) as proxy:
            with self._lock:
                self.sessions.append(proxy)
            yield proxy

    def _kept(self, task: Callable[[Agent], None], number: int) -> None:
        """A thread's work; what fails in it is told, and ends all."""
        try:
            task(Agent(self.weather, self.seed + number))
        except BaseException as error:
            self.troubles.append(f"{type(error).__name__}: {error}")
            self._over.set()

    def _talks(self, proxy: Proxy) -> Callable[[Agent], None]:
        def task(agent: Agent) -> None:
            agent.proxy = proxy
            while not self._over.is_set():
                talk = agent.talk()
                while self._turn(talk):
                    pass

        return task

    def _short(self, agent: Agent) -> None:
        """Sessions of a few turns; what is not done in one goes on in the next."""
        talk = agent.talk()
        while not self._over.is_set():
            with self._session() as agent.proxy:
                for _ in range(agent.random.randint(1, 6)):
                    if not self._turn(talk):
                        talk = agent.talk()

    def _turn(self, talk: Talk) -> bool:
        """One turn, when talking is allowed; whether the conversation goes on."""
        self._go.wait()
        with self._lock:
            self._talking += 1
        try:
            return bool(calls(talk.dialect, talk.turn())) and not self._over.is_set()
        finally:
            with self._lock:
                self._talking -= 1

    def _quiet(self, proxies: list[Proxy]) -> list[dict[str, float]]:
        """What these hold while nobody talks."""
        self._go.clear()
        deadline = time.monotonic() + 60
        while self._talking and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(1.0)
        try:
            return [proxy.holds() for proxy in proxies]
        finally:
            self._go.set()


def _processes(place: Path) -> list[str]:
    """Command lines of processes that were started here and have not ended."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        try:
            if f"{MARK}={place}\0".encode() in (each / "environ").read_bytes():
                found.append((each / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue  # it has ended, or is another user's
    return found


def soak(seconds: float, seed: int = 0) -> Soak:
    """Run and check; see its `troubles`."""
    seed = seed or random.randrange(1, 1 << 30)
    with tempfile.TemporaryDirectory() as directory, weather(seed) as found:
        place = Path(directory)
        for name in ("home", "state", "tmp"):
            (place / name).mkdir(mode=0o700)
        made = Soak(found, place, seed)
        made.run(seconds)
        made.check()
    return made
