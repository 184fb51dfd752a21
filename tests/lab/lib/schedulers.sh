# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Farms of every scheduler, and flows that live through what an operator does to them (lib/flows.sh).

. "$LAB_TOOLS/lib/flows.sh"
. "$LAB_TOOLS/lib/judge.sh"

FLOWS=${FLOWS:-100000}
# Passing flows opened: a packet of so many is one's first.
PACKETS_PER_NEW=200

# The table: farm, scheduler, port, keys of its own.
SCHEDULERS='
maglev      maglev            80
source-hash source-hash       81
round-robin round-robin       82
random      random            83
least       least-connections 84
persistent  maglev            85   persistence = "source-address"
short       maglev            86   tcp-timeout = "TIMEOUT"
'
OPERATIONS="reload join drain enable weight leave"

# A flow must not seem silent: three times what all of them take for one packet each.
transition_s() {
	echo $(((3 * FLOWS + LAB_FLOWS_RATE - 1) / LAB_FLOWS_RATE))
}

# config [FARM-WITH-WEB3]: of the others web3 is no backend. The farm "short" waits for silent flows as
# long as they are remembered.
config() {
	local name scheduler port keys time

	time=$(transition_s)s
	lab_conf_cluster
	lab_conf_vrrp
	while read -r name scheduler port keys; do
		[ -n "$name" ] || continue
		LAB_FARM_KEYS="tcp-close-timeout = \"2s\" ${keys/TIMEOUT/$time}"
		[[ "$keys" == *TIMEOUT* ]] || LAB_FARM_KEYS="$LAB_FARM_KEYS transition-time = \"$time\""
		lab_conf_farm "$name" "$scheduler" "\"$port\"" |
			if [ "${1:-}" = "$name" ] || [ "$name" = short ]; then cat; else sed '/"web3"/d'; fi
	done <<<"$SCHEDULERS"
}

configure() {
	config "$@" >"$LAB/director.conf"
	! lab_alive a || lab_ctl a config reload || fail "config reload: exit status $?"
}

# farm_is NAME: sets FARM and PORT.
farm_is() {
	FARM=$1
	PORT=$(awk -v farm="$1" '$1 == farm { print $3 }' <<<"$SCHEDULERS")
}

backends_up() {
	[ "$(lab_ctl a backend list | awk -v name="$FARM/" 'index($1, name) == 1 && $2 == "up"' | wc -l)" = "$1" ]
}

# start_fresh BACKENDS [FARM-WITH-WEB3]: nobody's orders, the daemon's configuration from the beginning.
start_fresh() {
	configure "${2:-}"
	all_enabled
	expect_soon "the backends of $FARM are up" "backends_up $1" 10
}

all_enabled() {
	local backend

	for backend in $(lab_ctl a backend list | awk '/\(operator\)/ { print $1 }'); do
		lab_ctl a backend enable "$backend"
		lab_ctl a backend weight "$backend" 1
	done
}

# --- operations; each returns when its transition is over -----------------------------------------

operate() {
	echo "--mark=$1=$(now_ms)" >>"$LAB/grants"
	"op_$1"
	transition_over
	rounds 1
}

# rounds N: each of the lasting flows has sent N packets more. Of PACKETS_PER_NEW packets ten are a passing
# flow's.
rounds() {
	lab_flows_packets $((FLOWS * $1 * 11 * PACKETS_PER_NEW / (PACKETS_PER_NEW - 10) / 10))
}

# The order came back when the ruleset was in the kernel, so it has begun.
transition_over() {
	expect_soon "the buckets of $FARM have moved" \
		'[ "$(lab_status a "farms.$FARM.transition.moved")" = 0 ]' $((3 * $(transition_s) + 10))
}

op_reload() {
	lab_conf_farm more maglev '"8081"' >>"$LAB/director.conf"
	lab_ctl a config reload
	sleep 0.2
	configure
}

# It may have left before.
op_join() {
	sed -i "s/^--closed=web3=[0-9]*\$/&-$(now_ms)/" "$LAB/grants"
	configure "$FARM"
	expect_soon "web3 has joined" "backends_up 3" 5
}

op_drain() {
	order drain "$FARM/web1"
	sleep 0.2
	DRAINED=$(now_ms)
}

op_enable() {
	echo "--closed=web1=$DRAINED-$(now_ms)" >>"$LAB/grants"
	order enable "$FARM/web1"
}

op_weight() {
	order weight "$FARM/web2" 4
}

# web3 is drained before it is taken out of the configuration, as the manual says: until those of its
# flows that end by themselves have ended.
op_leave() {
	order drain "$FARM/web3"
	sleep 0.2
	echo "--closed=web3=$(now_ms)" >>"$LAB/grants"
	transition_over
	lab_flows_passed
	configure
}

order() {
	lab_ctl a backend "$@" || fail "backend $*: exit status $?"
}

# --- 100,000 flows through operations -------------------------------------------------------------

# With persistence, clients that open several connections in the moment of a drain may lose those that
# they have not completed (plan_pins.c).
apart() {
	[ "$FARM" != persistent ] || echo --apart
}

# through OPERATION …
through() {
	local operation

	: >"$LAB/grants"
	start_fresh 2
	lab_flows_start "$LAB_VIP:$PORT" --flows "$FLOWS" --duration 300 \
		--churn $((LAB_FLOWS_RATE / PACKETS_PER_NEW)) $(apart)
	rounds 4
	for operation in "$@"; do
		operate "$operation"
	done
	lab_flows_end
}

# live FARM VERDICT OPERATION …
live() {
	farm_is "$1"
	judged_at_rates "$2" through "${@:3}"
}

begin() {
	config >"$LAB/director.conf"
	lab_start_director a
	farm_is maglev
	expect_soon "the backends are up" "backends_up 2" 20
}
