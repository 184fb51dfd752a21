/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `config check`, `config reload`, `config confirm`, `config rollback` and `config push`. */
#include "director/config/check.h"
#include "director/config/digest.h"
#include "director/config/load.h"
#include "director/config/number.h"
#include "director/ctl/ctl.h"
#include "include/output.h"

#include <jansson.h>
#include <string.h>

int ctl_config_check(const struct ctl *ctl)
{
	const char *path = ctl->argc	 ? ctl->argv[0]
			   : ctl->config ? ctl->config
					 : CTL_DEFAULT_CONFIG;
	struct config *config = NULL;
	struct err err = {0};
	char digest[CONFIG_DIGEST_TEXT];

	if (config_load(path, &config, &err) < 0)
		return ctl_fail_err(&err);
	if (config_check_files(config, &err) < 0) {
		config_free(config);
		return ctl_fail_err(&err);
	}
	config_digest(config, digest);
	if (ctl->json) {
		print_json_document(stdout, json_pack("{s:s, s:b, s:s}", "file", path, "good", 1,
						      "config_digest", digest));
	} else {
		output_name(stdout, path);
		printf(" is good: %zu farms, %zu vrrp sections, digest %s\n", config->n_farms,
		       config->n_vrrps, digest);
	}
	config_free(config);
	return CTL_DONE;
}

static int ask(const struct ctl *ctl, const struct control_request *request, const char *json)
{
	struct control_reply reply = {0};
	int code = ctl_request(ctl, request, &reply);

	if (code == CTL_DONE)
		fputs(ctl->json ? json : reply.text, stdout);
	control_reply_clear(&reply);
	return code;
}

int ctl_config_reload(const struct ctl *ctl)
{
	struct control_request request = {
		.command = CONTROL_RELOAD, .no_wait = ctl->no_wait, .this_node = ctl->this_node};
	char least[DURATION_TEXT], most[DURATION_TEXT];

	if (ctl->confirm &&
	    (duration_parse(ctl->confirm, &request.number) < 0 ||
	     request.number < SYNC_PROVISIONAL_MIN_MS || request.number > SYNC_PROVISIONAL_MAX_MS))
		return ctl_fail(
			CTL_USAGE,
			"--confirm must be a duration with its unit, from %s to %s, not \"%s\"",
			duration_format(SYNC_PROVISIONAL_MIN_MS, least),
			duration_format(SYNC_PROVISIONAL_MAX_MS, most), ctl->confirm);
	if (ctl->this_node && !ctl->confirm)
		return ctl_fail(CTL_USAGE, "--this-node needs --confirm: without it a reload is of "
					   "this node alone");
	return ask(ctl, &request,
		   ctl->no_wait ? "{\"accepted\": true}\n" : "{\"reloaded\": true}\n");
}

int ctl_config_confirm(const struct ctl *ctl)
{
	const struct control_request request = {.command = CONTROL_CONFIRM,
						.this_node = ctl->this_node};

	return ask(ctl, &request, "{\"confirmed\": true}\n");
}

int ctl_config_rollback(const struct ctl *ctl)
{
	const struct control_request request = {.command = CONTROL_CONFIRM, .number = 1};

	return ask(ctl, &request, "{\"rolled_back\": true}\n");
}

/* "node a: what became of it", a line each. NULL: without memory. */
static json_t *outcomes(char *text)
{
	json_t *nodes = json_object();

	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		char *colon = strstr(line, ": ");

		if (strncmp(line, "node ", 5) != 0 || !colon)
			continue;
		*colon = '\0';
		json_object_set_new(nodes, line + 5, json_string(colon + 2));
	}
	return nodes;
}

int ctl_config_push(const struct ctl *ctl)
{
	const struct control_request request = {.command = CONTROL_CONFIG_PUSH,
						.no_wait = ctl->no_wait};
	struct control_reply reply = {0};
	int code = ctl_request(ctl, &request, &reply);

	if (code == CTL_DONE && ctl->json && ctl->no_wait)
		fputs("{\"accepted\": true}\n", stdout);
	else if (code == CTL_DONE && ctl->json)
		print_json_document(stdout, json_pack("{s:b, s:o}", "pushed", 1, "nodes",
						      outcomes(reply.text)));
	else if (code == CTL_DONE)
		fputs(reply.text, stdout);
	control_reply_clear(&reply);
	return code;
}
