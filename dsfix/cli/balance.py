"""`dsfix balance`: what is left on the account, as the upstream tells it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dsfix.cli.answers import AllowPlainHttp, AsJson, KeyEnv, UpstreamName, answering, print_json
from dsfix.cli.plain import one_line
from dsfix.errors import DsfixError

if TYPE_CHECKING:
    from dsfix.environment import Credentials
    from dsfix.proxy.ask import Answered


def balance(
    upstream: UpstreamName = None,
    key_env: KeyEnv = None,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds to wait.")] = 30.0,
    allow_plain_http: AllowPlainHttp = None,
    as_json: AsJson = False,
) -> None:
    """Ask the upstream what is left on the account. Costs nothing.

    Between two moments it changes by what every session and program with this account spent.
    """
    from dsfix import config
    from dsfix.environment import credentials
    from dsfix.redact import Redactor

    flags = {"upstream": upstream, "key_env": key_env, "allow_plain_http": allow_plain_http}
    with answering("balance", as_json):
        found = credentials(config.load(os.environ, flags), os.environ)
        redactor = Redactor.of(os.environ, [(found.key, "api-key")])
        data = redactor.value(_told(found, timeout))
    if as_json:
        print_json("balance", data)
        return

    for each in data["balances"]:
        amounts = f"{each['granted']} granted, {each['topped_up']} topped up"
        typer.echo(one_line(f"{each['total']} {each['currency']} ({amounts})"))
    if not data["available"]:
        typer.echo("the account cannot be used: top it up", err=True)


def _told(found: Credentials, timeout: float) -> dict[str, Any]:
    """What the upstream says. Raises DsfixError where it says nothing that can be read.

    https://api-docs.deepseek.com/api/get-user-balance (2026-08).
    """
    from dsfix.protocol import spans

    upstream = found.upstream
    path = upstream.paths.get("balance")
    if not path:
        raise DsfixError(f"{upstream.title} does not tell a balance", hint="see its own pages")
    answer = _asked(found, path, timeout)
    if answer.status in (401, 403):
        raise DsfixError(f"{upstream.host} refuses the key in {found.key_env}")
    told = spans.value(answer.body)
    if answer.status != 200 or not isinstance(told, dict):
        hint = "inside a session nobody holds the key: ask outside" if found.nested else ""
        why = answer.broken or f"HTTP {answer.status}"
        raise DsfixError(f"{upstream.host} tells no balance ({why})", hint=hint)
    try:
        return {
            "upstream": upstream.origin,
            "available": bool(told["is_available"]),
            "balances": [
                {
                    "currency": str(each["currency"]),
                    "total": str(each["total_balance"]),
                    "granted": str(each["granted_balance"]),
                    "topped_up": str(each["topped_up_balance"]),
                }
                for each in told["balance_infos"]
            ],
        }
    except (KeyError, TypeError) as error:
        raise DsfixError(f"{upstream.host} tells its balance in another form") from error


def _asked(found: Credentials, path: str, timeout: float) -> Answered:
    import asyncio

    from dsfix import __version__
    from dsfix.proxy.ask import ask
    from dsfix.proxy.client import Client, Unreachable

    upstream = found.upstream

    async def asked() -> Answered:
        client = Client(upstream.origin, found.key, key_header=upstream.key_header)
        try:
            agent = {"User-Agent": f"dsfix/{__version__}", "Accept": "application/json"}
            return await ask(client, "GET", path, b"", agent, timeout)
        finally:
            await client.close()

    try:
        return asyncio.run(asked())
    except Unreachable as error:
        raise DsfixError(error.told(upstream.host)) from error
    except OSError as error:
        raise DsfixError(f"{upstream.host} cannot be reached: {error}") from error
