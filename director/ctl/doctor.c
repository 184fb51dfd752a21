/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `doctor`: asks the daemon, when there is one, and looks for itself at this machine and at the wire.
 * Nothing that it does changes anything.
 */
#include "director/alarms.h"
#include "director/config/digest.h"
#include "director/config/keywords.h"
#include "director/config/load.h"
#include "director/ctl/ctl.h"
#include "director/doctor/host_uv.h"
#include "director/doctor/pair_rules.h"
#include "director/doctor/wire_uv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	STATUS_HELD = 1024
}; /* addresses, more than that many are as if nothing were known of them */

static bool is_asked(const struct config *c, const struct config_farm *only, const struct addr *a)
{
	for (size_t i = 0; i < c->n_farms; i++)
		for (size_t k = 0; k < c->farms[i].n_addresses; k++)
			if ((!only || only == &c->farms[i]) &&
			    addr_equal(&c->farms[i].addresses[k], a))
				return true;
	return false;
}

/* The wire says who has each of its addresses. */
static bool all_are_asked(const struct config *c, const struct config_farm *only,
			  const struct status_vrrp *v)
{
	struct prefix p;

	for (size_t i = 0; i < v->n_addresses; i++)
		if (prefix_parse(v->addresses[i], &p) < 0 || !is_asked(c, only, &p.addr))
			return false;
	return true;
}

/* Who claims an address is asked for on the wire, where it can be, and the daemon remembers it for minutes. */
static void forget_claims(const struct config *c, const struct config_farm *only, struct status *s,
			  struct findings *f)
{
	size_t n_claims = s->n_claims;

	for (size_t i = 0; i < s->n_vrrps; i++)
		s->vrrps[i].claimed &= !all_are_asked(c, only, &s->vrrps[i]);
	free(s->alarms);
	s->n_alarms = s->n_claims = 0;
	if (alarms_fill(s) < 0)
		f->no_memory = true;
	s->n_claims = n_claims;
}

/* What the daemon says of itself and of the other one. False: nobody answers; err tells why. */
static bool ask_daemon(const struct ctl *ctl, struct control_reply *reply, struct err *err)
{
	struct control_request request = {.command = CONTROL_DOCTOR};

	if (ctl_try(ctl, &request, reply, err) < 0)
		return false;
	if (reply->has_status)
		return true;
	err_set(err, -EIO, "%s", reply->text);
	control_reply_clear(reply);
	return false;
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

/* Virtual addresses that one of the pair holds, by the daemon's word. */
struct held {
	struct addr list[STATUS_HELD];
	size_t n;
};

static bool has_master(const struct status *s, const struct status_vrrp *v)
{
	if (strcmp(v->state, "master") == 0)
		return true;
	for (size_t i = 0; i < s->n_peers; i++)
		for (size_t k = 0; k < s->peers[i].n_words; k++) {
			const struct status_word *w = &s->peers[i].words[k];

			if (strcmp(w->name, v->name) == 0 && w->family == v->family &&
			    strcmp(w->state, "master") == 0)
				return true;
		}
	return false;
}

static void list_held(const struct status *s, struct held *ret)
{
	struct prefix p;

	for (size_t i = 0; i < s->n_vrrps; i++)
		for (size_t k = 0; k < s->vrrps[i].n_addresses && ret->n < STATUS_HELD; k++)
			if (has_master(s, &s->vrrps[i]) &&
			    prefix_parse(s->vrrps[i].addresses[k], &p) == 0)
				ret->list[ret->n++] = p.addr;
}

/* As the operator wants it, whatever the file says; of one that is not loaded yet nobody wants otherwise. */
static bool is_in_service(void *owner, const char *farm, const char *backend)
{
	const struct status *s = owner;

	for (size_t i = 0; i < s->n_farms; i++) {
		const struct status_farm *f = &s->farms[i];

		for (size_t k = 0; strcmp(f->name, farm) == 0 && k < f->n_backends; k++)
			if (strcmp(f->backends[k].name, backend) == 0)
				return strcmp(f->backends[k].admin_state, "enabled") == 0;
	}
	return true;
}

static void look(const struct ctl *ctl, const struct config *c, const struct config_farm *only,
		 struct findings *f)
{
	static struct held held; /* too large for the stack */
	struct doctor_wire_known known = {.held = held.list};
	struct control_reply before = {0}, after = {0};
	char digest[CONFIG_DIGEST_TEXT];
	struct err err = {0};
	bool daemon = ask_daemon(ctl, &before, &err);

	if (daemon) {
		list_held(&before.status, &held);
		known.n_held = held.n;
		known.in_service = is_in_service;
		known.owner = &before.status;
	}
	doctor_config(c, only, f);
	doctor_host(c, only, f);
	if (doctor_wire(c, only, &known, f) < 0)
		f->no_memory = true;
	if (daemon && ask_daemon(ctl, &after, &err)) {
		forget_claims(c, only, &after.status, f);
		doctor_pair(&before.status, &after.status, after.text, f);
		doctor_claims(&after.status, only, f);
		doctor_file(c->path, config_digest(c, digest), &after.status, f);
	} else {
		findings_skip(f, "the daemon and the other director", "%s", err.text);
	}
	control_reply_clear(&before);
	control_reply_clear(&after);
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
