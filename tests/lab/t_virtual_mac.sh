#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# virtual-mac: the addresses come with the MAC address of the virtual router, whoever is master; the
# switch learns by the master's frames where that is.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"
. "$LAB_TOOLS/lib/keepalived.sh"

VMAC=00:00:5e:00:01:33
DEVICE=v4-51-eth0
LAB_VIP_DEVICE=$DEVICE
LAB_VRRP_KEYS="virtual-mac = true"

lab_has_chain() {
	lab_exec "$1" nft list chain netdev director ingress-$DEVICE >/dev/null 2>&1 &&
		lab_ctl "$1" ruleset verify >/dev/null
}

device_is_up() {
	ip -n "$(lab_ns "$1")" -o link show dev $DEVICE up 2>/dev/null | grep -q .
}

# Frames of a or b in the client's capture, by what they say of the VIP.
arp_macs() {
	lab_captured client "arp and arp[14:4] = 0x0a4d0064" | awk '{ print $2 }' | sort -u
}

client_learns_the_virtual_mac() {
	ip -n "$(lab_ns client)" neighbour flush dev eth0
	lab_capture client arp
	lab_answers "http://$LAB_VIP/" || fail "the VIP does not answer"
	lab_capture_stop client
	expect "MACs that say they have the VIP" "$(arp_macs)" "$VMAC"
	ip -n "$(lab_ns client)" neighbour show "$LAB_VIP" | grep -q $VMAC ||
		fail "the client has another neighbour: $(ip -n "$(lab_ns client)" neighbour show)"
	# The node's own address stays with the interface's own.
	lab_capture client arp
	ip -n "$(lab_ns client)" neighbour flush dev eth0
	lab_exec client timeout 1 bash -c "echo >/dev/udp/$(lab_address a)/9" || true
	lab_wait_until "ip -n '$(lab_ns client)' neighbour show $(lab_address a) | grep -q lladdr" 3
	lab_capture_stop client
	expect "MACs of a's own address" \
		"$(lab_captured client "arp and arp[14:4] = 0x0a4d0002" | awk '{ print $2 }' | sort -u)" \
		"$(lab_mac a)"
}

adverts_come_from_it() {
	lab_capture client ip proto 112
	sleep 1
	lab_capture_stop client
	[ "$(lab_captured_count client ip proto 112)" -ge 3 ] || fail "no adverts were captured"
	expect "sources of adverts" \
		"$(lab_captured client ip proto 112 | awk '{ print $2 }' | sort -u)" $VMAC
	tshark -n -r "$LAB/client.pcap" -Y '_ws.malformed || vrrp.checksum.status == 0 || ip.checksum.status == 0' \
		-o ip.check_checksum:TRUE 2>/dev/null >"$LAB/bad"
	[ ! -s "$LAB/bad" ] || fail "the dissector finds mistakes: $(head -n 3 "$LAB/bad")"
}

backup_is_silent() {
	device_is_up a || fail "the master's device is not up"
	! device_is_up b || fail "the backup's device is up"
	lab_capture b "ether src $VMAC" -Q out
	sleep 3
	lab_capture_stop b
	expect "frames of the backup from the virtual MAC" "$(lab_captured_count b)" 0
}

status_shows_the_device() {
	expect "the device for programs" "$(lab_status a vrrp.0.device)" $DEVICE
	lab_ctl a cluster status | grep -q "^  $DEVICE on eth0, virtual router 51," ||
		fail "the device for people: $(lab_ctl a cluster status)"
}

