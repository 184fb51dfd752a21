#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Somebody without the key, from the other director's own address, attacks the sync channel of a pair
# that is in sync and tells of flows (adversary.py). After each attack, and while it goes on: in sync,
# by the same connection, flows arrive, nobody's role changed, memory, descriptors and the loops' time
# are bounded (lib/harm.sh), and the status names what was refused. What one with the key can do is
# shown by t_twin_foe.sh.
#
# SHOW (1: what it cost) is for trying it by hand.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"
. "$LAB_TOOLS/lib/twin.sh"
. "$LAB_TOOLS/lib/harm.sh"

HELD=30

# The connection is recorded from its beginning: both streams are in $LAB/streams.
begin() {
	lab_spawn record a tcpdump --immediate-mode -U -Z root -n -s 0 -i eth0 \
		-w "$LAB/channel.pcap" tcp port 8405
	lab_wait_until "grep -q listening '$LAB/record/log'" 5 || fail "tcpdump does not listen"
	start_twins
	expect_in_sync 5
	hold www tcp "$LAB_VIP" 80 $HELD
	expect_twins www-flows $HELD
	mkdir "$LAB/streams"
	lab_wait_until "has_streams" 5 || fail "$("$LAB_TOOLS/adversary.py" streams \
		"$LAB/channel.pcap" "$LAB/streams" 2>&1)"
	lab_stop record TERM || true
	echo "recorded: $(wc -c "$LAB"/streams/* | head -n 2 | paste -sd ' '), $(cat "$LAB/initiator") dialed"
}

has_streams() {
	"$LAB_TOOLS/adversary.py" streams "$LAB/channel.pcap" "$LAB/streams" >"$LAB/initiator" 2>/dev/null
}

# refused NODE KIND: how often its channel has refused something for reasons that begin so.
refused() {
	twin "$1" rejected | python3 -c "import json, sys
print(sum(n for reason, n in json.load(sys.stdin).items() if reason.startswith(sys.argv[1])))" "$2"
}

channel() {
	echo "$(twin a connections) $(twin b connections)"
}

# attack NODE KIND SECONDS COMMAND …: by COMMAND on the other node, whose daemon goes on. Flows that
# begin meanwhile are told at once, and NODE counts something of that kind.
attack() {
	local node=$1 kind=$2 seconds=$3 before connections

	shift 3
	connections=$(channel)
	before=$(refused "$node" "$kind")
	rm -f "$LAB/adversary/log"
	harm_begins "$node"
	lab_spawn adversary "$(if [ "$node" = a ]; then echo b; else echo a; fi)" "$@"
	hold more tcp "$LAB_VIP" 80 9
	expect_twins www-flows $((HELD + 9)) 1
	lab_holds_for "twins_in_sync || ! lab_alive adversary" "$seconds" ||
		fail "$(twin_says a); $(twin_says b)"
	release more
	lab_wait_until "! lab_alive adversary" $((seconds + 10)) || fail "it does not end"
	expect "exit status of the adversary" "$(lab_exit_status adversary)" 0
	expect_in_sync 1
	expect_twins www-flows $HELD
	expect "connections of the channel" "$(channel)" "$connections"
	harm_bounded "$node" "$(basename "$1") $2"
	echo "$(tail -n 1 "$LAB/adversary/log"); $kind: $before before, $(refused "$node" "$kind") now"
	[ "$(refused "$node" "$kind")" -gt "$before" ] || fail "$node counts no $kind: $(twin "$node" rejected)"
}

# tries NODE KIND SECONDS WHAT [FILE]
tries() {
	attack "$1" "$2" "$3" "$LAB_TOOLS/adversary.py" "$4" "$(lab_address "$1")" 8405 "$3" ${5:+"$5"}
}

# of_a_crowd: nobody of it is let stay: 1,000 were there, and all but those that try now are gone.
of_a_crowd() {
	tries "$1" connection-late 4 crowd
	[ "$(head -n 2 "$LAB/adversary/log" | tail -n 1 | cut -d ' ' -f 1)" -ge 1000 ] ||
		fail "only $(tail -n 1 "$LAB/adversary/log") connections"
}

