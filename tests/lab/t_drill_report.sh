#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The report of a drill: a page that a browser shows without anything else; and the drills of the past. The cases follow each other; the
# master is a at first, and changes.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"
. "$LAB_TOOLS/lib/drill.sh"

# shown FILE: as a browser has it.
shown() {
	lab_exec client timeout -k 2 60 chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage \
		--no-first-run --no-proxy-server --user-data-dir="$(mktemp -d "$LAB/browser.XXXXXX")" --dump-dom \
		"file://$1" >"$LAB/page.html" 2>"$LAB/browser.err" || fail "$(tail -n 3 "$LAB/browser.err")"
}

# has TEXT …: they are on the page.
has() {
	local text

	for text in "$@"; do
		grep -qF -- "$text" "$LAB/page.html" || fail "the page does not show $text"
	done
}

left_beside() {
	find "$LAB" -maxdepth 1 -name 'report.html.*'
}

# A report of before is replaced; asked on the backup, which knows the user.
page_of_a_drill() {
	drill_ready a
	echo old >"$LAB/report.html"
	drill b 0 -j cluster drill graceful --html "$LAB/report.html"
	expect "what is left beside it" "$(left_beside)" ""
	expect "its mode" "$(stat -c %a "$LAB/report.html")" 644
	expect asked_on "$(drilled asked_on)" b
	expect uid "$(drilled uid)" 0
	expect "configuration of a" "$(drilled directors.0.config_digest)" "$(lab_status a config_digest)"
	expect "configuration of b" "$(drilled directors.1.config_digest)" "$(lab_status b config_digest)"
	expect "version of a" "$(drilled directors.0.version)" "$(lab_status a version)"
	expect "version of b" "$(drilled directors.1.version)" "$(lab_status b version)"
	shown "$LAB/report.html"
	has "drill graceful: <span class=\"good\">passed</span>" "<svg viewBox=" "node a</text>" "node b</text>" \
		"is master</text>" "has all addresses</text>" "nobody is master for" "Asked for on node b by uid 0" "$(lab_status a config_digest)"
}

page_of_a_silence() {
	drill_ready b
	drill b 4 cluster drill crash --limit 4s --html "$LAB/report.html"
	shown "$LAB/report.html"
	has "drill crash: <span class=\"bad\">missed</span>" "max-gap is 200 ms" 'class="break"' "is as before</text>"
	drill_ready a
}

# Before anything is done.
place_that_cannot_be_written() {
	drill a 1 cluster drill graceful --html "$LAB/there/is/none.html"
	grep -qF "cannot write $LAB/there/is/none.html: No such file" "$LAB/drill.out" || fail "it does not say so"
	drill a 1 cluster drill graceful --html /dev/null
	[ -c /dev/null ] || fail "a device became a file"
	drill a 2 cluster drill graceful --no-wait --html "$LAB/report.html"
	drill a 2 cluster status --html "$LAB/report.html"
	lab_is a master || fail "a is master no more"
}

# history_of NODE: numbers, kinds and results, the latest first.
history_of() {
	lab_ctl "$1" -j cluster drill history | python3 -c 'import json, sys
print(" ".join("{number}:{kind}:{passed}".format(**d) for d in json.load(sys.stdin)["history"]))'
}

both_tell_of_it() {
	local node

	for node in a b; do
		expect "history of $node" "$(history_of $node)" "2:crash:False 1:graceful:True"
	done
	lab_ctl a cluster drill history | tee "$LAB/history"
	head -n 1 "$LAB/history" | grep -qE '^2 +20.*Z  crash from b to a: missed, took over within [0-9]+ ms, [0-9]+ connections lost: ' ||
		fail "the latest is not first"
	drill b 0 cluster drill history 1
	grep -q "is master$" "$LAB/drill.out" || fail "no timeline"
	drill b 0 cluster drill history 1 --html "$LAB/report.html"
	shown "$LAB/report.html"
	has "drill graceful: <span class=\"good\">passed</span>" "Asked for on node b by uid 0"
	drill a 0 cluster drill history 1 --html "$LAB/report.html"
	shown "$LAB/report.html"
	has "Asked for on node b at"
	drill a 1 cluster drill history 3
	drill a 2 cluster drill history x
}

