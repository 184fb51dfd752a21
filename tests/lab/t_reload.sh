#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Virtual addresses that move between vrrp sections at a reload stay where they are.
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

lab_up
config "$(section one 51 "$LAB_VIP")
$(section two 52 "$second")" >"$LAB/director.conf"
run_case "two sections, two addresses" starts_with_two_sections
run_case "two sections become one" two_become_one
run_case "addresses move between sections" an_address_moves
finish
