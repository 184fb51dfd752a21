#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# virtual-mac with addresses of both families: two virtual routers, each with its own MAC address.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"

VMAC=00:00:5e:00:01:33
VMAC6=00:00:5e:00:02:33
LAB_VIPS="\"$LAB_VIP/24\", \"$LAB_VIP6_LINK/64\", \"$LAB_VIP6/64\""
LAB_VRRP_KEYS="virtual-mac = true"
LAB_VIP_DEVICE=v4-51-eth0

conf_ipv6() {
	cat <<-EOT
		farm "www6" {
			default-checks = false
			address = "$LAB_VIP6"
			interface = "eth0"
			ports = { "8088" }
			backend "web1" { address = "$(lab_address6 web1)" }
			backend "web2" { address = "$(lab_address6 web2)" }
		}
	EOT
}

# The lab's web servers speak IPv4 only.
serve_ipv6() {
	local web

	for web in web1 web2; do
		lab_spawn "six-$web" "$web" python3 -m http.server --bind :: 8088
		lab_wait_until "lab_answers 'http://[$(lab_address6 "$web")]:8088/'" 10
	done
}

# Both routers: the first is the IPv4 one.
both_are() {
	lab_is "$1" "$2" && [ "$(lab_status "$1" vrrp.1.state)" = "$2" ]
}

neighbours_are_told() {
	local ns

	ns=$(lab_ns client)
	ip -n "$ns" neighbour flush dev eth0
	lab_answers "http://$LAB_VIP/" || fail "the VIP does not answer"
	lab_answers "http://[$LAB_VIP6]:8088/" || fail "the IPv6 VIP does not answer"
	ip -n "$ns" neighbour show "$LAB_VIP" | grep -q $VMAC || fail "another MAC over ARP"
	ip -n "$ns" neighbour show "$LAB_VIP6" | grep -q $VMAC6 ||
		fail "another MAC: $(ip -n "$ns" neighbour show "$LAB_VIP6")"
}

device_has_no_address_of_its_own() {
	local addresses

	addresses=$(ip -n "$(lab_ns a)" -6 -o address show dev v6-51-eth0 | awk '{ print $4 }' | sort | xargs)
	expect "addresses of the device" "$addresses" "$LAB_VIP6/128 $LAB_VIP6_LINK/128"
	expect "IPv6 addresses of the other" \
		"$(ip -n "$(lab_ns a)" -6 -o address show dev v4-51-eth0 | wc -l)" 0
}

# Also what the kernel has to say of its groups (MLD), which would turn the switch's head.
failover_is_clean() {
	lab_load_start --rate 200 --timeout 2
	lab_capture a "ether src $VMAC or ether src $VMAC6" -Q out
	lab_capture b "(ether src $VMAC or ether src $VMAC6) and not arp" -Q out
	lab_ctl a cluster failover || fail "exit status $?"
	expect_soon "b is master of both" "both_are b master" 3
	sleep 2.5
	lab_capture_stop a
	lab_capture_stop b
	expect_no_loss "$(lab_load_end)"
	neighbours_are_told
	local taken late

	taken=$(lab_captured b | awk 'NR == 1 { print $1 }')
	late=$(lab_captured a "ether src $VMAC6" | awk -v t="$taken" '$1 > t + 0.3' | wc -l)
	expect "frames of a from the virtual MAC after b has taken over" "$late" 0
}

backup_is_silent() {
	lab_capture a "ether src $VMAC or ether src $VMAC6" -Q out
	sleep 3
	lab_capture_stop a
	expect "frames of the backup" "$(lab_captured_count a)" 0
}

lab_up
lab_net6_up
serve_ipv6
{
	lab_conf
	conf_ipv6
} >"$LAB/director.conf"
lab_start_director a
lab_start_director b
lab_wait_until "both_are a master && both_are b backup" 12
run_case "ARP and neighbour discovery tell each its own MAC" neighbours_are_told
run_case "the devices have the virtual addresses alone" device_has_no_address_of_its_own
run_case "failover loses no request, and the old master is silent" failover_is_clean
run_case "a backup sends nothing from them" backup_is_silent
finish
