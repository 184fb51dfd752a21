#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The log in the journal: a real journald, alone in a mount namespace, and what one finds in it by field.
if [ -z "${LAB_MOUNTS:-}" ]; then
	LAB_MOUNTS=own exec unshare -m --propagation private "$0" "$@"
fi
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"

JOURNALD=/lib/systemd/systemd-journald

# found FIELD=VALUE ...: the lines with all of these, as JSON.
found() {
	journalctl -D /run/log/journal -o json --no-pager -q SYSLOG_IDENTIFIER=directord "$@"
}

# finds WORDS FIELD=VALUE ...: one of the lines says so.
finds() {
	local words=$1

	shift
	found "$@" | jq_message | grep -q -- "$words"
}

# jq_message: the message of each line.
jq_message() {
	python3 -c 'import json, sys
for line in sys.stdin:
    print(json.loads(line)["MESSAGE"])'
}

conf() {
	lab_conf_cluster
	lab_conf_vrrp
	LAB_FARM_CHECKS='check "path" { type = "dsr" interval = "500ms" timeout = "300ms" }' \
		lab_conf_farm www maglev '"80"'
}

begin() {
	local id

	mkdir -p /run/systemd /run/log
	mount -t tmpfs tmpfs /run/systemd
	mount -t tmpfs tmpfs /run/log
	id=$(cat /etc/machine-id)
	mkdir -p /run/systemd/journal "/run/log/journal/$id"
	# In no namespace of the lab: it looks for its control group. It ends by itself, whatever comes.
	setsid timeout 300 "$JOURNALD" >"$LAB/journald.log" 2>&1 </dev/null &
	echo $! >"$LAB/journald.pid"
	lab_wait_until "[ -S /run/systemd/journal/stdout ]" 10 || fail "journald: $(cat "$LAB/journald.log")"
	conf >"$LAB/director.conf"
	lab_spawn a a "$LAB_TOOLS/lib/journal_exec.py" "$LAB_BUILD/directord" -c "$LAB/director.conf" \
		--runtime-dir "$LAB/a/run"
	expect_soon "the director is master" "lab_is a master" 10
	expect_soon "it says so in the journal" "finds 'backup -> master: ' DIRECTOR_VRRP=web DIRECTOR_TO=master" 5
	expect "what is on its standard error" "$(cat "$LAB/a/log")" ""
}

transitions_have_fields() {
	finds '^vrrp web: init -> backup: startup$' DIRECTOR_FROM=init DIRECTOR_TO=backup DIRECTOR_REASON=startup ||
		fail "$(found)"
	found DIRECTOR_TO=master | grep -q '"PRIORITY":"6"' || fail "its priority: $(found DIRECTOR_TO=master)"
	found DIRECTOR_TO=master | grep -q '"_TRANSPORT":"journal"' || fail "$(found DIRECTOR_TO=master)"
	found DIRECTOR_TO=master | grep -q "\"_COMM\":\"directord\"" || fail "$(found DIRECTOR_TO=master)"
}

a_backend_that_dies() {
	lab_stop web2 KILL || true
	expect_soon "it is found" \
		"finds 'backend \"web2\" is down' DIRECTOR_FARM=www DIRECTOR_BACKEND=web2 DIRECTOR_FROM=up DIRECTOR_TO=down PRIORITY=4" 15
	found DIRECTOR_BACKEND=web2 DIRECTOR_TO=down | grep -q '"DIRECTOR_REASON":"check ' ||
		fail "$(found DIRECTOR_BACKEND=web2)"
	[ -z "$(found DIRECTOR_BACKEND=web1 DIRECTOR_TO=down)" ] || fail "$(found DIRECTOR_BACKEND=web1)"
	lab_web_start web2
	expect_soon "and that it is back" "finds 'backend \"web2\" is up' DIRECTOR_BACKEND=web2 DIRECTOR_FROM=down DIRECTOR_TO=up" 10
}

an_order_has_fields() {
	lab_ctl a backend drain www/web1
	expect_soon "it is found" "finds 'by the operator' DIRECTOR_FARM=www DIRECTOR_BACKEND=web1" 5
	lab_ctl a backend enable www/web1
}

# The election waits for no log, and says nothing twice.
journald_stops_and_comes_back() {
	local before

	pkill -STOP -P "$(cat "$LAB/journald.pid")"
	before=$(lab_status a vrrp.0.transitions)
	sleep 3
	pkill -CONT -P "$(cat "$LAB/journald.pid")"
	lab_is a master || fail "a is not master"
	expect transitions "$(lab_status a vrrp.0.transitions)" "$before"
	lab_ctl a backend drain www/web3
	expect_soon "lines go on" "finds 'by the operator' DIRECTOR_BACKEND=web3" 5
	expect "lines of that" "$(found DIRECTOR_BACKEND=web3 | jq_message | grep -c 'by the operator')" 1
}

lab_up
run_case "the log is in the journal" begin
run_case "transitions have fields" transitions_have_fields
run_case "a backend that dies is found by its name" a_backend_that_dies
run_case "so are the operator's orders" an_order_has_fields
run_case "a journal that hangs keeps nobody from his work" journald_stops_and_comes_back
kill "$(cat "$LAB/journald.pid")" 2>/dev/null || true
finish
