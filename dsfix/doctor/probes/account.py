"""The key, the account, and what is served: asked of the paths on which no model answers."""

from __future__ import annotations

from collections.abc import Sequence

from dsfix.doctor.base import Call, Meaning, Probe, Unasked, Verdict
from dsfix.doctor.finding import Level
from dsfix.doctor.reply import Reply
from dsfix.doctor.words import HOPELESS, failed

MOST_SKEW = 300.0  # seconds; certificates and signed tokens allow about so much


def _reached(replies: Sequence[Reply]) -> Verdict:
    return Verdict("accepted")


def _listed(replies: Sequence[Reply]) -> Verdict:
    if (why_not := failed(replies[-1])) is not None:
        return why_not
    document = replies[-1].document
    names = [str(each["id"]) for each in document["data"]]
    return Verdict("listed" if names else "empty", ", ".join(names))


def _balance(replies: Sequence[Reply]) -> Verdict:
    document = replies[-1].document
    infos = document["balance_infos"]
    said = ", ".join(f"{each['total_balance']} {each['currency']}" for each in infos)
    return Verdict("shown" if document["is_available"] else "used-up", said)


def _clock(replies: Sequence[Reply]) -> Verdict:
    if replies[0].failure:
        raise Unasked(replies[0].failure)
    skew = replies[0].skew
    if skew is None:
        return Verdict("untold")
    return Verdict("right" if abs(skew) <= MOST_SKEW else "wrong", f"{skew:+.0f} s")


_NONE = Meaning("Agents that look for models find none.", "Name models yourself.")
_UNTOLD = Meaning("The list of models does not come, and tells nothing of the key.")

# https://api-docs.deepseek.com/api/list-models and /api/get-user-balance.
PROBES = (
    Probe(
        "auth",
        "Is the key accepted?",
        _reached,
        # with another word nothing is known of the key yet: the models' answers will tell
        frozenset({"accepted", "missing", "html", "not-json", "bom"}) | HOPELESS,
        asks=(lambda scene: Call("models"),),
        through=False,
        words={
            "accepted": Meaning("The endpoint is there and does not refuse the key."),
            "missing": Meaning("The endpoint is there, and lists no models."),
            "html": Meaning("Something is there, and answers with a web page."),
            **dict.fromkeys(sorted(HOPELESS), _UNTOLD),
        },
    ),
    Probe(
        "models",
        "Are the models listed?",
        _listed,
        frozenset({"listed"}),
        needs=("auth",),
        otherwise=Level.WARN,
        words={
            "listed": Meaning("Agents that look for models find them."),
            **dict.fromkeys(("empty", "missing"), _NONE),
        },
    ),
    Probe(
        "balance",
        "Is there money left?",
        _balance,
        frozenset({"shown", "missing"}),
        asks=(lambda scene: Call("balance"),),
        needs=("auth",),
        through=False,
        otherwise=Level.WARN,
        words={
            "shown": Meaning("The account can be used."),
            "used-up": Meaning("The account cannot be used.", "Top up the account."),
            "missing": Meaning("The endpoint does not tell."),
            "key-refused": Meaning("The key may not see it.", "Look at the vendor's own page."),
            "forbidden": Meaning("The key may not see it.", "Look at the vendor's own page."),
        },
    ),
    Probe(
        "clock-skew",
        "Is this machine's clock right?",
        _clock,
        frozenset({"right", "untold"}),
        needs=("auth",),
        through=False,
        otherwise=Level.WARN,
        words={
            "right": Meaning("It agrees with the endpoint's."),
            "untold": Meaning("The endpoint tells no time."),
            "wrong": Meaning("Certificates and records will be off.", "Set the clock."),
        },
    ),
)
