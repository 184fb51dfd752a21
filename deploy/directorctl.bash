# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Completion for directorctl(8), printed by `directorctl completion bash`. A test compares both.

# One command a line, with its argument.
_directorctl_commands='
status
farm list
farm show FARM
backend list
backend show FARM/BACKEND
backend enable FARM/BACKEND
backend drain FARM/BACKEND
backend disable FARM/BACKEND
backend weight FARM/BACKEND N
backend-setup FARM[/BACKEND]
connections
persistence
ruleset export
ruleset verify
ruleset diff
ruleset history
ruleset explain CLIENT[:PORT] VIP:PORT
cluster status
cluster failover
cluster maintenance on|off
cluster drill graceful|crash|link|daemon-kill|split
cluster drill history [N]
doctor [FARM]
probe IP:PORT
metrics
config check [FILE]
config reload
config confirm
config rollback
config push
config diff
key generate FILE
key fingerprint FILE
completion bash|zsh|fish
'
# One option a line, with its argument; behind the @ the commands that take it, or nothing for all.
_directorctl_options='
-s SOCKET@
--socket SOCKET@
-c FILE@backend-setup, ruleset export, ruleset diff, ruleset explain, doctor, config check
--config FILE@backend-setup, ruleset export, ruleset diff, ruleset explain, doctor, config check
-j@
--json@
--deadline TIME@backend drain
--wait@backend drain
--farm FARM@connections, persistence
--backend BACKEND@connections, persistence
--client ADDRESS@connections, persistence
--count@connections, persistence
--watch@status
--interval TIME@status
--count N@status
--force@cluster maintenance, cluster drill
--limit TIME@cluster drill
--probe IP:PORT@cluster drill
--failback@cluster drill
--html FILE@cluster drill, cluster drill history
--confirm TIME@config reload
--this-node@config reload, config confirm
--format nft|json@ruleset export
--against FILE@ruleset diff
--last N@ruleset history
--os linux|windows@backend-setup
--interface NAME@backend-setup
--rate N@probe
--duration TIME@probe
--timeout TIME@probe
--udp@probe, ruleset explain
--send TEXT@probe
--hold N@probe
--max-gap TIME@probe
--max-lost N@probe
--no-wait@backend enable, backend drain, backend disable, backend weight, cluster failover, cluster drill, config reload, config push
-V@
--version@
-h@
--help@
'

# _directorctl_argument OPTION: what the option takes, or nothing; of -js as of -s.
_directorctl_argument() {
	local line name=$1

	[[ $name != -j[sc] ]] || name=-${name:2}
	while IFS='@' read -r line _; do
		[[ $line == "$name "* ]] || continue
		printf '%s' "${line#* }"
		return
	done <<<"$_directorctl_options"
}

# _directorctl_next GIVEN: what may follow these words of a command, one a line.
_directorctl_next() {
	local line

	while read -r line; do
		[[ $line == "$1"?* ]] || continue
		line=${line#"$1"}
		printf '%s\n' "${line%% *}"
	done <<<"$_directorctl_commands" | sort -u
}

# _directorctl_word GIVEN WORD: the word written out, when it is the beginning of one alone.
_directorctl_word() {
	local line found=()

	while read -r line; do
		[[ $line != "$2" ]] || found=()
		[[ $line != "$2"* ]] || found+=("$line")
		[[ $line != "$2" ]] || break
	done < <(_directorctl_next "$1")
	[[ ${#found[@]} == 1 ]] && printf '%s' "${found[0]}" || printf '%s' "$2"
}

# _directorctl_given: the words before the cursor that belong to the command, a blank after each.
_directorctl_given() {
	local i word argument given=''

	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [[ $word == -* ]]; then
			argument=$(_directorctl_argument "$word")
			[[ $argument ]] || continue
			# It may come as "= FILE"; a number that is none is the next word.
			[[ ${COMP_WORDS[i + 1]} != '=' ]] || i=$((i + 1))
			[[ $argument == N && ${COMP_WORDS[i + 1]} != [0-9]* ]] || i=$((i + 1))
		else
			given+="$(_directorctl_word "$given" "$word") "
		fi
	done
	printf '%s' "$given"
}

# _directorctl_ask COMMAND ...: directorctl with the socket of this line, without a word when it fails.
_directorctl_ask() {
	local i options=()

	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-s | -js | --socket)
			[[ ${COMP_WORDS[i + 1]} != '=' ]] || i=$((i + 1))
			options=(-s "${COMP_WORDS[i + 1]}")
			;;
		esac
	done
	"${COMP_WORDS[0]}" "${options[@]}" "$@" 2>/dev/null
}

# _directorctl_names KIND: what the daemon has of that.
_directorctl_names() {
	case $1 in
	FARM) _directorctl_ask farm list | cut -d ' ' -f 2 ;;
	FARM/BACKEND) _directorctl_ask backend list | cut -d ' ' -f 1 ;;
	BACKEND) _directorctl_names FARM/BACKEND | cut -d / -f 2 ;;
	FARM\[/BACKEND\]) _directorctl_names FARM && _directorctl_names FARM/BACKEND ;;
	esac
}

# _directorctl_values ARGUMENT WORD: what may stand for that and begins so.
_directorctl_values() {
	local words=''

	case $1 in
	SOCKET | FILE | '[FILE]')
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$2")
		return
		;;
	'[FARM]') words=$(_directorctl_names FARM) ;;
	FARM* | BACKEND) words=$(_directorctl_names "$1") ;;
	*'|'*) words=${1//|/ } ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$2")
}

# _directorctl_taken GIVEN: the options that this command takes, or one of this group.
_directorctl_taken() {
	local line takers taker list

	while IFS='@' read -r line takers; do
		IFS=',' read -ra list <<<"${takers//, /,}"
		[[ $takers && $1 ]] || list=("${1% }")
		for taker in "${list[@]}"; do
			[[ $1 == "$taker "* || "$taker " == "$1"* || ! $1 ]] || continue
			printf '%s\n' "${line%% *}"
			break
		done
	done <<<"$_directorctl_options"
}

_directorctl() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local given argument words

	COMPREPLY=()
	[[ $prev != '=' ]] || prev=${COMP_WORDS[COMP_CWORD - 2]}
	argument=$(_directorctl_argument "$prev")
	given=$(_directorctl_given)
	if [[ $argument && $cur != -* ]]; then
		_directorctl_values "$argument" "${cur#=}"
		return
	fi
	if [[ $cur == -* ]]; then
		words=$(_directorctl_taken "$given")
	else
		words=$(_directorctl_next "$given")
		case $words in
		*[A-Z\|]*)
			_directorctl_values "$words" "$cur"
			return
			;;
		esac
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

complete -F _directorctl directorctl
