#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A host that has not heard of the new master goes on sending to the old one: it is served, and the old
# master names it for as long as it does so. The cases follow each other.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"

# stragglers NODE: "MAC ADDRESS" of each, sorted, joined with commas.
stragglers() {
	lab_ctl "$1" -j cluster status | python3 -c '
import json, sys
print(", ".join(sorted(s["mac"] + " " + s["address"] for s in json.load(sys.stdin)["stragglers"])))'
}

has_table() {
	lab_exec "$1" nft list table netdev director-stragglers >/dev/null 2>&1
}

# client_believes NODE: the client's entry for the VIP is that node's MAC, whatever it hears.
client_believes() {
	ip -n "$(lab_ns client)" neighbour replace "$LAB_VIP" lladdr "$(lab_mac "$1")" dev eth0 nud permanent
}

requests_work() {
	local i

	for i in 1 2 3 4 5; do
		expect "request $i" "$(lab_curl "http://$LAB_VIP/healthz")" ok
	done
}

nobody_straggles_in_a_healthy_pair() {
	requests_work
	expect_soon "b looks for stragglers" "has_table b" 3
	expect_soon "the master has none" "! has_table a" 3
	sleep 2
	expect "stragglers of a" "$(stragglers a)" ""
	expect "stragglers of b" "$(stragglers b)" ""
}

# Its MAC, and nobody else's.
old_master_names_who_sends_to_it() {
	local applied

	client_believes a
	requests_work
	applied=$(grep -c 'ruleset applied' "$LAB/a/log")
	lab_ctl a cluster failover || fail "failover"
	expect_soon "b is master" "lab_is b master && lab_has_vip b" 5
	requests_work
	expect_soon "a has the table" "has_table a" 3
	expect_soon "b has none" "! has_table b" 3
	requests_work
	expect_soon "a names the client" "[ '$(lab_mac client) $LAB_VIP' = \"\$(stragglers a)\" ]" 4
	expect "stragglers of b" "$(stragglers b)" ""
	expect "changes of the farms' table" "$(grep -c 'ruleset applied' "$LAB/a/log")" "$applied"
	lab_ctl a cluster status | grep -q "straggler $(lab_mac client) on eth0 .* $LAB_VIP" ||
		fail "cluster status does not show it"
	lab_logged a "$(lab_mac client) on eth0 still sends here what is for $LAB_VIP" || fail "not logged"
}

# The daemon mends it within a second: perhaps before it is asked.
differs_without_its_rules() {
	local i code

	for i in 1 2 3 4 5; do
		lab_exec a nft flush chain netdev director-stragglers ingress-eth0
		code=0
		lab_ctl a ruleset verify >"$LAB/verify" || code=$?
		[ $code = 4 ] && grep -q 'director-stragglers differs' "$LAB/verify" && return 0
	done
	return 1
}

# All commands that show or check the ruleset know of the second table.
second_table_is_shown_and_verified() {
	local mac

	lab_ctl a ruleset export >"$LAB/export.nft"
	grep -q '^table netdev director-stragglers' "$LAB/export.nft" || fail "the export has not got it"
	lab_exec a nft -c -f "$LAB/export.nft" || fail "nft does not take the export"
	lab_ctl a ruleset verify || fail "verify finds a difference"
	differs_without_its_rules || fail "verify finds no difference"
	expect_soon "mended" "lab_exec a nft list chain netdev director-stragglers ingress-eth0 |
		grep -q 'update @senders-eth0'" 3
	requests_work
	mac=$(lab_mac client)
	expect_soon "a names the client again" "stragglers a | grep -q $mac" 4
	expect "changes of the farms' table" "$(lab_status a ruleset.in_sync)" true
}

# Ten seconds after its last frame, and one for the reading.
list_empties_when_it_has_heard() {
	local since took

	requests_work
	client_believes b
	since=$(date +%s%N)
	requests_work
	lab_holds_for "stragglers a | grep -q $(lab_mac client)" 8 || fail "forgotten within 8 s"
	expect_soon "the list of a is empty" "[ -z \"\$(stragglers a)\" ]" 5
	took=$((($(date +%s%N) - since) / 1000000))
	echo "the list was empty after $took ms"
	[ "$took" -ge 9500 ] && [ "$took" -le 12500 ] || fail "empty after $took ms"
	requests_work
}

