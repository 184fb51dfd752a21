/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The status as Prometheus reads it (text format 0.0.4). Every family is one row of a table: its
 * name, type and help, whom it is of, and which field of the status it shows. The manual's list of
 * families is compared with the table by a test.
 *
 * Names and units are those of Prometheus: seconds, bytes, ratios, "_total" at the end of what only
 * grows. What the status cannot tell (STATUS_UNKNOWN) has no sample; a family without a sample is
 * left out. Pure.
 */
#ifndef DIRECTOR_MONITOR_METRICS_H
#define DIRECTOR_MONITOR_METRICS_H

#include "include/status.h"

#define METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

enum metric_type { METRIC_GAUGE, METRIC_COUNTER, METRIC_HISTOGRAM };

/* What a family has samples of, and with it the labels that they all have. */
enum metric_of {
	METRIC_OF_DIRECTOR, /* no labels */
	METRIC_OF_NODE,	    /* the same, with the name of this node */
	METRIC_OF_ROUTER,   /* router, family */
	METRIC_OF_PEER,	    /* node: the other director */
	METRIC_OF_CHANNEL,  /* the same */
	METRIC_OF_CLAIM,    /* address, mac, farm, backend */
	METRIC_OF_FARM,	    /* farm */
	METRIC_OF_BACKEND,  /* farm, backend */
};

/* What the field is, and how many samples come of it. */
enum metric_form {
	METRIC_NUMBER, /* uint64_t */
	METRIC_SMALL,  /* uint32_t */
	METRIC_LENGTH, /* size_t */
	METRIC_FLAG,   /* bool */
	METRIC_MS,     /* uint64_t milliseconds, shown in seconds */
	METRIC_US,     /* uint64_t microseconds, shown in seconds */
	METRIC_RATIO,  /* double */
	METRIC_TEXT,   /* a text: whether there is one */
	METRIC_UP,     /* a text: whether it is "up" */
	METRIC_NAMED,  /* a text that is the value of a label; the sample is 1 */
	METRIC_WORD, /* a text that is one of `words`: a sample for each, 1 for that one, else 0 */
	METRIC_COUNTS,	   /* struct status_counts: one for each reason */
	METRIC_DROPS,	   /* the drops of a farm: one for each reason */
	METRIC_TABLE_SIZE, /* the tables of a farm: one for each */
	METRIC_TABLE_USED, /* the same */
	METRIC_LATENCY,	   /* struct latency as a histogram */
};

struct metric_family {
	const char *name;
	enum metric_type type;
	enum metric_form form;
	enum metric_of of;
	size_t at; /* of the field, in the struct of what it is of */
	const char *help;
	const char *label; /* of a form with several samples or with a text; else NULL */
	const char *const *words;
};

/* In the order in which they are shown; a NULL name ends them. */
extern const struct metric_family metric_families[];

/* "gauge" */
const char *metric_type_name(enum metric_type type);

/* The whole text, not terminated, to be freed; *ret_len octets. NULL without memory. */
char *metrics_print(const struct status *s, size_t *ret_len);

#endif
