#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# supervise.sh SECONDS COMMAND …: starts it, and again, after so many seconds, when SIGKILL has ended it; five
# times at most. As systemd does with Restart=on-failure and RestartSec. SIGTERM is passed on, and is the end.
pause=$1
shift
told=
trap 'told=1; kill -TERM "$child"' TERM

# run COMMAND …: to its end, its exit status in $status; a signal of ours ends a wait before that.
run() {
	"$@" &
	child=$!
	wait "$child"
	status=$?
	while kill -0 "$child" 2>/dev/null; do
		wait "$child"
		status=$?
	done
}

for ((n = 0; n < 5; n++)); do
	run "$@"
	[ "$status" = 137 ] && [ -z "$told" ] || exit "$status"
	run sleep "$pause"
	[ -z "$told" ] || exit 0
done
exit 137
