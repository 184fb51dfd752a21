#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A failover is rehearsed: what the drill tells is true, no request is lost by it, and it is refused when
# something speaks against it. The cases follow each other; the master is a at first, and changes.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"
. "$LAB_TOOLS/lib/drill.sh"

CONNECTIONS=20

# passes NODE MASTER: asked on NODE while requests run, MASTER lets go.
passes() {
	local node=$1 master=$2 other

	other=$(other_of "$master")
	drill_ready "$master"
	load 40
	expect_all_open
	drill "$node" 0 -j cluster drill graceful
	expect kind "$(drilled kind)" graceful
	expect from "$(drilled from)" "$master"
	expect to "$(drilled to)" "$other"
	expect gap_ms "$(drilled gap_ms)" null
	expect lost_connections "$(drilled lost_connections)" 0
	expect passed "$(drilled passed)" true
	[ "$(drilled takeover_ms)" -lt 200 ] || fail "it took $(drilled takeover_ms) ms"
	expect_soon "$other is master" "lab_is $other master && lab_has_vip $other" 5
	expect_vip_on "$other"
	requests_end
	for node in a b; do
		tail -n 5 "$LAB/$node/log"
		lab_logged $node "drill graceful: node \"$master\" lets go, node \"$other\" is to" ||
			fail "$node has not logged the beginning"
		lab_logged $node "drill graceful: passed: node \"$other\" took over" ||
			fail "$node has not logged the end"
	done
}

# and_back NODE MASTER: asked on NODE; the roles are as before at the end, and it says so.
and_back() {
	drill_ready "$2"
	drill "$1" 0 -j cluster drill graceful --failback
	expect from "$(drilled from)" "$2"
	expect "back again" "$(drilled failback.done)" true
	expect to "$(drilled failback.to)" "$2"
	[ "$(drilled failback.takeover_ms)" -lt 200 ] || fail "the way back took $(drilled failback.takeover_ms) ms"
	lab_is "$2" master || fail "$2 is not the master"
	drill_ready "$2"
	lab_ctl "$2" cluster drill graceful --failback >"$LAB/said" || fail "exit status $?"
	grep -qE "^back again: node $2 took over in [0-9]+ ms$" "$LAB/said" || fail "it says: $(cat "$LAB/said")"
	lab_is "$2" master || fail "$2 is not the master"
}

words_for_people() {
	drill_ready a
	drill a 0 cluster drill graceful
	grep -qx "drill graceful: passed" "$LAB/drill.out" || fail "no verdict"
	grep -qE "^node a let go, node b took over within [0-9]+ ms$" "$LAB/drill.out" || fail "no takeover"
	grep -qx "connections lost: 0" "$LAB/drill.out" || fail "nothing of connections"
}

# refused NODE REGEX [ARGUMENT …]: and nothing is done.
refused() {
	local node=$1 regex=$2 master=a

	lab_has_vip a || master=b
	shift 2
	drill "$node" 1 cluster drill graceful "$@"
	grep -qE "$regex" "$LAB/drill.out" || fail "it says: $(cat "$LAB/drill.out")"
	expect_vip_on $master
}

# In maintenance, on either side; the backup is b.
refused_in_maintenance() {
	lab_ctl b cluster maintenance on || fail "exit status $?"
	expect_soon "a knows" '[ "$(lab_status a peers.0.vrrp.0.state)" = maintenance ]' 3
	refused a "vrrp web of node b is in maintenance"
	refused a "vrrp web of node b is in maintenance" --no-wait
	refused b "vrrp web of node b is in maintenance"
}

# b is in maintenance yet: a lets go all the same, and nobody takes over.
missed_by_force() {
	local began

	began=$(now_ms)
	drill a 4 -j cluster drill graceful --force --limit 2s
	[ $(($(now_ms) - began)) -lt 6000 ] || fail "it did not end at its limit"
	expect passed "$(drilled passed)" false
	expect takeover_ms "$(drilled takeover_ms)" null
	expect from "$(drilled from)" a
	python3 - "$LAB/drill.out" <<-'EOF' || fail "it says: $(cat "$LAB/drill.out")"
		import json, sys
		at = {(m["node"], m["event"]): m["at_us"] for m in json.load(open(sys.argv[1]))["timeline"]}
		again, ended = at["a", "is master again"], at["a", "is as before"]
		assert 0 < again < 1000000 < ended, at
		print("# master again after", again, "us", file=sys.stderr)
	EOF
	expect why "$(drilled why)" "nobody took over within 2000 ms"
	lab_logged b "drill graceful: missed: nobody took over" || fail "b has not logged it"
	expect_master_soon a 5
	lab_ctl b cluster maintenance off || fail "exit status $?"
	drill_ready a
}

