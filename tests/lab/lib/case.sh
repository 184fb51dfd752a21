# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The shape of a lab test: cases, each a function that returns or calls fail or skip. Prints one line
# for each, and at the end `1..N`: a test that dies before it prints that has failed.
#
#     ok NAME        not ok NAME: why        skip NAME: why

. "$LAB_TOOLS/lib/check.sh"

CASES=0
CASES_FAILED=0
SUBJECT=${0##*/t_}
SUBJECT=${SUBJECT%.sh}

# fail WHY, skip WHY: end the case.
fail() {
	echo "$*" >"$LAB/why"
	exit 1
}

skip() {
	echo "$*" >"$LAB/why"
	exit 77
}

# run_case NAME FUNCTION [ARGUMENT …]: in a subshell that ends at the first command that fails.
run_case() {
	local name="$SUBJECT: $1" status

	shift
	: >"$LAB/why"
	set +e
	(
		set -eE
		trap 'case_failed_at "$BASH_COMMAND"' ERR
		"$@"
	) >"$LAB/case.out" 2>&1
	status=$?
	set -e
	CASES=$((CASES + 1))
	case $status in
	0) echo "ok $name" ;;
	77) echo "skip $name: $(cat "$LAB/why")" ;;
	*)
		[ -s "$LAB/why" ] || echo "exit status $status" >"$LAB/why"
		CASES_FAILED=$((CASES_FAILED + 1))
		echo "not ok $name: $(paste -sd " " "$LAB/why")"
		case_details
		;;
	esac
}

# The command that failed is the reason, unless the case gave one itself; with the line of the test
# from which it was called.
case_failed_at() {
	local depth=0 frame where=

	[ ! -s "$LAB/why" ] || return 0
	while frame=$(caller $depth); do
		# "LINE FUNCTION FILE"
		[ "${frame##* }" != "$0" ] || where="${0##*/}:${frame%% *}: "
		[ -z "$where" ] || break
		depth=$((depth + 1))
	done
	echo "$where\`$1\` failed" >"$LAB/why"
}

# What the case printed and the ends of the directors' logs, for whoever reads a failure.
case_details() {
	local node

	sed 's/^/#   /' "$LAB/case.out" | tail -n 15
	for node in a b; do
		[ -s "$LAB/$node/log" ] || continue
		echo "#   end of $node/log:"
		tail -n "${LAB_LOG_LINES:-15}" "$LAB/$node/log" | sed 's/^/#     /'
	done
}

# finish: the directors that still run must end well, and the sanitizers have found nothing.
finish() {
	run_case "the directors end cleanly" directors_end_cleanly
	echo "1..$CASES"
	[ "$CASES_FAILED" = 0 ]
}

directors_end_cleanly() {
	local node

	for node in a b; do
		! lab_alive "$node" || lab_stop_director "$node" || fail "director $node: not cleanly"
	done
	[ -z "$(lab_reports)" ] || {
		lab_reports
		fail "sanitizer report"
	}
}

# skip_all WHY: instead of any case.
skip_all() {
	echo "skip $SUBJECT: $*"
	echo "1..1"
	exit 0
}
