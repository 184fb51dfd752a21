#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# status.sh [--quick]
#
# What it costs a master of $B in the lab, with a standby, to answer: the status of 1,000 farms of 100
# backends each, as directorctl and over HTTP, and to count 1,000,000 connections one by one. Of each how
# long it took, how late the election and the main loop were meanwhile, and how it compares with the least
# that it could be: the same octets through a pipe. Three minutes; --quick, with a tenth of everything, one.
# Exit status 1: a goal is missed, or there is no figure.
BENCH=$(cd "$(dirname "$0")" && pwd)
. "$BENCH/../lab/lab.sh"
. "$LAB_TOOLS/lib/check.sh"
. "$LAB_TOOLS/lib/twin.sh"
. "$LAB_TOOLS/lib/harm.sh"
. "$LAB_TOOLS/lib/listener.sh"
. "$BENCH/fail.sh"
# The index of flows is meant to be in memory, as /run is.
LAB_PREFIX=/dev/shm/director-lab.

FARMS=1000 BACKENDS=100 FLOWS=1000000
TIMES=50
GOAL_MS=200
# A backup waits 600 ms for adverts every 200 ms; how late something was is known by powers of two.
GOAL_ELECTION_US=65536
GOAL_MAIN_US=262144
GOAL_IDLE=5 # per cent of a processor
if [ "${1:-}" = --quick ]; then
	FARMS=100 FLOWS=100000 TIMES=20
	shift
fi
[ $# -eq 0 ] || {
	sed -n 's/^# \(status.sh.*\)/usage: \1/p' "$0" >&2
	exit 2
}
LAB_TIME_LIMIT=60
missed=0

# --- the pair ---------------------------------------------------------------------------------------

conf() {
	lab_conf_cluster
	lab_conf_vrrp
	echo "metrics { listen = \"127.0.0.1:$PORT\" }"
	awk -v farms="$FARMS" -v backends="$BACKENDS" 'BEGIN {
		for (f = 1; f <= farms; f++) {
			printf "farm \"f%d\" {\ndefault-checks = false\n", f
			printf "address = \"10.78.%d.%d\"\ninterface = \"eth0\"\n", f / 250, f % 250 + 1
			print "ports = { \"80\" }"
			for (b = 1; b <= backends; b++) {
				n = f * backends + b
				a = 17 + int(n / 65536); m = int(n / 256) % 256; l = n % 256
				printf "backend \"b%d\" { address = \"172.%d.%d.%d\" ", b, a, m, l
				printf "mac = \"02:00:00:%02x:%02x:%02x\" }\n", a, m, l
			}
			print "}"
		}
	}'
}

conf_flows() {
	local i

	lab_conf_cluster
	lab_conf_vrrp
	for i in 0 1 2 3; do
		farm dns$i udp "\"$((ECHO_PORT + i))\"" "$ROUND_ROBIN" 'udp-timeout = "1h"' \
			"max-connections = $FLOWS" 'gc-interval = "30s"'
	done
}

start() {
	local node

	for node in a b; do
		lab_launch_director $node
	done
	for node in a b; do
		expect_soon "the ruleset of $node is in the kernel" \
			"[ \"\$(lab_status $node ruleset.in_sync 2>/dev/null)\" = true ]" 120
	done
	expect_soon "a is master" "lab_is a master" 20
	expect_soon "the tables are alike" twins_in_sync 60
	sleep 2
}

# --- measuring --------------------------------------------------------------------------------------

# late WHAT: "less than N" milliseconds since harm_begins.
late() {
	awk -v us="$(harm_late "$1")" 'BEGIN { printf "%.1f", us / 1000 }'
}

# idle: what the master takes of a processor while nobody asks.
idle() {
	local pid ticks used verdict=met

	pid=$(cat "$LAB/a/pid")
	ticks=$(awk '{ print $14 + $15 }' "/proc/$pid/stat")
	sleep 10
	used=$((($(awk '{ print $14 + $15 }' "/proc/$pid/stat") - ticks) * 1000 / $(getconf CLK_TCK) / 100))
	[ $used -le $GOAL_IDLE ] || verdict=MISSED missed=1
	echo "idle: the master takes $used % of a processor; goal $GOAL_IDLE: $verdict"
}

# through_pipe FILE: ms.
through_pipe() {
	python3 - "$1" <<-'EOT'
		import subprocess, sys, time

		took = []
		for _ in range(9):
		    begun = time.monotonic()
		    subprocess.run("cat < '%s' | cat >/dev/null" % sys.argv[1], shell=True, check=True)
		    took.append(time.monotonic() - begun)
		print("%.1f" % (1000 * sorted(took)[4]))
	EOT
}

