#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A backend that comes back gets its connections little by little: on both directors the same, and the
# one that takes over in the middle goes on. Without slow start it has them at once.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"
. "$LAB_TOOLS/lib/twin.sh"

SLOW_S=9
RATE=200 # connections a second, so that the share of one can be told

conf() {
	local LAB_FARM_CHECKS='check "path" { type = "dsr" interval = "300ms" timeout = "200ms" }'
	local slow="slow-start = \"${SLOW:-${SLOW_S}s}\"" moves='transition-time = "20s"'

	lab_conf_cluster
	lab_conf_vrrp
	LAB_FARM_KEYS="$slow $moves" lab_conf_farm www maglev '"80"'
	LAB_FARM_KEYS=$slow lab_conf_farm turns round-robin '"8080"'
	LAB_FARM_KEYS=$moves lab_conf_farm swift maglev '"8081"'
}

# shows NODE FARM/BACKEND KEY
shows() {
	lab_ctl "$1" -j backend show "$2" | "$LAB_TOOLS/lib/json_get.py" "$3"
}

on_both() {
	[ "$(shows a "$1" state) $(shows b "$1" state)" = "$2 $2" ]
}

expect_state() {
	expect_soon "$1 is $2 on both" "on_both $1 $2" "$3" ||
		fail "$1: $(shows a "$1" state) on a, $(shows b "$1" state) on b"
}

# effective NODE FARM/BACKEND: per cent of its weight, which is 1.
effective() {
	shows "$1" "$2" effective_weight | awk '{ printf "%d\n", $1 * 100 + 0.5 }'
}

# Nobody has come back yet.
begin() {
	start_twins
	expect_in_sync 5
	expect "history of www/web2" "$(shows a www/web2 changes | grep -c slow-start)" 0
	expect "effective weight" "$(effective a www/web2) $(shows a www/web2 slow_start_ms)" "100 null"
}

down() {
	lab_stop web2 KILL || true
	expect_state www/web2 down 4
	expect_state turns/web2 down 4
	expect_state swift/web2 down 4
}

# those_of WEB: of 1000 answers in each second since its first one, how many are its own.
those_of() {
	awk -v web="$1" '
		$3 == "ok" && $4 == web && !first { first = $2 }
		first && $3 == "ok" { s = int($2 - first); all[s]++; own[s] += $4 == web; if (s > last) last = s }
		END { for (s = 0; s < last; s++) printf "%d ", 1000 * own[s] / all[s] }' "$LAB/load.log"
}

