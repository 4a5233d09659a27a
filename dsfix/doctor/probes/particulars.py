"""What answers hold beside their text: ids, counts of tokens, and who gave them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from dsfix.doctor import wires
from dsfix.doctor.base import Call, Meaning, Probe, Scene, Verdict
from dsfix.doctor.finding import Level
from dsfix.doctor.reply import Reply
from dsfix.protocol.body import Dialect

# 700 tokens: a few of the cache's blocks of 128 (https://api-docs.deepseek.com/guides/kv_cache).
_LONG = " ".join(f"Rule {number}: the number {number * 7919} is a number." for number in range(60))
_FIELDS: Mapping[str, Meaning] = {
    "complete": Meaning("Nothing that agents read is missing."),
    "incomplete": Meaning(
        "Something that agents read is missing.", "A relay may be stripping it: ask its operator."
    ),
}
_USAGE: Mapping[str, Meaning] = {
    "counted": Meaning("Agents know how full their context is."),
    "uncounted": Meaning(
        "Agents do not know how full their context is, and prices are unknown.",
        "A relay may be stripping it: ask its operator.",
    ),
}
_ECHO: Mapping[str, Meaning] = {
    "same": Meaning("It is the model that was asked for."),
    "other": Meaning(
        "Another model is named: Claude Code then drops the reasoning, and you may get another"
        " model than you ask for.",
        "Compare the name with what you meant to use.",
    ),
    "unnamed": Meaning("The answer names no model.", "Ask the endpoint's operator."),
}
_SIGNS: Mapping[str, Meaning] = {
    "none": Meaning("None were needed."),
    "comments": Meaning("Streams hold comments; they are passed on."),
    "blank-lines": Meaning("JSON begins with blank lines; they are passed on."),
}
_CACHE: Mapping[str, Meaning] = {
    "hit": Meaning("What is sent again costs little."),
    "miss": Meaning(
        "Every turn pays the whole conversation anew, or it is not told.",
        "Try again in a minute; else ask its operator about the prompt cache.",
    ),
}


def probes(dialect: Dialect) -> tuple[Probe, ...]:
    """The probes of one dialect; all but the last judge answers that are there."""
    make = partial(_probe, dialect)
    echo = "Does the answer name the model that was asked for?"
    return (
        make("fields", "Have answers an id, and a reason for their end?", _fields, _FIELDS),
        make("usage", "Are tokens counted?", _usage, _USAGE),
        make("model-echo", echo, _echo, _ECHO)._replace(through=True),
        make("keep-alive", "Are there signs of life in between?", _signs, _SIGNS)._replace(
            good=frozenset(_SIGNS)
        ),
        make("cache", "Is a prompt cached the second time?", _cached, _CACHE)._replace(
            asks=(partial(_prefixed, dialect), partial(_prefixed, dialect)),
            needs=(f"{dialect}-usage",),
            tokens=1800,
        ),
    )


def _probe(
    dialect: Dialect,
    end: str,
    title: str,
    judge: Callable[[Sequence[Reply]], Verdict],
    words: Mapping[str, Meaning],
) -> Probe:
    """Judges both answers; the first of its words is the good one."""
    return Probe(
        f"{dialect}-{end}",
        title,
        judge,
        frozenset({next(iter(words))}),
        needs=(f"{dialect}-json", f"{dialect}-stream"),
        dialect=dialect,
        otherwise=Level.WARN,
        through=False,
        words=words,
    )


def _prefixed(dialect: Dialect, scene: Scene) -> Call:
    said = wires.user(f"{_LONG}\n{wires.plain(dialect)}")
    return Call(dialect, wires.asked(dialect, scene.model, said))


def _fields(replies: Sequence[Reply]) -> Verdict:
    lacking = [
        f"{name} {where}"
        for where, reply in _named(replies)
        for name, value in (("id", reply.answer.id), ("finish", reply.answer.finish))
        if not value
    ]
    return Verdict("incomplete" if lacking else "complete", ", ".join(lacking))


def _usage(replies: Sequence[Reply]) -> Verdict:
    lacking = [
        where
        for where, reply in _named(replies)
        if reply.answer.usage is None
        or not (reply.answer.usage.input and reply.answer.usage.output)
    ]
    return Verdict("uncounted" if lacking else "counted", ", ".join(lacking))


def _echo(replies: Sequence[Reply]) -> Verdict:
    for where, reply in _named(replies):
        served = reply.answer.served
        if served != reply.model:
            word = "other" if served else "unnamed"
            return Verdict(word, f"asked {reply.model}, served {served or 'nothing'} {where}")
    return Verdict("same")


def _signs(replies: Sequence[Reply]) -> Verdict:
    whole, stream = replies
    if re.search(rb"^:", stream.body, re.M):
        return Verdict("comments")
    return Verdict("blank-lines" if whole.body[:1].isspace() else "none")


def _cached(replies: Sequence[Reply]) -> Verdict:
    usage = replies[-1].answer.usage
    cached = usage.cached if usage else 0
    return Verdict("hit" if cached else "miss", f"{cached} of {usage.input if usage else 0} tokens")


def _named(replies: Sequence[Reply]) -> tuple[tuple[str, Reply], ...]:
    whole, stream = replies
    return ("in JSON", whole), ("in streams", stream)
