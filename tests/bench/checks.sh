#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# checks.sh [--quick]
#
# What checks cost the daemon of $B, in the lab: 1,000 backends of as many farms, each asked every two
# seconds, by each kind of check in turn; the share of a processor that the daemon takes for it, and how
# late attempts begin. All backends are one nginx, which owns every address. Four minutes; --quick, with
# 100 backends, two. Exit status 1: a goal is missed, or there is no figure.
set -eu
BENCH=$(cd "$(dirname "$0")" && pwd)
. "$BENCH/../lab/lab.sh"
. "$LAB_TOOLS/lib/check.sh"
. "$BENCH/fail.sh"

BACKENDS=1000 SECONDS_OF_LOAD=20
INTERVAL_MS=2000
GOAL_PERCENT=15 # of one processor
# A whole handshake alone takes more than that (bench_check_http): of https it is asked to be in time.
GOAL_TLS_PERCENT=100
TLS_NAME=www.example.com
# A tenth of the interval is 200 ms; the daemon counts by powers of two.
LATE_US=131072
if [ "${1:-}" = --quick ]; then
	BACKENDS=100 SECONDS_OF_LOAD=5
	shift
fi
[ $# -eq 0 ] || {
	sed -n 's/^# \(checks.sh.*\)/usage: \1/p' "$0" >&2
	exit 2
}
missed=0

# addresses NET: one for each backend, 10.NET.0.1 and on.
addresses() {
	awk -v net="$1" -v n="$BACKENDS" 'BEGIN {
		for (i = 1; i <= n; i++) printf "10.%d.%d.%d\n", net, int(i / 250), i % 250 + 1 }'
}

network_up() {
	addresses 79 | sed 's|.*|address add &/16 dev eth0|' | ip -n "$(lab_ns web1)" -batch -
	addresses 80 | sed 's|.*|address add &/32 dev lo|' | ip -n "$(lab_ns web1)" -batch -
	ip -n "$(lab_ns a)" address add 10.79.255.1/16 dev eth0
}

# A frame through a veth goes all the way to the backend and back in the name of who sent it; of a real
# network the daemon would pay for its own part alone. So the daemon has one processor, and what arrives
# at either end of its cable is the other one's work (RPS).
processors_apart() {
	lab_exec switch sh -c 'echo 2 >/sys/class/net/a/queues/rx-0/rps_cpus'
	lab_exec a sh -c 'echo 2 >/sys/class/net/eth0/queues/rx-0/rps_cpus'
}

# An authority that vouches for itself, for each of the servers.
tls_up() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
		-subj "/CN=$TLS_NAME" -addext "subjectAltName = DNS:$TLS_NAME" \
		-keyout "$LAB/tls.key" -out "$LAB/tls.pem" 2>/dev/null
	lab_stop web1
	sed -i "s|^listen 80 .*|&\nlisten 443 ssl backlog=4096;\nssl_certificate $LAB/tls.pem;\nssl_certificate_key $LAB/tls.key;|" \
		"$LAB/web1/nginx.conf"
	lab_spawn web1 web1 nginx -p "$LAB/web1" -e "$LAB/web1/error.log" -c "$LAB/web1/nginx.conf"
}

# conf LINE: of each farm.
conf() {
	paste <(addresses 79) <(addresses 80) | awk -v check="$1" -v mac="$(lab_mac web1)" '{
		printf "farm \"f%d\" { address = \"%s\" interface = \"eth0\" ports = { \"80\" }\n", NR, $2
		printf "backend \"b\" { address = \"%s\" interface = \"eth0\" mac = \"%s\" }\n", $1, mac
		printf "%s }\n", check }'
}

# health: of the status, "ATTEMPTS GOOD LATE", LATE those that began later than LATE_US.
health() {
	lab_ctl a -j status | python3 -c '
import json, sys
h = json.load(sys.stdin)["health"]
late = sum(b["count"] for b in h["late"] if b["below_us"] is None or b["below_us"] > int(sys.argv[1]))
print(sum(h["outcomes"].values()), h["outcomes"].get("good", 0), late)' $LATE_US
}

