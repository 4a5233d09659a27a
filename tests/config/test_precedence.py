"""Which layer wins, and that every value knows where it came from."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsfix.config import AGENT_SETTINGS, REGISTRY, Config, Setting
from dsfix.config.file import understood
from dsfix.config.layers import Layer, Value, from_environ, from_flags, resolve
from dsfix.errors import UsageError

KEYS = ("key_env", "key_command", "key_file")
FREE = [setting for setting in REGISTRY if setting.member not in (*KEYS, "upstream")]
MEMBERS = sorted({setting.member for setting in FREE})
# Two values that each setting takes, as texts; neither is the default.
TEXTS = {
    "model": ("one", "two"),
    "small_model": ("one", "two"),
    "thinking": ("on", "off"),
    "log_bodies": ("false", "0"),
    "private": ("true", "yes"),
    "keep_env": ("A,B", "C"),
    "allow_plain_http": ("1", "on"),
    "quiet": ("1", "true"),
    "currency": ("USD", "CNY"),
    "budget_cost": ("2.50", "18CNY"),
    "budget_tokens": ("5", "7"),
    "budget_requests": ("5", "7"),
    "budget_minutes": ("5", "0.5"),
    "repairs_disable": ("dsml", "signature,effort"),
    "tool_choice": ("auto", "auto"),
    "small_calls": ("0", "17"),
    "images": ("keep", "text"),
    "retries": ("0", "5"),
    "memory_age": ("1", "2"),
    "placeholder_mode": ("off", "always"),
    "placeholder_text": ("a", "b"),
    "placeholder_field": ("reasoning", "both"),
}
LAYERS = st.fixed_dictionaries({}, optional={name: st.integers(0, 9) for name in MEMBERS})
ABOVE = st.fixed_dictionaries(
    {}, optional={each.member: st.integers(0, 9) for each in AGENT_SETTINGS}
)


def layer(values: dict[str, int], source: str) -> Layer:
    return {name: Value(value, f"{source} {name}") for name, value in values.items()}


def shown(config: Config, setting: Setting) -> Value:
    if setting.member == "agents_args":
        return Value(config.agents_args, config.sources.get("agents_args", "default"))
    return config.of(setting)


@given(LAYERS, LAYERS, ABOVE, LAYERS)
def test_the_strongest_layer_that_has_a_value_wins(
    flags: dict[str, int], environ: dict[str, int], agent: dict[str, int], file: dict[str, int]
) -> None:
    """For every setting by itself, whatever the others say; and the source is that layer's."""
    from dsfix.config import File

    given_ = File("f", layer(file, "file"), {"claude": layer(agent, "agent")})
    found = resolve(layer(flags, "flag"), layer(environ, "env"), given_, "claude")
    layers = {"flag": flags, "env": environ, "agent": agent, "file": file}
    for setting in (*FREE, AGENT_SETTINGS[0]):
        name = setting.member
        wanted = next(
            (Value(v[name], f"{source} {name}") for source, v in layers.items() if name in v),
            shown(Config(), setting),
        )
        assert shown(found, setting) == wanted
    assert resolve(file=given_).model == file.get("model", "")  # another agent's table is not ours


@pytest.mark.parametrize("setting", FREE, ids=lambda setting: setting.path)
def test_a_value_is_the_same_from_every_layer(setting: Setting) -> None:
    """The variable, the file and, where there is one, the flag or `--set` word."""
    first, second = TEXTS[setting.member]
    value = setting.kind.parse(first)
    from_variable = resolve(environ=from_environ({setting.variable: first}))
    assert from_variable.of(setting) == Value(value, setting.variable)
    text = f"[{setting.table}]\n{setting.name} = {_toml(setting.written(value))}\n"
    in_file = understood(text, "f")
    assert resolve(file=in_file).of(setting) == Value(value, "f:2")
    if setting.table == "settings":
        flags, where = from_flags({}, [f"{setting.name}={second}"]), f"--set {setting.name}"
    else:
        flags, where = from_flags({setting.member: second}), setting.flag
    over = resolve(flags, from_environ({setting.variable: first}), in_file)
    assert over.of(setting) == Value(setting.kind.parse(second), where)


def _toml(value: Any) -> str:
    import json

    return json.dumps(value)


def test_names_are_variables_of_their_own() -> None:
    """No two settings share one, and none is a variable with another meaning."""
    variables = [setting.variable for setting in REGISTRY if setting.path != "upstream.url"]
    others = {"DSFIX_CONFIG", "DSFIX_STATE_DIR", "DSFIX_DEBUG", "DSFIX_STRICT", "DSFIX_SESSION"}
    assert len(set(variables)) == len(variables)
    assert not others & set(variables)


RELAY = '[upstream]\nurl = "https://relay.example"\nkey_env = "RELAY"\nkey_command = ["get"]\n'


@pytest.mark.parametrize(
    ("flags", "environ", "kept"),
    [
        ({}, {}, True),
        ({"upstream": "https://relay.example"}, {}, True),
        ({"upstream": "deepseek"}, {}, False),
        ({}, {"DSFIX_UPSTREAM": "https://other.example"}, False),
        ({"model": "x"}, {"DSFIX_MODEL": "y"}, True),
    ],
)
def test_a_key_goes_only_to_the_upstream_it_is_for(
    flags: dict[str, str], environ: dict[str, str], kept: bool
) -> None:
    """The file's key does not follow to an upstream that another layer names."""
    found = resolve(from_flags(flags), from_environ(environ), understood(RELAY, "f"))
    assert (found.key_env, found.key_command) == (("RELAY", ("get",)) if kept else ("", ()))


def test_a_flag_names_the_only_key() -> None:
    """`--key-env` leaves no way to another key, and a variable leaves the file's command."""
    file = understood(RELAY, "f")
    found = resolve(from_flags({"key_env": "MINE"}), {}, file)
    assert (found.key_env, found.key_command, found.by_flag) == ("MINE", (), True)
    found = resolve({}, from_environ({"DSFIX_KEY_ENV": "MINE"}), file)
    assert (found.key_env, found.key_command, found.by_flag) == ("MINE", ("get",), False)


@pytest.mark.parametrize(
    ("variable", "text", "says"),
    [
        ("DSFIX_PRIVATE", "perhaps", "true | false"),
        ("DSFIX_REPAIRS_DISABLE", "dsml,dmsl", "unknown repair 'dmsl'"),
        ("DSFIX_KEY_FILE", "key", "absolute path"),
        ("DSFIX_KEY_COMMAND", "./get", "a program on PATH"),
        ("DSFIX_KEY_COMMAND", "get 'open", "a program on PATH"),
        ("DSFIX_THINKING", "hard", "on | off | agent"),
    ],
)
def test_a_wrong_variable_is_named(variable: str, text: str, says: str) -> None:
    """With what was expected."""
    with pytest.raises(UsageError) as caught:
        from_environ({variable: text})
    assert variable in caught.value.message
    assert says in f"{caught.value.message} {caught.value.hint}"
