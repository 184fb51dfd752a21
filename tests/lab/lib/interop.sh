# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The same election beside keepalived in each way that adverts can take. Who is master is read from
# keepalived's own notify script and from captures of what was sent; tshark says what it was. The
# captures are made on a: the switch shows nobody else what a and b send to each other.
#
# Set by the test: INTEROP_VERSION (2, 3), INTEROP_FAMILY (4, 6), INTEROP_CAST (multicast, unicast).

. "$LAB_TOOLS/lib/keepalived.sh"

: "${INTEROP_VERSION:=3}" "${INTEROP_FAMILY:=4}" "${INTEROP_CAST:=multicast}"

# interop_up: the lab with both configurations.
interop_up() {
	local peers=

	# keepalived's interval is in seconds, ours is a duration.
	LAB_ADVERTISE_INTERVAL=200ms
	LAB_KEEPALIVED_INTERVAL=0.2
	if [ "$INTEROP_VERSION" = 2 ]; then
		LAB_ADVERTISE_INTERVAL=1s
		LAB_KEEPALIVED_INTERVAL=1
	fi
	if [ "$INTEROP_CAST" = unicast ]; then
		peers="unicast_src_ip $(interop_address b)
			unicast_peer {
				$(interop_address a)
			}"
		# Its default over IPv6 is the hop limit of the system, which is not to be believed.
		[ "$INTEROP_FAMILY" = 4 ] || peers="unicast_ttl 255
			$peers"
	fi
	LAB_VRRP_KEYS="version = $INTEROP_VERSION  unicast = $([ "$INTEROP_CAST" = multicast ] && echo false || echo true)"
	LAB_KEEPALIVED_KEYS=$peers
	[ "$INTEROP_FAMILY" = 4 ] || interop_ipv6
	lab_up
	[ "$INTEROP_FAMILY" = 4 ] || lab_net6_up
}

# The farm stays as it is: nobody asks it here.
interop_ipv6() {
	[ "$INTEROP_CAST" = multicast ] || LAB_NODE_FAMILY=6
	LAB_VIPS="\"$LAB_VIP6_LINK/64\", \"$LAB_VIP6/64\""
	LAB_KEEPALIVED_VIPS="$LAB_VIP6_LINK/64
		$LAB_VIP6/64"
}

# interop_address NODE: of the family in which the adverts go.
interop_address() {
	if [ "$INTEROP_FAMILY" = 6 ]; then lab_address6 "$1"; else lab_address "$1"; fi
}

# The filter of all adverts, and the octet of the priority in it.
interop_filter() {
	if [ "$INTEROP_FAMILY" = 6 ]; then echo "ip6 proto 112"; else echo "ip proto 112"; fi
}

interop_priority() {
	if [ "$INTEROP_FAMILY" = 6 ]; then echo "ip6[42]"; else echo "ip[22]"; fi
}

expect_keepalived() {
	expect_soon "keepalived is $2" "lab_keepalived_is $1 $2" "${3:-12}"
}

# adverts NODE [CONDITION ON THE PRIORITY]
adverts() {
	lab_captured a "ether src $(lab_mac "$1") and $(interop_filter) and $(interop_priority) ${2:->= 0}"
}

# silence_ms FROM TO: from the last advert with priority 0 of FROM to the first one of TO after it.
silence_ms() {
	local zero

	zero=$(adverts "$1" '= 0' | awk '{ t = $1 } END { print t }')
	[ -n "$zero" ] || fail "$1 has not sent priority 0"
	adverts "$2" '> 0' | awk -v zero="$zero" '$1 > zero { printf "%d\n", ($1 - zero) * 1000; exit }'
}

# Who hears priority 0 waits for the skew time only, at most 156/256 of an interval here. Without it
# the Master_Down_Interval would run on: three intervals and the skew time after the last advert,
# which is at most one interval old.
interop_goodbye_ms() {
	if [ "$INTEROP_VERSION" = 2 ]; then echo 2000; else echo 400; fi
}

interop_holds_vip() {
	if [ "$INTEROP_FAMILY" = 6 ]; then lab_has_vip6 "$1"; else lab_has_vip "$1"; fi
}

