#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `ruleset explain` tells what the kernel does: for random clients and every scheduler the backend that
# answers, before and behind the connection's beginning, while buckets move, and on the backup.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"

CLIENTS=${CLIENTS:-200}
NETWORKS="1 2 3 4 5 6 7 8"

# conf SCHEDULER [KEY …]
conf() {
	local scheduler=$1

	shift
	lab_conf_cluster
	lab_conf_vrrp
	LAB_FARM_KEYS=$(printf '%s\n' "$@") lab_conf_farm www "$scheduler" '"80"'
}

all_up() {
	lab_ctl "$1" backend list | awk '$2 != "up" { bad = 1 } END { exit bad || !NR }'
}

# serve SCHEDULER [KEY …]: as that says, on both; nothing is remembered of a case before.
serve() {
	local node

	conf "$@" >"$LAB/director.conf"
	for node in a b; do
		if lab_alive "$node"; then
			lab_stop_director "$node"
		fi
		lab_directord "$node" --clean -c "$LAB/director.conf" >/dev/null 2>&1 || fail "it cannot be cleaned"
	done
	for node in a b; do
		lab_start_director "$node"
		expect_soon "all backends are up on $node" "all_up $node" 20
	done
	expect_soon "a is master" '[ "$(lab_status a vrrp.0.state)" = master ]' 10
	expect_soon "the VIP answers" "lab_answers http://$LAB_VIP/" 5
}

begin() {
	lab_many_clients "$NETWORKS" 5
}

# --- what is told, and what happens ---------------------------------------------------------------

# draw: other clients and ports than before, each once.
draw() {
	touch "$LAB/drawn"
	python3 - "$LAB/drawn" "$CLIENTS" $NETWORKS <<-'EOT' >"$LAB/ends"
		import random, sys
		drawn = set(open(sys.argv[1]).read().splitlines())
		ends = {f"10.80.{n}.{h} {port}" for n in sys.argv[3:] for h in range(1, 6)
		        for port in random.sample(range(20000, 60000), 40)}
		print(*random.sample(sorted(ends - drawn), int(sys.argv[2])), sep="\n")
	EOT
	cat "$LAB/ends" >>"$LAB/drawn"
}

# told NODE [N]: "CLIENT PORT" and end, backend, whether remembered, the same in the kernel, and where other
# segments go, for each of the ends, or the first N.
told() {
	head -n "${2:-$CLIENTS}" "$LAB/ends" >"$LAB/asked"
	lab_exec "$1" bash -c 'while read -r client port; do
			"$0" -s "$1" -j ruleset explain "$client:$port" "$2:80" || exit
		done <"$3"' "$LAB_BUILD/directorctl" "$LAB/$1/run/director.sock" "$LAB_VIP" "$LAB/asked" \
		>"$LAB/told.json" || fail "explain on $1: $(tail -n 30 "$LAB/told.json")"
	python3 - "$LAB/told.json" <<-'EOT'
		import json, sys
		text, at = open(sys.argv[1]).read(), 0
		while text[at:].strip():
		    t, at = json.JSONDecoder().raw_decode(text, at)
		    at += len(text[at:]) - len(text[at:].lstrip())
		    other = [n.split()[-1] for n in t["notes"] if "other segments" in n]
		    print(t["client"], t["client_port"], t["end"], t["backend"], t["remembered"],
		          t["kernel_same"], other[0] if other else "-")
	EOT
}

# hold: a connection of each; who answered, in $LAB/who.
hold() {
	rm -f "$LAB"/who*
	lab_spawn held client "$LAB_TOOLS/lib/held.py" "$LAB_VIP" 80 "$LAB/ends" "$LAB/who"
	lab_wait_until "[ -s '$LAB/who' ]" 30 || fail "not all are served: $(tail -n 3 "$LAB/held/log")"
	expect "connections" "$(grep -c ' web[123]$' "$LAB/who")" "$CLIENTS"
}

ask_again() {
	: >"$LAB/who.again"
	lab_wait_until "[ ! -e '$LAB/who.again' ]" 30 || fail "no second answer"
	expect "who answers on the same connections" "$(cat "$LAB/who.second")" "$(cat "$LAB/who")"
}

let_go() {
	lab_stop held TERM
}

# expect_told FIELD: of $LAB/told that one, for everybody, are "CLIENT PORT BACKEND" of $LAB/who.
expect_told() {
	awk -v field="$1" '{ print $1, $2, $field }' "$LAB/told" | diff - <(head -n "$(wc -l <"$LAB/told")" "$LAB/who") >"$LAB/differs" ||
		fail "it goes elsewhere than told: $(head -n 4 "$LAB/differs" | paste -sd " ")"
	expect "ends of which the kernel has not the same" "$(awk '$6 != "True"' "$LAB/told" | wc -l)" 0
}

# --- cases ----------------------------------------------------------------------------------------

# hashed SCHEDULER [KEY …]: told before anything is sent, on both nodes.
hashed() {
	serve "$@"
	draw
	told a >"$LAB/told"
	told b 20 >"$LAB/told.b"
	hold
	expect_told 4
	mv "$LAB/told.b" "$LAB/told"
	expect_told 4
	told a 20 >"$LAB/told"
	expect_told 4
	let_go
}

