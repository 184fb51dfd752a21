#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What cannot work is refused: one clear sentence, an exit status, nothing half-applied.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"

# one_sentence STATUS REGEX: the standard error of a program that ended with STATUS.
one_sentence() {
	local sentence

	[ "$1" != 0 ] || fail "exit status 0"
	[ "$1" != 124 ] || fail "it went on running: $(tail -n 1 "$LAB/stderr")"
	[ "$1" -lt 99 ] || fail "it ended with exit status $1: $(cat "$LAB/stderr")"
	sentence=$(grep -v '^info: ' "$LAB/stderr" || true)
	expect "number of lines on standard error" "$(grep -c . <<<"$sentence")" 1
	[[ $sentence =~ $2 ]] || fail "not what is wrong: $sentence"
}

nothing_applied() {
	! lab_has_table a || fail "there is an nft table"
	! lab_has_vip a || fail "the VIP is on the interface"
	[ ! -e "$LAB/a/run/director.sock" ] || fail "there is a socket"
}

# refused REGEX ARGUMENT …: directord with these arguments.
refused() {
	local regex=$1 status=0

	shift
	LAB_TIME_LIMIT=5 lab_directord a "$@" 2>"$LAB/stderr" >/dev/null || status=$?
	one_sentence $status "$regex"
	nothing_applied
}

# config_refused REGEX SED-SCRIPT: the good configuration, changed; by directord, directord -t and
# directorctl config check.
config_refused() {
	local status=0

	lab_conf | sed "$2" >"$LAB/bad.conf"
	refused "$1" -c "$LAB/bad.conf"
	refused "$1" -t -c "$LAB/bad.conf"
	lab_ctl a config check "$LAB/bad.conf" 2>"$LAB/stderr" >/dev/null || status=$?
	one_sentence $status "$1"
}

line_of() {
	lab_conf | sed "$2" | grep -n "$1" | head -n 1 | cut -d : -f 1
}

# config_refused_at PATTERN SED-SCRIPT REGEX: names the line that matches PATTERN.
config_refused_at() {
	config_refused "bad\.conf:$(line_of "$1" "$2"): .*$3" "$2"
}

without_net_admin() {
	local status=0

	lab_exec a timeout -k 2 5 setpriv --bounding-set -net_admin --inh-caps -net_admin \
		"$LAB_BUILD/directord" -c "$LAB/director.conf" --runtime-dir "$LAB/a/run" \
		2>"$LAB/stderr" >/dev/null || status=$?
	one_sentence $status 'CAP_NET_ADMIN'
	nothing_applied
}

busy_socket() {
	local status=0

	lab_start_director a
	LAB_TIME_LIMIT=5 lab_directord a -c "$LAB/director.conf" 2>"$LAB/stderr" >/dev/null || status=$?
	one_sentence $status 'run|socket'
	lab_answers_ctl a || fail "the first one does not answer any more"
	lab_has_table a || fail "the table of the first one is gone"
	lab_stop_director a
	lab_directord a -c "$LAB/director.conf" --clean
}

# ctl_refused STATUS REGEX ARGUMENT …
ctl_refused() {
	local expected=$1 regex=$2 status=0

	shift 2
	lab_ctl a "$@" 2>"$LAB/stderr" >/dev/null || status=$?
	one_sentence $status "$regex"
	expect "exit status" "$status" "$expected"
}

# usage_is_two REGEX COMMAND …: a mistake on the command line.
usage_is_two() {
	local regex=$1 status=0

	shift
	"$@" 2>"$LAB/stderr" >/dev/null || status=$?
	expect "exit status" "$status" 2
	grep -qE "$regex" "$LAB/stderr" || fail "not what is wrong: $(cat "$LAB/stderr")"
	nothing_applied
}

# terminal_is_spared STATUS REGEX ARGUMENT …: and so is the screen of whoever pasted too much.
terminal_is_spared() {
	ctl_refused "$@"
	! grep -q $'[\001-\011\013-\037\177]' "$LAB/stderr" || fail "control characters: $(cat -v "$LAB/stderr")"
	[ "$(wc -c <"$LAB/stderr")" -lt 600 ] || fail "$(wc -c <"$LAB/stderr") octets"
}

odd_names() {
	local red=$'\033[31m' long

	long=$(printf 'x%.0s' {1..5000})
	terminal_is_spared 2 '^directorctl: "x+\.\.\.x+";? .*directorctl farm list' farm show "$long"
	terminal_is_spared 2 '"www/x+\.\.\.x+" is not FARM/BACKEND' backend show "www/$long"
	terminal_is_spared 2 'unknown command "x+\.\.\.x+"; .* lists them' "$long"
	terminal_is_spared 2 'takes no argument "x+\.\.\.x+"' status "$long"
	terminal_is_spared 1 'x+: cannot be read: File name too long' config check "$long"
	terminal_is_spared 1 '\?\[31m: cannot be read' config check "$red"
	terminal_is_spared 2 'unknown command "\?\[31m"' "$red"
	cp "$LAB/director.conf" "$LAB/$red.conf"
	lab_ctl a config check "$LAB/$red.conf" | grep -qF '/?[31m.conf is good' ||
		fail "config check prints the name as it is"
	lab_directord a -t -c "$LAB/$red.conf" | grep -qF '/?[31m.conf is good' ||
		fail "directord -t prints the name as it is"
	rm "$LAB/$red.conf"
}

