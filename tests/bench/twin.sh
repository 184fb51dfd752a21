#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# twin.sh [--quick]
#
# What it costs two directors of $B to remember the same flows, in the lab (tests/lab) with a link of
# its own for the sync channel: a table with the goals. Three minutes; --quick, with a tenth of the flows
# and shorter loads, one. Packets are received by the master as if its network had brought them
# (twin_send.c), and dropped at the other end of its link. Exit status 1: a goal is missed, or there is
# no figure.
#
# Both directors, both kernels and the sender share the machine: the rates say what all of them
# together can do.
BENCH=$(cd "$(dirname "$0")" && pwd)
. "$BENCH/../lab/lab.sh"
. "$LAB_TOOLS/lib/twin.sh"
# The index of flows is meant to be in memory, as /run is; on a disk its writes wait for the disk.
LAB_PREFIX=/dev/shm/director-lab.

FLOWS=1000000 # in the tables of the master
ROOM=1000000  # of each farm
RATE=61000    # new flows a second, offered: a little more than the goal
SECONDS_OF_LOAD=15
UNTOLD_RATE=50000 # of those that need not be told
# Each director sends a digest every 10 s: one of each, and its acknowledgement, may be in one of two
# equal times and not in the other. To tell of the flows would take megabytes.
DIGESTS=256
ROUNDS=3
GOAL_RATE=60000
if [ "${1:-}" = --quick ]; then
	FLOWS=100000 RATE=20000 SECONDS_OF_LOAD=4 ROUNDS=1 GOAL_RATE=19000
	shift
fi
# Of each one's flows at most 65,536 may have only begun, and what they leave the kernel frees late.
FARMS=4
[ $# -eq 0 ] || {
	sed -n 's/^# \(twin.sh.*\)/usage: \1/p' "$0" >&2
	exit 2
}
TOOL=$LAB_BUILD/bench_twin
missed=0

# --- what is printed -------------------------------------------------------------------------------

# row WHAT VALUE [min|max GOAL]: VALUE "": there is none.
row() {
	local verdict=

	if [ -z "$2" ]; then
		verdict="MISSED: no figure"
	elif [ $# -gt 2 ]; then
		verdict=$(awk -v v="$2" -v how="$3" -v goal="$4" 'BEGIN {
			met = how == "min" ? v >= goal : v <= goal
			printf "%s %s  %s", how == "min" ? ">=" : "<=", goal, met ? "met" : "MISSED"
			if (goal != 0) printf ", %+.0f %%", 100 * (v - goal) / goal
			else if (v != 0) printf ", by %s", v
		}')
	fi
	case $verdict in *MISSED*) missed=1 ;; esac
	printf '%-64s %12s   %s\n' "$1" "$2" "$verdict"
}

# die WHY: nothing more can be measured.
die() {
	echo "twin: $*, MISSED" >&2
	exit 1
}

# --- the pair --------------------------------------------------------------------------------------

conf() {
	local i

	cat <<-EOT
		cluster "lab" {
			key-file = "$LAB/cluster.key"
			node "a" { address = "$(lab_address a)"  sync-address = "10.78.0.1"  priority = 150 }
			node "b" { address = "$(lab_address b)"  sync-address = "10.78.0.2"  priority = 100 }
		}
	EOT
	lab_conf_vrrp
	for ((i = 0; i < FARMS; i++)); do
		farm dns$i udp "\"$((ECHO_PORT + i))\"" "$ROUND_ROBIN" 'udp-timeout = "1h"' \
			"max-connections = $ROOM" "gc-interval = \"30s\""
	done
	farm www tcp '"80"' 'scheduler = "maglev"'
}

link_up() {
	local a b i

	a=$(lab_ns a) b=$(lab_ns b)
	ip link add sync0 netns "$a" type veth peer name sync0 netns "$b"
	ip -n "$a" address add 10.78.0.1/24 dev sync0
	ip -n "$b" address add 10.78.0.2/24 dev sync0
	ip -n "$a" link set sync0 up
	ip -n "$b" link set sync0 up
	for ((i = 0; i < FARMS; i++)); do
		ip -n "$a" link add spare$i type veth peer name end$i
	done
}