# remembering SCHEDULER END: told when there is a connection; before, that nobody can.
remembering() {
	serve "$1"
	draw
	told a 20 >"$LAB/told"
	expect "ends told before" "$(awk '{ print $3, $4 }' "$LAB/told" | sort -u)" "$2 None"
	hold
	told a >"$LAB/told"
	expect_told 4
	expect "connections that are told to be known" "$(awk '$5 == "True"' "$LAB/told" | wc -l)" "$CLIENTS"
	expect_soon "b has them all" '[ "$(lab_ctl b connections --count)" -ge "$CLIENTS" ]' 10
	told b 20 >"$LAB/told"
	expect_told 4
	let_go
}

# New connections go by the buckets' new backends already.
shares_are_those_of_list() {
	local told listed

	told=$(lab_ctl a -j ruleset explain 10.80.1.1:4000 "$LAB_VIP:80" | jq '.shares | (map(select(.backend == "web2").buckets) | add) * 1000 / (map(.buckets) | add) | floor')
	listed=$(lab_ctl a -j backend list | jq '[.. | objects | select(.name? == "web2" and .share?)][0].share * 1000 | floor')
	[ $((told - listed)) -le 3 ] && [ $((listed - told)) -le 3 ] || fail "explain has $told of 1000 for web2, the list $listed"
}

# The connections are older than the transition: nobody remembers them until they send again.
moving() {
	serve maglev 'transition-time = "120s"'
	draw
	hold
	lab_ctl a backend weight www/web2 5
	expect_soon "buckets move" '[ "$(lab_status a farms.0.transition.moved)" -gt 0 ]' 5
	told a | awk '{ if ($7 != "-") $4 = $7; print }' >"$LAB/told"
	expect_told 4
	ask_again
	told a >"$LAB/told"
	expect_told 4
	[ "$(awk '$5 == "True"' "$LAB/told" | wc -l)" -gt $((CLIENTS / 10)) ] || fail "no bucket moves"
	shares_are_those_of_list
	let_go
	draw
	told a >"$LAB/told"
	hold
	expect_told 4
	let_go
}

text() {
	serve maglev
	lab_ctl a ruleset explain 10.80.1.1:4000 "$LAB_VIP:80" >"$LAB/text"
	grep -q "^it goes to www/web[123] (up) at " "$LAB/text" || fail "$(cat "$LAB/text")"
	grep -q "^the kernel has the same" "$LAB/text" || fail "$(cat "$LAB/text")"
	lab_ctl b ruleset explain 10.80.1.1:4000 "$LAB_VIP:80" | grep -q "^this node is backup for .*$(lab_address a)" ||
		fail "the backup does not say so"
	lab_ctl a ruleset explain 10.80.1.1 "$LAB_VIP:80" | grep -q "depends on the client's port" || fail "without a port"
	lab_ctl a ruleset explain 10.80.1.1 "$LAB_VIP:81" | grep -q "no farm serves $LAB_VIP:81 tcp" || fail "another port"
	lab_ctl a ruleset explain --udp 10.80.1.1 "$LAB_VIP:80" | grep -q "no farm serves $LAB_VIP:80 udp" || fail "UDP"
	lab_ctl a ruleset explain 10.80.1.1 10.77.0.200:80 | grep -q "10.77.0.200 is no address of a farm" ||
		fail "another address"
	expect "exit status of nonsense" "$(lab_ctl a ruleset explain here "$LAB_VIP:80" 2>/dev/null; echo $?)" 2
	lab_exec a "$LAB_BUILD/directorctl" -c "$LAB/director.conf" ruleset explain 10.80.1.1:4000 "$LAB_VIP:80" >"$LAB/planned"
	expect "backend as planned without the daemon" "$(grep -o 'www/web[123]' "$LAB/planned")" \
		"$(grep -o 'www/web[123]' "$LAB/text")"
	grep -q "the kernel was not asked" "$LAB/planned" || fail "it says that the kernel was asked"
}

# The daemon mends it at once: it is spoilt again and again, until a look falls in between.
spoilt() {
	local i status=0 bucket element

	bucket=$(lab_ctl a -j ruleset explain 10.80.1.1:4000 "$LAB_VIP:80" | json_value bucket.number)
	element="{ $bucket : 0x20000000001020000000002 }"
	(while :; do
		lab_exec a nft "delete element netdev director www-buckets { $bucket }; add element netdev director www-buckets $element"
	done) >/dev/null 2>&1 &
	i=$!
	for _ in $(seq 100); do
		lab_ctl a ruleset explain 10.80.1.1:4000 "$LAB_VIP:80" >"$LAB/text" || status=$?
		[ "$status" = 0 ] || break
	done
	kill $i
	wait $i 2>/dev/null || true
	expect "exit status" "$status" 4
	grep -Eq "set www-buckets: $bucket is (missing|something else), the plan has web" "$LAB/text" || fail "$(cat "$LAB/text")"
}

lab_up
run_case "the clients have many addresses" begin
run_case "what it says, and of what is no service" text
run_case "a bucket that somebody has changed: exit status 4" spoilt
run_case "maglev: $CLIENTS clients, on both nodes" hashed maglev
run_case "source-hash: the same" hashed source-hash
run_case "persistence: the same" hashed maglev 'persistence = "source-address"'
run_case "round-robin: $CLIENTS connections, on both nodes" remembering round-robin turn
run_case "random: the same" remembering random chance
run_case "least-connections: the same" remembering least-connections chance
run_case "maglev: while buckets move" moving
finish
