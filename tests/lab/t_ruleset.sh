#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The ruleset: what is exported is what the kernel holds and nft accepts; a reload and a restart
# change what has to change, and nothing else.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"

# conf WEIGHT1: a Maglev farm and a round-robin farm.
conf() {
	local LAB_FARM_KEYS='transition-time = "1s"  tcp-close-timeout = "1s"'

	lab_conf_cluster
	lab_conf_vrrp
	lab_conf_farm www maglev '"80"' "$1"
	lab_conf_farm turns round-robin '"8081"'
}

export_is_accepted() {
	lab_ctl a ruleset export >"$LAB/export-a.nft"
	grep -q '^table netdev director {' "$LAB/export-a.nft" || fail "no table in the export"
	lab_exec a nft -c -f "$LAB/export-a.nft" || fail "nft does not accept it"
}

export_without_daemon_is_accepted() {
	lab_ctl b -c "$LAB/director.conf" ruleset export >"$LAB/export-b.nft"
	grep -q '^table netdev director {' "$LAB/export-b.nft" || fail "no table in the export"
	lab_exec b nft -c -f "$LAB/export-b.nft" || fail "nft does not accept it"
}

export_equals_the_kernel() {
	lab_ctl a ruleset export | sed '/^[[:space:]]*#/d' >"$LAB/plain.nft"
	lab_table a >"$LAB/kernel.nft"
	diff "$LAB/plain.nft" "$LAB/kernel.nft" || fail "export and kernel differ"
}

# Of the two exports above; on another machine.
export_can_be_loaded() {
	lab_exec b nft -f "$LAB/export-a.nft"
	lab_table b >"$LAB/loaded.nft"
	lab_exec b nft delete table netdev director
	diff "$LAB/plain.nft" "$LAB/loaded.nft" || fail "loaded and exported differ"
}

# choices FILE: port and backend of 200 connections.
choices() {
	expect_no_loss "$(lab_load --count 200 --source-port 25000 --log "$LAB/choices.log")"
	awk '{ print $5, $4 }' "$LAB/choices.log" | sort >"$1"
}

reload() {
	conf "$1" >"$LAB/director.conf"
	lab_ctl a config reload || fail "config reload: exit status $?"
}

weights_move_buckets() {
	choices "$LAB/before"
	reload 3
	choices "$LAB/after"
	grep -c web1 "$LAB/before" "$LAB/after"
	[ "$(grep -c web1 "$LAB/after")" -gt $(($(grep -c web1 "$LAB/before") + 20)) ] ||
		fail "weight 3 brought no more requests"
}

# Of the choices above: flows whose backend is the same before and after outlive the change.
unmoved_flows_survive() {
	local port n=0

	reload 1
	for port in $(comm -12 "$LAB/before" "$LAB/after" | awk '{ print $1 }' | head -n 6); do
		n=$((n + 1))
		lab_download "download$n" 6m --local-port "$port"
	done
	expect "downloads" "$n" 6
	sleep 0.5
	reload 3
	while [ "$n" -gt 0 ]; do
		lab_download_complete "download$n" || fail "download $n broke: $(cat "$LAB/download$n/log")"
		n=$((n - 1))
	done
}

unrelated_change_loses_nothing() {
	lab_load_start --rate 100 --timeout 1
	lab_download one 8m
	sleep 0.3
	lab_conf_farm more maglev '"8080"' >>"$LAB/director.conf"
	lab_signal a HUP
	expect_soon "the new farm works" "lab_answers http://$LAB_VIP:8080/" 5
	lab_download_complete one || fail "the download broke: $(cat "$LAB/one/log")"
	expect_no_loss "$(lab_load_end)"
}

reload_removes_a_farm() {
	reload 1
	expect_soon "the farm is gone" "! lab_answers http://$LAB_VIP:8080/" 5
	# What an old rule may still read goes a moment later than the rule.
	expect_soon "nothing of it is left in the table" "! lab_table a | grep -q more" 3
}

# refused_at LINE TEXT
refused_at() {
	[[ $2 == *"director.conf:$1:"* ]] || fail "it does not name line $1: $2"
}

bad_config_is_refused() {
	local line answer before

	# The table changes by itself as long as the farm's buckets move.
	expect_soon "nothing is remembered of a transition" "! lab_table a | grep -q www-flows" 40
	before=$(lab_table a)
	echo 'bogus-key = 1' >>"$LAB/director.conf"
	line=$(wc -l <"$LAB/director.conf")
	answer=$(lab_ctl a config reload 2>&1) && fail "exit status 0: $answer"
	refused_at "$line" "$answer"
	: >"$LAB/a/log"
	lab_signal a HUP
	expect_soon "SIGHUP logs the line" "lab_logged a 'director.conf:$line:'" 5
	expect "the table" "$(lab_table a)" "$before"
	expect_no_loss "$(lab_load --count 20)"
	conf 1 >"$LAB/director.conf"
}

