#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Clients that keep their backend keep it over a failover, without a connection that could tell: both
# directors' kernels hold the same pins, through news, snapshots and the end of their time.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"
. "$LAB_TOOLS/lib/twin.sh"

# The client has addresses 10.80.NETWORK.HOST; over IPv6 its own.
NETWORKS="1 2 3 4 5 6 7 8 9 10 11 12"
N_NETWORKS=12
PIN_S=40

conf() {
	# shellcheck disable=SC2034
	local LAB_VIPS="\"$LAB_VIP/24\", \"$LAB_VIP6_LINK/64\", \"$LAB_VIP6/64\""

	lab_conf_cluster
	lab_conf_vrrp
	farm www tcp '"80"' "$ROUND_ROBIN" 'persistence = "source-address"' \
		"persistence-timeout = \"${PIN_S}s\"" 'persistence-prefix = 24' \
		'tcp-timeout = "20s"' 'tcp-close-timeout = "2s"' \
		'pin { client = "10.80.12.0/24"  backend = "web2" }'
	FARM_ADDRESS=$LAB_VIP6 farm six tcp "\"$ECHO_PORT\"" "$ROUND_ROBIN" 'persistence = "source-address"' \
		"persistence-timeout = \"${PIN_S}s\"" 'tcp-timeout = "20s"' 'tcp-close-timeout = "2s"'
}

begin() {
	lab_many_clients "$NETWORKS" 2
	start_twins
	expect_in_sync 5
}

who() {
	lab_curl --interface "10.80.$1" "http://$LAB_VIP/"
}

who6() {
	echo_from client tcp "$LAB_VIP6" 100 | cut -d ' ' -f 1
}

# choices HOST: a line "NETWORK BACKEND" for each.
choices() {
	local n

	for n in $NETWORKS; do
		echo "$n $(who "$n.$1")"
	done
}

# pins NODE MAP: client (of the networks above, or over IPv6) and backend, without times.
pins() {
	lab_exec "$1" nft list map netdev director "$2" | tr '{,' '\n\n' |
		sed -nE 's/^[[:space:]]*([0-9a-fx.:]+) .*expires [0-9a-z]+ : ([0-9a-fx]+).*/\1 \2/p' | grep -v '^0xa4d' | sort
}

pins_equal() {
	pins a "$1" >"$LAB/a.pins" && pins b "$1" >"$LAB/b.pins" && cmp -s "$LAB/a.pins" "$LAB/b.pins"
}

expect_pins() {
	lab_wait_until "pins_equal $1 && [ \$(wc -l <$LAB/a.pins) = $2 ]" "${3:-3}" && return 0
	fail "$1 of a (<) and b (>): $(wc -l <"$LAB/a.pins") and $(wc -l <"$LAB/b.pins"), not $2:" \
		"$(diff "$LAB/a.pins" "$LAB/b.pins" | head -n 8)"
}

# Network 12 has its backend by the configuration, and a pin like the others.
pins_are_told() {
	choices 1 >"$LAB/choices"
	cat "$LAB/choices"
	expect_pins www-pins $N_NETWORKS
	who6 >"$LAB/choice6"
	expect_pins six-pins.ip6 1
	expect_in_sync 5
	expect "pins of b" "$(lab_status b farms.www.pins)" "$(lab_status a farms.www.pins)"
	expect_soon "the connections have ended, on both" \
		'[ "$(held a www-flows) $(held b www-flows) $(held b www-closing)" = "0 0 0" ]' 6
	expect_pins www-pins $N_NETWORKS
}

connections_are_not_pins() {
	expect "connections" "$(lab_ctl b connections --farm www --count)" 0
}

failover_keeps_backends() {
	lab_ctl a cluster failover || fail "exit status $?"
	expect_vip_on b
	choices 2 >"$LAB/choices.now"
	diff "$LAB/choices" "$LAB/choices.now" || fail "clients have another backend now"
	expect "over IPv6" "$(who6)" "$(cat "$LAB/choice6")"
	expect_in_sync 5
	expect_pins www-pins $N_NETWORKS
}

# The other one comes back from nothing, and takes over.
snapshot_brings_pins() {
	lab_stop_director a
	lab_exec a nft flush ruleset
	rm -rf "$LAB/a/run"
	lab_start_director a "$LAB/a.conf"
	expect_master_soon a 15
	expect_in_sync 10
	expect_pins www-pins $N_NETWORKS
	expect_pins six-pins.ip6 1
	choices 1 >"$LAB/choices.now"
	diff "$LAB/choices" "$LAB/choices.now" || fail "clients have another backend now"
}

# A client's backend leaves: it gets another one, on both.
a_client_moves() {
	local backend

	backend=$(awk '$1 == 1 { print $2 }' "$LAB/choices")
	lab_ctl a backend disable "www/$backend"
	expect_soon "network 1 is served by somebody else" \
		"[ \$(who 1.1) != $backend ] && [ \$(who 1.1) = \$(who 1.2) ]" 5
	expect_pins www-pins "$(pins a www-pins | wc -l)"
	grep -q '^0xa500100 ' "$LAB/b.pins" || fail "b has no pin of network 1"
	lab_ctl a backend enable "www/$backend"
}

# One is used all the time: it stays on both when the others have ended.
silent_ones_end() {
	local end=$((SECONDS + PIN_S + 25))

	while [ $SECONDS -lt $end ] && [ "$(pins b www-pins | wc -l)" != 1 ]; do
		who 1.1 >/dev/null
		sleep 1
	done
	expect_pins www-pins 1
	expect_pins six-pins.ip6 0
	expect_in_sync 5
	expect "differences" "$(grep -c 'tables of node .* and ours differ' "$LAB/a/log" "$LAB/b/log" | cut -d: -f2 | paste -sd+ | bc)" 0
}

lab_up
give_ipv6
start_echo
for node in a b; do
	conf >"$LAB/$node.conf"
done
run_case "the pair is in sync" begin
run_case "pins are told" pins_are_told
run_case "they are not counted among connections" connections_are_not_pins
run_case "a failover leaves every client its backend" failover_keeps_backends
run_case "a snapshot brings them" snapshot_brings_pins
run_case "a client moves, on both" a_client_moves
run_case "silent ones end on both, one that is used does not" silent_ones_end
finish
