#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# keepalived as the other router of the pair: version 3 over IPv6, unicast: adverts go from one node's
# IPv6 address to the other's and to nobody else.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"
. "$LAB_TOOLS/lib/interop.sh"

INTEROP_FAMILY=6
INTEROP_CAST=unicast
interop_up
interop_cases
finish
