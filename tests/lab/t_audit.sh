#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The ruleset for an auditor: an export says who made it, when and from what, and what each object is
# for; two of the same ruleset differ in their time alone, as text and in JSON. What a
# reload would change is told before, and comes true; what was done is told after, and by whose will.
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

# --- in nft's JSON schema -------------------------------------------------------------------------

# objects KIND FILE: how many of them the document has.
objects() {
	jq "[.nftables[] | select(.$1)] | length" "$2"
}

json_has_what_the_kernel_has() {
	local kind

	lab_ctl a ruleset export --format json >"$LAB/one.json"
	lab_exec a nft -j -s list table netdev director >"$LAB/kernel.json" 2>/dev/null
	for kind in table chain set map rule; do
		expect "${kind}s" "$(objects $kind "$LAB/one.json")" "$(objects $kind "$LAB/kernel.json")"
	done
	[ "$(objects rule "$LAB/one.json")" -ge 20 ] || fail "hardly anything is exported"
	jq -S '.nftables[] | select(.rule.chain == "farm-www") | .rule.expr' "$LAB/one.json" >"$LAB/ours"
	jq -S '.nftables[] | select(.rule.chain == "farm-www") | .rule.expr' "$LAB/kernel.json" >"$LAB/theirs"
	diff "$LAB/ours" "$LAB/theirs" || fail "nft says something else of farm-www"
}

json_says_where_it_is_from() {
	expect "head" "$(jq -r '.nftables[0].metainfo | "\(.node) \(.state) \(.made_by) \(.json_schema_version)"' "$LAB/one.json")" \
		"a as applied directord 1"
	expect "configuration" "$(jq -r '.nftables[0].metainfo.configuration' "$LAB/one.json")" \
		"$(lab_ctl a -j config check "$LAB/director.conf" | jq -r .config_digest)"
	expect "backends" "$(jq -r '[.nftables[0].metainfo.farms[] | select(.name == "www") | .backends[].name] | join(" ")' "$LAB/one.json")" \
		"web1 web2 web3"
	expect "without a note" "$(jq '[.nftables[] | (.chain, .set, .map) | select(. and (.note | not))] | length' "$LAB/one.json")" 0
}

two_of_json_differ_in_a_line() {
	sleep 1.1
	lab_ctl a -j ruleset export >"$LAB/two.json"
	expect "lines that differ" "$(diff "$LAB/one.json" "$LAB/two.json" | grep -c '^>' || true)" 1
	diff "$LAB/one.json" "$LAB/two.json" | grep -q '^> {"metainfo"' || fail "another line than the head's"
}

json_without_a_daemon() {
	lab_ctl b -j -c "$LAB/director.conf" ruleset export >"$LAB/planned.json"
	expect "made by" "$(jq -r '.nftables[0].metainfo | "\(.made_by) \(.made_from)"' "$LAB/planned.json")" \
		"directorctl $LAB/director.conf"
}

a_format_that_is_none() {
	local found status=0

	found=$(lab_ctl a ruleset export --format xml 2>&1) || status=$?
	expect "exit status" $status 2
	[[ $found == *'--format must be nft or json, not "xml"'* ]] || fail "$found"
	status=0
	found=$(lab_ctl a -j ruleset export --format nft 2>&1) || status=$?
	expect "exit status" $status 2
	[[ $found == *'-j is --format json'* ]] || fail "$found"
}

# --- before a reload ------------------------------------------------------------------------------

# differs FILE WANTED OPTION…: what `ruleset diff` says of it, in $LAB/diff; its exit status.
differs() {
	local file=$1 wanted=$2 status=0

	shift 2
	lab_ctl a -c "$file" "$@" ruleset diff >"$LAB/diff" 2>"$LAB/diff.err" || status=$?
	expect "exit status" $status "$wanted"
}

without_web3() {
	grep -v '"web3"' "$LAB/director.conf"
}

what_runs_differs_in_nothing() {
	differs "$LAB/director.conf" 0
	expect "words" "$(cat "$LAB/diff")" "$LAB/director.conf changes nothing of what runs"
	grep -q 'web3' "$LAB/director.conf" || fail "the lab has no web3"
}

a_backend_less_is_told() {
	without_web3 >"$LAB/new.conf"
	differs "$LAB/new.conf" 4
	grep -qx 'farm www: backend web3 is removed' "$LAB/diff" || fail "$(cat "$LAB/diff")"
	grep -qE '^farm www: 345 of 1009 buckets \(34\.2 %\) move' "$LAB/diff" || fail "$(head -n 5 "$LAB/diff")"
	grep -q '^--- what runs$' "$LAB/diff" || fail "no difference of the rulesets"
	grep -qE '^-.*backend web3 ' "$LAB/diff" || fail "web3 does not go from the ruleset"
	lab_ctl a -c "$LAB/new.conf" -j ruleset diff >"$LAB/diff.json" || true
	grep -q '"buckets_moved": 345,' "$LAB/diff.json" || fail "$(head -c 600 "$LAB/diff.json")"
}

connections_that_end_otherwise_are_told() {
	sed 's/"8081"/"8082"/' "$LAB/director.conf" >"$LAB/ends.conf"
	differs "$LAB/ends.conf" 4
	grep -q '^farm turns: .*; connections to port 8081 that it serves no longer end; how many is not known$' "$LAB/diff" || fail "$(head -n 5 "$LAB/diff")"
	lab_ctl a -c "$LAB/ends.conf" -j ruleset diff >"$LAB/ends.json" || true
	expect "ended" "$(jq -c '[.farms[] | select(.name == "turns") | .connections_ended, (.ends != "")]' "$LAB/ends.json")" "[null,true]"
}

