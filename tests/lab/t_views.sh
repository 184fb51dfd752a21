#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Two directors share what their checks see: the standby asks backends less often while both find them
# well, whoever cannot look goes by the other one's word, and where the two differ it is told.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"

FALL=3 INTERVAL_MS=500 TIMEOUT_MS=300
FOUND_S=$(found_s $FALL $INTERVAL_MS $TIMEOUT_MS)
SYNC_PORT=8405

conf() {
	lab_conf_cluster
	lab_conf_vrrp
	LAB_FARM_CHECKS="check \"path\" { type = \"dsr\" interval = \"${INTERVAL_MS}ms\" timeout = \"${TIMEOUT_MS}ms\" }" \
		lab_conf_farm www maglev '"80"'
	LAB_FARM_CHECKS="check \"path\" { type = \"dsr\" interval = \"${INTERVAL_MS}ms\" timeout = \"${TIMEOUT_MS}ms\" port = 80 }" \
		lab_conf_farm turns round-robin '"8080"'
	LAB_FARM_CHECKS="check \"plugin\" { type = \"command\" interval = \"1s\" timeout = \"900ms\" \
		command = \"exec $LAB/plugin-\$(ip -o -4 address show eth0 | grep -c '$(lab_address b)/')\" }" \
		lab_conf_farm plugin maglev '"8081"'
}

# shown NODE FARM/BACKEND KEY
shown() {
	lab_ctl "$1" -j backend show "$2" | "$LAB_TOOLS/lib/json_get.py" "$3"
}

# seen NODE FARM/BACKEND OWN PEER: what its checks find, and what it is told.
seen() {
	[ "$(shown "$1" "$2" own_state) $(shown "$1" "$2" peer_state)" = "$3 $4" ]
}

all_seen() {
	local node farm web

	for node in a b; do
		for farm in www turns; do
			for web in $LAB_WEBS; do
				seen $node $farm/"$web" up up || return 1
			done
		done
	done
}

# counters: of SYNs that arrive at web1, by director.
counters() {
	lab_exec web1 nft -f - <<-EOT
		table netdev asked {
			counter a { }
			counter b { }
			chain in {
				type filter hook ingress device "eth0" priority -450
				tcp dport 80 tcp flags & (syn | ack) == syn ether saddr $(lab_mac a) counter name a
				tcp dport 80 tcp flags & (syn | ack) == syn ether saddr $(lab_mac b) counter name b
			}
		}
	EOT
}

# asked NODE: so often.
asked() {
	lab_exec web1 nft list counter netdev asked "$1" | grep -o 'packets [0-9]*' | cut -d ' ' -f 2
}

# rate NODE SECONDS
rate() {
	local before

	before=$(asked "$1")
	sleep "$2"
	echo $(($(asked "$1") - before))
}

begin() {
	printf '#!/bin/sh\n[ ! -e %s/ill ] || exit 2\n' "$LAB" >"$LAB/plugin-0"
	chmod +x "$LAB/plugin-0"
	conf >"$LAB/director.conf"
	lab_start_pair
	expect_soon "both see all, and tell" all_seen 20
	counters
	sleep 3
}

the_standby_asks_less_often() {
	local a b

	a=$(asked a) b=$(asked b)
	sleep 30
	a=$(($(asked a) - a)) b=$(($(asked b) - b))
	echo "# SYNs at web1 in 30 s: $a of the master, $b of the standby"
	echo "$a $b" >"$LAB/asked"
	[ "$a" -ge 55 ] || fail "the master asked $a times"
	[ "$b" -ge 15 ] || fail "the standby asked $b times"
	[ $((100 * b)) -le $((45 * a)) ] || fail "the standby asked $b times, the master $a"
}

on_both() {
	[ "$(shown a "$1" state) $(shown b "$1" state)" = "$2 $2" ]
}

# Of a farm without a common table, too.
what_dies_is_out_on_both() {
	local begun

	lab_stop web2 KILL || true
	begun=$(now_ms)
	expect_soon "turns/web2 is down on both" "on_both turns/web2 down" $FOUND_S
	echo "# out on both after $(($(now_ms) - begun)) ms"
	expect_soon "www/web2 is down on both" "on_both www/web2 down" $FOUND_S
	expect_soon "b is told" "seen b turns/web2 down down" 3
	lab_web_start web2
	expect_soon "turns/web2 is up on both" "on_both turns/web2 up" 10
	expect_soon "all are seen again" all_seen 10
}

# nobody_hears NODE: web3 drops whatever comes from it.
nobody_hears() {
	lab_exec web3 nft -f - <<-EOT
		table netdev deaf {
			chain in {
				type filter hook ingress device "eth0" priority -400
				ether saddr $(lab_mac "$1") drop
			}
		}
	EOT
}

