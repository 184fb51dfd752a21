/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `ruleset export` and `ruleset verify`. Export with -c plans on its own, without the daemon. */
#include "director/config/digest.h"
#include "director/config/load.h"
#include "director/ctl/ctl.h"
#include "director/ctl/world.h"
#include "director/ruleset/export.h"
#include "director/schedule/facts.h"
#include "include/output.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Without the daemon nobody resolves addresses: only a MAC that is configured is known. */
static bool ask_mac(void *owner, uint32_t ifindex, const struct addr *addr, struct mac *ret)
{
	(void)owner;
	(void)ifindex;
	(void)addr;
	(void)ret;
	return false;
}

static int print_export(const struct export_head *head, const struct facts *facts,
			const struct ruleset *r, bool json)
{
	if (json)
		return export_print_json(stdout, head, &facts->plan, r, NULL);
	export_print(stdout, head, &facts->plan, r, NULL);
	return 0;
}

static int print_planned(const struct config *config, const char *path, struct world *world,
			 bool json)
{
	struct facts_source source = {
		.interface = world_interface, .mac = ask_mac, .route = world_route, .owner = world};
	char digest[CONFIG_DIGEST_TEXT];
	struct export_head head = {.node = "",
				   .digest = config_digest(config, digest),
				   .state = "as planned without the daemon",
				   .file = path,
				   .at_s = time(NULL)};
	struct facts facts;
	struct ruleset r = {0};
	int code = facts_gather(&facts, config, NULL, &source);

	if (code == 0)
		code = plan_ruleset(&facts.plan, &r);
	if (code == 0)
		code = print_export(&head, &facts, &r, json);
	ruleset_clear(&r);
	facts_clear(&facts);
	return code < 0 ? ctl_fail(CTL_FAILED, "no memory to plan the ruleset") : CTL_DONE;
}

static int export_without_daemon(const struct ctl *ctl, bool json)
{
	struct config *config = NULL;
	struct world world = {0};
	struct err err = {0};
	int code;

	if (config_load(ctl->config, &config, &err) < 0)
		return ctl_fail_err(&err);
	if (world_open(&world, config, &err) < 0)
		code = ctl_fail_err(&err);
	else
		code = print_planned(config, ctl->config, &world, json);
	world_close(&world);
	config_free(config);
	return code;
}

int ctl_ruleset_export(const struct ctl *ctl)
{
	struct control_request request = {.command = CONTROL_RULESET_EXPORT, .json = ctl->json};
	struct control_reply reply = {0};
	int code;

	if (ctl->format && strcmp(ctl->format, "json") == 0)
		request.json = true;
	else if (ctl->format && strcmp(ctl->format, "nft") != 0)
		return ctl_fail(CTL_USAGE, "--format must be nft or json, not \"%s\"", ctl->format);
	else if (ctl->format && ctl->json)
		return ctl_fail(CTL_USAGE, "-j is --format json: it cannot be nft as well");
	if (ctl->config)
		return export_without_daemon(ctl, request.json);
	code = ctl_request(ctl, &request, &reply);
	/* One of an earlier version does not hear that, and answers as ever. */
	if (code == CTL_DONE && request.json && reply.text[0] != '{')
		code = ctl_fail(CTL_FAILED, "directord is of an earlier version, which has no JSON "
					    "of its ruleset: start it anew, or leave -j out");
	else if (code == CTL_DONE)
		output_write(stdout, reply.text, strlen(reply.text));
	control_reply_clear(&reply);
	return code;
}

/* The first line says what would mend it; every other one is a difference. */
static json_t *differences(char *text)
{
	json_t *list = json_array();
	char *rest = NULL;

	strtok_r(text, "\n", &rest);
	for (char *line = strtok_r(NULL, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		json_array_append_new(list, json_string(line));
	return list;
}

int ctl_ruleset_verify(const struct ctl *ctl)
{
	struct control_reply reply = {0};
	int code = ctl_ask(ctl, CONTROL_RULESET_VERIFY, &reply);

	if (code != CTL_DONE)
		return code;
	code = reply.code;
	if (ctl->json)
		print_json_document(stdout, json_pack("{s:b, s:o}", "in_sync", code == CTL_DONE,
						      "differences", differences(reply.text)));
	else
		fputs(reply.text, stdout);
	control_reply_clear(&reply);
	return code;
}
