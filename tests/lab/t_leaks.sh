#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A start, a reload, a failover and a stop under LeakSanitizer.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"

reload_both() {
	{
		lab_conf
		lab_conf_farm turns round-robin '"8081"' 3 2 1
	} >"$LAB/director.conf"
	lab_ctl a config reload
	lab_signal b HUP
	expect_no_loss "$(lab_load --port 8081 --count 30)"
}

refused_reload() {
	echo 'bogus-key = 1' >>"$LAB/director.conf"
	! lab_ctl a config reload || fail "it was accepted"
	lab_conf >"$LAB/director.conf"
	lab_ctl a config reload
}

ask_everything() {
	lab_ctl a status >/dev/null
	lab_ctl b -j status >/dev/null
	lab_ctl a backend list >/dev/null
	lab_ctl a cluster status >/dev/null
	lab_ctl a ruleset export >/dev/null
	! lab_ctl a no such command 2>/dev/null || fail "an unknown command succeeded"
}

stop_both() {
	local node

	for node in a b; do
		lab_stop_director $node
	done
}

no_reports() {
	local node

	for node in a b; do
		expect "exit status of $node" "$(lab_exit_status $node)" 0
	done
	[ -z "$(lab_reports)" ] || {
		lab_reports
		fail "there are reports"
	}
}

lab_up
lab_sanitized || skip_all "not a build with sanitizers"
run_case "start" lab_start_pair
run_case "reload" reload_both
run_case "a refused reload" refused_reload
run_case "every question" ask_everything
run_case "failover" lab_ctl a cluster failover
run_case "stop" stop_both
run_case "LeakSanitizer has nothing to report" no_reports
finish
