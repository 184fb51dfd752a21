#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A pair whose nodes know each other by IPv6 addresses: virtual routers of both families, multicast and
# unicast, and two directors that take each other for a backend.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"

LAB_NODE_FAMILY=6

# One section, two virtual routers: that of IPv4 has no address of a node to send from.
both_families_by_multicast() {
	lab_capture a
	lab_start_pair
	expect "IPv6 on a" "$(lab_status a vrrp.1.state)" master
	expect "IPv6 on b" "$(lab_status b vrrp.1.state)" backup
	expect "the peer of a" "$(lab_status a peers.0.address)" "$(lab_address6 b)"
	expect "master as b sees it" "$(lab_status b vrrp.0.master)" "$(lab_address a)"
	sleep 1 # five of its adverts
	lab_capture_stop a
	[ "$(adverts_from "$(lab_address a)" 224.0.0.18 ip)" -gt 2 ] || fail "no adverts over IPv4"
	[ "$(adverts_from fe80::ff:fe00:2 ff02::12 ip6)" -gt 2 ] || fail "no adverts over IPv6"
	expect "requests" "$(lab_curl "http://$LAB_VIP/healthz")" ok
	lab_kill_director a
	expect_soon "b is master of both" "lab_has_vip b && lab_has_vip6 b" 8
	lab_stop_director b
}

# adverts_from SOURCE DESTINATION ip|ip6: how many
adverts_from() {
	lab_captured_count a "$3 src $1 and $3 dst $2 and $3 proto 112"
}

unicast_by_ipv6() {
	LAB_VIPS="\"$LAB_VIP6_LINK/64\", \"$LAB_VIP6/64\""
	LAB_VRRP_KEYS="unicast = true"
	lab_conf >"$LAB/director.conf"
	lab_capture a
	lab_start_director a
	lab_start_director b
	expect_soon "a is master" "lab_is a master && lab_has_vip6 a" 15
	expect_soon "b is backup" "lab_is b backup" 5
	expect "master as b sees it" "$(lab_status b vrrp.0.master)" "$(lab_address6 a)"
	sleep 1
	lab_capture_stop a
	[ "$(adverts_from "$(lab_address6 a)" "$(lab_address6 b)" ip6)" -gt 3 ] || fail "no adverts from a to b"
	expect "adverts to the group" "$(lab_captured_count a ip6 dst ff02::12 and ip6 proto 112)" 0
	expect "rejected by b" "$(lab_status b vrrp.0.adverts.rejected)" 0
	lab_stop_director a
	expect_soon "b is master" "lab_is b master && lab_has_vip6 b" 3
	lab_stop_director b
}

b_is_a_backend() {
	cat <<-EOT
		farm "mutual" {
			default-checks = false
			address = "$LAB_VIP6"
			interface = "eth0"
			ports = "80"
			backend "b" { address = "$(lab_address6 b)" }
		}
	EOT
}

# inject MAC SOURCE PORT: a SYN for the VIP, sent from b's port to a.
inject() {
	lab_inject b --dst-mac "$(lab_mac a)" --src-mac "$1" --src "$2" --dst $LAB_VIP6 --sport "$3"
}

# What b forwards to a must not go back to b; a request of b's own, and a client's, must.
peer_frames_do_not_loop() {
	lab_conf >"$LAB/director.conf"
	b_is_a_backend >>"$LAB/director.conf"
	lab_start_director a
	expect_soon "a is on guard" "lab_table a | grep -q 'ether saddr $(lab_mac b) .*@nodes6 accept'" 10
	lab_capture b
	inject "$(lab_mac b)" fd77::10 6001
	inject "$(lab_mac b)" "$(lab_address6 b)" 6002
	inject "$(lab_mac client)" fd77::10 6003
	expect_soon "a client's frame is forwarded" "[ \$(to_b 6003) = 1 ]" 5
	expect "frames of b's own, forwarded" "$(to_b 6002)" 1
	expect "frames that b has forwarded, forwarded" "$(to_b 6001)" 0
	lab_capture_stop b
	lab_stop_director a
}

to_b() {
	lab_captured_count b "ether dst $(lab_mac b) and ip6 dst $LAB_VIP6 and tcp src port $1"
}

has_link_local() {
	ip -n "$(lab_ns "$1")" -6 -o address show dev eth0 scope link -tentative | grep -q fe80
}

lab_up
lab_net6_up
lab_wait_until "has_link_local a && has_link_local b" 10
LAB_VIPS="\"$LAB_VIP/24\", \"$LAB_VIP6_LINK/64\", \"$LAB_VIP6/64\""
lab_conf >"$LAB/director.conf"
run_case "both families beside nodes with IPv6 addresses" both_families_by_multicast
run_case "unicast from one node's IPv6 address to the other's" unicast_by_ipv6
run_case "frames from the other director do not loop" peer_frames_do_not_loop
finish
