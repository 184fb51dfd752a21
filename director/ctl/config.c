/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `config check` and `config reload`. */
#include "director/config/check.h"
#include "director/config/digest.h"
#include "director/config/load.h"
#include "director/ctl/ctl.h"

#include <jansson.h>

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
	if (ctl->json)
		print_json_document(stdout, json_pack("{s:s, s:b, s:s}", "file", path, "good", 1,
						      "config_digest", digest));
	else
		printf("%s is good: %zu farms, %zu vrrp sections, digest %s\n", path,
		       config->n_farms, config->n_vrrps, digest);
	config_free(config);
	return CTL_DONE;
}

int ctl_config_reload(const struct ctl *ctl)
{
	struct control_request request = {.command = CONTROL_RELOAD, .no_wait = ctl->no_wait};
	struct control_reply reply = {0};
	int code = ctl_request(ctl, &request, &reply);

	if (code == CTL_DONE && ctl->json)
		puts(ctl->no_wait ? "{\"accepted\": true}" : "{\"reloaded\": true}");
	else if (code == CTL_DONE)
		fputs(reply.text, stdout);
	control_reply_clear(&reply);
	return code;
}
