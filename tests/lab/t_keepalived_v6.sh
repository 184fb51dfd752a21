#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# keepalived as the other router of the pair: version 3 over IPv6, multicast.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"
. "$LAB_TOOLS/lib/interop.sh"

INTEROP_FAMILY=6

# As the RFC wants it: from the address, to all nodes, router and override set, not solicited.
announces_itself() {
	local address wrong

	lab_capture client icmp6
	lab_start_director a
	expect_soon "a is master" "lab_is a master && lab_has_vip6 a" 15
	lab_wait_until "[ \$(announced $LAB_VIP6 | wc -l) -ge 5 ]" 5 || true
	lab_capture_stop client
	for address in $LAB_VIP6 $LAB_VIP6_LINK; do
		[ "$(announced "$address" | wc -l)" -ge 5 ] || fail "$address was not announced 5 times"
		wrong=$(tshark -r "$LAB/client.pcap" -Y "icmpv6.nd.na.target_address == $address &&
			eth.src == $(lab_mac a) && !(icmpv6.nd.na.flag.r == 1 && icmpv6.nd.na.flag.o == 1 &&
			icmpv6.nd.na.flag.s == 0 && icmpv6.opt.linkaddr == $(lab_mac a) &&
			icmpv6.checksum.status == \"Good\" && ipv6.hlim == 255 && ipv6.src == $address)" 2>/dev/null)
		[ -z "$wrong" ] || fail "$wrong"
	done
}

announced() {
	tshark -r "$LAB/client.pcap" -Y "icmpv6.nd.na.target_address == $1 && ipv6.dst == ff02::1 &&
		eth.src == $(lab_mac a)" 2>/dev/null
}

# Neither is a source that the host would choose, nor was it silent while looking for duplicates.
addresses_are_not_preferred() {
	local shown

	shown=$(ip -n "$(lab_ns a)" -6 address show dev eth0 to "$LAB_VIP6")
	[[ $shown == *"$LAB_VIP6/128"*deprecated* && $shown == *nodad* ]] || fail "$shown"
	[[ $shown == *"preferred_lft 0sec"* ]] || fail "$shown"
	lab_stop_director a
	! lab_has_vip6 a || fail "a still holds the VIP"
}

# One section, two virtual routers of the same number: each is elected by itself.
two_families_in_one_section() {
	LAB_VIPS="\"$LAB_VIP/24\", $LAB_VIPS"
	lab_conf >"$LAB/director.conf"
	lab_start_director a
	lab_start_director b
	expect_soon "a is master of both" "lab_has_vip a && lab_has_vip6 a" 15
	expect "IPv4 on a" "$(lab_status a vrrp.0.state)" master
	expect "IPv6 on a" "$(lab_status a vrrp.1.state)" master
	expect "IPv4 on b" "$(lab_status b vrrp.0.state)" backup
	expect "IPv6 on b" "$(lab_status b vrrp.1.state)" backup
	expect "addresses" "$(lab_status a vrrp.1.addresses.1)" "$LAB_VIP6/64"
	lab_kill_director a
	expect_soon "b is master of both" "lab_has_vip b && lab_has_vip6 b" 8
	lab_stop_director b
	! lab_has_vip b || fail "b still holds the IPv4 address"
	! lab_has_vip6 b || fail "b still holds the IPv6 addresses"
}

interop_up
run_case "a new master announces itself with neighbour advertisements" announces_itself
run_case "its addresses are nobody's preferred source" addresses_are_not_preferred
interop_cases
run_case "both families in one section" two_families_in_one_section
finish
