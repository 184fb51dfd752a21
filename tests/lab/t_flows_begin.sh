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
LEAVE_ROUNDS=80 # longer than a flow lives, and than the second for which the sender may keep one waiting

lab_up
lab_flows_prepare
run_case "the director starts" begin
for farm in maglev source-hash round-robin random least; do
	run_case "$farm: flows begin while a backend joins and leaves" \
		live $farm good join leave join leave join leave
done
finish
