/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the director serves over HTTP (metrics_uv.h), and where: as the configuration says.
 *
 * Shell.
 */
#include "director/ctl/ctl.h"
#include "director/director.h"
#include "director/monitor/metrics.h"
#include "director/monitor/ready.h"
#include "director/status_uv.h"
#include "include/log.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { MANY = 1000 }; /* backends, whose status takes milliseconds to print */

/* As directorctl prints it: one writer, one schema. */
static char *json_of(const struct status *status, size_t *ret_len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, ret_len);
	int code = out ? print_json(out, status, JSON_STATUS) : -ENOMEM;

	if (out && fclose(out) != 0)
		code = -ENOMEM;
	if (code == 0)
		return text;
	free(text);
	return NULL;
}

/* What a printer makes of the status, or NULL. */
static char *printed(struct director *d,
		     char *(*printer)(const struct status *status, size_t *ret_len),
		     size_t *ret_len)
{
	struct status status = {0};
	char *text;

	if (director_status(d, &status) < 0)
		return NULL;
	text = printer(&status, ret_len);
	status_clear(&status);
	return text;
}

static char *text(void *owner, size_t *ret_len)
{
	return printed(owner, metrics_print, ret_len);
}

static char *status_text(void *owner, size_t *ret_len)
{
	return printed(owner, json_of, ret_len);
}

static void *gather(void *owner)
{
	struct director *d = owner;
	struct status *status = NULL;

	if (config_count_backends(d->config) >= MANY)
		status = calloc(1, sizeof(*status));
	if (status && director_status(d, status) < 0) {
		free(status);
		return NULL;
	}
	return status;
}

static char *print(void *gathered, bool json, size_t *ret_len)
{
	struct status *status = gathered;
	char *text = json ? json_of(status, ret_len) : metrics_print(status, ret_len);

	status_clear(status);
	free(status);
	return text;
}

static char *ready_text(void *owner, size_t *ret_len, bool *ret_ready)
{
	struct director *d = owner;
	struct ready_daemon daemon = {
		.applied = d->ready,
		.stopping = d->stopping,
		.drifted = director_is_settled(d) && !keeper_in_sync(d->keeper),
	};
	struct status status = {0};
	char why[READY_WHY], *text;
	json_t *said;

	director_check_ruleset(d);
	if (director_status_brief(d, &status) < 0)
		return NULL;
	*ret_ready = ready_judge(&status, &daemon, why);
	status_clear(&status);
	said = *ret_ready ? json_pack("{s:b}", "ready", 1)
			  : json_pack("{s:b, s:s}", "ready", 0, "why", why);
	text = said ? json_dumps(said, JSON_PRESERVE_ORDER) : NULL;
	json_decref(said);
	*ret_len = text ? strlen(text) : 0;
	if (text)
		text[(*ret_len)++] = '\n'; /* in the place of the NUL, which nobody needs */
	return text;
}

static int open_on(struct director *d, const char *address, struct metrics_server **ret,
		   struct err *err)
{
	struct metrics_source source = {.text = text,
					.status = status_text,
					.health = ready_text,
					.gather = gather,
					.print = print,
					.owner = d};

	return metrics_server_new(d->loop, address, &source, ret, err);
}

/* Of another address with the same port the old one may be in the way: 0.0.0.0 holds them all. */
static int open_instead(struct director *d, const char *address, struct metrics_server **ret,
			struct err *err)
{
	char old[METRICS_ADDRESS];
	struct err ignored = {0};
	int code;

	memcpy(old, metrics_server_address(d->metrics), sizeof(old));
	director_close_metrics(d);
	code = open_on(d, address, ret, err);
	if (code < 0 && open_on(d, old, &d->metrics, &ignored) < 0)
		log_error("%s; metrics are not served any more", ignored.text);
	return code;
}

int director_set_metrics(struct director *d, const struct config *c, struct err *err)
{
	const char *address = c->metrics_listen;
	struct metrics_server *opened = NULL;
	int code = 0;

	if (d->metrics && strcmp(metrics_server_address(d->metrics), address) == 0)
		return 0;
	if (address[0])
		code = open_on(d, address, &opened, err);
	if (code == -EADDRINUSE && d->metrics)
		code = open_instead(d, address, &opened, err);
	if (code < 0)
		return code;
	director_close_metrics(d);
	d->metrics = opened;
	if (opened)
		log_info("metrics are served on http://%s/metrics", address);
	return 0;
}

void director_close_metrics(struct director *d)
{
	metrics_server_close(d->metrics);
	d->metrics = NULL;
}