interop_keepalived_yields_to_higher_priority() {
	lab_capture a
	lab_start_keepalived b 100 "$INTEROP_VERSION"
	expect_keepalived b MASTER
	lab_start_director a
	expect_keepalived b BACKUP 15
	expect_soon "a is master" "lab_is a master && interop_holds_vip a" 5
	! interop_holds_vip b || fail "b still holds the VIP"
	[ "$INTEROP_FAMILY" = 6 ] ||
		expect "backends answering" "$(lab_curl "http://$LAB_VIP/healthz")" ok
	expect_three_adverts
}

# Enough for interop_check_capture.
expect_three_adverts() {
	expect_soon "three adverts of a" "[ \$(adverts a '= 150' | wc -l) -gt 2 ]" 8
}

interop_keepalived_takes_over_at_our_goodbye() {
	local silence

	lab_stop_director a
	expect_keepalived b MASTER
	expect_soon "b holds the VIP" "interop_holds_vip b" 3
	! interop_holds_vip a || fail "a still holds the VIP"
	lab_capture_stop a
	silence=$(silence_ms a b)
	[ "$silence" -lt "$(interop_goodbye_ms)" ] || fail "keepalived waited $silence ms after priority 0"
	interop_check_capture
	lab_stop_keepalived b
}

interop_we_yield_to_higher_priority() {
	lab_capture a
	lab_start_director a
	expect_soon "a is master when alone" "lab_is a master && interop_holds_vip a" 15
	lab_start_keepalived b 200 "$INTEROP_VERSION"
	expect_keepalived b MASTER
	expect_soon "a is backup" "lab_is a backup && ! interop_holds_vip a" 8
	lab_holds_for "lab_keepalived_is b MASTER && lab_is a backup" 2 || fail "it did not last"
}

interop_we_take_over_at_its_goodbye() {
	local silence

	lab_stop_keepalived b
	expect_soon "a is master" "lab_is a master && interop_holds_vip a" 8
	expect_three_adverts
	lab_capture_stop a
	silence=$(silence_ms b a)
	[ "$silence" -lt "$(interop_goodbye_ms)" ] || fail "we waited $silence ms after priority 0"
	interop_check_capture
}

# A master of lower priority stays with nopreempt, whoever of the two says so.
interop_nobody_preempts() {
	LAB_KEEPALIVED_KEYS="$LAB_KEEPALIVED_KEYS
		nopreempt"
	expect_soon "a is master" "lab_is a master" 15
	lab_start_keepalived b 200 "$INTEROP_VERSION"
	expect_keepalived b BACKUP
	lab_holds_for "lab_keepalived_is b BACKUP && lab_is a master" "$(interop_settle_s)" ||
		fail "keepalived has preempted"
	lab_stop_director a
	expect_keepalived b MASTER
	lab_stop_keepalived b
	LAB_VRRP_KEYS="$LAB_VRRP_KEYS  preempt = false"
	lab_conf >"$LAB/director.conf"
	lab_start_keepalived b 100 "$INTEROP_VERSION"
	expect_keepalived b MASTER
	lab_start_director a
	expect_soon "a is backup" "lab_is a backup" 8
	lab_holds_for "lab_keepalived_is b MASTER && lab_is a backup" "$(interop_settle_s)" ||
		fail "a has preempted"
	lab_stop_keepalived b
	expect_soon "a is master" "lab_is a master" 8
	lab_stop_director a
}

# Longer than the Master_Down_Interval.
interop_settle_s() {
	if [ "$INTEROP_VERSION" = 2 ]; then echo 5; else echo 2; fi
}

# Version 3 takes over the master's interval: ours is a fifth of keepalived's here, and the other way
# round.
interop_different_intervals() {
	LAB_KEEPALIVED_INTERVAL=1
	lab_start_keepalived b 200
	expect_keepalived b MASTER
	lab_start_director a
	expect_soon "a is backup" "lab_is a backup" 8
	lab_holds_for "lab_keepalived_is b MASTER && lab_is a backup" 4 || fail "a did not wait"
	lab_stop_keepalived b
	expect_soon "a is master" "lab_is a master" 8
	lab_start_keepalived b 100
	expect_keepalived b BACKUP
	lab_holds_for "lab_keepalived_is b BACKUP && lab_is a master" 4 || fail "b did not wait"
	lab_stop_director a
	expect_keepalived b MASTER
	lab_stop_keepalived b
}

