/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `ruleset diff`: what a reload would change. The file is read and planned here, for a daemon in its
 * sandbox sees no file below /tmp or /root; of what runs the daemon tells.
 */
#include "director/audit/forecast.h"
#include "director/audit/text_diff.h"
#include "director/config/check.h"
#include "director/config/load.h"
#include "director/ctl/ctl.h"
#include "director/ctl/world.h"
#include "include/name.h"
#include "include/text.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static int no_memory(void)
{
	return ctl_fail(CTL_FAILED, "no memory to plan the ruleset");
}

/* --- both sides --------------------------------------------------------------------------------- */

static int plan(const struct config *config, const struct status *status, char **ret)
{
	struct world world = {0};
	struct facts_source source = {
		.interface = world_interface, .route = world_route, .owner = &world};
	struct err err = {0};
	size_t size;
	FILE *out;
	int code = world_open(&world, config, &err);

	if (code < 0) {
		world_close(&world);
		return ctl_fail_err(&err);
	}
	out = open_memstream(ret, &size);
	code = out ? prospect_print(out, config, status, &source) : -1;
	if (out && fclose(out) != 0)
		code = -1;
	world_close(&world);
	return code < 0 ? no_memory() : CTL_DONE;
}

/* Who may ask the daemon need not be one who may read its keys, and the ruleset has nothing of them. */
static int check_files(const struct config *config)
{
	char line[ERR_LINE];
	struct err err = {0};
	int code = config_check_files(config, &err);

	if (code == -EACCES) {
		fprintf(stderr,
			"directorctl: %s; what may not be read is not checked here, a reload does "
			"that\n",
			err_format(&err, line));
		return CTL_DONE;
	}
	return code < 0 ? ctl_fail_err(&err) : CTL_DONE;
}

/* What a file comes to, in the same words as `config check` when there is a mistake in it. */
static int plan_file(const char *path, const struct status *status, char **ret)
{
	struct config *config = NULL;
	struct err err = {0};
	int code;

	if (config_load(path, &config, &err) < 0)
		return ctl_fail_err(&err);
	code = check_files(config);
	if (code == CTL_DONE)
		code = plan(config, status, ret);
	config_free(config);
	return code;
}

/* --- what differs ------------------------------------------------------------------------------- */

struct difference {
	char from[ERR_FILE], to[ERR_FILE]; /* names of both sides, as a terminal may have them */
	struct prospect before, after;
	struct forecast forecast;
	json_t *changes; /* sentences */
	char *diff;
	bool any;
};

static void take_change(void *owner, const char *sentence)
{
	json_array_append_new(owner, json_string(sentence));
}

static int compare(struct difference *d, const struct status *status)
{
	size_t size;
	FILE *out = open_memstream(&d->diff, &size);
	int code = out ? text_diff_print(out, d->before.ruleset, d->after.ruleset, d->from, d->to)
		       : -1;

	d->changes = json_array();
	if (out)
		fclose(out);
	if (code < 0 || !d->changes ||
	    forecast_changes(&d->before, &d->after, take_change, d->changes) < 0 ||
	    forecast_make(&d->before, &d->after, status, &d->forecast) < 0)
		return -1;
	d->any = code > 0 || json_array_size(d->changes) > 0;
	return 0;
}

static json_t *number(uint64_t n)
{
	return n == STATUS_UNKNOWN ? json_null() : json_integer((json_int_t)n);
}

static json_t *farms(const struct forecast *f)
{
	json_t *list = json_array();

	for (size_t i = 0; i < f->n; i++) {
		const struct forecast_farm *farm = &f->farms[i];
		char ends[FORECAST_SENTENCE];

		json_array_append_new(
			list,
			json_pack(
				"{s:s, s:b, s:b, s:b, s:b, s:b, s:b, s:i, s:i, s:o, s:o, s:o, s:s}",
				"name", farm->name, "added", farm->added, "removed", farm->removed,
				"left_out", farm->absent, "hashed", farm->hashed, "hashed_new",
				farm->hashes_new, "reseeded", farm->reseeded, "buckets",
				(int)farm->buckets, "buckets_moved", (int)farm->moved,
				"connections", number(farm->connections), "connections_on_moved",
				number(farm->on_moved), "connections_ended", number(farm->ended),
				"ends", forecast_ends(farm, ends)));
	}
	return list;
}

static void print(const struct ctl *ctl, struct difference *d)
{
	char text[FORECAST_SENTENCE];

	if (ctl->json) {
		print_json_document(stdout, json_pack("{s:b, s:O, s:o, s:s}", "same", !d->any,
						      "changes", d->changes, "farms",
						      farms(&d->forecast), "diff", d->diff));
		return;
	}
	if (!d->any)
		printf("%s changes nothing of %s\n", d->to, d->from);
	for (size_t i = 0; i < json_array_size(d->changes); i++)
		printf("%s\n", json_string_value(json_array_get(d->changes, i)));
	for (size_t i = 0; d->any && i < d->forecast.n; i++)
		printf("%s%s\n", i ? "" : "\n", forecast_text(&d->forecast.farms[i], text));
	printf("%s%s", d->diff[0] ? "\n" : "", d->diff);
}

static int tell(const struct ctl *ctl, struct difference *d, char *before, char *after,
		const struct status *status)
{
	int code = CTL_FAILED;

	if (prospect_read(before, &d->before) < 0 || prospect_read(after, &d->after) < 0)
		ctl_fail(CTL_FAILED, "what runs cannot be compared: directord is another version, "
				     "or there is no memory");
	else if (compare(d, status) < 0)
		no_memory();
	else {
		print(ctl, d);
		code = d->any ? CTL_NOT_GOOD : CTL_DONE;
	}
	forecast_clear(&d->forecast);
	json_decref(d->changes);
	free(d->diff);
	prospect_clear(&d->before);
	prospect_clear(&d->after);
	return code;
}

static void name_side(char ret[static ERR_FILE], const char *name)
{
	text_copy(ret, ERR_FILE, name);
	text_make_harmless(ret);
}

int ctl_ruleset_diff(const struct ctl *ctl)
{
	const char *path = ctl->config ? ctl->config : CTL_DEFAULT_CONFIG;
	struct difference d = {0};
	struct control_reply reply = {0};
	char *before = NULL, *after = NULL;
	int code = ctl->against ? plan_file(ctl->against, NULL, &before)
				: ctl_ask(ctl, CONTROL_RULESET_PROSPECT, &reply);

	name_side(d.from, ctl->against ? ctl->against : "what runs");
	name_side(d.to, path);
	if (code == CTL_DONE)
		code = plan_file(path, reply.has_status ? &reply.status : NULL, &after);
	if (code == CTL_DONE)
		code = tell(ctl, &d, before ? before : reply.text, after,
			    reply.has_status ? &reply.status : NULL);
	free(before);
	free(after);
	control_reply_clear(&reply);
	return code;
}
