#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What it is good for that the directors tell each other of their flows (t_twin.sh): who is master
# changes, in every way there is, and connections of a round-robin farm, whose backend nobody could
# guess, stay where they are. The last case shows that without the channel they do not.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"
. "$LAB_TOOLS/lib/twin.sh"

CONNECTIONS=40

# requests_begin NODE SECONDS: for so long; returns when the standby NODE has them all in its kernel.
requests_begin() {
	load $(($2 * 10))
	expect_all_open
	expect_twins www-flows $CONNECTIONS
	echo "$1 holds $(held "$1" www-flows) flows, and is $(lab_status "$1" vrrp.0.state)"
	expect_soon "nothing would be lost" "[ \"\$(twin $(other_of "$1") would_lose)\" = 0 ]" 3
}

other_of() {
	if [ "$1" = a ]; then echo b; else echo a; fi
}

begin() {
	start_twins
	expect_in_sync 5
}

# The machine of the master is gone: no word, no frame.
lost_machine_loses_no_connection() {
	requests_begin b 6
	lab_switch_port_down a
	lab_kill_director a
	expect_soon "b is master" "lab_is b master && lab_has_vip b" 5
	requests_end
	[ "$(lab_status b peers.0.sync)" != in-sync ] || fail "b says in-sync"
}

lost_machine_comes_back() {
	load 120
	expect_soon "b has them" "[ \"\$(held b www-flows)\" = $CONNECTIONS ]" 5
	comes_back_from_nothing
	expect_twins www-flows $CONNECTIONS
}

# kill_daemon NODE: while connections of some 80 ms are opened; $LAB/load.json says what became of them.
kill_daemon() {
	local other

	other=$(other_of "$1")
	lab_load_start --rate 200 --requests 3 --pause 0.03 --timeout 8
	sleep 2
	lab_kill_director "$1"
	expect_soon "$other is master" "lab_is $other master && lab_has_vip $other" 5
	sleep 1
	lab_load_end
	echo
	echo "$other holds as relayed: $(held "$other" www-relayed)"
}

# handed NODE: whether it asks the other one's kernel about connections that it does not know.
handed() {
	lab_exec "$1" nft list set netdev director handover >"$LAB/handed" || return 1
	grep -c "$LAB_VIP\>" "$LAB/handed" || true
}

# The process of the master is killed, its kernel goes on: what began since is told to nobody.
lost_daemon_loses_no_connection() {
	local load

	expect_in_sync 5
	expect_soon "b asks" '[ "$(handed b)" = 1 ]' 5
	expect_soon "a does not" '[ "$(handed a)" = 0 ]' 6
	kill_daemon a
	load=$(cat "$LAB/load.json")
	expect_no_loss "$load"
	expect "connections that moved" "$(json_value moved <<<"$load")" 0
	expect "errors" "$(json_value errors <<<"$load")" "{}"
	[ "$(held b www-relayed)" -ge 1 ] || fail "none was relayed: there is nothing to show for it"
	expect_soon "b asks no more" '[ "$(handed b)" = 0 ]' 6
	lab_ctl b ruleset verify || fail "exit status $?"
}

lost_daemon_comes_back() {
	lab_start_director a "$LAB/a.conf"
	expect_master_soon a 10
	expect_soon "b is backup" "lab_is b backup" 3
	expect_in_sync 10
	expect_soon "b asks" '[ "$(handed b)" = 1 ]' 5
	expect_soon "a asks no more" '[ "$(handed a)" = 0 ]' 6
}

# The same where a director is said to be a backend: nothing is relayed then.
without_relaying_they_are_lost() {
	local node

	for node in a b; do
		{
			twin_conf
			farm self tcp '"8082"' \
				"backend \"a\" { address = \"$(lab_address a)\"  state = \"disabled\" }"
		} >"$LAB/$node.conf"
		lab_ctl $node config reload || fail "$node refuses it"
	done
	expect_vip_on a
	expect_in_sync 10
	lab_exec b nft list table netdev director >"$LAB/table" || fail "b has no table"
	grep -q "chain farm-www {" "$LAB/table" || fail "b has no farm www"
	! grep -q relay-www "$LAB/table" || fail "b would relay"
	kill_daemon a
	[ "$(json_value failed <"$LAB/load.json")" -ge 1 ] || fail "none was lost"
	lab_start_director a "$LAB/a.conf"
	expect_master_soon a 10
}

failover_loses_no_connection() {
	requests_begin b 5
	lab_ctl a cluster failover || fail "exit status $?"
	expect_vip_on b
	expect_in_sync 5
	expect_twins www-flows $CONNECTIONS
	requests_end
	expect_soon "a has forgotten them" '[ "$(held a www-flows)" = 0 ]' 3
	expect_soon "b has forgotten them" '[ "$(held b www-flows)" = 0 ]' 3
}

