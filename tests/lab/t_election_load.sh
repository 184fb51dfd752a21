#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A pair with adverts every 10 ms: the backup takes over after 36 ms without one. For a while every
# processor is busy with something else, and both daemons go over to other farms, a thousand of a
# hundred backends each, again and again. Nobody takes over.
#
# LOAD_S, FARMS, BACKENDS, REALTIME (true, false) and SHOW (1: how late it was) are for trying it by
# hand.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"

LAB_ADVERTISE_INTERVAL=10ms
LAB_VRRP_KEYS="realtime = ${REALTIME:-true}"
LOAD_S=${LOAD_S:-20}
# With sanitizers all is slower, and a few farms keep the main loop as busy.
if lab_sanitized; then
	FARMS=${FARMS:-150}
fi
FARMS=${FARMS:-1000}
BACKENDS=${BACKENDS:-100}

# many_farms PORT
many_farms() {
	awk -v farms="$FARMS" -v backends="$BACKENDS" -v port="$1" 'BEGIN {
		for (f = 1; f <= farms; f++) {
			printf "farm \"f%d\" {\ndefault-checks = false\n", f
			printf "address = \"10.78.%d.%d\"\n", f / 250, f % 250 + 1
			print "interface = \"eth0\"\nscheduler = \"round-robin\""
			printf "ports = { \"%d\" }\n", port
			for (b = 1; b <= backends; b++) {
				n = f * backends + b
				printf "backend \"b%d\" { address = \"172.%d.%d.%d\" ", b,
					17 + n / 65536, n / 256 % 256, n % 256
				printf "mac = \"02:00:00:%02x:%02x:%02x\" }\n",
					n / 65536, n / 256 % 256, n % 256
			}
			print "}"
		}
	}'
}

# Two configurations with nothing in common but the pair.
write_configs() {
	local port

	for port in 80 81; do
		{
			lab_conf_cluster
			lab_conf_vrrp
			many_farms $port
		} >"$LAB/$port.conf"
	done
	lab_conf >"$LAB/director.conf"
}

transitions() {
	lab_status "$1" vrrp.0.transitions
}

elects() {
	write_configs
	ip -n "$(lab_ns a)" address add 172.16.0.1/12 dev eth0
	ip -n "$(lab_ns b)" address add 172.16.0.2/12 dev eth0
	lab_start_pair
	expect "real-time priority" "$(lab_status a election.realtime)" "${REALTIME:-true}"
}

busy() {
	local i

	for ((i = 1; i <= $(nproc); i++)); do
		"$1" "$i"
	done
}

busy_start() {
	lab_spawn "busy$1" client timeout $((LOAD_S + 60)) sh -c 'while :; do :; done'
}

busy_stop() {
	lab_stop "busy$1" TERM
}

# Prints how many reloads it has begun on both.
reload_for() {
	local end=$(($(now_ms) + $1 * 1000)) port=80 n=0

	while [ "$(now_ms)" -lt "$end" ]; do
		cp "$LAB/$port.conf" "$LAB/next.conf"
		mv "$LAB/next.conf" "$LAB/director.conf"
		port=$((161 - port))
		lab_signal a HUP
		lab_signal b HUP
		n=$((n + 1))
		sleep 2
	done
	echo $n
}

# The next ones are quick again.
reload_small() {
	lab_conf >"$LAB/next.conf"
	mv "$LAB/next.conf" "$LAB/director.conf"
	lab_signal a HUP
	lab_signal b HUP
}

late() {
	local what

	for what in election main_loop; do
		printf '%s %s us late at most in %s, ' $what "$(lab_status "$1" $what.late_max_us)" \
			"$(lab_status "$1" $what.count)"
	done
	echo "$1: $(lab_status "$1" vrrp.0.transitions) transitions, $(grep -c reloaded "$LAB/$1/log") reloads"
}

# watch_machine, stood_still: for how long, in microseconds, the machine let nobody run at all meanwhile, whatever
# their priority; more than half of the time that a backup waits is the machine's fault, not ours.
STOOD_STILL_US=18000

watch_machine() {
	lab_spawn "still$1" client "$LAB_TOOLS/lib/standstill.py" $(($1 - 1)) "$LAB/still$1.us"
}

watch_end() {
	lab_stop "still$1" TERM || true
}

stood_still() {
	cat "$LAB"/still*.us | sort -n | tail -n 1
}

# round: true when nobody has taken over.
round() {
	local a b

	a=$(transitions a) b=$(transitions b)
	busy watch_machine
	busy busy_start
	reload_for "$LOAD_S"
	busy busy_stop
	busy watch_end
	reload_small
	LAB_TIME_LIMIT=60 expect_soon "both answer" "lab_answers_ctl a && lab_answers_ctl b" 60
	late a | tee -a "$LAB/late"
	late b | tee -a "$LAB/late"
	echo "the machine: $(stood_still) us late at most" | tee -a "$LAB/late"
	[ "$(transitions a) $(transitions b)" = "$a $b" ]
}

# A machine that stands still for so long as a backup waits proves nothing; it may do so twice.
nobody_takes_over() {
	local i

	for i in 1 2 3; do
		! round || return 0
		[ "$(stood_still)" -ge $STOOD_STILL_US ] || fail "somebody has taken over"
		expect_soon "a is master" "lab_is a master" 10
		expect_soon "b is backup" "lab_is b backup" 10
	done
	fail "somebody has taken over, in each of $i rounds in which the machine stood still"
}

# Or the case above has proved nothing: the main loop was away for longer than a takeover takes.
main_loop_was_late() {
	[ "$(lab_status a main_loop.late_max_us)" -gt 36000 ] ||
		fail "$(cat "$LAB/late")"
}

lab_up
run_case "a pair with adverts every 10 ms" elects
run_case "nobody takes over while all are busy" nobody_takes_over
run_case "the main loop was late meanwhile" main_loop_was_late
[ -z "${SHOW:-}" ] || sed 's/^/# /' "$LAB/late" || true
finish
