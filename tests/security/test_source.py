"""What stands nowhere in the program: shells, pickles, code from data, SQL from data."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
TREES = {
    str(path.relative_to(ROOT)): ast.parse(path.read_text(encoding="utf-8"))
    for path in sorted((ROOT / "dsfix").rglob("*.py"))
}
# They make code, objects or shell commands of what they are given.
BANNED = re.compile(
    r"(builtins\.)?(eval|exec|__import__)$"
    r"|(os\.(system|popen)|pickle\.\w+|marshal\.\w+|shelve\.\w+|yaml\.\w+|dill\.\w+)$"
    r"|tempfile\.mktemp$|ssl\._create_unverified_context$"
)


def calls() -> list[tuple[str, str, ast.Call]]:
    """Every call: where it stands, the name that is called, and the call."""
    return [
        (f"{path}:{node.lineno}", ast.unparse(node.func), node)
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    ]


def test_nothing_makes_code_of_data() -> None:
    """No eval, no pickle, no shell, no unverified TLS."""
    assert len(calls()) > 3000
    assert [(at, name) for at, name, _ in calls() if BANNED.match(name)] == []
    shells = [
        at for at, _, node in calls() for word in node.keywords
        if word.arg == "shell" or (word.arg in ("verify", "verify_ssl") and _is(word.value, False))
    ]  # fmt: skip
    assert shells == []


def _is(node: ast.expr, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


# What stands in the text of a statement, looked at by hand: names of our own tables and columns,
# question marks for values, numbers. Whatever is new here must be looked at as well.
LOOKED_AT = {
    "dsfix/memory/opening.py": {"journal", "number"},
    "dsfix/memory/writes.py": {"table", "name", "new"},
    "dsfix/record/index/exchanges.py": {
        "', '.join(columns)", "', '.join('?' * (len(columns) + 2))", "updates"
    },
    "dsfix/record/index/file.py": {"gone"},
    "dsfix/record/index/intake.py": {"', '.join('?' * len(row))", "table"},
    "dsfix/record/index/query.py": {"where", "said"},
    "dsfix/reports/recent.py": {"wanted"},
    "dsfix/reports/store.py": {"name", "table"},
}  # fmt: skip


def test_statements_are_not_made_of_values() -> None:
    """What is put into SQL is put in by a placeholder; a statement's text is ours alone."""
    made = {
        (at.partition(":")[0], ast.unparse(part.value))
        for at, name, node in calls()
        if name.rpartition(".")[2] in ("execute", "executemany", "executescript") and node.args
        for part in ast.walk(node.args[0])
        if isinstance(part, ast.FormattedValue)
    }
    found = {(path, what) for path, what in made if not re.fullmatch(r"[A-Z_]+", what)}
    assert found == {(path, what) for path, names in LOOKED_AT.items() for what in names}


def test_no_schema_is_trusted() -> None:
    """Whoever opens a database says so: a file that was changed by others runs nothing."""
    opening = [
        ast.unparse(function)
        for tree in TREES.values()
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef) and "sqlite3.connect(" in ast.unparse(function)
    ]
    of_files = [text for text in opening if "connect(':memory:'" not in text]
    assert len(of_files) >= 4
    assert [text for text in of_files if "PRAGMA trusted_schema = OFF" not in text] == []


def test_no_option_widens_the_proxy_or_weakens_tls() -> None:
    """`run` has no option for an address, a port, a certificate that is not checked."""
    text = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    run = text.partition("## dsfix run")[2].partition("\n## ")[0]
    assert "--upstream" in run
    assert re.findall(r"--(?:host|bind|listen|port|address|insecure|no-verify)\b", run) == []


def test_what_is_installed_is_little_and_known() -> None:
    """Six libraries, and nothing that runs at Python's start or updates itself."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = {re.split(r"[<>=]", each)[0] for each in project["dependencies"]}
    assert names == {"aiohttp", "msgspec", "platformdirs", "rich", "tomlkit", "typer"}
    assert list(ROOT.joinpath("dsfix").rglob("*.pth")) == []
