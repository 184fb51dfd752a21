# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The two routers of a lane, whoever they are, and the instruments around them. PAIR is keepalived,
# director or realtime; the nodes are a and b of the lab.

PORT=7
TOOL=$LAB_BUILD/bench_takeover

# pair_up INTERVAL_MS PRIORITY_A PRIORITY_B: the lab, both routers, who answers, who watches.
# With equal priorities a node that comes back does not preempt: every run begins where the last one
# ended, and both ways count.
pair_up() {
	INTERVAL_MS=$1
	SETTLE_MS=$((INTERVAL_MS * 3 / 2 + 300))
	LAB_PRIORITY_A=$2 LAB_PRIORITY_B=$3
	LAB_ADVERTISE_INTERVAL=${1}ms
	LAB_KEEPALIVED_INTERVAL=$(printf '%d.%02d' $(($1 / 1000)) $(($1 % 1000 / 10)))
	[ "$PAIR" != realtime ] || LAB_VRRP_KEYS="realtime = true"
	lab_up
	LAB_FARM_KEYS='protocol = "udp"' lab_conf_farm echo maglev "\"$PORT\"" >>"$LAB/director.conf"
	[ "$PAIR" = keepalived ] || lab_directord a -t -c "$LAB/director.conf" || exit 77
	pair_answers_up
	pair_watch_up
	pair_start a
	pair_start b
}

pair_answers_up() {
	local host hosts=$LAB_WEBS

	[ "$PAIR" != keepalived ] || hosts="a b"
	for host in $hosts; do
		lab_spawn "echo-$host" "$host" "$TOOL" echo "$LAB_VIP" $PORT
		lab_wait_until "grep -q ready '$LAB/echo-$host/log'" 5
	done
}

pair_watch_up() {
	lab_spawn watch switch "$TOOL" watch "$LAB_VIP" a="/run/netns/$(lab_ns a)" \
		b="/run/netns/$(lab_ns b)" asker="/run/netns/$(lab_ns client)"
	lab_wait_until "[ -s '$LAB/watch/log' ]" 5
}

