#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The operator's orders about backends: what they do, what shows them, how long they last.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"

# config [WEIGHT1 [STATE3]]: a maglev farm and a round-robin one.
config() {
	lab_conf_cluster
	lab_conf_vrrp
	lab_conf_farm www maglev '"80"' "${1:-1}" 1 1 |
		sed "/web3/s/weight = 1/&  state = \"${2:-enabled}\"/"
	lab_conf_farm rr round-robin '"8080"'
}

reload() {
	config "$@" >"$LAB/director.conf"
	lab_ctl a config reload || fail "the reload was refused"
}

backend() {
	lab_status a "farms.$1.backends.$2.$3"
}

# expect_backend FARM NAME KEY VALUE …
expect_backend() {
	local farm=$1 name=$2

	shift 2
	while [ $# -gt 0 ]; do
		expect "$1 of $farm/$name" "$(backend "$farm" "$name" "$1")" "$2"
		shift 2
	done
}

# order REGEX COMMAND …: says that.
order() {
	local regex=$1 said

	shift
	said=$(lab_ctl a backend "$@") || fail "backend $*: exit status $?"
	grep -qE "$regex" <<<"$said" || fail "backend $* says: $said"
}

# refused STATUS REGEX ARGUMENT …: one sentence.
refused() {
	local expected=$1 regex=$2 status=0

	shift 2
	lab_ctl a "$@" >/dev/null 2>"$LAB/stderr" || status=$?
	expect "exit status of $*" "$status" "$expected"
	expect "lines on standard error" "$(wc -l <"$LAB/stderr")" 1
	grep -qE "$regex" "$LAB/stderr" || fail "$* says: $(cat "$LAB/stderr")"
}

# spread FARM-PORT SOURCE-PORT WEIGHT1 WEIGHT2 WEIGHT3
spread() {
	local load

	load=$(lab_load --port "$1" --count 120 --source-port "$2")
	expect_no_loss "$load"
	expect_spread "$load" "$3" "$4" "$5"
}

all_up() {
	[ "$(backend www web1 state) $(backend www web2 state) $(backend www web3 state)" = 'up up up' ]
}

begin() {
	lab_start_director a
	expect_soon "all are up" all_up 5
	expect_master a
	expect_backend www web1 override false admin_state enabled weight 1 deadline_ms null
}

drain() {
	order '^web1 of www drains; its connections are counted once the buckets have settled, in [0-9]+m?s?$' drain www/web1
	expect_backend www web1 state draining override true weight 1 share 0.0 \
		configured_state enabled
	expect_backend www web2 state up override false
	expect_backend rr web1 state up
	spread 80 21000 0.001 1 1
	lab_ctl a ruleset verify || fail "the kernel holds something else"
	lab_ctl a status | grep -qE '^  web1 +draining .*\(operator\)$' || fail "status: $(lab_ctl a status)"
	lab_ctl a backend list | grep -qE '^www/web1 +draining .*\(operator\)$' || fail "backend list"
	lab_logged a 'farm "www": backend "web1" is draining, by the operator'
}

# Round-robin remembers its connections: they go on, new ones go elsewhere.
drain_keeps_connections() {
	local i

	for i in 1 2 3; do
		lab_download "down$i" 4m --max-time 60 "http://$LAB_VIP:8080/big?rate=4m" -o /dev/null
	done
	expect_soon "three connections" "[ \"\$(lab_status a farms.rr.connections)\" -ge 3 ]" 5
	order '^web1 of rr drains; [0-9]+ connections? remains?$' drain rr/web1
	expect_backend rr web1 state draining
	spread 8080 22000 0.001 1 1
	for i in 1 2 3; do
		lab_wait_until "! lab_alive down$i" 30 || fail "download $i hangs"
		grep -q '^16777216$' "$LAB/down$i/log" || fail "download $i: $(cat "$LAB/down$i/log")"
	done
	order 'web1 of rr is enabled; weight 1' enable rr/web1
}

enable() {
	order '^web1 of www is enabled; weight 1, 3[0-9]\.[0-9] % of the new connections$' enable www/web1
	expect_backend www web1 state up override false
	spread 80 23000 1 1 1
}

disable() {
	order '^web2 of www is disabled; it had at least [0-9]+ connections?$' disable www/web2
	expect_backend www web2 state disabled override true mac ""
	spread 80 24000 1 0.001 1
	lab_ctl a ruleset export | grep -qx '#   backend web2 10.77.0.22: disabled' ||
		fail "export: $(lab_ctl a ruleset export | head -n 12)"
	order 'web2 of www is enabled' enable www/web2
	expect_soon "web2 is up" "[ \"\$(backend www web2 state)\" = up ]" 5
	spread 80 25000 1 1 1
}

weight() {
	order '^web1 of www has weight 4; 6[0-9]\.[0-9] % of the new connections$' weight www/web1 4
	expect_backend www web1 weight 4 configured_weight 1 override true state up
	spread 80 26000 4 1 1
	lab_ctl a ruleset export | grep -qE '^#   backend web1 .*, weight 4, 6' ||
		fail "export: $(lab_ctl a ruleset export | head -n 12)"
	order '^web1 of www has weight 0; no new connections$' weight www/web1 0
	spread 80 27000 0.001 1 1
	order 'has weight 3' weight rr/web1 3
	spread 8080 27500 3 1 1
	order 'has weight 1' weight www/web1 1
	order 'has weight 1' weight rr/web1 1
	expect_backend www web1 override false
}

json() {
	local said

	said=$(lab_ctl a -j backend drain www/web3 --deadline 1h)
	expect farm "$(json_value farm <<<"$said")" www
	expect name "$(json_value name <<<"$said")" web3
	expect state "$(json_value state <<<"$said")" draining
	[ "$(json_value deadline_ms <<<"$said")" -gt 3590000 ] || fail "deadline: $said"
	said=$(lab_ctl a -j farm show www)
	expect name "$(json_value name <<<"$said")" www
	expect state "$(json_value backends.web3.state <<<"$said")" draining
	[ "$(json_value transition.exceptions <<<"$said")" -ge 0 ] || fail "exceptions: $said"
	[[ "$(json_value new_flows <<<"$said")" =~ ^[0-9]+$ ]] || fail "new_flows: $said"
	expect drops "$(json_value drops <<<"$said")" "[]"
	expect table "$(lab_ctl a -j farm show rr | json_value tables.0.name)" rr-flows
	order 'is enabled' enable www/web3
}

farm_show() {
	local said

	order 'drains; its connections are counted once the buckets have settled, in [0-9]+m?s?; it is disabled in 1h' drain www/web3 --deadline 1h
	said=$(lab_ctl a farm show www)
	expect "the longest line" "$(awk 'length > 80' <<<"$said")" ""
	grep -qx 'farm www: up' <<<"$said" || fail "$said"
	grep -qE '^  web3 +draining +10\.77\.0\.23 ' <<<"$said" || fail "$said"
	grep -qE '^    by the operator; configured: enabled, weight 1; disabled in (59|60) min$' \
		<<<"$said" || fail "$said"
	said=$(lab_ctl a farm show rr)
	grep -qE '^  table +rr-flows: [0-9]+ of 1048576' <<<"$said" || fail "$said"
	order 'is enabled' enable www/web3
}

nobody_left() {
	order 'drains' drain www/web1
	order 'drains' drain www/web2
	order 'no backend of www takes new connections now' drain www/web3
	expect "the farm" "$(lab_status a farms.www.state)" down
	for web in $LAB_WEBS; do
		order 'is enabled' enable "www/$web"
	done
	spread 80 28000 1 1 1
}

survives_reload() {
	order 'drains' drain www/web1
	order 'weight 5' weight www/web2 5
	reload
	expect_backend www web1 state draining override true
	expect_backend www web2 weight 5 override true
}

survives_kill() {
	lab_kill_director a
	lab_start_director a
	expect_soon "web1 drains" "[ \"\$(backend www web1 state)\" = draining ]" 5
	expect_backend www web2 weight 5 override true
	lab_ctl a ruleset verify || fail "the kernel holds something else"
	lab_logged a "the operator's orders for 2 backend\(s\) stay in force" || fail "not logged"
	! lab_logged a 'admin\.state:' || fail "$(grep admin.state "$LAB/a/log")"
}

survives_restart() {
	lab_stop_director a
	lab_start_director a
	expect_soon "web1 drains" "[ \"\$(backend www web1 state)\" = draining ]" 5
	expect_backend www web2 weight 5
}

# The later word counts: that of the configuration, for the key that it changed.
configuration_overrules() {
	order 'weight 7' weight www/web1 7
	reload 2
	expect_backend www web1 weight 2 state draining override true
	lab_logged a 'operator.s weight 7 of backend "web1" is over: the configuration has changed it'
	reload 2 draining
	expect_backend www web3 state draining override false configured_state draining
	spread 80 29000 0.001 5 0.001
	order 'web3 of www is enabled' enable www/web3
	reload 2 disabled
	expect_backend www web3 state disabled override false
	reload
	expect_backend www web3 state up override false
}

deadline_passes() {
	order '^web3 of www drains; its connections are counted once the buckets have settled, in [0-9]+m?s?; it is disabled in 1\.5s$' drain www/web3 --deadline 1500ms
	expect_backend www web3 state draining
	expect_soon "web3 is disabled" "[ \"\$(backend www web3 state)\" = disabled ]" 4
	lab_logged a 'farm "www": backend "web3" is disabled, it has drained for 1\.5s'
	expect_backend www web3 override true deadline_ms null
	lab_ctl a ruleset verify || fail "the kernel holds something else"
}

deadline_passes_while_the_daemon_is_away() {
	order 'is enabled' enable www/web3
	order 'drains' drain www/web3 --deadline 1s
	lab_kill_director a
	sleep 1.2
	lab_start_director a
	expect_backend www web3 state disabled
	order 'is enabled' enable www/web3
}

unwritable_file() {
	mkdir "$LAB/a/run/admin.state.new"
	order 'a restart of the daemon will not know of it: cannot write' disable www/web3
	expect_backend www web3 state disabled
	lab_ctl a -j backend disable www/web3 2>"$LAB/stderr" | json_value state >/dev/null ||
		fail "no JSON document"
	grep -q 'a restart of the daemon will not know of it' "$LAB/stderr" || fail "no warning"
	rmdir "$LAB/a/run/admin.state.new"
	order 'is enabled' enable www/web3
}

corrupt_file() {
	lab_stop_director a
	printf 'director overrides 1\nwww/web1 state disabled configured enabled\nwww/we' \
		>"$LAB/a/run/admin.state"
	lab_start_director a
	expect_soon "all are up" all_up 5
	expect "lines about it" "$(grep -c 'admin\.state:3 is not as directord writes it' "$LAB/a/log")" 1
	[ -e "$LAB/a/run/admin.state.bad" ] || fail "the file is gone"
	order 'drains' drain www/web1
	order 'is enabled' enable www/web1
}

errors() {
	local before

	order 'weight 5' weight www/web2 5
	before=$(cat "$LAB/a/run/admin.state")
	refused 1 'there is no farm "wwww"; did you mean "www"\?$' farm show wwww
	refused 1 'there is no farm "zzz"$' backend drain zzz/web1
	refused 1 'there is no backend "web" in farm "www"; did you mean "web1"\?$' backend disable www/web
	refused 2 '"www" is not FARM/BACKEND' backend enable www
	refused 2 'is not FARM/BACKEND' backend enable "www/$(printf 'w%.0s' {1..40})"
	refused 2 'is not FARM/BACKEND' backend enable 'www/w b'
	refused 2 'cannot be the name of a farm' farm show ''
	refused 2 'backend weight. needs FARM/BACKEND N' backend weight www/web1
	refused 2 'farm show. needs FARM' farm show
	refused 2 'takes no argument "9"' backend weight www/web1 1 9
	refused 2 'a weight is a number from 0 to 256, not "257"' backend weight www/web1 257
	refused 2 'a weight is .* not "-1"' -- backend weight www/web1 -1
	refused 2 'a weight is .* not "1e1"' backend weight www/web1 1e1
	refused 2 'deadline must be a duration .* of at most 168h, not "10"' \
		backend drain www/web1 --deadline 10
	refused 2 'deadline must be .* not "169h"' backend drain www/web1 --deadline 169h
	refused 2 'deadline must be .* not "0s"' backend drain www/web1 --deadline 0s
	refused 2 'deadline is for .backend drain. alone' backend enable www/web1 --deadline 1m
	expect "what is ordered" "$(cat "$LAB/a/run/admin.state")" "$before"
}

lab_up
config >"$LAB/director.conf"
run_case "it begins without orders" begin
run_case "drain: no new connections" drain
run_case "drain: the connections stay" drain_keeps_connections
run_case "enable" enable
run_case "disable" disable
run_case "weight" weight
run_case "JSON" json
run_case "farm show" farm_show
run_case "no backend left" nobody_left
run_case "orders survive a reload" survives_reload
run_case "orders survive kill -9" survives_kill
run_case "orders survive a restart" survives_restart
run_case "the configuration's later word counts" configuration_overrules
run_case "a deadline passes" deadline_passes
run_case "a deadline passes while the daemon is away" deadline_passes_while_the_daemon_is_away
run_case "the file cannot be written" unwritable_file
run_case "the file is corrupt" corrupt_file
run_case "errors" errors
finish
