# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Rehearsed failures of a pair of twins (twin.sh), for the labs about them.

. "$LAB_TOOLS/lib/twin.sh"

other_of() {
	if [ "$1" = a ]; then echo b; else echo a; fi
}

# begin [ARGUMENT …]: of directord.
begin() {
	start_twins "$@"
	expect_in_sync 5
}

# drill_ready MASTER: nothing speaks against a drill.
drill_ready() {
	local other

	other=$(other_of "$1")
	expect_master_soon "$1" 15
	expect_soon "$other is backup" "lab_is $other backup" 5
	expect_soon "the backends of a are up" "all_up a" 15
	expect_soon "the backends of b are up" "all_up b" 15
	expect_in_sync 15
	expect_soon "$other says that $1 is master" \
		"[ \"\$(lab_status $other peers.0.vrrp.0.state)\" = master ]" 3
	expect_soon "$1 says that $other is backup" \
		"[ \"\$(lab_status $1 peers.0.vrrp.0.state)\" = backup ]" 3
}

# drill NODE STATUS ARGUMENT …: asked on NODE; ends with that status, or any; its words are in $LAB/drill.out, its
# exit status in $status.
drill() {
	local node=$1 wanted=$2

	shift 2
	status=0
	lab_ctl "$node" "$@" >"$LAB/drill.out" 2>&1 || status=$?
	cat "$LAB/drill.out"
	[ "$wanted" = any ] || expect "exit status" "$status" "$wanted"
}

# drilled KEY: of what the last one told as JSON.
drilled() {
	json_value "$1" <"$LAB/drill.out"
}