# grows SHARES…: 48, 91, 130, 167, 200, 231, 259, 286, 310 and then 333 of 1000 are to be expected, and with
# so few connections a third more or less may come.
grows() {
	echo "shares of web2, second by second: $*"
	[ $# -ge $((SLOW_S + 3)) ] || fail "only $# seconds: $*"
	[ "$1" -lt 120 ] || fail "$1 of 1000 connections in the first second: $*"
	[ $(($2 + $3)) -lt 420 ] || fail "$2 and $3 of 1000 in the next ones: $*"
	[ $(($1 + $2 + $3)) -lt $(($4 + $5 + $6)) ] || fail "it does not grow: $*"
	shift $((SLOW_S + 1))
	[ $(($1 + $2)) -gt 520 ] && [ $(($1 + $2)) -lt 820 ] || fail "$1 and $2 of 1000 when it is over"
}

# Downloads of the others, which must not notice.
downloads_start() {
	local i

	for i in 1 2 3 4 5 6; do
		lab_download "down$i" 1m
	done
}

downloads_end() {
	local i

	for i in 1 2 3 4 5 6; do
		lab_wait_until "! lab_alive down$i" 40 || fail "download $i hangs"
		grep -q '^16777216$' "$LAB/down$i/log" || fail "download $i: $(cat "$LAB/down$i/log")"
	done
}

# comes_back FARM PORT: its connections, second by second.
comes_back() {
	down
	[ "$1" != www ] || downloads_start
	lab_load_start --rate $RATE --port "$2"
	lab_web_start web2
	expect_state "$1/web2" slow-start 4
	expect_state swift/web2 up 2
	[ "$1" != www ] || tables_in_the_middle
	expect_state "$1/web2" up $((SLOW_S + 2))
	sleep 4
	lab_load_end >/dev/null
	expect "requests that failed" "$(grep -vc ' ok ' "$LAB/load.log")" 0
	# shellcheck disable=SC2046
	grows $(those_of web2)
	[ "$1" != www ] || downloads_end
}

in_the_middle() {
	[ "$(effective b www/web2)" -ge 40 ] && [ "$(effective b www/web2)" -lt 100 ]
}

tables_in_the_middle() {
	expect_soon "it has grown on b" '[ "$(effective b www/web2)" -ge 20 ]' $SLOW_S
	expect_same_tables buckets home moved
	on_both www/web2 slow-start || fail "it is over: this machine is too slow"
	echo "a: $(effective a www/web2) %, b: $(effective b www/web2) %, left: $(shows a www/web2 slow_start_ms) ms"
	lab_ctl a backend show www/web2 | grep -qE 'slow start   0\.[0-9]+ of it counts, [0-9]+ %; all of it in' ||
		fail "$(lab_ctl a backend show www/web2)"
	lab_ctl a farm show www | grep -q 'web2 *slow-start ' || fail "$(lab_ctl a farm show www)"
}

# Begin and end, and no step.
history_tells() {
	local text

	text=$(lab_ctl a backend show www/web2)
	grep -q 'down -> slow-start: its checks are good' <<<"$text" || fail "$text"
	grep -q 'slow-start -> up: it has all of its weight' <<<"$text" || fail "$text"
	expect "lines about slow start" "$(grep -c 'slow-start' <<<"$text")" 2
	expect "those of swift" "$(shows a swift/web2 changes | grep -c slow-start)" 0
	expect "what counts of swift/web2" "$(effective a swift/web2)" 100
	expect_same_tables buckets
}

# An order brings it back as checks do, but not one that was only draining.
enabled_again() {
	lab_ctl a backend drain www/web1
	expect_state www/web1 draining 2
	lab_ctl a backend enable www/web1
	expect_state www/web1 up 2
	lab_ctl a backend disable www/web1
	expect_state www/web1 disabled 2
	lab_ctl a backend enable www/web1 | grep -qE 'for now [0-9.]+ % of the new connections' ||
		fail "it has all at once: $(lab_ctl a backend show www/web1)"
	expect_state www/web1 slow-start 2
	lab_ctl b backend weight www/web1 4
	expect_state www/web1 slow-start 2
	expect_state www/web1 up $((SLOW_S + 2))
	lab_ctl b backend weight www/web1 1
}

# reload SLOW: both directors, with that slow start.
reload() {
	local SLOW=$1 node

	for node in a b; do
		conf >"$LAB/$node.conf"
		lab_ctl $node config reload || fail "$node refuses it"
	done
}

# A farm that has no slow start any more leaves nobody in the middle of one.
reloaded_without() {
	down
	lab_web_start web2
	expect_state www/web2 slow-start 4
	reload 0s
	expect_state www/web2 up 2
	expect_state turns/web2 up 2
	expect "effective weights" "$(effective a www/web2) $(effective b www/web2)" "100 100"
	expect "that of turns/web2" "$(effective a turns/web2)" 100
	expect_same_tables home
	reload "${SLOW_S}s"
	sleep 1
	on_both www/web2 up || fail "it starts slowly, and was not away: $(shows a www/web2 state)"
}

# Neither anew nor all at once.
taken_over_in_the_middle() {
	local before after left

	down
	lab_web_start web2
	expect_state www/web2 slow-start 4
	expect_soon "it is half way on b" in_the_middle $SLOW_S
	before=$(effective b www/web2)
	lab_switch_port_down a
	lab_kill_director a
	expect_soon "b is master" "lab_is b master && lab_has_vip b" 5
	after=$(effective b www/web2) left=$(shows b www/web2 slow_start_ms)
	echo "$before % before, $after % after, $left ms left"
	[ "$after" -ge "$before" ] && [ "$after" -lt 100 ] || fail "$before % before, $after % after"
	[ "$left" -gt 0 ] && [ "$left" -lt $((SLOW_S * 700)) ] || fail "$left ms left"
	expect_soon "it is over" '[ "$(shows b www/web2 state)" = up ]' $SLOW_S
	expect "effective weight" "$(effective b www/web2)" 100
	expect "slow starts" "$(shows b www/web2 changes | grep -o '"to": "slow-start"' | wc -l)" \
		"$(shows b www/web2 changes | grep -o '"from": "slow-start"' | wc -l)"
	comes_back_from_nothing
	expect "www/web2 of the one that has come back" "$(shows a www/web2 state)" up
}

lab_up
for node in a b; do
	conf >"$LAB/$node.conf"
done
run_case "nobody starts slowly with the director" begin
run_case "a backend comes back slowly" comes_back www 80
run_case "begin and end are told" history_tells
run_case "so it does in a farm that takes turns" comes_back turns 8080
run_case "an order brings one back" enabled_again
run_case "a reload without slow start" reloaded_without
run_case "a takeover in the middle" taken_over_in_the_middle
finish
