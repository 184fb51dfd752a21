#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a drill tells of frames is what is on the wires of both directors while a client sends without pause, over
# IPv4 or IPv6.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"
. "$LAB_TOOLS/lib/drill.sh"

CONNECTIONS=20
SERVICE=$LAB_VIP

# Of the client, to the service, out of a director: by its MAC. Both captures are by the clock of one machine, as
# are the two directors here.
forwarded() {
	lab_captured "$1" "src host $(FARM_ADDRESS=$SERVICE backend_address client) and dst host $SERVICE and ether src $(lab_mac "$1")" |
		awk '{ print $1 }'
}

# moment EVENT: of the timeline, microseconds since the master let go.
moment() {
	python3 -c 'import json, sys
for m in json.load(open(sys.argv[1]))["timeline"]:
    if m["event"] == sys.argv[2]:
        print(m["at_us"])' "$LAB/drill.out" "$1"
}

# drilled_under_load KIND MASTER ARGUMENT …: two captures, steady requests.
drilled_under_load() {
	local kind=$1 master=$2

	drill_ready "$master"
	shift 2
	LAB_VIP=$SERVICE load 40
	lab_capture a "dst host $SERVICE"
	lab_capture b "dst host $SERVICE"
	drill "$master" any -j cluster drill "$kind" "$@"
	sleep 0.3
	lab_capture_stop a
	lab_capture_stop b
	lab_load_end >/dev/null
}

# agrees OLD NEW: both frames against the captures, which are counted from the last one of the old master: how
# far it is to the first one of the new.
agrees() {
	local told seen

	expect first_forwarded_why "$(drilled first_forwarded_why)" ""
	expect last_forwarded_why "$(drilled last_forwarded_why)" ""
	expect "the last frame in the timeline" "$(moment "forwards its last frame")" "$(drilled last_forwarded_us)"
	expect "the first frame in the timeline" "$(moment "forwards its first frame")" "$(drilled first_forwarded_us)"
	forwarded "$1" >"$LAB/old"
	forwarded "$2" >"$LAB/new"
	told=$(($(drilled first_forwarded_us) - $(drilled last_forwarded_us)))
	seen=$(python3 -c 'import sys
old, new = ([float(t) for t in open(f)] for f in sys.argv[1:3])
last = max(t for t in old if t < new[0] + 1)
print(round(1e6 * (new[0] - last)))' "$LAB/old" "$LAB/new")
	echo "# from the last frame of $1 to the first of $2: $told us, on the wires $seen us; the last at" \
		"$(drilled last_forwarded_us) us, the first at $(drilled first_forwarded_us) us, master after" \
		"$(moment "is master") us, $(drilled stragglers) stragglers, lag $(drilled sync_lag_us) us" | tee -a "$LAB/figures"
	[ $((told - seen)) -le 5000 ] && [ $((seen - told)) -le 5000 ] || fail "they differ by more than 5 ms"
	expect stragglers "$(drilled stragglers)" 0
	[ "$(drilled first_forwarded_us)" -ge "$(moment "is master")" ] || fail "a frame of a master before it is one"
}

graceful() {
	local node

	drilled_under_load graceful "$1"
	expect passed "$(drilled passed)" true
	agrees "$1" "$(other_of "$1")"
	for node in 0 1; do
		[ "$(drilled directors.$node.connections_before)" -gt 0 ] &&
			[ "$(drilled directors.$node.connections_after)" -gt 0 ] || fail "no connections of node $node: $(drilled directors.$node)"
	done
	[ "$(drilled sync_lag_us)" != null ] || fail "no lag"
}

# silent KIND MASTER
silent() {
	drilled_under_load "$1" "$2" --limit 4s
	agrees "$2" "$(other_of "$2")"
	# Nothing goes through a silent node.
	[ "$(drilled last_forwarded_us)" -lt 50000 ] || fail "a silent node forwards"
}

# Checks of both directors, and the probes of a drill, go to the address, too; nobody else does.
only_our_own() {
	drill_ready a
	drill a any -j cluster drill graceful --probe "$LAB_VIP:80"
	expect first_forwarded_us "$(drilled first_forwarded_us)" null
	expect last_forwarded_us "$(drilled last_forwarded_us)" null
	expect last_forwarded_why "$(drilled last_forwarded_why)" "node a forwarded none"
	expect stragglers "$(drilled stragglers)" 0
}

# Nothing of it is left in the kernel; what is kept has it, too.
afterwards() {
	local node

	for node in a b; do
		! lab_exec $node nft list tables | grep -q director-frames || fail "node $node counts yet"
	done
	lab_ctl b cluster drill history 1 >"$LAB/said" || fail "exit status $?"
	grep -qE '^last frame of node a: [+-][0-9.]+ ms$' "$LAB/said" || fail "it says: $(cat "$LAB/said")"
	grep -qE '^first frame of node b: [+][0-9.]+ ms$' "$LAB/said" || fail "it says: $(cat "$LAB/said")"
	grep -qx 'stragglers to node a: 0' "$LAB/said" || fail "it says: $(cat "$LAB/said")"
}

# A host that sends to the old master for ever: these are stragglers.
stragglers() {
	drill_ready b
	lab_exec client ip neigh replace "$LAB_VIP" lladdr "$(lab_mac b)" nud permanent dev eth0
	load 40
	drill a any -j cluster drill graceful --probe "$LAB_VIP:80"
	lab_load_end >/dev/null
	lab_exec client ip neigh del "$LAB_VIP" dev eth0
	echo "# a client that does not learn: $(drilled stragglers) stragglers" | tee -a "$LAB/figures"
	[ "$(drilled stragglers)" -gt 0 ] || fail "there are none"
}

lab_up
give_ipv6
for node in a b; do
	twin_conf >"$LAB/$node.conf"
done
run_case "the pair is in sync" begin
run_case "graceful: as on the wires, no stragglers" graceful a
run_case "crash, by the master: the same" silent crash b
run_case "it is kept, and nothing of it stays in the kernel" afterwards
run_case "checks and probes are no forwarded frames" only_our_own
run_case "a client that does not learn makes stragglers" stragglers
run_case "link: the same" silent link a
SERVICE=$LAB_VIP6
run_case "IPv6, graceful: as on the wires, no stragglers" graceful a
run_case "IPv6, crash: the same" silent crash b
run_case "IPv6, link: the same" silent link a
cat "$LAB/figures"
finish
