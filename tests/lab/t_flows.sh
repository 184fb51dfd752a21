#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# No packet of a flow is dropped, doubled or sent to another backend: at rest, and while the operator
# changes things or the daemon dies. Every packet is accounted for (lib/flows.sh).
#
# The two lines below say what the directors can do. While one says no, its cases demand that flows
# move, which proves that the judge sees it; a director that has learned it fails them until the line
# says yes.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"
. "$LAB_TOOLS/lib/flows.sh"
. "$LAB_TOOLS/lib/judge.sh"

# A Maglev farm's flows stay with a living backend when buckets move.
TRANSITIONS=${TRANSITIONS:-yes}
# A round-robin farm's flow whose backend is gone is given to one other, not to each in turn.
ORPHANS=${ORPHANS:-yes}
# Farms over IPv6, and of UDP.
IPV6=${IPV6:-yes}
UDP=${UDP:-yes}

MAGLEV=$LAB_VIP:80
ROUND_ROBIN=$LAB_VIP:8080

config() {
	local LAB_FARM_KEYS='transition-time = "3s"'

	lab_conf_cluster
	lab_conf_vrrp
	lab_conf_farm www maglev '"80"'
	lab_conf_farm rr round-robin '"8080"'
	LAB_FARM_KEYS="$LAB_FARM_KEYS max-connections = 1024" lab_conf_farm tight round-robin '"8082"'
	[ "$IPV6" = no ] || config6
	[ "$UDP" = no ] || lab_conf_farm dns maglev '"53"' | sed 's/ports = /protocol = "udp"\n&/'
}

# The election does not carry IPv6 addresses yet; the frames go to the director's MAC address anyway.
config6() {
	lab_conf_farm six maglev '"80"' | sed "s/$LAB_VIP/$LAB_VIP6/; s/10\.77\.0\./fd77::/"
}

# --- the frame of every case ----------------------------------------------------------------------

# during FLOWS OPERATION [ARGUMENT …]: that many flows to $FARM; the operation begins a second after
# them, and a second and a half later they end. What it writes to $LAB/grants are options for the judge.
during() {
	local flows=$1

	shift
	: >"$LAB/grants"
	# shellcheck disable=SC2086
	lab_flows_start "$FARM" --flows "$flows" --churn 2000 --churn-alive 1000 --duration 60 $CHURN
	sleep 1
	"$@"
	sleep 1.5
	lab_flows_end
}

# judged VERDICT FLOWS OPERATION [ARGUMENT …]
judged() {
	judged_at_rates "$1" prepared "${@:2}"
}

prepared() {
	all_enabled
	before
	during "$@"
}

# verdict YES-OR-NO BAD: good or that bad one, as the director can it or not.
verdict() {
	if [ "$1" = yes ]; then echo good; else echo "$2"; fi
}

# More arguments of the sender.
CHURN=

# before: what a case wants done before the flows begin.
before() {
	:
}

# grant OPTION: for the judge.
grant() {
	echo "$1" >>"$LAB/grants"
}

# Whatever the case before has left.
all_enabled() {
	local backend

	lab_switch_port_up web1
	for backend in $(lab_ctl a backend list | awk '/\(operator\)/ { print $1 }'); do
		lab_ctl a backend enable "$backend"
		lab_ctl a backend weight "$backend" 1
	done
	expect_soon "all backends are up" "all_up" 20
}

all_up() {
	[ "$(lab_ctl a backend list | awk '$2 == "up" && !/\(operator\)/' | wc -l)" = \
		"$(lab_ctl a backend list | wc -l)" ]
}

farm_name() {
	if [ "$FARM" = "$MAGLEV" ]; then echo www; else echo rr; fi
}

order() {
	lab_ctl a backend "$@" || fail "backend $*: exit status $?"
}

# --- operations -----------------------------------------------------------------------------------

nothing() {
	sleep 1
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

# The flows were there before web1 came back, on the other two.
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
	[ -n "$buckets" ] || fail "no buckets found"
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
	expect_soon "all backends are up" "all_up" 20
}

enabled_again() {
	before() {
		order drain "$(farm_name)/web1"
		sleep 0.3
	}
	on "$@" enable
}

lab_up
lab_net6_up
lab_flows_prepare
config >"$LAB/director.conf"
run_case "the director starts" begin
moved=$(verdict "$TRANSITIONS" moved)
for farm in "maglev $MAGLEV $moved" "round-robin $ROUND_ROBIN good"; do
	# shellcheck disable=SC2086
	set -- $farm
	run_case "$1: 300 flows at rest" on "$2" good 300 nothing
	run_case "$1: 100,000 flows at rest" on "$2" good 100000 nothing
	CHURN="--tuples 2000"
	run_case "$1: 5-tuples are used again" on "$2" good 1000 nothing
	CHURN=
	run_case "$1: a reload that concerns others" on "$2" good 20000 reload_unrelated
	run_case "$1: the daemon is killed and started" on "$2" good 20000 killed_and_started
	run_case "$1: the daemon is stopped and started" on "$2" good 20000 stopped_and_started
	run_case "$1: drain ($3)" on "$2" "$3" 20000 drain
	run_case "$1: enable ($3)" enabled_again "$2" "$3" 20000
	run_case "$1: weight ($3)" on "$2" "$3" 20000 weight
	run_case "$1: a storm of orders ($3)" on "$2" "$3" 20000 storm_of_orders
done
run_case "round-robin: 20,000 flows, a table of 1,024" on "$LAB_VIP:8082" good 20000 nothing
run_case "maglev: disable ($moved)" on "$MAGLEV" "$moved" 20000 disable
run_case "maglev: a backend dies ($moved)" on "$MAGLEV" "$moved" 20000 dies
orphans=$(verdict "$ORPHANS" moved)
run_case "round-robin: disable ($orphans)" on "$ROUND_ROBIN" "$orphans" 20000 disable
orphans=$(verdict "$ORPHANS" "moved lost")
run_case "round-robin: a backend dies ($orphans)" on "$ROUND_ROBIN" "$orphans" 20000 dies
for farm in "IPv6 $IPV6 [$LAB_VIP6]:80" "UDP $UDP $LAB_VIP:53 --udp"; do
	# shellcheck disable=SC2086
	set -- $farm
	if [ "$2" = no ]; then
		run_case "$1: 20,000 flows at rest" skip "the directors cannot do that yet"
	else
		CHURN=${4:-}
		run_case "$1: 20,000 flows at rest" on "$3" good 20000 nothing
		CHURN=
	fi
done
run_case "mutant: buckets move" on "$MAGLEV" moved 20000 by_hand move_buckets
run_case "mutant: buckets are missing for 200 ms" on "$MAGLEV" lost 20000 by_hand lose_buckets
run_case "mutant: packets are sent twice" on "$MAGLEV" twice 20000 by_hand send_twice
finish
