#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# twin_failover.sh [--rounds N] [--downloads N] [--new N] [--schedulers "NAME …"] [--kill HOW] [--verbose]
#
# A failover under load: 2,000 long downloads and 500 new connections a second go through the master,
# of a farm that remembers every flow, in the lab of tests/lab. In each round (20; two more of each other
# scheduler) the master is killed at a random moment, the other one goes on, and each download is
# verified to its last octet. Then the killed one comes back with an empty kernel, and the next round
# kills the one that is master.
#
# HOW is machine, its cable is dead with it; daemon, the process alone, while the kernel forwards on and
# the new master relays to it what was told to nobody; or both, in turn (default). Exit status 1: a goal
# is missed, or there is nothing to show for it.
set -eu
BENCH=$(cd "$(dirname "$0")" && pwd)
. "$BENCH/../lab/lab.sh"
. "$LAB_TOOLS/lib/check.sh"
. "$BENCH/fail.sh"
. "$LAB_TOOLS/lib/twin.sh"

PORT=9000
TOOL=$LAB_BUILD/bench_clients
INTERVAL_MS=100
rounds=20 others=2 downloads=2000 new=500 how=both verbose=
schedulers="round-robin least-connections maglev"

usage() {
	sed -n 's/^# \(twin_failover.sh .*\)/usage: \1/p' "$0" >&2
	exit 2
}

while [ $# -gt 0 ]; do
	case $1 in
	--rounds) rounds=${2:?} ;;
	--downloads) downloads=${2:?} ;;
	--new) new=${2:?} ;;
	--schedulers) schedulers=${2:?} ;;
	--kill) how=${2:?} ;;
	--verbose)
		verbose=1
		shift
		continue
		;;
	*) usage ;;
	esac
	shift 2
done

configuration() {
	lab_conf_cluster
	lab_conf_vrrp
	# The least connections, by weight.
	LAB_FARM_KEYS='tcp-close-timeout = "5s"' lab_conf_farm www "$1" "\"$PORT\"" 1 2 3
}

servers_up() {
	local web

	lab_exec client sysctl -qw net.ipv4.ip_local_port_range="10000 60999"
	for web in $LAB_WEBS; do
		lab_spawn "serve-$web" "$web" "$TOOL" serve $PORT
		lab_wait_until "grep -q ready '$LAB/serve-$web/log'" 5 || fail "no server on $web"
	done
}

other_of() {
	if [ "$1" = a ]; then echo b; else echo a; fi
}

# prompt NODE: as on a machine of its own. In the lab both directors, the servers, the client and whatever
# else runs share the processors, and one that waits for them has not told what it should have.
prompt() {
	chrt -a -r -p 4 "$(cat "$LAB/$1/pid")" || echo "no real-time priority for $1"
}

# kill_master machine|daemon
kill_master() {
	local pid

	pid=$(cat "$LAB/$MASTER/pid")
	[ "$1" = daemon ] || lab_switch_port_down "$MASTER"
	kill -s KILL "$pid"
}

# come_back: as a machine that was started anew.
come_back() {
	local node=$1

	lab_wait_until "! lab_alive $node" 5 || fail "$node lives"
	ip -n "$(lab_ns "$node")" address flush dev eth0 to "$LAB_VIP"
	lab_exec "$node" nft flush ruleset
	ip -n "$(lab_ns "$node")" neighbour flush dev eth0
	rm -rf "$LAB/$node/run"
	lab_switch_port_up "$node"
	lab_start_director "$node"
	prompt "$node"
	expect_soon "$node is backup, all its backends are up" "lab_is $node backup && all_up $node" 15
	expect_in_sync 10
}

# kept NODE TABLE: elements of a table of www, as the kernel counts them (the daemon asks it); 0 without
# it. A list by nft would begin again with each flow that is told meanwhile.
kept() {
	lab_status "$1" "farms.www.tables.$2.used" || echo 0
}

result() {
	awk -v name="$1" '$1 == name { print $2 }' "$LAB/result"
}

