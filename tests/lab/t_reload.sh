#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Virtual addresses that move between vrrp sections at a reload stay where they are; and a reload that
# loads much keeps nobody waiting.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"

second=10.77.0.101

# section NAME ID ADDRESS …
section() {
	local list

	list=$(printf '"%s/24", ' "${@:3}")
	cat <<-EOT
		vrrp "$1" {
			interface = "eth0"
			virtual-router-id = $2
			addresses = { ${list%, } }
			advertise-interval = "200ms"
		}
	EOT
}

# config SECTION-TEXT: the pair, these sections, one farm.
config() {
	lab_conf_cluster
	echo "$1"
	lab_conf_farm www maglev '"80"'
}

both_are_held() {
	lab_has_vip a && lab_has_address a "$second"
}

# reload_to SECTION-TEXT: a goes over to it; both addresses are there at once, and stay.
reload_to() {
	config "$1" >"$LAB/director.conf"
	lab_ctl a config reload || fail "the reload was refused"
	expect_soon "a holds both addresses" both_are_held 5
	lab_holds_for both_are_held 1 || fail "an address went away"
}

starts_with_two_sections() {
	lab_start_director a
	expect_soon "a holds both addresses" both_are_held 10
}

two_become_one() {
	reload_to "$(section one 51 "$LAB_VIP" "$second")"
	expect "routers" "$(lab_ctl a -j status | grep -c virtual_router_id)" 1
	both_are_held || fail "an address is missing"
}

an_address_moves() {
	reload_to "$(section one 51 "$LAB_VIP")
$(section two 52 "$second")"
	reload_to "$(section one 51 "$second")
$(section two 52 "$LAB_VIP")"
}

# 300,000 elements: as one transaction more than a second in which nothing else would happen, and a
# backup takes over after 0.72 s without an advert.
a_large_one() {
	local port

	lab_start_director b
	stays_backup b 1 || fail "b is no backup"
	{
		config "$(section one 51 "$LAB_VIP")
$(section two 52 "$second")"
		for port in $(seq 1001 1300); do
			lab_conf_farm "f$port" maglev "\"$port\""
		done
	} >"$LAB/director.conf"
	lab_ctl a config reload >"$LAB/reload.out" 2>&1 &
	sleep 0.3
	expect "status while it is loaded" "$(lab_status a ruleset.in_sync)" false
	wait $! || fail "the reload: $(cat "$LAB/reload.out")"
	expect "all is there when the reload is answered" "$(lab_status a ruleset.in_sync)" true
	expect "elements of the last farm" "$(lab_exec a nft list map netdev director f1300-buckets | grep -o 'counter packets' | wc -l)" 1009
	! grep -q -- '-> master' "$LAB/b/log" || fail "b took over meanwhile"
	config "$(section one 51 "$LAB_VIP")
$(section two 52 "$second")" >"$LAB/director.conf"
	lab_ctl a config reload || fail "the reload back was refused"
	expect_soon "what is not used any more is gone" "[ \$(lab_exec a nft list table netdev director | grep -c f1300) = 0 ]" 5
	! grep -q -- '-> master' "$LAB/b/log" || fail "b took over when it went"
	lab_ctl a ruleset verify
}

# stays_backup NODE SECONDS: as soon as it is one.
stays_backup() {
	lab_wait_until "lab_is $1 backup" 5 &&
		lab_holds_for "lab_is $1 backup && ! lab_has_vip $1" "$2"
}

lab_up
config "$(section one 51 "$LAB_VIP")
$(section two 52 "$second")" >"$LAB/director.conf"
run_case "two sections, two addresses" starts_with_two_sections
run_case "two sections become one" two_become_one
run_case "addresses move between sections" an_address_moves
run_case "a large one keeps nobody waiting" a_large_one
finish
