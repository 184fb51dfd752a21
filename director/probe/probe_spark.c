/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/probe/probe_spark.h"

#include <stdio.h>
#include <string.h>

/* Fixed steps: the height of an answer must not change with what comes after it. */
static const struct {
	uint64_t below_us;
	const char *unicode, *plain;
} steps[] = {
	{500, "▁", "."},   {1000, "▂", ":"},   {2000, "▃", "-"},   {5000, "▄", "="},
	{20000, "▅", "+"}, {100000, "▆", "*"}, {500000, "▇", "#"}, {UINT64_MAX, "█", "@"},
};

static const char *step_of(uint64_t us, bool unicode)
{
	size_t i = 0;

	while (us >= steps[i].below_us && i + 1 < sizeof(steps) / sizeof(steps[0]))
		i++;
	return unicode ? steps[i].unicode : steps[i].plain;
}

static size_t put(char *to, const struct probe_slot *s, bool unicode, bool colour)
{
	const char *cross = s->lost == s->judged ? "X" : "x";

	if (!s->judged)
		return (size_t)snprintf(to, PROBE_SPARK_MARK, " ");
	if (!s->lost)
		return (size_t)snprintf(to, PROBE_SPARK_MARK, "%s", step_of(s->worst_us, unicode));
	return (size_t)snprintf(to, PROBE_SPARK_MARK, colour ? "\033[31m%s\033[0m" : "%s", cross);
}

unsigned int probe_spark(const struct probe_book *b, unsigned int width, bool unicode, bool colour,
			 char buf[static PROBE_SPARK_TEXT])
{
	uint64_t n = b->n_slots < PROBE_SLOTS ? b->n_slots : PROBE_SLOTS;
	size_t len = 0;

	if (n > width)
		n = width;
	for (uint64_t i = b->n_slots - n; i < b->n_slots; i++)
		len += put(buf + len, &b->slots[i % PROBE_SLOTS], unicode, colour);
	buf[len] = '\0';
	return (unsigned int)n;
}
