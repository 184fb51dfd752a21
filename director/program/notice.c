/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/program/notice.h"

#include "include/moment.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- the line --------------------------------------------------------------------------------- */

void notices_lose(struct notices *q, uint64_t n)
{
	q->sequence += n;
	q->lost += n;
}

uint64_t notices_take_lost(struct notices *q)
{
	uint64_t lost = q->n ? 0 : q->lost;

	q->lost -= lost;
	return lost;
}

void notices_number(struct notices *q, struct notice *n)
{
	n->sequence = ++q->sequence;
	n->lost = q->lost;
	q->lost = 0;
}

bool notices_put(struct notices *q, const struct notice *n)
{
	struct notice *place = &q->list[(q->first + q->n) % NOTICES_MOST];

	notices_lose(q, n->lost);
	if (q->n == NOTICES_MOST) {
		notices_lose(q, 1);
		return false;
	}
	*place = *n;
	notices_number(q, place);
	q->n++;
	return true;
}

bool notices_take(struct notices *q, struct notice *ret)
{
	if (q->n == 0)
		return false;
	*ret = q->list[q->first];
	q->first = (q->first + 1) % NOTICES_MOST;
	q->n--;
	return true;
}

/* --- JSON ------------------------------------------------------------------------------------- */

const char *notice_event_name(enum notice_event event)
{
	switch (event) {
	case NOTICE_VRRP: return "vrrp";
	case NOTICE_BACKEND: return "backend";
	case NOTICE_FARM: return "farm";
	}
	return "";
}

/* A sentence may have been cut in the middle of a character, which JSON does not know. */
static json_t *sentence(const char *text)
{
	json_t *string = json_string(text);
	char plain[STATUS_REASON];

	if (string)
		return string;
	snprintf(plain, sizeof(plain), "%s", text);
	for (char *c = plain; *c; c++)
		if ((unsigned char)*c > 0x7e)
			*c = '?';
	return json_string(plain);
}

char *notice_text(const struct notice *n, const char *node)
{
	char at[MOMENT_TEXT];
	json_t *object = json_pack(
		"{s:i, s:I, s:s, s:s, s:s, s:s, s:s*, s:s, s:s, s:s, s:o, s:b, s:I}", "version",
		NOTICE_VERSION, "sequence", (json_int_t)n->sequence, "time",
		moment_format(n->at_ms, at), "node", node, "event", notice_event_name(n->event),
		"name", n->name, "backend", n->event == NOTICE_BACKEND ? n->backend : NULL,
		"address", n->address, "from", n->from, "to", n->to, "reason", sentence(n->reason),
		"resent", (int)n->resent, "lost", (json_int_t)n->lost);
	char *text = object ? json_dumps(object, 0) : NULL, *line = NULL;

	json_decref(object);
	if (text && asprintf(&line, "%s\n", text) < 0)
		line = NULL;
	free(text);
	return line;
}
