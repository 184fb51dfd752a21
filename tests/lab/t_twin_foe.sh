#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The other end of the sync channel holds the key and means no good (tests/foe). Who breaks the protocol
# is told so and loses the connection; who merely annoys is heard seldom enough; nobody's role changes,
# and memory, descriptors and the loops' time are bounded (lib/harm.sh).
#
# The foe plays a node whose daemon goes on with everything else, but has its channel at another port.
#
# SHOW (1: what it cost) is for trying it by hand.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"
. "$LAB_TOOLS/lib/twin.sh"
. "$LAB_TOOLS/lib/harm.sh"

# foe_conf NODE [CONNECTIONS]: both configurations, where NODE's channel is elsewhere, and the farm
# remembers so many connections.
foe_conf() {
	local node

	for node in a b; do
		LAB_CLUSTER_KEYS=
		[ "$node" != "$1" ] || LAB_CLUSTER_KEYS='sync-port = 8499'
		{
			lab_conf_cluster
			lab_conf_vrrp
			farm www tcp '"80"' "$ROUND_ROBIN" "max-connections = ${2:-1048576}"
		} >"$LAB/$node.conf"
	done
}

victim_of() {
	if [ "$1" = a ]; then echo b; else echo a; fi
}

# foe_plays NODE MODE SECONDS: until it ends; what it says is in $LAB/foe/log.
foe_plays() {
	local victim

	victim=$(victim_of "$1")
	rm -f "$LAB/foe/log"
	harm_begins "$victim"
	lab_spawn foe "$1" "$LAB_BUILD/foe" "$2" "$3" "$LAB/cluster.key" lab "$1" \
		"$(lab_address "$1")" "$victim" "$(lab_address "$victim")" web "$LAB_VIP" www web1
	lab_wait_until "! lab_alive foe" $(($3 + 15)) || fail "the foe does not end"
	expect "exit status of the foe" "$(lab_exit_status foe)" 0
	tail -n 1 "$LAB/foe/log"
	harm_bounded "$victim" "$2"
}

# foe_says PATH
foe_says() {
	tail -n 1 "$LAB/foe/log" | "$LAB_TOOLS/lib/json_get.py" "$1"
}

# count NODE REASON: how often the channel has refused something for it.
count() {
	twin "$1" rejected | python3 -c \
		"import json, sys; print(json.load(sys.stdin).get(sys.argv[1], 0))" "$2"
}

begin() {
	foe_conf b
	start_twins
	lab_exec b sh -c "ss -Htln 'sport = :8405' | grep -q ." && fail "the daemon of b has the port"
	foe_plays b quiet 2
	expect "connections" "$(foe_says connections)" 1
	expect "a says goodbye" "$(foe_says bye)" ""
	[ "$(foe_says begun)" -ge 1 ] || fail "a has told the foe nothing"
}

# breaks NODE MODE SECONDS REASON WORDS: the connection is ended, for that reason, which is said.
breaks() {
	local victim before

	victim=$(victim_of "$1")
	before=$(count "$victim" "$4")
	foe_plays "$1" "$2" "$3"
	[ "$(count "$victim" "$4")" -gt "$before" ] ||
		fail "$victim counts no $4: $(twin "$victim" rejected)"
	expect "the word of $victim" "$(foe_says bye)" "$5"
	[ "$(foe_says connections)" -le $(($3 * 4)) ] || fail "$(foe_says connections) connections"
}

# annoys NODE MODE SECONDS PERCENT: the connection stays, and costs no more of a processor.
annoys() {
	foe_plays "$1" "$2" "$3"
	expect "connections" "$(foe_says connections)" 1
	expect "it is connected" "$(foe_says connected)" true
	[ "$HARM_CPU" -le "$4" ] || lab_sanitized || fail "$HARM_CPU % of a processor"
}

# asks NODE SECONDS: each question is answered, but no more than one in a second, after twenty of one who
# has said little before.
asks() {
	annoys "$1" wanted "$2" 15
	[ "$(foe_says begun)" -ge 3 ] || fail "only $(foe_says begun) snapshots in $2 s"
	[ "$(foe_says begun)" -le $(($2 + 24)) ] || fail "$(foe_says begun) snapshots in $2 s"
}

# The victim takes what it is offered as far as it looks at it: no file is read, nothing runs, none is replaced.
pushes() {
	local was

	rm -f /tmp/foe
	cp "$LAB/a.conf" "$LAB/a.as-it-was"
	echo 'control { push-by-peer = true }' >>"$LAB/a.conf"
	lab_ctl a config reload >/dev/null || fail "a refuses it"
	was=$(cat "$LAB/a.conf")
	# One is taken in ten seconds; who acknowledges nothing for as long is left.
	annoys b pushes 8 60
	annoys b pushes 8 60
	[ "$was" = "$(cat "$LAB/a.conf")" ] || fail "the file of a has changed"
	[ ! -e /tmp/foe ] || fail "it ran"
	lab_logged a 'config push' || fail "a says nothing of it"
	mv "$LAB/a.as-it-was" "$LAB/a.conf"
}

