/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `farm show`, `backend show` and the operator's orders: `backend enable`, `disable` and `weight` (`drain`: drain.c). */
#include "director/config/number.h"
#include "director/ctl/ctl.h"

#include <string.h>

/* A longer one is nobody's, and the daemon would drop the request without a word. */
static bool take_name(char to[static CONFIG_NAME_MAX + 1], const char *from, size_t len)
{
	if (!len || len > CONFIG_NAME_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (from[i] <= ' ' || from[i] > '~')
			return false;
	memcpy(to, from, len);
	to[len] = '\0';
	return true;
}

int ctl_take_backend(const struct ctl *ctl, struct control_request *request)
{
	const char *text = ctl->argv[0], *slash = strchr(text, '/');

	if (slash && take_name(request->farm, text, (size_t)(slash - text)) &&
	    take_name(request->backend, slash + 1, strlen(slash + 1)))
		return CTL_DONE;
	return ctl_fail(CTL_USAGE,
			"\"%s\" is not FARM/BACKEND; `directorctl backend list` has them", text);
}

const struct status_backend *ctl_find_backend(const struct status *s, const char *name)
{
	for (size_t i = 0; s->n_farms == 1 && i < s->farms[0].n_backends; i++)
		if (strcmp(s->farms[0].backends[i].name, name) == 0)
			return &s->farms[0].backends[i];
	return NULL;
}

/* The lines behind the first one, which tells the outcome; the JSON document has no room for them. */
static const char *warnings_of(const char *text)
{
	const char *end = strchr(text, '\n');

	return end ? end + 1 : "";
}

int ctl_order(const struct ctl *ctl, const struct control_request *request)
{
	struct control_reply reply = {0};
	const struct status_backend *b;
	int code = ctl_request(ctl, request, &reply);

	if (code != CTL_DONE)
		return code;
	b = ctl_find_backend(&reply.status, request->backend);
	if (!ctl->json) {
		fputs(reply.text, stdout);
	} else {
		fputs(warnings_of(reply.text), stderr);
		if (!b || print_json_backend(stdout, &reply.status.farms[0], b) < 0)
			code = ctl_fail(CTL_FAILED, "no memory for a JSON document");
	}
	control_reply_clear(&reply);
	return code;
}

int ctl_backend_show(const struct ctl *ctl)
{
	struct control_request request = {.command = CONTROL_BACKEND_SHOW};
	struct control_reply reply = {0};
	const struct status_backend *b;
	int code = ctl_take_backend(ctl, &request);

	if (code == CTL_DONE)
		code = ctl_request(ctl, &request, &reply);
	if (code != CTL_DONE)
		return code;
	b = ctl_find_backend(&reply.status, request.backend);
	if (!b || !reply.has_detail)
		code = ctl_fail(CTL_FAILED, "directord answered without the backend");
	else if (!ctl->json)
		print_backend(stdout, &reply.status, b, &reply.detail);
	else if (print_json_detail(stdout, &reply.status, b, &reply.detail) < 0)
		code = ctl_fail(CTL_FAILED, "no memory for a JSON document");
	control_reply_clear(&reply);
	return code;
}

static int order_state(const struct ctl *ctl, enum control_command command, uint64_t number)
{
	struct control_request request = {
		.command = command, .number = number, .no_wait = ctl->no_wait};
	int code = ctl_take_backend(ctl, &request);

	return code == CTL_DONE ? ctl_order(ctl, &request) : code;
}

int ctl_backend_enable(const struct ctl *ctl)
{
	return order_state(ctl, CONTROL_BACKEND_ENABLE, 0);
}

int ctl_backend_disable(const struct ctl *ctl)
{
	return order_state(ctl, CONTROL_BACKEND_DISABLE, 0);
}

int ctl_backend_weight(const struct ctl *ctl)
{
	struct control_request request = {.command = CONTROL_BACKEND_WEIGHT,
					  .no_wait = ctl->no_wait};
	int64_t weight;
	int code = ctl_take_backend(ctl, &request);

	if (code != CTL_DONE)
		return code;
	if (number_parse(ctl->argv[1], &weight) < 0 || weight < 0 || weight > CONFIG_WEIGHT_MAX)
		return ctl_fail(CTL_USAGE, "a weight is a number from 0 to %d, not \"%s\"",
				CONFIG_WEIGHT_MAX, ctl->argv[1]);
	request.number = (uint64_t)weight;
	return ctl_order(ctl, &request);
}

int ctl_farm_show(const struct ctl *ctl)
{
	struct control_request request = {.command = CONTROL_FARM_SHOW};
	struct control_reply reply = {0};
	int code;

	if (!take_name(request.farm, ctl->argv[0], strlen(ctl->argv[0])))
		return ctl_fail(
			CTL_USAGE,
			"\"%s\" cannot be the name of a farm; `directorctl farm list` has them",
			ctl->argv[0]);
	code = ctl_request(ctl, &request, &reply);
	if (code != CTL_DONE)
		return code;
	if (reply.status.n_farms != 1)
		code = ctl_fail(CTL_FAILED, "directord answered without the farm");
	else if (!ctl->json)
		print_farm(stdout, &reply.status.farms[0], reply.status.counters_age_ms);
	else if (print_json(stdout, &reply.status, JSON_FARM) < 0)
		code = ctl_fail(CTL_FAILED, "no memory for a JSON document");
	control_reply_clear(&reply);
	return code;
}