a_way_that_is_broken() {
	nobody_hears b
	expect_soon "both know" "seen a www/web3 up down && seen b www/web3 down up" 10
	lab_ctl b backend show www/web3 | grep -q '^  seen by      b down for .*, a up for' ||
		fail "$(lab_ctl b backend show www/web3)"
	lab_ctl a backend show www/web3 | grep -q '^  seen by      a up for .*, b down for .*: ' ||
		fail "$(lab_ctl a backend show www/web3)"
	sleep 6
	for node in a b; do
		lab_ctl $node -c "$LAB/director.conf" -j doctor >"$LAB/doctor.$node" || true
		grep -q '"views-differ"' "$LAB/doctor.$node" || fail "$node: $(cat "$LAB/doctor.$node")"
		grep -q 'node \\"b\\" finds it down' "$LAB/doctor.$node" || fail "$node: $(cat "$LAB/doctor.$node")"
	done
	expect_spread "$(lab_load --count 120 --source-port 20000)" 1 1 1
	lab_is a master || fail "a is not master"
	lab_exec web3 nft delete table netdev deaf
	expect_soon "all are seen again" all_seen 20
}

# There is no such program on b.
who_cannot_look_is_told() {
	expect_soon "a finds it well, b cannot look" "seen a plugin/web1 up unknown && seen b plugin/web1 unknown up" 10
	shown b plugin/web1 reason | grep -q 'cannot be checked: exit status 127.*; director a: up$' ||
		fail "b says: $(shown b plugin/web1 reason)"
	touch "$LAB/ill"
	expect_soon "a finds it down" "[ \"\$(shown a plugin/web1 state)\" = down ]" 8
	expect_soon "and so does b" "[ \"\$(shown b plugin/web1 state)\" = down ]" 3
	shown b plugin/web1 reason | grep -q 'director a: down$' || fail "b says: $(shown b plugin/web1 reason)"
	rm "$LAB/ill"
	expect_soon "it is up on both" "on_both plugin/web1 up" 10
}

without_a_channel_it_asks_at_the_full_pace() {
	local n

	lab_exec a nft -f - <<-EOT
		table inet cut {
			chain in {
				type filter hook input priority 0
				ip saddr $(lab_address b) tcp dport $SYNC_PORT reject with tcp reset
				ip saddr $(lab_address b) tcp sport $SYNC_PORT reject with tcp reset
			}
		}
	EOT
	expect_soon "b has no channel" '[ "$(lab_status b peers.0.channel.connected)" = false ]' 15
	expect "what b is told" "$(shown b www/web1 peer_state)" unknown
	sleep 0.5 # an interval
	n=$(rate b 10)
	echo "$n" >"$LAB/asked.alone"
	[ "$n" -ge 17 ] || fail "the standby asked $n times in 10 s"
	lab_exec a nft delete table inet cut
	expect_soon "all are seen again" all_seen 20
}

# The standby, which has asked less often, sees what the master does not: the address moves, and comes back.
the_master_loses_its_way() {
	local begun

	LAB_VRRP_KEYS='track-farm "www" { weight = -60 }' conf >"$LAB/director.conf"
	lab_ctl a config reload
	lab_ctl b config reload
	expect_soon "all are seen again" all_seen 20
	sleep 4 # the standby takes its time again
	begun=$(now_ms)
	nobody_hears a
	expect_soon "b is master" "lab_is b master" 10
	echo "# b is master after $(($(now_ms) - begun)) ms"
	seen b www/web3 up down || fail "b: $(shown b www/web3 own_state) $(shown b www/web3 peer_state)"
	expect_spread "$(lab_load --count 120 --source-port 21000)" 1 1 1
	lab_exec web3 nft delete table netdev deaf
	expect_soon "a is master again" "lab_is a master" 20
	expect_soon "b is backup" "lab_is b backup" 3
}

lab_up
run_case "a pair shares what its checks see" begin
run_case "the standby asks less often" the_standby_asks_less_often
[ ! -e "$LAB/asked" ] || echo "# SYNs in 30 s, of the master and of the standby: $(cat "$LAB/asked")"
run_case "what dies is out on both in time" what_dies_is_out_on_both
run_case "a way that is broken is told on both, traffic goes on" a_way_that_is_broken
lab_exec web3 nft delete table netdev deaf 2>/dev/null || true # after a failure
run_case "the master loses its way to a backend, the standby takes over" the_master_loses_its_way
lab_exec web3 nft delete table netdev deaf 2>/dev/null || true
run_case "who cannot look goes by the other one's word" who_cannot_look_is_told
run_case "without a channel the standby asks at the full pace" without_a_channel_it_asks_at_the_full_pace
[ ! -e "$LAB/asked.alone" ] || echo "# SYNs of the standby in 10 s then: $(cat "$LAB/asked.alone")"
finish
