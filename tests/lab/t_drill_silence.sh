#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A node falls silent for a rehearsal: as one that is dead, whose cable is pulled, whose adverts are lost.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"
. "$LAB_TOOLS/lib/drill.sh"

CONNECTIONS=20

mute() {
	lab_exec "$1" nft list table netdev director-drill >"$LAB/mute" 2>&1
}

# measured NODE STATUS ARGUMENT …: while a client asks for the service 500 times a second, on a
# connection each; its longest gap is in $gap_ms. b's wire is recorded.
measured() {
	drill_ready a
	lab_capture b 'ip proto 112 or ip6 proto 112 or port 8405 or arp or icmp6'
	rm -f "$LAB/probe/log"
	lab_spawn probe client "$LAB_BUILD/directorctl" -j probe "$LAB_VIP:80" --rate 500
	sleep 1
	drill "$@"
	lab_capture_stop b
	lab_stop probe INT || fail "the probe does not end"
	gap_ms=$(json_value longest_gap_ms <"$LAB/probe/log")
	! mute a || fail "a is mute yet: $(cat "$LAB/mute")"
}

# heard_of_a: what b heard of it in the middle of the silence, which began a second after the capture.
heard_of_a() {
	local mac first

	mac=$(lab_exec a cat /sys/class/net/eth0/address)
	first=$(lab_captured b | head -n 1 | cut -d . -f 1)
	lab_captured b "ether src $mac" | awk -v from=$((first + 3)) -v to=$((first + 6)) '$1 >= from && $1 < to'
}

# took_over KIND: what it tells is what the client saw, as well as a busy machine can tell; the figures are printed.
took_over() {
	expect kind "$(drilled kind)" "$1"
	expect from "$(drilled from)" a
	expect to "$(drilled to)" b
	expect passed "$(drilled passed)" false
	echo "# $1: takeover $(drilled takeover_ms) ms, gap at the client $gap_ms ms" >>"$LAB/figures"
	awk -v t="$(drilled takeover_ms)" -v g="$gap_ms" 'BEGIN { exit !(t < 900 && g - t < 100 && t - g < 100) }' ||
		fail "the takeover took $(drilled takeover_ms) ms, the client missed $gap_ms ms"
	expect "what b heard of a in the silence" "$(heard_of_a | grep -iE "$LAB_VIP|$LAB_VIP6|vrrp|8405")" ""
}

# timeline EVENT: when, in ms after a let go.
timeline() {
	python3 -c 'import json, sys
for m in json.load(open(sys.argv[1]))["timeline"]:
    if m["event"] == sys.argv[2]:
        print(m["node"], round(m["at_us"] / 1000))' "$LAB/drill.out" "$1"
}

# in_order: a backup misses heartbeats and adverts before it is master, and a comes back at its limit.
in_order() {
	local advert missed master announced node back

	read -r _ advert < <(timeline "hears the last advert")
	read -r _ missed < <(timeline "hears no heartbeats any more")
	read -r _ master < <(timeline "is master")
	read -r _ announced < <(timeline "has announced the addresses")
	echo "# timeline: advert $advert, heartbeats $missed, master $master, announced $announced ms" >>"$LAB/figures"
	[ "$advert" -le 50 ] && [ "$missed" -gt 0 ] && [ "$missed" -le $((master + 60)) ] && [ "$announced" -le $((master + 100)) ] ||
		fail "advert $advert, heartbeats $missed, master $master, announced $announced ms"
	# The silence begins 100 ms after the drill, and ends with it.
	read -r node back < <(timeline "is as before")
	[ "$node" = a ] && [ "$back" -ge 5800 ] && [ "$back" -le 6200 ] || fail "$node came back after $back ms"
}

crash_and_back() {
	drill_ready a
	drill a 4 -j cluster drill crash --limit 4s --failback
	expect "back again" "$(drilled failback.done)" true
	lab_is a master || fail "a is not the master"
	expect_vip_on a
}

crash() {
	measured a 4 -j cluster drill crash --limit 6s
	took_over crash
	in_order
}

link() {
	measured a 4 -j cluster drill link --limit 6s
	took_over link
}

# refused_by_a WORDS ARGUMENT …: asked on b; nothing is dropped on a, which stays master.
refused_by_a() {
	local words=$1

	shift
	drill b 1 cluster drill "$@"
	grep -q "$words" "$LAB/drill.out" || fail "it says: $(cat "$LAB/drill.out")"
	! mute a || fail "a is mute: $(cat "$LAB/mute")"
	expect_vip_on a
}

# Of the three kinds, by force, too; and who is to watch is still asked.
asked_on_the_other_one() {
	local kind

	drill_ready a
	for kind in crash link split; do
		refused_by_a "the other director: run the drill on node a, or set drill { by-peer = true } there" $kind --limit 2s
		refused_by_a "run the drill on node a, or set drill { by-peer = true } there" $kind --limit 2s --force
	done
	drill b 0 cluster drill graceful
	expect_master_soon b 5
	expect_in_sync 15
	expect_soon "b knows the backup" '[ "$(lab_status b peers.0.vrrp.0.state)" = backup ]' 3
	drill b 0 cluster drill graceful
}

