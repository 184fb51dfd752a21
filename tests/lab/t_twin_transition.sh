#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A farm that hashes has nothing to tell while nothing moves. When a backend drains, both directors go
# through the same transition, with the same buckets and the same exceptions, and the one that takes over
# in the middle of it goes on: no connection is lost, and the operator's word counts on both.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"
. "$LAB_TOOLS/lib/twin.sh"

CONNECTIONS=60
SHORT_S=8 LONG_S=30

# conf SECONDS: how long buckets move.
conf() {
	lab_conf_cluster
	lab_conf_vrrp
	farm www tcp '"80"' 'tcp-timeout = "60s"' 'tcp-close-timeout = "2s"' "transition-time = \"$1s\""
}

begin() {
	start_twins
	expect_in_sync 5
}

state() {
	lab_status "$1" "farms.www.backends.$2.state"
}

# says NODE BACKEND STATE WEIGHT: what counts there.
says() {
	[ "$(state "$1" "$2") $(lab_status "$1" "farms.www.backends.$2.weight")" = "$3 $4" ]
}

expect_says() {
	expect_soon "$2 on $1 is $3, weight $4" "says $*" 3
}

phase() {
	lab_status "$1" farms.www.transition.phase
}

moved() {
	lab_status "$1" farms.www.transition.moved
}

word_counts_on_both() {
	lab_ctl a backend weight www/web1 5
	expect_says b web1 up 5
	lab_ctl b backend weight www/web1 1
	expect_says a web1 up 1
	lab_ctl b backend disable www/web3
	expect_says a web3 disabled 1
	lab_ctl a backend enable www/web3
	expect_says b web3 up 1
	lab_ctl a backend drain www/web2 --deadline 2s
	expect_says b web2 draining 1
	expect_soon "b disables it by itself" "says b web2 disabled 1" 5
	expect_soon "a disables it by itself" "says a web2 disabled 1" 5
	lab_ctl b backend enable www/web2
	expect_says a web2 up 1
}

# What the master found before it heard of an order is no finding about the backend.
word_is_no_finding() {
	local said

	lab_ctl b backend disable www/web1 >/dev/null
	said=$(lab_ctl b backend enable www/web1)
	grep -qE '^web1 of www is enabled; weight 1, ' <<<"$said" || fail "b says: $said"
	expect_says b web1 up 1
	! lab_ctl b -j backend show www/web1 | grep -q '"to": "down"' || fail "it was down on b"
	expect_says a web1 up 1
}

# share NODE: of the new connections, as orders write it.
share() {
	lab_status "$1" farms.www.backends.web1.share | awk '{ printf "%.1f %%\n", 100 * $1 }'
}

# order_tells NODE: the share that is in force after it, on both.
order_tells() {
	local weight said

	for weight in 7 2 5 1; do
		said=$(lab_ctl "$1" backend weight www/web1 $weight) || fail "$1: exit status $?"
		expect "share on a after weight $weight on $1" "$(share a)" "$(share "$1")"
		expect "share on b" "$(share b)" "$(share a)"
		expect "$1 says" "$said" "web1 of www has weight $weight; $(share "$1") of the new connections"
	done
}

order_is_in_force() {
	order_tells b
	order_tells a
	lab_ctl b backend drain www/web1 >/dev/null
	expect "share on a of what drains" "$(share a) $(share b)" "0.0 % 0.0 %"
	lab_ctl b backend disable www/web1 >/dev/null
	expect "state on a" "$(state a web1)" disabled
	lab_ctl b backend enable www/web1 | grep -q 'enabled; weight 1, 33.* % of' || fail "enable"
	expect_says a web1 up 1
}

# Until the table is gone nothing of the channel arrives at b.
channel_is_cut() {
	lab_exec b nft add table inet cut
	lab_exec b nft add chain inet cut in '{ type filter hook input priority 0; }'
	lab_exec b nft add rule inet cut in tcp sport 8405 drop
	lab_exec b nft add rule inet cut in tcp dport 8405 drop
}

# The later one counts on both. Who waits for the master and is overruled meanwhile is told so.
two_orders_at_once() {
	local other status=0

	channel_is_cut
	lab_ctl b backend weight www/web1 7 >"$LAB/said.b" 2>&1 &
	other=$!
	sleep 0.2
	lab_ctl a backend weight www/web1 5 | grep -q 'has weight 5' || fail "a does not do it"
	lab_exec b nft delete table inet cut
	wait $other || status=$?
	expect "exit status on b" $status 1
	grep -q 'another order about web1 of www came later, and counts$' "$LAB/said.b" ||
		fail "b says: $(cat "$LAB/said.b")"
	expect_says b web1 up 5
	expect_says a web1 up 5
	expect "b has done it" "$(share b)" "$(share a)"
}

# The master hears nothing of it: the order is kept, and counts later.
order_is_not_heard() {
	local status=0

	channel_is_cut
	lab_ctl b backend weight www/web1 1 >"$LAB/said.b" 2>&1 || status=$?
	lab_exec b nft delete table inet cut
	expect "exit status on b" $status 1
	grep -q 'kept, but not in force yet: the other director, which leads farm "www", does not go by it yet$' \
		"$LAB/said.b" || fail "b says: $(cat "$LAB/said.b")"
	lab_wait_until "says a web1 up 1" 10 || fail "it does not count on a"
	expect_in_sync 10
}

