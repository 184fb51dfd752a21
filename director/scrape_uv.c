/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the director serves over HTTP (metrics_uv.h), and where: as the configuration says.
 *
 * Shell.
 */
#include "director/director.h"
#include "director/metrics.h"
#include "include/log.h"

#include <errno.h>
#include <string.h>

static char *text(void *owner, size_t *ret_len)
{
	struct director *d = owner;
	struct status status = {0};
	char *text;

	if (director_status(d, &status) < 0)
		return NULL;
	text = metrics_print(&status, ret_len);
	status_clear(&status);
	return text;
}

static bool ready(void *owner)
{
	const struct director *d = owner;

	return d->ready && !d->stopping;
}

static int open_on(struct director *d, const char *address, struct metrics_server **ret,
		   struct err *err)
{
	struct metrics_source source = {.text = text, .ready = ready, .owner = d};

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
