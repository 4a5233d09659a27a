"""A session read back from its events, as far as they were written.

A line that is cut or that this version does not know is passed over. What an exchange was sent
is found by walking from its last node to the root.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias

from dsfix.admission import Refusal
from dsfix.errors import DsfixError
from dsfix.record.edited import NOTHING, Edited, edited_in
from dsfix.record.events import exchange_of
from dsfix.record.exchange import Exchange
from dsfix.record.form import event_in
from dsfix.record.sessions import EndState, end_state

Event: TypeAlias = dict[str, Any]

_LATEST = 253_400_000_000.0  # in the last month that has a date in every time zone


@dataclass(frozen=True, slots=True)
class Recorded:
    """One exchange, and where to find what was said in it.

    `head` is its last message's node, empty where the texts were not kept; `parts` names what
    is stored once (system prompt, tools) and `params` the short members of the body. `answer`
    is as far as it came; `ended` is false while nobody has seen its end. `edited` is what repairs
    changed.
    """

    exchange: Exchange
    head: str = ""
    messages: int = 0
    parts: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    answer: tuple[Mapping[str, Any], ...] = ()
    ended: bool = False
    edited: Edited = NOTHING


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """A session as it stands in its file. `start` and `end` are what those events say.

    `nodes`, `contents` and `parts` are all that is stored in it, by name, in the order written.
    `turned_away` is how often each refusal was given at the door.
    """

    id: str
    path: Path
    state: EndState
    start: Mapping[str, Any]
    end: Mapping[str, Any]
    exchanges: tuple[Recorded, ...]
    duration: float
    nodes: Mapping[str, Event] = field(repr=False)
    contents: Mapping[str, Any] = field(repr=False)
    parts: Mapping[str, Event] = field(repr=False)
    turned_away: Mapping[Refusal, int] = field(default_factory=dict)

    @property
    def started(self) -> float:
        """Wall-clock seconds of the first event; 0 when none can be read."""
        return seconds_of(self.start.get("ts"))

    def messages(self, recorded: Recorded) -> list[Any]:
        """What the agent sent in that request, in order; None for a message that is not stored."""
        return [self.contents.get(name) for name in self.names(recorded)]

    def names(self, recorded: Recorded) -> list[str]:
        """The messages of that request by name, in order; what says the same has the same name."""
        said: list[str] = []
        node = recorded.head
        while node and len(said) < recorded.messages:
            event = self.nodes.get(node, {})
            said.append(event.get("hash", ""))
            node = event.get("parent", "")
        return said[::-1]

    def parted(self, old: Recorded, new: Recorded) -> list[tuple[int, str, str]]:
        """Where two requests are no longer one history: the place and both messages' names.

        From the first message that is another one on, as far as both go.
        """
        place = min(old.messages, new.messages)
        one, other = (self._back(each.head, each.messages - place) for each in (old, new))
        found: list[tuple[int, str, str]] = []
        while place and one != other:
            place -= 1
            ends = self.nodes.get(one, {}), self.nodes.get(other, {})
            found.append((place, ends[0].get("hash", ""), ends[1].get("hash", "")))
            one, other = (each.get("parent", "") for each in ends)
        return found[::-1]

    def _back(self, node: str, steps: int) -> str:
        while node and steps > 0:
            node, steps = self.nodes.get(node, {}).get("parent", ""), steps - 1
        return node

    def pieces(self, recorded: Recorded, part: str) -> list[str]:
        """The blocks of a part of that request by name, in order; of a plain text, the one."""
        name = recorded.parts.get(part, "")
        return list(self.parts.get(name, {}).get("items", [name] if name else []))

    def conversations(self) -> list[Recorded]:
        """The last exchange of each conversation whose texts were kept, in order."""
        last = {each.exchange.conversation: each for each in self.exchanges if each.head}
        return list(last.values())

    def part(self, recorded: Recorded, name: str) -> Any:
        """A part of that request, such as `system` or `tools`; None when it is not stored."""
        event = self.parts.get(recorded.parts.get(name, ""), {})
        if "items" in event:
            return [self.parts.get(item, {}).get("content") for item in event["items"]]
        return event.get("content")


@dataclass(slots=True)
class _Reading:
    """What was read so far."""

    start: Event = field(default_factory=dict)
    end: Event = field(default_factory=dict)
    last: Event = field(default_factory=dict)
    requests: dict[int, Event] = field(default_factory=dict)
    responses: dict[int, Event] = field(default_factory=dict)
    growing: dict[int, dict[int, Event]] = field(default_factory=dict)
    nodes: dict[str, Event] = field(default_factory=dict)
    contents: dict[str, Any] = field(default_factory=dict)
    parts: dict[str, Event] = field(default_factory=dict)
    turned_away: dict[Refusal, int] = field(default_factory=dict)

    def take(self, event: Event) -> None:
        """Take in one event; one whose type is not known says nothing."""
        self.last = event
        match event.get("type"):
            case "session.start":
                self.start = event
            case "session.end":
                self.end = event
            case "message":
                self.nodes[event["id"]] = event
                if "content" in event:
                    self.contents[event["hash"]] = event.pop("content")
            case "part":
                self.parts[event["id"]] = event
            case "request":
                self.requests[event["exchange"]] = event
            case "response":
                self.responses[event["exchange"]] = event
            case "refused":
                refusal = Refusal(event["status"], event["words"])
                self.turned_away[refusal] = event["count"]
            case "progress":
                grow(self.growing.setdefault(event["exchange"], {}), event)
            case _:
                pass

    def exchanges(self) -> Iterator[Recorded]:
        longest = len(self.nodes) + 1  # of a history, one that goes round in a circle too
        for number in sorted(self.requests.keys() | self.responses.keys()):
            request, response = self.requests.get(number, {}), self.responses.get(number, {})
            blocks = self.growing.get(number, {})
            answer = response.get("answer") or [blocks[index] for index in sorted(blocks)]
            yield Recorded(
                exchange_of(request, response, seconds_of((request or response).get("ts"))),
                request.get("head", ""),
                min(request.get("messages", 0), longest),
                request.get("parts", {}),
                request.get("params", {}),
                tuple(answer),
                bool(response),
                edited_in(request, response),
            )


def read(path: Path) -> SessionRecord:
    """The session in that events file.

    Raises DsfixError when the file cannot be read at all.
    """
    return Following(path).read()


class Following:
    """A session that may still be written: each `read` takes in the lines that were added."""

    def __init__(self, path: Path) -> None:
        self._path, self._at, self._reading = path, 0, _Reading()

    def read(self) -> SessionRecord:
        """The session as far as it is written now; a last line that is not whole waits.

        Raises DsfixError when the file cannot be read at all.
        """
        path, reading = self._path, self._reading
        try:
            with path.open("rb") as file:
                file.seek(self._at)
                for line in file:
                    if line.endswith(b"\n"):
                        self._at += len(line)
                        _take(reading, line)
        except OSError as error:
            raise DsfixError(
                f"session record {path} cannot be read: {error.strerror or error}",
                hint="see `dsfix sessions list`",
            ) from error
        lived = seconds_of(reading.last.get("ts")) - seconds_of(reading.start.get("ts"))
        return SessionRecord(
            path.parent.name,
            path,
            end_state(path, reading.end),
            reading.start,
            reading.end,
            tuple(reading.exchanges()),
            reading.end.get("duration", lived if reading.start else 0.0),
            reading.nodes,
            reading.contents,
            reading.parts,
            reading.turned_away,
        )


def _take(reading: _Reading, line: bytes) -> None:
    """Take in a line, unless it is no event that this version can read."""
    if event := event_in(line):
        try:
            reading.take(event)
        except (KeyError, TypeError, AttributeError):
            return


def grow(blocks: dict[int, Event], event: Event) -> None:
    """Bring the blocks of an unfinished answer, by index, to where a `progress` event says."""
    for news in event["blocks"]:
        block = blocks.setdefault(news["index"], {"type": news.get("type", ""), "text": ""})
        block |= {key: news[key] for key in ("id", "name") if news.get(key)}
        block["text"] = block["text"][: news["at"]] + news["text"]


def seconds_of(stamp: object) -> float:
    """A time stamp as wall-clock seconds; 0 for none, and for one that has no date somewhere."""
    try:
        at = datetime.fromisoformat(str(stamp)).timestamp()
    except (OverflowError, ValueError):
        return 0.0
    return at if 0 < at < _LATEST else 0.0