# A director that is stopped and started while the other one serves: what began and ended meanwhile.
returning_director_learns() {
	lab_stop_director a
	expect_master b
	hold www tcp "$LAB_VIP" 80 20
	load 90
	expect_soon "b has them" "[ \"\$(held b www-flows)\" = $((CONNECTIONS + 20)) ]" 5
	lab_start_director a "$LAB/a.conf"
	expect_master_soon a 10
	expect_soon "b is backup" "lab_is b backup" 3
	expect_in_sync 10
	expect_twins www-flows $((CONNECTIONS + 20))
	requests_end
	release www
	expect_twins www-flows 0
}

# A second virtual router, whose master is b: a has no interface "mark".
second_conf() {
	twin_conf
	cat <<-EOT
		vrrp "second" {
			interface = "eth0"
			virtual-router-id = 52
			addresses = { "$SECOND_VIP/24" }
			advertise-interval = "200ms"
			track-interface "mark" { weight = -100 }
		}
	EOT
	FARM_ADDRESS=$SECOND_VIP farm second tcp '"80"' "$ROUND_ROBIN"
}

# has_second NODE: and the other one has it not.
has_second() {
	lab_has_address "$1" $SECOND_VIP && ! lab_has_address "$(other_of "$1")" $SECOND_VIP
}

two_masters_tell_each_other() {
	local node web

	for web in $LAB_WEBS; do
		ip -n "$(lab_ns "$web")" address replace $SECOND_VIP/32 dev lo
	done
	ip -n "$(lab_ns b)" link add mark type veth peer name mark-end
	ip -n "$(lab_ns b)" link set mark up
	ip -n "$(lab_ns b)" link set mark-end up
	for node in a b; do
		second_conf >"$LAB/$node.conf"
		lab_ctl $node config reload || fail "$node refuses it"
	done
	expect_soon "b has the second address" "has_second b" 10
	expect_vip_on a
	expect_soon "the backends of a are up" "all_up a" 10
	expect_soon "the backends of b are up" "all_up b" 10
	expect_in_sync 10
	hold www tcp "$LAB_VIP" 80 12
	hold second tcp $SECOND_VIP 80 18
	expect_twins www-flows 12
	expect_twins second-flows 18
	expect_soon "a counts its own" '[ "$(twin a held_ours) $(twin a held_theirs)" = "12 18" ]' 8
	expect_soon "b counts its own" '[ "$(twin b held_ours) $(twin b held_theirs)" = "18 12" ]' 8
}

# The second address comes to a, with its flows, and goes again.
second_address_moves() {
	ip -n "$(lab_ns b)" link set mark-end down
	expect_soon "a has both" "has_second a" 5
	expect_twins second-flows 18
	expect_in_sync 5
	expect_soon "all are a's" '[ "$(twin a held_ours) $(twin b held_theirs)" = "30 30" ]' 3
	ip -n "$(lab_ns b)" link set mark-end up
	expect_soon "b has the second address" "has_second b" 5
	expect_twins second-flows 18
	expect_twins www-flows 12
	expect_in_sync 5
	release www
	release second
}

# Both without a key: nobody tells anybody anything, and a takeover costs two connections of three.
without_the_channel_they_are_lost() {
	local node load

	for node in a b; do
		lab_stop_director $node
		twin_conf | sed '/key-file/d' >"$LAB/$node.conf"
		lab_directord $node -c "$LAB/$node.conf" --clean
	done
	start_twins
	expect "enabled on a" "$(twin a enabled)" false
	[ "$(lab_status a peers.0.sync)" != in-sync ] || fail "a says in-sync"
	load 30
	expect_soon "a has them" "[ \"\$(held a www-flows)\" = $CONNECTIONS ]" 3
	expect "flows of b" "$(held b www-flows)" 0
	lab_switch_port_down a
	lab_kill_director a
	expect_soon "b is master" "lab_is b master && lab_has_vip b" 5
	lab_wait_until "! lab_alive load" 30 || fail "the requests do not end"
	load=$(cat "$LAB/load.json")
	echo "$load"
	[ "$(json_value failed <<<"$load")" -ge $((CONNECTIONS / 4)) ] || fail "they were not lost: $load"
	lab_switch_port_up a
}

lab_up
lab_net6_up
for node in a b; do
	twin_conf >"$LAB/$node.conf"
done
run_case "the pair is in sync" begin
run_case "the master's machine is lost: no connection is" lost_machine_loses_no_connection
run_case "the lost machine comes back: the kernels hold the same" lost_machine_comes_back
run_case "… and no connection is lost by that" requests_end
run_case "a failover loses no connection" failover_loses_no_connection
run_case "a director that was away learns what it missed" returning_director_learns
run_case "two masters tell each other" two_masters_tell_each_other
run_case "an address moves, with its flows" second_address_moves
run_case "the master's daemon is killed under many connections: none is lost" lost_daemon_loses_no_connection
run_case "the killed daemon comes back" lost_daemon_comes_back
run_case "what the other kernel knows is lost without it" without_relaying_they_are_lost
run_case "without the channel connections are lost" without_the_channel_they_are_lost
finish
