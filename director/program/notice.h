/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the program of `notify` is told: a change of a virtual router, a backend or a farm, as one JSON
 * object; and the line of those that wait to be told, in their order.
 *
 * The line is short, for whoever is told may be slow. What finds it full is not told: it has a number
 * all the same, and the next one that finds room says how many were lost just before it.
 *
 * Pure; the time is in the notice. Allocates in notice_text() alone.
 */
#ifndef DIRECTOR_PROGRAM_NOTICE_H
#define DIRECTOR_PROGRAM_NOTICE_H

#include "include/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	NOTICE_VERSION = 1,
	/* Seconds of a program that takes 10 ms, and what a node of a hundred backends has to tell at once. */
	NOTICES_MOST = 256,
};

enum notice_event { NOTICE_VRRP, NOTICE_BACKEND, NOTICE_FARM };

struct notice {
	uint64_t sequence; /* from 1 on; those that are lost have one, too */
	uint64_t lost;	   /* between the one before and this one */
	uint64_t at_ms;	   /* since 1970 */
	enum notice_event event;
	bool resent; /* not a change: how it is */
	char name[STATUS_NAME];
	char backend[STATUS_NAME]; /* of a backend; else "" */
	char address[ADDR_TEXT];
	const char *from, *to; /* names of states, which live for ever */
	char reason[STATUS_REASON];
};

/* A ring. Zeroed: empty. */
struct notices {
	struct notice list[NOTICES_MOST];
	size_t first, n;
	uint64_t sequence; /* the last one */
	uint64_t lost;	   /* since the last one that found room */
};

/* At the end. False: there is no room. What it says to be lost before it, was. */
bool notices_put(struct notices *q, const struct notice *n);
/* The first one; false: there is none. */
bool notices_take(struct notices *q, struct notice *ret);
/* What was lost behind the last one, which nobody else tells then. */
uint64_t notices_take_lost(struct notices *q);
/* So many that were never put in: the next one says so. */
void notices_lose(struct notices *q, uint64_t n);
/* Numbers one that does not wait; none may be waiting. */
void notices_number(struct notices *q, struct notice *n);

const char *notice_event_name(enum notice_event event);
/* A line of JSON, told by the node ("": standalone). To be freed; NULL: no memory. */
char *notice_text(const struct notice *n, const char *node);

#endif
