#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# As many clients move as must; and a director without transitions, for which living flows move, is
# found out.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"
. "$LAB_TOOLS/lib/schedulers.sh"

# --- how much moves -------------------------------------------------------------------------------

# places FILE: new flows of the same clients and ports as ever; "NUMBER BACKEND" of each.
places() {
	local web

	LAB_FLOWS_CLIENT=100.64.0.0 lab_flows_start "$LAB_VIP:$PORT" --flows 20000 --duration 60
	lab_flows_rounds 20000 4
	lab_flows_end
	lab_flows_judge || fail "$(cat "$LAB/verdict")"
	for web in $LAB_WEBS; do
		awk -v web="$web" 'NF == 9 { print $1, web }' "$LAB/flows/$web"
	done | sort >"$1"
	expect "flows that were seen" "$(wc -l <"$1")" 20000
}

# moved_between OLD NEW: how many of 20,000 changed their backend, and how many of these had nothing to
# do with web3.
moved_between() {
	join "$1" "$2" | awk '$2 != $3 { n++; others += $2 != "web3" && $3 != "web3" }
		END { print n + 0, others + 0 }'
}

moved_share() {
	local out back

	farm_is short
	start_fresh 3
	places "$LAB/before"
	order disable short/web3
	places "$LAB/without"
	order enable short/web3
	places "$LAB/after"
	out=$(moved_between "$LAB/before" "$LAB/without")
	back=$(moved_between "$LAB/without" "$LAB/after")
	echo "of 20,000 client ports ${out% *} moved when one of three backends went, theory 6667;" \
		"${out#* } of them had not been on it; ${back% *} moved when it came back"
	# 1009 buckets: a third of them is 336 or 337; the ports fall into them with a deviation of 67.
	[ "${out% *}" -gt 6267 ] && [ "${out% *}" -lt 7067 ] || fail "moved: ${out% *}"
	expect "flows of others that moved" "${out#* }" 0
	expect "moved when it came back" "$back" "$out"
	cmp "$LAB/before" "$LAB/after" || fail "not all are where they were"
}

# --- without transitions ---------------------------------------------------------------------------

# The same orders, to a director whose buckets go to their new owners at once.
begin_mutant() {
	lab_stop_director a
	LAB_DIRECTORD=directord-no-transitions lab_start_director a
	farm_is maglev
	expect_soon "the backends are up" "backends_up 2" 20
}

end_mutant() {
	lab_stop_director a
	lab_start_director a
}

lab_up
lab_flows_prepare
run_case "the director starts" begin
run_case "a third of the clients moves when one of three backends goes" moved_share
run_case "a director without transitions starts" begin_mutant
FLOWS=20000
for operation in join drain weight; do
	run_case "mutant: without transitions, maglev: $operation" live maglev moved $operation
	run_case "mutant: without transitions, source-hash: $operation" live source-hash moved $operation
done
run_case "the director starts again" end_mutant
finish
