/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/audit/prospect.h"

#include "director/config/outline.h"
#include "director/ruleset/bucket.h"
#include "director/ruleset/export.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* --- the world, by a status ------------------------------------------------------------------- */

struct view {
	const struct config *config;
	const struct status *status;
	const struct facts_source *world;
};

static const struct status_farm *status_farm(const struct status *s, const char *name)
{
	for (size_t i = 0; s && i < s->n_farms; i++)
		if (strcmp(s->farms[i].name, name) == 0)
			return &s->farms[i];
	return NULL;
}

/* The same backend: its address has not changed. */
static const struct status_backend *status_backend(const struct status_farm *f,
						   const struct config_backend *b)
{
	char address[ADDR_TEXT];

	addr_format(&b->address, address);
	for (size_t i = 0; f && i < f->n_backends; i++)
		if (strcmp(f->backends[i].name, b->name) == 0 &&
		    strcmp(f->backends[i].address, address) == 0)
			return &f->backends[i];
	return NULL;
}

static bool ask_interface(void *owner, const char *name, struct plan_interface *ret)
{
	const struct view *v = owner;

	return v->world->interface(v->world->owner, name, ret);
}

static bool ask_route(void *owner, const struct addr *addr, char ret[static RULESET_IFNAME])
{
	const struct view *v = owner;

	return v->world->route(v->world->owner, addr, ret);
}

static struct mac stand_in(const struct addr *a)
{
	const uint8_t *end = a->bytes + (a->family == AF_INET ? 0 : 12);
	struct mac ret = {{0x02, 0, end[0], end[1], end[2], end[3]}};

	return ret;
}

static bool ask_mac(void *owner, uint32_t ifindex, const struct addr *addr, struct mac *ret)
{
	const struct view *v = owner;
	const struct status *s = v->status;
	char address[ADDR_TEXT];
	bool waits = false;

	(void)ifindex;
	addr_format(addr, address);
	for (size_t i = 0; s && i < s->n_farms; i++)
		for (size_t k = 0; k < s->farms[i].n_backends; k++) {
			const struct status_backend *b = &s->farms[i].backends[k];

			if (strcmp(b->address, address) != 0)
				continue;
			if (b->mac[0] && mac_parse(b->mac, ret) == 0)
				return true;
			waits |= strcmp(b->state, "disabled") != 0;
		}
	*ret = stand_in(addr);
	return !waits;
}

static enum outcome_class ask_health(void *owner, size_t farm, size_t backend)
{
	const struct view *v = owner;
	const struct config_farm *f = &v->config->farms[farm];
	const struct status_backend *b =
		status_backend(status_farm(v->status, f->name), &f->backends[backend]);

	return b && strcmp(b->state, "down") == 0 ? OUTCOME_DEAD : OUTCOME_WELL;
}

/* --- the operator's orders -------------------------------------------------------------------- */

static enum config_admin_state state_of(const char *word)
{
	return strcmp(word, "draining") == 0   ? ADMIN_DRAINING
	       : strcmp(word, "disabled") == 0 ? ADMIN_DISABLED
					       : ADMIN_ENABLED;
}

static int take_order(struct admin *a, const char *farm, const struct status_backend *s)
{
	const struct config_backend was = {.name = s->name,
					   .state = state_of(s->configured_state),
					   .weight = (uint16_t)s->configured_weight};
	int code = 0;

	if (strcmp(s->admin_state, s->configured_state) != 0)
		code = admin_set_state(a, farm, &was, state_of(s->admin_state), 0, 0);
	if (code == 0 && s->weight != s->configured_weight)
		code = admin_set_weight(a, farm, &was, (uint16_t)s->weight);
	return code;
}

static void say_nothing(void *owner, const struct admin_entry *entry, enum admin_end why)
{
	(void)owner;
	(void)entry;
	(void)why;
}

