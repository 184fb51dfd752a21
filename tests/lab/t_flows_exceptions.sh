#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# After a transition a Maglev farm holds the exceptions that live, and no others; when they have ended it
# holds nothing.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"
FLOWS=${FLOWS:-20000}
. "$LAB_TOOLS/lib/schedulers.sh"

remembered() {
	lab_status a farms.short.transition.exceptions
}

counted() {
	lab_ctl a connections --farm short ${1:+--backend "$1"} --count
}

# remembered_are_constant: closing ones have gone; what is left is in REMEMBERED.
remembered_are_constant() {
	local before=${REMEMBERED:-}

	sleep 1
	REMEMBERED=$(remembered)
	[ "$REMEMBERED" = "$before" ] && [ "$REMEMBERED" = "$(counted)" ]
}

# flows_on BACKEND BELOW: how many of the flows that last, with lower numbers, it got packets of.
flows_on() {
	awk -v below="$2" 'NF == 9 && $1 < below { n++ } END { print n + 0 }' "$LAB/flows/$1"
}

only_the_living_are_remembered() {
	local keep=$((FLOWS / 10)) all few all_on_web1

	farm_is short
	start_fresh 3
	expect "remembered in the steady state" "$(remembered)" 0
	lab_flows_start "$LAB_VIP:$PORT" --flows "$FLOWS" --keep $keep --duration 300 \
		--churn $((LAB_FLOWS_RATE / 200))
	lab_flows_rounds "$FLOWS" 4
	order drain short/web1
	transition_over
	lab_flows_rounds "$FLOWS" 1
	expect_soon "only flows that live are remembered" remembered_are_constant 40
	all=$REMEMBERED all_on_web1=$(counted web1)
	lab_signal flows-sender USR1
	expect_soon "closed flows are forgotten" \
		'remembered_are_constant && [ "$REMEMBERED" -lt '$keep' ]' 40
	few=$REMEMBERED
	lab_stop flows-sender INT
	expect_soon "silent flows are forgotten, and the farm is steady" "is_steady" $((3 * $(transition_s) + 10))
	lab_flows_end
	echo "remembered: $all of $FLOWS flows after the drain, $few of $keep when the others had ended"
	expect "remembered flows that are on web1" "$all_on_web1" "$all"
	expect "remembered, and on web1 by the packets" "$all" "$(flows_on web1 "$FLOWS")"
	expect "the same of those that were left" "$few" "$(flows_on web1 $keep)"
}

is_steady() {
	[ "$(remembered)" = 0 ] && ! lab_table a | grep -qE 'map short-(flows|closing|half|home|moved) '
}

lab_up
lab_flows_prepare
run_case "the director starts" begin
run_case "only the exceptions that live are remembered" only_the_living_are_remembered
finish