# The later one, wherever it was given, and also that nothing is ordered any more.
word_reaches_who_was_away() {
	lab_ctl a backend disable www/web3
	lab_ctl a backend drain www/web2
	expect_says b web3 disabled 1
	lab_stop_director b
	lab_ctl a backend enable www/web3
	lab_ctl a backend weight www/web1 7
	lab_start_director b "$LAB/b.conf"
	expect_says b web3 up 1
	expect_says b web2 draining 1
	expect_says b web1 up 7
	expect_in_sync 10
	lab_stop_director a
	expect_master b
	lab_ctl b backend enable www/web2
	lab_ctl b backend weight www/web1 1
	lab_start_director a "$LAB/a.conf"
	expect_says a web2 up 1
	expect_says a web1 up 1
	expect_master_soon a 10
	expect_in_sync 10
	expect_settled
}

settled() {
	[ "$(phase a) $(phase b) $(moved a) $(moved b)" = "steady steady 0 0" ]
}

expect_settled() {
	lab_wait_until settled 45 || fail "a: $(lab_status a farms.www.transition), b: $(lab_status b farms.www.transition)"
}

# new_ones NODE: none of them goes to web1.
new_ones_elsewhere() {
	local i who

	for i in $(seq 30); do
		who=$(lab_exec client curl -sS -m 5 "http://$LAB_VIP/")
		[ "$who" != web1 ] || fail "connection $i went to web1, which drains"
	done
}

both_are_moving() {
	[ "$(phase a) $(phase b)" = "moving moving" ]
}

both_go_through_it() {
	load 250
	expect_all_open
	expect "phases" "$(phase a) $(phase b)" "steady steady"
	lab_ctl a backend drain www/web1
	expect_soon "both are moving" both_are_moving 5
	expect "buckets that move" "$(moved b)" "$(moved a)"
	expect_same_tables buckets home moved
	expect_twins www-flows
	[ "$(held b www-flows)" -gt 3 ] || fail "b holds $(held b www-flows) exceptions"
	expect_in_sync 5
	new_ones_elsewhere
	lab_ctl b backend enable www/web1
	expect_says a web1 up 1
	expect_soon "nothing moves" '[ "$(moved a) $(moved b)" = "0 0" ]' 5
	expect_same_tables buckets
	requests_end 60
	expect_settled
}

# A backend that only the leader has lost gets nothing from the other one either; a reload of that one
# changes nothing about it.
reload_follows_again() {
	lab_exec a nft -f - <<-EOT
		table arp lab {
			chain in {
				type filter hook input priority 0
				arp saddr ip $(lab_address web3) drop
			}
		}
	EOT
	ip -n "$(lab_ns a)" neighbour delete "$(lab_address web3)" dev eth0
	expect_soon "a has lost web3" '[ "$(state a web3)" = unresolved ]' 20
	expect_same_tables buckets
	lab_ctl b config reload
	expect_in_sync 5
	lab_holds_for "same_tables buckets" 2 || fail "b goes its own way"
	lab_exec a nft delete table arp lab
	expect_soon "a has web3 again" '[ "$(state a web3)" = up ]' 20
	expect_soon "both are moving" both_are_moving 5
	expect_same_tables buckets home moved
	expect_settled
}

# takes SECONDS: so long buckets move from now on.
takes() {
	local node

	for node in a b; do
		conf "$1" >"$LAB/$node.conf"
		lab_ctl $node config reload
	done
	expect_in_sync 5
}

# taken_over_in_the_middle AFTER PHASE SECONDS: the master's machine is gone so long after the drain, when
# the table is in that phase. The connections last so long.
taken_over_in_the_middle() {
	rm -f "$LAB/gone"
	load $((10 * $3))
	expect_all_open
	lab_ctl a backend drain www/web1
	expect_soon "both are moving" both_are_moving 5
	sleep "$1"
	expect_twins www-flows
	echo "b holds $(held b www-flows) exceptions, $(moved b) buckets move, phase $(phase b)"
	[ "$(held b www-flows)" -gt 3 ] || fail "b holds $(held b www-flows) exceptions"
	lab_switch_port_down a
	lab_kill_director a
	touch "$LAB/gone"
	expect_soon "b is master" "lab_is b master && lab_has_vip b" 5
	expect "phase of b" "$(phase b)" "$2"
	new_ones_elsewhere
}

comes_back_with_nothing() {
	[ -e "$LAB/gone" ] || fail "it was not away"
	comes_back_from_nothing
	expect_says a web1 draining 1
	echo "both are in phase $(phase b)"
	expect_soon "a is in the phase of b" '[ "$(phase a)" = "$(phase b)" ]' 5
	expect_twins www-flows
	new_ones_elsewhere
}

back_to_normal() {
	expect_settled
	lab_ctl a backend enable www/web1
	expect_says b web1 up 1
	expect_settled
}

lab_up
for node in a b; do
	conf $LONG_S >"$LAB/$node.conf"
done
run_case "the pair is in sync" begin
run_case "the operator's word counts on both" word_counts_on_both
run_case "an order is no finding" word_is_no_finding
run_case "an order is in force when it is told" order_is_in_force
run_case "two orders at once" two_orders_at_once
run_case "an order that the master does not hear" order_is_not_heard
run_case "the operator's word reaches who was away" word_reaches_who_was_away
run_case "both go through the same transition" both_go_through_it
run_case "what the leader sees counts, also after a reload" reload_follows_again
run_case "a takeover in the middle of it" taken_over_in_the_middle 2 moving 30
run_case "… the lost one comes back with nothing, and goes on" comes_back_with_nothing
run_case "… no connection is lost" requests_end 60
run_case "a transition may take less time" takes $SHORT_S
run_case "… and it ends" back_to_normal
run_case "a takeover when the buckets have moved" taken_over_in_the_middle $((SHORT_S + 2)) exceptions 35
run_case "… the lost one comes back with nothing, and knows the exceptions" comes_back_with_nothing
run_case "… no connection is lost" requests_end 60
run_case "… and it ends" back_to_normal
finish
