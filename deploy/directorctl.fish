# SPDX-License-Identifier: GPL-2.0-or-later
# Completion for directorctl(8), printed by `directorctl completion fish`. A test compares both.

set -g __directorctl_commands \
    'status' \
    'farm list' \
    'farm show' \
    'backend list' \
    'backend show' \
    'backend enable' \
    'backend drain' \
    'backend disable' \
    'backend weight' \
    'backend-setup' \
    'connections' \
    'persistence' \
    'ruleset export' \
    'ruleset verify' \
    'ruleset diff' \
    'ruleset history' \
    'ruleset explain' \
    'cluster status' \
    'cluster failover' \
    'cluster maintenance' \
    'cluster drill' \
    'cluster drill history' \
    'doctor' \
    'probe' \
    'metrics' \
    'config check' \
    'config reload' \
    'config confirm' \
    'config rollback' \
    'config push' \
    'config diff' \
    'key generate' \
    'key fingerprint' \
    'completion'

# The options that take an argument, and those of them that take a number.
set -g __directorctl_valued -s --socket -c --config --deadline --farm --backend --client --interval --count --limit --probe --html --confirm --format --against --last --os --interface --rate --duration --timeout --send --hold --max-gap --max-lost
set -g __directorctl_numbered --count --last --rate --hold --max-lost

# __directorctl_word WORD GIVEN: the word written out, when it is the beginning of one alone.
function __directorctl_word
    set -l found
    for command in $__directorctl_commands
        string match -q -- "$argv[2]*" "$command "; or continue
        set -l rest (string sub -s (math 1 + (string length -- "$argv[2]")) -- $command)
        set -l next (string split -m 1 -- ' ' "$rest")[1]
        if test "$next" = "$argv[1]"
            echo -- $next
            return
        end
        if string match -q -- "$argv[1]*" "$next"; and not contains -- "$next" $found
            set -a found $next
        end
    end
    test (count $found) = 1; and echo -- $found; or echo -- $argv[1]
end

# __directorctl_given: the words before the cursor that belong to the command, a blank after each.
function __directorctl_given
    set -l given ''
    set -l option ''
    for word in (commandline -opc)[2..-1]
        if test -n "$option"
            set -l last $option
            set option ''
            if not contains -- $last $__directorctl_numbered; or string match -qr '^[0-9]' -- $word
                continue
            end
        end
        if string match -q -- '-*' $word
            contains -- $word $__directorctl_valued; and set option $word
            continue
        end
        set given "$given"(__directorctl_word "$word" "$given")' '
    end
    echo -n -- "$given"
end

# Whether these are the words so far; none: at the beginning.
function __directorctl_at
    set -l given (__directorctl_given)
    test "$given" = (test -n "$argv"; and echo "$argv "; or echo '')
end

# Whether one of these commands is meant, or may still be.
function __directorctl_takes
    set -l given (__directorctl_given)
    for command in $argv
        if string match -q -- "$command *" "$given"; or string match -q -- "$given*" "$command "
            return 0
        end
    end
    return 1
end

# __directorctl_ask COMMAND ...: directorctl with the socket of this line.
function __directorctl_ask
    set -l words (commandline -opc)
    set -l options
    for i in (seq 2 (count $words))
        switch $words[$i]
            case -s -js --socket
                set options -s $words[(math $i + 1)]
            case '--socket=*'
                set options -s (string replace -- --socket= '' $words[$i])
        end
    end
    $words[1] $options $argv 2>/dev/null
end

# __directorctl_names KIND: what the daemon has of that.
function __directorctl_names
    switch $argv[1]
        case FARM '[FARM]'
            __directorctl_ask farm list | string split -f 2 ' '
        case FARM/BACKEND
            __directorctl_ask backend list | string split -f 1 ' '
        case BACKEND
            __directorctl_names FARM/BACKEND | string split -f 2 /
        case 'FARM[/BACKEND]'
            __directorctl_names FARM
            __directorctl_names FARM/BACKEND
    end
end

