#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The lab itself: labs exist side by side, and leave nothing behind, however they end.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"

# another_lab: starts one in a process of its own, $LAB/another/pid; its directory is in
# $LAB/another/dir.
another_lab() {
	mkdir -p "$LAB/another"
	rm -f "$LAB/another/dir"
	# shellcheck disable=SC2016
	setsid bash -c '
		echo $$ >"$2/pid"
		. "$1/lab.sh"
		lab_up
		echo "$LAB" >"$2/dir"
		sleep 60 &
		wait
	' another "$LAB_TOOLS" "$LAB/another" >"$LAB/another/log" 2>&1 </dev/null &
	lab_wait_until "[ -s '$LAB/another/dir' ]" 10 || fail "no other lab: $(cat "$LAB/another/log")"
	OTHER=$(cat "$LAB/another/dir")
	OTHER_ID=${OTHER#"$LAB_PREFIX"}
	OTHER_PID=$(cat "$LAB/another/pid")
}

nothing_left_of_it() {
	[ ! -e "$OTHER" ] && ! ip netns list | grep -q "lab-$OTHER_ID-" &&
		! pgrep -f "$OTHER" >/dev/null
}

side_by_side() {
	local web

	another_lab
	for web in $LAB_WEBS; do
		expect "this lab's $web" "$(lab_curl "http://$(lab_address "$web")/")" "$web"
		expect "the other lab's $web" "$(ip netns exec "lab-$OTHER_ID-client" \
			curl -sS --noproxy '*' --max-time 3 "http://$(lab_address "$web")/")" "$web"
	done
	kill -TERM -- "-$OTHER_PID"
	expect_soon "all of it is gone" nothing_left_of_it 8
	expect "this lab's web1" "$(lab_curl "http://$(lab_address web1)/")" web1
}

killed_lab_is_swept() {
	another_lab
	kill -KILL -- "-$OTHER_PID"
	lab_wait_until "! kill -0 $OTHER_PID 2>/dev/null" 5
	[ -e "$OTHER" ] || fail "it was gone before it was swept"
	lab_sweep
	expect_soon "all of it is gone" nothing_left_of_it 5
	expect "this lab's web1" "$(lab_curl "http://$(lab_address web1)/")" web1
}

# The VIP is on every backend's lo, and none of them says so on the wire.
backends_are_silent() {
	lab_capture client arp and ether src not "$(lab_mac client)"
	! lab_answers "http://$LAB_VIP/" || fail "somebody answers without a director"
	lab_capture_stop client
	expect "answers to ARP for the VIP" "$(lab_captured_count client)" 0
}

lab_up
run_case "the backends are silent about the VIP" backends_are_silent
run_case "two labs side by side; one ends, the other stays" side_by_side
run_case "a killed lab is swept by the next" killed_lab_is_swept
finish
