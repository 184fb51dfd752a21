/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `ruleset history`: what was done to the ruleset, when, and by whose will. */
#include "director/audit/journal.h"
#include "director/ctl/ctl.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TIME_TEXT = 40, DIGEST_SHOWN = 12 };

static const char *time_text(uint64_t at_ms, char buf[static TIME_TEXT])
{
	time_t at = (time_t)(at_ms / 1000);
	struct tm utc;

	if (!gmtime_r(&at, &utc) || !strftime(buf, TIME_TEXT, "%Y-%m-%dT%H:%M:%SZ", &utc))
		strcpy(buf, "?");
	return buf;
}

/* --- for people --------------------------------------------------------------------------------- */

static void print_who(const struct journal_entry *e)
{
	if (e->has_asker)
		printf(" by uid %u, pid %u", e->uid, e->pid);
	else if (e->cause == JOURNAL_RELOAD)
		fputs(" by a signal", stdout);
	if (e->order[0])
		printf(", %s", e->order);
}

static void print_count_of(uint32_t n, const char *what, const char **before)
{
	if (!n)
		return;
	printf("%s%u %s", *before, n, what);
	*before = ", ";
}

static void print_change(const struct journal_entry *e)
{
	const char *before = "; ";

	print_count_of(e->added, "objects added", &before);
	print_count_of(e->removed, "objects removed", &before);
	print_count_of(e->rewritten, "chains rewritten", &before);
	print_count_of(e->elements_added, "elements added", &before);
	print_count_of(e->elements_removed, "elements removed", &before);
	if (before[0] == ';')
		fputs("; nothing had to be changed", stdout);
	if (e->objects[0])
		printf(" (%s)", e->objects);
}

static void print_entry(const struct journal_entry *e)
{
	char at[TIME_TEXT];

	printf("%-4" PRIu64 " %s  %s", e->number, time_text(e->at_ms, at),
	       journal_cause_name(e->cause));
	print_who(e);
	printf(": %s", journal_outcome_name(e->outcome));
	if (e->steps > 1)
		printf(" in %u steps", e->steps);
	printf(", configuration %.*s, generation %u", DIGEST_SHOWN, e->digest, e->generation);
	if (e->outcome == JOURNAL_APPLIED)
		print_change(e);
	if (e->reason[0])
		printf("%s%s", e->outcome == JOURNAL_APPLIED ? "; after " : ": ", e->reason);
	putchar('\n');
}

/* --- for programs ------------------------------------------------------------------------------- */

static json_t *entry(const struct journal_entry *e)
{
	return json_pack("{s:I, s:I, s:s, s:s, s:o, s:o, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, "
			 "s:I, s:s, s:s}",
			 "number", (json_int_t)e->number, "at_ms", (json_int_t)e->at_ms, "cause",
			 journal_cause_name(e->cause), "outcome", journal_outcome_name(e->outcome),
			 "uid", e->has_asker ? json_integer(e->uid) : json_null(), "pid",
			 e->has_asker ? json_integer(e->pid) : json_null(), "order", e->order,
			 "config_digest", e->digest, "generation", (json_int_t)e->generation,
			 "steps", (json_int_t)e->steps, "added", (json_int_t)e->added, "removed",
			 (json_int_t)e->removed, "rewritten", (json_int_t)e->rewritten,
			 "elements_added", (json_int_t)e->elements_added, "elements_removed",
			 (json_int_t)e->elements_removed, "objects", e->objects, "reason",
			 e->reason);
}

static void print(const struct ctl *ctl, const struct journal *j, size_t from)
{
	json_t *list = ctl->json ? json_array() : NULL;

	for (size_t i = from; i < j->n; i++)
		if (ctl->json)
			json_array_append_new(list, entry(&j->entries[i]));
		else
			print_entry(&j->entries[i]);
	if (ctl->json)
		print_json_document(stdout, json_pack("{s:o}", "history", list));
}

static int parse_last(const char *text, size_t *ret)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end || n == 0 || n > JOURNAL_MOST)
		return ctl_fail(CTL_USAGE, "--last takes a number from 1 to %d, not \"%s\"",
				JOURNAL_MOST, text);
	*ret = n;
	return CTL_DONE;
}

int ctl_ruleset_history(const struct ctl *ctl)
{
	struct control_reply reply = {0};
	struct journal *j = NULL;
	size_t last = JOURNAL_MOST;
	int line, code = ctl->last ? parse_last(ctl->last, &last) : CTL_DONE;

	if (code == CTL_DONE)
		code = ctl_ask(ctl, CONTROL_RULESET_HISTORY, &reply);
	if (code != CTL_DONE)
		return code;
	j = calloc(1, sizeof(*j));
	if (!j || journal_parse((const uint8_t *)reply.text, strlen(reply.text), j, &line) < 0)
		code = ctl_fail(CTL_FAILED, "the journal cannot be read: directord is another "
					    "version, or there is no memory");
	else
		print(ctl, j, j->n > last ? j->n - last : 0);
	free(j);
	control_reply_clear(&reply);
	return code;
}
