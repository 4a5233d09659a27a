"""One agent, one project, one strict endpoint: run it bare or through dsfix, and look."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.e2e import bare
from tests.support.pty_session import wait_until
from tests.support.strict_endpoint import StrictEndpoint

ROOT = Path(__file__).parent.parent.parent
CLIENTS = Path(os.environ.get("DSFIX_CLIENTS") or ROOT / "clients/node_modules/.bin").absolute()
REQUIRED = bool(os.environ.get("DSFIX_REQUIRE_CLIENTS"))
REAL_KEY, PRO, FLASH = bare.REAL_KEY, bare.PRO, bare.FLASH
LIMIT = 90.0  # seconds; only a failing test takes that long

# agent and wire: the models it is asked for, first and second
MODELS = {
    "claude": (PRO, FLASH),
    "opencode-chat": (f"deepseek/{PRO}", f"deepseek/{FLASH}"),
    "opencode-messages": ("anthropic/claude-sonnet-4-5", "anthropic/claude-opus-4-5"),
    "codex": (PRO, FLASH),
    "qwen-chat": (PRO, FLASH),
    "qwen-messages": (PRO, FLASH),
    "pi-chat": (f"deepseek/{PRO}", f"deepseek/{FLASH}"),
    "pi-messages": ("anthropic/claude-sonnet-4-5", "anthropic/claude-opus-4-5"),
}


@dataclass
class Ran:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str

    def __str__(self) -> str:
        return f"exit {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


@dataclass
class Lab:
    """A fresh home and project, and the endpoint that its agents reach."""

    folder: Path
    endpoint: StrictEndpoint
    agent: str = "claude"
    through: bool = True
    environ: dict[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ("--quiet",)

    def __post_init__(self) -> None:
        for each in (self.home, self.project):
            each.mkdir()
        subprocess.run(["git", "init", "-q", str(self.project)], check=True, env=self.base())
        # or the agent's prompt would change with what it wrote
        (self.project / ".git/info/exclude").write_text("*\n")
        self.endpoint.folder, self.endpoint.key = str(self.project), REAL_KEY

    @property
    def home(self) -> Path:
        """The agent's home."""
        return self.folder / "agent-home"

    @property
    def project(self) -> Path:
        """Where the agent works."""
        return self.folder / "project"

    @property
    def state(self) -> Path:
        """What dsfix keeps."""
        return self.folder / "dsfix-state"

    @property
    def dialect(self) -> str:
        """The dialect that the agent speaks here."""
        return {"claude": "messages", "codex": "responses"}.get(
            self.agent, self.agent.rpartition("-")[2]
        )

    def base(self) -> dict[str, str]:
        """The environment of a user who has set nothing but the key."""
        return {
            "PATH": f"{CLIENTS}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "TERM": "dumb",
            "IS_SANDBOX": "1",  # lets Claude Code skip permissions as root
            "NO_PROXY": "127.0.0.1,localhost",
            "PI_OFFLINE": "1",  # or pi asks for a newer version of itself
            "BUN_JSC_useFTLJIT": "0",  # OpenCode does not run for as long as that would repay
        }

    def env(self) -> dict[str, str]:
        """The environment of the command: bare, the agent is pointed at the endpoint by hand."""
        wired = {
            "DEEPSEEK_API_KEY": REAL_KEY,
            "PYTHONPATH": str(ROOT),
            "DSFIX_STATE_DIR": str(self.state),
            "DSFIX_STRICT": "1",
        }
        if not self.through:
            wired = bare.pointed(self.agent, self.endpoint.url, self.home)
        return {**self.base(), **wired, **self.environ}

    def prefix(self) -> list[str]:
        """What stands before the agent's own command line."""
        if not self.through:
            return []
        return [
            sys.executable,
            "-m",
            "dsfix",
            "run",
            "--upstream",
            self.endpoint.url,
            *self.options,
        ]

    def command(self, prompt: str | None, *, model: str = "", go_on: bool = False) -> list[str]:
        """The command line of one prompt; a prompt of None is to come on stdin."""
        words = [] if prompt is None else [prompt]
        named = model or MODELS[self.agent][0]
        chosen = ["--model", model] if model else []
        if self.agent == "claude":
            line = ["claude", "--dangerously-skip-permissions"]
            return [*line, *(["--continue"] if go_on else []), *chosen, "-p", *words]
        if self.agent == "codex":
            line = ["codex", "exec", "--dangerously-bypass-approvals-and-sandbox", *chosen]
            return [*line, *(["resume", "--last"] if go_on else []), *words]
        if self.agent.startswith("qwen"):
            wire = {"chat": "openai", "messages": "anthropic"}[self.dialect]
            line = ["qwen", "-y", "--auth-type", wire, *(["--continue"] if go_on else [])]
            return [*line, *chosen, "-p", *words]
        if self.agent.startswith("pi"):
            return ["pi", *(["--continue"] if go_on else []), "--model", named, "-p", *words]
        line = ["opencode", "run", *(["--continue"] if go_on else [])]
        return [*line, "-m", named, *words]

    def start(self, line: list[str], stdin: str | None = None) -> subprocess.Popen[str]:
        """Start a command in the project; it leads a process group of its own."""
        process = subprocess.Popen(
            [*self.prefix(), *line],
            cwd=self.project,
            env=self.env(),
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        return process

    def finish(self, process: subprocess.Popen[str], stdin: str | None = None) -> Ran:
        """Wait for a command; whatever happens, nothing of it is left."""
        try:
            out, err = process.communicate(stdin, timeout=LIMIT)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            out, err = process.communicate()
        return Ran(process.returncode, out, err)

    def run(self, line: list[str], stdin: str | None = None) -> Ran:
        """Run a command to its end."""
        return self.finish(self.start(line, stdin), stdin)

    def say(self, prompt: str, *, model: str = "", go_on: bool = False) -> Ran:
        """Give the agent one prompt."""
        return self.run(self.command(prompt, model=model, go_on=go_on))

    def second_model(self) -> str:
        """The model to switch to."""
        return MODELS[self.agent][1]

    def leaks(self) -> list[str]:
        """Files of the agent, the project and dsfix that hold the real key, in any part."""
        secret = REAL_KEY.encode()
        return [
            str(path)
            for place in (self.home, self.project, self.state)
            for path in place.rglob("*")
            if path.is_file() and not path.is_symlink() and secret in path.read_bytes()
        ]

    def told(self) -> bool:
        """Whether the real key stands in any request's body: what the agent and its tools saw."""
        return any(REAL_KEY.encode() in request.raw for request in self.endpoint.requests)

    def check(self, *rans: Ran) -> None:
        """Through dsfix: all succeeded, nothing was refused, no key went astray."""
        for ran in rans:
            assert ran.code == 0, f"{ran}\nrefused: {self.endpoint.refusals}"
        assert not self.endpoint.refusals
        assert not self.endpoint.trouble
        assert not [r for r in self.endpoint.main if _off(r.body)], "thinking was switched off"
        assert not self.leaks()
        assert not self.told()


def _off(body: dict[str, Any]) -> bool:
    thinking, reasoning = body.get("thinking") or {}, body.get("reasoning") or {}
    return bool(thinking.get("type") == "disabled" or reasoning.get("effort") == "none")


def lenient(endpoint: StrictEndpoint) -> None:
    """Leave out the rules that a bare Claude Code breaks with its first request."""
    endpoint.policy.user_id = endpoint.policy.trailing_system = False


def signalled(at: Lab, endpoint: StrictEndpoint, number: signal.Signals) -> Ran:
    """How an agent ends whose whole group gets a signal in the middle of an answer."""
    endpoint.switches.delay = 0.3
    process = at.start(at.command("begin #do bash#"))
    wait_until(lambda: any(each.is_main and each.sent for each in endpoint.requests))
    os.killpg(process.pid, number)
    return at.finish(process)
