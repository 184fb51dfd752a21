#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A lab of network namespaces: a client, a switch (a bridge), two directors and three web servers on
# one segment, each with one interface eth0. Sourced by the demo, the interactive lab and the tests.
#
#     client 10.77.0.10   a 10.77.0.2   b 10.77.0.3   web1-3 10.77.0.21-23   VIP 10.77.0.100
#
# Every lab has an id that holds its owner's process id and is part of every namespace's name and of
# its directory /tmp/director-lab.ID: labs can exist side by side, and what a killed owner left
# behind is recognised and removed when the next lab starts. A lab ends only the processes that it
# started itself; everything that waits has a time limit.
set -eu
export LC_ALL=C

LAB_TOOLS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
LAB_ROOT=$(cd "$LAB_TOOLS/../.." && pwd)
case ${B:-build} in
/*) LAB_BUILD=${B:-build} ;;
*) LAB_BUILD=$LAB_ROOT/${B:-build} ;;
esac

. "$LAB_TOOLS/lib/wait.sh"
. "$LAB_TOOLS/lib/net.sh"
. "$LAB_TOOLS/lib/process.sh"
. "$LAB_TOOLS/lib/web.sh"
. "$LAB_TOOLS/lib/config.sh"
. "$LAB_TOOLS/lib/director.sh"
. "$LAB_TOOLS/lib/traffic.sh"

LAB_PREFIX=/tmp/director-lab.

# lab_up: builds the network, starts the web servers and writes $LAB/director.conf. The directors
# are started by whoever wants them. The lab goes when the calling shell ends.
lab_up() {
	lab_need_root
	lab_sweep
	LAB=$(mktemp -d "$LAB_PREFIX$$-XXXXXX")
	lab_attach "$LAB"
	trap 'set +e; lab_down' EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	lab_net_up
	lab_web_up
	lab_conf >"$LAB/director.conf"
	lab_key_make "$LAB/cluster.key"
}

# lab_attach DIR: the functions below speak of the lab in DIR.
lab_attach() {
	LAB=$1
	LAB_ID=${LAB#"$LAB_PREFIX"}
	mkdir -p "$LAB/reports"
	# Sanitizers write their reports into files: a report can neither hide in a log nor be taken
	# for output, and its exit status is none of the programs' own.
	export ASAN_OPTIONS="log_path=$LAB/reports/asan:exitcode=99"
	export UBSAN_OPTIONS="log_path=$LAB/reports/ubsan:exitcode=99:print_stacktrace=1"
	export LSAN_OPTIONS="exitcode=99"
}

# lab_down: removes this lab; also after a lab_up that failed half-way.
lab_down() {
	trap '' HUP INT TERM
	[ -z "${LAB:-}" ] || lab_remove "$LAB"
	LAB=
}

# lab_remove DIR: ends the processes of the lab in DIR, removes its namespaces and its directory.
lab_remove() {
	local LAB=$1 LAB_ID=${1#"$LAB_PREFIX"}

	lab_end_processes
	lab_net_down
	rm -rf "$LAB"
}

# lab_sweep: removes the labs whose owner is gone.
lab_sweep() {
	local dir owner

	for dir in "$LAB_PREFIX"*; do
		[ -d "$dir" ] || continue
		owner=${dir#"$LAB_PREFIX"}
		owner=${owner%%-*}
		kill -0 "$owner" 2>/dev/null || lab_remove "$dir"
	done
}

lab_need_root() {
	[ "$(id -u)" = 0 ] && return 0
	echo "the lab needs root: network namespaces are made with it" >&2
	return 1
}