# believes_softly NODE: an entry that an answer may change.
client_believes_softly() {
	ip -n "$(lab_ns client)" neighbour replace "$LAB_VIP" lladdr "$(lab_mac "$1")" dev eth0 nud reachable
}

believed() {
	ip -n "$(lab_ns client)" neighbour show "$LAB_VIP" dev eth0 | grep -q "$(lab_mac "$1")"
}

# b announces nothing by itself for a minute: only what a tells it can be why it tells the client.
new_master_tells_who_has_not_heard() {
	local since

	lab_capture client "arp and src host $LAB_VIP" # its answers and announcements
	client_believes_softly a
	believed a || fail "the client did not believe a"
	since=$(date +%s%N)
	while ! believed b && [ $((($(date +%s%N) - since) / 1000000)) -lt 6000 ]; do
		lab_answers "http://$LAB_VIP/" || fail "a request was lost"
		sleep 0.1
	done
	believed b || fail "the client was told nothing in 6 s"
	echo "told after $((($(date +%s%N) - since) / 1000000)) ms"
	lab_capture_stop client
	[ "$(lab_captured_count client "ether dst $(lab_mac client) and arp[6:2] = 2")" -ge 1 ] ||
		fail "it was not told in particular"
	expect "announcements to all" "$(lab_captured_count client "ether broadcast")" 0
	client_believes b
	expect_soon "the list of a is empty" "[ -z \"\$(stragglers a)\" ]" 13
}

ipv6_too() {
	ip -n "$(lab_ns client)" -6 neighbour replace $LAB_VIP6 lladdr "$(lab_mac a)" dev eth0 nud permanent
	lab_answers "http://[$LAB_VIP6]/" || true # no farm serves it
	expect_soon "a names the client" "[ '$(lab_mac client) $LAB_VIP6' = \"\$(stragglers a)\" ]" 4
	ip -n "$(lab_ns client)" -6 neighbour delete $LAB_VIP6 dev eth0
}

# A frame that b forwards to a is not b's own: whoever is balanced to a director is no straggler.
frames_of_the_other_director_do_not_count() {
	lab_inject b --dst-mac "$(lab_mac a)" --src-mac "$(lab_mac b)" --src 10.77.0.10 --dst "$LAB_VIP" --sport 7001
	lab_inject b --dst-mac "$(lab_mac a)" --src-mac 02:00:00:00:77:77 --src 10.77.0.10 --dst "$LAB_VIP" --sport 7002
	expect_soon "a names the other one" "stragglers a | grep -q '02:00:00:00:77:77 $LAB_VIP'" 4
	! stragglers a | grep -q "$(lab_mac b)" || fail "a names b"
}

table_goes_with_the_role() {
	lab_ctl b cluster failover || fail "failover"
	expect_soon "a is master" "lab_is a master && lab_has_vip a" 5
	expect_soon "a has no table" "! has_table a" 3
	expect_soon "b has it" "has_table b" 3
	expect "stragglers of a" "$(stragglers a)" ""
	requests_work
	expect_soon "b names the client" "stragglers b | grep -q '$(lab_mac client) $LAB_VIP'" 4
	lab_stop_director b
	! has_table b || fail "b has left its table behind"
	lab_start_director b
	expect_soon "b looks from the start" "has_table b" 4
	lab_kill_director b
	has_table b || fail "the table went with the daemon"
	lab_directord b -c "$LAB/director.conf" --clean || fail "--clean"
	! has_table b || fail "--clean has left it"
}

lab_up
lab_net6_up
LAB_VIPS="\"$LAB_VIP/24\", \"$LAB_VIP6_LINK/64\", \"$LAB_VIP6/64\""
lab_conf >"$LAB/director.conf"
lab_start_pair
expect_soon "a is master of both" "lab_has_vip a && lab_has_vip6 a" 8
run_case "nobody straggles in a healthy pair" nobody_straggles_in_a_healthy_pair
run_case "the old master names who still sends to it" old_master_names_who_sends_to_it
run_case "export and verify know the table" second_table_is_shown_and_verified
run_case "the list empties when the host has heard" list_empties_when_it_has_heard
run_case "the new master tells who has not heard" new_master_tells_who_has_not_heard
run_case "over IPv6, too" ipv6_too
run_case "frames of the other director do not count" frames_of_the_other_director_do_not_count
run_case "the table goes with the role" table_goes_with_the_role
finish
