#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Everything that may happen to flows and to a pair within half a minute (lib/churn.sh), and what the two
# kernels remember of it: the same. tests/bench/twin_churn.sh does it with more flows, and for longer.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"
. "$LAB_TOOLS/lib/twin.sh"
. "$LAB_TOOLS/lib/churn.sh"

FLOWS=3000 PACKETS_A_SECOND=1000
SECONDS_OF_CHURN=27
LEAST_S=5 # the maps are not read in the same moment

begin() {
	local node

	churn_prepare
	for node in a b; do
		lab_start_director $node
	done
	expect_soon "a is master" "lab_is a master && lab_has_vip a" 10
	expect_soon "the backends of a are up" "all_up a" 15
	expect_soon "the backends of b are up" "all_up b" 15
	expect_in_sync 10
}

everything_happens() {
	local connections

	connections=$(twin a connections) # two, when both have dialled in the same moment
	churn_start
	churn_through $SECONDS_OF_CHURN
	churn_stop
	expect_soon "b is master" "lab_is b master && lab_has_vip b" 5
	expect_soon "nothing waits and both are in sync" churn_quiet 15
	# It was cut for less than it can wait for.
	expect "connections between a and b" "$(twin a connections)" "$connections"
}

# What ends by itself on the master may be known to it two seconds later.
kernels_are_alike() {
	local status=0

	churn_compare $LEAST_S || status=$?
	cat "$LAB/compared"
	if [ $status = 2 ]; then
		sleep 5
		status=0
		churn_compare $LEAST_S || status=$?
		cat "$LAB/compared"
	fi
	[ "$(churn_compared both)" -ge $((FLOWS / 3)) ] || fail "there are few: $(paste -sd , "$LAB/compared")"
	[ $status = 0 ] || fail "they are not: $(paste -sd , "$LAB/compared")"
}

# A comparison that cannot fail would prove nothing.
a_difference_is_seen() {
	local line status=0

	line=$(awk '$1 ~ /^flows:/ && $3 > 20 { print; exit }' "$LAB/a.dump")
	grep -vF "$line" "$LAB/a.dump" >"$LAB/other.dump"
	echo "${line% * *} 0x1 ${line##* }" >>"$LAB/other.dump"
	"$LAB_TOOLS/lib/flow_compare.py" "$LAB/a.dump" "$LAB/other.dump" $LEAST_S >"$LAB/compared" || status=$?
	expect "status" $status 1
	expect "different" "$(churn_compared different)" 1
	expect "missing" "$(churn_compared missing)" 0
}

# A director that the machine keeps waiting must not lose the addresses but when it is told to.
# shellcheck disable=SC2034
LAB_ADVERTISE_INTERVAL=1s
lab_up
churn_conf >"$LAB/director.conf"
run_case "the pair is in sync" begin
run_case "flows come and go while everything happens" everything_happens
run_case "both kernels remember the same" kernels_are_alike
run_case "… and a difference would be seen" a_difference_is_seen
finish
