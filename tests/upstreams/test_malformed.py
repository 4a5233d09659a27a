"""A vendor's table that is wrong: one line with the file, the line, what was expected, a hint."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import dsfix
from dsfix import config
from dsfix.environment import credentials
from dsfix.errors import DsfixError

FILE = """\
as_of = 2026-11-20
source = "https://docs.example.com/"
name = "acme"
origin = "https://api.example.com"
key_env = "ACME_KEY"
main = "large"

[paths]
chat = "/v1/chat/completions"

[[models]]
id = "large"
context = 1000
output = 100

[[models]]
id = "tiny"
context = 1000
output = 100
"""
TINY = 'id = "tiny"\ncontext = 1000'
KEY = "sk-0123456789abcdef0123456789abcdef"
# What is replaced by what (or added), the line of it, and what is said of it.
WRONG = {
    "no text": ('main = "large"', "main = large", 6, 'Invalid value (a text stands in "quotes")'),
    "not closed": ("[paths]", "[paths", 8, "Expected ']'"),
    "twice": ('main = "large"', 'main = "large"\nmain = "tiny"', 7, "Cannot overwrite a value"),
    "unknown key": ("key_env", "key_enw", 5, "there is no key 'key_enw'  did you mean key_env?"),
    "missing": ('origin = "https://api.example.com"\n', "", 1, "origin is missing  expected https://HOST"),
    "origin": ("api.example.com", "api.example.com/v1", 4, "origin does not take this text  expected https://HOST[:PORT] without a path"),
    "path": ('"/v1/chat', '"v1/chat', 9, "paths: chat does not take this text  expected a path that begins with /"),
    "dialect": ("chat =", "chats =", 9, "paths: there is no key 'chats'  did you mean chat?"),
    "model": (TINY, 'id = "tiny"', 16, "models, number 2: context is missing  expected a number of tokens"),
    "number": (TINY, TINY.replace("1000", '"1000"'), 18, "models, number 2: context does not take this text  expected a number"),
    "main": ('main = "large"', 'main = "larg"', 6, "main names no model 'larg'  did you mean large?"),
    "key": ('"ACME_KEY"', f'"{KEY}"', 5, "key_env does not take this text  expected the name of a variable"),
    "like": ("as_of", 'like = "deepsek"\nas_of', 1, "like does not take this text  expected one of "),
    "repair": ("", '\n[repairs]\noff = ["user_id"]\n', 22, "repairs.off names no repair 'user_id'  did you mean user-id?"),
    "setting": ("", '\n[settings]\nimages = "blue"\n', 22, "settings: images does not take this text  expected one of auto, keep, text"),
    "agent": ("", "\n[agents.claude]\nA = 1\n", 22, "agents.claude.A does not take this number  expected a text"),
}  # fmt: skip


def spoilt(name: str) -> str:
    """The file with that wrong in it."""
    old, new, _, _ = WRONG[name]
    return FILE.replace(old, new, 1) if old else FILE + new


def configured(text: str) -> str:
    """The file as tables of `config.toml`, three lines further down; the name is the table's."""
    text = re.sub(r"^\[\[(\w+)", r"[[upstreams.my-acme.\1", text, flags=re.MULTILINE)
    text = re.sub(r"^\[(?!\[)", "[upstreams.my-acme.", text, flags=re.MULTILINE)
    return f"# mine\n\n[upstreams.my-acme]\n{text}".replace('name = "acme"', "", 1)


@pytest.mark.parametrize("name", WRONG)
def test_in_the_users_own_file(tmp_path: Path, name: str) -> None:
    """Also where the name of the table has a dash; the value is never shown."""
    path = tmp_path / "config.toml"
    path.write_text(configured(spoilt(name)), encoding="utf-8")
    environ = {"DSFIX_CONFIG": str(path), "DSFIX_UPSTREAM": "my-acme", "ACME_KEY": "k" * 20}
    with pytest.raises(DsfixError) as caught:
        credentials(config.load(environ), environ)
    _, _, line, says = WRONG[name]
    line += 2 if name == "missing" else 3  # the table's own line
    told = f"{caught.value.message}  {caught.value.hint}"
    assert told.startswith(f"{path}:{line}: ") and says in told
    assert KEY not in told and "\n" not in told


LOOK = """
import json, sys
from dsfix.errors import UsageError
from dsfix.upstreams import named, resolve
from dsfix.upstreams.prices import listed
told = {}
for name in json.loads(sys.argv[1]):
    try:
        named(name)
    except UsageError as error:
        told[name] = f"{error.message}  {error.hint}"
told["prices"] = [listed(name).unknown for name in ("other", "not-closed")]
told["url"] = resolve("https://api.deepseek.com").vendor
print(json.dumps(told))
"""


def test_in_a_file_beside_the_shipped_ones(tmp_path: Path) -> None:
    """It is told when it is used, and stands in nobody else's way."""
    package = Path(dsfix.__file__).parent
    shutil.copytree(package, tmp_path / "dsfix", ignore=shutil.ignore_patterns("__pycache__"))
    names = {name: name.replace(" ", "-") for name in WRONG}
    for name, stem in names.items():
        text = spoilt(name).replace('name = "acme"', f'name = "{stem}"')
        (tmp_path / "dsfix/upstreams" / f"{stem}.toml").write_text(text, encoding="utf-8")
    other = tmp_path / "dsfix/upstreams/other.toml"
    other.write_text(FILE, encoding="utf-8")
    for stem, text in (("other", "[[prices]]"), ("not-closed", "[prices")):
        list_ = tmp_path / f"dsfix/upstreams/prices/{stem}.toml"
        list_.write_text(text, encoding="utf-8")
    words = [sys.executable, "-c", LOOK, json.dumps([*names.values(), "other"])]
    env = {**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    ran = subprocess.run(words, env=env, cwd=tmp_path, capture_output=True, text=True, check=True)
    told = json.loads(ran.stdout)
    for name, stem in names.items():
        _, _, line, says = WRONG[name]
        assert told[stem].startswith(f"{tmp_path}/dsfix/upstreams/{stem}.toml:{line}: "), told[stem]
        assert says in told[stem] and KEY not in told[stem]
    assert f"{other}:3: other: name is another's  expected other" in told["other"]
    assert told["url"] == "deepseek"
    assert told["prices"] == ["its price list cannot be read"] * 2
