"""Conversations the way coding agents hold them, as strategies.

Each text that is not repeated on purpose has a number of its own, so that a test can tell whether
it is still there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from tests.laws.conversation import (
    Answered,
    Call,
    Compacted,
    Conversation,
    Noted,
    Part,
    Result,
    Said,
    Step,
    Switched,
)
from tests.laws.habits import TOOLS

NUMBERED = re.compile(r"⟨\d+⟩")
PRO, FLASH = "deepseek-v4-pro", "deepseek-v4-flash"
_WORDS = (
    "go on",
    'say "hi"\n\tand \\ more',
    "日本語 😀 é",
    "<system-reminder>be quick</system-reminder> fix it",
    "json, please ",
    "a \\ud83d that is written out",
    "</think> <｜DSML｜tool_calls>",
    "\u0000\u2028",
)
_REPEATED = ("yes", "done", "go on")
_ARGUMENTS: tuple[Any, ...] = (
    {},
    {"command": "cd /repo && make"},
    {"n": 1000.0, "big": 2**70, "small": -1e-7, "none": None},
    {"": {"": []}, "deep": [[[{"a": [None, True, {}]}]]]},
    {"content": "  spaced \n", "replace_all": False},
    {"text": "\u2028 \u0000 é 😀"},
)
# Where the ids of a conversation come from: DeepSeek, Anthropic, vendors that count in each
# answer, and Kimi.
_ORIGINS = (("own",), ("own",), ("own", "foreign"), ("own", "zero", "kimi"))
# How agents that lose reasoning show it from then on: Claude Code and Qwen, OpenCode on Chat,
# OpenCode and pi on Messages.
_SWITCHES = ("kept", "lost", "blank", "leaked")


@dataclass(slots=True)
class _Pen:
    """Writes one conversation, with numbers and ids that do not repeat by chance."""

    draw: st.DrawFn
    rich: bool
    clean: bool
    number: int = 0
    origins: tuple[str, ...] = ("own",)

    def one_of(self, *choices: Any) -> Any:
        return self.draw(st.sampled_from(choices))

    def rarely(self) -> bool:
        return bool(self.one_of(False, False, False, True))

    def words(self) -> str:
        self.number += 1
        return f"{self.one_of(*_WORDS)} ⟨{self.number}⟩"

    def said(self) -> Said:
        first = Part("text", self.one_of(*_REPEATED) if self.rarely() else self.words())
        more = [Part("text", self.words())] if self.rarely() else []
        if self.rich and self.rarely():
            more.append(Part(self.one_of("image", "document"), self.words()))
        return Said((first, *more))

    def answered(self, calling: bool) -> Answered:
        origin = self.one_of(*self.origins)
        names = [self.one_of(*TOOLS) for _ in range(self.one_of(1, 1, 2, 3))] if calling else []
        calls = tuple(self.call(origin, place, name) for place, name in enumerate(names))
        passed = origin != "foreign" and not self.rarely()
        self.number += 1
        silent = self.rarely() and not self.clean
        thought = "" if silent else f'thought ⟨{self.number}⟩\n "quoted" 思考'
        text = "" if calls and self.rarely() else self.words()
        shown = "kept"
        if not self.clean and not passed and thought:
            shown = self.one_of("kept", "lost", "foreign", "unsigned")
        mark = f"{self.number:08d}-6c5b-4cd0-8fec-7dc713e9e310"
        return Answered(thought, self.one_of(text, text, *_REPEATED), calls, passed, shown, mark)

    def call(self, origin: str, place: int, name: str) -> Call:
        self.number += 1
        unique = f"{self.number:03d}e8b1c85d9fa342a6b{self.number:03d}"
        ids = {
            "own": f"call_{place:02d}_{unique}",
            "foreign": f"toolu_01{unique}",
            "zero": f"call_{place}",
            "kimi": f"functions.{name}:{place}",
        }
        return Call(ids[origin], name, self.one_of(*_ARGUMENTS), self.result())

    def result(self) -> Result:
        form = self.one_of("text", "text", "parts", "none")
        if form == "none":
            return Result((), form)
        parts = [Part("text", self.words())]
        if self.rich and form == "parts" and self.rarely():
            parts.append(Part("image", self.words()))
        return Result(tuple(parts), form)

    def interrupted(self, step: Answered) -> Answered:
        """The turn with its last calls unanswered: none of them, or some."""
        first = self.draw(st.integers(0, max(0, len(step.calls) - 1)))
        calls = (
            replace(call, result=None) if place >= first else call
            for place, call in enumerate(step.calls)
        )
        return replace(step, calls=tuple(calls))


@st.composite
def conversations(draw: st.DrawFn, *, rich: bool = False, clean: bool = False) -> Conversation:
    """A conversation. `rich`: with images and documents, `clean`: with nothing to repair."""
    pen = _Pen(draw, rich, clean)
    pen.origins = ("own",) if clean else pen.one_of(*_ORIGINS)
    steps: list[Step] = []
    model = PRO
    for count in range(draw(st.integers(1, 4))):
        if count and not clean and pen.rarely():
            model = FLASH if model == PRO else PRO
            steps.append(Switched(model, pen.one_of(*_SWITCHES)))
        elif count > 1 and not clean and pen.rarely():
            steps.append(Compacted(pen.words()))
        steps.append(pen.said())
        if pen.rarely() and not clean:
            steps.append(Noted(pen.words()))
        steps += [pen.answered(True) for _ in range(draw(st.integers(0, 3)))]
        if clean or not pen.rarely():
            steps.append(pen.answered(False))
        elif isinstance(steps[-1], Answered):
            steps[-1] = pen.interrupted(steps[-1])
    steps.append(pen.said())
    return Conversation(tuple(steps), pen.one_of("", "s1"), PRO)


def twin(conversation: Conversation, session: str) -> Conversation:
    """What another sub-agent with the same prompt does: the same words, other ids and thoughts."""
    return replace(
        conversation,
        session=session,
        steps=tuple(
            replace(
                step,
                thought=step.thought and f"otherwise: {step.thought}",
                signature=step.signature.replace("-6", "-7"),
                calls=tuple(replace(c, id=c.id.replace("e8b1", "f9c2")) for c in step.calls),
            )
            if isinstance(step, Answered)
            else step
            for step in conversation.steps
        ),
    )
