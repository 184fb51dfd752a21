/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands that show what the daemon knows. */
#include "director/ctl/ctl.h"

#include <string.h>

/* One part of the status, as text or as JSON. */
static int show(const struct ctl *ctl, void (*print)(FILE *, const struct status *),
		enum json_part part)
{
	struct control_reply reply = {0};
	int code = ctl_ask(ctl, CONTROL_STATUS, &reply);

	if (code != CTL_DONE)
		return code;
	if (!ctl->json)
		print(stdout, &reply.status);
	else if (print_json(stdout, &reply.status, part) < 0)
		code = ctl_fail(CTL_FAILED, "no memory for a JSON document");
	control_reply_clear(&reply);
	return code;
}

int ctl_status(const struct ctl *ctl)
{
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

int ctl_cluster_status(const struct ctl *ctl)
{
	return show(ctl, print_cluster, JSON_CLUSTER);
}
