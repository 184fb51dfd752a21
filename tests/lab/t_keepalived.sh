#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# keepalived as the other router of the pair, in the way that is usual: version 3, multicast.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"
. "$LAB_TOOLS/lib/interop.sh"

announces_itself() {
	lab_capture client arp
	lab_start_director a
	lab_start_keepalived b 200
	expect_keepalived b MASTER
	expect_soon "a is backup" "lab_is a backup" 5
	lab_stop_keepalived b
	expect_soon "a is master" "lab_is a master" 5
	expect_soon "a gratuitous ARP of a" "[ \$(lab_captured_count client arp and \
		ether src $(lab_mac a) and 'arp[14:4] = 0x0a4d0064 and arp[24:4] = 0x0a4d0064') -gt 0 ]" 3
	lab_capture_stop client
}

interop_up
interop_cases
run_case "a new master announces itself with gratuitous ARP" announces_itself
finish
