#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# One director without cluster and VRRP: the address is the operator's, the forwarding is ours.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"

forwards() {
	local load

	lab_start_director a
	expect_soon "the VIP answers" "lab_answers http://$LAB_VIP/" 5
	load=$(lab_load --count 300 --source-port 29000)
	expect_no_loss "$load"
	expect_spread "$load" 1 1 1
}

status_works() {
	local human

	expect "state of the farm" "$(lab_status a farms.www.state)" up
	expect "state of web3" "$(lab_status a farms.www.backends.web3.state)" up
	expect "vrrp" "$(lab_status a vrrp)" "[]"
	expect "peers" "$(lab_status a peers)" "[]"
	expect "ruleset" "$(lab_status a ruleset.in_sync)" true
	human=$(lab_ctl a status)
	[[ $human == *www* && $human == *web1* ]] || fail "status for people: $human"
	human=$(lab_ctl a backend list)
	[[ $human == *"$(lab_mac web2)"* ]] || fail "backend list: $human"
}

stop_leaves_everything() {
	lab_stop_director a
	expect_no_loss "$(lab_load --count 30)"
}

clean_leaves_the_address() {
	lab_directord a -c "$LAB/director.conf" --clean
	! lab_has_table a || fail "the nft table is still there"
	lab_has_vip a || fail "the operator's address is gone"
}

foreign_tables_are_not_touched() {
	lab_exec a nft list table inet firewall >/dev/null || fail "the host's own table is gone"
}

lab_up
lab_conf_farm www maglev '"80", "8080"' >"$LAB/director.conf"
ip -n "$(lab_ns a)" address add "$LAB_VIP/32" dev eth0
lab_exec a nft add table inet firewall
run_case "it forwards" forwards
run_case "status works" status_works
run_case "a stop leaves tables and address" stop_leaves_everything
run_case "--clean leaves the operator's address" clean_leaves_the_address
run_case "other nft tables are not touched" foreign_tables_are_not_touched
finish
