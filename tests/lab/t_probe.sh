#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The probe sees what is there: outages that are made, for as long as they are made; held connections
# whose server dies; a failover. It sees nothing where nothing is.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"

WEB=10.77.0.21
WEB6=fd77::21

# probe STATUS ARGUMENT …: on the client; its exit status, its words in $LAB/probe.out and $LAB/probe.err.
probe() {
	local wanted=$1 status=0

	shift
	lab_exec client timeout -k 2 60 "$LAB_BUILD/directorctl" probe "$@" >"$LAB/probe.out" 2>"$LAB/probe.err" || status=$?
	cat "$LAB/probe.out" "$LAB/probe.err"
	expect "exit status" "$status" "$wanted"
}

# probe_start ARGUMENT …, probe_end STATUS: the same in the background, until it is asked to end.
probe_start() {
	rm -f "$LAB/probe/log"
	lab_spawn probe client "$LAB_BUILD/directorctl" probe "$@"
	expect_soon "it listens to SIGINT" probe_catches_int 10
	sleep 0.5
}

# Before that it is lost: a shell has its background processes ignore it.
probe_catches_int() {
	local caught

	caught=$(awk '/^SigCgt:/ { print $2 }' "/proc/$(cat "$LAB/probe/pid")/status")
	[ $((0x$caught & 2)) != 0 ]
}

probe_end() {
	lab_stop probe INT || fail "it did not end on SIGINT"
	cp "$LAB/probe/log" "$LAB/probe.out"
	cat "$LAB/probe.out"
	expect "exit status" "$(lab_exit_status probe)" "$1"
}

seen() {
	json_value "$1" <"$LAB/probe.out"
}

# within WHAT VALUE LEAST MOST
within() {
	[ "$2" -ge "$3" ] && [ "$2" -le "$4" ] || fail "$1 is $2, not $3 to $4"
}

# outage SECONDS: what comes for the echo server and the web server of web1 is dropped; tells how long, in ms.
outage() {
	local began

	lab_exec web1 nft 'add table inet outage; add chain inet outage in { type filter hook input priority 0; }'
	began=$(now_ms)
	lab_exec web1 nft add rule inet outage in meta l4proto '{ tcp, udp }' drop
	sleep "$1"
	lab_exec web1 nft delete table inet outage
	echo $(($(now_ms) - began))
}

steady_tcp() {
	probe 0 -j $WEB:80 --rate 1000 --duration 5s
	expect sent "$(seen sent)" 5000
	expect lost "$(seen lost)" 0
	expect gaps_total "$(seen gaps_total)" 0
	expect longest_gap_ms "$(seen longest_gap_ms)" 0
	expect passed "$(seen passed)" true
	within "the median in us" "$(seen answer_us.p50)" 1 20000
	[ "$(lab_exec client ss -Htan | wc -l)" -lt 20 ] || fail "sockets are left behind"
}

steady() {
	probe 0 -j "$@" --rate 200 --duration 1s
	expect sent "$(seen sent)" 200
	expect lost "$(seen lost)" 0
}

# one_gap [ARGUMENT …]: as long as it was, to an interval at either end and what nft takes.
one_gap() {
	local took

	probe_start -j "$@" --rate 100
	took=$(outage 0.7)
	sleep 0.8
	probe_end 0
	within "the gap of $took ms" "$(seen longest_gap_ms)" 690 $((took + 40))
	expect gaps_total "$(seen gaps_total)" 1
	expect gaps.0.length_ms "$(seen gaps.0.length_ms)" "$(seen longest_gap_ms)"
	expect gaps.0.reason "$(seen gaps.0.reason)" silent
	expect lost "$(seen lost)" "$(seen gaps.0.lost)"
	within lost "$(seen lost)" 68 $(((took + 40) / 10))
	within "its beginning, from that of the probe" "$(seen gaps.0.start_ms)" 300 2000
	within "its time of day" \
		$(($(seen started_at_ms) + $(seen gaps.0.start_ms) - $(seen gaps.0.at_ms))) -1 1
}

