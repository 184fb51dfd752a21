#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# No packet of a flow is dropped, doubled or sent to another backend: at rest, and while the operator
# changes things or the daemon dies. Every packet is accounted for (lib/flows.sh).
#
# What a change of a Maglev farm's backends must do with the flows of the buckets that move is known
# once there are transitions between bucket tables. TRANSITIONS=yes is the line to change then; until
# then these cases prove that the judge sees flows move.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"
. "$LAB_TOOLS/lib/flows.sh"

TRANSITIONS=${TRANSITIONS:-no}

MAGLEV=$LAB_VIP:80
ROUND_ROBIN=$LAB_VIP:8080
SECONDS_OF_FLOWS=4

config() {
	lab_conf_cluster
	lab_conf_vrrp
	lab_conf_farm www maglev '"80"'
	lab_conf_farm rr round-robin '"8080"'
}

# --- the frame of every case ----------------------------------------------------------------------

# during FLOWS OPERATION [ARGUMENT …]: that many flows to $FARM; meanwhile, a second after their
# beginning, the operation. What it writes to $LAB/grants are options for the judge.
during() {
	local flows=$1

	shift
	: >"$LAB/grants"
	lab_flows_start "$FARM" --flows "$flows" --churn 2000 --churn-alive 1000 \
		--duration $SECONDS_OF_FLOWS
	sleep 1
	"$@"
	lab_flows_end
}

