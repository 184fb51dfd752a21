#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A director is taken out of service, and serves again.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"

# refused NODE REGEX [ARGUMENT …]: `maintenance on` fails with such a sentence.
refused() {
	local answer node=$1 regex=$2

	shift 2
	answer=$(lab_ctl "$node" cluster maintenance on "$@" 2>&1) && fail "exit status 0: $answer"
	[[ $answer =~ $regex ]] || fail "it says: $answer"
}

master_leaves() {
	lab_load_start --rate 100 --timeout 2 --retries 1
	lab_ctl a cluster maintenance on | grep -q 'node a is now in maintenance' || fail "no word of it"
	expect_soon "b is master" "lab_is b master && lab_has_vip b" 5
	expect_vip_on b
	expect_no_loss "$(lab_load_end)"
	expect state "$(lab_status a vrrp.0.state)" maintenance
	lab_logged a 'this node is in maintenance, by the operator' || fail "not logged"
}

it_sends_nothing() {
	lab_capture b vrrp and src host "$(lab_address a)"
	sleep 2
	lab_capture_stop b
	expect adverts "$(lab_captured_count b vrrp)" 0
}

it_takes_nothing() {
	lab_stop_director b
	lab_holds_for "[ \"\$(lab_status a vrrp.0.state)\" = maintenance ] && ! lab_has_vip a" 3 ||
		fail "a took the VIP"
	lab_start_director b
	expect_master b
}

# Killed, or in order: it is out of service from its first moment on.
it_survives_a_restart() {
	lab_stop_director a
	lab_start_director a
	lab_holds_for "[ \"\$(lab_status a vrrp.0.state)\" = maintenance ]" 2 || fail "after a stop"
	lab_kill_director a
	lab_start_director a
	lab_holds_for "[ \"\$(lab_status a vrrp.0.state)\" = maintenance ]" 2 || fail "after a kill"
	expect_vip_on b
	lab_ctl a config reload
	expect state "$(lab_status a vrrp.0.state)" maintenance
	lab_logged a 'this node stays in maintenance, by the operator' || fail "not logged"
}

both_at_once_is_refused() {
	refused b 'of node a could not take over.*--force'
	expect_vip_on b
	lab_ctl b cluster maintenance off | grep -q 'already in service' || fail "off when it is off"
}

it_serves_again() {
	lab_load_start --rate 100 --timeout 2 --retries 1
	expect json "$(lab_ctl a -j cluster maintenance off | tr -d ' \n')" '{"maintenance":false}'
	expect_master a
	expect_soon "b is backup" "lab_is b backup" 3
	expect_no_loss "$(lab_load_end)"
}

backup_leaves() {
	lab_ctl b cluster maintenance on
	expect_soon "b is out of service" "[ \"\$(lab_status b vrrp.0.state)\" = maintenance ]" 5
	expect_vip_on a
	refused a 'of node b could not take over.*--force'
	lab_ctl b cluster maintenance off
	expect_soon "b is backup" "lab_is b backup" 3
}

# lost: how often a has lost b.
lost() {
	grep -cE 'peer b: heartbeats (gone|down)' "$LAB/a/log" || true
}

nobody_else_is_there() {
	local before

	before=$(lost)
	lab_kill_director b
	expect_soon "a knows" "[ \$(lost) -gt $before ]" 10
	refused a 'other director is not known to be alive \(node b: .*--force'
	expect_vip_on a
	lab_ctl a cluster maintenance on --force
	expect_soon "nobody has the VIP" "! lab_has_vip a" 5
	lab_ctl a cluster maintenance off
	expect_master a
	lab_start_director b
	expect_soon "b is backup" "lab_is b backup" 5
}

# Then a master cannot know whether there is a backup; a backup knows that there is a master.
without_heartbeats() {
	sed -i '/key-file/d' "$LAB/director.conf"
	lab_ctl a config reload
	lab_ctl b config reload
	refused a 'nothing is known of a backup.*without a key-file there are no heartbeats.*--force'
	lab_ctl b cluster maintenance on
	lab_ctl b cluster maintenance off
	expect_soon "b is backup" "lab_is b backup" 3
	lab_ctl a cluster maintenance on --force
	expect_master b
	lab_ctl a cluster maintenance off
	expect_master a
	expect_soon "b is backup" "lab_is b backup" 3
}

owner_is_refused() {
	sed -i 's/priority = 150/priority = 255/' "$LAB/director.conf"
	lab_ctl a config reload
	refused a 'address owner \(priority 255\) cannot leave its addresses'
	refused a 'address owner \(priority 255\) cannot leave its addresses' --force
	expect_vip_on a
}

wrong_usage() {
	local status=0

	lab_ctl a cluster maintenance perhaps || status=$?
	expect "exit status" $status 2
	status=0
	lab_ctl a cluster failover --force || status=$?
	expect "exit status" $status 2
}

lab_up
lab_start_pair
run_case "wrong usage" wrong_usage
run_case "the master leaves, no request is lost" master_leaves
run_case "it sends nothing" it_sends_nothing
run_case "it takes nothing, when nobody else is there" it_takes_nothing
run_case "it stays out of service over restarts and reloads" it_survives_a_restart
run_case "both at once is refused" both_at_once_is_refused
run_case "it serves again, no request is lost" it_serves_again
run_case "a backup leaves and comes back" backup_leaves
run_case "refused when nobody else is there, but by force" nobody_else_is_there
run_case "without heartbeats a master is refused, but by force" without_heartbeats
run_case "an address owner is refused" owner_is_refused
finish
