/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A date for programs and people alike. */
#ifndef INCLUDE_MOMENT_H
#define INCLUDE_MOMENT_H

#include <stdint.h>

enum { MOMENT_TEXT = 32 };

/* RFC 3339, in UTC: "2026-01-02T03:04:05.678Z", of milliseconds since 1970. Returns buf. */
const char *moment_format(uint64_t unix_ms, char buf[static MOMENT_TEXT]);

#endif