words_for_people() {
	probe_start $WEB:80 --hold 2
	outage 0.4
	expect_soon "the gap is told while it runs" \
		"grep -qE '^gap at 20..-..-..T..:..:..\....Z: [0-9]+ ms, [0-9]+ lost \(silent\)$' '$LAB/probe/log'" 3
	probe_end 0
	grep -qE '^sent [0-9]+, lost [0-9]+ \([0-9]+ silent\), 1 gap, the longest [0-9]+ ms$' "$LAB/probe.out" ||
		fail "no summary"
	grep -qx "held 2 connections: 2 alive, 0 lost" "$LAB/probe.out" || fail "nothing of held ones"
}

# A terminal has a line that is written over and over.
line_on_a_terminal() {
	lab_exec client env TERM=xterm LC_ALL=C.UTF-8 NO_COLOR=1 script -qec \
		"$LAB_BUILD/directorctl probe $WEB:80 --duration 2s --rate 50" /dev/null >"$LAB/terminal" </dev/null
	grep -qE '[▁▂▃▄▅▆▇█]{5}' "$LAB/terminal" || fail "no line: $(cat "$LAB/terminal")"
	lab_exec client env TERM=xterm LC_ALL=C script -qec \
		"$LAB_BUILD/directorctl probe $WEB:9 --duration 2s --rate 50" /dev/null >"$LAB/terminal" </dev/null || true
	grep -qF $'\e[31mX' "$LAB/terminal" || fail "no loss in colour: $(cat "$LAB/terminal")"
	! grep -q '▁' "$LAB/terminal" || fail "Unicode in a locale without it"
}

budgets() {
	probe_start -j $WEB:80 --max-gap 300ms
	outage 0.4
	sleep 0.7
	probe_end 4
	expect passed "$(seen passed)" false
	probe_start -j $WEB:80 --max-gap 5s --max-lost 3
	outage 0.3
	sleep 0.7
	probe_end 4
	probe 0 -j $WEB:80 --duration 1s --max-gap 0s --max-lost 0
}

nothing_there() {
	probe 1 $WEB:9 --duration 1s
	grep -q "nothing answered at $WEB:9" "$LAB/probe.err" || fail "no reason"
	grep -q "(100 refused)" "$LAB/probe.out" || fail "not refused"
	probe 1 10.77.0.99:80 --duration 1s --timeout 100ms
	probe 1 192.0.2.1:80 --duration 1s
	grep -q "(100 unreachable)" "$LAB/probe.out" || fail "not unreachable"
	# What refuses them is ICMP, of which a machine sends a few a second only.
	probe 1 $WEB:9 --udp --duration 1s
	grep -qE "lost 100 \(.*refused\)" "$LAB/probe.out" || fail "not refused over UDP"
}

# An outage of 1.5 s, which connections survive; then the server is killed.
held_ones() {
	probe_start -j $WEB:7777 --hold 4
	outage 1.5
	sleep 1
	probe_end 0
	expect held.alive "$(seen held.alive)" 4
	probe_start -j $WEB:7777 --hold 4 --max-lost 3
	lab_stop echo KILL || true
	sleep 0.5
	probe_end 4
	expect held.alive "$(seen held.alive)" 0
	for i in 0 1 2 3; do
		[[ $(seen held.lost.$i.reason) =~ ^(closed|reset)$ ]] || fail "lost: $(seen held.lost.$i.reason)"
	done
	lab_echo_start
}

# Silence: no reset, no end.
held_ones_in_silence() {
	probe_start $WEB:7777 --hold 3
	outage 7
	probe_end 0
	expect "lost ones" "$(grep -c '^held connection from port [0-9]* lost at .*: silent, ' "$LAB/probe.out")" 3
	grep -qx "held 3 connections: 0 alive, 3 lost" "$LAB/probe.out" || fail "not counted"
}

# A server that answers nothing is as good as none, when an answer is what is wanted.
says_something() {
	probe 0 -j $WEB:80 --send 'GET /healthz HTTP/1.0\r\n\r\n' --duration 1s
	expect lost "$(seen lost)" 0
	lab_spawn mute web1 python3 -c 'import socket, time
s = socket.create_server(("", 7778), backlog=1000)
time.sleep(60)'
	sleep 0.3
	probe 0 -j $WEB:7778 --duration 1s
	probe 1 -j $WEB:7778 --duration 1s --send x --timeout 200ms
	expect silent "$(seen lost_by.silent)" 100
	probe_start $WEB:7778 --send x --hold 1
	expect_soon "the held one is lost" "grep -q 'lost at .*: silent' '$LAB/probe/log'" 9
	probe_end 1
	lab_stop mute KILL || true
}

