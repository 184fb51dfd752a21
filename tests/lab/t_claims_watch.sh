#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A backend that claims a virtual address is counted by the kernel and named by both directors; whatever
# else happens in a farm is no claim. t_claim.sh has the third host, which is no backend. The cases follow
# each other.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"

# counted NODE FAMILY: what the rule for ARP (4) or neighbour advertisements (6) has counted.
counted() {
	local field='arp saddr'

	[ "$2" = 4 ] || field=nd-neighbor-advert
	lab_exec "$1" nft list chain netdev director ingress-eth0 | grep 'claimed by a backend' |
		grep "$field" | sed 's/.*counter packets \([0-9]*\).*/\1/'
}

# claims NODE: "BACKEND ADDRESS" of each that goes on, sorted, joined with commas.
claims() {
	lab_ctl "$1" -j status | python3 -c '
import json, sys
print(", ".join(sorted(c["farm"] + "/" + c["backend"] + " " + c["address"]
                       for c in json.load(sys.stdin)["claims"] if c["goes_on"])))'
}

# names NODE BACKEND ADDRESS
names() {
	claims "$1" | grep -qF "www/$2 $3"
}

expect_nobody() {
	local node family

	for node in a b; do
		for family in 4 6; do
			expect "counted on $node, IPv$family" "$(counted $node $family)" 0
		done
		expect "claims on $node" "$(claims $node)" ""
		! lab_logged $node "claims the virtual address" || fail "$node logged one"
	done
}

# fail_over FROM TO
fail_over() {
	lab_ctl "$1" cluster failover || fail "failover"
	expect_soon "$2 is master" "lab_is $2 master" 5
}

# The directors announce, backends ask for clients and routers, clients for everybody.
sound_farm_claims_nothing() {
	lab_start_pair
	lab_load_start --rate 100
	lab_exec web1 ip neigh flush all
	fail_over a b
	fail_over b a
	lab_exec client ip neigh flush all
	sleep 2
	lab_kill_director a
	expect_soon "b is master" "lab_is b master" 5
	lab_start_director a
	expect_soon "a is back" "lab_is a master || lab_is a backup" 5
	sleep 2
	lab_load_end >/dev/null
	expect_nobody
	lab_stop_director a
	lab_stop_director b
}

# expect_named BACKEND ADDRESS FAMILY: both directors.
expect_named() {
	local node

	for node in a b; do
		expect_soon "$node names $1" "names $node $1 $2" 4
		[ "$(counted $node "$3")" -ge 1 ] || fail "the rule of $node has not counted"
		lab_logged $node "backend www/$1 .$(lab_mac "$1"). claims the virtual address $2" ||
			fail "$node has not logged it"
		lab_ctl $node status | grep -q "ALARM backend www/$1 .* claims the virtual address $2" ||
			fail "the status of $node shows no alarm"
		lab_ctl $node metrics | grep -q "^director_address_claims_total.*\"$2\".*\"$1\"} [1-9]" ||
			fail "no metric of $node"
		lab_ctl $node backend show "www/$1" | grep -q "CLAIMS the virtual address $2" ||
			fail "backend show does not tell it"
	done
}

# What a Linux host does whose arp_announce is left as it is: it looks for somebody in the name of the
# VIP.
asking_in_its_name() {
	lab_start_pair
	sleep 2 # a takeover is judged by who has the address already, see t_claim.sh
	expect_nobody
	lab_exec web1 sysctl -qw net.ipv4.conf.all.arp_announce=0
	lab_exec web1 curl -s -m 1 --interface $LAB_VIP http://10.77.0.77/ || true
	expect_named web1 $LAB_VIP 4
	lab_exec web1 sysctl -qw net.ipv4.conf.all.arp_announce=2
	expect "claims on b" "$(claims b)" "www/web1 $LAB_VIP"
	lab_ctl b cluster status >/dev/null && fail "an alarm has an exit status" || [ $? = 4 ]
}

announcing_it() {
	lab_exec web2 "$LAB_TOOLS/lib/gratuitous_arp.py" $LAB_VIP
	expect_named web2 $LAB_VIP 4
}

advertising_it() {
	lab_exec web3 "$LAB_TOOLS/lib/neighbour_advert.py" $LAB_VIP6
	expect_named web3 $LAB_VIP6 6
}

# It does not speak of its own accord; the master asks now and then.
answering_for_it() {
	lab_exec web3 sysctl -qw net.ipv4.conf.all.arp_ignore=0
	expect_soon "the master names it" "names a web3 $LAB_VIP" 15
	lab_exec web3 sysctl -qw net.ipv4.conf.all.arp_ignore=1
	! names b web3 $LAB_VIP || fail "how did b hear it?"
}