# A switch that has forgotten where the virtual MAC address is: both see the requests.
flooded_frames_are_forwarded_once() {
	local ns

	ns=$(lab_ns switch)
	ip -n "$ns" link set dev a type bridge_slave learning off
	bridge -n "$ns" fdb del $VMAC dev a master 2>/dev/null || true
	lab_load_start --rate 100 --timeout 1
	lab_capture b "ether dst $VMAC or (ether src $(lab_mac b) and dst host $LAB_VIP)"
	sleep 1
	lab_capture_stop b
	expect_no_loss "$(lab_load_end)"
	ip -n "$ns" link set dev a type bridge_slave learning on
	[ "$(lab_captured_count b "ether dst $VMAC")" -gt 20 ] || fail "nothing was flooded to b"
	expect "frames that b sent on" "$(lab_captured_count b "ether src $(lab_mac b)")" 0
}

failover_loses_nothing() {
	lab_load_start --rate 200 --timeout 2
	lab_ctl a cluster failover || fail "exit status $?"
	expect_vip_on b
	expect_soon "a's device is down" "! device_is_up a" 3
	sleep 0.3
	expect_no_loss "$(lab_load_end)"
	ip -n "$(lab_ns client)" neighbour show "$LAB_VIP" | grep -q $VMAC ||
		fail "the client was told of another MAC"
}

# a preempts b again, since it has been started anew.
stop_and_start_lose_nothing() {
	lab_stop_director a
	lab_start_director a
	expect_master a 15
	lab_load_start --rate 200 --timeout 2
	lab_stop_director a
	expect_master b
	sleep 0.3
	expect_no_loss "$(lab_load_end)"
	! ip -n "$(lab_ns a)" link show dev $DEVICE >/dev/null 2>&1 || fail "a left its device behind"
	lab_has_chain b || fail "b has no chain for the device"
	lab_load_start --rate 200 --timeout 2
	lab_start_director a
	expect_master a 15
	lab_has_chain a || fail "a has no chain for the device"
	sleep 0.3
	expect_no_loss "$(lab_load_end)"
}

# The port is down before anybody hears of it: the client has to be told nothing at all.
lost_machine_is_replaced() {
	local load gap

	lab_load_start --rate 200 --timeout 0.3
	lab_kill_director a
	lab_switch_port_down a
	expect_soon "b is master" "lab_is b master && lab_has_vip b" 5
	sleep 1
	load=$(lab_load_end)
	gap=$(json_value longest_gap_ms <<<"$load")
	[ "$gap" -lt 2500 ] || fail "a gap of $gap ms"
}

# It still has its device, up, and the addresses: so does the kernel until somebody takes them.
what_was_left_is_taken_over() {
	device_is_up a || fail "nothing was left"
	lab_switch_port_up a
	lab_start_director a
	expect_master a 15
	lab_has_chain a || fail "there is no chain for the device"
	expect_vip_on a
}

removed_device_comes_back() {
	ip -n "$(lab_ns a)" link delete $DEVICE
	expect_soon "the device and the VIP are back" "lab_has_vip a && device_is_up a" 5
	expect_soon "the VIP answers" "lab_answers http://$LAB_VIP/" 3
	expect_soon "its chain, too" "lab_ctl a ruleset verify" 5
}

# deaf NODE: it hears nothing of the other director any more.
deaf() {
	local other=b

	[ "$1" = a ] || other=a
	lab_exec "$1" nft -f - <<-EOT
		table netdev cut {
			chain ingress {
				type filter hook ingress device "eth0" priority -500
				ether saddr { $(lab_mac $other), $VMAC } drop
			}
		}
	EOT
}

# Both send from one MAC address: the kernel must not take the other's adverts for its own.
two_masters_become_one() {
	local node

	deaf a
	deaf b
	expect_soon "both are master" "lab_is a master && lab_is b master && device_is_up b" 5
	for node in a b; do
		lab_exec $node nft delete table netdev cut
	done
	expect_soon "b is backup, its device down" "lab_is b backup && ! device_is_up b" 5
	lab_is a master || fail "a is master no more"
	expect_soon "the VIP answers" "lab_answers http://$LAB_VIP/" 3
}