# interop_bad WHAT FILTER: no packet of the capture may match.
interop_bad() {
	local bad

	bad=$(tshark -r "$LAB/a.pcap" -Y "$2" 2>/dev/null)
	[ -z "$bad" ] || fail "$1: $bad"
}

# The dissector's word on every advert of both, and the fields of ours.
interop_check_capture() {
	local ours="eth.src == $(lab_mac a) && vrrp"

	[ "$(adverts a | wc -l)" -gt 2 ] || fail "no adverts of a in the capture"
	interop_bad "malformed" "vrrp && _ws.malformed"
	interop_bad "checksum not good" 'vrrp && !(vrrp.checksum.status == "Good")'
	interop_bad "TTL" "vrrp && !(ip.ttl == 255 || ipv6.hlim == 255)"
	interop_bad "not our virtual router" "$ours && !(vrrp.version == $INTEROP_VERSION &&
		vrrp.type == 1 && vrrp.virt_rtr_id == 51 && $(interop_fields))"
	interop_bad "another destination" "$ours && !($(interop_destination))"
}

interop_fields() {
	if [ "$INTEROP_FAMILY" = 6 ]; then
		echo "vrrp.addr_count == 2 && vrrp.ipv6_addr == $LAB_VIP6 && vrrp.ipv6_addr == $LAB_VIP6_LINK &&
			vrrp.short_adver_int == 20 && $(interop_source6)"
	elif [ "$INTEROP_VERSION" = 2 ]; then
		echo "vrrp.addr_count == 1 && vrrp.ip_addr == $LAB_VIP && vrrp.adver_int == 1 &&
			vrrp.auth_type == 0 && ip.src == $(lab_address a) && ip.len == 40"
	else
		echo "vrrp.addr_count == 1 && vrrp.ip_addr == $LAB_VIP && vrrp.short_adver_int == 20 &&
			ip.src == $(lab_address a)"
	fi
}

# RFC 9568 wants a link-local source for what goes to the group.
interop_source6() {
	if [ "$INTEROP_CAST" = unicast ]; then
		echo "ipv6.src == $(lab_address6 a)"
	else
		echo "ipv6.src == fe80::/10"
	fi
}

interop_destination() {
	if [ "$INTEROP_CAST$INTEROP_FAMILY" = unicast6 ]; then
		echo "ipv6.dst == $(lab_address6 b) && eth.dst == $(lab_mac b)"
	elif [ "$INTEROP_CAST" = unicast ]; then
		echo "ip.dst == $(lab_address b) && eth.dst == $(lab_mac b)"
	elif [ "$INTEROP_FAMILY" = 6 ]; then
		echo "ipv6.dst == ff02::12 && eth.dst == 33:33:00:00:00:12"
	else
		echo "ip.dst == 224.0.0.18 && eth.dst == 01:00:5e:00:00:12"
	fi
}

interop_cases() {
	local how="version $INTEROP_VERSION, IPv$INTEROP_FAMILY, $INTEROP_CAST"

	run_case "$how: keepalived yields to our higher priority" interop_keepalived_yields_to_higher_priority
	run_case "$how: keepalived takes over at once at our priority 0" \
		interop_keepalived_takes_over_at_our_goodbye
	run_case "$how: we yield to its higher priority" interop_we_yield_to_higher_priority
	run_case "$how: we take over at once at its priority 0" interop_we_take_over_at_its_goodbye
	# The election does not know where its adverts go: once for both casts is enough.
	[ "$INTEROP_CAST" = unicast ] && return
	run_case "$how: who shall not preempt does not" interop_nobody_preempts
	[ "$INTEROP_VERSION" = 2 ] ||
		run_case "$how: different intervals" interop_different_intervals
}
