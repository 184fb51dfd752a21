#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A reload that lasts until it is confirmed: both nodes go over, and both stay or both go back. No
# request is lost meanwhile and the election goes on as if there were none.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"

# file WEIGHT: the configuration of both, with this weight of web1.
file() {
	{
		lab_conf_cluster
		lab_conf_vrrp
		lab_conf_farm www maglev '"80"' "$1"
	} >"$LAB/director.conf"
}

weight() {
	lab_status "$1" farms.www.backends.web1.weight
}

both_have() {
	[ "$(weight a)" = "$1" ] && [ "$(weight b)" = "$1" ]
}

# refused REGEX NODE ARGUMENT …
refused() {
	local answer regex=$1

	shift
	answer=$(lab_ctl "$@" 2>&1) && fail "exit status 0: $answer"
	[[ $answer =~ $regex ]] || fail "it says: $answer"
}

# tries TIME: both nodes go over; the other one follows no more than once in ten seconds.
tries() {
	expect_soon "both go over" "lab_ctl a config reload --confirm $1" 12
}

calm_begins() {
	CHANGES=$(lab_status a vrrp.0.transitions)
	lab_load_start --rate 100 --timeout 2 --retries 1
}

calm_ends() {
	expect_no_loss "$(lab_load_end)"
	expect "changes of the master's state" "$(lab_status a vrrp.0.transitions)" "$CHANGES"
	lab_is b backup || fail "b is not backup"
}

confirmed() {
	calm_begins
	file 2
	lab_ctl a config reload --confirm 8s | grep -q 'on both nodes' || fail "not on both nodes"
	both_have 2 || fail "weights: $(weight a) and $(weight b)"
	lab_ctl b status | grep -q 'configuration NOT confirmed' || fail "status of b has no word of it"
	refused 'not confirmed yet' b config reload
	refused 'not confirmed yet' a config reload --confirm 8s
	lab_ctl b config confirm | grep -q 'configuration confirmed' || fail "not confirmed"
	lab_holds_for "both_have 2" 9 || fail "it went back"
	calm_ends
	refused 'no configuration waits' a config confirm
	lab_ctl a ruleset history | grep -q 'config confirm' || fail "the history has no word of it"
}

not_confirmed() {
	calm_begins
	file 3
	tries 4s
	both_have 3 || fail "weights: $(weight a) and $(weight b)"
	expect_soon "both go back" "both_have 2" 7
	calm_ends
	lab_logged a 'what ran before runs again' || fail "not logged by a"
	lab_logged b 'what ran before runs again' || fail "not logged by b"
	grep -q 'weight = 3' "$LAB/director.conf" || fail "the file was written over"
	lab_ctl a status | grep -q 'what ran before the file' || fail "status has no word of it"
	refused 'nothing was kept' a config confirm
	lab_ctl b ruleset history | grep -q 'back to what ran before' || fail "no word in the history"
}

rolled_back() {
	tries 60s
	both_have 3 || fail "weights: $(weight a) and $(weight b)"
	lab_ctl b config rollback
	expect_soon "both go back" "both_have 2" 3
}

# The new configuration cuts the way between them: neither needs to hear anything to go back, and who is told to
# stay cannot do it for both.
cut_off() {
	local way

	calm_begins
	tries 5s
	both_have 3 || fail "weights: $(weight a) and $(weight b)"
	lab_exec b nft add table inet cut
	lab_exec b nft add chain inet cut in '{ type filter hook input priority 0; }'
	for way in dport sport; do
		lab_exec b nft add rule inet cut in tcp $way 8405 drop
	done
	refused 'does not answer|not answer' a config confirm
	expect_soon "both go back" "both_have 2" 8
	lab_exec b nft delete table inet cut
	calm_ends
}

# Killed while nothing is confirmed: it starts with what was.
killed() {
	tries 6s
	lab_kill_director b
	lab_start_director b
	expect "weight at b" "$(weight b)" 2
	lab_logged b 'starting with what ran before' || fail "not logged"
	expect_soon "a goes back" "[ \"\$(weight a)\" = 2 ]" 8
	lab_stop_director b
	lab_start_director b
	expect "weight after another start" "$(weight b)" 2
	expect_soon "b is backup" "lab_is b backup" 5
}

peer_away() {
	lab_stop_director b
	expect_soon "a knows" "! lab_ctl a config reload --confirm 5s" 1
	refused 'not connected.*--this-node' a config reload --confirm 5s
	expect "weight" "$(weight a)" 2
	lab_ctl a config reload --confirm 3s --this-node
	expect "weight" "$(weight a)" 3
	expect_soon "a goes back" "[ \"\$(weight a)\" = 2 ]" 6
	lab_start_director b
	expect_soon "b is backup" "lab_is b backup" 5
}

# What cannot be marked as unconfirmed never comes into force: a daemon that dies then would start with it.
not_marked() {
	local before after

	lab_exec a mkdir -p "$LAB/a/run/config.unconfirmed/in-the-way"
	before=$(lab_ctl a ruleset history | tail -n 1 | cut -d ' ' -f 1)
	refused 'nothing is changed.*cannot be kept' a config reload --confirm 5s --this-node
	rm -r "$LAB/a/run/config.unconfirmed"
	expect "weight" "$(weight a)" 2
	after=$(lab_ctl a ruleset history | tail -n 1)
	[[ $after =~ refused ]] || fail "the last line: $after"
	expect "number of the last line" "${after%% *}" $((before + 1))
}

# A reload without a time brings the file for good, on a node that gave it up as well.
for_good() {
	lab_ctl a config reload
	lab_ctl b config reload
	both_have 3 || fail "weights: $(weight a) and $(weight b)"
	lab_ctl a -j status | grep -q '"given_up": false' || fail "still given up"
}

wrong_usage() {
	local status=0

	lab_ctl a config reload --confirm 5 || status=$?
	expect "exit status" $status 2
	status=0
	lab_ctl a config reload --this-node || status=$?
	expect "exit status" $status 2
}

lab_up
file 1
lab_start_pair
run_case "wrong usage" wrong_usage
run_case "confirmed on the other node" confirmed
run_case "not confirmed: both go back" not_confirmed
run_case "the operator goes back at once" rolled_back
run_case "the way between them is cut: both go back" cut_off
run_case "killed before it is confirmed" killed
run_case "without the other director" peer_away
run_case "what cannot be marked is not in force" not_marked
run_case "a reload for good" for_good
finish
