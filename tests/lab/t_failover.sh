#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The master goes, in every way there is, and comes back. The cases follow each other; until the
# failover by hand each begins and ends with a as master, but for the two that are a way and back.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"

orderly_stop_loses_nothing() {
	lab_load_start --rate 100 --timeout 2 --retries 1
	lab_capture b vrrp or arp
	lab_stop_director a
	expect_master b
	lab_capture_stop b
	expect_no_loss "$(lab_load_end)"
	lab_has_table a || fail "the nft table is gone"
	[ "$(lab_captured_count b "src host $(lab_address a) and ip[21] = 51 and ip[22] = 0")" -gt 0 ] ||
		fail "a sent no advert with priority 0"
}

returning_node_preempts() {
	lab_load_start --rate 100 --timeout 2 --retries 1
	lab_start_director a
	expect_master a
	expect_soon "b is backup" "lab_is b backup" 3
	expect_no_loss "$(lab_load_end)"
}

# The machine of the master is gone: no word, no frame.
lost_machine_is_replaced() {
	local load gap

	lab_load_start --rate 100 --timeout 0.3
	lab_switch_port_down a
	lab_kill_director a
	lab_capture client arp # from now on: a's own announcements were rightly there before
	expect_soon "b is master" "lab_is b master && lab_has_vip b" 5
	expect_soon "the VIP answers" "lab_answers http://$LAB_VIP/" 3
	sleep 0.5
	load=$(lab_load_end)
	lab_capture_stop client
	gap=$(json_value longest_gap_ms <<<"$load")
	# 3.6 intervals of 200 ms until the takeover, and room for a busy machine.
	[ "$gap" -lt 2500 ] || fail "a gap of $gap ms"
	expect_sender b client arp and 'arp[14:4] = 0x0a4d0064'
}

# The machine was started anew (no address, no tables), but before its cable was plugged in: what the
# kernel tried to learn about its neighbours meanwhile is about to fail, though they are all there.
lost_machine_comes_back() {
	local web

	ip -n "$(lab_ns a)" address flush dev eth0 to "$LAB_VIP"
	lab_exec a nft flush ruleset
	ip -n "$(lab_ns a)" neighbour flush dev eth0
	for web in $LAB_WEBS; do
		ip -n "$(lab_ns a)" neighbour replace "$(lab_address "$web")" \
			lladdr "$(lab_mac "$web")" nud probe dev eth0
	done
	sleep 2.2 # the kernel probes now, after one and two seconds, and gives up after three
	lab_switch_port_up a
	lab_load_start --rate 100 --timeout 1
	lab_start_director a
	expect_master a
	expect_soon "b is backup" "lab_is b backup" 3
	lab_holds_for true 1
	expect_no_loss "$(lab_load_end)"
}

# Only the daemon dies: the kernel goes on forwarding, whoever owns the VIP.
killed_daemon_loses_nothing() {
	lab_load_start --rate 100 --timeout 2
	lab_kill_director a
	expect_soon "b is master" "lab_is b master && lab_has_vip b" 5
	expect_no_loss "$(lab_load_end)"
	lab_start_director a
	expect_master a
	expect_soon "b is backup" "lab_is b backup" 3
}

failover_on_standby_is_refused() {
	local answer

	answer=$(lab_ctl b cluster failover 2>&1) && fail "exit status 0: $answer"
	[[ $answer == *master* ]] || fail "it does not say to run it on the master: $answer"
	expect_vip_on a
}

failover_on_master_works() {
	lab_load_start --rate 100 --timeout 2 --retries 1
	lab_ctl a cluster failover || fail "exit status $?"
	expect_vip_on b
	lab_holds_for "lab_has_vip b && ! lab_has_vip a" 2 || fail "the VIP did not stay on b"
	expect_no_loss "$(lab_load_end)"
}

# After the case above the VIP is on b. A killed daemon loses it by itself after two seconds; here it
# is held for longer, so that it is --clean that removes it.
clean_removes_everything() {
	sed -i 's/^\( *\)key-file/\1lease = "10m"\n&/' "$LAB/director.conf"
	lab_ctl b config reload || fail "the lease cannot be changed"
	expect_soon "the lease is long" "lab_vip_lifetime b | grep -qE '^[0-9]{3}$'" 3
	lab_kill_director b
	lab_has_vip b || fail "there is no VIP to be removed"
	lab_has_table b || fail "there is no table to be removed"
	lab_directord b -c "$LAB/director.conf" --clean || fail "exit status $?"
	! lab_has_table b || fail "the nft table is still there"
	! lab_has_vip b || fail "the VIP is still there"
	lab_has_address b "$(lab_address b)" || fail "the node's own address is gone"
}

lab_up
lab_start_pair
run_case "exactly one director holds the VIP" expect_vip_on a
run_case "an orderly stop loses no request, leaves the tables" orderly_stop_loses_nothing
run_case "the node of higher priority comes back and preempts" returning_node_preempts
run_case "the master's machine is lost: the other takes over" lost_machine_is_replaced
run_case "the lost machine comes back, preempts, loses no request" lost_machine_comes_back
run_case "the master's daemon is killed: no request is lost" killed_daemon_loses_nothing
run_case "failover on the standby is refused" failover_on_standby_is_refused
run_case "failover on the master moves the VIP, loses no request" failover_on_master_works
run_case "--clean removes tables and VIP" clean_removes_everything
finish
