# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Completion for directorctl(8). A test compares both lists with the program.

# One command a line, with its argument.
_directorctl_commands='
status
farm list
backend list
ruleset export
ruleset verify
cluster status
cluster failover
config check [FILE]
config reload
'
_directorctl_options='-s --socket -c --config -j --json -V --version -h --help'

# _directorctl_given: the words before the cursor that belong to the command, a blank after each.
_directorctl_given() {
	local i word

	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		case $word in
		-s | -c | -js | -jc | --socket | --config)
			i=$((i + 1)) # its argument, which may come as "= FILE"
			[[ ${COMP_WORDS[i]} != '=' ]] || i=$((i + 1))
			;;
		-*) ;;
		*) printf '%s ' "$word" ;;
		esac
	done
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
	-s | -c | -js | -jc | --socket | --config | =)
		_directorctl_files "${cur#=}"
		return
		;;
	esac
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$_directorctl_options" -- "$cur")
		return
	fi
	given=$(_directorctl_given)
	while read -r line; do
		[[ $line == "$given"?* ]] || continue
		word=${line#"$given"}
		word=${word%% *}
		[[ " $words " == *" $word "* ]] || words+=" $word"
	done <<<"$_directorctl_commands"
	if [[ $words == ' [FILE]' ]]; then
		_directorctl_files "$cur"
	else
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
	fi
}

complete -F _directorctl directorctl
