#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The status of many backends comes in parts: it is all there, a directorctl that knows of no parts gets it
# whole, and one that reads slowly gets the farms of the configuration with which its answer began.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"

FARMS=60 BACKENDS=100

# conf FARMS
conf() {
	awk -v farms="$1" -v backends=$BACKENDS 'BEGIN {
		for (f = 1; f <= farms; f++) {
			printf "farm \"f%d\" {\ndefault-checks = false\n", f
			printf "address = \"10.78.0.%d\"\ninterface = \"eth0\"\nports = { \"80\" }\n", f
			for (b = 1; b <= backends; b++) {
				printf "backend \"b%d\" { address = \"172.16.%d.%d\" ", b, f, b
				printf "mac = \"02:00:00:00:%02x:%02x\" }\n", f, b
			}
			print "}"
		}
	}' >"$LAB/director.conf"
}

begins() {
	conf $FARMS
	ip -n "$(lab_ns a)" address add 172.16.0.254/16 dev eth0
	lab_start_director a
	expect_soon "it is in sync" "[ \"\$(lab_status a ruleset.in_sync)\" = true ]" 20
}

# As many elements as there are buckets: the roll of one piece a second would take a quarter of a minute.
counters_are_known_soon() {
	expect_soon "the counters are known" "[ \"\$(lab_status a farms.f1.counters_age_ms)\" != null ]" 5
	expect "packets of f$FARMS" "$(lab_status a farms.f$FARMS.packets)" 0
}

json() {
	lab_ctl a -j status | python3 -c '
import json, sys
s = json.load(sys.stdin)
print(len(s["farms"]), sum(len(f["backends"]) for f in s["farms"]), s["farms"][-1]["backends"][-1]["address"],
      s["ruleset"]["in_sync"], list(s)[0], list(s)[-1])'
}

it_is_all_there() {
	expect "the JSON" "$(json)" "$FARMS $((FARMS * BACKENDS)) 172.16.$FARMS.$BACKENDS True node config"
	expect "farms of farm list" "$(lab_ctl a farm list | grep -c '^[^ ].* f[0-9]')" $FARMS
	expect "backends of backend list" "$(lab_ctl a backend list | grep -c 172.16.)" $((FARMS * BACKENDS))
	expect "backends of -j backend list" "$(lab_ctl a -j backend list | grep -c '"address"')" \
		$((FARMS * BACKENDS))
}

parts() {
	python3 "$LAB_TOOLS/parts.py" "$LAB/a/run/director.sock" "$@"
}

in_one_reply() {
	expect "the answer" "$(parts whole)" "1 replies, $FARMS farms, the last f$FARMS"
	expect "the answer" "$(parts parts)" "several replies, $FARMS farms, the last f$FARMS"
}

another_configuration_comes() {
	conf 2
	expect "the answer" \
		"$(parts parts "$LAB_BUILD/directorctl" -s "$LAB/a/run/director.sock" config reload)" \
		"several replies, $FARMS farms, the last f$FARMS"
	expect "the JSON" "$(json)" "2 $((2 * BACKENDS)) 172.16.2.$BACKENDS True node config"
}

# Whoever goes before the end holds nobody up.
somebody_leaves() {
	conf $FARMS
	lab_ctl a config reload
	! parts parts false 2>/dev/null || fail "it went on"
	lab_ctl a -j status | head -c 1000 >"$LAB/said" || true
	expect "the JSON" "$(json)" "$FARMS $((FARMS * BACKENDS)) 172.16.$FARMS.$BACKENDS True node config"
	[ -z "$(lab_reports)" ] || fail "a sanitizer has something to say: $(lab_reports | head -n 5)"
}

# With the first octets printed the daemon goes: what was printed is no document, and that is told.
the_daemon_goes() {
	local status=0

	mkfifo "$LAB/pipe"
	lab_ctl a -j status >"$LAB/pipe" 2>"$LAB/told" &
	exec 9<"$LAB/pipe"
	head -c 1000 <&9 >"$LAB/said"
	kill -KILL "$(cat "$LAB/a/pid")"
	cat <&9 >>"$LAB/said"
	exec 9<&-
	wait $! || status=$?
	expect "exit status" $status 3
	grep -q 'gave no answer' "$LAB/told" || fail "it says: $(cat "$LAB/told")"
	! python3 -m json.tool "$LAB/said" >"$LAB/json" 2>&1 || fail "it looks like a whole document"
}

lab_up
run_case "a director with many backends" begins
run_case "counters are known soon" counters_are_known_soon
run_case "all of it is there" it_is_all_there
run_case "one reply for whoever does not know of parts" in_one_reply
run_case "a reload while somebody reads" another_configuration_comes
run_case "somebody leaves in the middle" somebody_leaves
run_case "the daemon goes in the middle" the_daemon_goes
finish