# Same handles: not one rule, chain or set was made anew.
# The table with handles, without the flows that the packet path keeps in it.
table_with_handles() {
	lab_table a -a | grep -vE '\. [0-9]+ timeout '
}

restart_adopts() {
	expect_soon "nothing is remembered of a transition" "! lab_table a | grep -q www-flows" 40
	table_with_handles >"$LAB/handles.before"
	lab_stop_director a
	table_with_handles >"$LAB/handles.stopped"
	lab_start_director a
	lab_wait_master a
	table_with_handles >"$LAB/handles.after"
	diff "$LAB/handles.before" "$LAB/handles.stopped" || fail "the stop changed the table"
	diff "$LAB/handles.before" "$LAB/handles.after" || fail "the start changed the table"
}

flows_survive_a_restart() {
	local load

	lab_load_start --port 8081 --rate 5 --requests 20 --pause 0.2 --timeout 2
	sleep 1
	lab_stop_director a
	sleep 0.3
	lab_start_director a
	lab_wait_master a
	load=$(lab_load_end)
	expect_no_loss "$load"
	expect "connections that moved" "$(json_value moved <<<"$load")" 0
}

verify_finds_drift() {
	local answer status=0

	lab_ctl a ruleset verify || fail "drift where there is none: exit status $?"
	# The daemon mends once a second, perhaps just before it is asked.
	for _ in {1..20}; do
		status=0
		lab_exec a nft flush chain netdev director farm-www
		answer=$(lab_ctl a ruleset verify 2>&1) || status=$?
		[ "$status" = 0 ] || break
	done
	expect "exit status" "$status" 4
	[[ $answer == *farm-www* ]] || fail "it does not name the chain: $answer"
}

# verify_after OPTION COMMAND …: what `ruleset verify` says of the table after COMMAND. The daemon may
# have mended it by then; it does so no more than once a second, so it is tried again at once. Exit
# status 4 is what it has to be.
verify_after() {
	local option=$1 answer status

	shift
	for _ in {1..20}; do
		status=0
		lab_exec a "$@"
		answer=$(lab_ctl a ${option:+"$option"} ruleset verify 2>&1) || status=$?
		[ "$status" = 0 ] || break
	done
	echo "$answer"
	[ "$status" = 4 ]
}

verify_names_what_differs() {
	local answer

	expect_soon "nothing differs" "lab_ctl a ruleset verify >/dev/null 2>&1" 5
	expect "differences" "$(lab_ctl a -j ruleset verify | tr -d ' \n')" \
		'{"in_sync":true,"differences":[]}'
	answer=$(verify_after "" nft delete element netdev director www-buckets '{ 7 }')
	grep -qE '^set www-buckets: 7 is missing, the plan has web[123]$' <<<"$answer" || fail "$answer"
	expect_soon "it is mended" "lab_ctl a ruleset verify >/dev/null 2>&1" 5
	answer=$(verify_after -j nft add set netdev director strange '{ type ipv4_addr; }')
	expect "in_sync" "$(json_value in_sync <<<"$answer")" false
	expect "difference" "$(json_value differences.0 <<<"$answer")" "set strange is not in the plan"
	expect_soon "it is mended" "lab_ctl a ruleset verify >/dev/null 2>&1" 5
}

# An anonymous set goes with its rule; a set and a chain of their own have to be deleted.
foreign_objects_are_removed() {
	lab_exec a nft -f - <<-'END'
		add set netdev director strange { type ipv4_addr; }
		add chain netdev director stranger
		add rule netdev director stranger ip saddr @strange drop
		insert rule netdev director farm-www tcp dport { 1, 2 } goto stranger
	END
	expect_soon "the table is mended" "lab_ctl a ruleset verify >/dev/null 2>&1" 5
	# A set goes a moment later than the last rule that names it, which verify does not take for a fault.
	expect_soon "nothing of it is left" "! lab_table a | grep -q strange" 3
	expect_no_loss "$(lab_load --count 30)"
}

lab_up
conf 1 >"$LAB/director.conf"
run_case "nft accepts the export without a daemon" export_without_daemon_is_accepted
lab_start_director a
lab_wait_master a
run_case "the export equals what the kernel lists" export_equals_the_kernel
run_case "nft accepts the export" export_is_accepted
run_case "the export can be loaded" export_can_be_loaded
run_case "a new weight moves requests" weights_move_buckets
run_case "flows whose bucket did not move survive" unmoved_flows_survive
run_case "an unrelated change loses no request (SIGHUP)" unrelated_change_loses_nothing
run_case "a removed farm is gone" reload_removes_a_farm
run_case "a bad configuration is refused, the old one stays" bad_config_is_refused
run_case "a restart adopts what is there" restart_adopts
run_case "round-robin flows survive a restart" flows_survive_a_restart
run_case "ruleset verify names drift" verify_finds_drift
run_case "ruleset verify names elements and objects" verify_names_what_differs
run_case "what others put into the table is removed" foreign_objects_are_removed
finish
