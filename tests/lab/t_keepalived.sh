#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# keepalived as the other router of the pair: who is master is read from keepalived's own notify
# script and from captures of what was sent.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"
. "$LAB_TOOLS/lib/keepalived.sh"

# Who hears priority 0 waits for the skew time only: 200 ms × (256 - priority) / 256, at most 122 ms
# here. Without it the Master_Down_Interval would run on: three intervals and the skew time after
# the last advert, which is at most one interval old, so never less than 482 ms.
GOODBYE_MS=400

expect_keepalived() {
	expect_soon "keepalived is $2" "lab_keepalived_is $1 $2" "${3:-8}"
}

# adverts NODE [CONDITION ON THE PRIORITY]: octet 22 is the priority (RFC 9568, 5.1).
adverts() {
	lab_captured client "src host $(lab_address "$1") and ip proto 112 and ip[22] ${2:->= 0}"
}

# silence_ms FROM TO: from the last advert with priority 0 of FROM to the first one of TO after it.
silence_ms() {
	local zero

	zero=$(adverts "$1" '= 0' | awk '{ t = $1 } END { print t }')
	[ -n "$zero" ] || fail "$1 has not sent priority 0"
	adverts "$2" '> 0' | awk -v zero="$zero" '$1 > zero { printf "%d\n", ($1 - zero) * 1000; exit }'
}

keepalived_yields_to_higher_priority() {
	lab_capture client vrrp
	lab_start_keepalived b 100
	expect_keepalived b MASTER
	lab_start_director a
	expect_keepalived b BACKUP
	lab_wait_master a || fail "a is not master"
	! lab_has_vip b || fail "b still holds the VIP"
	expect "backends answering" "$(lab_curl "http://$LAB_VIP/healthz")" ok
}

keepalived_takes_over_at_our_goodbye() {
	local silence

	lab_stop_director a
	expect_keepalived b MASTER
	lab_wait_until "lab_has_vip b" 3
	! lab_has_vip a || fail "a still holds the VIP"
	lab_capture_stop client
	silence=$(silence_ms a b)
	[ "$silence" -lt $GOODBYE_MS ] || fail "keepalived waited $silence ms after priority 0"
	lab_stop_keepalived b
}

we_yield_to_higher_priority() {
	lab_capture client vrrp
	lab_start_director a
	lab_wait_master a || fail "a is not master when alone"
	lab_start_keepalived b 200
	expect_keepalived b MASTER
	expect_soon "a is backup" "lab_is a backup && ! lab_has_vip a" 5
	lab_holds_for "lab_keepalived_is b MASTER && lab_is a backup" 2 || fail "it did not last"
}

we_take_over_at_its_goodbye() {
	local silence

	lab_stop_keepalived b
	expect_soon "a is master" "lab_is a master && lab_has_vip a" 5
	lab_capture_stop client
	silence=$(silence_ms b a)
	[ "$silence" -lt $GOODBYE_MS ] || fail "we waited $silence ms after priority 0"
}

# Of the capture made by the two cases above: adverts of both.
adverts_are_well_formed() {
	local pcap=$LAB/client.pcap bad

	expect "our adverts with priority 150" "$([ "$(adverts a '= 150' | wc -l)" -gt 2 ] && echo some)" some
	bad=$(tshark -r "$pcap" -Y '_ws.malformed || vrrp.checksum.status == "Bad" || ip.ttl != 255' \
		2>/dev/null)
	[ -z "$bad" ] || fail "malformed: $bad"
	bad=$(tshark -r "$pcap" -Y 'vrrp && !(vrrp.checksum.status == "Good")' 2>/dev/null)
	[ -z "$bad" ] || fail "checksum not good: $bad"
	bad=$(tshark -r "$pcap" -Y "ip.src == $(lab_address a) && !(vrrp.version == 3 &&
		vrrp.virt_rtr_id == 51 && vrrp.addr_count == 1 && vrrp.ip_addr == $LAB_VIP &&
		vrrp.short_adver_int == 20 && ip.dst == 224.0.0.18 && eth.dst == 01:00:5e:00:00:12)" \
		2>/dev/null)
	[ -z "$bad" ] || fail "not our virtual router: $bad"
}

announces_itself() {
	lab_capture client arp
	lab_start_keepalived b 200
	expect_keepalived b MASTER
	expect_soon "a is backup" "lab_is a backup" 5
	lab_stop_keepalived b
	expect_soon "a is master" "lab_is a master" 5
	expect_soon "a gratuitous ARP of a" "[ \$(lab_captured_count client arp and \
		ether src $(lab_mac a) and 'arp[14:4] = 0x0a4d0064 and arp[24:4] = 0x0a4d0064') -gt 0 ]" 3
	lab_capture_stop client
}

lab_up
run_case "keepalived yields to our higher priority" keepalived_yields_to_higher_priority
run_case "keepalived takes over at once at our priority 0" keepalived_takes_over_at_our_goodbye
run_case "we yield to its higher priority" we_yield_to_higher_priority
run_case "we take over at once at its priority 0" we_take_over_at_its_goodbye
run_case "our adverts are well-formed" adverts_are_well_formed
run_case "a new master announces itself with gratuitous ARP" announces_itself
finish
