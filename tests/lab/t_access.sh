#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Who may use the control socket: users are numbers here, nobody has to make them.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"

READERS=61001 CHANGERS=61002 OTHERS=61003

conf() {
	lab_conf_farm www maglev '"80"'
	echo "$1"
}

reload() {
	conf "$1" >"$LAB/director.conf"
	lab_ctl a config reload
}

# as GIDS STATUS ARGUMENT …: directorctl by a user that is in these groups; what it says is in $LAB/said.
as() {
	local gids=$1 wanted=$2 status=0

	shift 2
	lab_exec a setpriv --reuid 61000 --regid "$OTHERS" --groups "$gids" timeout -k 2 30 \
		"$LAB/bin/directorctl" -s "$LAB/a/run/director.sock" "$@" >"$LAB/said" 2>&1 || status=$?
	expect "exit status of $* as $gids" "$status $(cat "$LAB/said")" "$wanted $(cat "$LAB/said")"
}

refused() {
	grep -qx "directorctl: $1" "$LAB/said" || fail "$(cat "$LAB/said")"
}

# Where everybody may read it; the lab's own folder is root's.
begin() {
	chmod 711 "$LAB"
	mkdir -p "$LAB/bin"
	cp "$LAB_BUILD/directorctl" "$LAB/bin/directorctl"
	chmod 755 "$LAB/bin" "$LAB/bin/directorctl"
	conf '' >"$LAB/director.conf"
	lab_start_director a
	chmod 711 "$LAB/a"
}

nobody_but_root() {
	expect "mode of the socket" "$(stat -c %a "$LAB/a/run/director.sock")" 600
	as "$READERS" 3 status
	lab_ctl a status >/dev/null
}

readers() {
	reload "control { read-group = \"$READERS\" change-group = \"$CHANGERS\" }"
	as "$READERS" 0 -j status
	grep -q '"uptime_ms"' "$LAB/said" || fail "$(cat "$LAB/said")"
	as "$READERS" 0 ruleset export
	as "$READERS" 0 backend show www/web1
	cp "$LAB/director.conf" "$LAB/bin/new.conf"
	chmod 644 "$LAB/bin/new.conf"
	as "$READERS" 0 -c "$LAB/bin/new.conf" ruleset diff
	grep -q ' changes nothing of what runs$' "$LAB/said" || fail "$(cat "$LAB/said")"
	install -m 600 /dev/null "$LAB/bin/key"
	LAB_KEY=$LAB/bin/key lab_conf_cluster >>"$LAB/bin/new.conf"
	as "$READERS" 4 -c "$LAB/bin/new.conf" ruleset diff
	grep -q 'Permission denied; what may not be read is not checked here, a reload does that$' "$LAB/said" || fail "$(cat "$LAB/said")"
	as "$READERS" 1 backend drain www/web1
	refused "what changes something is for root and group $CHANGERS alone"
	as "$READERS" 1 config reload
	as "$READERS" 1 cluster failover
	expect "state of web1" "$(lab_status a farms.www.backends.web1.admin_state)" enabled
}

changers() {
	as "$CHANGERS" 0 status
	as "$CHANGERS" 0 backend drain www/web1
	expect "state of web1" "$(lab_status a farms.www.backends.web1.admin_state)" draining
	as "$OTHERS,$CHANGERS" 0 backend enable www/web1
	as "$CHANGERS" 0 config reload
	lab_ctl a -j ruleset history | grep -q '"uid": 61000' || fail "who asked is not in the journal"
}

strangers() {
	as "$OTHERS" 1 status
	refused "what directord tells is for root, group $CHANGERS and group $READERS alone"
	as "$OTHERS" 1 backend drain www/web1
}

# strangers_crowd: eighty connections that say nothing, or nonsense, for four seconds.
strangers_crowd() {
	lab_exec a setpriv --reuid 61000 --regid "$OTHERS" --clear-groups timeout 6 /usr/bin/python3 -c '
import socket, sys, time
held = []
for i in range(80):
    s = socket.socket(socket.AF_UNIX)
    try:
        s.connect(sys.argv[1])
        if i % 4 == 0:
            s.send(bytes(range(7)))
    except OSError:
        pass
    held.append(s)
print("there", flush=True)
time.sleep(4)' "$LAB/a/run/director.sock" >"$LAB/crowd" &
	expect_soon "they are there" 'grep -q there "$LAB/crowd"' 5
	for _ in 1 2 3 4 5; do
		lab_ctl a status >/dev/null || fail "root is kept out"
		as "$READERS" 0 status
	done
	wait $! || true
	lab_alive a || fail "the daemon has ended"
}

groups_that_go() {
	reload "control { change-group = \"$CHANGERS\" }"
	as "$READERS" 1 status
	refused "what directord tells is for root and group $CHANGERS alone"
	conf 'control { read-group = "no-such-group" }' >"$LAB/director.conf"
	! lab_ctl a config reload >"$LAB/said" 2>&1 || fail "it is taken"
	grep -q 'control: read-group: there is no group "no-such-group" on this host' "$LAB/said" ||
		fail "$(cat "$LAB/said")"
	as "$CHANGERS" 0 status
	reload ''
	expect "mode of the socket" "$(stat -c %a "$LAB/a/run/director.sock")" 600
	as "$CHANGERS" 3 status
}

lab_up
run_case "nobody but root without groups" begin
run_case "the socket is root's" nobody_but_root
run_case "a group that may read" readers
run_case "a group that may change" changers
run_case "others are told that they may not" strangers
run_case "others keep nobody out" strangers_crowd
run_case "groups come and go with a reload" groups_that_go
finish
