"""Secrets are taken out wherever they stand, and ordinary text is left alone."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsfix.redact import _KINDS, Redactor
from tests.support.regex_steps import Steps

NONE = Redactor({})
DIGITS = "0123456789abcdef"
ALNUM = "Aa1Bb2Cc3Dd4Ee5Ff6Gg7Hh8Ii9Jj0Kk1Ll2Mm3Nn4Oo5Pp6Qq7Rr8Ss9Tt0Uu1Vv2Ww3"
PEM = "-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----"
LINES = "\n".join([ALNUM[:64]] * 3)

SECRETS = [
    ("api-key", "sk-" + DIGITS * 2),
    ("api-key", "sk-ant-api03-" + ALNUM[:40] + "-_x"),
    ("api-key", "sk-proj-" + ALNUM[:48]),
    ("api-key", "sk-or-v1-" + DIGITS * 4),
    ("api-key", "sk-cp-" + ALNUM[:40]),
    ("api-key", "gsk_" + ALNUM[:52]),
    ("api-key", "xai-" + (ALNUM * 2)[:80]),
    ("api-key", "nvapi-" + ALNUM[:60] + "-_x9"),
    ("api-key", "pplx-" + ALNUM[:48]),
    ("github-token", "ghp_" + ALNUM[:36]),
    ("github-token", "github_pat_" + ALNUM[:22] + "_" + ALNUM[:59]),
    ("gitlab-token", "glpat-" + ALNUM[:20]),
    ("slack-token", "xoxb-" + "123456789012-" + ALNUM[:24]),
    ("aws-key", "AKIA" + "IOSFODNN7EXAMPLE"),
    ("google-key", "AIza" + ALNUM[:35]),
    ("npm-token", "npm_" + ALNUM[:36]),
    ("pypi-token", "pypi-" + ALNUM[:60]),
    ("huggingface-token", "hf_" + ALNUM[:34]),
    ("stripe-key", "sk_live_" + ALNUM[:24]),
    ("jwt", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0." + ALNUM[:30]),
    ("private-key", PEM.format(LINES)),
    ("private-key", PEM.format(LINES).replace("\n", "\\n")),
    ("private-key", PEM.format(LINES).partition("-----END")[0]),
]


@pytest.mark.parametrize(("kind", "secret"), SECRETS)
@pytest.mark.parametrize(
    "around",
    ["{}", "key={}", 'KEY="{}"', "see {}, please", "密钥是{}。", '{{"k":"{}"}}', "a\n{}", "({})"],
)
def test_a_key_is_replaced_by_its_kind(kind: str, secret: str, around: str) -> None:
    """Whatever stands around it, Chinese without a space included."""
    text = around.format(secret)
    shown = NONE.text(text)
    assert f"[REDACTED:{kind}]" in shown
    assert secret not in shown and secret[8:24] not in shown
    assert NONE.finds(text)


@pytest.mark.parametrize(
    "text",
    [
        "the risk-assessment of disk-0123456789abcdef0123456789abcdef01234567",
        "commit 4bbc7002f1e9a0d3c5b7e8f90123456789abcdef0",
        "550e8400-e29b-41d4-a716-446655440000",
        "sk-spinner sk-folding-cube sk-learn scikit-learn==1.5.2",
        "import sklearn; task-runner; ask-user-question-about-permissions",
        "xai-org/grok-1, pplx-70b-online, nvapi-docs; msgsk_" + ALNUM[:52],
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "toolu_01A09q90qw90lq917835lq9 call_00_abcdefghijklmnopqrstuvwx msg_013Zva2CMHLNnXj",
        "Authorization: Bearer ${ANTHROPIC_AUTH_TOKEN}",
        "Bearer authentication-with-a-long-hyphenated-word is described",
        "x-api-key: YOUR_API_KEY_GOES_RIGHT_HERE",
        "Proxy-Authorization: Basic $TOKEN; Authorization: basic authentication comes first",
        "docs/how-to-rotate-an-api-key-in-2026.md and an api-key rotation-of-2026-explained",
        'if line.startswith("-----BEGIN PRIVATE KEY-----"): raise ValueError(line)',
        "https://user@example.com/a:b@c http://127.0.0.1:8080/x@y git@github.com:a/b.git",
        "postgres://$USER:$PASSWORD@localhost/db and https://{user}:{password}@host/",
        "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQC7 me@host",
        "max_tokens=8192 tokens_per_second=41.5 token_count: 123456789012",
        "shelf_abcdefghijklmnopqrstuvwxyz0123456789 myhf_abcdefghijklmnopqrstuvwxyz012345",
        "data:image/png;base64," + "iVBORw0KGgoAKIAABCDEFGHIJKLMNOPAIzaSyA" * 20,
        "eyJ0eXAiOiJKV1QifQ and a.b.c",
        "",
        "短文本，没有秘密。" * 20,
    ],
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    """Hashes, ids, slugs, documentation: the very same object comes back."""
    assert NONE.text(text) is text
    assert not NONE.finds(text)


def test_this_repository_is_ordinary_text() -> None:
    """No source file holds a secret, the redactor's own included."""
    root = Path(__file__).parent.parent / "dsfix"
    for path in root.rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        assert NONE.text(source) is source, path


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "Authorization: Bearer abcDEF0123456789abcDEF==",
            "Authorization: Bearer [REDACTED:bearer]",
        ),
        ("x-api-key: 0123456789abcdefABCDEF", "x-api-key: [REDACTED:bearer]"),
        ("api-key: 0123456789abcdefABCDEF", "api-key: [REDACTED:bearer]"),
        ("set x-api-key 0123456789abcdefABCDEF", "set x-api-key [REDACTED:bearer]"),
        ("set X-Api-Key 0123456789abcdefABCDEF", "set X-Api-Key [REDACTED:bearer]"),
        ('"x-goog-api-key":"0123456789abcdefABCDEF"', '"x-goog-api-key":"[REDACTED:bearer]"'),
        ("> Authorization: Basic bWU6c2VjcmV0", "> Authorization: Basic [REDACTED:basic]"),
        (
            r"{\"authorization\": \"Basic bWU6c2VjcmV0MQ==\"}",
            r"{\"authorization\": \"Basic [REDACTED:basic]\"}",
        ),
        ('"X-Api-Key": "0123456789abcdefABCDEF"', '"X-Api-Key": "[REDACTED:bearer]"'),
        (r"{\"x-api-key\":\"0123456789abcdefABCDEF\"}", r"{\"x-api-key\":\"[REDACTED:bearer]\"}"),
        (
            "postgres://me:hunter2hunter@db:5432/x",
            "postgres://me:[REDACTED:url-password]@db:5432/x",
        ),
        ("redis://:s3cret@[::1]:6379", "redis://:[REDACTED:url-password]@[::1]:6379"),
    ],
)
def test_what_surrounds_a_secret_is_kept(text: str, shown: str) -> None:
    """The header's name and the host tell what it was."""
    assert NONE.text(text) == shown