# run_round SCHEDULER N
run_round() {
	local standby entries=0 kill=$how relayed

	standby=$(other_of "$MASTER")
	[ "$how" != both ] || kill=$([ $(($2 % 2)) = 1 ] && echo machine || echo daemon)
	rm -f "$LAB/load/log"
	lab_spawn load client "$TOOL" load "$LAB_VIP" $PORT "$downloads" "$new" "$LAB/result"
	lab_wait_until "grep -q ready '$LAB/load/log' || ! lab_alive load" 10 && lab_alive load ||
		fail "the downloads do not begin: $(cat "$LAB/load/log")"
	sleep 1.$((RANDOM % 900 + 100))
	[ "$1" = maglev ] || entries=$(kept "$standby" www-flows)
	sleep 0.$((RANDOM % 900 + 100))
	kill_master $kill
	lab_wait_until "lab_is $standby master" 10 || fail "$standby does not take over"
	sleep 2.5
	lab_signal load USR1
	lab_wait_until "! lab_alive load" 15 || fail "the load does not end"
	relayed=$(kept "$standby" www-relayed)
	note "$1" "$2" $kill "$entries" "$relayed"
	come_back "$MASTER"
	MASTER=$standby
}

# note SCHEDULER ROUND KILL ENTRIES RELAYED: a line of the table.
note() {
	local name line="$1 $2 $3 $4" relayed=$5

	for name in downloads new complete reset refused wrong unfinished stalled gap_ms new_reset \
		new_refused new_wrong new_unfinished new_repeated late_ms; do
		line="$line $(result $name)"
	done
	line="$line $relayed"
	echo "$line" >>"$LAB/rounds"
	# shellcheck disable=SC2086
	printf '%-12.12s %3s %-7s %8s %6s %6s %6s %4s %4s %4s %4s %5s %6s  %4s %4s %4s %4s %5s %5s %5s\n' $line
	[ -z "$verbose" ] || grep ^failed "$LAB/result" | paste -sd ,
}

header() {
	echo "downloads: complete, reset, refused, wrong content, unfinished, stalled over 1 s, longest gap;"
	echo "new ones: reset, refused, wrong, unfinished, over 1 s (their SYN fell into the gap); late: the client;"
	echo "relay: connections that the new master left to the kernel of the killed one"
	printf '%-12s %3s %-7s %8s %6s %6s %6s %4s %4s %4s %4s %5s %6s  %4s %4s %4s %4s %5s %5s %5s\n' \
		scheduler N killed standby downl. new compl. rst ref bad unf stall gap/ms rst ref bad unf \
		'>1s' late relay
}

# The sums of each scheduler; exit status 1 when a goal is missed.
sums() {
	awk '
		!($1 in rounds) { order[++n] = $1 }
		{
			rounds[$1]++; downloads[$1] += $5; new[$1] += $6; resets[$1] += $8 + $9; bad[$1] += $10
			stalls[$1] += $11 + $12; if ($13 > gap[$1]) gap[$1] = $13; complete[$1] += $7
			new_bad[$1] += $14 + $15 + $16 + $17
			if (!($1 in least) || $4 < least[$1]) least[$1] = $4
		}
		END {
			for (i = 1; i <= n; i++) {
				s = order[i]
				ok = resets[s] + bad[s] + stalls[s] + new_bad[s] == 0 && complete[s] == downloads[s] &&
					downloads[s] > 0 && (s == "maglev" || least[s] > 0)
				printf "%s: %d rounds, %d downloads, %d new connections; %d resets, %d stalls, %d wrong, " \
					"%d new ones failed; longest gap %d ms; standby held at least %d; goal 0 of each: %s\n",
					s, rounds[s], downloads[s], new[s], resets[s], stalls[s], bad[s], new_bad[s],
					gap[s], least[s], ok ? "met" : "MISSED"
				missed = missed || !ok
			}
			exit missed || !n
		}' "$LAB/rounds"
}

# shellcheck disable=SC2034
LAB_PRIORITY_A=100 LAB_PRIORITY_B=100 LAB_ADVERTISE_INTERVAL=${INTERVAL_MS}ms
chrt -r -p 1 $$ || true # the same for what a round has to wait for
lab_up
servers_up
: >"$LAB/rounds"
echo "twin, killed under load: $downloads downloads of 20 kB/s, $new new connections a second;" \
	"adverts every $INTERVAL_MS ms"
header
for scheduler in $schedulers; do
	configuration "$scheduler" >"$LAB/director.conf"
	for node in a b; do
		lab_alive $node || lab_launch_director $node
		prompt $node
	done
	sleep 1
	for node in a b; do
		expect_soon "$node answers" "lab_answers_ctl $node" 5
		lab_ctl $node config reload >/dev/null || fail "$node refuses the configuration"
		expect_soon "the backends of $node are up" "all_up $node" 15
	done
	expect_soon "there is a master" "lab_is a master || lab_is b master" 5
	expect_in_sync 10
	MASTER=a
	lab_is a master || MASTER=b
	for ((i = 1; i <= rounds; i++)); do
		run_round "$scheduler" $i
	done
	rounds=$((rounds < others ? rounds : others))
done
sums