pair_start() {
	local priority=$LAB_PRIORITY_A

	if [ "$PAIR" != keepalived ]; then
		lab_start_director "$1"
		return
	fi
	[ "$1" = a ] || priority=$LAB_PRIORITY_B
	rm -f "$LAB/keepalived-$1"/*.pid
	lab_start_keepalived "$1" "$priority"
}

# The lab's name of a node's daemon.
pair_name() {
	if [ "$PAIR" = keepalived ]; then echo "keepalived-$1"; else echo "$1"; fi
}

# pair_pids NODE: all of the daemon's processes, children first: they would end in an orderly way if
# they saw their parent killed.
pair_pids() {
	local pid

	lab_alive "$(pair_name "$1")" || return 1
	pid=$(cat "$LAB/$(pair_name "$1")/pid")
	echo "$(pgrep -P "$pid" | tr '\n' ' ')$pid"
}

# pair_signal SIGNAL: to all processes of $MASTER, whose ids are known by now: nothing is between the
# event and its time. TERM to the parent, as a service manager does it.
pair_signal() {
	if [ "$1" = TERM ]; then
		kill -s TERM "${MASTER_PIDS##* }"
	else
		# shellcheck disable=SC2086
		kill -s "$1" $MASTER_PIDS
	fi
}

# pair_restart NODE: it has ended, or was told to.
pair_restart() {
	lab_wait_until "! lab_alive $(pair_name "$1")" 10
	lab_exit_status "$(pair_name "$1")" >/dev/null
	pair_start "$1"
}

# pair_reset: both from the beginning, after a run that did not go as it should.
pair_reset() {
	local node

	lab_stop sender KILL || true
	for node in a b; do
		# shellcheck disable=SC2046
		kill -s KILL $(pair_pids $node) || true
	done
	pair_undo
	for node in a b; do
		lab_wait_until "! lab_alive $(pair_name $node)" 10 || true
		ip -n "$(lab_ns $node)" address delete "$LAB_VIP/24" dev eth0 2>/dev/null || true
		pair_start $node || true
	done
}

# What rows do to the network.
pair_undo() {
	local node

	for node in a b; do
		lab_switch_port_up $node
		pair_isolate $node off
		lab_exec $node nft delete table netdev bench 2>/dev/null || true
	done
}

# pair_isolate NODE on|off: isolated ports of the switch do not hear each other, all others do.
pair_isolate() {
	ip -n "$(lab_ns switch)" link set dev "$1" type bridge_slave isolated "$2"
}

other_of() {
	if [ "$1" = a ]; then echo b; else echo a; fi
}

# --- the client ------------------------------------------------------------------------------------

# ready: there is one owner, $MASTER, the other is $OTHER.
ready() {
	pause_ms $SETTLE_MS # a look costs more than a pause, and other lanes measure
	lab_wait_until settled 15 || run_failed "no single owner: $(tail -n 1 "$LAB/watch/log")"
	MASTER=$(owners)
	OTHER=$(other_of "$MASTER")
	MASTER_PIDS=$(pair_pids "$MASTER")
}

# begin LEAST_MS MOST_MS: the pair is ready and datagrams flow. The client goes on for so long after
# `event`. Returns somewhere within an interval.
begin() {
	ready
	LEAST_MS=$1 MOST_MS=$2
	rm -f "$LAB/sent" "$LAB/sender/log"
	lab_spawn sender client "$TOOL" send "$LAB_VIP" $PORT "$1" "$2" "$LAB/sent"
	lab_wait_until "grep -q ready '$LAB/sender/log'" 15 || run_failed "no answers from the VIP"
	SENDER_PID=$(cat "$LAB/sender/pid")
	pause_ms $((RANDOM % INTERVAL_MS))
}

# event COMMAND …: what happens; $EVENT is when.
event() {
	kill -s USR1 "$SENDER_PID"
	EVENT=$EPOCHREALTIME
	"$@"
}

# The client has ended; what it says is noted.
end() {
	pause_until "$(after $((LEAST_MS / 1000)))"
	lab_wait_until "[ -e '$LAB/sender/status' ]" $(((MOST_MS - LEAST_MS) / 1000 + 10)) ||
		run_failed "the client did not end"
	[ -s "$LAB/sent" ] || run_failed "the client: $(cat "$LAB/sender/log")"
	note gap_ms "$(sent gap_ms)"
	note late_ms "$(sent late_ms)"
}

sent() {
	awk -v what="$1" '$1 == what { print $2 }' "$LAB/sent"
}

pause_ms() {
	sleep "$(printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000)))"
}

# pause_until EPOCH
pause_until() {
	sleep "$(awk -v until="$1" -v now="$EPOCHREALTIME" \
		'BEGIN { printf "%.3f", (until > now ? until - now : 0) }')"
}

# after SECONDS: so long after the event.
after() {
	awk -v event="$EVENT" -v seconds="$1" 'BEGIN { printf "%.6f", event + seconds }'
}

# --- who owned the VIP -----------------------------------------------------------------------------

owners() {
	awk '{ names = $3 } END { print names }' "$LAB/watch/log"
}

# One owner, for longer than a router that was just started needs to hear of it.
settled() {
	awk -v now="$EPOCHREALTIME" -v least=$SETTLE_MS '
		$2 != count || $3 != names { since = $1 }
		{ count = $2; names = $3 }
		END { exit !(count == 1 && (now - since) * 1000 >= least) }' "$LAB/watch/log"
}

# owned_by COUNT FROM TO: the milliseconds during which so many owned it.
owned_by() {
	awk -v want="$1" -v from="$2" -v to="$3" '
		function span(a, b) {
			a = a < from ? from : a; b = b > to ? to : b
			return b > a ? b - a : 0
		}
		NR > 1 && count == want { sum += span(at, $1) }
		{ at = $1; count = $2 }
		END {
			if (count == want) sum += span(at, to)
			printf "%.1f", sum * 1000
		}' "$LAB/watch/log"
}

# until_owned_by NODE FROM TO: the milliseconds until it alone owned it for good; inf: never.
until_owned_by() {
	awk -v node="$1" -v from="$2" -v to="$3" '
		$1 > to { exit }
		$3 == node && names != node { since = $1 }
		{ names = $3 }
		END {
			if (names != node) print "inf"
			else printf "%.1f", (since > from ? (since - from) * 1000 : 0)
		}' "$LAB/watch/log"
}

# until_known MAC FROM TO: the same of whom the client takes for the owner.
until_known() {
	awk -v mac="$1" -v from="$2" -v to="$3" '
		$1 > to { exit }
		$4 == mac && known != mac { since = $1 }
		{ known = $4 }
		END {
			if (known != mac) print "inf"
			else printf "%.1f", (since > from ? (since - from) * 1000 : 0)
		}' "$LAB/watch/log"
}

# most_owners FROM TO
most_owners() {
	awk -v from="$1" -v to="$2" '
		$1 > to { exit }
		$1 < from { most = $2; next }
		$2 > most { most = $2 }
		END { print most + 0 }' "$LAB/watch/log"
}

# takeovers FROM TO: how often a node became owner.
takeovers() {
	awk -v from="$1" -v to="$2" '
		$1 > to { exit }
		$1 >= from {
			for (i = 1; i <= length($3); i++)
				if (substr($3, i, 1) != "-" && !index(names, substr($3, i, 1))) n++
		}
		{ names = $3 }
		END { print n + 0 }' "$LAB/watch/log"
}
