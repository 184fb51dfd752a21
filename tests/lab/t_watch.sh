#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `status --watch` on a terminal and into a file: what changes is seen soon, a daemon that goes and comes back
# as well, and the terminal is given back as it was, however it ends.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"

# watch_start: of director b, on a terminal of 80 columns and 24 lines.
watch_start() {
	SCREEN=$(mktemp "$LAB/screen.XXXXXX")
	rm -f "$SCREEN" "$LAB/orders" "$LAB/watch.end"
	mkfifo "$LAB/orders"
	python3 "$LAB_TOOLS/lib/watch_terminal.py" "$SCREEN" 80 24 env TERM=xterm LC_ALL=C.UTF-8 \
		ip netns exec "$(lab_ns b)" "$LAB_BUILD/directorctl" -s "$LAB/b/run/director.sock" \
		status --watch --interval 500ms <"$LAB/orders" >"$LAB/watch.end" 2>&1 &
	WATCH=$!
	trap 'kill "$WATCH" || true' EXIT # a case that fails; without its terminal the program ends, too
	exec 9>"$LAB/orders"
	expect_soon "the screen is there" "sees 'vrrp .*BACKUP\|vrrp .*backup\|vrrp .*MASTER'" 3
}

# watch_end: it has ended, and the terminal is as it was.
watch_end() {
	expect_soon "it ends" "grep -q '^screen' '$LAB/watch.end'" 3
	exec 9>&-
	wait "$WATCH" || true
	trap - EXIT
	cat "$LAB/watch.end"
	grep -qx "modes same" "$LAB/watch.end" || fail "the terminal's modes are not as before"
	grep -qx "cursor shown" "$LAB/watch.end" || fail "the cursor is hidden"
	grep -qx "screen back" "$LAB/watch.end" || fail "the other screen is still there"
	grep -qx "unknown 0" "$LAB/watch.end" || fail "sequences that the test does not know"
}

sees() {
	LC_ALL=C.UTF-8 grep -q "$1" "$SCREEN"
}

order() {
	echo "$*" >&9
}

shows_a_failover() {
	watch_start
	sees 'peer a .*connected' || fail "the other director is not connected"
	lab_ctl a cluster failover
	expect_soon "MASTER is on the screen" "sees 'vrrp .*MASTER'" 2
	lab_ctl b cluster failover
	expect_soon "backup is on the screen" "sees 'vrrp .*backup'" 2
	order key q
	watch_end
	grep -qx "exit 0" "$LAB/watch.end" || fail "it did not end with 0"
}

obeys_keys() {
	watch_start
	sees '  web1' || fail "web1 is not there"
	order key /web2
	expect_soon "the filter is shown" "sees 'filter: web2_'" 2
	expect_soon "only web2 is left" "sees '  web2' && ! sees '  web1'" 2
	order key '\x1b'
	expect_soon "web1 is back" "sees '  web1'" 2
	order key ' '
	expect_soon "it pauses" "sees PAUSED" 2
	order key ' '
	order size 40 10
	expect_soon "it is smaller" "[ \$(wc -l <'$SCREEN') = 10 ] && ! sees '.\{41\}'" 2
	order size 120 30
	expect_soon "there is room for MAC addresses" "sees '$(lab_mac web1)'" 2
	order key q
	watch_end
}

ends_on_a_signal() {
	local signal

	for signal in INT TERM HUP; do
		watch_start
		order signal $signal
		watch_end
	done
	watch_start
	order key '\x03'
	watch_end
}

stops_and_goes_on() {
	watch_start
	order key '\x1a'
	expect_soon "it stops and gives the terminal back" "grep -qx 'stopped sane' '$LAB/watch.end'" 2
	rm "$SCREEN"
	order signal CONT
	expect_soon "it goes on" "[ -e '$SCREEN' ] && sees '  web1'" 2
	order key q
	watch_end
}

tells_of_a_daemon_that_is_away() {
	watch_start
	lab_stop_director b
	expect_soon "it says so" "sees 'NO ANSWER.*not running'" 2
	sees '  web1' || fail "what was known has gone"
	lab_start_director b
	expect_soon "it goes on" "! sees 'NO ANSWER' && sees 'started .* ago'" 5
	# One that is stopped takes the question and says nothing; the keys are heard all the same.
	lab_signal b STOP
	expect_soon "silence is told" "sees 'NO ANSWER.*says nothing'" 5
	order key q
	watch_end
	lab_signal b CONT
	grep -qx "exit 3" "$LAB/watch.end" || fail "it did not end with 3"
}

is_plain_in_a_file() {
	lab_ctl b status --watch --interval 200ms --count 3 >"$LAB/watch.out" || fail "exit status $?"
	cat "$LAB/watch.out"
	! grep -q $'\033' "$LAB/watch.out" || fail "there are escapes in it"
	expect blocks "$(grep -c '^vrrp ' "$LAB/watch.out")" 3
	expect "JSON documents" "$(lab_ctl b -j status --watch --interval 200ms --count=2 |
		python3 -c 'import json, sys
text, n = sys.stdin.read().strip(), 0
while text:
    end = json.JSONDecoder().raw_decode(text)[1]
    text, n = text[end:].strip(), n + 1
print(n)')" 2
	! lab_ctl b status --count 3 2>"$LAB/watch.out" || fail "--count without --watch was taken"
	grep -q -- "--watch" "$LAB/watch.out"
}

# What a client's requests are is what the screen tells: 50 a second.
shows_rates() {
	local shown

	lab_load_start --rate 50 --timeout 2
	sleep 1
	lab_ctl a status --watch --interval 1s --count 4 >"$LAB/watch.out" || fail "exit status $?"
	expect_no_loss "$(lab_load_end)"
	cat "$LAB/watch.out"
	shown=$(sed -n 's/.*; \([0-9]*\) new\/s, .*/\1/p' "$LAB/watch.out" | tail -n 1)
	[ "${shown:-0}" -ge 35 ] && [ "$shown" -le 65 ] || fail "it shows \"$shown\" new connections a second"
}

lab_up
# A scheduler that has to remember its connections, so that there are new ones to be counted.
{ lab_conf_cluster && lab_conf_vrrp && lab_conf_farm www round-robin '"80"'; } >"$LAB/director.conf"
lab_start_pair
run_case "a failover is on the screen within two seconds, q ends it" shows_a_failover
run_case "keys filter, pause; a resize is followed" obeys_keys
run_case "each signal and Ctrl-C give the terminal back" ends_on_a_signal
run_case "Ctrl-Z gives the terminal back, fg takes it again" stops_and_goes_on
run_case "a daemon that is away or silent is told, and it goes on" tells_of_a_daemon_that_is_away
run_case "in a file: plain blocks, as many as asked for" is_plain_in_a_file
run_case "rates are those of the traffic" shows_rates
finish
