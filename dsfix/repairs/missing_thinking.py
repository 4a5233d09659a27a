"""A call that came without reasoning is remembered as such.

V4 now and then calls a tool without a word of reasoning: 66 of 230 turns of one session
(damianvtran/local-operator#1037), or every turn of a large agent (maximhq/bifrost#7213). Agents
then leave the field out of the next request, which is refused, or will not run the tool at all
(esengine/DeepSeek-Reasonix#8977). Those that dsfix starts run it, so nothing is invented in the
answer: memory knows that there was none, `thinking-replay` gives the turn one stand-in and keeps
to it, and the record says that it was the model that said nothing.
"""

from __future__ import annotations

from dsfix.protocol.answer import Answer
from dsfix.protocol.body import Dialect
from dsfix.repairs.base import ALL, Answering, AnswerRepair, Repair


def _read(answer: Answer, answering: Answering) -> None:
    """Say so where a call came without the reasoning that was asked for."""
    turn = answer.turn()
    if answering.thinks and turn.calls and not (turn.reasoning and turn.reasoning.blocks):
        answering.note(MISSING_THINKING.name, "call without reasoning, remembered as such")


MISSING_THINKING = Repair(
    "missing-thinking",
    "Remembers that a call came without reasoning, so that it always gets the same stand-in",
    ALL,
    answer={dialect: AnswerRepair(read=_read) for dialect in Dialect},
)
