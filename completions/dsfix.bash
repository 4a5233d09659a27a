# bash completion of dsfix, made by `python -m dsfix.cli.completions completions`.

_dsfix_completion() {
    local word place glued= skip= agent= IFS=$' \t\n'
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
                --upstream|--key-env|--model|--small-model|--thinking|--no-repair|--set|--keep-env|--summary-file|--max-cost|--max-tokens|--max-requests|--max-minutes|--otlp) skip=1 ;;
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
    IFS=$'\n'
    COMPREPLY=($(env COMP_WORDS="${words[*]}" COMP_CWORD=$((${#words[@]} - 1)) \
        _DSFIX_COMPLETE=complete_bash "$1"))
    return 0
}

complete -o default -F _dsfix_completion dsfix
