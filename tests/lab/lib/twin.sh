# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Two directors and the channel between them: what each says of it, and what their kernels hold. Their farms
# are of protocol.sh.

. "$LAB_TOOLS/lib/protocol.sh"

ROUND_ROBIN='scheduler = "round-robin"'
CLOSE_S=5

# twin NODE PATH: of what it says of the channel to the other one, such as would_lose.
twin() {
	lab_status "$1" "peers.0.channel.$2"
}

# twins_in_sync: both are connected, and each says that the tables are alike.
twins_in_sync() {
	[ "$(lab_status a peers.0.sync) $(lab_status b peers.0.sync)" = "in-sync in-sync" ] &&
		[ "$(twin a connected) $(twin b connected)" = "true true" ]
}

expect_in_sync() {
	lab_wait_until twins_in_sync "${1:-5}" && return 0
	fail "not in sync within ${1:-5} s: $(twin_says a); $(twin_says b)"
}

# twin_says NODE: for whoever reads a failure.
twin_says() {
	echo "$1: $(lab_status "$1" peers.0.sync), $(lab_status "$1" peers.0.channel)"
}

# map_lines NODE MAP: the flows of the kernel's map (lib/flow_map.py).
map_lines() {
	lab_exec "$1" nft -j list map netdev director "$2" | "$LAB_TOOLS/lib/flow_map.py"
}

# held NODE MAP: how many; "none" when there is no such map.
held() {
	map_lines "$1" "$2" >"$LAB/$1.lines" 2>&1 || {
		echo none
		return
	}
	wc -l <"$LAB/$1.lines"
}

# map_marks NODE MAP: the same lines without the time, into $LAB/NODE.flows.
map_marks() {
	map_lines "$1" "$2" >"$LAB/$1.lines" && cut -d ' ' -f 1,2 "$LAB/$1.lines" >"$LAB/$1.flows"
}

maps_equal() {
	map_marks a "$1" && map_marks b "$1" && cmp -s "$LAB/a.flows" "$LAB/b.flows"
}

# expect_twins MAP [COUNT [SECONDS]]: both kernels hold the same flows, with the same backends, and so
# many of them; soon.
expect_twins() {
	lab_wait_until "maps_equal $1 && [ \$(wc -l <$LAB/a.flows) = '${2:-$(held a "$1")}' ]" "${3:-3}" &&
		return 0
	fail "$1 of a (<) and b (>), $(wc -l <"$LAB/a.flows") and $(wc -l <"$LAB/b.flows") flows:" \
		"$(diff "$LAB/a.flows" "$LAB/b.flows" | grep '^[<>]' | head -n 12)"
}

# map_of NODE WHAT: bucket and owner, without the MAC address that this node sends from.
map_of() {
	local map

	map=$(lab_table "$1" | grep -oE "map www-$2[^ ]*" | cut -d ' ' -f 2) || return 1
	lab_exec "$1" nft list map netdev director "$map" | tr ',{' '\n\n' |
		grep -oE '^ *[0-9]+ (counter [^:]*)?: [0-9a-fx]+' | sed -E 's/counter [^:]*//' |
		awk '$2 == ":" && length($3) > 20 { $3 = substr($3, 1, length($3) - 12) } { print }' | sort -n
}

# same_tables WHAT…: both kernels have them, alike.
same_tables() {
	local what

	for what in "$@"; do
		map_of a "$what" >"$LAB/a.$what" && map_of b "$what" >"$LAB/b.$what" || return 1
		[ -s "$LAB/a.$what" ] && cmp -s "$LAB/a.$what" "$LAB/b.$what" || return 1
	done
}

expect_same_tables() {
	expect_soon "$* are alike" "same_tables $*" 5
	wc -l "$LAB"/a.{buckets,home,moved} 2>/dev/null || true
}

# hold NAME tcp|udp ADDRESS PORT COUNT: connections that are open and silent until `release NAME`.
hold() {
	local name=$1

	shift
	lab_stop "$name" KILL || true # of a case that failed
	rm -f "$LAB/$name/log"
	lab_spawn "$name" client "$LAB_TOOLS/hold.py" "$@"
	lab_wait_until "grep -q ready '$LAB/$name/log' || ! lab_alive $name" 10 && lab_alive "$name" && return 0
	fail "no connections to $2: $(cat "$LAB/$name/log")"
}

# release NAME: they are closed by the client, in order.
release() {
	lab_stop "$1" TERM || fail "$1 did not end"
	expect "exit status of $1" "$(lab_exit_status "$1")" 0
}

