#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Two directors tell each other of the flows of their farms: what one kernel's maps hold, the other's
# hold, too. What that is good for is shown by t_twin_failover.sh. The cases follow each other; a is
# master in all of them.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"
. "$LAB_TOOLS/lib/twin.sh"

both_say_in_sync() {
	local began node

	began=$(now_ms)
	start_twins
	expect_in_sync 5
	echo "in sync $(($(now_ms) - began)) ms after the first start"
	for node in a b; do
		expect "enabled on $node" "$(twin $node enabled)" true
		expect "current_here on $node" "$(twin $node current_here)" true
		expect "current_there on $node" "$(twin $node current_there)" true
		expect "config_differs on $node" "$(twin $node config_differs)" false
		expect "trouble on $node" "$(twin $node trouble)" ""
		expect "lost on $node" "$(twin $node lost)" 0
		expect "rejected on $node" "$(rejected $node)" 0
	done
	expect "alarms" "$(lab_status a alarms)$(lab_status b alarms)" "[][]"
}

# rejected NODE: everything that the channel has refused.
rejected() {
	twin "$1" rejected | python3 -c "import json, sys; print(sum(json.load(sys.stdin).values()))"
}

# flows_are_told MAP tcp|udp ADDRESS PORT COUNT
flows_are_told() {
	local map=$1 count=$5

	shift
	hold "${map%%-*}" "$@"
	expect_soon "the kernel of a has them" "[ \"\$(held a $map)\" = $count ]" 3
	expect_twins "$map" "$count"
	expect "backends of the flows" "$(cut -d ' ' -f 2 "$LAB/b.flows" | sort -u | wc -l)" 3
	expect_soon "nothing would be lost" '[ "$(twin a would_lose)" = 0 ]' 3
	expect_soon "nothing waits" '[ "$(twin a queued) $(twin a unacknowledged)" = "0 0" ]' 3
	[ "$(twin a lag_p99_us)" -gt 0 ] || fail "they took $(twin a lag_p99_us) us"
	[ "$(twin a lag_max_us)" -ge "$(twin a lag_median_us)" ] || fail "the longest was no longer than most"
	expect_in_sync 3
}

# Of a farm with sync = false.
flows_are_not_told() {
	hold untold tcp "$LAB_VIP" 8081 7
	expect_soon "the kernel of a has them" '[ "$(held a untold-flows)" = 7 ]' 3
	lab_holds_for '[ "$(held b untold-flows)" = 0 ]' 1 || fail "b has $(held b untold-flows)"
	expect_in_sync 3
}

# They are as many as the first four cases of flows have opened.
flows_are_counted() {
	expect_soon "a counts its flows" '[ "$(twin a held_ours)" = 70 ]' 3
	expect "flows of b's addresses, on a" "$(twin a held_theirs)" 0
	expect_soon "b counts them, too" '[ "$(twin b held_theirs)" = 70 ]' 3
	expect "flows of b's addresses, on b" "$(twin b held_ours)" 0
	expect "unknown to b" "$(twin b flows_unknown)" 0
	expect "refused by b" "$(twin b flows_refused)" 0
	[ "$(twin b flows_received)" -ge 70 ] || fail "b has received $(twin b flows_received)"
}

snapshot_brings_what_was_there() {
	lab_stop_director b
	lab_directord b -c "$LAB/b.conf" --clean || fail "--clean: exit status $?"
	! lab_has_table b || fail "the nft table of b is still there"
	lab_start_director b "$LAB/b.conf"
	expect_in_sync 5
	expect_twins www-flows 30
	expect_twins six-flows.tcp6 10
	expect_twins dns-flows.udp 20
	[ "$(twin b snapshots_received)" -ge 1 ] || fail "there was no snapshot"
	expect_soon "a says how long it took" '[ "$(twin a snapshot_took_ms)" -lt 5000 ]' 5
	[ "$(twin b snapshot_flows)" -ge 60 ] || fail "the snapshot had $(twin b snapshot_flows) flows"
	lab_is a master || fail "a is no master any more"
}

# Maps of NODE: COUNT closing, and none that lives.
only_closing() {
	[ "$(held "$1" www-closing) $(held "$1" www-flows)" = "$2 0" ]
}

ended_flows_are_told() {
	release www
	expect_soon "a has them among the closing" "only_closing a 30" 3
	expect_soon "b has them among the closing" "only_closing b 30" 3
	expect_twins www-closing 30
	expect_soon "a has forgotten them" "only_closing a 0" $((CLOSE_S + 2))
	expect_soon "b has forgotten them" "only_closing b 0" 3
	expect_soon "nobody counts them" '[ "$(lab_status a farms.www.connections)$(lab_status b farms.www.connections)" = 00 ]' 5
	expect_in_sync 3
}

# The idle timeout is 4 s.
silent_flows_end() {
	local began

	began=$(now_ms)
	hold brief tcp "$LAB_VIP" 8080 12
	expect_twins brief-flows 12
	expect_soon "a has forgotten them" '[ "$(held a brief-flows)" = 0 ]' 6
	expect_soon "b has forgotten them" '[ "$(held b brief-flows)" = 0 ]' 3
	echo "after $(($(now_ms) - began)) ms"
	[ $(($(now_ms) - began)) -ge 3800 ] || fail "after $(($(now_ms) - began)) ms"
	lab_stop brief KILL || true
}