complete -c directorctl -f
complete -c directorctl -n '__directorctl_at ' -a status -d 'everything at a glance; --watch: again and again, live'
complete -c directorctl -n '__directorctl_at ' -a farm -d 'list, show'
complete -c directorctl -n '__directorctl_at farm' -a list -d 'the farms and what they serve'
complete -c directorctl -n '__directorctl_at farm' -a show -d 'one farm in detail'
complete -c directorctl -n '__directorctl_at farm show' -a '(__directorctl_names "FARM")'
complete -c directorctl -n '__directorctl_at ' -a backend -d 'list, show, enable, drain, disable, weight'
complete -c directorctl -n '__directorctl_at backend' -a list -d 'the backends of all farms'
complete -c directorctl -n '__directorctl_at backend' -a show -d 'one backend in detail: its checks and what has become of it'
complete -c directorctl -n '__directorctl_at backend show' -a '(__directorctl_names "FARM/BACKEND")'
complete -c directorctl -n '__directorctl_at backend' -a enable -d 'new connections go to it again'
complete -c directorctl -n '__directorctl_at backend enable' -a '(__directorctl_names "FARM/BACKEND")'
complete -c directorctl -n '__directorctl_at backend' -a drain -d 'no new ones, those it has stay; --deadline disables it then'
complete -c directorctl -n '__directorctl_at backend drain' -a '(__directorctl_names "FARM/BACKEND")'
complete -c directorctl -n '__directorctl_at backend' -a disable -d 'nothing is sent to it'
complete -c directorctl -n '__directorctl_at backend disable' -a '(__directorctl_names "FARM/BACKEND")'
complete -c directorctl -n '__directorctl_at backend' -a weight -d 'its share of the new connections, 0 to 256'
complete -c directorctl -n '__directorctl_at backend weight' -a '(__directorctl_names "FARM/BACKEND")'
complete -c directorctl -n '__directorctl_at ' -a backend-setup -d 'what makes a machine a backend; from -c FILE; --os, --interface'
complete -c directorctl -n '__directorctl_at backend-setup' -a '(__directorctl_names "FARM[/BACKEND]")'
complete -c directorctl -n '__directorctl_at ' -a connections -d 'what the kernel remembers; --farm, --backend, --client, --count'
complete -c directorctl -n '__directorctl_at ' -a persistence -d 'clients that keep their backend; --farm, --backend, --client, --count'
complete -c directorctl -n '__directorctl_at ' -a ruleset -d 'export, verify, diff, history, explain'
complete -c directorctl -n '__directorctl_at ruleset' -a export -d 'the nft ruleset, commented; --format json; with -c FILE as planned, without the daemon'
complete -c directorctl -n '__directorctl_at ruleset' -a verify -d 'compares the kernel\'s table with the planned one; exit 4 when they differ'
complete -c directorctl -n '__directorctl_at ruleset' -a diff -d 'what a reload of -c FILE would change; --against FILE; exit 4 when it would'
complete -c directorctl -n '__directorctl_at ruleset' -a history -d 'what was done to the ruleset, when and by whose will; --last N'
complete -c directorctl -n '__directorctl_at ruleset' -a explain -d 'where a frame goes and why; with -c FILE as planned; exit 4: not as planned'
complete -c directorctl -n '__directorctl_at ruleset explain'
complete -c directorctl -n '__directorctl_at ' -a cluster -d 'status, failover, maintenance, drill'
complete -c directorctl -n '__directorctl_at cluster' -a status -d 'the virtual routers and the other director; exit 4 when there is an alarm'
complete -c directorctl -n '__directorctl_at cluster' -a failover -d 'hands the virtual addresses to the other director; on the master'
complete -c directorctl -n '__directorctl_at cluster' -a maintenance -d 'this node is not master until it is off; --force: whoever else is there'
complete -c directorctl -n '__directorctl_at cluster maintenance' -a 'on off'
complete -c directorctl -n '__directorctl_at cluster' -a drill -d 'rehearses a failover and measures it; exit 4 when it misses its budget'
complete -c directorctl -n '__directorctl_at cluster drill' -a 'graceful crash link daemon-kill split'
complete -c directorctl -n '__directorctl_at cluster drill' -a history -d 'the drills of the past, the latest first, or one of them; --html FILE'
complete -c directorctl -n '__directorctl_at cluster drill history'
complete -c directorctl -n '__directorctl_at ' -a doctor -d 'looks for what goes wrong in such farms, on the wire, too; exit 4 when it finds any'
complete -c directorctl -n '__directorctl_at doctor' -a '(__directorctl_names "[FARM]")'
complete -c directorctl -n '__directorctl_at ' -a probe -d 'measures service gaps, from any client machine, without a daemon; exit 4 over --max-gap'
complete -c directorctl -n '__directorctl_at probe'
complete -c directorctl -n '__directorctl_at ' -a metrics -d 'the same numbers as Prometheus reads them'
complete -c directorctl -n '__directorctl_at ' -a config -d 'check, reload, confirm, rollback, push, diff'
complete -c directorctl -n '__directorctl_at config' -a check -d 'checks a configuration file'
complete -c directorctl -n '__directorctl_at config check' -F
complete -c directorctl -n '__directorctl_at config' -a reload -d 'makes the daemon read its configuration again; --confirm: both do, and for a time'
complete -c directorctl -n '__directorctl_at config' -a confirm -d 'what `config reload --confirm` brought is there to stay'
complete -c directorctl -n '__directorctl_at config' -a rollback -d 'goes back at once to what ran before `config reload --confirm`'
complete -c directorctl -n '__directorctl_at config' -a push -d 'brings the farms and routers of this node\'s file to the other node: on both, or on neither'
complete -c directorctl -n '__directorctl_at config' -a diff -d 'what differs between this director and the other one; exit 4 when anything must not'
complete -c directorctl -n '__directorctl_at ' -a key -d 'generate, fingerprint'
complete -c directorctl -n '__directorctl_at key' -a generate -d 'makes the secret that both directors share'
complete -c directorctl -n '__directorctl_at key generate' -F
complete -c directorctl -n '__directorctl_at key' -a fingerprint -d 'tells whether both have the same one'
complete -c directorctl -n '__directorctl_at key fingerprint' -F
complete -c directorctl -n '__directorctl_at ' -a completion -d 'prints what makes a shell complete these commands'
complete -c directorctl -n '__directorctl_at completion' -a 'bash zsh fish'
complete -c directorctl -s s -l socket -r -F -d 'the daemon\'s socket (default /run/director/director.sock)'
complete -c directorctl -n "__directorctl_takes 'backend-setup' 'ruleset export' 'ruleset diff' 'ruleset explain' 'doctor' 'config check'" -s c -l config -r -F -d 'the configuration (default /etc/director/director.conf)'
complete -c directorctl -s j -l json -d 'print one JSON document'
complete -c directorctl -n "__directorctl_takes 'backend drain'" -l deadline -x -d 'disable it after that time, such as 10m'
complete -c directorctl -n "__directorctl_takes 'backend drain'" -l wait -d 'until no connection remains, or the deadline has come'
complete -c directorctl -n "__directorctl_takes 'connections' 'persistence'" -l farm -x -a '(__directorctl_names "FARM")' -d 'those of one farm'
complete -c directorctl -n "__directorctl_takes 'connections' 'persistence'" -l backend -x -a '(__directorctl_names "BACKEND")' -d 'those of one backend of that farm'
complete -c directorctl -n "__directorctl_takes 'connections' 'persistence'" -l client -x -d 'those of one client'
complete -c directorctl -n "__directorctl_takes 'connections' 'persistence'" -l count -d 'print how many there are'
complete -c directorctl -n "__directorctl_takes 'status'" -l watch -d 'again and again: on a full screen with keys (q ends it), or block by block into a file'
complete -c directorctl -n "__directorctl_takes 'status'" -l interval -x -d 'how often (default 1s)'
complete -c directorctl -n "__directorctl_takes 'status'" -l count -x -d 'how many times'
complete -c directorctl -n "__directorctl_takes 'cluster maintenance' 'cluster drill'" -l force -d 'maintenance although nobody is known to take over; a drill whatever speaks against it'
complete -c directorctl -n "__directorctl_takes 'cluster drill'" -l limit -x -d 'when it is given up (default 30s; 10s of crash, link, split)'
complete -c directorctl -n "__directorctl_takes 'cluster drill'" -l probe -x -d 'a service of a farm: how long it is away'
complete -c directorctl -n "__directorctl_takes 'cluster drill'" -l failback -d 'afterwards the node that let go takes over again'
complete -c directorctl -n "__directorctl_takes 'cluster drill' 'cluster drill history'" -l html -r -F -d 'the report as a page for browsers'
complete -c directorctl -n "__directorctl_takes 'config reload'" -l confirm -x -d 'go back to what ran before unless `config confirm` comes within that time'
complete -c directorctl -n "__directorctl_takes 'config reload' 'config confirm'" -l this-node -d 'on this node alone, whatever the other one does'
complete -c directorctl -n "__directorctl_takes 'ruleset export'" -l format -x -a 'nft json' -d 'nft\'s language or its JSON schema, which is -j, too (default nft)'
complete -c directorctl -n "__directorctl_takes 'ruleset diff'" -l against -r -F -d 'a file in place of what runs, without a daemon'
complete -c directorctl -n "__directorctl_takes 'ruleset history'" -l last -x -d 'the latest alone'
complete -c directorctl -n "__directorctl_takes 'backend-setup'" -l os -x -a 'linux windows' -d 'of the backend (default linux)'
complete -c directorctl -n "__directorctl_takes 'backend-setup'" -l interface -x -d 'where requests arrive there'
complete -c directorctl -n "__directorctl_takes 'probe'" -l rate -x -d 'attempts a second (default 100)'
complete -c directorctl -n "__directorctl_takes 'probe'" -l duration -x -d 'for how long (default: until Ctrl-C)'
complete -c directorctl -n "__directorctl_takes 'probe'" -l timeout -x -d 'when an attempt is lost (default 500ms)'
complete -c directorctl -n "__directorctl_takes 'probe' 'ruleset explain'" -l udp -d 'datagrams in place of connections'
complete -c directorctl -n "__directorctl_takes 'probe'" -l send -x -d 'what to say'
complete -c directorctl -n "__directorctl_takes 'probe'" -l hold -x -d 'connections to be kept open'
complete -c directorctl -n "__directorctl_takes 'probe'" -l max-gap -x -d 'the longest gap that is good'
complete -c directorctl -n "__directorctl_takes 'probe'" -l max-lost -x -d 'how many may be lost'
complete -c directorctl -n "__directorctl_takes 'backend enable' 'backend drain' 'backend disable' 'backend weight' 'cluster failover' 'cluster drill' 'config reload' 'config push'" -l no-wait -d 'do not wait for the outcome: return when it is accepted'
complete -c directorctl -s V -l version -d 'print the version and exit'
complete -c directorctl -s h -l help -d 'print this, of a command or of a group of them, and exit'
