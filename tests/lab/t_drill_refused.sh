#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What speaks against a drill, kind by kind: it is refused for its true reason, and nothing is done. And a pair
# whose wire is slow, which misses its budget.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"
. "$LAB_TOOLS/lib/drill.sh"

KINDS='graceful crash link daemon-kill split'
SLOW_MS=300

# refused NODE REGEX: each kind, and a is master as before.
refused() {
	local kind status before

	before=$(lab_status a vrrp.0.transitions)
	for kind in $KINDS; do
		status=0
		lab_ctl "$1" cluster drill $kind --limit 2s >"$LAB/said" 2>&1 || status=$?
		expect "exit status of $kind" "$status" 1
		grep -qE "$2" "$LAB/said" || fail "$kind says: $(cat "$LAB/said")"
		! lab_exec a nft list table netdev director-drill >/dev/null 2>&1 || fail "a is mute"
	done
	expect "changes of the role" "$(lab_status a vrrp.0.transitions)" "$before"
	expect_vip_on a
	for kind in $KINDS; do
		lab_ctl "$1" cluster drill history | grep -qE "Z  $kind.*: $2.*; asked for on node $1 by uid 0" ||
			fail "the history does not tell of $kind: $(lab_ctl "$1" cluster drill history)"
	done
}

# A script that asks over and over is one line for each reason, which a restart keeps; what was carried out
# stays.
it_is_counted() {
	local i

	expect_soon "a knows that the process has ended" "lab_logged a 'peer b: heartbeats gone'" 10
	for i in 1 2 3 4; do
		lab_ctl a cluster drill daemon-kill --limit 2s >/dev/null 2>&1 && fail "it is not refused"
	done
	lab_ctl a -j cluster drill history >"$LAB/said"
	python3 - "$LAB/said" <<-'EOF' || fail "it says: $(cat "$LAB/said")"
		import json, sys
		known = json.load(open(sys.argv[1]))["history"]
		kill = [d for d in known if d["kind"] == "daemon-kill"][0]
		assert kill["result"] == "refused" and not kill["passed"], kill
		assert kill["times"] >= 4 and kill["last_at_ms"] > kill["at_ms"], kill
		assert kill["uid"] == 0 and kill["asked_on"] == "a" and kill["why"], kill
		assert [d["result"] for d in known if d["kind"] == "graceful" and d["result"] != "refused"], known
	EOF
	lab_stop_director a
	lab_start_director a "$LAB/a.conf"
	lab_ctl a -j cluster drill history | cmp - "$LAB/said" || fail "a restart has changed it"
}

another_configuration() {
	drill_ready a
	cp "$LAB/b.conf" "$LAB/b.kept"
	sed -i 's/tcp-close-timeout = "5s"/tcp-close-timeout = "6s"/' "$LAB/b.conf"
	lab_ctl b config reload || fail "exit status $?"
	expect_soon "a sees it" '[ "$(twin a config_differs)" = true ]' 3
	refused a 'refused: node b has another configuration'
	cp "$LAB/b.kept" "$LAB/b.conf"
	lab_ctl b config reload || fail "exit status $?"
	expect_soon "a sees it no more" '[ "$(twin a config_differs)" = false ]' 3
}

maintenance() {
	drill_ready a
	lab_ctl b cluster maintenance on || fail "exit status $?"
	expect_soon "a knows" '[ "$(lab_status a peers.0.vrrp.0.state)" = maintenance ]' 3
	refused a 'refused: vrrp web of node b is in maintenance'
	lab_ctl b cluster maintenance off || fail "exit status $?"
}

# By itself, or by the other one; confirmed it is no matter.
not_confirmed() {
	drill_ready a
	lab_ctl b config reload --confirm 60s --this-node || fail "exit status $?"
	refused b 'refused: the configuration of node b waits for confirmation, for [0-9]+ s yet'
	status=0
	lab_ctl a cluster drill graceful >"$LAB/said" 2>&1 || status=$?
	expect "exit status" "$status" 1
	grep -q 'refused: the other director: the configuration of node b waits for confirmation' "$LAB/said" ||
		fail "a says: $(cat "$LAB/said")"
	sleep 0.3 # the other one is not asked more often
	lab_ctl a cluster drill graceful --force >"$LAB/said" 2>&1 || fail "exit status $?: $(cat "$LAB/said")"
	drill_ready b
	lab_ctl b config confirm || fail "exit status $?"
	lab_ctl a cluster drill graceful >"$LAB/said" 2>&1 || fail "exit status $?: $(cat "$LAB/said")"
}

# Of either node's farms: the other one says it.
no_backend() {
	local name

	drill_ready a
	for name in web1 web2 web3; do
		lab_ctl b backend disable www/$name >/dev/null || fail "exit status $?"
	done
	expect_soon "www of b is down" '[ "$(lab_status b farms.www.state)" = down ]' 5
	refused a 'refused: (the other director: )?farm www of node [ab] is down'
	for name in web1 web2 web3; do
		lab_ctl b backend enable www/$name >/dev/null || fail "exit status $?"
	done
}

# The channel is shut, heartbeats are not.
no_channel() {
	drill_ready a
	lab_exec b nft add table inet shut
	lab_exec b nft add chain inet shut in '{ type filter hook input priority 0; }'
	lab_exec b nft add rule inet shut in tcp dport 8405 drop
	lab_exec b nft add rule inet shut in tcp sport 8405 drop
	expect_soon "a has no channel" '[ "$(twin a connected)" = false ]' 25
	refused a 'refused: there is no connection to node b'
	lab_exec b nft delete table inet shut
}

# Only the wire makes it miss: the same drill passes before.
slow_wire() {
	drill_ready a
	passes
	drill_ready a
	slow_down "$SLOW_MS"
	# Heartbeats that are on their way are missed at first.
	expect_soon "a knows" '[ "$(lab_status a peers.0.heartbeat.round_trip_us)" -gt 200000 ]' 10
	drill_ready a
	status=0
	lab_ctl a -j cluster drill graceful >"$LAB/said" 2>&1 || status=$?
	expect "exit status" "$status" 4
	expect passed "$(json_value passed <"$LAB/said")" false
	took=$(json_value takeover_ms <"$LAB/said")
	echo "# a wire of $SLOW_MS ms: takeover $took ms" >>"$LAB/figures"
	[ "$took" -gt 200 ] && [ "$took" -lt 1000 ] || fail "it took $took ms"
	grep -q 'max-gap is 200 ms' "$LAB/said" || fail "it says: $(cat "$LAB/said")"
}

passes() {
	lab_ctl a cluster drill graceful --failback >"$LAB/said" 2>&1 || fail "exit status $?: $(cat "$LAB/said")"
}

gone() {
	lab_kill_director b
	expect_soon "a has no channel" '[ "$(twin a connected)" = false ]' 25
	refused a 'refused: (node b is not heard|there is no connection to node b)'
}

lab_up
lab_net6_up
for node in a b; do
	twin_conf >"$LAB/$node.conf"
done
run_case "the pair is in sync" begin --supervised
run_case "another configuration" another_configuration
run_case "the other one is in maintenance" maintenance
run_case "a configuration that waits for confirmation" not_confirmed
run_case "no backend there" no_backend
run_case "no channel" no_channel
run_case "a slow wire: it misses its budget" slow_wire
run_case "the other one is gone" gone
run_case "who asks again is counted" it_is_counted
cat "$LAB/figures"
finish