# Whoever asks what the foe runs is told no tale, and soon.
lies() {
	local asker

	for _ in 1 2 3 4 5 6 7 8; do
		sleep 0.4
		status=0
		lab_ctl a config diff >>"$LAB/diffs" 2>&1 || status=$?
		echo "status $status" >>"$LAB/diffs"
	done &
	asker=$!
	annoys b lies 20 60
	wait "$asker"
	expect "answers" "$(grep -c '^status [14]$' "$LAB/diffs")" 8
	grep -q 'does not tell its configuration' "$LAB/diffs" || fail "$(tail -n 20 "$LAB/diffs")"
	! grep -q 'are alike' "$LAB/diffs" || fail "$(grep -B 3 'are alike' "$LAB/diffs")"
}

# The kernel's map takes as many flows as it may, the index too, and the rest is refused, which is
# counted. Of nothing there is more for that.
overflows() {
	lab_stop_director b
	lab_directord b -c "$LAB/b.conf" --clean || fail "--clean: exit status $?"
	foe_conf a 65536
	lab_start_director b "$LAB/b.conf"
	expect_soon "b is backup" "lab_is b backup" 5
	foe_plays a overflow 10
	[ "$(foe_says acknowledged)" -ge 80 ] || fail "only $(foe_says acknowledged)000 flows"
	[ "$(twin b flows_refused)" -gt 0 ] || fail "b has refused none of $(twin b flows_received)"
	expect "flows of the kernel" "$(held b www-flows)" 65536
	expect "flows of the index" "$(lab_status b farms.www.connections)" 65536
}

swap() {
	foe_conf a
	lab_ctl a config reload || fail "a refuses it"
	lab_ctl b config reload || fail "b refuses it"
	expect_soon "a is still the master" "lab_is a master" 3
	expect_soon "the foe finds the port free" \
		"! lab_exec a ss -Htln 'sport = :8405' | grep -q ." 5
	foe_plays a quiet 2
	expect "connections" "$(foe_says connections)" 1
}

serves() {
	local load

	load=$(lab_load --rate 200 --count 60)
	expect_no_loss "$load"
	expect_vip_on a
	lab_is b backup || fail "b is $(lab_status b vrrp.0.state)"
}

# A takeover takes 3.6 s: who is late by that was held by something, whatever else the machine does.
LAB_ADVERTISE_INTERVAL=1s
LAB_VRRP_KEYS='realtime = true'
lab_up
ASAN_OPTIONS="$ASAN_OPTIONS:quarantine_size_mb=8"
run_case "an honest one is let in" begin
run_case "never says who it is" breaks b silent 6 ended-silent "did not say who it is"
run_case "speaks before its hello" breaks b early 2 ended-hello "spoke before its hello"
run_case "ends what did not begin" breaks b end 2 ended-snapshot "ended a snapshot that had not begun"
run_case "acknowledges the future" breaks b future 2 ended-ack "acknowledged what was not sent"
run_case "leaves out numbers" breaks b leap 2 ended-sequence "left out a number"
run_case "seals nonsense" breaks b nonsense 2 message-malformed "does not hold the fields of its type"
run_case "another configuration each time" annoys b hellos 4 15
run_case "is current and is not" annoys b turns 4 15
run_case "names without end" annoys b names 4 60
run_case "never agrees" annoys b digests 4 15
run_case "asks for drills" annoys b drills 4 60
run_case "asks for reloads to be confirmed" annoys b reloads 4 60
run_case "asks for configurations" annoys b copies 4 60
run_case "tells a configuration that is none" lies
run_case "offers configurations" pushes
for side in b a; do
	# Of the master, who has the last word of its flows, and of the backup, who has not.
	[ $side = b ] || run_case "the foe changes sides" swap
	run_case "$side: flows of nobody's number" annoys $side numbers 4 100
	run_case "$side: flows of nobody's farm" annoys $side farms 4 100
	run_case "$side: begins and never ends" annoys $side begins 4 15
	run_case "$side: asks for snapshots" asks $side 4
	run_case "$side: a message for each flow" annoys $side crumbs 4 100
done
run_case "acknowledges nothing" breaks a mute 12 ended-unacknowledged "acknowledged nothing for 10 s"
run_case "reads nothing" breaks a deaf 12 ended-unacknowledged ""
run_case "a million flows, and none" annoys a million 30 100
run_case "flows without end" overflows
run_case "all is as it was" serves
[ -z "${SHOW:-}" ] || sed 's/^/# /' "$LAB/harms" || true
finish
