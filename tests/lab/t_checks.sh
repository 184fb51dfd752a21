#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Backends are checked through the path that clients' packets take, and whoever does not serve gets
# nothing: on both directors, and while everybody else goes on.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"

FALL=3 INTERVAL_MS=500 TIMEOUT_MS=300
FOUND_S=$(found_s $FALL $INTERVAL_MS $TIMEOUT_MS)

conf() {
	lab_conf_cluster
	lab_conf_vrrp
	LAB_FARM_CHECKS="check \"path\" { type = \"dsr\" interval = \"${INTERVAL_MS}ms\" timeout = \"${TIMEOUT_MS}ms\" }" \
		lab_conf_farm www maglev '"80"'
	LAB_FARM_CHECKS="check \"page\" { type = \"http\" path = \"/healthz\" expect-body = \"^ok\" \
		interval = \"${INTERVAL_MS}ms\" timeout = \"${TIMEOUT_MS}ms\" }" \
		lab_conf_farm turns round-robin '"8080"'
	LAB_FARM_CHECKS=" " lab_conf_farm plain maglev '"8081"' # what a farm has by itself
}

# state NODE FARM/BACKEND [KEY]
state() {
	lab_ctl "$1" -j backend show "$2" | "$LAB_TOOLS/lib/json_get.py" "${3:-state}"
}

on_both() {
	[ "$(state a "$1") $(state b "$1")" = "$2 $2" ]
}

all_up() {
	local farm web

	for farm in www turns plain; do
		for web in $LAB_WEBS; do
			on_both "$farm/$web" up || return 1
		done
	done
}

# expect_state FARM/BACKEND STATE SECONDS: on both directors.
expect_state() {
	expect_soon "$1 is $2 on both ($(state a "$1"), $(state b "$1"))" "on_both $1 $2" "$3"
}

# expect_reason NODE FARM/BACKEND TEXT
expect_reason() {
	local reason

	reason=$(state "$1" "$2" reason)
	[[ $reason =~ $3 ]] || fail "$1: $2: '$reason', not '$3'"
}

begin() {
	conf >"$LAB/director.conf"
	lab_start_pair
	expect_soon "all are up on both" all_up 10
	expect "checks of plain/web1" "$(state a plain/web1 checks.0.type) $(state a plain/web1 checks.0.target)" \
		"dsr $LAB_VIP port 8081"
	expect "its last attempt" "$(state a plain/web1 checks.0.outcome)" good
	lab_ctl a backend show turns/web1 | grep -q 'check page       http     10.77.0.100 port 80,' &&
		fail "the check of turns is of port 8080: $(lab_ctl a backend show turns/web1)"
	lab_ctl a backend show turns/web1 | grep -q '10.77.0.100 port 8080, every 500 ms: good for' ||
		fail "$(lab_ctl a backend show turns/web1)"
}

# Downloads of one backend; those of others must not notice what happens.
downloads_start() {
	local i

	for i in 1 2 3 4 5 6; do
		rm -f "$LAB/down$i/log"
		lab_spawn "down$i" client curl -sS --noproxy '*' --max-time 60 -o /dev/null \
			-w '%{size_download}\n' "http://$LAB_VIP:8080/big?rate=2m"
	done
	expect_soon "six connections" "[ \"\$(lab_status a farms.turns.connections)\" -ge 6 ]" 5
}

# downloads_of WEB: how many of them it serves.
downloads_of() {
	lab_exec "$1" ss -Htn state established "src $LAB_VIP and sport = 8080 and dst $(lab_address client)" | wc -l
}

# downloads_end N: all are whole but N, whose backend is no more.
downloads_end() {
	local i whole=0

	for i in 1 2 3 4 5 6; do
		lab_wait_until "! lab_alive down$i" 30 || fail "download $i hangs"
		! grep -q '^16777216$' "$LAB/down$i/log" || whole=$((whole + 1))
	done
	expect "downloads that are whole" $whole $((6 - $1))
}

a_dead_process_is_out() {
	local begun theirs

	downloads_start
	theirs=$(downloads_of web2)
	lab_stop web2 KILL || true
	begun=$(now_ms)
	expect_state www/web2 down $FOUND_S
	expect_state turns/web2 down $FOUND_S
	echo "# out after $(($(now_ms) - begun)) ms; fall x interval + timeout: $((FALL * INTERVAL_MS + TIMEOUT_MS)) ms"
	expect_state plain/web2 down 8
	expect_reason a www/web2 'check "path" \(dsr\): refuses connections'
	expect_reason a turns/web2 'check "page" \(http\): refuses connections'
	lab_logged a 'farm "www": backend "web2" is down: check "path" \(dsr\): refuses connections'
	expect_spread "$(lab_load --count 120 --source-port 20000)" 1 0.001 1
	expect_spread "$(lab_load --port 8080 --count 120 --source-port 21000)" 1 0.001 1
	downloads_end "$theirs"
	lab_ctl a ruleset export | grep -q '#   backend web2 .*: checks find it down' ||
		fail "$(lab_ctl a ruleset export | grep 'backend web2')"
}

