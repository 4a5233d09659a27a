"""What agents and users do to their conversations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tests.sessions.session import Session
from tests.sessions.truth import Entry, Prompt, Reply, Result, Thread

Move = Callable[[Session, Thread], None]
MODELS = "deepseek-v4-flash", "deepseek-v4-pro"


def turn(session: Session, thread: Thread) -> None:
    """The next turn; now and then the user stops the answer."""
    random = session.random
    stopped = session.scene.cuts and random.random() < 0.08
    leaves = random.choice([200, 700, 1500, 3000]) if stopped else 0
    session.take(thread, session.ask(thread, leaves))


def begin(session: Session, thread: Thread) -> None:
    """Another conversation."""
    session.begin()


def bring(session: Session, thread: Thread) -> None:
    """A conversation that goes on here and began elsewhere.

    Where sessions have no names, what is said in it behind the same words may be anybody's.
    """
    if session.habits.session:
        session.bring()


def fork(session: Session, thread: Thread) -> None:
    """The conversation goes on in two ways, perhaps under another name."""
    session.fork(thread)


def rewind(session: Session, thread: Thread) -> None:
    """Back to a prompt, which is mostly said otherwise."""
    prompts = [nth for nth, each in enumerate(thread.history) if isinstance(each, Prompt)]
    at = session.random.choice(prompts)
    again = session.prompt() if session.random.random() < 0.6 else thread.history[at]
    thread.history = [*thread.history[:at], again]


def retry(session: Session, thread: Thread) -> None:
    """Asked twice, as when an answer was long in coming: one of the two is taken."""
    first, second = session.ask(thread), session.ask(thread)
    session.take(thread, session.random.choice([first, second, second]))


def at_once(session: Session, thread: Thread) -> None:
    """Several threads ask at the same time; or one twice, of which one answer is taken."""
    random = session.random
    if len(session.threads) == 1:
        return
    if random.random() < 0.2:
        session.take(thread, random.choice(session.ask_at_once([thread, thread])))
        return
    threads = random.sample(session.threads, min(len(session.threads), random.choice([2, 3])))
    for each, answer in zip(threads, session.ask_at_once(threads), strict=True):
        session.take(each, answer)


def switch(session: Session, thread: Thread) -> None:
    """Another model; agents drop the other one's reasoning, or show it as text."""
    random, scene = session.random, session.scene
    thread.model = MODELS[thread.model == MODELS[0]]
    for each in thread.replies if scene.loses in ("switch", "leak") else ():
        if each.shown != "kept" or random.random() > 0.9:
            continue
        if scene.loses == "leak" and each.reasoning and each.certain:
            each.form, each.shown = each.form or "leaked", "lost"
        else:
            each.shown = random.choice(["lost", "lost", "blank"])
    if scene.wires and random.random() < 0.5:
        thread.dialect = random.choice(["messages", "chat", "responses"])


def compact(session: Session, thread: Thread) -> None:
    """The model sums up and the conversation begins anew, or behind a summary the end is kept."""
    random, history = session.random, thread.history
    if random.random() < 0.4 and len(history) > 4:
        question = session.prompt("What did we do so far?")
        asked = replace(thread, history=[*history, question], tools=random.random() < 0.5)
        answer = session.ask(asked)
        if answer and answer.certain and not answer.calls and answer.text.strip():
            session.show(thread, answer)
            thread.history = [question, answer, session.prompt()]
        return
    texts = [n for n, each in enumerate(history) if isinstance(each, Reply) and not each.calls]
    if len(texts) > 1 and len(history) > 5:
        kept = history[texts[-1] :] if random.random() < 0.6 else history[texts[-1] + 1 :]
        number = session.number()
        thread.history = [Prompt(number, f"Summary {number}: what was done"), *kept]


def resume(session: Session, thread: Thread) -> None:
    """Another process goes on; agents may not have kept the reasoning."""
    if session.scene.private:
        return
    session.resume()
    if session.random.random() < 0.4:
        for reply in [each for thread in session.threads for each in thread.replies]:
            if not reply.form and session.random.random() < 0.9:
                reply.shown = "lost"


def title(session: Session, thread: Thread) -> None:
    """A title for the conversation, asked for without tools."""
    first = next(each for each in thread.history if isinstance(each, Prompt))
    session.ask(Thread(thread.dialect, thread.session, [first], MODELS[0], tools=False))


def prune(session: Session, thread: Thread) -> None:
    """An old result is cleared, the text beside a call dropped, or one call of several.

    A call without an id has none that would tell its result; and in what was brought along nobody
    would know which of two turns alike has moved.
    """
    if session.scene.prunes and not thread.brought:
        drop = _drop_text if session.scene.ids == "none" else _drop_call
        session.random.choice([_clear, _clear, _drop_text, drop])(session, thread)


def _clear(session: Session, thread: Thread) -> None:
    results = [each for each in thread.history if isinstance(each, Result)]
    if results:
        old = session.random.choice(results)
        _put(thread, old, Result(session.number(), old.call, "[Old tool result content cleared]"))


def _drop_text(session: Session, thread: Thread) -> None:
    said = [each for each in thread.replies if each.calls and each.text]
    if said:
        old = session.random.choice(said)
        _put(thread, old, replace(old, number=session.number(), text="", place=None))


def _drop_call(session: Session, thread: Thread) -> None:
    several = [each for each in thread.replies if len(each.calls) > 1 and not each.form]
    if not several:
        return
    old = session.random.choice(several)
    gone = session.random.randrange(len(old.calls))
    result = _result_of(thread, old, old.calls[gone].id)
    calls = (*old.calls[:gone], *old.calls[gone + 1 :])
    _put(thread, old, replace(old, number=session.number(), calls=calls, place=None))
    thread.history = [each for each in thread.history if each is not result]


def _result_of(thread: Thread, reply: Reply, call: str) -> Entry | None:
    """What a call of that reply came to."""
    for each in thread.history[_index(thread, reply) + 1 :]:
        if not isinstance(each, Result):
            return None
        if each.call == call:
            return each
    return None


def _put(thread: Thread, old: Entry, new: Entry) -> None:
    """The one in the place of the other."""
    thread.history[_index(thread, old)] = new


def _index(thread: Thread, entry: Entry) -> int:
    return next(nth for nth, each in enumerate(thread.history) if each is entry)


# What happens, and how often among 100.
MOVES: dict[Move, int] = {
    turn: 55,
    begin: 5,
    bring: 2,
    fork: 5,
    rewind: 6,
    retry: 4,
    at_once: 5,
    switch: 4,
    compact: 4,
    resume: 3,
    title: 3,
    prune: 4,
}
