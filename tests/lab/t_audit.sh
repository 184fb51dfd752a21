#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The ruleset for an auditor: an export says who made it, when and from what, and what each object is
# for; two of the same ruleset differ in their time alone; and why nft's JSON is no form of it.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"

conf() {
	lab_conf_cluster
	lab_conf_vrrp
	lab_conf_farm www maglev '"80"' 1
	lab_conf_farm turns round-robin '"8081"'
}

export_says_where_it_is_from() {
	local digest made

	digest=$(lab_ctl a -j config check "$LAB/director.conf" | grep -o '"config_digest": "[^"]*' | cut -d'"' -f4)
	lab_ctl a ruleset export >"$LAB/one.nft"
	expect "configuration" "$(sed -n 2p "$LAB/one.nft")" "# configuration $digest"
	grep -qE '^# nft ruleset of director [^ ]+, node a, as applied$' "$LAB/one.nft" || fail "$(head -n 1 "$LAB/one.nft")"
	made=$(sed -nE 's/^# made ([0-9TZ:-]+) by directord$/\1/p' "$LAB/one.nft")
	[ $(($(date +%s) - $(date -d "$made" +%s))) -le 5 ] || fail "made \"$made\", now $(date -uIs)"
}

two_exports_differ_in_their_time() {
	sleep 1.1
	lab_ctl a ruleset export >"$LAB/two.nft"
	diff "$LAB/one.nft" "$LAB/two.nft" | grep '^[<>]' >"$LAB/differ" || fail "not even the time differs"
	expect "lines that differ" "$(grep -vc '^[<>] # made ' "$LAB/differ" || true)" 0
	expect "lines" "$(wc -l <"$LAB/differ")" 2
}

without_daemon_it_names_the_file() {
	lab_ctl b -c "$LAB/director.conf" ruleset export >"$LAB/planned.nft"
	grep -qE "^# made .* by directorctl from $LAB/director.conf\$" "$LAB/planned.nft" || fail "$(head -n 4 "$LAB/planned.nft")"
	lab_exec b nft -c -f "$LAB/planned.nft" || fail "nft does not accept it"
}

# Of what has no line in front: names.
without_a_note() {
	awk '/^\t(chain|set|map) / && before !~ /^\t# / { print $2 } { before = $0 }' "$1"
}

every_object_says_what_it_is_for() {
	[ "$(grep -cE '^	(chain|set|map) ' "$LAB/one.nft")" -ge 20 ] || fail "hardly anything is exported"
	expect "objects without a note" "$(without_a_note "$LAB/one.nft")" ""
	grep -q '^	# farm turns: .*' "$LAB/one.nft" || fail "no note names its farm"
	lab_exec a nft -c -f "$LAB/one.nft" || fail "nft does not accept it"
}

kernel_knows_nothing_of_notes() {
	sed '/^[[:space:]]*#/d' "$LAB/one.nft" | sed '/^table netdev director-stragglers/,$d' >"$LAB/plain.nft"
	lab_table a >"$LAB/kernel.nft"
	diff "$LAB/plain.nft" "$LAB/kernel.nft" || fail "export and kernel differ"
	lab_ctl a ruleset verify || fail "exit status $?"
}

# json COMMAND: what nft makes of a document that makes a table and does that in it. It loads nothing.
json() {
	printf '{"nftables": [{"add": {"table": {"family": "netdev", "name": "x"}}}, {"add": %s}]}' "$1" |
		lab_exec a nft -j -c -f - 2>&1 || true
}

# The day one of these is no error, there may be a JSON form of the export.
nft_json_cannot_say_it() {
	local of='{"family": "netdev", "table": "x", "name": "m", "type":' found status=0

	expect "a map of known types" "$(json "{\"map\": $of \"ether_addr\", \"map\": \"iface_index\"}}")" ""
	found=$(json "{\"map\": $of {\"typeof\": {\"numgen\": {\"mode\": \"inc\", \"mod\": 7}}}, \"map\": \"mark\"}}")
	[[ $found == *'Invalid set datatype'* ]] || fail "typeof: $found"
	found=$(json "{\"map\": $of \"integer\", \"map\": \"mark\"}}")
	[[ $found == *'unqualified type integer'* ]] || fail "integer: $found"
	found=$(json "{\"set\": $of \"ipv4_addr\", \"flags\": [\"timeout\", \"dynamic\"]}}")
	[[ $found == *'Invalid set flag at index 1'* ]] || fail "dynamic: $found"
	found=$(lab_ctl a -j ruleset export 2>&1) || status=$?
	expect "exit status" $status 2
	[[ $found == *'has no JSON form'* ]] || fail "$found"
}

lab_up
conf >"$LAB/director.conf"
lab_start_director a
lab_wait_master a
run_case "an export says who made it, when and from what" export_says_where_it_is_from
run_case "two exports differ in their time alone" two_exports_differ_in_their_time
run_case "without the daemon it names the file" without_daemon_it_names_the_file
run_case "every object says what it is for" every_object_says_what_it_is_for
run_case "the kernel knows nothing of that" kernel_knows_nothing_of_notes
run_case "nft's JSON cannot say it" nft_json_cannot_say_it
finish