# The load ends where the master's link does: what a switch and backends do with it is none of the
# directors' work, and all of them share the machine. Checks of the backends pass.
link_drops() {
	lab_exec switch nft -f - <<-EOT
		table netdev bench {
			chain in {
				type filter hook ingress device "a" priority 0;
				ip saddr 100.64.0.0/10 drop
			}
		}
	EOT
}

start() {
	local node

	for node in a b; do
		lab_start_director $node || die "no director $node"
	done
	lab_wait_until "lab_is a master && all_up a && all_up b" 30 || die "a is no master"
	lab_wait_until twins_in_sync 10 || die "not in sync: $(twin_says a)"
}

pair_up() {
	lab_up
	link_up
	link_drops
	conf >"$LAB/director.conf"
	start
}

# empty NODE: stops its director, which remembers nothing then.
empty() {
	lab_stop_director "$1" || die "$1 does not end"
	lab_directord "$1" -c "$LAB/director.conf" --clean || die "$1 does not clean"
	sleep 3 # the kernel frees a million elements in a thread of its own
}

# anew: a pair that remembers nothing.
anew() {
	empty a
	empty b
	start
}

# send NET PROTOCOL PORT PORTS FLOWS RATE: of clients in 100.NET.0.0/16; what it says.
send() {
	lab_exec a "$TOOL" send eth0 $LAB_VIP "$3" "$4" "100.$1.0.0" "$2" "$5" "$6"
}

# look NODE: its status, for `seen NODE PATH`.
look() {
	lab_ctl "$1" -j status >"$LAB/$1.json" || die "$1 does not answer"
}

seen() {
	"$LAB_TOOLS/lib/json_get.py" "$2" <"$LAB/$1.json"
}

channel() {
	seen "$1" "peers.0.channel.$2"
}

# link_octets: that have gone over the link of the channel, both ways, headers and heartbeats included.
link_octets() {
	lab_exec a cat /sys/class/net/sync0/statistics/{rx,tx}_bytes | awk '{ n += $1 } END { print n }'
}

# channel_octets: of the connection, both ways, as a counts them in its status.
channel_octets() {
	echo $(($(channel a octets_sent) + $(channel a octets_received)))
}

packets_out() {
	lab_exec a cat /sys/class/net/eth0/statistics/tx_packets
}

nothing_waits() {
	[ "$(twin a queued) $(twin a unacknowledged)" = "0 0" ]
}

# mib NODE FIELD
mib() {
	awk -v field="$2:" '$1 == field { printf "%.1f", $2 / 1024 }' "/proc/$(cat "$LAB/$1/pid")/status"
}

# processor NODE: seconds for which its main thread has run, and for which it has waited to.
processor() {
	awk '{ printf "%.2f %.2f", $1 / 1e9, $2 / 1e9 }' "/proc/$(cat "$LAB/$1/pid")/schedstat"
}

# used_since NODE BEFORE: the same since BEFORE, which it said then.
used_since() {
	echo "$2 $(processor "$1")" | awk '{ printf "%.2f %.2f", $3 - $1, $4 - $2 }'
}

# taken: seconds for which a processor that had work to do was taken away from this machine.
taken() {
	awk -v hz="$(getconf CLK_TCK)" '$1 == "cpu" { printf "%.2f", $9 / hz }' /proc/stat
}

# calc EXPRESSION [DECIMALS]
calc() {
	awk "BEGIN { printf \"%.${2:-0}f\", $1 }"
}

median() {
	sort -n | awk '{ v[NR] = $1 } END { if (NR) print v[int((NR + 1) / 2)] }'
}

# sent_in FILE: the seconds that the sender says.
sent_in() {
	sed -n 's/.* in \([0-9.]*\) s,.*/\1/p' "$1"
}

