/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `doctor`: asks the daemon, when there is one, and looks for itself at this machine and at the wire.
 * Nothing that it does changes anything.
 */
#include "director/config/digest.h"
#include "director/config/keywords.h"
#include "director/config/load.h"
#include "director/ctl/ctl.h"
#include "director/doctor/pair_rules.h"

#include <string.h>

/* What the daemon says of itself and of the other one. False: nobody answers, which is told. */
static bool ask_daemon(const struct ctl *ctl, struct control_reply *reply, struct findings *f)
{
	struct control_request request = {.command = CONTROL_DOCTOR};
	struct err err = {0};

	if (ctl_try(ctl, &request, reply, &err) < 0) {
		findings_skip(f, "the daemon and the other director", "%s", err.text);
		return false;
	}
	if (!reply->has_status) {
		findings_skip(f, "the daemon and the other director", "%s", reply->text);
		control_reply_clear(reply);
		return false;
	}
	doctor_pair(&reply->status, reply->text, f);
	return true;
}

static int take_farm(const struct ctl *ctl, const struct config *c, const struct config_farm **ret)
{
	const char *nearest;

	*ret = ctl->argc ? config_farm_by_name(c, ctl->argv[0]) : NULL;
	if (*ret || !ctl->argc)
		return CTL_DONE;
	nearest = config_suggest_farm(c, ctl->argv[0]);
	if (nearest)
		return ctl_fail(CTL_FAILED, "there is no farm \"%s\"; did you mean \"%s\"?",
				ctl->argv[0], nearest);
	return ctl_fail(CTL_FAILED, "there is no farm \"%s\" in %s", ctl->argv[0], c->path);
}

static void look(const struct ctl *ctl, const struct config *c, const struct config_farm *only,
		 struct findings *f)
{
	struct control_reply reply = {0};
	char digest[CONFIG_DIGEST_TEXT];

	if (ask_daemon(ctl, &reply, f))
		doctor_file(c->path, config_digest(c, digest), &reply.status, f);
	doctor_config(c, only, f);
	control_reply_clear(&reply);
}

int ctl_doctor(const struct ctl *ctl)
{
	const struct config_farm *only;
	struct config *config = NULL;
	struct findings found = {0};
	struct err err = {0};
	int code;

	if (config_load(ctl->config ? ctl->config : CTL_DEFAULT_CONFIG, &config, &err) < 0)
		return ctl_fail_err(&err);
	code = take_farm(ctl, config, &only);
	if (code == CTL_DONE) {
		look(ctl, config, only, &found);
		findings_sort(&found);
		if (!ctl->json)
			print_findings(stdout, &found);
		else if (print_json_findings(stdout, &found) < 0)
			found.no_memory = true;
		if (found.no_memory)
			code = ctl_fail(CTL_FAILED, "no memory for all that was found");
		else if (found.n)
			code = CTL_NOT_GOOD;
	}
	findings_clear(&found);
	config_free(config);
	return code;
}