# The kernel lets one device with that address be up. The VIP is b's meanwhile, and nobody answers for
# it. What fails every second, and at every advert, is said once.
device_goes_up_when_it_can() {
	ip -n "$(lab_ns b)" link add link eth0 name thief address $VMAC up type macvlan mode bridge
	lab_ctl a cluster failover || fail "exit status $?"
	expect_soon "b is master" "lab_is b master" 5
	expect_soon "b says why it does not do all of its work" \
		"lab_status b vrrp.0.error | grep -q 'cannot set the interface $DEVICE up'" 2
	lab_holds_for "! device_is_up b" 3
	expect "lines about it" "$(grep -c "cannot set the interface $DEVICE up" "$LAB/b/log")" 1
	ip -n "$(lab_ns b)" link delete thief
	expect_soon "b's device is up" "device_is_up b" 3
	expect_soon "the VIP answers" "lab_answers http://$LAB_VIP/" 3
	expect_soon "b's trouble is over" "[ -z \"\$(lab_status b vrrp.0.error)\" ]" 3
	lab_ctl b cluster failover || fail "exit status $?"
	expect_vip_on a
}

# Another implementation with the same MAC address on the other side, in both orders.
keepalived_is_the_other() {
	lab_stop_director b || fail "b does not end"
	export LAB_KEEPALIVED_KEYS=use_vmac
	lab_start_keepalived b 200
	expect_soon "keepalived takes over" "lab_keepalived_is b MASTER" 12
	expect_soon "a is backup, its device down" "lab_is a backup && ! device_is_up a" 5
	lab_stop_keepalived b
	expect_soon "a takes over" "lab_is a master && device_is_up a" 5
	expect_soon "the VIP answers" "lab_answers http://$LAB_VIP/" 3
	lab_start_keepalived b 50
	expect_soon "keepalived is backup" "lab_keepalived_is b BACKUP" 12
	lab_holds_for "lab_is a master && ! lab_keepalived_is b MASTER" 3 || fail "two masters"
	lab_load_start --rate 100 --timeout 2
	sleep 1
	expect_no_loss "$(lab_load_end)"
	lab_stop_keepalived b
}

# The fault says what is in the way, and ends with it.
foreign_device_is_left_alone() {
	lab_stop_director a || fail "a does not end"
	ip -n "$(lab_ns a)" link add link eth0 name $DEVICE type macvlan mode bridge
	lab_start_director a
	expect_soon "a is in fault" "lab_is a fault" 5
	lab_logged a "there is an interface $DEVICE that is not ours" || fail "the log does not say so"
	ip -n "$(lab_ns a)" link delete $DEVICE
	expect_master a 15
}

clean_removes_the_device() {
	lab_kill_director a
	device_is_up a || fail "nothing was left"
	lab_directord a -c "$LAB/director.conf" --clean || fail "exit status $?"
	! ip -n "$(lab_ns a)" link show dev $DEVICE >/dev/null 2>&1 || fail "the device is there"
}

lab_up
lab_start_pair
run_case "a client is told the virtual MAC, by the master alone" client_learns_the_virtual_mac
run_case "adverts come from the virtual MAC, without a mistake" adverts_come_from_it
run_case "a backup sends nothing from it" backup_is_silent
run_case "status shows the device" status_shows_the_device
run_case "of frames that the switch floods one copy is forwarded" flooded_frames_are_forwarded_once
run_case "failover by hand loses no request" failover_loses_nothing
run_case "an orderly stop and a start lose no request" stop_and_start_lose_nothing
run_case "the master's machine is lost: the other takes over" lost_machine_is_replaced
run_case "what a killed daemon left is taken over" what_was_left_is_taken_over
run_case "a device that somebody removes comes back" removed_device_comes_back
run_case "two masters hear each other after a split" two_masters_become_one
run_case "a device that cannot go up does so when it can" device_goes_up_when_it_can
run_case "keepalived with use_vmac is the other router" keepalived_is_the_other
run_case "an interface of that name that is not ours is left alone" foreign_device_is_left_alone
run_case "--clean removes the device" clean_removes_the_device
finish
