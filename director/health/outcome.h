/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How one attempt at a backend ended: every way that there is, with what it means for the backend and
 * the sentence that an operator reads. One row an outcome (outcome.c).
 *
 * Pure.
 */
#ifndef DIRECTOR_HEALTH_OUTCOME_H
#define DIRECTOR_HEALTH_OUTCOME_H

#include <stdint.h>

/* What an outcome says of the backend, from good to bad. */
enum outcome_class {
	OUTCOME_WELL,
	OUTCOME_AILING, /* it is there, and does not serve as it should: no new connections */
	OUTCOME_DEAD, /* nothing is there: its connections are lost, others go elsewhere at once */
	OUTCOME_UNDECIDED, /* the fault is this machine's: says nothing about the backend */
};

/* Told to the other director by number: new ones go behind the last. */
enum outcome_code {
	OUTCOME_GOOD,
	OUTCOME_WARNING,     /* of a command, exit status 1 */
	OUTCOME_SILENT,	     /* nothing answers to the connection or the echo request */
	OUTCOME_REFUSED,     /* the port is closed */
	OUTCOME_UNREACHABLE, /* no way there: no route, no MAC address, an ICMP error */
	OUTCOME_PASSED_ON,   /* it forwards frames to the virtual address instead of taking them */
	OUTCOME_ELSEWHERE,   /* another machine answers */
	OUTCOME_STALLED,     /* accepts, and there is no whole answer in time */
	OUTCOME_CLOSED,	     /* ends the connection before the answer is whole */
	OUTCOME_NO_TLS,	     /* the handshake fails for another reason than the certificate */
	OUTCOME_CERTIFICATE, /* not trusted, expired, of another name */
	OUTCOME_NO_HTTP,     /* the answer is none */
	OUTCOME_STATUS,	     /* not an expected one */
	OUTCOME_BODY,	     /* what is expected is not in it */
	OUTCOME_TOO_LARGE,   /* what is expected is not in as much of it as is looked at */
	OUTCOME_EXIT_STATUS, /* of a command, 2 and more */
	OUTCOME_OVERTIME,    /* a command was ended at its timeout */
	OUTCOME_CANNOT_RUN,  /* no memory, no descriptors, no process, no address to ask from */
	OUTCOME_CODES,
};

enum { OUTCOME_DETAIL = 128, OUTCOME_TEXT = 192 };

struct outcome {
	enum outcome_code code;
	uint32_t took_us;
	/* What belongs into the sentence: "503 instead of 200", "exit status 2"; or "". Printable. */
	char detail[OUTCOME_DETAIL];
};

enum outcome_class outcome_class(enum outcome_code code);
/* One word, for JSON and metrics. */
const char *outcome_word(enum outcome_code code);
/* "refuses connections", "answers with status 503 instead of 200": what the backend does. Returns buf. */
const char *outcome_text(const struct outcome *o, char buf[static OUTCOME_TEXT]);
/* One with a detail of octets from outside: what cannot be printed becomes '?'. */
__attribute__((format(printf, 3, 4))) void outcome_set(struct outcome *o, enum outcome_code code,
						       const char *detail, ...);

#endif