used_flows_stay() {
	local load

	lab_load_start --port 8080 --rate 50 --count 6 --requests 15 --pause 1 --timeout 3
	expect_twins brief-flows 6
	lab_holds_for '[ "$(held b brief-flows)" = 6 ]' 12 ||
		fail "b has $(held b brief-flows) of six, a $(held a brief-flows)"
	expect_twins brief-flows 6
	load=$(lab_load_end)
	expect_no_loss "$load"
	expect "connections that moved" "$(json_value moved <<<"$load")" 0
}

# A farm that b knows later than a, when it has flows already.
new_farm_is_told() {
	local node

	for node in a b; do
		farm added tcp '"8082"' "$ROUND_ROBIN" >>"$LAB/$node.conf"
	done
	lab_ctl a config reload || fail "a refuses it"
	expect_soon "its backends are up" "all_up a" 5
	hold added tcp "$LAB_VIP" 8082 6
	expect_soon "the kernel of a has them" '[ "$(held a added-flows)" = 6 ]' 3
	expect_soon "a says that b is of another mind" '[ "$(twin a config_differs)" = true ]' 3
	lab_ctl b config reload || fail "b refuses it"
	expect_twins added-flows 6 5
	expect_in_sync 5
	expect "config_differs" "$(twin a config_differs) $(twin b config_differs)" "false false"
	expect_twins six-flows.tcp6 10
	release added
	for node in a b; do
		twin_conf >"$LAB/$node.conf"
		lab_ctl $node config reload || fail "$node refuses it"
	done
	expect_in_sync 5
}

not_connected() {
	[ "$(twin a connected) $(twin b connected)" = "false false" ]
}

another_key_is_named() {
	local node

	LAB_KEY=$LAB/two.key twin_conf >"$LAB/b.conf"
	lab_stop_director b
	lab_start_director b "$LAB/b.conf"
	expect_soon "they are not connected" not_connected 10
	for node in a b; do
		expect_soon "$node says why" "twin $node trouble | grep -q key" 10
		echo "$node: $(twin $node trouble)"
		[ "$(lab_status $node peers.0.sync)" != in-sync ] || fail "$node says in-sync"
	done
	expect_no_loss "$(lab_load --rate 200 --count 60)"
	lab_holds_for not_connected 3 || fail "they are connected"
	expect_vip_on a
}

# The connections of the load above have ended, but b has not heard it.
the_right_key_again() {
	twin_conf >"$LAB/b.conf"
	hold www tcp "$LAB_VIP" 80 30
	lab_ctl b config reload || fail "b refuses it"
	expect_in_sync 15
	expect_twins www-flows 30
	expect_twins six-flows.tcp6 10
	expect_soon "nothing would be lost" '[ "$(twin a would_lose)" = 0 ]' 3
}

# noise FROM TO: somebody talks to the port; whether they stay connected and in sync, and flows that
# begin meanwhile are told.
noise() {
	local connections

	connections="$(twin a connections) $(twin b connections)"
	lab_spawn noise "$1" "$LAB_TOOLS/noise.py" "$(lab_address "$2")" 8405 3
	hold more tcp "$LAB_VIP" 80 9
	expect_twins www-flows 39
	lab_holds_for "twins_in_sync || ! lab_alive noise" 4 || fail "$(twin_says a); $(twin_says b)"
	lab_wait_until "! lab_alive noise" 4 || fail "the noise does not end"
	echo "let in, not let in: $(tail -n 1 "$LAB/noise/log")"
	expect "exit status of the noise" "$(lab_exit_status noise)" 0
	expect_in_sync 1
	expect "connections of the channel" "$(twin a connections) $(twin b connections)" "$connections"
	release more
	expect_twins www-flows 30
	echo "rejected by $2: $(rejected "$2")"
}

LAB_WEB_PORTS="$LAB_WEB_PORTS 8082"
lab_up
lab_key_make "$LAB/two.key"
give_ipv6
start_echo
for node in a b; do
	twin_conf >"$LAB/$node.conf"
done
run_case "both say that they are in sync" both_say_in_sync
run_case "flows are told" flows_are_told www-flows tcp "$LAB_VIP" 80 30
run_case "flows of UDP are told" flows_are_told dns-flows.udp udp "$LAB_VIP" "$ECHO_PORT" 20
run_case "flows over IPv6 are told" flows_are_told six-flows.tcp6 tcp "$LAB_VIP6" 80 10
run_case "flows of UDP over IPv6 are told" flows_are_told dns6-flows.udp6 udp "$LAB_VIP6" "$ECHO_PORT" 10
run_case "flows of a farm that is to stay untold are not" flows_are_not_told
run_case "both count the same" flows_are_counted
run_case "a snapshot brings what was there before the other one" snapshot_brings_what_was_there
run_case "flows that end are told" ended_flows_are_told
run_case "silent flows end on both" silent_flows_end
run_case "flows that are used stay on both" used_flows_stay
run_case "a farm that the other one knows later" new_farm_is_told
run_case "another key is named, and harms nothing" another_key_is_named
run_case "the right key again brings everything" the_right_key_again
run_case "a stranger's noise does no harm to a" noise client a
run_case "noise from the other node's address does no harm to a" noise b a
run_case "noise from the other node's address does no harm to b" noise a b
finish
