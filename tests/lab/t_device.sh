#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The interface of a director: made after the daemon was started, deleted and made again.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"

starts_without_interface() {
	lab_unplug a
	lab_start_director a "$LAB/director.conf" -n a
	lab_logged a 'eth0' || fail "the log does not name the interface"
	! lab_is a master || fail "it is master without an interface"
}

attaches_when_it_appears() {
	lab_plug a
	expect_soon "a is master" "lab_is a master && lab_has_vip a" 10
	expect_soon "the VIP answers" "lab_answers http://$LAB_VIP/" 5
	expect_no_loss "$(lab_load --count 60)"
}

# made_again MAC: forwarding works again, from the right MAC address.
made_again() {
	lab_unplug a
	lab_wait_until "! lab_is a master" 5 || fail "it is still master without an interface"
	lab_plug a "$1"
	expect_soon "a is master" "lab_is a master && lab_has_vip a" 10
	expect_soon "the VIP answers" "lab_answers http://$LAB_VIP/" 5
	lab_capture web1 tcp dst port 80
	expect_no_loss "$(lab_load --count 60)"
	lab_capture_stop web1
	expect "who forwards" "$(lab_captured web1 dst host "$LAB_VIP" | awk '{ print $2 }' | sort -u)" "$1"
}

link_down_and_up() {
	lab_switch_port_down a
	expect_soon "a is not master" "! lab_is a master" 5
	expect "state of the farm" "$(lab_status a farms.www.state)" down
	lab_switch_port_up a
	expect_soon "a is master" "lab_is a master && lab_has_vip a" 10
	expect_soon "the VIP answers" "lab_answers http://$LAB_VIP/" 5
	expect_no_loss "$(lab_load --count 30)"
}

# Another name is another interface: the VIP must not stay behind on it.
renamed_and_back() {
	lab_exec a ip link set eth0 down
	lab_exec a ip link set eth0 name eth9
	lab_exec a ip link set eth9 up
	expect_soon "a is not master" "! lab_is a master" 5
	expect_soon "eth9 does not hold the VIP" "! lab_has_vip a" 5
	lab_exec a ip link set eth9 down
	lab_exec a ip link set eth9 name eth0
	lab_exec a ip link set eth0 up
	expect_soon "a is master" "lab_is a master && lab_has_vip a" 10
	expect_soon "the VIP answers" "lab_answers http://$LAB_VIP/" 5
}

# The kernel lets an interface be renamed while it is up, too.
renamed_while_up() {
	lab_exec a ip link set eth0 name eth9 || skip "this kernel renames only what is down"
	expect_soon "a is not master" "! lab_is a master" 5
	expect_soon "eth9 does not hold the VIP" "! lab_has_vip a" 5
	lab_ctl a config reload || fail "a reload is refused while the interface has another name"
	lab_exec a ip link set eth9 name eth0
	expect_soon "a is master" "lab_is a master && lab_has_vip a" 10
	expect_soon "the VIP answers" "lab_answers http://$LAB_VIP/" 5
}

lab_up
run_case "it starts without its interface and says so" starts_without_interface
run_case "the interface appears: it attaches" attaches_when_it_appears
run_case "the interface is made again with the same MAC" made_again "$(lab_mac a)"
run_case "the interface is made again with another MAC" made_again 02:00:00:00:0a:02
run_case "the link goes down and up" link_down_and_up
run_case "the interface is renamed and back" renamed_and_back
run_case "the interface is renamed while it is up" renamed_while_up
finish
