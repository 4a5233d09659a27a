"""How the simulated server behaves beyond its rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from dsfix.simulator.rules.base import Policy


@dataclass(frozen=True, slots=True)
class Options:
    """Switches of the server; the rules have their own in `policy`.

    `seed`: makes ids, reasoning and file names repeatable; without one every server has its
    own. `serve_as`: the model name in every answer, whatever was asked. `signature`: thinking
    blocks are signed by a delta as DeepSeek does, also have an empty one at their start, or
    have `none` anywhere. `keep_alive`: comments in streams and blank lines before JSON, as
    while queued. `chunk`: streams are written in pieces of so many bytes. `crlf`: lines of
    streams end in CR LF. `delay`: seconds before each event. `cut_after`: the connection is
    reset after so many events of the `cut_request`th answer. `fail`: statuses that are answered
    first. `gzip`: answers are compressed. `no_reasoning_every`: each nth answer has no
    reasoning. `mute_after_system`: a request that ends with a system message gets an empty
    answer (QuantumNous/new-api#5413, 2026-06-10). `error_after`: an error event ends the
    `cut_request`th answer after so many events. `endless`: that answer never ends, but goes on
    with `comments` or with `events`. `slow_start`: seconds before an answer begins, filled with
    comments or blank lines. `usage_chunk`: on Chat the usage rides on the `last` chunk, as
    measured, comes in one of its `own` after it, as documented, or not at all (`none`).
    """

    policy: Policy = field(default_factory=Policy)
    seed: int | None = None
    serve_as: str = ""
    signature: Literal["delta", "start", "none"] = "delta"
    keep_alive: bool = False
    chunk: int = 0
    crlf: bool = False
    delay: float = 0.0
    cut_after: int = 0
    cut_request: int = 1
    fail: tuple[int, ...] = ()
    gzip: bool = False
    no_reasoning_every: int = 0
    mute_after_system: bool = False
    error_after: int = 0
    endless: Literal["no", "comments", "events"] = "no"
    slow_start: float = 0.0
    usage_chunk: Literal["last", "own", "none"] = "last"
