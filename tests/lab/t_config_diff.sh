#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `config diff`: what differs between the configurations of the two directors, by the word of both.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"
. "$LAB_TOOLS/lib/twin.sh"

# conf NODE [WEIGHT OF web1 [MORE …]]
conf() {
	local node=$1 weight=${2:-1}

	shift $(($# < 2 ? $# : 2))
	{
		lab_conf_cluster
		lab_conf_vrrp
		lab_conf_farm www maglev '"80"' "$weight" 1 1
		printf '%s\n' "$@"
	} >"$LAB/$node.conf"
}

reload() {
	conf "$@"
	lab_ctl "$1" config reload >/dev/null || fail "$1 refuses it"
}

# differs NODE STATUS: what it says, in $LAB/said.
differs() {
	local status=0

	lab_ctl "$1" config diff >"$LAB/said" 2>&1 || status=$?
	expect "exit status of $1: $(head -n 3 "$LAB/said")" "$status" "$2"
}

says() {
	grep -qFx -- "$1" "$LAB/said" || fail "not \"$1\": $(cat "$LAB/said")"
}

alike() {
	local node

	conf a
	conf b
	start_twins
	expect_in_sync 5
	for node in a b; do
		differs $node 0
		expect "lines of $node" "$(wc -l <"$LAB/said")" 1
	done
	says "the configurations of nodes b (here) and a are alike"
	lab_ctl a -j config diff | python3 -c '
import json, sys
d = json.load(sys.stdin)
assert d == {"same": True, "here": "a", "there": "b", "differences": [], "of_each_node": [], "diff": ""}, d'
}

a_weight_differs() {
	reload b 7
	differs a 4
	says "farm www: backend web1: weight = 1 here, 7 on b"
	says "--- a (here)"
	says "+++ b"
	says "-	backend web1: weight = 1"
	says "+	backend web1: weight = 7"
	differs b 4
	says "farm www: backend web1: weight = 7 here, 1 on a"
	lab_ctl b -j config diff >"$LAB/said" || true
	expect "same" "$("$LAB_TOOLS/lib/json_get.py" same <"$LAB/said")" false
	expect "differences" "$("$LAB_TOOLS/lib/json_get.py" differences.0 <"$LAB/said")" \
		"farm www: backend web1: weight = 7 here, 1 on a"
}

# No key is among it, whoever asks.
what_may_differ() {
	local node

	reload b 1 'metrics { listen = "127.0.0.1:9405" }'
	differs a 0
	says "the configurations of nodes a (here) and b are alike"
	says "of each node alone, as it may be:"
	says "  metrics: listen = nothing here, 127.0.0.1:9405 on b"
	reload b 2 'metrics { listen = "127.0.0.1:9405" }'
	differs a 4
	says "  metrics: listen = nothing here, 127.0.0.1:9405 on b"
	for node in a b; do
		lab_ctl $node -j config diff | grep -qF "$(head -n 1 "$LAB/cluster.key")" &&
			fail "the key is told"
	done
	return 0
}

# More than one message, and several who want to know at a time.
long_ones() {
	local i n=600

	reload b 1 "$(for i in $(seq $n); do
		printf 'farm "f%d" { address = "%s" ports = "%d" default-checks = false backend "w" { address = "%s" } }\n' \
			"$i" "$LAB_VIP" $((10000 + i)) "$(lab_address web1)"
	done)"
	for i in 1 2 3 4 5; do
		lab_ctl a config diff >"$LAB/said.$i" 2>&1 && fail "asked as number $i: they are alike"
	done
	for i in 6 7 8 9; do
		(lab_ctl a config diff >"$LAB/said.$i" 2>&1 || true) &
	done
	wait
	for i in $(seq 9); do
		expect "farms, by number $i" "$(grep -c '^farm f[0-9]*: on b, not here$' "$LAB/said.$i")" $n
		cmp -s "$LAB/said.1" "$LAB/said.$i" || fail "number $i is told otherwise"
	done
	[ "$(wc -c <"$LAB/said.1")" -gt 70000 ] || fail "only $(wc -c <"$LAB/said.1") octets"
	expect_in_sync 10
}

who_asks_must_not_change() {
	lab_ctl a config diff >/dev/null 2>&1 || true
	expect "transitions" "$(lab_status a vrrp.0.transitions) $(lab_status b vrrp.0.transitions)" \
		"$(cat "$LAB/transitions")"
	expect "rejected" "$(twin a rejected)$(twin b rejected)" "$(cat "$LAB/rejected")"
}

nobody_there() {
	lab_stop b KILL || true
	expect_soon "the connection is gone" '[ "$(twin a connected)" = false ]' 5
	differs a 1
	says "directorctl: the other director is not connected, so it cannot be asked; \`directorctl cluster status\` tells why"
}

# It holds the connection and is of a version without this.
an_older_one() {
	lab_spawn foe b "$LAB_BUILD/foe" quiet 6 "$LAB/cluster.key" lab b "$(lab_address b)" a \
		"$(lab_address a)" web "$LAB_VIP" www web1
	expect_soon "the older one is connected" '[ "$(twin a connected)" = true ]' 5
	differs a 1
	says "directorctl: the other director is of an older version, which cannot tell its whole configuration; \`directorctl doctor\` tells some of what differs"
	lab_wait_until "! lab_alive foe" 15 || fail "the foe does not end"
}

# It is lost while somebody waits for the answer.
lost_on_the_way() {
	local began

	lab_spawn foe b "$LAB_BUILD/foe" lies 4 "$LAB/cluster.key" lab b "$(lab_address b)" a \
		"$(lab_address a)" web "$LAB_VIP" www web1
	expect_soon "it is connected" '[ "$(twin a connected)" = true ]' 5
	differs a 1
	differs a 4
	began=$(now_ms)
	differs a 1
	grep -Eq '^directorctl: node b does not tell its configuration: (it gave no answer for 3 s|the connection to it was lost)$' \
		"$LAB/said" || fail "$(cat "$LAB/said")"
	[ $(($(now_ms) - began)) -lt 8000 ] || fail "it took $(($(now_ms) - began)) ms"
	lab_wait_until "! lab_alive foe" 15 || fail "the foe does not end"
}

standalone() {
	lab_conf_farm www maglev '"80"' 1 1 1 >"$LAB/a.conf"
	lab_ctl a config reload >/dev/null || fail "a refuses it"
	differs a 1
	says "directorctl: the configuration has no other director (section cluster): there is nothing to compare it with"
}

lab_up
run_case "both are alike" alike
run_case "a weight differs" a_weight_differs
run_case "what may differ" what_may_differ
echo "$(lab_status a vrrp.0.transitions) $(lab_status b vrrp.0.transitions)" >"$LAB/transitions"
echo "$(twin a rejected)$(twin b rejected)" >"$LAB/rejected"
run_case "long ones, and many who ask" long_ones
run_case "nothing else has changed" who_asks_must_not_change
run_case "nobody there" nobody_there
run_case "an older version" an_older_one
run_case "a connection that is lost" lost_on_the_way
run_case "standalone" standalone
finish