# twin_conf: farms that remember every flow, over TCP and UDP and both families.
twin_conf() {
	# shellcheck disable=SC2034
	local LAB_VIPS="\"$LAB_VIP/24\", \"$LAB_VIP6_LINK/64\", \"$LAB_VIP6/64\""

	lab_conf_cluster
	lab_conf_vrrp
	farm www tcp '"80"' "$ROUND_ROBIN" "tcp-close-timeout = \"${CLOSE_S}s\""
	farm brief tcp '"8080"' "$ROUND_ROBIN" 'tcp-timeout = "4s"' 'tcp-close-timeout = "2s"'
	farm untold tcp '"8081"' "$ROUND_ROBIN" 'sync = false'
	farm dns udp "\"$ECHO_PORT\"" "$ROUND_ROBIN"
	FARM_ADDRESS=$LAB_VIP6 farm six tcp '"80"' "$ROUND_ROBIN"
	FARM_ADDRESS=$LAB_VIP6 farm dns6 udp "\"$ECHO_PORT\"" "$ROUND_ROBIN"
}

# start_twins [ARGUMENT …]: a is master, b backup, both serve all backends. Each has a configuration of its own,
# $LAB/NODE.conf.
start_twins() {
	local node

	for node in a b; do
		lab_start_director $node "$LAB/$node.conf" "$@"
	done
	expect_master a
	expect_soon "b is backup" "lab_is b backup" 5
	expect_soon "the backends of a are up" "all_up a" 15
	expect_soon "the backends of b are up" "all_up b" 15
}

# load REQUESTS: $CONNECTIONS connections with so many requests on each, every 100 ms. As long as a takeover
# takes, TCP sends again.
load() {
	lab_load_start --rate 100 --count "$CONNECTIONS" --requests "$1" --pause 0.1 --timeout 8
	echo $((CONNECTIONS * $1)) >"$LAB/wanted"
}

expect_all_open() {
	expect_soon "all are open" "[ \$(lab_established) = $CONNECTIONS ]" 5
}

lab_established() {
	lab_exec client ss -Htn state established dst "$LAB_VIP:80" | wc -l
}

# requests_end [SECONDS]: each was answered, on each connection by one backend, none was opened twice.
requests_end() {
	local load

	lab_wait_until "! lab_alive load" "${1:-30}" || fail "the requests do not end"
	load=$(cat "$LAB/load.json")
	echo "$load"
	expect_no_loss "$load"
	expect "requests answered" "$(json_value ok <<<"$load")" "$(cat "$LAB/wanted")"
	expect "connections that moved" "$(json_value moved <<<"$load")" 0
	expect "errors" "$(json_value errors <<<"$load")" "{}"
}

# comes_back_from_nothing: the machine of a, which was lost, starts anew: no address, no tables, nothing of
# before; it is master again.
comes_back_from_nothing() {
	local vip

	for vip in "$LAB_VIP" "$LAB_VIP6" "$LAB_VIP6_LINK"; do
		ip -n "$(lab_ns a)" address flush dev eth0 to "$vip"
	done
	lab_exec a nft flush ruleset
	ip -n "$(lab_ns a)" neighbour flush dev eth0
	rm -rf "$LAB/a/run"
	lab_switch_port_up a
	lab_start_director a "$LAB/a.conf"
	expect_master_soon a 10
	expect_soon "b is backup" "lab_is b backup" 3
	expect_in_sync 10
}

# expect_master_soon NODE SECONDS: as expect_master; tells why it is none.
expect_master_soon() {
	lab_wait_until "lab_is $1 master" "$2" || fail "after $2 s $1 is $(lab_status "$1" vrrp.0)"
	expect_master "$1"
}

# slow_down MILLISECONDS: a round trip over the wire between b and the switch takes so much longer from now on.
slow_down() {
	local host

	for host in a b; do
		lab_exec $host ethtool -K eth0 tx off gso off tso off >/dev/null 2>&1 || true
	done
	ip -n "$(lab_ns switch)" link set dev b nomaster
	ip -n "$(lab_ns switch)" link add slow type veth peer name slow-end
	ip -n "$(lab_ns switch)" link set dev slow master switch up
	ip -n "$(lab_ns switch)" link set dev slow-end up
	lab_spawn wire switch python3 "$LAB_TOOLS/lib/slow_wire.py" b slow-end "$1"
	lab_wait_until 'grep -q ready "$LAB/wire/log"' 5 || fail "no wire"
}
