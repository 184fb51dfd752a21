#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Flows that begin while a backend comes or goes: thousands a second, so that some begin between any
# two transactions of the change. All packets of each go to one backend.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"
. "$LAB_TOOLS/lib/schedulers.sh"

FLOWS=2000
PACKETS_PER_NEW=15

# They begin in every tenth of a second, but for those in which the machine does something else.
begin_at_all_times() {
	local tenths

	live "$@"
	tenths=$(awk -v lasting="$FLOWS" '
		NF == 9 && $1 >= lasting {
			from = from ? from : $8
			until = int(($8 - from) / 100)
			n += !begun[until]++
		}
		END { print 100 * n / (until + 1) }' "$LAB/flows/sent")
	echo "flows begin in $tenths % of the tenths of a second"
	[ "${tenths%.*}" -ge 60 ] || fail "they begin in $tenths % of the tenths of a second"
}

lab_up
lab_flows_prepare
run_case "the director starts" begin
for farm in maglev source-hash round-robin random least; do
	run_case "$farm: flows begin while a backend joins and leaves" \
		begin_at_all_times $farm good join leave join leave join leave
done
finish
