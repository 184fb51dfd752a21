#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Backends are added and removed until a farm's table has another size: no packet of a connection is
# lost, doubled or sent to another backend. t_counts.sh has the counters in the meantime.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"
. "$LAB_TOOLS/lib/flows.sh"

MAGLEV=$LAB_VIP:80
ROUND_ROBIN=$LAB_VIP:8080

# config [WEIGHT]: two farms, each with 100 more backends of that weight.
config() {
	local LAB_FARM_KEYS='transition-time = "1s"'

	lab_conf_cluster
	lab_conf_vrrp
	farm www maglev '"80"' "$@"
	farm rr round-robin '"8080"' "$@"
}

# farm NAME SCHEDULER PORTS [WEIGHT]. All of the others are web1: a connection of web2 or web3 that goes
# to one of them has moved.
farm() {
	lab_conf_farm "$1" "$2" "$3" | sed '$d'
	[ $# -lt 4 ] || seq 100 | while read -r n; do
		echo "	backend \"more$n\" { address = \"10.77.1.$n\" interface = \"eth0\" mac = \"$mac\" weight = $4 }"
	done
	echo "}"
}

# reload [WEIGHT]
reload() {
	config "$@" >"$LAB/director.conf"
	lab_ctl a config reload || fail "the reload was refused"
}

# has_table NAME, has_no_table NAME: of the kernel.
has_table() {
	lab_exec a nft list map netdev director "$1" >/dev/null 2>&1
}

has_no_table() {
	! has_table "$1"
}

# expect_tables SUFFIX OTHER-SUFFIX: the maps of both farms are those, and the others have gone.
expect_tables() {
	local name

	for name in www-buckets rr-slots; do
		expect_soon "$name$1" "has_table '$name$1'" 10
		expect_soon "$name$2 has gone" "has_no_table '$name$2'" 10
	done
}

is_quiet() {
	[ "$(lab_ctl a -j farm show www | grep -c '"moved": [1-9]')" = 0 ]
}

# during FARM OPERATION [ARGUMENT …]: flows to it; all of it must be good. When the instrument could not
# keep up on this machine, once more at half the rate.
during() {
	local vip=$1 status

	shift
	for _ in 1 2 3; do
		before
		lab_flows_start "$vip" --flows 10000 --churn 1000 --churn-alive 500 --duration 120
		sleep 1
		"$@"
		sleep 2.5
		lab_flows_end
		status=0
		lab_flows_judge || status=$?
		[ "$status" = 5 ] || break
		LAB_FLOWS_RATE=$((LAB_FLOWS_RATE / 2))
	done
	cat "$LAB/verdict"
	expect "exit status of the judge" "$status" 0
	expect "packets of the flows that went elsewhere" "$(lab_flows_counted 'flows moved')" 0
	expect "packets that were lost" "$(lab_flows_counted 'packets lost')" 0
	expect "packets that came twice" "$(lab_flows_counted 'packets twice')" 0
}

# before: what a case wants done before the flows begin.
before() {
	:
}

to_few() {
	reload
	expect_tables "" .2018
}

# Nearly all buckets go to the new ones.
grow() {
	reload 1
	expect_tables .2018 ""
	lab_logged a 'farm "www": 2018 buckets instead of 1009' || fail "the log does not say it"
}

grows() {
	before() {
		to_few
	}
	during "$1" grow
}

# The backends that go have no connections, because none began on them.
shrinks() {
	before() {
		reload 0
		expect_tables .2018 ""
		sleep 1.5
		expect_soon "no bucket moves" is_quiet 10
	}
	during "$1" to_few
	lab_logged a 'farm "www": 1009 buckets instead of 2018' || fail "the log does not say it"
}

to_and_fro() {
	local i

	for i in 1 2 3 4 5 6; do
		reload 0
		sleep 0.$((i * 7 % 10))
		reload
		sleep 0.$((i * 3 % 10))
	done
	to_few
}

# Where the kernel's table has another size than the configuration asks for.
killed_in_between() {
	reload 0
	sleep 0.3
	lab_kill_director a || true
	config >"$LAB/director.conf"
	lab_start_director a
	expect_tables "" .2018
	lab_kill_director a || true
	config 0 >"$LAB/director.conf"
	lab_start_director a
	expect_tables .2018 ""
}

another_seed() {
	reload
	config | sed 's/scheduler = "maglev"/&\n\t\t\tseed = 4711/' >"$LAB/director.conf"
	lab_ctl a config reload || fail "the reload was refused"
	lab_logged a 'farm "www": another seed' || fail "the log does not say it"
	! lab_logged a 'farm "rr": another seed' || fail "the log says it of rr"
}

begin() {
	lab_start_director a
	lab_wait_until "lab_ctl a status >/dev/null" 10
	expect_soon "the master" "lab_ctl a status | grep -q master" 20
	expect_soon "all backends are up" "[ \$(lab_ctl a backend list | awk '\$2 == \"up\"' | wc -l) = 6 ]" 20
	lab_flows_prepare
}

lab_up
mac=$(lab_mac web1)
config >"$LAB/director.conf"
run_case "the director starts" begin
for farm in "maglev $MAGLEV" "round-robin $ROUND_ROBIN"; do
	# shellcheck disable=SC2086
	set -- $farm
	run_case "$1: grows" grows "$2"
	run_case "$1: shrinks" shrinks "$2"
	run_case "$1: grows and shrinks six times" during "$2" to_and_fro
	run_case "$1: the daemon is killed in between" during "$2" killed_in_between
done
run_case "another seed is said" another_seed
finish
