# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Background processes of a lab. Each has a name and a directory $LAB/NAME with pid, log, and status
# (its exit status, once it has ended).

# lab_spawn NAME HOST COMMAND …: starts COMMAND on HOST; the log is appended to.
lab_spawn() {
	local name=$1 host=$2 dir=$LAB/$1

	shift 2
	mkdir -p "$dir"
	rm -f "$dir/pid" "$dir/status"
	setsid "$LAB_TOOLS/lib/spawn.sh" "$dir" ip netns exec "$(lab_ns "$host")" "$@" \
		>>"$dir/log" 2>&1 </dev/null &
	disown
	lab_wait_until "[ -s '$dir/pid' ]" 5 && return 0
	echo "$name was not started" >&2
	return 1
}

# lab_alive NAME: whether the process runs. Its namespace must be the lab's: the process id of a
# lab that was left behind may belong to somebody else by now.
lab_alive() {
	local dir=$LAB/$1 pid ns

	[ -s "$dir/pid" ] && [ ! -e "$dir/status" ] || return 1
	pid=$(cat "$dir/pid")
	ns=$(stat -L -c %i "/proc/$pid/ns/net" 2>/dev/null) || return 1
	stat -L -c %i /run/netns/lab-"$LAB_ID"-* 2>/dev/null | grep -qx "$ns"
}

# lab_signal NAME SIGNAL
lab_signal() {
	lab_alive "$1" || return 1
	kill -s "$2" "$(cat "$LAB/$1/pid")" 2>/dev/null
}

# lab_stop NAME [SIGNAL]: ends it and waits; prints nothing. False when it had to be killed. The
# status is waited for, too: written late it would be taken for that of the next one of this name.
lab_stop() {
	lab_signal "$1" "${2:-TERM}" || return 0
	lab_wait_until "! lab_alive '$1'" 10 && lab_exit_status "$1" >/dev/null && return 0
	lab_signal "$1" KILL || true
	lab_wait_until "! lab_alive '$1'" 2 || true
	return 1
}

# lab_exit_status NAME: of a process that has ended.
lab_exit_status() {
	lab_wait_until "[ -s '$LAB/$1/status' ]" 2 || {
		echo none
		return
	}
	cat "$LAB/$1/status"
}

# lab_end_processes: all of them, politely first, three seconds at most. Also those whose name another
# one has got since, in a case that failed before it ended the first: whoever lives in the lab's
# namespaces is the lab's.
lab_end_processes() {
	local pidfile name names=

	for pidfile in "$LAB"/*/pid; do
		name=${pidfile%/pid}
		name=${name##*/}
		lab_signal "$name" TERM && names="$names $name"
	done
	lab_wait_until "! lab_any_alive $names" 3 || true
	lab_kill_left
	lab_wait_until "! lab_any_alive $names" 2 || true
}

# By id. What somebody looks at from outside with `ip netns exec` is in there, too; not who ends the lab.
lab_kill_left() {
	local ns pid

	for ns in /run/netns/lab-"$LAB_ID"-*; do
		[ -e "$ns" ] || continue
		for pid in $(ip netns pids "${ns##*/}" 2>/dev/null); do
			[ "$pid" = $$ ] || kill -s KILL "$pid" 2>/dev/null || true
		done
	done
}

lab_any_alive() {
	local name

	for name in "$@"; do
		lab_alive "$name" && return 0
	done
	return 1
}
