#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Where backends are: on a second interface of the director, by route or by name; behind a router,
# where they are of no use; and routes that come and go while the director runs. Fragments and ICMP
# errors find the right one of two interfaces, and every frame is sent in the name of its own.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"
. "$LAB_TOOLS/lib/protocol.sh"

FAR=10.78.0.23
FAR_MAC=02:00:00:00:78:17

in_a() {
	ip -n "$(lab_ns a)" "$@"
}

# web3 gets a second leg, in a network of its own with director a.
second_network() {
	ip link add eth1 netns "$(lab_ns a)" type veth peer name eth1 netns "$(lab_ns web3)"
	in_a link set eth1 up
	in_a address add 10.78.0.2/24 dev eth1
	ip -n "$(lab_ns web3)" link set eth1 address $FAR_MAC up
	ip -n "$(lab_ns web3)" address add $FAR/24 dev eth1
}

far_config() {
	sed "s|backend \"web3\" { address = \"$(lab_address web3)\"|backend \"web3\" { address = \"$FAR\" $*|" \
		"$LAB/director.conf" >"$LAB/live.conf"
	grep -q "$FAR" "$LAB/live.conf"
}

web3() {
	lab_status a "farms.www.backends.web3.$1"
}

web3_is() {
	lab_wait_until "[ \"\$(web3 state)\" = $1 ]" 10 || fail "web3 is $(web3 state), not $1"
}

found_by_route() {
	far_config
	lab_start_director a "$LAB/live.conf"
	lab_wait_master a
	web3_is up
	expect "MAC address of web3" "$(web3 mac)" $FAR_MAC
}

# Every frame leaves by the interface of its backend, from that interface's own MAC address.
requests_leave_by_that_interface() {
	local load

	load=$(lab_load --count 90 --source-port 41000)
	expect_no_loss "$load"
	expect_spread "$load" 1 1 1
}

# --- fragments and ICMP errors ----------------------------------------------------------------------

# Of the farms that lib/protocol.sh makes: web3 is the one behind eth1.
backend_address() {
	if [ "$1" = web3 ]; then echo $FAR; else lab_address "$1"; fi
}

# serve_both_arms SCHEDULER: TCP and UDP farms of the echo servers.
serve_both_arms() {
	{
		lab_conf_cluster
		vrrp
		farm www tcp '"7000"' "scheduler = \"$1\"" 'transition-time = "1s"'
		farm dns udp '"7000"' "scheduler = \"$1\"" 'transition-time = "1s"'
	} >"$LAB/live.conf"
	lab_ctl a config reload || fail "the reload was refused"
	expect_soon "all backends are up" "all_up a" 10
}

# watch_arms: what the backends get for the VIP, what leaves a by eth0 for the one behind eth1.
watch_arms() {
	lab_capture a "ether dst $FAR_MAC and dst $LAB_VIP"
	LAB_CAPTURE_OPTIONS=-p lab_capture web1 "ether dst $(lab_mac web1) and dst $LAB_VIP"
	LAB_CAPTURE_OPTIONS=-p lab_capture web2 "ether dst $(lab_mac web2) and dst $LAB_VIP"
	LAB_CAPTURE_DEVICE=eth1 lab_capture web3 "dst $LAB_VIP"
}

# expect_arms [FILTER …]: such frames came to web3 and to another one, each with the address of the
# interface that it left by as its source, and none for web3 left by eth0.
expect_arms() {
	local host second

	for host in a $LAB_WEBS; do
		lab_capture_stop $host
	done
	expect "frames to web3 by eth0" "$(lab_captured_count a)" 0
	second=$(lab_exec a cat /sys/class/net/eth1/address)
	expect_macs "$second > $FAR_MAC" web3
	for host in web1 web2; do
		[ "$(lab_captured_count $host)" = 0 ] || expect_macs "$(lab_mac a) > $(lab_mac $host)" $host
	done
	[ "$(lab_captured_count web3 "$@")" -gt 0 ] || fail "web3 got none: $*"
	[ $(($(lab_captured_count web1 "$@") + $(lab_captured_count web2 "$@"))) -gt 0 ] ||
		fail "web1 and web2 got none: $*"
}

# expect_macs PAIR HOST: the only source and destination of what HOST got.
expect_macs() {
	expect "MAC addresses of what $2 got" \
		"$(lab_captured "$2" | awk '{ sub(",", "", $4); print $2 " > " $4 }' | sort -u)" "$1"
}

# until_both_served COMMAND …: twelve times and more, until web3 and another one have served it; each
# time in full.
until_both_served() {
	local far=0 near=0 i

	for i in $(seq 40); do
		"$@"
		if [ "$WHO" = web3 ]; then far=$((far + 1)); else near=$((near + 1)); fi
		[ "$i" -lt 12 ] || [ $far -eq 0 ] || [ $near -eq 0 ] || return 0
	done
	fail "web3 served $far, the others $near"
}

# The first fragment's record leads the others out of its interface.
fragments_leave_by_that_interface() {
	serve_both_arms "$1"
	watch_arms
	until_both_served expect_echo client udp "$LAB_VIP" 4000
	expect_arms "ip[6:2] & 0x1fff != 0"
}

