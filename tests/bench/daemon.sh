#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# daemon.sh [--quick]: the memory of a running directord of $B, in a network namespace of its own:
# after its start, after a reload, and the most that it has needed for either. --quick leaves the
# large configuration out. Exit status 1: a goal is missed, or it could not be measured.
set -u
cd "$(dirname "$0")/../.." || exit 1
B=${B:-build}

NS=bench-daemon-$$
DIR=$(mktemp -d)
GOAL_MIB=24 # of a daemon whose farms are all Maglev's, with any number of flows
pid=
missed=0
trap 'finish' EXIT

finish() {
	[ -z "$pid" ] || kill "$pid" 2>/dev/null
	wait
	ip netns delete "$NS" 2>/dev/null
	rm -rf "$DIR"
}

# configuration FARMS BACKENDS
configuration() {
	awk -v farms="$1" -v backends="$2" 'BEGIN {
		for (f = 0; f < farms; f++) {
			printf "farm \"f%d\" {\ndefault-checks = false\naddress = \"10.77.%d.%d\"\ninterface = \"eth0\"\n", f,
				int((f + 1) / 256), (f + 1) % 256
			print "ports = { \"80\" }"
			for (b = 0; b < backends; b++) {
				n = f * backends + b + 1
				a = 100 + int(n / 65536); m = int(n / 256) % 256; l = n % 256
				printf "backend \"b%d\" { address = \"10.%d.%d.%d\" ", b, a, m, l
				printf "mac = \"02:00:00:%02x:%02x:%02x\" }\n", a, m, l
			}
			print "}"
		}
	}'
}

# said PATTERN N: the log has it N times within two minutes.
said() {
	local tries=0

	until [ "$(grep -c "$1" "$DIR/log")" -ge "$2" ]; do
		tries=$((tries + 1))
		kill -0 "$pid" 2>/dev/null && [ $tries -lt 1200 ] || return 1
		sleep 0.1
	done
}

# mib FIELD: of the daemon's status.
mib() {
	awk -v field="$1:" '$1 == field { printf "%.1f", $2 / 1024 }' "/proc/$pid/status"
}

# measure FARMS BACKENDS [GOAL]
measure() {
	local start start_peak plans after peak verdict=

	configuration "$1" "$2" >"$DIR/conf"
	: >"$DIR/log"
	ip netns exec "$NS" "$B/directord" -v -c "$DIR/conf" --runtime-dir "$DIR/run" >"$DIR/log" 2>&1 &
	pid=$!
	said "ruleset applied" 1 || return 1
	sleep 1
	start=$(mib VmRSS) start_peak=$(mib VmHWM)
	echo 5 >"/proc/$pid/clear_refs"
	plans=$(grep -c "planned in" "$DIR/log")
	kill -HUP "$pid"
	said "reloaded" 1 && said "planned in" $((plans + 1)) || return 1
	sleep 1
	after=$(mib VmRSS) peak=$(mib VmHWM)
	if [ -n "${3:-}" ]; then
		verdict=$(awk -v a="$start" -v b="$after" -v goal="$3" 'BEGIN {
			print "; goal " goal " " (a <= goal && b <= goal ? "met" : "MISSED") }')
		[[ $verdict == *met ]] || missed=1
	fi
	printf 'daemon, %d farms x %d backends: %s MiB after the start (peak %s), %s after a reload' \
		"$1" "$2" "$start" "$start_peak" "$after"
	printf ' (peak %s)%s\n' "$peak" "$verdict"
	kill "$pid"
	wait "$pid"
	pid=
	ip netns exec "$NS" "$B/directord" -c "$DIR/conf" --runtime-dir "$DIR/run" --clean
}

ip netns add "$NS" && ip -n "$NS" link add eth0 type veth peer name peer0 &&
	ip -n "$NS" link set peer0 up && ip -n "$NS" link set eth0 up &&
	ip -n "$NS" address add 10.0.0.1/8 dev eth0 || exit 1
measure 1 3 $GOAL_MIB && measure 10 10 $GOAL_MIB || exit 1
if [ "${1:-}" != --quick ]; then
	measure 1000 100 $GOAL_MIB || exit 1
fi
exit $missed
