/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The near past of a probe as a line of a terminal: one character for a slot of its schedule, as high as the
 * slowest answer in it took, or a cross where some are lost ("x") or all ("X").
 *
 * Pure.
 */
#ifndef DIRECTOR_PROBE_PROBE_SPARK_H
#define DIRECTOR_PROBE_PROBE_SPARK_H

#include "director/probe/probe_book.h"

enum {
	PROBE_SPARK_MARK = 16, /* octets of one character and its colours */
	PROBE_SPARK_TEXT = PROBE_SLOTS * PROBE_SPARK_MARK + 1,
};

/* At most width characters, the latest last. Returns how many. */
unsigned int probe_spark(const struct probe_book *b, unsigned int width, bool unicode, bool colour,
			 char buf[static PROBE_SPARK_TEXT]);

#endif
