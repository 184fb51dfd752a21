#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# 100,000 flows live through everything that an operator does, in a farm of every scheduler: not one
# packet of them is dropped, doubled or sent to another backend. Each flow sends packets before and
# after each operation, and after the transition that it begins. t_flows_moved.sh shows that a
# director without transitions is found out so.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"
. "$LAB_TOOLS/lib/schedulers.sh"

lab_up
lab_flows_prepare
run_case "the director starts" begin
while read -r name _; do
	[ -n "$name" ] && [ "$name" != short ] || continue
	# shellcheck disable=SC2086
	run_case "$name: $FLOWS flows through: $OPERATIONS" live "$name" good $OPERATIONS
done <<<"$SCHEDULERS"
finish
