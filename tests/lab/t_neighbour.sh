#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The backends' MAC addresses: followed when they change, missed when the machine is gone.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"

backend() {
	lab_status a "farms.www.backends.$1.$2"
}

all_are_resolved() {
	local web

	for web in $LAB_WEBS; do
		expect_soon "$web is up" "[ \"\$(backend $web state)\" = up ]" 5
		expect "MAC address of $web" "$(backend "$web" mac)" "$(lab_mac "$web")"
	done
}

# No announcement helps: the machine was exchanged for another with the same address.
changed_mac_is_followed() {
	local new=02:00:00:00:99:21 load

	ip -n "$(lab_ns web1)" link set eth0 address $new
	expect_soon "the new MAC address is known" "[ \"\$(backend web1 mac)\" = $new ]" 20
	load=$(lab_load --count 90 --source-port 26000)
	expect_no_loss "$load"
	expect_spread "$load" 1 1 1
	ip -n "$(lab_ns web1)" link set eth0 address "$(lab_mac web1)"
	expect_soon "the old MAC address is back" "[ \"\$(backend web1 mac)\" = $(lab_mac web1) ]" 20
}

lost_backend_is_left_out() {
	local load

	lab_switch_port_down web2
	expect_soon "web2 is unresolved" "[ \"\$(backend web2 state)\" = unresolved ]" 20
	load=$(lab_load --count 90 --source-port 27000)
	expect_no_loss "$load"
	expect_spread "$load" 1 0.001 1
}

returning_backend_is_used() {
	local load

	lab_switch_port_up web2
	expect_soon "web2 is up" "[ \"\$(backend web2 state)\" = up ]" 20
	load=$(lab_load --count 90 --source-port 28000)
	expect_no_loss "$load"
	expect_spread "$load" 1 1 1
}

# When nobody is left, the director says so and stays; when they are back, all is well again.
all_backends_lost() {
	local web

	for web in $LAB_WEBS; do
		lab_switch_port_down "$web"
	done
	expect_soon "the farm is down" "[ \"\$(lab_status a farms.www.state)\" = down ]" 20
	for web in $LAB_WEBS; do
		lab_switch_port_up "$web"
	done
	expect_soon "all are back" "[ \"\$(backend web1 state) \$(backend web2 state) \$(backend web3 state)\" = 'up up up' ]" 20
	expect_soon "the VIP answers" "lab_answers http://$LAB_VIP/" 5
}

# Without any backend it waits a moment before it takes part in the election, but not for ever.
starts_without_backends() {
	local web

	lab_stop_director a
	for web in $LAB_WEBS; do
		lab_switch_port_down "$web"
	done
	lab_exec a ip neigh flush all
	lab_start_director a
	lab_holds_for "! lab_is a master" 2 || fail "it became master with empty tables at once"
	expect_soon "a is master" "lab_is a master" 6
	for web in $LAB_WEBS; do
		lab_switch_port_up "$web"
	done
	expect_soon "the VIP answers" "lab_answers http://$LAB_VIP/" 10
}

lab_up
lab_start_director a
lab_wait_master a
run_case "all backends are resolved" all_are_resolved
run_case "a backend's new MAC address is followed" changed_mac_is_followed
run_case "a backend whose machine is gone is left out" lost_backend_is_left_out
run_case "it is used again when it is back" returning_backend_is_used
run_case "all backends are gone and come back" all_backends_lost
run_case "a start without any backend" starts_without_backends
finish
