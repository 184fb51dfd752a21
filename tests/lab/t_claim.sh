#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A third host has the VIP: before the directors, or later beside them. The other director is none.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"

# client_address add|del ADDRESS
client_address() {
	local length=32 option=

	[[ $2 != *:* ]] || length=128
	[ "$1 $length" != "add 128" ] || option=nodad
	ip -n "$(lab_ns client)" address "$1" "$2/$length" dev eth0 $option
}

client_mac() {
	lab_mac client
}

# error_names WHAT ADDRESS: the status of a says so, with the client's MAC.
error_names() {
	lab_status a vrrp.0.error | grep -F "$(client_mac)" | grep -F "$2" | grep -qF "$1"
}

third_host_at_start() {
	client_address add "$1"
	lab_start_director a "$LAB/$2.conf"
	expect_soon "a is in fault" "lab_is a fault" 10
	error_names "is held by another host" "$1" || fail "status says: $(lab_status a vrrp.0.error)"
	expect reason "$(lab_status a vrrp.0.reason)" "another host has an address of it"
	lab_logged a "$1 is held by another host, MAC $(client_mac)" || fail "not logged"
	expect_soon "a has given the VIP up" "! lab_has_address a $1" 5
	lab_holds_for "lab_is a fault && ! lab_has_address a $1" 5 || fail "the fault did not last"
	client_address del "$1"
	expect_soon "a is master once the other host is gone" "lab_is a master && lab_has_address a $1" 10
	expect error "$(lab_status a vrrp.0.error)" ""
	lab_stop_director a
}

# It is silent of its own accord: the master asks now and then.
third_host_later() {
	local before

	lab_start_director a "$LAB/$2.conf"
	expect_soon "a is master" "lab_is a master && lab_has_address a $1" 10
	sleep 6.5 # the announcements of the takeover are over
	lab_capture web1 "$3"
	client_address add "$1"
	expect_soon "status shows an alarm" "error_names claims $1" 13
	sleep 1
	lab_capture_stop web1
	lab_is a master && lab_has_address a "$1" || fail "a is not master any more"
	lab_logged a "another host, MAC $(client_mac), claims $1, too" || fail "not logged"
	before=$(lab_captured_count web1 "ether src $(lab_mac a)")
	[ "$before" -ge 1 ] || fail "a did not announce its address again"
	[ "$before" -le 3 ] || fail "a announced it $before times"
	lab_holds_for "lab_is a master" 3 || fail "a is not master any more"
	client_address del "$1"
	lab_stop_director a
}

# One that speaks by itself is heard at once.
third_host_speaks() {
	lab_start_director a "$LAB/v4.conf"
	expect_soon "a is master" "lab_is a master && lab_has_vip a" 10
	sleep 2
	client_address add $LAB_VIP
	lab_exec client "$LAB_TOOLS/lib/gratuitous_arp.py" $LAB_VIP
	expect_soon "status shows an alarm" "error_names claims $LAB_VIP" 3
	client_address del $LAB_VIP
	lab_stop_director a
}

# A stopped director answers for the VIP until its lease ends, and is no third host.
the_other_director_is_none() {
	lab_start_pair
	lab_capture b "arp and ether src $(lab_mac a)"
	lab_signal a STOP
	expect_soon "b is master" "lab_is b master && lab_has_vip b" 5
	lab_holds_for "lab_is b master" 4 || fail "b took a for a third host"
	lab_capture_stop b
	[ "$(lab_captured_count b "arp[6:2] = 2 and arp[14:4] = 0x0a4d0064")" -gt 0 ] ||
		fail "a did not answer: there was nothing to be judged"
	expect error "$(lab_status b vrrp.0.error)" ""
	lab_signal a CONT
	expect_master a
	expect_soon "b is backup" "lab_is b backup" 3
	expect error "$(lab_status a vrrp.0.error)" ""
}

# Another interface of the director on the same network answers, too.
own_second_interface_is_none() {
	lab_stop_director b
	lab_stop_director a
	ip link add eth1 netns "$(lab_ns a)" address 02:00:00:00:01:02 type veth \
		peer name a1 netns "$(lab_ns switch)"
	ip -n "$(lab_ns switch)" link set dev a1 master switch up
	ip -n "$(lab_ns a)" link set eth1 up
	ip -n "$(lab_ns a)" address add 10.77.0.200/24 dev eth1
	lab_start_director a
	expect_master a
	lab_capture web1 "arp and ether src 02:00:00:00:01:02"
	lab_holds_for "lab_is a master" 13 || fail "a took its own interface for a third host"
	lab_capture_stop web1
	expect error "$(lab_status a vrrp.0.error)" ""
	ip -n "$(lab_ns a)" link delete eth1
	lab_stop_director a
}

# Nobody answers at all: no takeover waits for that.
dead_network_delays_nothing() {
	local began

	lab_start_pair
	lab_load_start --rate 100 --timeout 0.3
	lab_switch_port_down a
	began=$(now_ms)
	expect_soon "b is master" "lab_has_vip b" 5
	# 3.6 intervals of 200 ms.
	[ $(($(now_ms) - began)) -lt 1500 ] || fail "it took $(($(now_ms) - began)) ms"
	lab_capture client "arp src host $LAB_VIP"
	sleep 0.5
	lab_capture_stop client
	expect_sender b client arp
	[ "$(json_value longest_gap_ms <<<"$(lab_load_end)")" -lt 2500 ] || fail "a long gap"
	lab_switch_port_up a
}

lab_up
lab_net6_up
{
	lab_conf_cluster
	LAB_VIPS="\"$LAB_VIP/24\"" lab_conf_vrrp
} >"$LAB/v4.conf"
{
	lab_conf_cluster
	LAB_VIPS="\"$LAB_VIP6_LINK/64\", \"$LAB_VIP6/64\"" lab_conf_vrrp
} >"$LAB/v6.conf"
run_case "a third host at the start is a fault that names it" third_host_at_start $LAB_VIP v4
run_case "the same with IPv6" third_host_at_start $LAB_VIP6 v6
run_case "a third host that comes later is an alarm, the VIP is defended" \
	third_host_later $LAB_VIP v4 "arp src host $LAB_VIP and arp dst host $LAB_VIP"
run_case "the same with IPv6" \
	third_host_later $LAB_VIP6 v6 "icmp6 and src host $LAB_VIP6 and ip6[40] = 136"
run_case "one that speaks is heard at once" third_host_speaks
run_case "the other director is no third host" the_other_director_is_none
run_case "nor is an interface of its own" own_second_interface_is_none
run_case "a dead network delays no takeover" dead_network_delays_nothing
finish
