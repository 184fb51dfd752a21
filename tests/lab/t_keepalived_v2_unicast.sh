#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# keepalived as the other router of the pair: version 2 (RFC 3768), unicast.
. "$(dirname "$0")/lab.sh"
. "$LAB_TOOLS/lib/case.sh"
. "$LAB_TOOLS/lib/interop.sh"

INTEROP_VERSION=2
INTEROP_CAST=unicast
interop_up
interop_cases
finish