/* Those that last: the daemon forgets the rest in the same way when it takes the configuration. */
static int take_orders(struct admin *a, const struct config *c, const struct status *s)
{
	int code = 0;

	for (size_t i = 0; s && i < s->n_farms; i++)
		for (size_t k = 0; code == 0 && k < s->farms[i].n_backends; k++)
			if (s->farms[i].backends[k].override)
				code = take_order(a, s->farms[i].name, &s->farms[i].backends[k]);
	admin_follow(a, c, say_nothing, NULL);
	return code;
}

/* --- out -------------------------------------------------------------------------------------- */

static const char *kind_of(const struct config_farm *f)
{
	if (plan_farm_is_hashed(f))
		return "hashed";
	return f->scheduler == SCHEDULER_MAGLEV || f->scheduler == SCHEDULER_SOURCE_HASH
		       ? "remembers"
		       : "turns";
}

static void print_table(FILE *out, const struct config_farm *f, const struct ruleset *r)
{
	const struct ruleset_set *set = export_chooser(r, f->name);

	if (!set)
		return;
	fprintf(out, PROSPECT_TABLE "%s %s %u %u", f->name, kind_of(f), f->seed, set->size);
	for (size_t i = 0; i < f->n_backends; i++)
		fprintf(out, " %s", f->backends[i].name);
	fputc('\n', out);
	for (uint32_t i = 0; i < set->size; i++)
		if (set->owners[i] == RULESET_NO_OWNER)
			fputs(i ? " -" : "-", out);
		else
			fprintf(out, "%s%u", i ? " " : "", set->owners[i]);
	fputc('\n', out);
}

static void print_all(FILE *out, const struct config *c, const struct plan_facts *facts,
		      const struct ruleset *r)
{
	outline_print(c, PROSPECT_PART, out);
	for (size_t i = 0; i < c->n_farms; i++)
		print_table(out, &c->farms[i], r);
	fputs(PROSPECT_RULESET "\n", out);
	export_print_body(out, facts, r);
}

/* What comes of it: plan(), with the facts that it is planned from. */
typedef void prospect_planned(void *owner, const struct plan_facts *facts, struct ruleset *r);

static int plan(const struct config *c, const struct status *s, const struct facts_source *world,
		prospect_planned *planned, void *owner)
{
	struct view view = {.config = c, .status = s, .world = world};
	struct admin admin = {0};
	struct facts_source source = {.interface = ask_interface,
				      .mac = ask_mac,
				      .route = ask_route,
				      .health = ask_health,
				      .admin = &admin,
				      .owner = &view};
	struct config ordered = {0};
	struct facts facts = {0};
	struct ruleset r = {0};
	int code = take_orders(&admin, c, s);

	if (code == 0)
		code = admin_effective(&admin, c, &ordered);
	if (code == 0)
		code = facts_gather(&facts, &ordered, NULL, &source);
	if (code == 0)
		code = plan_ruleset(&facts.plan, &r);
	if (code == 0)
		planned(owner, &facts.plan, &r);
	ruleset_clear(&r);
	facts_clear(&facts);
	admin_effective_clear(&ordered);
	admin_clear(&admin);
	return code;
}

struct page {
	FILE *out;
	const struct config *config;
};

static void print_planned(void *owner, const struct plan_facts *facts, struct ruleset *r)
{
	const struct page *page = owner;

	print_all(page->out, page->config, facts, r);
}

int prospect_print(FILE *out, const struct config *c, const struct status *s,
		   const struct facts_source *world)
{
	struct page page = {out, c};

	return plan(c, s, world, print_planned, &page);
}

static void take_planned(void *owner, const struct plan_facts *facts, struct ruleset *r)
{
	struct ruleset *ret = owner;

	(void)facts;
	*ret = *r;
	ruleset_init(r);
}

int prospect_plan(const struct config *c, const struct status *s, const struct facts_source *world,
		  struct ruleset *ret)
{
	return plan(c, s, world, take_planned, ret);
}
