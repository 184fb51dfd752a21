#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Noise and mutated requests, by seed, on the control socket and on the HTTP listener of a pair: nothing
# ends, nothing that they may not change changes, and the election is not late.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"
. "$LAB_TOOLS/lib/listener.sh"

READERS=61001
COUNT=1500
LATE_MAX_US=150000 # the advert interval is 200 ms, and a takeover needs three of them

conf() {
	lab_conf
	echo "metrics { listen = \"127.0.0.1:$PORT\" }"
	echo "control { read-group = \"$READERS\" }"
}

begin() {
	chmod 711 "$LAB"
	conf >"$LAB/director.conf"
	lab_start_pair
	chmod 711 "$LAB/a"
}

# throw SEED USER-OPTIONS WHERE …: garbage on node a, and what had been taken of it.
throw() {
	local seed=$1 as=$2 taken

	shift 2
	# shellcheck disable=SC2086
	taken=$(lab_exec a setpriv $as timeout 120 /usr/bin/python3 - "$seed" "$COUNT" "$@" <"$LAB_TOOLS/garbage.py") ||
		fail "it did not end"
	echo "$taken connections were taken"
	[ "$taken" -gt $((COUNT / 2)) ] || fail "of $COUNT connections only $taken were taken"
}

well() {
	lab_alive a && lab_alive b || fail "a director has ended"
	[ -z "$(lab_reports)" ] || fail "a sanitizer has something to say: $(lab_reports | head -n 5)"
	lab_answers_ctl a || fail "a does not answer"
	expect "status of /metrics" "$(code a /metrics)" 200
}

# unmoved: a was master all the time, and its election was never so late that others could notice.
unmoved() {
	local late

	well
	expect "state of a" "$(lab_status a vrrp.0.state)" master
	expect "transitions of a" "$(lab_status a vrrp.0.transitions)" "$(cat "$LAB/transitions")"
	expect "state of web1" "$(lab_status a farms.www.backends.web1.admin_state)" enabled
	late=$(lab_status a election.late_max_us)
	echo "the election was $late us late at most"
	[ "$late" -lt $LATE_MAX_US ] || fail "the election was $late us late"
}

# A reader's order that was made by a mutation is refused.
on_the_control_socket() {
	lab_status a vrrp.0.transitions >"$LAB/transitions"
	throw "$1" "--reuid 61000 --regid $READERS --clear-groups" unix "$LAB/a/run/director.sock"
	unmoved
	lab_logged a '(malformed|unknown) request on the control socket' || fail "none was refused"
}

on_the_listener() {
	lab_status a vrrp.0.transitions >"$LAB/transitions"
	throw "$1" "--reuid 61000 --regid $READERS --clear-groups" tcp 127.0.0.1 $PORT
	unmoved
}

# Root's may be orders: they count, and nothing else happens.
by_root() {
	throw "$1" "--reuid 0" unix "$LAB/a/run/director.sock"
	expect_soon "it answers" "lab_answers_ctl a" 10
	well
	! lab_is a maintenance || lab_ctl a cluster maintenance off
	expect_soon "one of them is master" "lab_is a master || lab_is b master" 10
	lab_ctl a backend enable www/web1
	lab_ctl a config reload
	expect_soon "the VIP answers" "lab_answers http://$LAB_VIP/" 5
}

lab_up
run_case "a pair" begin
run_case "on the control socket" on_the_control_socket 1
run_case "on the HTTP listener" on_the_listener 2
run_case "on the control socket, by root" by_root 3
finish