def test_known_values_are_found_in_every_spelling() -> None:
    """As they are, inside JSON, inside JSON in JSON's ASCII form, and in a URL."""
    value = 'pass"wörd\\with everything'
    redactor = Redactor({value: "db"})
    for spelled in (value, json.dumps(value), json.dumps(value, ensure_ascii=False)):
        assert "with everything" not in redactor.text(f"is {spelled} then")
        assert "[REDACTED:db]" in redactor.text(f"is {spelled} then")
    assert redactor.text("?p=pass%22w%C3%B6rd%5Cwith%20everything") == "?p=[REDACTED:db]"


def test_a_value_within_another_does_not_leave_its_rest() -> None:
    """The longest value goes first."""
    redactor = Redactor({"abcdef-abcdef": "short", "abcdef-abcdef-and-more": "long"})
    assert redactor.text("x abcdef-abcdef-and-more y") == "x [REDACTED:long] y"


def test_short_values_are_words() -> None:
    """A password of a few letters would be found everywhere."""
    assert Redactor({"debug": "x", "": "y"}).text("debug mode, please") == "debug mode, please"


def test_the_environment_names_its_secrets() -> None:
    """By the names of its variables; what names a file or a public id is none."""
    environ = {
        "MY_SERVICE_TOKEN": "value-of-the-token",
        "AWS_SECRET_ACCESS_KEY": "value-of-the-secret",
        "SSH_KEY_PATH": "/home/me/.ssh/id_ed25519",
        "GOOGLE_APPLICATION_CREDENTIALS": "/home/me/credentials.json",
        "GPG_KEY": "A035C8C19219BA821ECEA86B64E628F8D684696D",
        "AWS_ACCESS_KEY_ID": "not-a-secret-by-itself",
        "DATABASE_PASSPHRASE": "value of the phrase\n",
        "SERVICE_API_KEYS": "value-of-the-keys",
        "MYSQL_PWD": "value-for-libmysql",
        "SSHPASS": "value-for-sshpass",
        "SMTP_PASS": "value-for-the-mail",
        "REDISCLI_AUTH": "value-for-redis-cli",
        "GITHUB_PAT": "value-for-the-forge",
        "ANTHROPIC_CUSTOM_HEADERS": "X-Key: value-for-the-gate",
        "STORAGE_CONNECTION_STRING": "Account=me;Secret=value",
        "PWD": "/home/somebody/project",
        "OLDPWD": "/home/somebody/elsewhere",
        "GIT_ASKPASS": "/usr/lib/git-askpass",
        "SSH_AUTH_SOCK": "/run/user/1000/agent.sock",
        "KEYBOARD": "a-long-keyboard-name",
        "CLAUDE_CODE_MAX_OUTPUT_TOKENS": "320000000000",
        "HOME": "/home/somebody",
    }
    redactor = Redactor.of(environ, [("the-real-key-itself", "api-key"), ("", "nothing")])
    for name, value in {**environ, "x": "the-real-key-itself"}.items():
        hidden = "value" in value or name == "x"
        value = value.strip()  # as it is said
        assert (redactor.text(f"<{value}>") == f"<{value}>") is not hidden, name
    assert redactor.text("a value-of-the-token b") == "a [REDACTED:MY_SERVICE_TOKEN] b"


