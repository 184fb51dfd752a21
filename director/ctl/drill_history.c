/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `cluster drill history`: the drills of the past, as this node has kept them; the latest first. */
#include "director/ctl/drill.h"
#include "director/ctl/drill_page.h"
#include "director/ctl/drill_seen.h"
#include "director/ctl/report_file.h"
#include "director/drill/drill.h"
#include "include/moment.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* Nothing else is to be told of an attempt. */
static void print_asker(const struct control_drill *d)
{
	char at[MOMENT_TEXT];

	printf("; asked for on node %s", d->about.asked_on);
	if (d->about.has_asker)
		printf(" by uid %" PRIu32, d->about.uid);
	if (d->about.force)
		fputs(" with --force", stdout);
	if (d->again)
		printf(", %" PRIu64 " times until %s", d->again + 1,
		       moment_format(d->again_ms, at));
}

static void print_line(const struct control_drill *d)
{
	char at[MOMENT_TEXT];

	printf("%-4" PRIu64 " %s  %s", d->number, moment_format(d->about.at_ms, at), d->kind);
	if (d->from[0] && d->to[0]) /* one that was refused may have nobody to take over */
		printf(" from %s to %s", d->from, d->to);
	printf(": %s", d->result);
	if (d->took_over)
		printf(", took over within %" PRIu64 " ms", (d->takeover_us + 999) / 1000);
	if (drill_lost_is_known(d))
		printf(", %" PRIu64 " connections lost", d->lost);
	else if (d->let_go)
		fputs(", connections lost: not known", stdout);
	if (d->why[0])
		printf(": %s", d->why);
	if (drill_is(d, DRILL_REFUSED))
		print_asker(d);
	putchar('\n');
}

static json_t *numbered(const struct control_drill *d)
{
	json_t *ret = drill_document(d);

	if (ret &&
	    (json_object_set_new(ret, "number", json_integer((json_int_t)d->number)) < 0 ||
	     json_object_set_new(ret, "times", json_integer((json_int_t)d->again + 1)) < 0 ||
	     json_object_set_new(
		     ret, "last_at_ms",
		     json_integer((json_int_t)(d->again ? d->again_ms : d->about.at_ms))) < 0)) {
		json_decref(ret);
		ret = NULL;
	}
	return ret;
}

static int print_document(json_t *document)
{
	return print_json_document(stdout, document) < 0
		       ? ctl_fail(CTL_FAILED, "no memory for a JSON document")
		       : CTL_DONE;
}

static int print_all(const struct ctl *ctl, const struct control_reply *reply)
{
	json_t *list = ctl->json ? json_array() : NULL;
	bool good = true;

	for (size_t i = reply->n_drills; i-- > 0;)
		if (ctl->json)
			good &= json_array_append_new(list, numbered(&reply->drills[i])) == 0;
		else
			print_line(&reply->drills[i]);
	if (!ctl->json && !reply->n_drills)
		puts("there was no drill yet");
	if (good)
		return ctl->json ? print_document(json_pack("{s:o}", "history", list)) : CTL_DONE;
	json_decref(list);
	return ctl_fail(CTL_FAILED, "no memory for a JSON document");
}

static int print_one(const struct ctl *ctl, const struct control_drill *d)
{
	if (ctl->json)
		return print_document(numbered(d));
	print_line(d);
	if (!drill_is(d, DRILL_REFUSED))
		drill_print(d);
	return CTL_DONE;
}

static int write_page(const struct ctl *ctl, const struct control_drill *d)
{
	struct report_file page;
	int code = report_file_begin(&page, ctl->html);

	if (code != CTL_DONE)
		return code;
	drill_page(d, page.out);
	return report_file_finish(&page);
}

/* The latest that was carried out, unless a number is given. NULL: there is none, which was told. */
static const struct control_drill *choose(const struct control_reply *reply, uint64_t number)
{
	for (size_t i = reply->n_drills; i-- > 0;)
		if (number ? reply->drills[i].number == number
			   : !drill_is(&reply->drills[i], DRILL_REFUSED))
			return &reply->drills[i];
	if (number)
		ctl_fail(CTL_FAILED,
			 "there is no drill %" PRIu64 ": `directorctl cluster drill history` "
			 "lists those that are kept",
			 number);
	else
		ctl_fail(CTL_FAILED, "there was no drill yet");
	return NULL;
}

static int parse_number(const char *text, uint64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoull(text, &end, 10);
	if (text[0] >= '1' && text[0] <= '9' && !*end && !errno)
		return CTL_DONE;
	return ctl_fail(CTL_USAGE, "N is the number of a drill, not \"%s\"", text);
}

int ctl_drill_history(const struct ctl *ctl)
{
	struct control_reply reply = {0};
	const struct control_drill *one = NULL;
	uint64_t number = 0;
	int code = ctl->argc ? parse_number(ctl->argv[0], &number) : CTL_DONE;

	if (code == CTL_DONE)
		code = ctl_ask(ctl, CONTROL_DRILL_HISTORY, &reply);
	if (code != CTL_DONE)
		return code;
	if (number || ctl->html) {
		one = choose(&reply, number);
		code = one ? CTL_DONE : CTL_FAILED;
	}
	if (code == CTL_DONE && ctl->html)
		code = write_page(ctl, one);
	if (code == CTL_DONE && (!ctl->html || ctl->json))
		code = one ? print_one(ctl, one) : print_all(ctl, &reply);
	control_reply_clear(&reply);
	return code;
}
