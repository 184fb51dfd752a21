/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The journal as the text of a file; see journal.h. What is not as we write it is refused. An entry is one
 * line: number, time, cause, outcome, uid, pid ("-" without one), generation, steps, added, removed,
 * rewritten, elements added, elements removed, digest; then, each behind a tab, order, objects, reason.
 */
#include "director/audit/journal.h"

#include "include/rd.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_LINE "director journal 1\n"
#define LAST_LINE  "end\n"

enum {
	WORD = 64,
	DIGITS_MAX = 18, /* what certainly fits into 64 bits */
};

const char *journal_cause_name(enum journal_cause c)
{
	static const char *const names[JOURNAL_CAUSES] = {
		[JOURNAL_STEP] = "step",	 [JOURNAL_NETWORK] = "network",
		[JOURNAL_CHECKS] = "checks",	 [JOURNAL_PEER] = "peer",
		[JOURNAL_ELECTION] = "election", [JOURNAL_REPAIR] = "repair",
		[JOURNAL_DEADLINE] = "deadline", [JOURNAL_START] = "start",
		[JOURNAL_RELOAD] = "reload",	 [JOURNAL_COMMAND] = "command",
	};

	return names[c];
}

const char *journal_outcome_name(enum journal_outcome o)
{
	static const char *const names[JOURNAL_OUTCOMES] = {
		[JOURNAL_APPLIED] = "applied",
		[JOURNAL_REFUSED] = "refused",
		[JOURNAL_FAILED] = "failed",
	};

	return names[o];
}

/* --- out -------------------------------------------------------------------------------------- */

static void print_entry(const struct journal_entry *e, FILE *out)
{
	fprintf(out, "%" PRIu64 " %" PRIu64 " %s %s ", e->number, e->at_ms,
		journal_cause_name(e->cause), journal_outcome_name(e->outcome));
	if (e->has_asker)
		fprintf(out, "%u %u", e->uid, e->pid);
	else
		fputs("- -", out);
	fprintf(out, " %u %u %u %u %u %u %u %s\t%s\t%s\t%s\n", e->generation, e->steps, e->added,
		e->removed, e->rewritten, e->elements_added, e->elements_removed, e->digest,
		e->order, e->objects, e->reason);
}

void journal_print(const struct journal *j, FILE *out)
{
	fputs(FIRST_LINE, out);
	for (size_t i = 0; i < j->n; i++)
		print_entry(&j->entries[i], out);
	fputs(LAST_LINE, out);
}

/* --- in --------------------------------------------------------------------------------------- */

/* Printable octets up to the one that ends them; they may be none. */
static void text(struct rd *r, char end, char *ret, size_t size)
{
	for (size_t n = 0; rd_ok(r); n++) {
		uint8_t c = rd_u8(r);

		if (rd_ok(r) && c == (uint8_t)end) {
			ret[n] = '\0';
			return;
		}
		if (c < ' ' || c > '~' || n == size - 1)
			break;
		ret[n] = (char)c;
	}
	r->bad = true;
	ret[0] = '\0';
}

/* A word of the line with numbers, which a blank ends. */
static void word(struct rd *r, char ret[static WORD])
{
	text(r, ' ', ret, WORD);
	if (!ret[0])
		r->bad = true;
}

static uint64_t number_of(struct rd *r, const char *digits, uint64_t max)
{
	size_t len = strspn(digits, "0123456789");
	uint64_t value = 0;

	if (!len || len > DIGITS_MAX || digits[len] || (digits[0] == '0' && len > 1))
		r->bad = true;
	for (size_t i = 0; i < len && rd_ok(r); i++)
		value = value * 10 + (uint64_t)(digits[i] - '0');
	if (value > max)
		r->bad = true;
	return value;
}

static uint64_t number(struct rd *r, uint64_t max)
{
	char digits[WORD];

	word(r, digits);
	return number_of(r, digits, max);
}

static uint32_t number32(struct rd *r)
{
	return (uint32_t)number(r, UINT32_MAX);
}

static enum journal_cause cause(struct rd *r)
{
	char name[WORD];

	word(r, name);
	for (int c = 0; c < JOURNAL_CAUSES; c++)
		if (strcmp(name, journal_cause_name((enum journal_cause)c)) == 0)
			return (enum journal_cause)c;
	r->bad = true;
	return JOURNAL_STEP;
}

static enum journal_outcome outcome(struct rd *r)
{
	char name[WORD];

	word(r, name);
	for (int o = 0; o < JOURNAL_OUTCOMES; o++)
		if (strcmp(name, journal_outcome_name((enum journal_outcome)o)) == 0)
			return (enum journal_outcome)o;
	r->bad = true;
	return JOURNAL_FAILED;
}

static void asker(struct rd *r, struct journal_entry *e)
{
	char uid[WORD], pid[WORD];

	word(r, uid);
	word(r, pid);
	e->has_asker = strcmp(uid, "-") != 0 || strcmp(pid, "-") != 0;
	if (!e->has_asker)
		return;
	e->uid = (uint32_t)number_of(r, uid, UINT32_MAX);
	e->pid = (uint32_t)number_of(r, pid, UINT32_MAX);
}

/* Numbers grow from line to line. */
static void entry(struct rd *r, struct journal_entry *e, uint64_t before)
{
	*e = (struct journal_entry){0};
	e->number = number(r, UINT64_MAX);
	if (e->number <= before)
		r->bad = true;
	e->at_ms = number(r, UINT64_MAX);
	e->cause = cause(r);
	e->outcome = outcome(r);
	asker(r, e);
	e->generation = number32(r);
	e->steps = number32(r);
	e->added = number32(r);
	e->removed = number32(r);
	e->rewritten = number32(r);
	e->elements_added = number32(r);
	e->elements_removed = number32(r);
	text(r, '\t', e->digest, sizeof(e->digest));
	text(r, '\t', e->order, sizeof(e->order));
	text(r, '\t', e->objects, sizeof(e->objects));
	text(r, '\n', e->reason, sizeof(e->reason));
}

static bool take(struct rd *r, const char *line)
{
	size_t len = strlen(line);

	if (rd_left(r) < len || memcmp(r->at, line, len) != 0)
		return false;
	rd_take(r, len);
	return true;
}

int journal_parse(const uint8_t *bytes, size_t len, struct journal *ret, int *ret_line)
{
	struct rd r = rd_init(bytes, len);
	struct journal *j = calloc(1, sizeof(*j));
	bool ended = false;

	*ret_line = 1;
	if (!j)
		return -ENOMEM;
	r.bad = len > JOURNAL_FILE_MAX || !take(&r, FIRST_LINE);
	while (rd_ok(&r) && !ended) {
		++*ret_line;
		ended = take(&r, LAST_LINE);
		if (!ended && j->n == JOURNAL_MOST)
			r.bad = true;
		if (ended || !rd_ok(&r))
			break;
		entry(&r, &j->entries[j->n], j->last);
		j->last = j->entries[j->n].number;
		j->n += rd_ok(&r);
	}
	if (rd_ok(&r) && rd_left(&r) == 0)
		*ret = *j;
	else
		r.bad = true;
	free(j);
	return rd_ok(&r) ? 0 : -EBADMSG;
}
