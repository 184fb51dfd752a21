#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Where backends are: on a second interface of the director, by route or by name; behind a router,
# where they are of no use; and routes that come and go while the director runs.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"

FAR=10.78.0.23
FAR_MAC=02:00:00:00:78:17

in_a() {
	ip -n "$(lab_ns a)" "$@"
}

# web3 gets a second leg, in a network of its own with director a.
second_network() {
	ip link add eth1 netns "$(lab_ns a)" type veth peer name eth1 netns "$(lab_ns web3)"
	in_a link set eth1 up
	in_a address add 10.78.0.2/24 dev eth1
	ip -n "$(lab_ns web3)" link set eth1 address $FAR_MAC up
	ip -n "$(lab_ns web3)" address add $FAR/24 dev eth1
}

far_config() {
	sed "s|backend \"web3\" { address = \"$(lab_address web3)\"|backend \"web3\" { address = \"$FAR\" $*|" \
		"$LAB/director.conf" >"$LAB/live.conf"
	grep -q "$FAR" "$LAB/live.conf"
}

web3() {
	lab_status a "farms.www.backends.web3.$1"
}

web3_is() {
	lab_wait_until "[ \"\$(web3 state)\" = $1 ]" 10 || fail "web3 is $(web3 state), not $1"
}

found_by_route() {
	far_config
	lab_start_director a "$LAB/live.conf"
	lab_wait_master a
	web3_is up
	expect "MAC address of web3" "$(web3 mac)" $FAR_MAC
}

# Every frame leaves by the interface of its backend, from that interface's own MAC address.
requests_leave_by_that_interface() {
	local load

	load=$(lab_load --count 90 --source-port 41000)
	expect_no_loss "$load"
	expect_spread "$load" 1 1 1
}

route_goes_and_comes() {
	in_a address delete 10.78.0.2/24 dev eth1
	web3_is unresolved
	lab_logged a "there is no route to $FAR: nothing is sent to that backend" || fail "no word in the log"
	expect "said so often" "$(grep -c "no route to $FAR" "$LAB/a/log")" 1
	in_a address add 10.78.0.2/24 dev eth1
	web3_is up
	lab_logged a "$FAR is in a network of the director again" || fail "no word in the log"
}

# While the interface is down its routes are gone, which says nothing about where the backend is; but
# soon nothing is sent to it.
link_goes_down() {
	in_a link set eth1 down
	lab_holds_for '[ "$(web3 state)" = up ]' 1 || fail "it is given up at once"
	in_a link set eth1 up
	lab_holds_for '[ "$(web3 state)" = up ]' 4 || fail "it is given up when the link is back"
	in_a link set eth1 down
	web3_is unresolved
	lab_logged a 'interface "eth1" is down: nothing is sent to the backends on it' || fail "no word in the log"
	! lab_logged a "no route to $FAR" || [ "$(grep -c "no route to $FAR" "$LAB/a/log")" = 1 ] ||
		fail "it says there is no route"
	in_a link set eth1 up
	web3_is up
}

behind_a_router() {
	in_a address delete 10.78.0.2/24 dev eth1
	in_a route add 10.78.0.0/24 via "$(lab_address web1)"
	web3_is unresolved
	lab_logged a "$FAR is behind the router $(lab_address web1) on eth0, but a backend has to be in a network" ||
		fail "the log does not say why: $(tail -n 3 "$LAB/a/log")"
	in_a route delete 10.78.0.0/24
	# A route without a router is as good as an address.
	in_a route add $FAR/32 dev eth1
	web3_is up
	in_a route delete $FAR/32
	in_a address add 10.78.0.2/24 dev eth1
	web3_is up
}

# The interface is given: no route is needed, and another one leads nowhere.
interface_is_given() {
	far_config 'interface = "eth0"'
	lab_ctl a config reload
	web3_is unresolved
	far_config 'interface = "eth1"'
	lab_ctl a config reload
	web3_is up
	far_config 'interface = "eth7"'
	lab_ctl a config reload
	lab_logged a 'interface "eth7" is not there; backend "web3" waits for it' || fail "no word in the log"
	web3_is unresolved
	in_a link set eth1 name eth7
	web3_is up
	in_a link set eth7 name eth1
	web3_is unresolved
}

# Many routes a second must not keep the director from its work.
a_storm_of_routes() {
	local before after

	far_config
	lab_ctl a config reload
	web3_is up
	before=$(lab_status a vrrp.0.transitions)
	for i in 1 2 3 4 5; do
		seq 1 20000 | awk '{ printf "route add 172.%d.%d.%d/32 dev eth0\n", 16 + $1 / 65536, $1 / 256 % 256, $1 % 256 }' >"$LAB/batch"
		in_a -batch "$LAB/batch"
		sed -i 's/add/delete/' "$LAB/batch"
		in_a -batch "$LAB/batch"
	done
	expect "web3" "$(web3 state)" up
	after=$(lab_status a vrrp.0.transitions)
	expect "transitions" "$after" "$before"
	in_a address delete 10.78.0.2/24 dev eth1
	web3_is unresolved
	in_a address add 10.78.0.2/24 dev eth1
	web3_is up
}

lab_up
second_network
run_case "a backend on a second interface is found by route" found_by_route
run_case "requests leave by that interface" requests_leave_by_that_interface
run_case "its route goes and comes" route_goes_and_comes
run_case "its link goes down, for a moment and for longer" link_goes_down
run_case "a backend behind a router is not used" behind_a_router
run_case "the interface is given" interface_is_given
run_case "a storm of routes" a_storm_of_routes
finish
