"""One request, sent as often as it takes before the agent sees anything.

Three refusals are not the agent's last word: a history that lacks reasoning (`recovery`), a
prompt that is too long because of what was put back, and an upstream that has no room just now.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import NamedTuple

import aiohttp

from dsfix.protocol.body import Dialect
from dsfix.proxy.client import Client, Unreachable
from dsfix.proxy.peek import Begun, begun
from dsfix.record.exchange import Attempt, Exchange
from dsfix.repairs.base import Step
from dsfix.repairs.chain import Outgoing
from dsfix.repairs.error_shape import message_of
from dsfix.repairs.recall import Length
from dsfix.repairs.recovery import is_refusal, steps_after, too_long_by

ERROR_LIMIT = 1 << 20
READING = 5.0  # seconds for an error, of which the agent sees nothing before all of it came
# Before the first byte nothing was computed, so trying again costs nothing:
# https://api-docs.deepseek.com/quick_start/rate_limit
BUSY = frozenset({429, 503})
# Codex 0.169.0 gives up on the first 429 (measured 2026-11-20); other agents wait by themselves.
PATIENCE = {Dialect.RESPONSES: 4}
FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0  # seconds; doubled each time


class Answered(NamedTuple):
    """The last attempt: what was sent, and what came back.

    `error` is the body of an error that is a whole document, and `status` what it came with, or
    should have; `begun` was read of any other answer already.
    """

    outgoing: Outgoing
    response: aiohttp.ClientResponse
    status: int
    error: bytes | None = None
    begun: bytes = b""


@dataclass(slots=True)
class Attempts:
    """All attempts of one exchange.

    `prepare` makes the request for a recovery step, or as short as the upstream wants it.
    `retries` is how often a busy upstream is asked again, None for as often as the dialect's
    agents need it.
    """

    client: Client
    path: str
    headers: Iterable[tuple[str, str]]
    exchange: Exchange
    prepare: Callable[[Step, Length], Outgoing]
    retries: int | None = None
    _steps: list[Step] = field(default_factory=list)
    _patience: int = 0
    _shrunk: bool = False

    async def answered(self, stack: AsyncExitStack, outgoing: Outgoing) -> Answered:
        """The response to pass on; it is open until `stack` is left, earlier ones are closed."""
        self._steps = list(steps_after(outgoing.step) if outgoing.body else ())
        self._patience = self.retries or 0
        if self.retries is None:
            self._patience = PATIENCE.get(outgoing.dialect, 0)
        wait = FIRST_WAIT
        while True:
            async with AsyncExitStack() as attempt:
                response = await attempt.enter_async_context(
                    self.client.post(self.path, outgoing.pieces, self.headers)
                )
                came = await _beginning_of(response)
                found = self._again(outgoing, came)
                if found is None:
                    whole = came.error if came.error == came.data else None
                    if whole is None:
                        stack.push_async_exit(attempt.pop_all())
                    return Answered(outgoing, response, came.status, whole, came.data)
            outgoing, why = found
            if why == "busy":
                await asyncio.sleep(_pause(response, wait))
                wait *= 2

    def _again(self, outgoing: Outgoing, came: Begun) -> tuple[Outgoing, str] | None:
        """The next attempt and why it is made; None where what came is to be passed on."""
        if came.error is None:
            return None
        status, error = came.status, came.error
        excess = 0 if self._shrunk else too_long_by(status, error, outgoing.size)
        found: tuple[Outgoing, str] | None = None
        if status in BUSY and self._patience and not is_refusal(status, error):
            self._patience -= 1
            found = outgoing, "busy"
        elif excess and outgoing.replayed:
            self._shrunk = True
            shorter = self.prepare(outgoing.step, Length(shed=excess))
            found = (shorter, "shrunk") if shorter.data != outgoing.data else None
        elif is_refusal(status, error):
            found = self._next(outgoing, self._steps)
        if found is not None:
            self.exchange.attempts.append(Attempt(status, message_of(error), found[1]))
        return found

    def _next(self, outgoing: Outgoing, steps: list[Step]) -> tuple[Outgoing, str] | None:
        """The next attempt, with the step it is; a step that would change nothing is left out."""
        while steps:
            step = steps.pop(0)
            again = outgoing if step is Step.RESEND else self.prepare(step, Length())
            if step is Step.RESEND or again.data != outgoing.data:
                return again, step.name.lower()
        return None


def _pause(response: aiohttp.ClientResponse, otherwise: float) -> float:
    """Seconds to wait: what the upstream asks for, in seconds or by a date, within reason."""
    asked = response.headers.get("Retry-After", "")
    if asked.isdecimal():
        return min(float(asked), LONGEST_WAIT)
    now = _moment(response.headers.get("Date", "")) or time.time()  # by its clock, not ours
    return min(max(_moment(asked) - now, otherwise), LONGEST_WAIT)


def _moment(date: str) -> float:
    """A date of a header in seconds since 1970; 0 where it is none."""
    try:
        return parsedate_to_datetime(date).timestamp()
    except (OverflowError, ValueError):
        return 0.0


async def _beginning_of(response: aiohttp.ClientResponse) -> Begun:
    """What tells a refusal: of an error all of it that comes, up to a limit.

    A redirect goes nowhere, and nobody has asked for another protocol.
    """
    if 200 <= response.status < 300:
        return await begun(response)
    if response.status < 400:
        odd = "a redirect, which is not followed" if response.status >= 300 else "another protocol"
        raise Unreachable(f"it answered with {odd}")
    said = bytearray()
    with suppress(aiohttp.ClientError, TimeoutError):  # half an error is an error
        async with asyncio.timeout(READING):
            async for chunk in response.content.iter_any():
                said += chunk
                if len(said) > ERROR_LIMIT:
                    break
    data = bytes(said[:ERROR_LIMIT])
    return Begun(data, data, response.status)
