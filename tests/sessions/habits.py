"""How an agent writes, and what kind of a session it is: both drawn from a seed."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from tests.sessions.truth import Called, Reply

COUNTED = ("zero", "kimi", "kimi on", "none", "one")  # ids that come again
SHOWN = ("kept", "lost", "blank", "redacted", "unsigned", "foreign")


@dataclass(frozen=True)
class Habits:
    """How one agent writes its requests, and what it makes of a history."""

    session: str  # the header that names its session
    marks: int  # cache markers on the last messages (Messages)
    plain: bool  # texts as strings, not as blocks
    joins: bool  # what the user says twice in a row is one message (Messages)
    notes: bool  # says something as the system behind the first prompt
    preamble: bool  # begins with an answer that no model gave, as Qwen Code does
    rewrites: bool  # sorts a call's arguments otherwise, drops what it does not know, trims texts
    splits: str  # one message for each call: `once` with the reasoning on the first, `each` on all
    spaced: bool  # JSON with blanks
    escaped: bool  # JSON in ASCII
    last: bool  # the messages behind all other members
    streams: bool

    @classmethod
    def drawn(cls, random: Random) -> Habits:
        """Those of one agent."""
        headers = "x_session_id", "x_claude_code_session_id", "thread_id", ""
        return cls(
            session=random.choice(headers),
            marks=random.choice([0, 0, 1, 2]),
            plain=random.random() < 0.5,
            joins=random.random() < 0.3,
            notes=random.random() < 0.3,
            preamble=random.random() < 0.25,
            rewrites=random.random() < 0.3,
            splits=random.choice(["", "", "", "once", "each"]),
            spaced=random.random() < 0.2,
            escaped=random.random() < 0.5,
            last=random.random() < 0.2,
            streams=random.random() < 0.8,
        )

    @property
    def names_agents(self) -> bool:
        """Whether it says which requests are a sub-agent's, as Claude Code does."""
        return self.session == "x_claude_code_session_id"

    def arguments(self, call: Called) -> dict[str, Any]:
        """A call's arguments as it writes them."""
        if not self.rewrites:
            return call.arguments
        return {"n": 1000, "command": call.arguments["command"]}

    def splits_up(self, reply: Reply) -> bool:
        """Whether it writes that reply as a message for each call."""
        return reply.form == "split" and len(reply.calls) > 1


@dataclass(frozen=True)
class Scene:
    """What kind of a session it is: what the agent does in it, the user, and the upstream."""

    dialect: str
    wires: bool  # another wire with another model
    ids: str  # how ids of calls are made: `own` is DeepSeek's way
    common: float  # how many texts are those that everybody says
    loses: str  # what the agent makes of reasoning: when, and how
    prunes: bool  # old results are cleared, calls and texts dropped, results put in another order
    cuts: bool  # answers break off, and the user interrupts
    refusals: bool  # now and then the upstream wants reasoning back that it was given
    toggles: bool  # now and then thinking is off, or a tool is forced
    density: float  # tokens to a byte, so that conversations outgrow the model; 0 if they do not
    private: bool  # memory is in RAM only
    stand_in: str  # the user's words for a placeholder

    @classmethod
    def drawn(cls, random: Random) -> Scene:
        """That of one session."""
        ids = random.choice(["own", "own", "toolu", *COUNTED])
        return cls(
            dialect=random.choice(["messages", "chat", "responses"]),
            wires=random.random() < 0.2 and ids not in COUNTED,
            ids=ids,
            common=random.choice([0, 0.3, 0.8]),
            loses=random.choice(["kept", "lost", "lost", "mixed", "switch", "leak"]),
            prunes=random.random() < 0.3,
            cuts=random.random() < 0.4,
            refusals=random.random() < 0.12,
            toggles=random.random() < 0.3,
            density=random.choice([0] * 12 + [40, 80, 160]),
            private=random.random() < 0.15,
            stand_in=random.choice([""] * 6 + ["not known"]),
        )

    @property
    def counted(self) -> bool:
        """Whether ids come again, so that one means nothing by itself."""
        return self.ids in COUNTED
