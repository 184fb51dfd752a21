#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What has to be copied to several backends is bounded: a flood of forged ICMP errors, or of fragments
# without a first one, makes no more copies than the limit, the rest is counted, and the flows of the
# farm do not notice.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"
. "$LAB_TOOLS/lib/flows.sh"
. "$LAB_TOOLS/lib/protocol.sh"

# Copies a second to all backends together, as director(7) has them.
ERROR_COPIES=8000
FRAGMENT_COPIES=100000

# So many come in a second, much more than the limit.
ERRORS=20000
FRAGMENTS=70000

# Packets a second of the flows beside it.
# shellcheck disable=SC2034 # of lib/flows.sh
LAB_FLOWS_RATE=10000

# The backends count what is copied to them and are spared the rest.
sinks() {
	local web

	lab_flows_prepare
	for web in $LAB_WEBS; do
		lab_exec "$web" nft -f - <<-EOT
			table netdev sink {
				counter errors { }
				counter fragments { }
				chain copies {
					type filter hook ingress device "eth0" priority -1
					ip saddr 198.18.0.0/16 icmp type 3 counter name errors drop
					ip saddr 198.18.0.0/16 ip frag-off & 0x1fff != 0 counter name fragments drop
				}
			}
		EOT
	done
}

# received WEB errors|fragments
received() {
	lab_exec "$1" nft reset counter netdev sink "$2" | awk '$1 == "packets" { print $2 }'
}

# too_many CHAIN: packets that its limit has dropped.
too_many() {
	lab_exec a nft list chain netdev director "$1" |
		sed -n 's/.*counter packets \([0-9]*\) .*drop comment "too many to copy".*/\1/p'
}

begin() {
	sinks
	{
		lab_conf_cluster
		vrrp
		farm turns tcp '"80"' 'scheduler = "round-robin"'
		farm dns udp '"53"' 'fragments = "spray"'
	} >"$LAB/director.conf"
	lab_start_director a
	lab_wait_master a
}

spray_chain() {
	lab_exec a nft list table netdev director | sed -n 's/.*chain \(spray-[^ ]*\) {/\1/p'
}

# flood error|fragment PORT RATE SECONDS: sets SENT and TOOK.
flood() {
	local result

	result=$(lab_exec switch timeout 30 "$LAB_TOOLS/flood.py" a "$(lab_mac a)" "$LAB_VIP" "$2" "$1" "$3" \
		"$4")
	SENT=${result% *}
	TOOK=${result#* }
}

# bounded KIND PORT RATE CHAIN LIMIT SECONDS: flows go on while the flood lasts.
bounded() {
	local kind=$1 chain=$4 limit=$5 before dropped got=0 n web status=0

	before=$(too_many "$chain")
	for web in $LAB_WEBS; do
		received "$web" "${kind}s" >/dev/null
	done
	lab_flows_start "$LAB_VIP:80" --flows 1000 --churn 200 --churn-alive 200 --duration 60
	sleep 1
	flood "$kind" "$2" "$3" "$6"
	sleep 0.5
	lab_flows_end
	dropped=$(($(too_many "$chain") - before))
	for web in $LAB_WEBS; do
		n=$(received "$web" "${kind}s")
		echo "$web got $n of $SENT ${kind}s"
		[ "$got" = 0 ] || expect "copies to $web" "$n" "$got"
		got=$n
	done
	echo "$SENT in $TOOK s, $((3 * got)) copies, $dropped dropped"
	expect "received and dropped" $((got + dropped)) "$SENT"
	[ "$(awk "BEGIN { print (3 * $got <= $limit * $TOOK) }")" = 1 ] ||
		fail "$((3 * got)) copies in $TOOK s are more than $limit a second"
	[ "$(awk "BEGIN { print (3 * $got >= 0.8 * $limit * $TOOK) }")" = 1 ] ||
		fail "$((3 * got)) copies in $TOOK s are too few for $limit a second"
	lab_flows_judge || status=$?
	cat "$LAB/verdict"
	expect "exit status of the judge" "$status" 0
}

lab_up
run_case "a director starts" begin
run_case "forged ICMP errors, the first second" bounded error 80 $ERRORS errors-turns $ERROR_COPIES 1
run_case "forged ICMP errors" bounded error 80 $ERRORS errors-turns $ERROR_COPIES 4
run_case "fragments without a first one, the first second" \
	bounded fragment 53 $FRAGMENTS "$(spray_chain)" $FRAGMENT_COPIES 1
run_case "fragments without a first one" \
	bounded fragment 53 $FRAGMENTS "$(spray_chain)" $FRAGMENT_COPIES 4
finish
