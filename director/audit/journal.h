/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was done to the ruleset, when, and by whose will: one entry for each change that was applied, refused
 * or has failed, the latest last.
 *
 * It holds JOURNAL_MOST. What nobody asked for (checks, the election, the network, ...) takes the places of
 * its own kind when it has half of them: a backend that flaps all night must not push out who reloaded the
 * configuration in the evening. The steps of a transition that follow each other are one entry.
 *
 * Pure: time is an argument. The file's text, in and out, too: it is written by us alone, but read like
 * any bytes from outside, as a whole or not at all. Fields of an entry: journal_text.c.
 *
 *     director journal 1
 *     7 1795833834142 reload applied 0 4242 57 1 3 0 2 340 12 0123abcd<TAB><TAB>set www-buckets<TAB>
 *     end
 */
#ifndef DIRECTOR_AUDIT_JOURNAL_H
#define DIRECTOR_AUDIT_JOURNAL_H

#include "director/config/digest.h"
#include "director/ruleset/change.h"

#include <stdint.h>
#include <stdio.h>

enum {
	JOURNAL_MOST = 256,
	JOURNAL_UNASKED_MOST = JOURNAL_MOST / 2,
	JOURNAL_ORDER = 96, /* "weight", two names of 31 and a number */
	JOURNAL_REASON = 256,
	JOURNAL_FILE_MAX = JOURNAL_MOST * 1024, /* a line has at most 800 octets */
};

/* The weaker ones first: of several that lead to one change, the strongest is told. */
enum journal_cause {
	JOURNAL_STEP, /* of a transition, a slow start, least connections: time goes on */
	JOURNAL_NETWORK,
	JOURNAL_CHECKS,
	JOURNAL_PEER, /* the other director, with its operator's word, too */
	JOURNAL_ELECTION,
	JOURNAL_REPAIR,	  /* somebody else has changed the table */
	JOURNAL_DEADLINE, /* of a drain */
	JOURNAL_START,
	JOURNAL_RELOAD,
	JOURNAL_COMMAND,
	JOURNAL_CAUSES
};

enum journal_outcome { JOURNAL_APPLIED, JOURNAL_REFUSED, JOURNAL_FAILED, JOURNAL_OUTCOMES };

struct journal_entry {
	uint64_t number; /* 1, 2, ...; goes on over restarts */
	uint64_t at_ms;	 /* since 1970 */
	enum journal_cause cause;
	enum journal_outcome outcome;
	bool has_asker;			    /* a process asked, ... */
	uint32_t uid;			    /* ... of that user */
	uint32_t pid;			    /* 0: of a namespace that we do not see */
	uint32_t generation;		    /* of the kernel's rules, after it; 0: not known */
	uint32_t steps;			    /* changes in this entry */
	uint32_t added, removed, rewritten; /* sets and chains */
	uint32_t elements_added, elements_removed;
	char digest[CONFIG_DIGEST_TEXT];    /* of the configuration in force then */
	char order[JOURNAL_ORDER];	    /* of a command: "drain www/web1"; else "" */
	char objects[RULESET_CHANGE_NAMES]; /* what is concerned, or some of it */
	char reason[JOURNAL_REASON];	    /* of what was refused or has failed; else "" */
};

/* Zeroed: empty. */
struct journal {
	struct journal_entry entries[JOURNAL_MOST]; /* the oldest first */
	size_t n;
	uint64_t last; /* number of the latest that there ever was */
};

/* Somebody asked for it: a person or a program, on this node. */
bool journal_is_asked(enum journal_cause c);
/* Takes what a change did. */
void journal_take_change(struct journal_entry *e, const struct ruleset_change *c);
/* The last change that was applied has removed more than was known. False: there is none. */
bool journal_grow(struct journal *j, const struct ruleset_change *more);
/* Gives the entry its number and puts it in; its texts are made printable. */
void journal_add(struct journal *j, const struct journal_entry *entry);

/* "checks", "applied" */
const char *journal_cause_name(enum journal_cause c);
const char *journal_outcome_name(enum journal_outcome o);

void journal_print(const struct journal *j, FILE *out);
/* 0; -EBADMSG with *ret_line where it is not as journal_print() writes it; -ENOMEM. *ret is untouched then. */
int journal_parse(const uint8_t *bytes, size_t len, struct journal *ret, int *ret_line);

#endif