it_comes_back() {
	lab_web_start web2
	expect_state www/web2 up 5
	expect_state turns/web2 up 5
	expect_state plain/web2 up 8
	expect_spread "$(lab_load --count 120 --source-port 22000)" 1 1 1
	lab_logged a 'farm "www": backend "web2" is up: check "path" \(dsr\): is well'
	lab_ctl a backend show www/web2 | grep -q 'down -> up: its checks are good' ||
		fail "$(lab_ctl a backend show www/web2)"
	lab_ctl a backend show www/web2 |
		grep -q 'up -> down: check "path" (dsr): refuses connections' ||
		fail "$(lab_ctl a backend show www/web2)"
}

# Its own address answers all the while.
without_its_vip_it_is_out() {
	ip -n "$(lab_ns web1)" address del "$LAB_VIP/32" dev lo
	expect_state www/web1 down $FOUND_S
	expect_state turns/web1 down $FOUND_S
	expect_reason a www/web1 'does not answer: port 80 of 10.77.0.100'
	lab_answers "http://$(lab_address web1)/healthz" || fail "its own address does not answer"
	ip -n "$(lab_ns web1)" address add "$LAB_VIP/32" dev lo
	expect_state www/web1 up 5
	expect_state turns/web1 up 5
}

# A backend that forwards what it is sent sends it back to the master, and so on: that is not it.
one_that_forwards_is_out() {
	lab_exec web1 sysctl -qw net.ipv4.ip_forward=1
	ip -n "$(lab_ns web1)" address del "$LAB_VIP/32" dev lo
	expect_state www/web1 down $FOUND_S
	expect_reason a www/web1 'does not have the virtual address and forwards'
	ip -n "$(lab_ns web1)" address add "$LAB_VIP/32" dev lo
	lab_exec web1 sysctl -qw net.ipv4.ip_forward=0
	expect_state www/web1 up 5
}

# Who answers wrongly gets no new connections, and keeps those it has.
who_ails_drains() {
	downloads_start
	touch "$LAB/web3/root/sick"
	expect_state turns/web3 down $FOUND_S
	expect_reason a turns/web3 'check "page" \(http\): answers with status 503 instead of 200'
	on_both www/web3 up || fail "www/web3 is $(state a www/web3), $(state b www/web3)"
	lab_logged a 'farm "turns": backend "web3" gets no new connections: check "page"'
	expect_spread "$(lab_load --port 8080 --count 120 --source-port 23000)" 1 1 0.001
	downloads_end 0
	rm "$LAB/web3/root/sick"
	expect_state turns/web3 up 5
}

# The kernel's own reset to an answer that it did not ask for would fool the check, and others.
no_resets_of_the_kernel() {
	lab_capture web1 tcp and dst host "$LAB_VIP" and 'tcp[tcpflags] & tcp-rst != 0'
	sleep 3
	lab_capture_stop web1
	# One for each handshake, which ends it: with the sequence number behind that of the SYN.
	[ "$(lab_captured_count web1)" -gt 0 ] || fail "no handshake ends"
	lab_ctl a -j backend show www/web1 | grep -q '"outcome": "good"' || fail "$(lab_ctl a backend show www/web1)"
}

# A start does not forget who is down, and does not take who is up away.
a_restart_knows_at_once() {
	lab_stop web2 KILL || true
	expect_state www/web2 down $FOUND_S
	lab_stop_director a
	lab_start_director a
	expect_soon "a is ready" '[ "$(lab_status a ruleset.in_sync)" = true ]' 5
	expect "www/web2 after a start" "$(state a www/web2)" down
	expect "www/web1 after a start" "$(state a www/web1)" up
	lab_web_start web2
	expect_state www/web2 up 5
}

a_reload_keeps_what_is_known() {
	local since

	since=$(state a www/web1 since_ms)
	sed -i 's/weight = 1/weight = 2/' "$LAB/director.conf"
	lab_ctl a config reload >/dev/null || fail "reload"
	expect "www/web1 after a reload" "$(state a www/web1) $(state a www/web1 since_ms)" "up $since"
	lab_ctl a ruleset verify >/dev/null || fail "the kernel holds something else"
}

lab_up
run_case "a pair checks its backends" begin
run_case "a dead process is out of every table in time" a_dead_process_is_out
run_case "it comes back" it_comes_back
run_case "without its virtual address it is out, whatever its own address says" without_its_vip_it_is_out
run_case "one that forwards is out" one_that_forwards_is_out
run_case "who answers wrongly gets nothing new and keeps what it has" who_ails_drains
run_case "each handshake is ended" no_resets_of_the_kernel
run_case "a start knows at once" a_restart_knows_at_once
run_case "a reload keeps what is known" a_reload_keeps_what_is_known
finish
