#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# home.sh DIR COMMAND …: runs COMMAND with DIR/etc as /etc and DIR/var-run as /run, as if the node had a
# disk of its own. For `ip netns exec`, which gives it a mount namespace; within such a home it stays.
set -e
dir=$1
shift
[ "${LAB_HOME:-}" != "$dir" ] || exec "$@"
mkdir -p "$dir/var-run/netns"
mount --rbind /run/netns "$dir/var-run/netns"
mount --rbind "$dir/var-run" /run
mount --bind "$dir/etc" /etc
export LAB_HOME="$dir"
exec "$@"
