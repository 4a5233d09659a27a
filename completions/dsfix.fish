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
            case --upstream --key-env --model --small-model --thinking --no-repair --set --keep-env --summary-file --max-cost --max-tokens --max-requests --max-minutes --otlp
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
    set -l found (env _DSFIX_COMPLETE=complete_bash dsfix)
    if test (count $found) -gt 0
        set -l front (string match -r -- '^--?[^=]+=' $current; or echo '')
        string join \n -- $front$found
    else
        __fish_complete_path $current
    end
end

complete -c dsfix -n __dsfix_agent -f -a '(complete -C (__dsfix_agent))'
complete -c dsfix -n 'not __dsfix_agent' -f -a '(__dsfix_offered)'