# A router makes fragments of the segments.
fragmented_uploads() {
	far_up
	lab_exec far sysctl -qw net.ipv4.ip_no_pmtu_disc=1
	serve_both_arms "$1"
	watch_arms
	until_both_served upload
	expect_arms "ip[6:2] & 0x1fff != 0"
	lab_exec far sysctl -qw net.ipv4.ip_no_pmtu_disc=0
}

upload() {
	forget_mtu
	expect_echo far tcp "$LAB_VIP" $((MIB / 4))
}

# A router on the way of the answers says that they are too long; whose they are hears of it.
path_mtu_of_both() {
	far_up
	serve_both_arms "$1"
	watch_arms
	until_both_served download
	expect_arms "icmp[icmptype] == 3 and icmp[icmpcode] == 4"
}

download() {
	forget_mtu
	expect_echo far tcp-down "$LAB_VIP" $((MIB / 4))
}

# --- routes and links that change -------------------------------------------------------------------

route_goes_and_comes() {
	in_a address delete 10.78.0.2/24 dev eth1
	web3_is unresolved
	lab_logged a "there is no route to $FAR: nothing is sent to that backend" || fail "no word in the log"
	expect "said so often" "$(grep -c "no route to $FAR" "$LAB/a/log")" 1
	in_a address add 10.78.0.2/24 dev eth1
	web3_is up
	lab_logged a "$FAR is in a network of the director again" || fail "no word in the log"
}

# While the interface is down its routes are gone, which says nothing about where the backend is; but
# soon nothing is sent to it.
link_goes_down() {
	in_a link set eth1 down
	lab_holds_for '[ "$(web3 state)" = up ]' 1 || fail "it is given up at once"
	in_a link set eth1 up
	lab_holds_for '[ "$(web3 state)" = up ]' 4 || fail "it is given up when the link is back"
	in_a link set eth1 down
	web3_is unresolved
	lab_logged a 'interface "eth1" is down: nothing is sent to the backends on it' || fail "no word in the log"
	! lab_logged a "no route to $FAR" || [ "$(grep -c "no route to $FAR" "$LAB/a/log")" = 1 ] ||
		fail "it says there is no route"
	in_a link set eth1 up
	web3_is up
}

behind_a_router() {
	in_a address delete 10.78.0.2/24 dev eth1
	in_a route add 10.78.0.0/24 via "$(lab_address web1)"
	web3_is unresolved
	lab_logged a "$FAR is behind the router $(lab_address web1) on eth0, but a backend has to be in a network" ||
		fail "the log does not say why: $(tail -n 3 "$LAB/a/log")"
	in_a route delete 10.78.0.0/24
	# A route without a router is as good as an address.
	in_a route add $FAR/32 dev eth1
	web3_is up
	in_a route delete $FAR/32
	in_a address add 10.78.0.2/24 dev eth1
	web3_is up
}

# The interface is given: no route is needed, and another one leads nowhere.
interface_is_given() {
	far_config 'interface = "eth0"'
	lab_ctl a config reload
	web3_is unresolved
	far_config 'interface = "eth1"'
	lab_ctl a config reload
	web3_is up
	far_config 'interface = "eth7"'
	lab_ctl a config reload
	lab_logged a 'interface "eth7" is not there; backend "web3" waits for it' || fail "no word in the log"
	web3_is unresolved
	in_a link set eth1 name eth7
	web3_is up
	in_a link set eth7 name eth1
	web3_is unresolved
}

# Many routes a second must not keep the director from its work.
a_storm_of_routes() {
	local before after

	far_config
	lab_ctl a config reload
	web3_is up
	before=$(lab_status a vrrp.0.transitions)
	for i in 1 2 3 4 5; do
		seq 1 20000 | awk '{ printf "route add 172.%d.%d.%d/32 dev eth0\n", 16 + $1 / 65536, $1 / 256 % 256, $1 % 256 }' >"$LAB/batch"
		in_a -batch "$LAB/batch"
		sed -i 's/add/delete/' "$LAB/batch"
		in_a -batch "$LAB/batch"
	done
	expect "web3" "$(web3 state)" up
	after=$(lab_status a vrrp.0.transitions)
	expect "transitions" "$after" "$before"
	in_a address delete 10.78.0.2/24 dev eth1
	web3_is unresolved
	in_a address add 10.78.0.2/24 dev eth1
	web3_is up
}

lab_up
second_network
start_echo
run_case "a backend on a second interface is found by route" found_by_route
run_case "requests leave by that interface" requests_leave_by_that_interface
for scheduler in maglev round-robin; do
	run_case "fragments leave by that interface ($scheduler)" \
		fragments_leave_by_that_interface $scheduler
	run_case "uploads in fragments ($scheduler)" fragmented_uploads $scheduler
	run_case "path-MTU discovery by either interface ($scheduler)" path_mtu_of_both $scheduler
done
far_config
lab_ctl a config reload >/dev/null
run_case "its route goes and comes" route_goes_and_comes
run_case "its link goes down, for a moment and for longer" link_goes_down
run_case "a backend behind a router is not used" behind_a_router
run_case "the interface is given" interface_is_given
run_case "a storm of routes" a_storm_of_routes
finish