# judged VERDICT FLOWS OPERATION [ARGUMENT …]: good, or what must be wrong and nothing else: moved,
# lost, twice. When the instrument could not keep up on this machine, once more at half the rate.
judged() {
	local want=$1 status

	shift
	for _ in 1 2 3; do
		during "$@"
		status=0
		# shellcheck disable=SC2046
		lab_flows_judge $(cat "$LAB/grants") || status=$?
		[ "$status" = 5 ] || break
		LAB_FLOWS_RATE=$((LAB_FLOWS_RATE / 2))
		all_enabled
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

# with_transitions: the verdict on a Maglev farm whose buckets move while their backends live.
with_transitions() {
	if [ "$TRANSITIONS" = yes ]; then echo good; else echo moved; fi
}

# grant OPTION: for the judge.
grant() {
	echo "$1" >>"$LAB/grants"
}

all_are() {
	local farm web

	for farm in www rr; do
		for web in $LAB_WEBS; do
			[ "$(lab_status a "farms.$farm.backends.$web.state")" = "$1" ] || return 1
		done
	done
}

all_enabled() {
	local farm web

	for farm in www rr; do
		for web in $LAB_WEBS; do
			lab_ctl a backend enable "$farm/$web" >/dev/null
			lab_ctl a backend weight "$farm/$web" 1 >/dev/null
		done
	done
	expect_soon "all backends are up" "all_are up" 10
}

farm_name() {
	if [ "$FARM" = "$MAGLEV" ]; then echo www; else echo rr; fi
}

order() {
	lab_ctl a backend "$@" || fail "backend $*: exit status $?"
}

# --- operations -----------------------------------------------------------------------------------

nothing() {
	:
}

reload_unrelated() {
	lab_conf_farm more maglev '"8081"' >>"$LAB/director.conf"
	lab_ctl a config reload
	sleep 0.5
	config >"$LAB/director.conf"
	lab_ctl a config reload
}

killed_and_started() {
	lab_kill_director a || true
	sleep 0.5
	lab_start_director a
}

stopped_and_started() {
	lab_stop_director a
	sleep 0.3
	lab_start_director a
}

drain() {
	order drain "$(farm_name)/web1"
	sleep 0.2
	grant "--closed=web1=$(now_ms)"
}

# Before the flows begin web1 is drained; they are on the other two.
enable() {
	order enable "$(farm_name)/web1"
}

weight() {
	order weight "$(farm_name)/web2" 4
}

storm_of_orders() {
	local i farm

	farm=$(farm_name)
	for i in 1 2 3 4; do
		order weight "$farm/web1" $i
		order drain "$farm/web2"
		order weight "$farm/web3" $((5 - i))
		order enable "$farm/web2"
	done
}

# Nothing is sent to it any more: its flows move, at once, and only they.
disable() {
	local from

	from=$(now_ms)
	order disable "$(farm_name)/web1"
	grant "--dead=web1=$from-$(($(now_ms) + 200))"
}

# Its cable is pulled. Until the director has noticed its packets are lost.
dies() {
	local from

	from=$(now_ms)
	lab_switch_port_down web1
	expect_soon "web1 is given up" \
		"[ \"\$(lab_status a farms.$(farm_name).backends.web1.state)\" != up ]" 10
	grant "--dead=web1=$from-$(($(now_ms) + 500))"
}

# --- mutants: what a director would do that has the mistake ---------------------------------------

# bucket_lines MAC: "BUCKET 0xDATA" of that backend's buckets in the kernel.
bucket_lines() {
	lab_exec a nft list map netdev director www-buckets |
		grep -oE '[0-9]+ counter packets [0-9]+ bytes [0-9]+ : 0x[0-9a-f]+' |
		awk -v mac="${1//:/}" 'BEGIN { sub(/^0*/, "", mac) } index($NF, "0x" mac) == 1 { print $1, $NF }'
}

# by_hand OPERATION …: while the daemon, which would undo it, is held.
by_hand() {
	lab_signal a STOP
	"$@"
	lab_signal a CONT
	expect_soon "the daemon has mended the table" "lab_ctl a ruleset verify >/dev/null 2>&1" 10
}

move_buckets() {
	local to buckets

	to=$(bucket_lines "$(lab_mac web2)" | awk 'NR == 1 { print $2 }')
	buckets=$(bucket_lines "$(lab_mac web1)" | head -n 20 | awk '{ print $1 }')
	[ -n "$to" ] && [ -n "$buckets" ] || fail "no buckets found"
	for bucket in $buckets; do
		echo "delete element netdev director www-buckets { $bucket }"
		echo "add element netdev director www-buckets { $bucket counter : $to }"
	done | lab_exec a nft -f -
	sleep 0.5
}

lose_buckets() {
	local lines

	lines=$(bucket_lines "$(lab_mac web1)" | head -n 20)
	awk '{ print "delete element netdev director www-buckets { " $1 " }" }' <<<"$lines" |
		lab_exec a nft -f -
	sleep 0.2
	awk '{ print "add element netdev director www-buckets { " $1 " counter : " $2 " }" }' <<<"$lines" |
		lab_exec a nft -f -
}

send_twice() {
	local rule

	rule=$(lab_exec a nft -s list chain netdev director farm-www | grep -m 1 'fwd to "eth0"')
	lab_exec a nft insert rule netdev director farm-www "${rule/fwd to/dup to}"
	sleep 0.2
}

# --- cases ----------------------------------------------------------------------------------------

# on FARM VERDICT FLOWS OPERATION [ARGUMENT …]
on() {
	FARM=$1
	shift
	judged "$@"
}

begin() {
	lab_start_director a
	expect_soon "all backends are up" "all_are up" 10
}

# The flows are there before web1 comes back; what is drained for the next case takes no flows.
enabled_again() {
	FARM=$1
	order drain "$(farm_name)/web1"
	sleep 0.5
	judged "$2" 20000 enable
}

after_orders() {
	on "$@"
	all_enabled
}

backend_dies() {
	on "$1" "$2" 20000 dies
	lab_switch_port_up web1
	expect_soon "all backends are up" "all_are up" 10
}

lab_up
lab_flows_prepare
config >"$LAB/director.conf"
run_case "the director starts" begin
for farm in "maglev $MAGLEV" "round-robin $ROUND_ROBIN"; do
	name=${farm% *} address=${farm#* }
	run_case "$name: 300 flows at rest" on "$address" good 300 nothing
	run_case "$name: 100,000 flows at rest" on "$address" good 100000 nothing
	run_case "$name: a reload that concerns others" on "$address" good 20000 reload_unrelated
	run_case "$name: the daemon is killed and started" on "$address" good 20000 killed_and_started
	run_case "$name: the daemon is stopped and started" on "$address" good 20000 stopped_and_started
done
run_case "round-robin: drain" after_orders "$ROUND_ROBIN" good 20000 drain
run_case "round-robin: enable" enabled_again "$ROUND_ROBIN" good
run_case "round-robin: weight" after_orders "$ROUND_ROBIN" good 20000 weight
run_case "round-robin: a storm of orders" after_orders "$ROUND_ROBIN" good 20000 storm_of_orders
run_case "round-robin: disable" after_orders "$ROUND_ROBIN" good 20000 disable
run_case "round-robin: a backend dies" backend_dies "$ROUND_ROBIN" good
want=$(with_transitions)
run_case "maglev: drain (want: $want)" after_orders "$MAGLEV" "$want" 20000 drain
run_case "maglev: enable (want: $want)" enabled_again "$MAGLEV" "$want"
run_case "maglev: weight (want: $want)" after_orders "$MAGLEV" "$want" 20000 weight
run_case "maglev: a storm of orders (want: $want)" after_orders "$MAGLEV" "$want" 20000 storm_of_orders
run_case "maglev: disable (want: $want)" after_orders "$MAGLEV" "$want" 20000 disable
run_case "maglev: a backend dies (want: $want)" backend_dies "$MAGLEV" "$want"
run_case "mutant: buckets move" on "$MAGLEV" moved 20000 by_hand move_buckets
run_case "mutant: buckets are missing for 200 ms" on "$MAGLEV" lost 20000 by_hand lose_buckets
run_case "mutant: packets are sent twice" on "$MAGLEV" twice 20000 by_hand send_twice
finish
