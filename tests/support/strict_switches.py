"""How the strict endpoint can be told to answer."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Cut:
    """End an answer early: after so many events, `times` times, by `rst` or `fin`.

    `kinds` limits it to answers that call a tool (`calls`) or close with a text (`text`).
    """

    after: int
    how: str = "fin"
    times: int = 1
    kinds: str = "calls text"


@dataclass
class Switches:
    """How the endpoint answers."""

    served: str = ""  # another model name than the one asked for
    signature: str = "uuid"  # `uuid`, `empty`, or `absent`
    redacted: bool = False
    silent_every: int = 0  # each so manyth answer has no reasoning
    crlf: bool = False
    comments: bool = False
    bytewise: bool = False
    delay: float = 0.0  # seconds before each event of an answer to a request with tools
    delay_steps: str = ""  # only in these steps; `text` is the closing text
    cut: Cut | None = None
    # how the next answers to requests with tools end: `completed`, `incomplete` or `failed`
    endings: list[str] = field(default_factory=list)
    text: str = "{token} All is done."
    reasoning: str = 'Thought {n}: "quoted"\nand a second line, 思考 é \\ {mark}'


@dataclass
class Canned:
    """An answer given as it is: `end` is `length`, `chunked`, `fin` or `rst`."""

    status: int = 200
    headers: list[tuple[str, str]] = field(default_factory=list)
    pieces: list[bytes] = field(default_factory=list)
    end: str = "length"
    pause: float = 0.0
    hold: float = 0.0  # seconds before the status line
