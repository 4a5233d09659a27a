"""OpenClaude and cc-haha: made from Claude Code, and wired as it is.

Both honour CLAUDE_CODE_PROVIDER_MANAGED_BY_HOST. What a saved profile of OpenClaude's would set
yields to a URL, a model and a key in the environment, so the model is always set; the profile of
cc-haha passes the same filter as the settings (read in Gitlawb/openclaude,
src/utils/providerProfiles.ts, 2026-08-19, and NanmiCoder/cc-haha, src/utils/managedEnv.ts,
2026-08-23; not run here).
"""

from __future__ import annotations

from dsfix.agents import claude
from dsfix.agents.base import Agent, Request, Wiring
from dsfix.agents.environ import option
from dsfix.protocol.body import Dialect

_FOLDER = "OPENCLAUDE_CONFIG_DIR"
_MODEL, _MAIN = "ANTHROPIC_MODEL", "ANTHROPIC_DEFAULT_OPUS_MODEL"


def wire(request: Request) -> Wiring:
    """Claude Code's wiring, with OpenClaude's own folder of settings."""
    host = request.host
    folder = host.environ.get(_FOLDER) or str(host.home / ".openclaude")
    environ = {**host.environ, "CLAUDE_CONFIG_DIR": folder}
    wiring = claude.wire(request._replace(host=host._replace(environ=environ)))
    provider = option(request.args, "--provider")
    return wiring._replace(
        env={**wiring.env, _MODEL: wiring.env.get(_MODEL, wiring.env[_MAIN])},
        bypass=(*((f"--provider {provider}",) if provider else ()), *wiring.bypass),
    )


OPENCLAUDE = Agent(
    name="openclaude",
    title="OpenClaude",
    commands=("openclaude",),
    wire=wire,
    dialects=(Dialect.MESSAGES,),
    packages=("@gitlawb/openclaude",),
    install="npm install -g @gitlawb/openclaude",
    homepage="https://github.com/Gitlawb/openclaude",
)

CC_HAHA = Agent(
    name="cc-haha",
    title="cc-haha",
    commands=("claude-haha",),
    wire=claude.wire,
    dialects=(Dialect.MESSAGES,),
    install="git clone https://github.com/NanmiCoder/cc-haha",
    homepage="https://github.com/NanmiCoder/cc-haha",
)
