#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# takeover.sh [--only ROW] [--pair PAIR] [--runs N] [--seconds S] [--json FILE] [--verbose]
#
# What a client sees while the VIP changes hands, of a pair of directors of $B and of a pair of
# keepalived in the same lab (tests/lab): a table with the goals, and the same as JSON. A thousand
# datagrams a second go to the VIP. The directors forward them to a backend, which answers; of
# keepalived's pair each node answers for the VIP that it holds, which spares it the forwarding.
#
# ROW is a pattern: idle leave connections gone10 gone100 kill stop filtered heal load (takeover_rows.sh);
# PAIR is keepalived, director, or realtime, the directors with real-time priority, in the rows with
# 10 ms adverts. N runs of each (default 10; twice as many of heal), load takes S seconds (60).
# Exit status 1: a goal is missed, or could not be measured.
#
# Every row and pair is a lab of its own. Those with long intervals, which mostly wait, run side by
# side; those that a busy machine would disturb run alone.
set -eu
BENCH=$(cd "$(dirname "$0")" && pwd)

only='*' pair='*' verbose=
RUNS=10 SECONDS_OF_LOAD=60

usage() {
	sed -n 's/^# \(takeover.sh .*\)/usage: \1/p' "$0" >&2
	exit 2
}

# A lane is this program once more, with a lab of its own.
if [ "${1:-}" = --lane ]; then
	. "$BENCH/../lab/lab.sh"
	. "$LAB_TOOLS/lib/keepalived.sh"
	. "$BENCH/takeover_pair.sh"
	. "$BENCH/takeover_rows.sh"
	RUNS=$4 SECONDS_OF_LOAD=$5 RESULTS=$6
	lane "$2" "$3"
	exit
fi

json=
while [ $# -gt 0 ]; do
	case $1 in
	--only) only=${2:?} ;;
	--pair) pair=${2:?} ;;
	--runs) RUNS=${2:?} ;;
	--seconds) SECONDS_OF_LOAD=${2:?} ;;
	--json) json=${2:?} ;;
	--verbose)
		verbose=1
		shift
		continue
		;;
	*) usage ;;
	esac
	shift 2
done

cd "$BENCH/../.."
export B=${B:-build}
json=${json:-$B/bench/takeover.json}
mkdir -p "$(dirname "$json")"
work=$(mktemp -d)
lanes=
broken=0
trap 'finish' EXIT
trap 'exit 130' HUP INT TERM

# Lanes remove their labs before they end.
finish() {
	local lane

	for lane in $lanes; do
		kill "$lane" 2>/dev/null || true
	done
	wait
	rm -rf "$work"
}

# together ROW:PAIR …: those of them that are wanted, side by side.
together() {
	local lane names=()

	lanes=
	for lane in "$@"; do
		# shellcheck disable=SC2254
		case ${lane%:*} in $only) ;; *) continue ;; esac
		# shellcheck disable=SC2254
		case ${lane#*:} in $pair) ;; *) continue ;; esac
		"$BENCH/takeover.sh" --lane "${lane%:*}" "${lane#*:}" "$RUNS" "$SECONDS_OF_LOAD" \
			"$work/results" >"$work/$lane.log" 2>&1 </dev/null &
		lanes="$lanes $!"
		names+=("$lane")
	done
	for lane in $lanes; do
		wait "$lane" || lane_failed "${names[0]}" $?
		[ -z "$verbose" ] || sed "s/^/${names[0]}: /" "$work/${names[0]}.log"
		names=("${names[@]:1}")
	done
	lanes=
}

# 77: there is nothing to be measured, the log says why.
lane_failed() {
	if [ "$2" = 77 ]; then
		echo "$1: not measured: $(tail -n 1 "$work/$1.log")"
		return
	fi
	broken=1
	echo "$1: failed, the end of its log:"
	tail -n 12 "$work/$1.log" | sed 's/^/    /'
}

: >"$work/results"
together idle:keepalived idle:director
together leave:keepalived leave:director
together connections:director kill:keepalived kill:director stop:keepalived stop:director
together gone100:keepalived gone100:director filtered:keepalived filtered:director \
	heal:keepalived heal:director
for each in keepalived director realtime; do
	together gone10:$each
done
for each in keepalived director realtime; do
	together load:$each
done
grep -h '^run .* failed' "$work"/*.log || true
echo "takeover, seen by a client that sends 1,000 datagrams a second; times in ms"
"$B/bench_takeover" report "$work/results" "$json" || broken=1
exit $broken
