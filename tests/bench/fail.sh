# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# fail WHY: ends a bench of two directors, with the ends of their logs.
fail() {
	local node

	echo "$(basename "$0" .sh): $*" >&2
	for node in a b; do
		tail -n 8 "$LAB/$node/log" | sed "s/^/    $node: /" >&2
	done
	exit 1
}
