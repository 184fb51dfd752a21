#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The secret that both directors share: made, told apart by its fingerprint, and refused when others
# could have read it.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"

# refused STATUS REGEX ARGUMENT …: directorctl with these arguments.
refused() {
	local wanted=$1 regex=$2 status=0

	shift 2
	lab_ctl a "$@" >"$LAB/stdout" 2>"$LAB/stderr" || status=$?
	expect "exit status" $status "$wanted"
	[ ! -s "$LAB/stdout" ] || fail "it printed $(cat "$LAB/stdout")"
	[[ $(cat "$LAB/stderr") =~ $regex ]] || fail "not what is wrong: $(cat "$LAB/stderr")"
}

makes_a_key() {
	local line

	line=$(umask 0 && lab_ctl a key generate "$LAB/one.key")
	[[ $line =~ ^([0-9a-f]{4}-){7}[0-9a-f]{4}\ \ "$LAB/one.key"$ ]] || fail "it printed $line"
	expect "mode" "$(stat -c %a "$LAB/one.key")" 600
	expect "fingerprint" "$(lab_ctl a key fingerprint "$LAB/one.key")" "$line"
	cp -p "$LAB/one.key" "$LAB/copy.key"
	expect "fingerprint of a copy" "$(lab_ctl b -j key fingerprint "$LAB/copy.key" |
		json_value fingerprint)" "${line%% *}"
}

makes_another_one() {
	lab_ctl a key generate "$LAB/two.key" >/dev/null
	! cmp -s "$LAB/one.key" "$LAB/two.key" || fail "twice the same key"
}

never_overwrites() {
	cp -p "$LAB/one.key" "$LAB/kept"
	refused 1 "one.key is there already" key generate "$LAB/one.key"
	cmp "$LAB/one.key" "$LAB/kept"
}

tells_wrong_usage() {
	refused 2 "needs FILE" key generate
	refused 2 "takes no argument" key fingerprint "$LAB/one.key" "$LAB/two.key"
	refused 1 "No such file" key fingerprint "$LAB/none.key"
}

refuses_a_readable_key() {
	local regex="director.conf:[0-9]+: key-file $LAB/cluster.key has mode 0640"

	chmod 640 "$LAB/cluster.key"
	refused 1 "has mode 0640" key fingerprint "$LAB/cluster.key"
	refused 1 "$regex" config check "$LAB/director.conf"
	if LAB_TIME_LIMIT=5 lab_directord a -c "$LAB/director.conf" 2>"$LAB/stderr"; then
		fail "the daemon started"
	fi
	[[ $(cat "$LAB/stderr") =~ $regex ]] || fail "not what is wrong: $(cat "$LAB/stderr")"
	chmod 600 "$LAB/cluster.key"
	lab_ctl a config check "$LAB/director.conf" >/dev/null
}

lab_up
lab_conf >"$LAB/director.conf"
run_case "a key is made" makes_a_key
run_case "another one is another one" makes_another_one
run_case "a key is never overwritten" never_overwrites
run_case "wrong usage" tells_wrong_usage
run_case "a key that others may read is refused" refuses_a_readable_key
finish
