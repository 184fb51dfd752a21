#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `backend drain --wait`: what ends it, and what it says then.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"

LAB_FARM_KEYS='tcp-close-timeout = "2s"  transition-time = "1s"'

config() {
	lab_conf_cluster
	lab_conf_vrrp
	lab_conf_farm www maglev '"80"'
	lab_conf_farm rr round-robin '"8080"'
}

backend() {
	lab_status a "farms.$1.backends.$2.$3"
}

all_up() {
	[ "$(backend rr web1 state) $(backend rr web2 state) $(backend rr web3 state)" = 'up up up' ]
}

# waits ARGUMENT …: begins to, in a process of its own; its words are in $LAB/waits/log.
waits() {
	rm -rf "$LAB/waits"
	lab_spawn waits a "$LAB_BUILD/directorctl" -s "$LAB/a/run/director.sock" "$@"
}

# waited STATUS REGEX
waited() {
	lab_wait_until "! lab_alive waits" 25 || fail "it waits yet: $(cat "$LAB/waits/log")"
	expect "exit status" "$(lab_exit_status waits)" "$1"
	grep -qE "$2" "$LAB/waits/log" || fail "it says: $(cat "$LAB/waits/log")"
}

# hold PORT: a download on each of three connections, for four seconds.
hold() {
	local i

	for i in 1 2 3; do
		rm -f "$LAB/down$i/log"
		lab_spawn "down$i" client curl -sS --noproxy '*' --max-time 60 -o /dev/null \
			-w '%{size_download}\n' "http://$LAB_VIP:$1/big?rate=4m"
	done
}

release() {
	local i

	for i in 1 2 3; do
		lab_stop "down$i" || true
	done
	lab_ctl a backend enable "$1" >/dev/null
	lab_wait_until '[ "$(lab_status a farms.rr.connections)" = 0 ]' 20 || fail "connections remain"
}

begin() {
	lab_start_director a
	expect_soon "all are up" all_up 5
	expect_master a
}

is_drained() {
	hold 8080
	expect_soon "three connections" '[ "$(lab_status a farms.rr.connections)" -ge 3 ]' 5
	waits backend drain rr/web1 --deadline 60s --wait
	waited 0 '^web1 of rr drains; 1 connection remains; it is disabled in 1m$'
	grep -qE '^web1 of rr is drained: no connection remains, after [0-9]+ s$' "$LAB/waits/log" || fail "$(cat "$LAB/waits/log")"
	expect "state" "$(backend rr web1 state)" draining
	release rr/web1
}

# The backend with the download is drained: a hash remembers its connections from then on.
is_drained_behind_a_hash() {
	local name

	lab_download down1 4m
	expect_soon "packets" '[ -n "$(busy_backend)" ]' 5
	name=$(busy_backend)
	waits backend drain "www/$name" --wait
	lab_wait_until "! lab_alive down1" 10 || fail "the download hangs"
	lab_alive waits || fail "it ended before the download: $(cat "$LAB/waits/log")"
	grep -q '^16777216$' "$LAB/down1/log" || fail "the download: $(cat "$LAB/down1/log")"
	waited 0 "^$name of www is drained: no connection remains"
	grep -qE "^$name of www drains; its connections are counted once the buckets have settled, in [12]s$" \
		"$LAB/waits/log" || fail "why it waits: $(cat "$LAB/waits/log")"
	grep -qE '^the buckets of www have settled; 1 connection remains$' "$LAB/waits/log" ||
		fail "why it waits then: $(cat "$LAB/waits/log")"
	release "www/$name"
}

# Who has most of the packets of the farm.
busy_backend() {
	local name

	for name in web1 web2 web3; do
		echo "$(backend www "$name" packets) $name"
	done | sort -n | awk '$1 > 100 { busy = $2 } END { print busy }'
}

# Connections that are silent while the buckets move are in no count: nobody may call that drained.
deadline_comes_before_the_count() {
	sed -i 's/transition-time = "1s"/transition-time = "8s"/' "$LAB/director.conf"
	lab_ctl a config reload >/dev/null || fail "the reload was refused"
	waits backend drain www/web1 --deadline 2s --wait
	waited 4 '^web1 of www is disabled, after [23].*; whether it had connections yet is not known: the buckets had not settled$'
	! grep -q 'remain' "$LAB/waits/log" || fail "it counts: $(cat "$LAB/waits/log")"
	waits -j backend drain www/web2 --deadline 1s --wait
	waited 4 '"state": "disabled"'
	release www/web1
	release www/web2
}

deadline_comes() {
	hold 8080
	expect_soon "three connections" '[ "$(lab_status a farms.rr.connections)" -ge 3 ]' 5
	waits backend drain rr/web2 --deadline 1s --wait
	waited 4 '^web2 of rr is disabled, after [1-3].*; it had 1 connection yet$'
	release rr/web2
}

somebody_changes_his_mind() {
	hold 8080
	expect_soon "three connections" '[ "$(lab_status a farms.rr.connections)" -ge 3 ]' 5
	waits backend drain rr/web3 --deadline 60s --wait
	expect_soon "web3 drains" '[ "$(backend rr web3 state)" = draining ]' 5
	lab_ctl a backend enable rr/web3 >/dev/null
	waited 1 'web3 of rr gets new connections again, by another order: it is not drained$'
	release rr/web3
}

one_document() {
	waits -j backend drain rr/web1 --deadline 1h --wait
	waited 0 '"state":'
	sed -n '/^{/,$p' "$LAB/waits/log" | json_value state >"$LAB/state"
	expect "state in the document" "$(cat "$LAB/state")" draining
	release rr/web1
}

daemon_starts_anew() {
	hold 8080
	expect_soon "three connections" '[ "$(lab_status a farms.rr.connections)" -ge 3 ]' 5
	waits backend drain rr/web1 --deadline 60s --wait
	expect_soon "web1 drains" '[ "$(backend rr web1 state)" = draining ]' 5
	lab_kill_director a
	sleep 0.7
	lab_start_director a
	waited 0 '^web1 of rr is drained: no connection remains'
	release rr/web1
}

both_are_meant() {
	local status=0

	lab_ctl a backend drain rr/web1 --wait --no-wait >"$LAB/said" 2>&1 || status=$?
	expect "exit status" "$status" 2
	grep -q 'cannot both be meant' "$LAB/said" || fail "$(cat "$LAB/said")"
	expect "state" "$(backend rr web1 state)" up
}

lab_up
config >"$LAB/director.conf"
run_case "three backends" begin
run_case "a backend is drained" is_drained
run_case "a backend behind a hash is drained" is_drained_behind_a_hash
run_case "its deadline comes before that" deadline_comes
run_case "its deadline comes before anything is counted" deadline_comes_before_the_count
run_case "somebody enables it meanwhile" somebody_changes_his_mind
run_case "one JSON document" one_document
run_case "the daemon starts anew meanwhile" daemon_starts_anew
run_case "wait, and do not" both_are_meant
finish