processor_ms() {
	awk -v hz="$(getconf CLK_TCK)" '{ print ($14 + $15) * 1000 / hz }' "/proc/$(cat "$LAB/a/pid")/stat"
}

# idle WHAT: the daemon without a check.
idle() {
	local used

	conf 'default-checks = false' >"$LAB/director.conf"
	lab_start_director a
	taskset -a -p 1 "$(cat "$LAB/a/pid")" >/dev/null
	sleep 5
	used=$(processor_ms)
	sleep $SECONDS_OF_LOAD
	used=$(($(processor_ms) - used))
	lab_stop_director a
	awk -v what="$1" -v used="$used" -v s=$SECONDS_OF_LOAD \
		'BEGIN { printf "%-28s %8s %6s %10.1f\n", what, "-", "-", used / s / 10 }'
}

# row WHAT CHECK [GOAL_PERCENT]
row() {
	local before after used attempts good late verdict=met goal=${3:-$GOAL_PERCENT}

	conf "check \"c\" { $2 interval = \"2s\" timeout = \"1s\" }" >"$LAB/director.conf"
	lab_start_director a
	taskset -a -p 1 "$(cat "$LAB/a/pid")" >/dev/null
	expect_soon "the checks of type $1 are settled" \
		"[ \$(health | awk '{ print \$2 }') -ge $((2 * BACKENDS)) ]" 20
	before=$(health) used=$(processor_ms)
	sleep $SECONDS_OF_LOAD
	used=$(($(processor_ms) - used)) after=$(health)
	lab_stop_director a
	read -r attempts good late <<<"$(echo "$before $after" | awk '{ print $4 - $1, $5 - $2, $6 - $3 }')"
	awk -v used="$used" -v s=$SECONDS_OF_LOAD -v goal="$goal" \
		'BEGIN { exit used / s / 10 >= goal }' || verdict=MISSED
	[ "$late" = 0 ] || verdict=MISSED
	[ "$attempts" -ge $((BACKENDS * SECONDS_OF_LOAD * 1000 / INTERVAL_MS * 97 / 100)) ] || verdict=MISSED
	[ "$verdict" = met ] || missed=1
	awk -v what="$1" -v used="$used" -v s=$SECONDS_OF_LOAD -v n="$attempts" -v bad=$((attempts - good)) \
		-v late="$late" -v verdict=$verdict 'BEGIN {
		printf "%-28s %8d %6d %10.1f %10.1f %6d   %s\n", what, n, bad, used / s / 10,
			1000 * used / n, late, verdict }'
}

lab_up
network_up
tls_up
processors_apart
echo "checks: $BACKENDS backends every $INTERVAL_MS ms for $SECONDS_OF_LOAD s; goal: less than" \
	"$GOAL_PERCENT % of a processor, none later than $((LATE_US / 1000)) ms"
printf '%-28s %8s %6s %10s %10s %6s\n' check attempts bad "processor%" "us each" late
[ "$(nproc)" -ge 2 ] || fail "two processors are needed"
# The tables of a thousand farms are made by the first one; the next ones find them.
idle "none, after the first start"
idle "none"
row "dsr" 'type = "dsr"'
row "http, virtual address" 'type = "http" path = "/healthz"'
row "http, own address" 'type = "http" path = "/healthz" through = "address"'
row "http, expected body" 'type = "http" path = "/healthz" expect-body = "^ok"'
row "https, virtual address" "type = \"https\" port = 443 path = \"/healthz\" host = \"$TLS_NAME\" ca-file = \"$LAB/tls.pem\"" $GOAL_TLS_PERCENT
row "tcp, own address" 'type = "tcp" through = "address"'
row "icmp" 'type = "icmp"'
exit $missed
