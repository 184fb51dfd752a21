#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# cluster drill --probe: the gap that both directors see by way of each other is the one that a client sees.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"
. "$LAB_TOOLS/lib/drill.sh"

LIMIT=5s

# syns NODE: SYNs to the service that it has sent of its own since its capture began.
syns() {
	lab_captured "$1" "src host $(lab_address "$1") and dst host $LAB_VIP and dst port 80" |
		grep -c 'Flags \[S\]' || true
}

# measured TARGET NODE KIND …: while a client asks the same 500 times a second; its longest gap is in $gap_ms.
measured() {
	local target=$1 node=$2

	shift 2
	rm -f "$LAB/probe/log"
	lab_spawn probe client "$LAB_BUILD/directorctl" -j probe "$target" --rate 500
	sleep 1
	drill "$node" any -j cluster drill "$@" --probe "$target"
	sleep 0.2
	lab_stop probe INT || fail "the probe does not end"
	gap_ms=$(json_value longest_gap_ms <"$LAB/probe/log")
	echo "# $* at $target: gap_ms $(drilled gap_ms), the client $gap_ms ms, takeover_ms $(drilled takeover_ms)" |
		tee -a "$LAB/figures"
}

# agree MS: what either tells is the same, give or take so much: the client asks every 2 ms, the directors every 4.
agree() {
	[ "$(drilled gap_ms)" != null ] || fail "no gap: $(drilled gap_why)"
	awk -v d="$(drilled gap_ms)" -v c="$gap_ms" -v most="$1" 'BEGIN { exit !(d - c <= most && c - d <= most) }' ||
		fail "the drill tells $(drilled gap_ms) ms, the client missed $gap_ms ms"
}

# Either may be made silent from the other one.
conf() {
	twin_conf
	echo "drill { by-peer = true }"
}

# away TARGET NODE KIND: asked on NODE; a is the master.
away() {
	drill_ready a
	lab_capture a "tcp port 80"
	lab_capture b "tcp port 80"
	measured "$1" "$2" "$3" --limit "$LIMIT"
	lab_capture_stop a
	lab_capture_stop b
	expect probe "$(drilled probe)" "$1"
	expect gap_why "$(drilled gap_why)" ""
	agree 30
	[ "$(drilled gap_ms)" -gt 20 ] || fail "a gap of $(drilled gap_ms) ms?"
}

crash() {
	local took first rate

	away "$LAB_VIP:80" a crash
	# max-gap is 200 ms: the verdict is that of the service.
	expect passed "$(drilled passed)" "$([ "$(drilled gap_ms)" -le 200 ] && echo true || echo false)"
	[ "$(drilled gap_ms)" -le 200 ] || grep -q "the service was away for" "$LAB/drill.out" || fail "$(drilled why)"
	# Either asks every 4 ms and no longer than the drill.
	took=$(syns a)
	first=$(syns b)
	echo "# crash: a has sent $took SYNs, b $first" >>"$LAB/figures"
	[ "$took" -gt 300 ] && [ "$took" -le 1300 ] && [ "$first" -gt 10 ] && [ "$first" -le 600 ] ||
		fail "a has sent $took SYNs in 5 s, b $first until it was master"
	! lab_exec web1 ss -tn state syn-recv | grep -q ":80" || fail "backends keep half-open connections"
}

link6() {
	away "[$LAB_VIP6]:80" b link
}

orderly() {
	drill_ready "$1"
	measured "$LAB_VIP:80" "$2" graceful
	expect "exit status" "$status" 0
	agree 30
}

for_people() {
	local page

	drill_ready a
	drill a any cluster drill graceful --probe "$LAB_VIP:80" --html "$LAB/page.html"
	expect "exit status" "$status" 0
	grep -q "^gap at $LAB_VIP:80: [0-9]* ms$" "$LAB/drill.out" || fail "it tells no gap"
	lab_ctl b cluster drill history --html "$LAB/past.html" || fail "exit status $?"
	for page in page past; do
		grep -q "gap at $LAB_VIP:80</th><td class=\"good\">[0-9.]* ms</td><td>200 ms</td>" "$LAB/$page.html" ||
			fail "$page.html tells no gap"
	done
	sleep 0.5
	lab_capture a "tcp port 80"
	lab_capture b "tcp port 80"
	sleep 1
	lab_capture_stop a
	lab_capture_stop b
	# Checks have SYNs of their own, one a second and backend.
	[ $(($(syns a) + $(syns b))) -lt 30 ] || fail "they go on after the drill"
}