@pytest.mark.parametrize(
    ("url", "said", "shown"),
    [
        ("postgres://me:correct-horse@db:5432/x", "is it correct-horse?", "is it {}?"),
        (" postgres://me:tr%40ub%2fador-9@db/x\n", "log in with tr@ub/ador-9", "log in with {}"),
        ("redis://:correct-horse@[::1]:6379", "AUTH correct-horse", "AUTH {}"),
        ("https://me@db.example/x", "me at db.example", "me at db.example"),
        ("https://me:correct-horse@[::1", "correct-horse", "correct-horse"),
        ("https://host:8080/correct-horse?to=me@b", "correct-horse", "correct-horse"),
    ],
)
def test_a_password_in_a_url_of_the_environment_is_known(url: str, said: str, shown: str) -> None:
    """It is found by itself too, as a user types it."""
    redactor = Redactor.of({"STORE": url}, ())
    assert redactor.text(said) == shown.format("[REDACTED:STORE]")


def test_a_command_line_is_redacted_word_by_word() -> None:
    """What an option named for a secret is given, and any key in any word."""
    words = ["claude", "--api-key", "short", "--token=abc", "--max-tokens", "5", "-p"]
    key = "sk-" + DIGITS * 2
    assert NONE.argv([*words, f"use {key}"]) == [
        "claude",
        "--api-key",
        "[REDACTED:argument]",
        "--token=[REDACTED:argument]",
        "--max-tokens",
        "5",
        "-p",
        "use [REDACTED:api-key]",
    ]


def test_a_value_is_redacted_in_every_corner() -> None:
    """Keys of objects included; what is no text stays as it is."""
    key = "sk-" + DIGITS * 2
    value = {key: [1, 2.5, None, True, {"a": f"x {key}"}], "n": 2**70}
    mark = "[REDACTED:api-key]"
    assert NONE.value(value) == {mark: [1, 2.5, None, True, {"a": f"x {mark}"}], "n": 2**70}


@given(st.text(), st.text(), st.sampled_from([secret for _, secret in SECRETS]))
def test_redacting_twice_changes_nothing(before: str, after: str, secret: str) -> None:
    """A mark is no secret."""
    once = NONE.text(f"{before} {secret} {after}")
    assert NONE.text(once) == once


@given(st.text(min_size=12), st.text(), st.text())
def test_a_known_value_never_comes_through(value: str, before: str, after: str) -> None:
    """Any value of some length, in any text, unless the mark itself holds it."""
    shown = Redactor({value: "k"}).text(before + value + after)
    assert value not in shown.replace("[REDACTED:k]", "\0") or value in "[REDACTED:k]"


@pytest.mark.parametrize(
    "piece",
    [
        "sk-", "sk-a-", "eyJabcdef", "eyJabcdefghijk.", "bearer ", "bearer a", "ghp_a", "://a:",
        "-----BEGIN PRIVATE KEY-----", "x-api-key: ", "xoxb-a", "AKIAIA", " ", "a", "-Key-key",
        "-----BEGIN PRIVATE KEY----- " + "A" * 39, "glpat", "https://" + "a" * 60 + ":",
    ],
)  # fmt: skip
def test_work_grows_with_the_text_and_no_faster(piece: str) -> None:
    """Four times the text takes four times as many steps, whatever is repeated in it."""

    def steps(size: int) -> int:
        return _work(piece * (size // len(piece)))

    assert steps(8000) <= 5 * steps(2000) + 1000


def test_ordinary_text_takes_next_to_no_work() -> None:
    """A step for every fifty characters of source code, and none where no anchor stands."""
    source = Path(re.__file__).read_text(encoding="utf-8") + Path(json.__file__).read_text()
    assert _work(source) < len(source) / 50
    assert _work("nothing here is like a secret at all. " * 1000) == 0


@pytest.mark.parametrize(("kind", "secret"), SECRETS)
def test_steps_are_those_of_re(kind: str, secret: str) -> None:
    """What is counted step by step finds what Python's own matcher finds."""
    for text in (secret, f'a {secret}, b {secret[:20]} "{secret}" {secret}x', f"Bearer {secret}"):
        for each in _KINDS:
            whole = re.compile(each.pattern, re.DOTALL | re.ASCII)
            assert Steps(each.pattern).found(text) == [m.span() for m in whole.finditer(text)]


def _work(text: str) -> int:
    """The steps that all patterns take whose anchor stands in the text."""
    running = [Steps(kind.pattern) for kind in _KINDS if kind.anchor in text]
    for each in running:
        each.found(text)
    return sum(each.count for each in running)
