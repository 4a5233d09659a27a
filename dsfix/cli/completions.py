"""The completion scripts that are shipped: `python -m dsfix.cli.completions FOLDER` writes them.

A script calls `dsfix` back on every TAB, so it does not change when commands do. All of them ask
in bash's form: for the others' Typer adds descriptions, and imports rich for them, which doubles
the 100 ms that a press takes (2026-11-21). After the agent's name a script steps aside for the
agent's own completion, or files; to find that name it knows which options of `run` take a value.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

# Where each shell's script is, in the folder `completions`.
FILES: Mapping[str, str] = {"bash": "dsfix.bash", "zsh": "_dsfix", "fish": "dsfix.fish"}
_CALLBACK = "_DSFIX_COMPLETE"


def script(shell: str) -> str:
    """The script of that shell; ends in a newline."""
    text = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}[shell]
    options = _with_value()
    listed = " ".join(options) if shell == "fish" else "|".join(options)
    return text.replace("@CALLBACK@", _CALLBACK).replace("@OPTIONS@", listed)


def _with_value() -> list[str]:
    """The options of `run` that take the next word as their value."""
    from dsfix.cli import command_of

    run = command_of("run")
    takers = (
        param
        for param in run.params
        if param.param_type_name == "option" and not (param.is_flag or param.count)
    )
    return [name for param in takers for name in param.opts]


_BASH = """\
# bash completion of dsfix, made by `python -m dsfix.cli.completions completions`.

_dsfix_completion() {
    local word place glued= skip= agent= IFS=$' \\t\\n'
    local -a words=() starts=()
    # bash splits words at : and =, which stand in URLs and --option=value; here they are whole
    for ((place = 0; place <= COMP_CWORD; place++)); do
        word=${COMP_WORDS[place]}
        if [[ $place -gt 0 && ( $word == [:=]* || $glued ) ]]; then
            words[${#words[@]}-1]+=$word
        else
            words+=("$word") starts+=($place)
        fi
        glued=
        [[ $word == *[:=] ]] && glued=1
    done
    if [[ ${words[1]} == run ]]; then
        for ((place = 2; place < ${#words[@]} - 1; place++)); do
            word=${words[place]}
            if [[ $skip ]]; then
                skip=
                continue
            fi
            case $word in
                --) [[ $((place + 1)) -lt $((${#words[@]} - 1)) ]] && agent=$((place + 1)); break ;;
                @OPTIONS@) skip=1 ;;
                -*) ;;
                *) agent=$place; break ;;
            esac
        done
    fi
    COMPREPLY=()
    if [[ $agent ]]; then
        if declare -F _comp_command_offset >/dev/null; then
            _comp_command_offset "${starts[agent]}"
        elif declare -F _command_offset >/dev/null; then
            _command_offset "${starts[agent]}"
        fi
        return 0
    fi
    IFS=$'\\n'
    COMPREPLY=($(env COMP_WORDS="${words[*]}" COMP_CWORD=$((${#words[@]} - 1)) \\
        @CALLBACK@=complete_bash "$1"))
    return 0
}

complete -o default -F _dsfix_completion dsfix
"""
_ZSH = """\
#compdef dsfix
# zsh completion of dsfix, made by `python -m dsfix.cli.completions completions`.

_dsfix_completion() {
  local place skip= agent=
  local -a found
  if [[ ${words[2]} == run ]]; then
    for ((place = 3; place < CURRENT; place++)); do
      if [[ -n $skip ]]; then
        skip=
        continue
      fi
      case ${words[place]} in
        --) (( place + 1 < CURRENT )) && agent=$((place + 1)); break ;;
        @OPTIONS@) skip=1 ;;
        -*) ;;
        *) agent=$place; break ;;
      esac
    done
  fi
  if [[ -n $agent ]]; then
    shift $((agent - 1)) words
    (( CURRENT -= agent - 1 ))
    _normal
    return
  fi
  found=("${(@f)$(env COMP_WORDS="${(F)words[1,CURRENT]}" COMP_CWORD=$((CURRENT - 1)) \\
    @CALLBACK@=complete_bash dsfix)}")
  [[ ${words[CURRENT]} == -*=* ]] && compset -P '*='
  if [[ -n ${found[1]} ]]; then
    compadd -- $found
  else
    _files
  fi
}

# Loaded from fpath, the file itself is the function; sourced, it registers one.
if [[ ${zsh_eval_context[-1]} == loadautofunc ]]; then
  _dsfix_completion "$@"
else
  compdef _dsfix_completion dsfix
fi
"""
_FISH = """\
# fish completion of dsfix, made by `python -m dsfix.cli.completions completions`.

# Prints the agent's own command line; fails where no agent is named yet.
function __dsfix_agent
    set -l words (commandline -opc)
    test (count $words) -gt 2 -a "$words[2]" = run
    or return 1
    set -l skip 0
    for place in (seq 3 (count $words))
        if test $skip = 1
            set skip 0
            continue
        end
        switch $words[$place]
            case --
                set place (math $place + 1)
                test $place -le (count $words)
                or return 1
            case @OPTIONS@
                set skip 1
                continue
            case '-*'
                continue
        end
        string join ' ' -- (string escape -- $words[$place..-1]) (commandline -ct)
        return 0
    end
    return 1
end

# What dsfix offers at this place, else files.
function __dsfix_offered
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -lx COMP_CWORD (count $words)
    set -lx COMP_WORDS (string join ' ' -- (string escape -- $words) $current)
    set -l found (env @CALLBACK@=complete_bash dsfix)
    if test (count $found) -gt 0
        set -l front (string match -r -- '^--?[^=]+=' $current; or echo '')
        string join \\n -- $front$found
    else
        __fish_complete_path $current
    end
end

complete -c dsfix -n __dsfix_agent -f -a '(complete -C (__dsfix_agent))'
complete -c dsfix -n 'not __dsfix_agent' -f -a '(__dsfix_offered)'
"""


def main(folder: str) -> None:
    """Write the scripts into a folder."""
    for shell, name in FILES.items():
        (Path(folder) / name).write_text(script(shell), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