mistakes_are_told_as_by_check() {
	sed 's/maglev/maglef/' "$LAB/director.conf" >"$LAB/bad.conf"
	differs "$LAB/bad.conf" 1
	expect "the sentence" "$(cat "$LAB/diff.err")" "$(lab_ctl a config check "$LAB/bad.conf" 2>&1 || true)"
}

two_files_without_a_daemon() {
	local status=0

	lab_ctl b -c "$LAB/new.conf" --against "$LAB/director.conf" ruleset diff >"$LAB/diff" || status=$?
	expect "exit status" $status 4
	grep -qx 'farm www: backend web3 is removed' "$LAB/diff" || fail "$(cat "$LAB/diff")"
	status=0
	lab_ctl b -c "$LAB/new.conf" ruleset diff >/dev/null 2>&1 || status=$?
	expect "exit status without a daemon" $status 3
}

the_forecast_comes_true() {
	cp "$LAB/director.conf" "$LAB/old.conf"
	cp "$LAB/new.conf" "$LAB/director.conf"
	lab_ctl a config reload || fail "exit status $?"
	# Those of web3, and those that move between the others.
	grep -q '"www": 336 of 1009 buckets lost their backend' "$LAB/a/log" || fail "$(grep '"www"' "$LAB/a/log")"
	grep -q '"www": 9 of 1009 buckets move to other' "$LAB/a/log" || fail "$(grep '"www"' "$LAB/a/log")"
	differs "$LAB/new.conf" 0
	lab_ctl a ruleset verify || fail "exit status $?"
}

# --- what was done --------------------------------------------------------------------------------

# history N WANTED: the N-th latest entry matches that.
history() {
	local line

	line=$(lab_ctl a ruleset history --last "$1" | head -n 1)
	grep -qE "$2" <<<"$line" || fail "$line"
}

who_reloaded_is_known() {
	history 1 '  reload by uid 0, pid [1-9][0-9]*: applied, .* generation [1-9]'
	history 1 'objects added|elements added|elements removed'
}

commands_are_known() {
	local status=0

	lab_ctl a backend weight www/web1 3 >/dev/null
	history 1 '  command by uid 0, pid [1-9][0-9]*, weight www/web1 3: applied, .* elements added'
	lab_ctl a backend enable www/web2 >/dev/null
	history 1 'enable www/web2: applied, .*; nothing had to be changed$'
	lab_ctl a backend drain www/nobody >/dev/null 2>&1 || status=$?
	expect "exit status" $status 1
	history 1 'drain www/nobody: refused, .*there is no backend "nobody"'
}

a_refused_reload_is_known() {
	local before status=0

	before=$(lab_ctl a -j ruleset history --last 1 | grep config_digest)
	cp "$LAB/bad.conf" "$LAB/director.conf"
	lab_ctl a config reload >/dev/null 2>&1 || status=$?
	expect "exit status" $status 1
	history 1 '  reload by uid 0, pid [1-9][0-9]*: refused, .*maglef'
	expect "configuration" "$(lab_ctl a -j ruleset history --last 1 | grep config_digest)" "$before"
	cp "$LAB/new.conf" "$LAB/director.conf"
}

a_repair_is_known() {
	lab_exec a nft delete table netdev director
	lab_wait_until repaired 5 || fail "$(lab_ctl a ruleset history --last 3)"
}

repaired() {
	lab_ctl a ruleset history | grep -qE '  repair: applied, .*objects added'
}

history_outlives_the_daemon() {
	local before

	before=$(lab_ctl a ruleset history)
	lab_stop_director a
	lab_start_director a
	lab_wait_master a
	lab_ctl a ruleset history >"$LAB/history"
	grep -qxF -- "$(head -n 1 <<<"$before")" "$LAB/history" || fail "$(cat "$LAB/history")"
	grep -qE '  start: applied, ' <(tail -n 5 "$LAB/history") || fail "$(cat "$LAB/history")"
}

a_damaged_file_begins_anew() {
	lab_stop_director a
	sed -i '2s/^[0-9]*/many/' "$LAB/a/run/journal.state"
	lab_start_director a
	lab_wait_master a
	grep -q 'journal.state:2 is not as directord writes it' "$LAB/a/log" || fail "nothing is in the log"
	[ -f "$LAB/a/run/journal.state.bad" ] || fail "it is not set aside"
	history 256 '^1 .*  start: applied, '
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
run_case "in JSON it has what the kernel has" json_has_what_the_kernel_has
run_case "JSON says where it is from" json_says_where_it_is_from
run_case "two of JSON differ in a line" two_of_json_differ_in_a_line
run_case "JSON without the daemon" json_without_a_daemon
run_case "a format that is none" a_format_that_is_none
run_case "of what runs nothing differs" what_runs_differs_in_nothing
run_case "a backend less is told before the reload" a_backend_less_is_told
run_case "connections that end without a backend that goes are told" connections_that_end_otherwise_are_told
run_case "a mistake is told as by config check" mistakes_are_told_as_by_check
run_case "two files are compared without a daemon" two_files_without_a_daemon
run_case "the forecast comes true" the_forecast_comes_true
run_case "who reloaded is known" who_reloaded_is_known
run_case "commands are known" commands_are_known
run_case "a refused reload is known" a_refused_reload_is_known
run_case "a repair is known" a_repair_is_known
run_case "the history outlives the daemon" history_outlives_the_daemon
run_case "a damaged file is told and begun anew" a_damaged_file_begins_anew
finish
