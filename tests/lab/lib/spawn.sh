#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# spawn.sh DIR COMMAND …: runs COMMAND; DIR/pid holds its process id, DIR/status its exit status once
# it has ended. COMMAND leads a session, as under a service manager.
dir=$1
shift
setsid sh -c 'echo "$$" >"$1"; shift; exec "$@"' sh "$dir/pid" "$@"
status=$?
[ ! -d "$dir" ] || echo "$status" >"$dir/status"
