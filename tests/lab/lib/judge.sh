# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What cases expect of the judge of flows (lib/flows.sh).

# judged_at_rates VERDICT COMMAND …: COMMAND makes a run of flows and may write options for the judge into
# $LAB/grants. VERDICT is good, or all that must be wrong of moved, lost, twice. When the instrument
# could not keep up on this machine, once more at half the rate.
judged_at_rates() {
	local want=$1 status

	shift
	for _ in 1 2 3; do
		"$@"
		status=0
		# shellcheck disable=SC2046
		lab_flows_judge $(cat "$LAB/grants") || status=$?
		[ "$status" = 5 ] || break
		LAB_FLOWS_RATE=$((LAB_FLOWS_RATE / 2))
	done
	cat "$LAB/verdict"
	expect_verdict "$want" "$status"
}

# expect_verdict VERDICT STATUS
expect_verdict() {
	local wrong=

	[ "$2" != 5 ] || fail "this machine is too slow: $(lab_flows_counted 'packets lost') packets missing"
	for what in moved:'flows moved' lost:'packets lost' twice:'packets twice' \
		other:'packets too late' other:'packets of nobody' other:'flows misplaced'; do
		[ "$(lab_flows_counted "${what#*:}")" = 0 ] || wrong="$wrong ${what%%:*}"
	done
	case $1 in
	good) expect "exit status of the judge" "$2${wrong:+ ($wrong )}" 0 ;;
	*) expect "what the judge found (exit status $2)" "$2$wrong" "4 $1" ;;
	esac
}
