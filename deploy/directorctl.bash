# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Completion for directorctl(8). A test compares both lists with the program.

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
ruleset export
ruleset verify
ruleset diff
ruleset history
ruleset explain CLIENT[:PORT] VIP:PORT
cluster status
cluster failover
cluster maintenance on|off
cluster drill graceful
doctor [FARM]
probe IP:PORT
metrics
config check [FILE]
config reload
key generate FILE
key fingerprint FILE
'
_directorctl_options='-s --socket -c --config -j --json --deadline --farm --backend --client --count --watch --interval --force --limit --against --last --os --interface --rate --duration --timeout --udp --send --hold --max-gap --max-lost -V --version -h --help'

# _directorctl_given: the words before the cursor that belong to the command, a blank after each.
_directorctl_given() {
	local i word

	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		case $word in
		-s | -c | -js | -jc | --socket | --config | --deadline | --farm | --backend | --client | --interval | --limit | --against | --last | --os | --interface | --rate | --duration | --timeout | --send | --hold | --max-gap | --max-lost)
			i=$((i + 1)) # its argument, which may come as "= FILE"
			[[ ${COMP_WORDS[i]} != '=' ]] || i=$((i + 1))
			;;
		-*) ;;
		*) printf '%s ' "$word" ;;
		esac
	done
}

# _directorctl_ask COMMAND …: directorctl with the socket of this line, without a word when it fails.
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
	FARM\[/BACKEND\]) _directorctl_names FARM && _directorctl_names FARM/BACKEND ;;
	esac
}

_directorctl_files() {
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen -f -- "$1")
}

_directorctl() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local given line word words=''

	COMPREPLY=()
	case $prev in
	-s | -c | -js | -jc | --socket | --config | --against | =)
		_directorctl_files "${cur#=}"
		return
		;;
	esac
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$_directorctl_options" -- "$cur")
		return
	fi
	case $prev in
	--farm)
		mapfile -t COMPREPLY < <(compgen -W "$(_directorctl_names FARM)" -- "$cur")
		return
		;;
	--os)
		mapfile -t COMPREPLY < <(compgen -W 'linux windows' -- "$cur")
		return
		;;
	--deadline | --backend | --client | --interval | --limit | --last | --interface | --rate | --duration | --timeout | --send | --hold | \
		--max-gap | --max-lost) return ;;
	esac
	given=$(_directorctl_given)
	while read -r line; do
		[[ $line == "$given"?* ]] || continue
		word=${line#"$given"}
		word=${word%% *}
		[[ " $words " == *" $word "* ]] || words+=" $word"
	done <<<"$_directorctl_commands"
	case $words in
	' [FILE]' | ' FILE')
		_directorctl_files "$cur"
		return
		;;
	' on|off') words='on off' ;;
	' IP:PORT') words='' ;;
	' [FARM]') words=$(_directorctl_names FARM) ;;
	' FARM' | ' FARM/BACKEND' | ' FARM[/BACKEND]') words=$(_directorctl_names "${words# }") ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

complete -F _directorctl directorctl
