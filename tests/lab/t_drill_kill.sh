#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A drill that kills the daemon of the master: who supervises it starts it again, and that one ends the drill.
# The cases follow each other; who is master changes.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"
. "$LAB_TOOLS/lib/drill.sh"

# supervised NODE SECONDS: the director is started again after so long; a by who says so, b as by systemd.
supervised() {
	local said=(env) by=(--supervised)

	if [ "$1" = b ]; then
		said=(bash -c 'SYSTEMD_EXEC_PID=$$ exec "$@"' -)
		by=()
	fi
	lab_spawn "$1" "$1" bash "$LAB_TOOLS/lib/supervise.sh" "$2" "${said[@]}" "$LAB_BUILD/directord" \
		-c "$LAB/$1.conf" --runtime-dir "$LAB/$1/run" "${by[@]}"
	lab_wait_until "lab_answers_ctl $1" 10 || fail "director $1 does not answer"
}

# daemon_of NODE: the process that has the lock.
daemon_of() {
	pgrep -f "directord -c $LAB/$1.conf " | while read -r pid; do
		[ "$(cat "/proc/$pid/comm" 2>/dev/null)" = directord ] && echo "$pid"
	done
}

# expect_times OLD NEW: what both saw, and in which order.
expect_times() {
	python3 - "$LAB/drill.out" "$@" <<-'EOF' >>"$LAB/figures"
		import json, sys

		path, old, new = sys.argv[1:]
		drill = json.load(open(path))
		seen = {(m["node"], m["event"]): m["at_us"] / 1000 for m in drill["timeline"]}
		assert drill["from"] == old and drill["to"] == new and drill["passed"], drill
		assert seen[old, "lets go"] == 0, seen
		took = seen[new, "is master"]
		assert abs(took - drill["takeover_ms"]) < 2, (took, drill["takeover_ms"])
		assert 20 < took < 1500, took
		back = seen[old, "is as before"]
		assert 1000 < back < 8000, back
		print(f"# killed on {old}: takeover {took:.0f} ms, its daemon is back after {back:.0f} ms")
	EOF
}

# A daemon below the one that systemd has started is not started by it.
nobody_would_start_it() {
	export SYSTEMD_EXEC_PID=$$
	begin
	unset SYSTEMD_EXEC_PID
	for asked in a b; do
		drill $asked 1 cluster drill daemon-kill
		grep -qE 'refused: .*(nobody would start directord again on node a|for its own operator alone)' \
			"$LAB/drill.out" || fail "it does not say so"
	done
	expect_master a
}

# expect_adverts OLD NEW: from the last advert of the one to the first of the other, for both families, is as
# long on the wire.
expect_adverts() {
	lab_captured client >"$LAB/adverts"
	python3 - "$LAB/drill.out" "$LAB/adverts" "$(lab_mac "$1")" "$(lab_mac "$2")" <<-'EOF' >>"$LAB/figures"
		import json, sys

		drill, old, new = json.load(open(sys.argv[1])), sys.argv[3], sys.argv[4]
		rows = [line.split() for line in open(sys.argv[2])]
		adverts = [(float(row[0]), row[1], "IPv6" in line) for row, line in zip(rows, open(sys.argv[2]))]
		taken = max(min(at for at, mac, six in adverts if mac == new and six == family) for family in (False, True))
		last = max(at for at, mac, _ in adverts if mac == old and at < taken)
		seen = {m["event"]: m["at_us"] / 1000 for m in drill["timeline"]}
		told = seen["is master"] - seen["hears the last advert"]
		wire = (taken - last) * 1000
		print(f"# from the last advert to the first: told {told:.1f} ms, on the wire {wire:.1f} ms")
		assert abs(told - wire) < 20, (told, wire)
	EOF
}

# The kernel goes on forwarding; a client asks all the time.
asked_for_on_the_master() {
	local node before prober

	for node in a b; do
		lab_stop_director $node
		supervised $node 1
	done
	drill_ready a
	before=$(daemon_of a)
	lab_exec client "$LAB_BUILD/directorctl" -j probe "$LAB_VIP:80" --rate 200 --duration 8s >"$LAB/probe.out" &
	prober=$!
	lab_capture client proto 112 or ip6 proto 112
	expect_soon "adverts of a" "[ \$(lab_captured_count client ip) -ge 1 ] && [ \$(lab_captured_count client ip6) -ge 1 ]" 5
	drill a 0 -j cluster drill daemon-kill
	lab_capture_stop client
	expect uid "$(drilled uid)" 0
	expect asked_on "$(drilled asked_on)" a
	expect_times a b
	expect_adverts a b
	[ "$(daemon_of a)" != "$before" ] || fail "the same daemon runs"
	wait $prober || :
	expect "attempts that a client lost" "$(json_value lost <"$LAB/probe.out")" 0
	[ ! -e "$LAB/a/run/drill.killed" ] || fail "a file is left"
	for node in a b; do
		lab_ctl $node cluster drill history | grep -q "daemon-kill from a to b: passed" ||
			fail "$node knows nothing of it"
	done
}

make_b_master() {
	drill_ready a
	lab_ctl a cluster failover || fail "exit status $?"
	drill_ready b
}

# b is master, and does not do so for another one; then it does, once.
asked_for_on_the_other_one() {
	make_b_master
	drill a 1 cluster drill daemon-kill
	grep -q 'set drill { by-peer = true } there: it is killed for its own operator alone' "$LAB/drill.out" ||
		fail "it does not say so"
	sed -i 's/^drill {/&\n\tby-peer = true/' "$LAB/b.conf"
	lab_ctl b config reload || fail "exit status $?"
	drill a 0 -j cluster drill daemon-kill
	expect_times b a
	make_b_master
	drill a 1 cluster drill daemon-kill
	grep -qE "or in [0-9]+ s: by another node's word it is killed once in 10 min" "$LAB/drill.out" ||
		fail "the daemon that came after it has forgotten"
}

# The limit and 15 s, as the manual says; a is told, whose daemon lives.
it_stays_away() {
	lab_stop_director b
	supervised b 40
	make_b_master
	lab_exec b timeout -k 2 60 "$LAB_BUILD/directorctl" -s "$LAB/b/run/director.sock" cluster drill daemon-kill \
		--limit 2s >"$LAB/away.out" 2>&1 &
	expect_soon "a knows" 'grep -q "the daemon that was killed has not come back" "$LAB/a/log"' 25
	lab_is a master || fail "a is $(lab_status a vrrp.0.state)"
	wait $! && fail "directorctl says that all is well"
	grep -q 'nobody has started directord again, 7000 ms after it was killed' "$LAB/away.out" ||
		fail "directorctl says: $(cat "$LAB/away.out")"
}

lab_up
lab_net6_up
for node in a b; do
	twin_conf >"$LAB/$node.conf"
	printf 'drill {\n\tmax-gap = "2s"\n\tmax-lost-connections = 5\n}\n' >>"$LAB/$node.conf"
done
run_case "nobody would start it again" nobody_would_start_it
run_case "asked for on the master: it passes, the kernel forwards on" asked_for_on_the_master
run_case "asked for on the other one: when allowed, once" asked_for_on_the_other_one
run_case "it stays away: both say so" it_stays_away
cat "$LAB/figures"
finish