# --- the rows --------------------------------------------------------------------------------------

# window COMMAND …: what comes of it within 10 s.
window() {
	look a
	OCTETS=$(channel_octets) SENT=$(channel a flows_sent) PACKETS=$(packets_out)
	"$@" &
	sleep 10
	wait $! || die "the sender failed"
	look a
	OCTETS=$(($(channel_octets) - OCTETS)) SENT=$(($(channel a flows_sent) - SENT))
	PACKETS=$(($(packets_out) - PACKETS))
}

untold() {
	local idle flows=$((UNTOLD_RATE * 9))

	window true
	idle=$OCTETS
	window send 64 tcp 80 1 $flows $UNTOLD_RATE >"$LAB/untold"
	row "Maglev, new connections a second for 9 s" \
		"$(calc "$flows / $(sent_in "$LAB/untold")")" min $((UNTOLD_RATE * 98 / 100))
	row "  packets forwarded, of each 2" "$(calc "$PACKETS / $flows" 2)" min 1.99
	row "  flows told" "$SENT" max 0
	row "  octets on the channel ($OCTETS) more than in silence ($idle)" $((OCTETS - idle)) max $DIGESTS
}

# delta_round N: values of a load, as lines "NAME VALUE" in $LAB/round.N.
delta_round() {
	local octets link flows received lost refused offered=$((RATE * SECONDS_OF_LOAD)) seconds sent
	local before_a before_b taken

	look a
	look b
	octets=$(channel_octets) link=$(link_octets) flows=$(channel a flows_sent)
	received=$(channel b flows_received) lost=$(channel a lost) refused=$(channel b flows_refused)
	before_a=$(processor a) before_b=$(processor b) taken=$(taken)
	send 65 udp "$ECHO_PORT" $FARMS $offered $RATE >"$LAB/deltas"
	taken=$(calc "$(taken) - $taken" 2)
	look a
	cp "$LAB/a.json" "$LAB/lag.json"
	lab_wait_until nothing_waits 20 || die "after 20 s news still wait"
	look a
	look b
	seconds=$(sent_in "$LAB/deltas")
	sent=$(($(channel a flows_sent) - flows)) received=$(($(channel b flows_received) - received))
	{
		echo "offered $(calc "$offered / $seconds")"
		echo "told $(calc "$sent / $seconds")"
		echo "had $(calc "$received / $seconds")"
		echo "not_received $((sent - received))"
		echo "refused $(($(channel b flows_refused) - refused))"
		echo "lost $(($(channel a lost) - lost))"
		echo "processor_a $(used_since a "$before_a")"
		echo "processor_b $(used_since b "$before_b")"
		echo "taken $taken"
		echo "connection $(calc "($(channel_octets) - $octets) / $sent" 2)"
		echo "link $(calc "($(link_octets) - $link) / $sent" 2)"
		cp "$LAB/lag.json" "$LAB/a.json"
		echo "median $(calc "$(channel a lag_median_us) / 1000" 1)"
		echo "p99 $(calc "$(channel a lag_p99_us) / 1000" 1)"
		echo "longest $(calc "$(channel a lag_max_us) / 1000" 1)"
	} >"$LAB/round.$1"
}

# of NAME: in the round that counts.
of() {
	sed -n "s/^$1 //p" "$LAB/round"
}

# each NAME: of all rounds, one in a line.
each() {
	sed -n "s/^$1 //p" "$LAB"/round.[0-9]*
}

# of_all NAME: the same in one line.
of_all() {
	each "$1" | paste -sd ' '
}

least_of() {
	each "$1" | sort -n | head -n 1
}

most_of() {
	each "$1" | sort -n | tail -n 1
}

