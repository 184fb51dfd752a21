# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Waiting for conditions, with a limit, and telling the time.

# now_ms: milliseconds since 1970.
now_ms() {
	local now=$EPOCHREALTIME

	echo $((${now/./} / 1000))
}

# lab_wait_until CONDITION SECONDS [EVERY]: evaluates CONDITION until it holds; false when SECONDS are over.
lab_wait_until() {
	local end=$(($(now_ms) + $2 * 1000))

	until eval "$1"; do
		[ "$(now_ms)" -lt "$end" ] || return 1
		sleep "${3:-0.05}"
	done
}

# lab_holds_for CONDITION SECONDS: false as soon as CONDITION does not hold.
lab_holds_for() {
	local end=$(($(now_ms) + $2 * 1000))

	while [ "$(now_ms)" -lt "$end" ]; do
		eval "$1" || return 1
		sleep 0.05
	done
}
