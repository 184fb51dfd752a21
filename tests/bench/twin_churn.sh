#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# twin_churn.sh [--seconds N] [--flows N] [--rate PACKETS]
#
# Up to 50,000 flows of a farm that remembers each of them begin, go on, close, break and fall silent for 300
# seconds, while backends are disabled and drained, the configuration is loaded anew, the connection between
# the directors is cut for longer than it lasts, and the other one takes over. Then nobody sends any more, and
# what the two kernels remember is compared, one flow after the other: the goal is 0 with another backend, and
# none missing.
set -eu
BENCH=$(cd "$(dirname "$0")" && pwd)
. "$BENCH/../lab/lab.sh"
. "$LAB_TOOLS/lib/check.sh"
. "$BENCH/fail.sh"
. "$LAB_TOOLS/lib/twin.sh"
. "$LAB_TOOLS/lib/churn.sh"

FLOWS=50000 PACKETS_A_SECOND=10000
LEAST_S=8 # the dumps are not taken in the same moment
seconds=300

usage() {
	sed -n 's/^# \(twin_churn.sh .*\)/usage: \1/p' "$0" >&2
	exit 2
}

while [ $# -gt 0 ]; do
	case $1 in
	--seconds) seconds=${2:?} ;;
	--flows) FLOWS=${2:?} ;;
	--rate) PACKETS_A_SECOND=${2:?} ;;
	*) usage ;;
	esac
	shift 2
done

# look WHEN: a line of what was compared.
look() {
	local status=0

	churn_compare $LEAST_S || status=$?
	echo "$1 (read in $READ_MS ms): $(grep -v '^#' "$LAB/compared" | paste -sd , | sed 's/,/, /g')"
	grep '^#' "$LAB/compared" | sed 's/^#/   /' || true
	return $status
}

# The machine's other work does not come between the two halves of a comparison.
chrt -r -p 1 $$ || true
lab_up
churn_prepare
churn_conf >"$LAB/director.conf"
for node in a b; do
	lab_start_director $node
	chrt -a -r -p 4 "$(cat "$LAB/$node/pid")" || true # before those who read
done
expect_soon "a is master" "lab_is a master && lab_has_vip a" 10
for node in a b; do
	expect_soon "the backends of $node are up" "all_up $node" 15
done
expect_in_sync 10
echo "twin, churn: up to $FLOWS flows, $PACKETS_A_SECOND packets a second, for $seconds s"
churn_start
churn_through "$seconds"
churn_stop
stopped=$(now_ms)
expect_soon "nothing waits and both are in sync" churn_quiet 15
sleep 2 # what has ended is asked for, and told, within a second
echo "quiet $(($(now_ms) - stopped)) ms after the last packet: both say in-sync, nothing waits, and two" \
	"seconds for flows that end by themselves; flows with less than $LEAST_S s left are left out"
status=0
look "first look" || status=$?
if [ $status = 2 ]; then
	# What has ended on the master, and was not told yet, does not stay.
	sleep 5
	status=0
	look "5 s later" || status=$?
fi
echo "goal, 0 of each: $([ $status = 0 ] && echo met || echo MISSED)"
exit $status