# deltas: the round of the middle lag counts, and nothing may be lost in any. Which of them has which lag
# is up to the host: it takes a processor away for tens of milliseconds, and what had to be said in them is
# late.
deltas() {
	local i

	for i in $(seq $ROUNDS); do
		[ "$i" -eq 1 ] || anew
		delta_round "$i"
	done
	cp "$(grep -lx "p99 $(each p99 | median)" "$LAB"/round.[0-9]* | head -n 1)" "$LAB/round"
	row "new flows a second, offered ($RATE wanted) for $SECONDS_OF_LOAD s" "$(least_of offered)" min $GOAL_RATE
	row "  remembered by the master and told" "$(least_of told)" min $GOAL_RATE
	row "  had by the standby" "$(least_of had)" min $GOAL_RATE
	row "  told and not received" "$(most_of not_received)" max 0
	row "  refused by the standby" "$(most_of refused)" max 0
	row "  times that news were lost" "$(most_of lost)" max 0
	row "  lag, median, ms" "$(of median)"
	row "  lag, 99 of 100, ms ($(of_all p99))" "$(of p99)" max 50
	row "  lag, longest, ms" "$(of longest)"
	row "  a: processor, and waiting for it, s" "$(of processor_a)"
	row "  b: processor, and waiting for it, s" "$(of processor_b)"
	row "  of the processors taken by the host, s ($(of_all taken))" "$(of taken)"
	row "octets a flow, of the connection, both ways" "$(of connection)" max 20
	row "  of its link, with all headers and heartbeats" "$(of link)" max 20
}

# fill: up to FLOWS.
fill() {
	local net held

	for net in 66 67 68 69 70 71; do
		look a
		held=$(channel a held_ours)
		[ "$held" -lt $FLOWS ] || return 0
		send $net udp "$ECHO_PORT" $FARMS $((FLOWS - held)) 30000 >/dev/null
		lab_wait_until nothing_waits 20 || die "after 20 s news still wait"
	done
	die "the master remembers $held flows, not $FLOWS"
}

# snapshot: into an empty standby; milliseconds.
snapshot() {
	local sent

	empty b
	sent=$(twin a snapshots_sent)
	lab_start_director b || die "no director b"
	# Seldom: to ask takes a processor, too, from what is measured.
	lab_wait_until "[ \$(twin a snapshots_sent) -gt $sent ] && twins_in_sync" 120 1 || die "no snapshot"
	look b
	SNAPSHOT_FLOWS=$(channel b snapshot_flows) HELD=$(channel b held_theirs)
	twin a snapshot_took_ms
}

snapshots() {
	local i took watched alone

	for i in $(seq $ROUNDS); do
		watched=$("$TOOL" insert $FLOWS $FARMS $ROOM watched) || die "no inserts"
		alone=$("$TOOL" insert $FLOWS $FARMS $ROOM alone) || die "no inserts"
		snapshot >"$LAB/took"
		took=$(calc "$(cat "$LAB/took") / 1000" 3)
		echo "$took" >>"$LAB/snapshots"
		echo "$watched" >>"$LAB/watched"
		echo "$alone" >>"$LAB/alone"
		calc "$took / $watched" 2 >>"$LAB/ratios"
		echo >>"$LAB/ratios"
	done
	row "a snapshot, flows" "$SNAPSHOT_FLOWS" min $FLOWS
	row "  held by the standby afterwards" "$HELD" min $FLOWS
	row "  begin to acknowledged end, s (median of $ROUNDS)" "$(median <"$LAB/snapshots")"
	row "  as many inserts by a local program, s" "$(median <"$LAB/watched")"
	row "  ratio ($(paste -sd ' ' "$LAB/ratios"))" "$(median <"$LAB/ratios")" max 1.5
	row "  inserts where nobody listens to changes, s" "$(median <"$LAB/alone")"
}

memory() {
	row "resident memory at most, master, MiB" "$(mib a VmHWM)" max 96
	row "resident memory at most, standby, MiB" "$(mib b VmHWM)" max 96
}

pair_up
echo "twin: $FLOWS flows; load of the machine before: $(cut -d ' ' -f 1-3 /proc/loadavg)"
untold
deltas
fill
snapshots
memory
echo "limits of what can wait on one director:"
"$TOOL" limits
exit $missed