refused_with_another_configuration() {
	sed 's/tcp-close-timeout = "5s"/tcp-close-timeout = "6s"/' "$LAB/b.conf" >"$LAB/other.conf"
	cp "$LAB/b.conf" "$LAB/b.kept"
	cp "$LAB/other.conf" "$LAB/b.conf"
	lab_ctl b config reload || fail "exit status $?"
	expect_soon "a sees it" '[ "$(twin a config_differs)" = true ]' 3
	refused a "node b has another configuration"
	refused b "node a has another configuration"
	cp "$LAB/b.kept" "$LAB/b.conf"
	lab_ctl b config reload || fail "exit status $?"
	expect_soon "a sees it no more" '[ "$(twin a config_differs)" = false ]' 3
	drill_ready a
}

# The budget is each node's own.
another_budget() {
	cp "$LAB/b.conf" "$LAB/b.kept"
	printf 'drill {\n\tmax-gap = "1s"\n\tmax-lost-connections = 3\n}\n' >>"$LAB/b.conf"
	lab_ctl b config reload || fail "exit status $?"
	expect "config_differs" "$(twin a config_differs)$(twin b config_differs)" falsefalse
	cp "$LAB/b.kept" "$LAB/b.conf"
	lab_ctl b config reload || fail "exit status $?"
	drill_ready a
}

refused_alone() {
	lab_stop_director b
	expect_soon "b is gone" '[ "$(twin a connected)" = false ]' 3
	refused a "node b is not heard: "
	refused a "node b is not heard: " --force
	lab_start_director b "$LAB/b.conf"
	drill_ready a
}

# While one is under way there is no other; who asked for it is killed, and it ends at its limit.
ends_by_itself() {
	lab_ctl b cluster maintenance on || fail "exit status $?"
	lab_spawn asker a "$LAB_BUILD/directorctl" -s "$LAB/a/run/director.sock" \
		cluster drill graceful --force --limit 2s
	expect_soon "it has begun" \
		"[ \$(begun a) -gt $1 ]" 2
	lab_stop asker KILL || fail "the command is still there"
	drill a 1 cluster drill graceful --force
	grep -q "a drill is under way" "$LAB/drill.out" || fail "it is not refused for that"
	lab_ctl b cluster maintenance off || fail "exit status $?"
	expect_soon "it has ended on a" "[ \$(ended a) -gt $2 ]" 6
	expect_soon "it has ended on b" "[ \$(ended b) -gt $3 ]" 6
	expect_soon "one of them is master" "lab_has_vip a || lab_has_vip b" 3
	drill_ready "$(if lab_has_vip a; then echo a; else echo b; fi)"
	drill a 0 cluster drill graceful
}

# ended NODE, begun NODE: how many drills its log tells of.
ended() {
	grep -cE 'drill graceful: (missed|passed|unknown)' "$LAB/$1/log"
}

begun() {
	grep -c 'drill graceful: node "a" lets go' "$LAB/$1/log"
}

wrong_usage() {
	drill a 2 cluster drill sabotage
	drill a 2 cluster drill graceful --limit 0s
	drill a 2 cluster drill graceful --limit 601s
	drill a 2 cluster status --limit 3s
}

lab_up
lab_net6_up
for node in a b; do
	twin_conf >"$LAB/$node.conf"
done
run_case "the pair is in sync" begin
run_case "asked on the master: passed, and no request is lost" passes a a
run_case "asked on the master, back again" passes b b
run_case "asked on the backup" passes b a
run_case "asked on the backup, back again" passes a b
run_case "there and back in one" and_back a a
run_case "there and back in one, asked on the backup" and_back b a
run_case "words for people" words_for_people
run_case "… and back" passes a b
run_case "refused with another configuration" refused_with_another_configuration
run_case "another budget is no other configuration" another_budget
run_case "refused when the other director is gone" refused_alone
run_case "refused in maintenance" refused_in_maintenance
run_case "by force: nobody takes over, it is missed" missed_by_force
run_case "it ends by itself, with one master" ends_by_itself "$(begun a)" "$(ended a)" "$(ended b)"
run_case "wrong usage" wrong_usage
finish
