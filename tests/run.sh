#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every test, on the programs in $B: the unit tests, the floor plan, the man pages, the lab tests. The
# last line is "N passed, N failed, N skipped"; exit status 1 when any failed or none ran.
#
# ONLY=PATTERN runs the lab tests tests/lab/t_PATTERN.sh and nothing else.
set -u
cd "$(dirname "$0")/.." || exit 1
export B=${B:-build}

# The longest lab test takes more than two minutes; a hanging one must not stop the others.
TIME_LIMIT_S=480

passed=0
failed=0
skipped=0
running=
out=$(mktemp)
trap 'rm -f "$out"' EXIT
trap 'interrupted' HUP INT TERM

# The test removes its lab before it ends.
interrupted() {
	[ -z "$running" ] || kill "$running" 2>/dev/null
	wait
	exit 1
}

# run COMMAND …: into $out, with a time limit; in the background, so that an interruption is heard.
run() {
	local status

	timeout -k 20 "$TIME_LIMIT_S" "$@" >"$out" 2>&1 </dev/null &
	running=$!
	wait "$running"
	status=$?
	running=
	return $status
}

count() {
	grep -c "$1" "$out"
}

unit_tests() {
	local summary status

	run "$B/run-tests"
	status=$?
	summary=$(tail -n 1 "$out" | grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$')
	if [ -n "$summary" ]; then
		# shellcheck disable=SC2086
		set -- $summary
		passed=$((passed + $1))
		failed=$((failed + $3))
		skipped=$((skipped + $5))
		[ "$status" = 0 ] || [ "$3" != 0 ] || summary=
	fi
	if [ -z "$summary" ]; then
		failed=$((failed + 1))
		summary="not ok: ended with exit status $status"
	fi
	[ "$status" = 0 ] || tail -n 60 "$out"
	echo "unit tests: $summary"
}

# script NAME: tests/NAME.sh, which prints what is wrong.
script() {
	if run "tests/$1.sh"; then
		passed=$((passed + 1))
		echo "ok $1"
	else
		failed=$((failed + 1))
		echo "not ok $1:"
		cat "$out"
	fi
}

# A lab test says how many cases it has as its last word; without that it died on the way.
lab_test() {
	local status ok bad skip began=$SECONDS

	echo "--- ${1##*/}"
	run "$1"
	status=$?
	ok=$(count '^ok ') bad=$(count '^not ok ') skip=$(count '^skip ')
	grep -v '^1\.\.' "$out"
	if [ "$(tail -n 1 "$out")" != "1..$((ok + bad + skip))" ] ||
		{ [ "$status" != 0 ] && [ "$bad" = 0 ]; }; then
		bad=$((bad + 1))
		echo "not ok ${1##*/}: ended early, exit status $status"
	fi
	echo "    ($((SECONDS - began)) s)"
	passed=$((passed + ok))
	failed=$((failed + bad))
	skipped=$((skipped + skip))
}

if [ -z "${ONLY:-}" ]; then
	unit_tests
	script architecture
	script manuals
fi
for test in tests/lab/t_${ONLY:-*}.sh; do
	[ ! -x "$test" ] || lab_test "$test"
done

echo
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
