#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Frames that a director sees but must not forward: those that a switch floods, and those that the
# other director has forwarded already.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"

capture_backends() {
	local web

	for web in $LAB_WEBS; do
		lab_capture "$web" tcp dst port 80 and ether dst "$(lab_mac "$web")"
	done
}

capture_backends_stop() {
	local web

	for web in $LAB_WEBS; do
		lab_capture_stop "$web"
	done
}

# captured_by_backends FILTER: how many such frames all of them received.
captured_by_backends() {
	local web n=0

	for web in $LAB_WEBS; do
		n=$((n + $(lab_captured_count "$web" "$@")))
	done
	echo "$n"
}

flooded_frames_are_not_duplicated() {
	local connections=60

	lab_switch_floods
	lab_capture b # promiscuous, as whoever looks for a fault would run it
	capture_backends
	expect_no_loss "$(lab_load --count $connections --rate 100)"
	lab_capture_stop b
	capture_backends_stop
	# Proof that the frames were flooded: the standby has seen them.
	[ "$(lab_captured_count b "tcp[tcpflags] == tcp-syn and ether dst $(lab_mac a)")" -ge $connections ] ||
		fail "the switch did not flood"
	expect "SYNs at the backends" "$(captured_by_backends 'tcp[tcpflags] == tcp-syn')" $connections
	expect "frames of the standby" "$(captured_by_backends ether src "$(lab_mac b)")" 0
}

# inject SOURCE-HOST SOURCE-MAC SOURCE-ADDRESS SOURCE-PORT: a SYN for the VIP, sent to a.
inject() {
	lab_inject "$1" --dst-mac "$(lab_mac a)" --src-mac "$2" --src "$3" --dst "$LAB_VIP" --sport "$4"
}

# Two directors can take each other for a backend only when a farm says so; then they are on guard.
b_becomes_a_backend() {
	cat >>"$LAB/director.conf" <<-EOT
		farm "mutual" {
			default-checks = false
			address = "$LAB_VIP"
			interface = "eth0"
			ports = "8099"
			backend "b" { address = "$(lab_address b)" }
		}
	EOT
	lab_ctl a config reload || fail "config reload: exit status $?"
	expect_soon "a is on guard" "lab_table a | grep -q 'ether saddr $(lab_mac b) .* accept'" 10
}

peer_frames_are_not_forwarded() {
	local port

	! lab_table a | grep -q 'ether saddr [0-9a-f]' || fail "a guards against what cannot be"
	b_becomes_a_backend
	capture_backends
	for port in 6001 6002 6003; do
		inject b "$(lab_mac b)" 10.77.0.10 $port
		inject b "$(lab_mac b)" "$(lab_address b)" $((port + 100))
		inject client "$(lab_mac client)" 10.77.0.10 $((port + 200))
	done
	expect_soon "the client's own frames are forwarded" \
		"[ \$(captured_by_backends tcp src portrange 6201-6203 and 'tcp[tcpflags] == tcp-syn') = 3 ]" 3
	capture_backends_stop
	expect "frames that came from the other director, forwarded" \
		"$(captured_by_backends tcp src portrange 6001-6003)" 0
	expect "requests of the other director itself, forwarded" \
		"$(captured_by_backends tcp src portrange 6101-6103 and 'tcp[tcpflags] == tcp-syn')" 3
}

broadcast_is_not_forwarded() {
	capture_backends
	lab_inject client --dst-mac ff:ff:ff:ff:ff:ff --src-mac "$(lab_mac client)" \
		--src 10.77.0.10 --dst "$LAB_VIP" --sport 6301
	lab_inject client --dst-mac "$(lab_mac a)" --src-mac "$(lab_mac client)" \
		--src 10.77.0.10 --dst "$LAB_VIP" --sport 6302
	expect_soon "the frame for a is forwarded" \
		"[ \$(captured_by_backends tcp src port 6302 and 'tcp[tcpflags] == tcp-syn') = 1 ]" 3
	capture_backends_stop
	expect "broadcast frames, forwarded" "$(captured_by_backends tcp src port 6301)" 0
}

lab_up
lab_start_pair
run_case "frames from the other director do not loop" peer_frames_are_not_forwarded
run_case "a broadcast frame is not forwarded" broadcast_is_not_forwarded
run_case "a flooding switch duplicates nothing" flooded_frames_are_not_duplicated
finish