a_file_without_a_name() {
	ctl_refused 2 '`config check` needs the name of a file, not ""' config check ""
	ctl_refused 2 '`key fingerprint` needs the name of a file, not ""' key fingerprint ""
	ctl_refused 2 '--config needs the name of a file, not ""' ruleset export -c ""
	ctl_refused 2 '--socket needs the name of a file, not ""' status -s ""
	refused 'the name of the configuration file is ""' -t -c ""
}

# full_disk PROGRAM ARGUMENT …: what it prints cannot be written.
full_disk() {
	local status=0

	lab_exec a "$LAB_BUILD/$@" 2>"$LAB/stderr" >/dev/full || status=$?
	one_sentence $status "^$1: standard output: No space left on device$"
	expect "exit status" "$status" 1
}

a_full_disk_is_a_failure() {
	full_disk directord -t -c "$LAB/director.conf"
	full_disk directord -V
	full_disk directord -h
	full_disk directorctl --help
	full_disk directorctl completion bash
	full_disk directorctl config check "$LAB/director.conf"
	full_disk directorctl -j config check "$LAB/director.conf"
	full_disk directorctl -c "$LAB/director.conf" ruleset export
	full_disk directorctl -c "$LAB/director.conf" ruleset export --format json
	full_disk directorctl backend-setup www -c "$LAB/director.conf" --os linux --interface eth0
}

# Also where somebody made the program deaf to SIGPIPE, as systemd does.
nobody_reads() {
	local ignore

	for ignore in : "trap '' PIPE"; do
		lab_exec a bash -c "$ignore; sleep 0.3; exec \"\$@\"" - "$LAB_BUILD/directorctl" \
			completion bash 2>"$LAB/stderr" | true
		[ ! -s "$LAB/stderr" ] || fail "it says: $(cat "$LAB/stderr")"
	done
}

lab_up
mkdir -p "$LAB/a"
run_case "unknown key" config_refused_at virtual-ruter-id \
	's/virtual-router-id/virtual-ruter-id/' 'virtual-ruter-id'
run_case "bad address" config_refused_at '10\.77\.0\.321' \
	's/"10\.77\.0\.21"/"10.77.0.321"/' '10\.77\.0\.321'
run_case "bad duration" config_refused_at '200 parsecs' 's/"200ms"/"200 parsecs"/' 'parsecs'
run_case "value out of range" config_refused_at 'id = 300' \
	's/virtual-router-id = 51/virtual-router-id = 300/' '300'
run_case "backend named twice" config_refused_at '"10\.77\.0\.22"' \
	's/backend "web2"/backend "web1"/' 'web1'
run_case "key given twice" config_refused_at 'scheduler = "round-robin"' \
	's/scheduler = "maglev"/&\nscheduler = "round-robin"/' 'scheduler'
run_case "missing brace" config_refused 'bad\.conf:[0-9]+: ' '$d'
run_case "missing key file" config_refused "$LAB/no\.key" 's|cluster\.key|no.key|'
run_case "no such configuration file" refused "$LAB/no\.conf" -c "$LAB/no.conf"
run_case "unknown node" refused '"?c"?' -c "$LAB/director.conf" -n c
run_case "runtime directory cannot be made" refused '/proc/director' \
	-c "$LAB/director.conf" --runtime-dir /proc/director
run_case "no CAP_NET_ADMIN" without_net_admin
run_case "another directord on the same socket" busy_socket
run_case "directorctl without a daemon" ctl_refused 3 'director\.sock' status
run_case "directorctl: unknown command" usage_is_two frobnicate lab_ctl a frobnicate
run_case "directorctl: no command" usage_is_two usage lab_ctl a
run_case "odd names spare the terminal" odd_names
run_case "a file without a name" a_file_without_a_name
run_case "a full disk is a failure" a_full_disk_is_a_failure
run_case "a pipe that nobody reads ends quietly" nobody_reads
run_case "a split with --probe" usage_is_two 'not with --probe' \
	lab_ctl a cluster drill split --probe "$LAB_VIP:80"
run_case "daemon-kill with --probe" usage_is_two 'not --probe' \
	lab_ctl a cluster drill daemon-kill --probe "$LAB_VIP:80"
run_case "directord: unknown option" usage_is_two bogus lab_directord a --bogus
finish