# A hundred at a time, and no more: the limit of open files is 164.
no_room() {
	local status=0

	lab_exec client sh -c 'ulimit -n 164; exec "$@"' sh "$LAB_BUILD/directorctl" -j probe 10.77.0.99:80 \
		--rate 1000 --duration 1s >"$LAB/probe.out" 2>"$LAB/probe.err" || status=$?
	cat "$LAB/probe.err"
	expect "exit status" "$status" 1
	expect "no-room" "$(($(seen lost_by.no-room) + $(seen lost_by.silent) + $(seen lost_by.unreachable)))" 1000
	[ "$(seen lost_by.no-room)" -gt 500 ] || fail "no room for $(seen lost_by.no-room) only"
}

own_address() {
	local out

	for target in $WEB:80 "[$WEB6]:80" 127.0.0.1:80 "$LAB_VIP:80"; do
		out=$(lab_exec web1 "$LAB_BUILD/directorctl" probe "$target" --duration 1s 2>&1) &&
			fail "$target: exit status 0"
		[[ $out == *"is an address of this machine"* ]] || fail "$target: $out"
	done
	# It becomes one meanwhile.
	probe_start $WEB:80
	ip -n "$(lab_ns client)" address add $WEB/32 dev lo
	expect_soon "it ends" "! lab_alive probe" 3
	ip -n "$(lab_ns client)" address delete $WEB/32 dev lo
	expect "exit status" "$(lab_exit_status probe)" 1
	grep -q "has become an address of this machine" "$LAB/probe/log" || fail "no reason"
}

wrong_usage() {
	probe 2 $WEB
	probe 2 fd77::1:80
	probe 2 $WEB:80 --rate 0
	probe 2 $WEB:80 --rate 10001
	probe 2 $WEB:80 --duration 5
	probe 2 $WEB:80 --udp --hold 1
	probe 2 $WEB:80 --send '\q'
	probe 2 $WEB:80 --farm x
}

# The master's machine is gone. As in the test of failovers: 3.6 intervals of 200 ms until the takeover, and
# room for a busy machine.
failover() {
	lab_start_pair
	probe_start -j $LAB_VIP:80 --hold 20 --max-gap 2500ms
	lab_switch_port_down a
	lab_kill_director a
	expect_soon "b is master" "lab_is b master && lab_has_vip b" 5
	sleep 2
	probe_end 0
	expect gaps_total "$(seen gaps_total)" 1
	within "the gap" "$(seen longest_gap_ms)" 200 2500
	echo "held: $(seen held.alive) alive"
	lab_switch_port_up a
}

# An orderly one is not seen.
orderly_failover() {
	lab_start_director a
	expect_master a
	expect_soon "b is backup" "lab_is b backup" 5
	probe_start -j $LAB_VIP:80 --rate 500
	lab_ctl a cluster failover || fail "exit status $?"
	sleep 1
	probe_end 0
	expect lost "$(seen lost)" 0
}

lab_echo_start() {
	lab_spawn echo web1 "$LAB_TOOLS/echo.py" serve web1 7777
	lab_wait_until "grep -q ready '$LAB/echo/log'" 5
}

lab_up
lab_net6_up
rm -rf "$LAB/echo"
lab_echo_start
run_case "a steady service: none of 5000 connections is lost" steady_tcp
run_case "a steady service over IPv6" steady "[$WEB6]:7777"
run_case "a steady service over UDP" steady $WEB:7777 --udp
run_case "a steady service over UDP and IPv6, with a text" steady "[$WEB6]:7777" --udp --send ping
run_case "an outage of 700 ms is one gap" one_gap $WEB:80
run_case "an outage of 700 ms is one gap over UDP" one_gap $WEB:7777 --udp
run_case "words for people" words_for_people
run_case "a line on a terminal" line_on_a_terminal
run_case "--max-gap and --max-lost" budgets
run_case "nothing is there" nothing_there
run_case "held connections survive an outage, and are told when they end" held_ones
run_case "held connections end in silence" held_ones_in_silence
run_case "something is said, and an answer wanted" says_something
run_case "no room is told as that" no_room
run_case "an address of this machine is refused" own_address
run_case "wrong usage" wrong_usage
run_case "a failover, as a client sees it" failover
run_case "an orderly failover is not seen" orderly_failover
finish
