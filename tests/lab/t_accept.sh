#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# accept = false: the master holds the addresses and answers ARP and neighbour solicitations for
# them, farms are served, and nothing else that is sent there reaches the director's own sockets.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"

LAB_VIPS="\"$LAB_VIP/24\", \"$LAB_VIP6_LINK/64\", \"$LAB_VIP6/64\""

# A port of the host's own, on every address of it.
serve_on_a() {
	lab_spawn own a python3 -m http.server --bind :: 9000
	lab_wait_until "lab_answers http://$(lab_address a):9000/ &&
		lab_answers 'http://[$(lab_address6 a)]:9000/'" 10
}

conf() {
	LAB_VRRP_KEYS=$1 lab_conf >"$LAB/director.conf"
	lab_ctl a config reload >/dev/null || fail "the reload failed"
}

# pings HOST: whether the address answers an echo request (there is no ping in the lab).
pings() {
	lab_exec client "$LAB_TOOLS/lib/echo_request.py" "$1"
}

accepts_by_default() {
	lab_answers "http://$LAB_VIP:9000/" || fail "the VIP is not accepted"
	lab_answers "http://[$LAB_VIP6]:9000/" || fail "the IPv6 VIP is not accepted"
	pings "$LAB_VIP" || fail "no echo of the VIP"
	pings "$LAB_VIP6" || fail "no echo of the IPv6 VIP"
}

refuses_all_but_farms() {
	conf "accept = false"
	expect_soon "the rules are there" "lab_table a | grep -q refused6" 3
	! lab_answers "http://$LAB_VIP:9000/" || fail "the VIP is accepted"
	! lab_answers "http://[$LAB_VIP6]:9000/" || fail "the IPv6 VIP is accepted"
	! pings "$LAB_VIP" || fail "an echo of the VIP"
	! pings "$LAB_VIP6" || fail "an echo of the IPv6 VIP"
	lab_answers "http://$LAB_VIP/" || fail "the farm does not answer"
	lab_answers "http://$(lab_address a):9000/" || fail "the node's own address does not answer"
	pings "$(lab_address a)" || fail "no echo of the node's own address"
	lab_ctl a ruleset verify || fail "the kernel's table is another one"
}

# Also asked by unicast, as a host does that has an entry.
neighbours_are_answered() {
	local ns

	ns=$(lab_ns client)
	ip -n "$ns" neighbour flush dev eth0
	lab_answers "http://$LAB_VIP:9000/" || true
	lab_answers "http://[$LAB_VIP6]:9000/" || true
	ip -n "$ns" neighbour show "$LAB_VIP" | grep -q "$(lab_mac a)" || fail "no answer to ARP"
	ip -n "$ns" neighbour show "$LAB_VIP6" | grep -q "$(lab_mac a)" ||
		fail "no answer to a neighbour solicitation"
	ip -n "$ns" neighbour replace "$LAB_VIP6" lladdr "$(lab_mac a)" nud probe dev eth0
	expect_soon "the solicitation by unicast is answered" \
		"ip -n '$ns' neighbour show $LAB_VIP6 | grep -q REACHABLE" 3
}

accepts_again() {
	conf "accept = true"
	expect_soon "the VIP is accepted" "lab_answers http://$LAB_VIP:9000/" 3
	expect_soon "no rule is left" "! lab_table a | grep -q refused" 3
}

lab_up
lab_net6_up
lab_start_director a
lab_wait_until "lab_is a master && lab_has_vip a && lab_has_vip6 a" 10
serve_on_a
run_case "by default the master accepts what goes to the VIP" accepts_by_default
run_case "accept = false: farms alone are served" refuses_all_but_farms
run_case "ARP and neighbour discovery are answered all the same" neighbours_are_answered
run_case "accept = true by a reload" accepts_again
finish