# refuses WORDS ARGUMENT …
refuses() {
	local words=$1

	shift
	drill a any cluster drill "$@"
	[ "$status" = 1 ] || fail "exit status $status"
	grep -qF "$words" "$LAB/drill.out" || fail "it says: $(cat "$LAB/drill.out")"
}

refusals() {
	refuses "no farm has port 81 of $LAB_VIP over TCP" crash --probe "$LAB_VIP:81"
	refuses "no farm has port 81 of $LAB_VIP over TCP" crash --force --probe "$LAB_VIP:81"
	refuses "over TCP" crash --probe "$(lab_address web1):80"
	refuses "over TCP" crash --probe "$LAB_VIP:$ECHO_PORT"
	# What the other one is not configured for it does not probe, whoever asks and by force.
	{
		cat "$LAB/a.conf"
		farm more tcp '"8090"'
	} >"$LAB/more.conf"
	cp "$LAB/a.conf" "$LAB/was.conf"
	cp "$LAB/more.conf" "$LAB/a.conf"
	lab_ctl a config reload || fail "a refuses it"
	lab_capture b "tcp port 8090 and src host $(lab_address b)"
	refuses "the other director: no farm has port 8090 of $LAB_VIP over TCP" graceful --force --probe "$LAB_VIP:8090"
	sleep 0.3
	lab_capture_stop b
	expect "frames of b to that port" "$(lab_captured_count b)" 0
	cp "$LAB/was.conf" "$LAB/a.conf"
	lab_ctl a config reload || fail "a refuses what it had"
	drill a any cluster drill split --probe "$LAB_VIP:80"
	expect "exit status" "$status" 2
	grep -qF "a split has one master all the time" "$LAB/drill.out" || fail "it says: $(cat "$LAB/drill.out")"
	drill a any cluster drill crash --probe 10.77.0.100
	expect "exit status" "$status" 2
}

# The standby is not let in: what it cannot see is said, and the rest is judged as without a probe.
unseen() {
	drill_ready b
	lab_exec b nft 'add table netdev shut; add chain netdev shut in { type filter hook ingress device eth0 priority -450; }; add rule netdev shut in ip saddr '"$(lab_address a) ip daddr $LAB_VIP tcp dport 80 drop"
	measured "$LAB_VIP:80" a graceful
	lab_exec b nft delete table netdev shut
	expect gap_ms "$(drilled gap_ms)" null
	expect gap_why "$(drilled gap_why)" "node a had no answer by way of node b"
	expect "exit status" "$status" 0
}

# The switch brings frames to the virtual MAC address to whoever sent from it last.
virtual_mac() {
	for node in a b; do
		lab_stop_director $node || fail "$node does not end"
		conf >"$LAB/$node.conf"
		lab_start_director $node "$LAB/$node.conf"
	done
	away "$LAB_VIP:80" b crash
	drill_ready a
	measured "$LAB_VIP:80" a graceful
	agree 30
}

lab_up
give_ipv6
for node in a b; do
	conf >"$LAB/$node.conf"
done
run_case "the pair is in sync" begin
run_case "crash: the gap is the client's" crash
run_case "link: the same over IPv6, asked on the other one" link6
run_case "graceful: none" orderly a a
run_case "graceful: none, asked on the other one" orderly b a
run_case "for people; afterwards nobody asks any more" for_people
run_case "a way that is not seen has no number" unseen
run_case "what is no farm's is not probed" refusals
LAB_VIP_DEVICE=v4-51-eth0
LAB_VRRP_KEYS="virtual-mac = true"
run_case "crash and graceful with a virtual MAC address" virtual_mac
cat "$LAB/figures"
finish
