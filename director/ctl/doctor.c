/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `doctor`: asks the daemon, when there is one, and looks for itself at this machine and at the wire.
 * Nothing that it does changes anything.
 */
#include "director/config/digest.h"
#include "director/config/keywords.h"
#include "director/config/load.h"
#include "director/ctl/ctl.h"
#include "director/doctor/host_uv.h"
#include "director/doctor/pair_rules.h"
#include "director/doctor/wire_uv.h"
#include "director/monitor/alarms.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ADDRESSES = 1024 }; /* of more than that many it is as if nothing were known */

struct addresses {
	struct addr list[ADDRESSES];
	size_t n;
};

struct looking {
	const struct config_farm *only;
	struct control_reply before, after; /* of the wire; the daemon's word */
	struct addresses held;	 /* virtual ones that one of the pair has, by that word */
	struct addresses judged; /* of which the wire says who answers for them */
	struct mac macs[STATUS_ROUTERS_MAX]; /* of the other director */
	size_t n_macs;
	struct findings *found;
};

/* --- the daemon -------------------------------------------------------------------------------- */

/* What the daemon says of itself and of the other one. False: nobody answers; err tells why. */
static bool ask_daemon(const struct ctl *ctl, enum control_command command,
		       struct control_reply *reply, struct err *err)
{
	struct control_request request = {.command = command};

	if (ctl_try(ctl, &request, reply, err) < 0)
		return false;
	if (reply->has_status)
		return true;
	err_set(err, -EIO, "%s", reply->text);
	control_reply_clear(reply);
	return false;
}

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

static void add(struct addresses *to, const struct addr *a)
{
	if (to->n < ADDRESSES)
		to->list[to->n++] = *a;
}

static void list_held(struct looking *l)
{
	const struct status *s = &l->before.status;
	struct prefix p;

	for (size_t i = 0; i < s->n_vrrps; i++)
		for (size_t k = 0; k < s->vrrps[i].n_addresses; k++)
			if (has_master(s, &s->vrrps[i]) &&
			    prefix_parse(s->vrrps[i].addresses[k], &p) == 0)
				add(&l->held, &p.addr);
}

static void list_macs(struct looking *l)
{
	const struct status *s = &l->before.status;

	for (size_t i = 0; i < s->n_peers; i++)
		for (size_t k = 0; k < s->peers[i].n_words && l->n_macs < STATUS_ROUTERS_MAX; k++)
			l->n_macs += mac_parse(s->peers[i].words[k].mac, &l->macs[l->n_macs]) == 0;
}

/* As the operator wants it, whatever the file says; of one that is not loaded yet nobody wants otherwise. */
static bool is_in_service(void *owner, const char *farm, const char *backend)
{
	const struct status *s = &((const struct looking *)owner)->before.status;

	for (size_t i = 0; i < s->n_farms; i++) {
		const struct status_farm *f = &s->farms[i];

		for (size_t k = 0; strcmp(f->name, farm) == 0 && k < f->n_backends; k++)
			if (strcmp(f->backends[k].name, backend) == 0)
				return strcmp(f->backends[k].admin_state, "enabled") == 0;
	}
	return true;
}

/* --- who claims an address ---------------------------------------------------------------------- */

static void judged(void *owner, const struct addr *address)
{
	add(&((struct looking *)owner)->judged, address);
}

static bool all_are_judged(const struct looking *l, const struct status_vrrp *v)
{
	for (size_t i = 0; i < v->n_addresses; i++) {
		struct prefix p;
		size_t k = 0;

		if (prefix_parse(v->addresses[i], &p) < 0)
			return false;
		while (k < l->judged.n && !addr_equal(&l->judged.list[k], &p.addr))
			k++;
		if (k == l->judged.n)
			return false;
	}
	return true;
}

/*
 * The daemon remembers a claim for minutes, and what the wire says now counts more; but a router in fault is
 * in fault now.
 */
static void forget_claims(struct looking *l)
{
	struct status *s = &l->after.status;
	size_t n_claims = s->n_claims;

	for (size_t i = 0; i < s->n_vrrps; i++)
		if (strcmp(s->vrrps[i].state, "fault") != 0 && all_are_judged(l, &s->vrrps[i]))
			s->vrrps[i].claimed = false;
	free(s->alarms);
	s->n_alarms = s->n_claims = 0;
	if (alarms_fill(s) < 0)
		l->found->no_memory = true;
	s->n_claims = n_claims;
}

/* --- all of it ---------------------------------------------------------------------------------- */

static void look(const struct ctl *ctl, const struct config *c, struct looking *l)
{
	struct doctor_wire_known known = {.macs = l->macs, .held = l->held.list, .judged = judged};
	char digest[CONFIG_DIGEST_TEXT];
	struct findings *f = l->found;
	struct err err = {0};
	bool daemon = ask_daemon(ctl, CONTROL_STATUS, &l->before, &err);

	if (daemon) {
		list_held(l);
		list_macs(l);
		known.n_held = l->held.n;
		known.n_macs = l->n_macs;
		known.in_service = is_in_service;
	}
	known.owner = l;
	doctor_config(c, l->only, known.in_service, l, f);
	doctor_host(c, l->only, f);
	if (doctor_wire(c, l->only, &known, f) < 0)
		f->no_memory = true;
	if (daemon && ask_daemon(ctl, CONTROL_DOCTOR, &l->after, &err)) {
		forget_claims(l);
		doctor_pair(&l->before.status, &l->after.status, l->after.text, f);
		doctor_claims(&l->after.status, l->only, f);
		doctor_retries(&l->before.status, l->only, f);
		doctor_file(c->path, config_digest(c, digest), &l->after.status, f);
	} else {
		findings_skip(f, "the daemon and the other director", "%s", err.text);
	}
	control_reply_clear(&l->before);
	control_reply_clear(&l->after);
}

static int take_farm(const struct ctl *ctl, const struct config *c, const struct config_farm **ret)
{
	*ret = ctl->argc ? config_farm_by_name(c, ctl->argv[0]) : NULL;
	return *ret || !ctl->argc ? CTL_DONE : ctl_unknown_farm(c, ctl->argv[0]);
}

int ctl_doctor(const struct ctl *ctl)
{
	static struct looking looking; /* too large for the stack */
	struct config *config = NULL;
	struct findings found = {0};
	struct err err = {0};
	int code;

	if (config_load(ctl->config ? ctl->config : CTL_DEFAULT_CONFIG, &config, &err) < 0)
		return ctl_fail_err(&err);
	code = take_farm(ctl, config, &looking.only);
	if (code == CTL_DONE) {
		looking.found = &found;
		look(ctl, config, &looking);
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
