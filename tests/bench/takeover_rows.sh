# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The rows of the table: what happens to a pair, and which figures it gives. row_NAME is one run.

# lane ROW PAIR: all runs, each of which begins with one owner.
lane() {
	local i runs=$RUNS

	ROW=$1 PAIR=$2
	case $ROW in
	gone10 | load) pair_up 10 100 100 ;;
	gone100 | filtered) pair_up 100 100 100 ;;
	heal) pair_up 100 150 100 ;;
	*) pair_up 1000 100 100 ;;
	esac
	case $ROW in
	heal) runs=$((2 * RUNS)) ;;
	load) runs=1 ;;
	esac
	echo "$ROW $PAIR wanted $runs" >>"$RESULTS"
	for ((i = 1; i <= runs; i++)); do
		run $i
	done
}

# run N: its figures count when it came to its end.
run() {
	local status started

	: >"$LAB/noted"
	started=$(now_ms)
	set +e
	(
		set -eE
		trap 'echo "failed: $BASH_COMMAND" >&2' ERR
		"row_$ROW"
	)
	status=$?
	set -e
	if [ $status = 0 ]; then
		echo "run $1: $(cut -d ' ' -f 3- "$LAB/noted" | paste -sd ' ')"
		awk -v start="$started" '$1 * 1000 > start { print "    " $0 }' "$LAB/watch/log"
		cat "$LAB/noted" >>"$RESULTS"
		return
	fi
	echo "run $1 of $ROW, $PAIR failed: $(cat "$LAB/why" 2>/dev/null)"
	tail -n 5 "$LAB/watch/log" "$LAB/$(pair_name a)/log" "$LAB/$(pair_name b)/log" || true
	pair_reset
}

run_failed() {
	echo "$*" >"$LAB/why"
	exit 1
}

# note METRIC VALUE
note() {
	echo "$ROW $PAIR $1 $2" >>"$LAB/noted"
}

# Nothing happens: what the machine and the instruments are good for.
row_idle() {
	begin 1500 3000
	event true
	end
}

# The daemon is ended as a service manager does it.
row_leave() {
	begin 1500 8000
	event pair_signal TERM
	end
	note unowned_ms "$(owned_by 0 "$EVENT" "$(after 1.5)")"
	pair_restart "$MASTER"
}

# Connections of three seconds, of which many are open when it happens. The directors only.
row_connections() {
	local load made=30

	ready
	lab_load_start --rate 40 --requests $made --pause 0.1 --timeout 3
	pause_ms $((1500 + RANDOM % INTERVAL_MS))
	pair_signal TERM
	pause_ms 1500
	load=$(lab_load_end)
	note lost "$(json_value failed <<<"$load")"
	note made $(($(json_value ok <<<"$load") / made))
	pair_restart "$MASTER"
}

row_gone10() {
	row_gone
}

row_gone100() {
	row_gone
}

# The switch's port goes down, and with it the carrier at both ends of the cable.
row_gone() {
	begin 1000 8000
	event lab_switch_port_down "$MASTER"
	end
	[ "$(owners)" = "$OTHER" ] || run_failed "owners: $(owners)"
	lab_switch_port_up "$MASTER"
}

row_kill() {
	begin 6000 8000
	event pair_signal KILL
	end
	note unowned_ms "$(owned_by 0 "$EVENT" "$(after 6)")"
	note one_owner_ms "$(until_owned_by "$OTHER" "$EVENT" "$(after 6)")"
	pair_restart "$MASTER"
}

# Stopped for longer than any takeover takes, then it goes on as if nothing had been.
row_stop() {
	local resumed

	begin 8000 10000
	event pair_signal STOP
	pause_until "$(after 5)"
	resumed=$EPOCHREALTIME
	pair_signal CONT
	end
	note unowned_ms "$(owned_by 0 "$EVENT" "$resumed")"
	note two_stopped_ms "$(owned_by 2 "$EVENT" "$resumed")"
	note two_ms "$(owned_by 2 "$resumed" "$(after 8)")"
	lab_wait_until settled 5 || run_failed "owners: $(owners)"
}

# Adverts arrive at neither of them; everything else does.
row_filtered() {
	begin 10000 11000
	event filter_adverts
	end
	note owners "$(most_owners "$EVENT" "$(after 10)")"
	[ "$PAIR" = keepalived ] || note silent "$(alarmed "$OTHER" && echo 0 || echo 1)"
	pair_undo
}

filter_adverts() {
	local node

	for node in a b; do
		lab_exec $node nft -f - <<-'EOT'
			table netdev bench {
				chain adverts {
					type filter hook ingress device "eth0" priority -400
					ip protocol 112 drop
				}
			}
		EOT
	done
}

# alarmed NODE: there is an alarm in its status: the takeover is held.
alarmed() {
	lab_status "$1" alarms | grep -q held
}

# The two lose sight of each other, not of the client, until both own the VIP and the client takes
# the lesser for the owner; then all is whole again.
row_heal() {
	begin 1500 12000
	pair_isolate a on
	pair_isolate b on
	lab_wait_until '[ "$(owners)" = ab ] || [ "$(owners)" = ba ]' 5 || run_failed "no split"
	lab_wait_until '[ "$(client_knows)" = "$(lab_mac "$OTHER")" ]' 5 ||
		run_failed "the client still takes $MASTER for the owner"
	pause_ms $((500 + RANDOM % INTERVAL_MS))
	event heal
	end
	note told_ms "$(until_known "$(lab_mac "$MASTER")" "$EVENT" "$EPOCHREALTIME")"
	note two_ms "$(owned_by 2 "$EVENT" "$EPOCHREALTIME")"
}

heal() {
	pair_isolate a off
	pair_isolate b off
}

client_knows() {
	awk '{ mac = $4 } END { print mac }' "$LAB/watch/log"
}

# Both processors are busy, and a million elements at a time go into a map of the standby's
# namespace, as those of a bulk transfer would.
row_load() {
	local until

	begin $((SECONDS_OF_LOAD * 1000)) $((SECONDS_OF_LOAD * 1000 + 2000))
	lab_exec "$OTHER" nft -f - <<-'EOT'
		table netdev bench {
			map flows {
				type ipv4_addr . inet_service : mark
				size 1048576
			}
		}
	EOT
	event load_up
	end
	until=$(after "$SECONDS_OF_LOAD")
	note elements "$(awk '{ n = $1 } END { print n + 0 }' "$LAB/fill/log")"
	lab_alive fill || run_failed "no elements: $(tail -n 1 "$LAB/fill/log")"
	note takeovers "$(takeovers "$EVENT" "$until")"
	load_down
}

load_up() {
	local i

	for i in $(seq "$(nproc)"); do
		lab_spawn "busy-$i" switch timeout $((SECONDS_OF_LOAD + 60)) sh -c 'while :; do :; done'
	done
	lab_spawn fill "$OTHER" "$TOOL" fill bench flows 1000000
}

load_down() {
	local i

	lab_stop fill TERM || true
	for i in $(seq "$(nproc)"); do
		lab_stop "busy-$i" TERM || true
	done
	pair_undo
}
