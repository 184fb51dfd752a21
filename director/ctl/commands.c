/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands that show what the daemon knows. */
#include "director/ctl/ctl.h"
#include "director/monitor/metrics.h"
#include "include/output.h"

#include <errno.h>
#include <stdlib.h>

static int render(const struct ctl *ctl, const struct status *s,
		  void (*print)(FILE *, const struct status *), enum json_part part)
{
	if (!ctl->json)
		print(stdout, s);
	else if (print_json(stdout, s, part) < 0)
		return ctl_fail(CTL_FAILED, "no memory for a JSON document");
	return CTL_DONE;
}

/* One part of the status, as text or as JSON. */
static int show(const struct ctl *ctl, void (*print)(FILE *, const struct status *),
		enum json_part part)
{
	struct control_reply reply = {0};
	int code = ctl_ask(ctl, CONTROL_STATUS, &reply);

	if (code != CTL_DONE)
		return code;
	code = render(ctl, &reply.status, print, part);
	control_reply_clear(&reply);
	return code;
}

static int begin_json(void *owner, const struct status *s)
{
	struct json_status **j = owner;

	*j = print_json_begin(stdout, s);
	return *j ? 0 : -ENOMEM;
}

static int farm_as_json(void *owner, const struct status_farm *f)
{
	struct json_status **j = owner;

	print_json_next(*j, f);
	return 0;
}

/* Printed while it comes: that of a thousand farms takes the daemon as long as directorctl. */
static int show_as_it_comes(const struct ctl *ctl)
{
	struct json_status *j = NULL;
	struct ctl_farms to = {.head = begin_json, .farm = farm_as_json, .owner = &j};
	int code = ctl_ask_farms(ctl, &to);
	bool whole = code == CTL_DONE;

	if (print_json_end(j, whole) < 0 && whole)
		return ctl_fail(CTL_FAILED, "no memory for a JSON document");
	return code;
}

int ctl_status(const struct ctl *ctl)
{
	if (ctl->watch)
		return ctl_watch(ctl);
	if (ctl->json)
		return show_as_it_comes(ctl);
	return show(ctl, print_status, JSON_STATUS);
}

int ctl_farm_list(const struct ctl *ctl)
{
	return show(ctl, print_farms, JSON_FARMS);
}

int ctl_backend_list(const struct ctl *ctl)
{
	return show(ctl, print_backends, JSON_BACKENDS);
}

/* An alarm is what the exit status is for: a script need not read what it says. */
int ctl_cluster_status(const struct ctl *ctl)
{
	struct control_reply reply = {0};
	int code = ctl_ask(ctl, CONTROL_STATUS, &reply);

	if (code != CTL_DONE)
		return code;
	code = render(ctl, &reply.status, print_cluster, JSON_CLUSTER);
	if (code == CTL_DONE && reply.status.n_alarms)
		code = CTL_NOT_GOOD;
	control_reply_clear(&reply);
	return code;
}

int ctl_metrics(const struct ctl *ctl)
{
	struct control_reply reply = {0};
	char *text;
	size_t len;
	int code;

	if (ctl->json)
		return ctl_fail(CTL_USAGE, "`metrics` has no JSON form; `status` has one");
	code = ctl_ask(ctl, CONTROL_STATUS, &reply);
	if (code != CTL_DONE)
		return code;
	text = metrics_print(&reply.status, &len);
	control_reply_clear(&reply);
	if (!text)
		return ctl_fail(CTL_FAILED, "no memory for metrics");
	output_write(stdout, text, len);
	free(text);
	return CTL_DONE;
}