# a allows it: within its own bounds, and not by force.
allowed_by_a() {
	printf 'drill {\n\tby-peer = true\n}\n' >>"$LAB/a.conf"
	lab_ctl a config reload || fail "exit status $?"
	drill_ready a
	refused_by_a "run the drill on node a, or with --limit 30s: " crash --limit 31s --force
	lab_ctl b cluster maintenance on || fail "exit status $?"
	expect_soon "a knows" '[ "$(lab_status a peers.0.vrrp.0.state)" = maintenance ]' 3
	refused_by_a "the other director: vrrp web of node b is in maintenance" crash --limit 2s --force
	lab_ctl b cluster maintenance off || fail "exit status $?"
	measured b 4 -j cluster drill link --limit 6s
	took_over link
	drill_ready a
	refused_by_a "run the drill on node a, or in [0-9]* s: " crash --limit 2s
	refused_by_a "run the drill on node a, or in [0-9]* s: " link --limit 2s --force
	# Its own operator still may.
	drill a 0 cluster drill split --limit 1s
}

split() {
	measured a 0 -j cluster drill split --limit 6s
	expect passed "$(drilled passed)" true
	expect takeover_ms "$(drilled takeover_ms)" null
	echo "# split: gap at the client $gap_ms ms" >>"$LAB/figures"
	[ "$gap_ms" -lt 50 ] || fail "the client missed $gap_ms ms"
	expect "adverts of a in the silence" "$(heard_of_a | grep -i vrrp)" ""
	heard_of_a | grep -q 8405 || fail "its heartbeats are not there either"
	lab_logged b "the takeover is held" || fail "b has not held its takeover"
}

# begin_silence LIMIT: asked on a; the command is `asker`.
begin_silence() {
	drill_ready a
	lab_spawn asker a "$LAB_BUILD/directorctl" -s "$LAB/a/run/director.sock" cluster drill crash --limit "$1"
	expect_soon "a is mute" "mute a" 5
	expect_master_soon b 3
}

# Another connection of the node lives on meanwhile.
command_killed() {
	begin_silence 3s
	lab_stop asker KILL || fail "the command is still there"
	lab_exec client timeout 2 bash -c "echo >/dev/tcp/$(lab_address a)/9" 2>&1 | grep -q refused ||
		fail "a does not answer its operator"
	drill b 1 cluster drill split
	grep -q "a drill is under way" "$LAB/drill.out" || fail "it is not refused for that"
	expect_soon "a is not mute" "! mute a" 4
	drill_ready a
}

# It stands still beyond the limit: the kernel lets everything through by itself.
daemon_stopped() {
	local tap

	begin_silence 2s
	lab_signal a STOP
	lab_exec a nft list table netdev director-drill | grep -q 'meta time >= .* accept' || fail "no limit: $(cat "$LAB/mute")"
	tap=$(muted_port)
	expect "a datagram to the port in the silence" "$tap" lost
	sleep 2.5
	mute a || fail "who has ended it?"
	tap=$(muted_port)
	expect "… and after it" "$tap" heard
	lab_signal a CONT
	expect_soon "a is not mute" "! mute a" 3
	lab_stop asker KILL || true
	drill_ready a
}

# muted_port: whether a datagram that a sends from the port of the channel reaches the client's wire.
muted_port() {
	lab_capture client "src host $(lab_address a) and udp dst port 8405" >&2
	lab_exec a bash -c "echo x >/dev/udp/$(lab_address client)/8405"
	sleep 0.3
	lab_capture_stop client >&2
	if [ "$(lab_captured_count client)" -gt 0 ]; then echo heard; else echo lost; fi
}

# What is ordered in the silence holds behind it; a router that hears nobody is no master in it.
orders_meanwhile() {
	begin_silence 5s
	lab_ctl a cluster maintenance on --force || fail "exit status $?"
	lab_ctl a cluster maintenance off || fail "exit status $?"
	echo >>"$LAB/a.conf"
	lab_signal a HUP
	for _ in 1 2 3 4; do
		lab_is a maintenance || fail "a is $(lab_status a vrrp.0.state)"
		sleep 0.5
	done
	expect_soon "a speaks again" '! mute a' 5
	drill_ready a
}

daemon_killed() {
	begin_silence 20s
	lab_kill_director a
	! mute a || fail "a is mute yet"
	lab_start_director a "$LAB/a.conf"
	expect_master_soon a 10
	lab_stop asker KILL || true
	expect_soon "b has given it up" "lab_logged b 'drill crash: unknown'" 40
	lab_ctl b cluster drill history >"$LAB/said"
	grep -q "crash from a to b: unknown: the other director's record did not come$" "$LAB/said" ||
		fail "b says: $(head -n 1 "$LAB/said")"
	lab_ctl b cluster drill history "$(grep -m 1 unknown "$LAB/said" | cut -d ' ' -f 1)" >"$LAB/said"
	grep -q '^whether node a let go is not known$' "$LAB/said" || fail "b says: $(cat "$LAB/said")"
}

lab_up
lab_net6_up
for node in a b; do
	twin_conf >"$LAB/$node.conf"
done
run_case "the pair is in sync" begin
run_case "crash: nothing is heard of the master, the other one takes over" crash
run_case "crash, and back as soon as it can" crash_and_back
run_case "link: the same on the interface of the virtual routers" link
run_case "split: adverts alone are lost, and there is one master" split
run_case "asked on the other one it is refused, and how to do it is told" asked_on_the_other_one
run_case "allowed by the one that falls silent: seldom, shortly, and not by force" allowed_by_a
run_case "the command is killed: it ends at its limit" command_killed
run_case "the silent daemon stands still: the kernel ends it" daemon_stopped
run_case "orders in the silence: it goes on" orders_meanwhile
run_case "the silent daemon is killed: nothing is left of it" daemon_killed
cat "$LAB/figures"
finish
