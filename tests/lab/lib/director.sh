# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The two directors: starting, stopping, asking. Director NODE (a or b) keeps its files in $LAB/NODE:
# log, run/ (its runtime directory), pid, status.

# lab_directord NODE ARGUMENT …: the program in the foreground, with that director's runtime dir.
lab_directord() {
	local node=$1

	shift
	mkdir -p "$LAB/$node"
	lab_exec "$node" timeout -k 2 "${LAB_TIME_LIMIT:-20}" "$LAB_BUILD/directord" --runtime-dir "$LAB/$node/run" "$@"
}

# lab_launch_director NODE [CONFIG] [ARGUMENT …]: starts it and does not wait for anything. The program
# is LAB_DIRECTORD, when that is set.
lab_launch_director() {
	local node=$1 config=${2:-$LAB/director.conf}

	shift
	[ $# -eq 0 ] || shift
	lab_spawn "$node" "$node" "$LAB_BUILD/${LAB_DIRECTORD:-directord}" -c "$config" \
		--runtime-dir "$LAB/$node/run" "$@"
}

# lab_start_director NODE [CONFIG] [ARGUMENT …]: starts it and waits until it answers.
lab_start_director() {
	lab_launch_director "$@"
	lab_wait_until "lab_answers_ctl $1 || ! lab_alive $1" 10 && lab_alive "$1" && return 0
	echo "director $1 does not answer; the end of its log:" >&2
	tail -n 5 "$LAB/$1/log" >&2
	return 1
}

# lab_stop_director NODE: SIGTERM; true when it ended by itself with exit status 0.
lab_stop_director() {
	lab_stop "$1" TERM || {
		echo "director $1 did not end on SIGTERM" >&2
		return 1
	}
	[ "$(lab_exit_status "$1")" = 0 ] && return 0
	echo "director $1 ended with exit status $(lab_exit_status "$1")" >&2
	return 1
}

# lab_kill_director NODE: as if the machine's memory had been wiped.
lab_kill_director() {
	lab_stop "$1" KILL
}

# lab_ctl NODE ARGUMENT …: directorctl, speaking to that director.
lab_ctl() {
	local node=$1

	shift
	lab_exec "$node" timeout -k 2 30 "$LAB_BUILD/directorctl" \
		-s "$LAB/$node/run/director.sock" "$@"
}

lab_answers_ctl() {
	lab_ctl "$1" -j status >/dev/null 2>&1
}

# lab_status NODE PATH: one value of its status, such as vrrp.0.state or farms.www.backends.web1.mac.
lab_status() {
	lab_ctl "$1" -j status | "$LAB_TOOLS/lib/json_get.py" "$2"
}

# lab_is NODE STATE: whether its VRRP state is master, backup, …
lab_is() {
	[ "$(lab_status "$1" vrrp.0.state 2>/dev/null)" = "$2" ]
}

# LAB_VIP_DEVICE is where it is, when that is not eth0.
lab_has_vip() {
	lab_has_address "$1" "$LAB_VIP" "${LAB_VIP_DEVICE:-eth0}"
}

# lab_vip_lifetime NODE [ADDRESS]: the seconds that its kernel keeps the address, or forever.
lab_vip_lifetime() {
	ip -n "$(lab_ns "$1")" address show dev eth0 |
		grep -A 1 -F " ${2:-$LAB_VIP}/" | sed -n 's/.*valid_lft \([0-9a-z]*\).*/\1/p' | sed 's/sec$//'
}

lab_has_vip6() {
	lab_has_address "$1" "$LAB_VIP6" && lab_has_address "$1" "$LAB_VIP6_LINK"
}

# lab_wait_master NODE [SECONDS]: it says that it is the master, it holds the VIP, and a machine on
# the segment that asks for the VIP is told its MAC address.
lab_wait_master() {
	lab_wait_until "lab_is $1 master && lab_has_vip $1 && lab_answers http://$LAB_VIP/" "${2:-10}"
}

lab_start_pair() {
	lab_start_director a
	lab_start_director b
	lab_wait_master a && lab_wait_until "lab_is b backup" 5 && return 0
	echo "no election: a is $(lab_status a vrrp.0.state), b is $(lab_status b vrrp.0.state)" >&2
	return 1
}

# lab_table NODE [OPTION …]: the nft table of the director as the kernel lists it, without counters and
# without the SYNs of the last seconds.
lab_table() {
	local node=$1

	shift
	lab_exec "$node" nft -s "$@" list table netdev director | awk '
		/^\t(set|map) / { noted = $2 ~ /^(asked|again|tried|retried)6?$/ }
		noted && /elements = / { skipped = 1 }
		!skipped
		skipped && /}$/ { skipped = 0 }'
}

lab_has_table() {
	lab_exec "$1" nft list table netdev director >/dev/null 2>&1
}

# lab_logged NODE REGEX: whether its log has such a line.
lab_logged() {
	grep -qE "$2" "$LAB/$1/log"
}

# lab_sanitized: whether the programs were built with sanitizers.
lab_sanitized() {
	grep -q __asan_init "$LAB_BUILD/directord"
}

# lab_reports: what the sanitizers found; nothing when all is well.
lab_reports() {
	cat "$LAB"/reports/* 2>/dev/null || true
}
