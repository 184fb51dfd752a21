#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Virtual routers of both families on two networks that are one group: all of a node's are master, or
# none, also where the nodes have the same priority and their addresses contradict each other.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"

pair_is_connected() {
	[ "$(lab_status a peers.0.state) $(lab_status b peers.0.state)" = "connected connected" ]
}

expect_connected() {
	expect_soon "both hear each other's heartbeats" pair_is_connected 5
}

# start_pair FILE: both anew.
start_pair() {
	local node

	for node in a b; do
		! lab_alive $node || lab_stop_director $node
		lab_start_director $node "$LAB/$1"
	done
}

# A second network, on which there is one virtual router more, of IPv6.
second_network_up() {
	local node

	ip -n "$(lab_ns switch)" link add second type bridge
	ip -n "$(lab_ns switch)" link set second up
	for node in a b; do
		ip link add eth1 netns "$(lab_ns $node)" type veth peer name "${node}1" \
			netns "$(lab_ns switch)"
		ip -n "$(lab_ns switch)" link set dev "${node}1" master second up
		ip -n "$(lab_ns $node)" link set eth1 up
	done
	sleep 2 # addresses of the link are being checked
}

second_network_down() {
	ip -n "$(lab_ns a)" link delete eth1
	ip -n "$(lab_ns b)" link delete eth1
	ip -n "$(lab_ns switch)" link delete second
}

# group_conf FILE INTERVAL: one group, of IPv4 on the first network and of IPv6 on the second one.
group_conf() {
	{
		LAB_VRRP_KEYS='group = "all"' LAB_ADVERTISE_INTERVAL=$2 lab_conf_vrrp
		lab_conf_cluster
		cat <<-EOT
			vrrp "back" {
				interface = "eth1"
				virtual-router-id = 52
				addresses = { "fe80::34/64", "fd78::100/64" }
				advertise-interval = "$2"
				group = "all"
			}
		EOT
	} >"$LAB/$1"
}

group_moves_together() {
	second_network_up
	group_conf group.conf 200ms
	start_pair group.conf
	expect_soon "a has both" "states_are a master master" 10
	expect_soon "b has none" "states_are b backup backup" 5
	expect_connected
	ip -n "$(lab_ns switch)" link set dev a1 down
	expect_soon "b has both" "states_are b master master" 5
	expect_soon "a has none" "states_are a fault fault" 3
	expect "reason" "$(lab_status a vrrp.0.reason)" "another router of its group"
	expect_vip_on b
	ip -n "$(lab_ns switch)" link set dev a1 up
	expect_soon "a has both again" "states_are a master master" 10
	expect_soon "b has none again" "states_are b backup backup" 5
	second_network_down
}

# split: neither adverts nor heartbeats arrive anywhere.
split() {
	lab_deafen "$LAB_ADVERTS; $LAB_HEARTBEATS" "eth0, eth1"
}

# heal [heartbeats]: all arrives again; but heartbeats do not, when they are named.
heal() {
	lab_hear
	[ "${1:-}" != heartbeats ] || lab_deafen "$LAB_HEARTBEATS"
}

one_has_both() {
	{ states_are a master master && states_are b backup backup; } ||
		{ states_are b master master && states_are a backup backup; }
}

# last_change: when a virtual router of a or b last changed its state.
last_change() {
	local node i at last=0

	for node in a b; do
		for i in 0 1; do
			at=$(lab_status $node vrrp.$i.since_ms)
			at=$(($(now_ms) - at))
			[ "$at" -le "$last" ] || last=$at
		done
	done
	echo "$last"
}

# tie_is_broken [heartbeats]: in 3 intervals, and nothing changes afterwards.
tie_is_broken() {
	local before since took

	split
	expect_soon "a has both" "states_are a master master" 5
	expect_soon "b has both, too" "states_are b master master" 5
	since=$(now_ms)
	heal "$@"
	expect_soon "one has both" one_has_both 5
	sleep 0.5 # what is asked one after the other may never have been so at one time
	before=$(both_transitions)
	lab_holds_for one_has_both 3 || fail "it does not stay so: $(both_states)"
	expect transitions "$(both_transitions)" "$before"
	took=$(($(last_change) - since))
	echo "after $took ms: $(both_states)"
	[ "$took" -le 1500 ] || fail "one has both after $took ms"
	[ "${1:-}" != heartbeats ] || heal
}

both_states() {
	echo "$(lab_status a vrrp.0.state) $(lab_status a vrrp.1.state)," \
		"$(lab_status b vrrp.0.state) $(lab_status b vrrp.1.state)"
}

both_transitions() {
	echo "$(lab_status a vrrp.0.transitions) $(lab_status a vrrp.1.transitions)" \
		"$(lab_status b vrrp.0.transitions) $(lab_status b vrrp.1.transitions)"
}

# The IPv4 address of b is the greater one, and the IPv6 address of a. The second network is slow, so
# that adverts cross: each node loses a virtual router before it hears that the other one has.
addresses_that_contradict() {
	local node i

	second_network_up
	for node in a b; do
		ip -n "$(lab_ns switch)" link set "${node}1" nomaster
	done
	lab_spawn wire switch "$LAB_TOOLS/wire.py" a1 b1 150
	for node in a b; do
		ip -n "$(lab_ns $node)" -6 addr flush dev eth1
	done
	ip -n "$(lab_ns a)" addr add fe80::b:2/64 dev eth1 nodad
	ip -n "$(lab_ns b)" addr add fe80::b:1/64 dev eth1 nodad
	LAB_PRIORITY_A=100 LAB_PRIORITY_B=100 group_conf tie.conf 500ms
	start_pair tie.conf
	expect_soon "one has both" one_has_both 10
	expect_connected
	for i in 1 2 3 4 5; do
		tie_is_broken
	done
	for i in 1 2 3 4 5; do
		tie_is_broken heartbeats
	done
	lab_stop wire
	second_network_down
}

# Two routers, whose masters are on both nodes, become a group by a reload.
joined_by_a_reload() {
	local node

	second_network_up
	LAB_PRIORITY_A=100 LAB_PRIORITY_B=100 group_conf joined.conf 200ms
	sed '/group = /d' "$LAB/joined.conf" >"$LAB/parted.conf"
	start_pair parted.conf
	expect_soon "one has both" one_has_both 10
	expect_connected
	states_are a master master && node=a || node=b
	ip -n "$(lab_ns $node)" link set eth1 down
	expect_soon "the other one has the second" "is_parted" 5
	ip -n "$(lab_ns $node)" link set eth1 up
	sleep 3 # it is backup then: of the same priority nobody gives way
	is_parted || fail "it does not stay so: $(both_states)"
	cat "$LAB/joined.conf" >"$LAB/parted.conf"
	lab_ctl a config reload
	lab_ctl b config reload
	expect_soon "one has both" one_has_both 5
	lab_holds_for one_has_both 2 || fail "it does not stay so: $(both_states)"
	second_network_down
}

# Each node has one of the two.
is_parted() {
	[[ $(both_states) =~ ^(master [^m]*, [^m]* master|[^m]* master, master [^m]*)$ ]]
}

# states_are NODE FIRST SECOND
states_are() {
	[ "$(lab_status "$1" vrrp.0.state) $(lab_status "$1" vrrp.1.state)" = "$2 $3" ]
}

lab_up
run_case "a group moves together" group_moves_together
run_case "addresses that contradict each other part no group" addresses_that_contradict
run_case "a reload makes one group of parted routers" joined_by_a_reload
finish