# One that is no backend is the master's business, see t_claim.sh.
a_third_host_is_not_counted() {
	local before

	before=$(counted b 4)
	lab_exec client "$LAB_TOOLS/lib/gratuitous_arp.py" $LAB_VIP
	sleep 2
	expect "counted on b" "$(counted b 4)" "$before"
}

# Their elements come and go by themselves: the table is what was planned all the same.
table_is_as_planned() {
	local node

	for node in a b; do
		lab_ctl $node ruleset verify | grep -q exactly || fail "the table of $node differs"
		lab_ctl $node ruleset export >"$LAB/export.nft"
		lab_exec $node nft -c -f "$LAB/export.nft" || fail "nft does not take the export"
		grep -q 'set claims6 {' "$LAB/export.nft" || fail "the export has no claims"
	done
}

it_is_told_once() {
	sleep 3
	expect "lines about web2" "$(grep -c 'backend www/web2 .* claims the virtual' "$LAB/b/log")" 1
}

# As fast as one process can send them.
flood_costs_no_advert() {
	local before transitions

	before=$(counted b 4)
	transitions=$(lab_status b vrrp.0.transitions)
	lab_exec web1 "$LAB_TOOLS/lib/gratuitous_arp.py" $LAB_VIP 100000
	expect_soon "all were counted" "[ \$((\$(counted b 4) - $before)) -ge 90000 ]" 5
	lab_holds_for "lab_is a master && lab_is b backup" 3 || fail "a role changed"
	expect "transitions" "$(lab_status b vrrp.0.transitions)" "$transitions"
	[ "$(grep -c 'backend www/web1 .* claims the virtual' "$LAB/b/log")" -le 2 ] ||
		fail "it was logged for each frame"
}

# It answers the questions of a new master and speaks by itself, before and after the takeover.
takeover_beside_one() {
	local gap

	lab_exec web1 sysctl -qw net.ipv4.conf.all.arp_ignore=0
	lab_load_start --rate 100 --timeout 0.3
	sleep 1
	lab_capture b "arp and ether src $(lab_mac web1) and src host $LAB_VIP"
	lab_kill_director a
	lab_exec web1 sh -c "for i in \$(seq 60); do $LAB_TOOLS/lib/gratuitous_arp.py $LAB_VIP; done" &
	expect_soon "b is master" "lab_has_vip b" 5
	lab_holds_for "lab_is b master && lab_has_vip b" 4 || fail "b gave the VIP up to a backend"
	wait $!
	lab_capture_stop b
	[ "$(lab_captured_count b "arp[6:2] = 2 and ether dst $(lab_mac b)")" -ge 1 ] ||
		fail "web1 did not answer the new master"
	lab_exec web1 sysctl -qw net.ipv4.conf.all.arp_ignore=1
	gap=$(json_value longest_gap_ms <<<"$(lab_load_end)")
	[ "$gap" -lt 2500 ] || fail "a gap of $gap ms"
	lab_logged b "a backend, MAC $(lab_mac web1), claims $LAB_VIP, too: staying master" ||
		fail "not logged"
	[ "$(grep -c 'staying master' "$LAB/b/log")" -le 3 ] || fail "it was logged for each frame"
	expect error "$(lab_status b vrrp.0.error)" ""
	names b web1 $LAB_VIP || fail "the alarm does not name it"
	lab_ctl b backend disable www/web1 || fail "disable"
	expect_soon "it shows for a disabled one, too" \
		"lab_ctl b backend show www/web1 | grep -q 'CLAIMS the virtual address $LAB_VIP'" 3
	lab_ctl b backend enable www/web1 || fail "enable"
}

# conf_all [KEYS]: addresses of both families, KEYS in the section of the routers.
conf_all() {
	lab_conf_cluster
	LAB_VRRP_KEYS=${1:-} lab_conf_vrrp
	lab_conf_farm www maglev '"80", "8080"'
}

LAB_VIPS="\"$LAB_VIP/24\", \"$LAB_VIP6_LINK/64\", \"$LAB_VIP6/64\""
lab_up
lab_net6_up
conf_all "virtual-mac = true" >"$LAB/director.conf"
LAB_VIP_DEVICE=v4-51-eth0 \
	run_case "a sound farm claims nothing, with virtual MAC addresses" sound_farm_claims_nothing
conf_all >"$LAB/director.conf"
run_case "nor without" sound_farm_claims_nothing
run_case "a backend that asks in the name of the VIP is named by both" asking_in_its_name
run_case "so is one that announces it" announcing_it
run_case "so is one that advertises an IPv6 address" advertising_it
run_case "one that only answers is named by the master, which asks" answering_for_it
run_case "it is told once" it_is_told_once
run_case "a third host is not counted" a_third_host_is_not_counted
run_case "the table is as planned" table_is_as_planned
run_case "a flood of them costs no advert" flood_costs_no_advert
run_case "a takeover beside one that claims the VIP leaves it nothing" takeover_beside_one
finish