# time_of N COMMAND …: "MEDIAN MOST" in ms; its output goes to $LAB/said.
time_of() {
	python3 - "$LAB/said" "$@" <<-'EOT'
		import subprocess, sys, time

		took = []
		for _ in range(int(sys.argv[2])):
		    begun = time.monotonic()
		    with open(sys.argv[1], "w") as said:
		        subprocess.run(sys.argv[3:], check=True, stdout=said)
		    took.append(1000 * (time.monotonic() - begun))
		took.sort()
		print("%.0f %.0f" % (took[len(took) // 2], took[-1]))
	EOT
}

header() {
	printf '%-34s %6s %8s %8s %9s %8s %9s %9s\n' "what" times median most octets "x pipe" "election<" "main<"
}

# row WHAT GOAL_MS N COMMAND …: GOAL_MS 0: none.
row() {
	local what=$1 goal=$2 times=$3 median most octets pipe verdict=

	shift 3
	harm_begins a
	read -r median most <<<"$(time_of "$times" "$@")"
	lab_ctl a -j status >"$LAB/harm.after"
	[ -n "$most" ] || fail "no figure for $what"
	octets=$(stat -c %s "$LAB/said")
	pipe=$(through_pipe "$LAB/said")
	if [ "$goal" != 0 ]; then
		verdict="goal $goal ms: met"
		[ "$median" -le "$goal" ] || verdict="goal $goal ms: MISSED" missed=1
	fi
	[ "$(harm_late election)" -le $GOAL_ELECTION_US ] || verdict="$verdict, election MISSED" missed=1
	[ "$(harm_late main_loop)" -le $GOAL_MAIN_US ] || verdict="$verdict, main loop MISSED" missed=1
	awk -v what="$what" -v n="$times" -v median="$median" -v most="$most" -v octets="$octets" -v pipe="$pipe" \
		-v e="$(late election)" -v m="$(late main_loop)" -v verdict="$verdict" 'BEGIN {
		times = octets > 65536 ? sprintf("%.1f", median / pipe) : "-"
		printf "%-34s %6d %8d %8d %9d %8s %9s %9s   %s\n", what, n, median, most, octets, times,
			e, m, verdict }'
}

in_a() {
	echo ip netns exec "$(lab_ns a)"
}

ctl() {
	echo "$(in_a) $LAB_BUILD/directorctl -s $LAB/a/run/director.sock"
}


# --- rows -------------------------------------------------------------------------------------------

status_rows() {
	local began

	# shellcheck disable=SC2046
	row "directorctl -j status" $GOAL_MS $TIMES $(ctl) -j status
	# shellcheck disable=SC2046
	row "directorctl status" 0 5 $(ctl) status
	# shellcheck disable=SC2046
	row "directorctl -j farm show" 0 $TIMES $(ctl) -j farm show f1
	# shellcheck disable=SC2046
	row "HTTP /metrics, as it was" 0 $TIMES $(in_a) curl -sS --noproxy '*' "$URL/metrics"
	# shellcheck disable=SC2046
	row "HTTP /status, as it was" 0 $TIMES $(in_a) curl -sS --noproxy '*' "$URL/status"
	# shellcheck disable=SC2046
	row "directorctl -j status --watch, 10 s" 0 1 sh -c "timeout 10 $(ctl) -j status --watch >/dev/null || [ \$? = 124 ]"
	began=$(lab_status a farms.f1.counters_age_ms)
	echo "counters: ${began:-not known yet} ms old"
}

flows_rows() {
	# shellcheck disable=SC2046
	row "connections --count, of $(lab_status a flow_index.connections)" 0 3 $(ctl) connections --count
	echo "counted: $(cat "$LAB/said") of $FLOWS"
}

send_flows() {
	local i

	for i in 0 1 2 3; do
		ip -n "$(lab_ns a)" link add spare$i type veth peer name end$i
	done
	lab_exec switch nft -f - <<-EOT
		table netdev bench {
			chain in {
				type filter hook ingress device "a" priority 0;
				ip saddr 100.64.0.0/10 drop
			}
		}
	EOT
	lab_exec a "$LAB_BUILD/bench_twin" send eth0 $LAB_VIP "$ECHO_PORT" 4 100.65.0.0 udp "$FLOWS" 40000
}

lab_up
echo "status: $FARMS farms of $BACKENDS backends; how late in ms; x pipe: times the same octets through a pipe"
conf >"$LAB/director.conf"
ip -n "$(lab_ns a)" address add 172.16.0.1/12 dev eth0
ip -n "$(lab_ns b)" address add 172.16.0.2/12 dev eth0
start
idle
header
status_rows
lab_stop_director a
lab_stop_director b
for node in a b; do
	lab_directord $node -c "$LAB/director.conf" --clean
done
conf_flows >"$LAB/director.conf"
start
send_flows
sleep 3
flows_rows
exit $missed