# A restart keeps it, numbers go on; a file that is not ours is told of, set aside, and stops nothing.
it_outlives_the_daemon() {
	local kept

	lab_stop_director b
	lab_start_director b "$LAB/b.conf"
	expect "history of b" "$(history_of b)" "2:crash:False 1:graceful:True"
	lab_stop_director b
	kept=$(cksum <"$LAB/b/run/drills.state")
	echo torn >>"$LAB/b/run/drills.state"
	lab_start_director b "$LAB/b.conf"
	expect "history of b" "$(history_of b)" ""
	grep -q 'drills.state is not as directord writes it: .* the file is .*drills.state.bad now' "$LAB/b/log" ||
		fail "nothing is in the log"
	expect "what is set aside" "$(head -c -5 "$LAB/b/run/drills.state.bad" | cksum)" "$kept"
	drill_ready a
	drill a 0 cluster drill graceful
	expect "history of a" "$(history_of a)" "3:graceful:True 2:crash:False 1:graceful:True"
	expect "history of b" "$(history_of b)" "1:graceful:True"
}

# As after a boot: the runtime directory is empty.
it_outlives_a_boot() {
	lab_stop_director b
	mkdir "$LAB/b/kept"
	cp "$LAB"/b/run/{drills,journal}.state "$LAB/b/kept"
	rm -r "$LAB/b/run"
	STATE_DIRECTORY=$LAB/b/kept lab_start_director b "$LAB/b.conf"
	expect "history of b" "$(history_of b)" "1:graceful:True"
	lab_ctl b ruleset history >"$LAB/history"
	[ "$(grep -c "  start: " "$LAB/history")" -gt 1 ] || fail "the ruleset has no history"
	[ ! -e "$LAB/b/run/drills.state" ] || fail "it is written into the runtime directory"
	lab_stop_director b
	lab_start_director b "$LAB/b.conf" --state-dir "$LAB/b/other"
	expect "history of b" "$(history_of b)" ""
	[ "$(stat -c %a "$LAB/b/other")" = 700 ] || fail "others may read it"
}

# The history of the node that was asked has it as the drill has told it. Attempts that came too early are nothing to
# tell of.
the_way_back() {
	local master said

	master=$(if lab_is a master; then echo a; else echo b; fi)
	drill_ready "$master"
	said=$(grep -c 'drill graceful: refused' "$LAB/$master/log" || true)
	drill "$master" any -j cluster drill crash --limit 3s --failback --html "$LAB/report.html"
	expect "back again" "$(drilled failback.done)" true
	expect "exit status" "$status" "$([ "$(drilled passed)" = true ] && echo 0 || echo 4)"
	lab_ctl "$master" -j cluster drill history >"$LAB/history"
	python3 - "$LAB/drill.out" "$LAB/history" <<-'EOF' || fail "the history says: $(tail -n 40 "$LAB/history")"
		import json, sys
		told, past = (json.load(open(name)) for name in sys.argv[1:])
		kept = [d for d in past["history"] if d["kind"] == "crash" and d["at_ms"] == told["at_ms"]][0]
		assert kept["failback"] == told["failback"], (kept, told)
		assert all(d["result"] != "refused" for d in past["history"]), past
		assert all(d["failback"] is None for d in past["history"] if d is not kept), past
		number = kept["number"]
		open(sys.argv[2], "w").write(str(number))
	EOF
	expect "refusals in the log" "$(grep -c 'drill graceful: refused' "$LAB/$master/log" || true)" "$said"
	drill "$master" 0 cluster drill history "$(cat "$LAB/history")" --html "$LAB/past.html"
	cmp "$LAB/report.html" "$LAB/past.html" || fail "the page is another one"
	shown "$LAB/past.html"
	has ">back again</th><td>node $master "
	drill "$master" 0 cluster drill history "$(cat "$LAB/history")"
	grep -q "^back again: node $master " "$LAB/drill.out" || fail "the text does not tell"
}

command -v chromium >/dev/null || skip_all "chromium is not installed"
lab_up
lab_net6_up
for node in a b; do
	twin_conf >"$LAB/$node.conf"
done
run_case "the pair is in sync" begin
run_case "the page of a drill, in a browser" page_of_a_drill
run_case "the page of a silence, which missed" page_of_a_silence
run_case "a place that cannot be written is told before" place_that_cannot_be_written
run_case "both nodes tell of them later" both_tell_of_it
run_case "a restart keeps them, a damaged file is set aside" it_outlives_the_daemon
run_case "a boot, too, in the state directory" it_outlives_a_boot
run_case "whether the roles are back" the_way_back
finish
