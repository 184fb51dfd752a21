#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# keepalived as the other router of the pair: version 3, unicast: adverts go from one to the other and to nobody else.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"
. "$LAB_TOOLS/lib/interop.sh"

INTEROP_CAST=unicast
interop_up
interop_cases
finish
