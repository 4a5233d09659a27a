"""What the proxy answers itself, in the shape that the asking dialect reads."""

from __future__ import annotations

import math

from aiohttp import web

from dsfix.admission import Refusal
from dsfix.environment import CHALLENGE, PROOF, proof
from dsfix.protocol import spans
from dsfix.protocol.body import Dialect
from dsfix.protocol.usage import TOKENS_PER_BYTE
from dsfix.proxy.budget import STATUS
from dsfix.proxy.guard import Route
from dsfix.repairs.error_shape import envelope
from dsfix.upstreams.base import Upstream


def alive(request: web.BaseRequest, token: str) -> web.Response:
    """Nothing, and the proof that this is the session of that token, for who asks for it.

    Who asks may be anybody, so the connection ends with it.
    """
    challenge = request.headers.get(CHALLENGE)
    response = web.Response(headers={PROOF: proof(token, challenge)} if challenge else None)
    response.force_close()
    return response


def refused(request: web.BaseRequest, route: Route | None, refusal: Refusal) -> web.Response:
    """A refusal at the door. The body was not read, so the connection ends with it."""
    response = _error(route, refusal.status, f"dsfix: {refusal.reason}")
    response.force_close()
    return response


def failed(status: int) -> web.Response:
    """What came is no request, or no answer could be made; the envelope is read by all dialects."""
    text = "dsfix: this is not HTTP" if status < 500 else "dsfix: internal error"
    response = _error(Route.MESSAGES, status, text)
    response.force_close()
    return response


def unreachable(dialect: Dialect, said: str) -> web.Response:
    """An upstream that could not be reached, or gave no usable answer; agents retry a 502."""
    return _error(Route(str(dialect)), 502, f"dsfix: {said}")


def not_served(dialect: Dialect, upstream: Upstream) -> Refusal:
    """A dialect that the upstream does not speak; its data file names those that it does."""
    spoken = ", ".join(each for each in Dialect if each in upstream.paths)
    return Refusal(404, f"{upstream.title} does not serve {dialect}, but {spoken}")


def over_budget(dialect: Dialect, why: str) -> web.Response:
    """A request that the session's budget has no room for."""
    return _error(Route(str(dialect)), STATUS, f"dsfix: {why}")


def estimated_tokens(body: bytes) -> web.Response:
    """A token count for an upstream that does not count."""
    count = math.ceil(len(body) * TOKENS_PER_BYTE)
    return web.Response(body=spans.encode({"input_tokens": count}), content_type="application/json")


def models(request: web.BaseRequest, upstream: Upstream) -> web.Response:
    """The upstream's models, in the shape of the asking client's own vendor."""
    anthropic = "anthropic-version" in request.headers or "/anthropic" in request.path
    ids = [model.id for model in upstream.models]
    if anthropic:
        listed = [{"type": "model", "id": each, "display_name": each} for each in ids]
        body = {"data": listed, "has_more": False, "first_id": ids[0], "last_id": ids[-1]}
    else:
        listed = [{"id": each, "object": "model", "owned_by": upstream.vendor} for each in ids]
        body = {"object": "list", "data": listed}
    return web.Response(body=spans.encode(body), content_type="application/json")


def _error(route: Route | None, status: int, text: str) -> web.Response:
    if route in (Route.MESSAGES, Route.COUNT_TOKENS):
        body = envelope(status, text)
    else:
        body = spans.encode({"error": {"message": text, "type": "dsfix_error", "code": status}})
    return web.Response(status=status, body=body, content_type="application/json")