# octet_by_octet NODE: none of them is answered but those that were whole hellos, which a recorded one
# is; and these come no further.
octet_by_octet() {
	tries "$1" connection-late 6 octets "$LAB/streams/initiator"
}

wrong_key() {
	lab_key_make "$LAB/two.key"
	attack "$1" handshake-key 5 "$LAB_BUILD/foe" quiet 4 "$LAB/two.key" lab b "$(lab_address b)" \
		a "$(lab_address a)" web "$LAB_VIP" www web1
	expect "connections of the foe" \
		"$(tail -n 1 "$LAB/adversary/log" | "$LAB_TOOLS/lib/json_get.py" connections)" 0
}

# The daemon of b is away, and a dials somebody who has its port.
# instead KIND SECONDS WHAT [FILE]: a waits no longer than 6.25 s until it dials again.
instead() {
	local before

	lab_stop_director b
	before=$(refused a "$1")
	rm -f "$LAB/adversary/log"
	harm_begins a
	lab_spawn adversary b "$LAB_TOOLS/adversary.py" "$3" "$(lab_address b)" 8405 "$2" ${4:+"$4"}
	lab_holds_for '[ "$(twin a connected)" = false ] || ! lab_alive adversary' "$2" ||
		fail "a is connected: $(twin a trouble)"
	lab_wait_until "! lab_alive adversary" 10 || fail "it does not end"
	echo "$(tail -n 1 "$LAB/adversary/log"), refused: $before before, now $(refused a "$1")"
	[ "$(tail -n 1 "$LAB/adversary/log" | cut -d ' ' -f 1)" -ge 1 ] || fail "a does not dial"
	[ "$(refused a "$1")" -gt "$before" ] || fail "a counts no $1: $(twin a rejected)"
	expect "flows that a knows" "$(held a www-flows)" $HELD
	lab_start_director b "$LAB/b.conf"
	expect_in_sync 10
	expect_twins www-flows $HELD
	expect "transitions of a" "$(lab_status a vrrp.0.transitions)" \
		"$(cut -d ' ' -f 5 "$LAB/harm" | cut -d / -f 1)"
}

serves() {
	expect_no_loss "$(lab_load --rate 200 --count 60)"
	expect_vip_on a
}

# A takeover takes 3.6 s: who is late by that was held by something, whatever else the machine does.
LAB_ADVERTISE_INTERVAL=1s
LAB_VRRP_KEYS='realtime = true'
lab_up
ASAN_OPTIONS="$ASAN_OPTIONS:quarantine_size_mb=8"
for node in a b; do
	{
		lab_conf_cluster
		lab_conf_vrrp
		farm www tcp '"80"' "$ROUND_ROBIN"
	} >"$LAB/$node.conf"
done
run_case "a pair, whose channel is recorded" begin
run_case "octets at random" attack a handshake- 3 "$LAB_TOOLS/noise.py" "$(lab_address a)" 8405 3
run_case "octets without end" tries a handshake- 3 endless "$LAB/streams/initiator"
run_case "each other version" tries a handshake-version 3 version "$LAB/streams/initiator"
for side in a b; do
	run_case "$side: a thousand half-open connections" of_a_crowd $side
	run_case "$side: stopped at each octet of the handshake" octet_by_octet $side
	run_case "$side: the recorded initiator" tries $side handshake- 3 hello "$LAB/streams/initiator"
	run_case "$side: the recorded responder" tries $side handshake- 3 hello "$LAB/streams/responder"
done
run_case "another key" wrong_key a
run_case "the recorded responder answers" instead handshake- 10 answer "$LAB/streams/responder"
run_case "a mirror answers" instead handshake- 10 mirror
run_case "a is connected to itself" instead handshake- 10 splice "$(lab_address a)"
run_case "the pair serves as before" serves
[ -z "${SHOW:-}" ] || sed 's/^/# /' "$LAB/harms" || true
finish
