/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/bench/planned.h"

#include "director/config/load.h"
#include "director/ruleset/kernel_uv.h"
#include "director/ruleset/sequence.h"
#include "director/schedule/transitions.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- the configuration ------------------------------------------------------------------------ */

struct addr planned_vip(const struct shape *shape)
{
	struct addr a = addr_v4(0x0a4d0101);

	if (shape->ipv6)
		addr_parse("fd77::1:101", &a);
	return a;
}

struct addr planned_backend(const struct shape *shape, unsigned int farm, unsigned int backend)
{
	uint32_t n = farm * shape->backends + backend;
	struct addr a = addr_v4(0x0a640001 + n);

	if (shape->ipv6) {
		addr_parse("fd77::2:0:0", &a);
		for (size_t i = 0; i < 4; i++)
			a.bytes[15 - i] = (uint8_t)((n + 1) >> (8 * i));
	}
	return a;
}

static char *configuration(const struct shape *shape, size_t *ret_size)
{
	char text[ADDR_TEXT], *conf = NULL;
	struct addr vip = planned_vip(shape);
	FILE *out = open_memstream(&conf, ret_size);

	if (!out)
		return NULL;
	for (unsigned int f = 0; f < shape->farms; f++) {
		fprintf(out, "farm \"f%u\" {\naddress = \"%s\"\ninterface = \"" PLACE_DEVICE "\"\n",
			f, addr_format(&vip, text));
		fprintf(out, "ports = { \"%d\" }\n%s\n", PLANNED_PORT,
			shape->keys ? shape->keys : "");
		for (unsigned int b = 0; b < shape->backends; b++) {
			struct addr backend = planned_backend(shape, f, b);

			fprintf(out, "backend \"b%u\" { address = \"%s\" }\n", b,
				addr_format(&backend, text));
		}
		fprintf(out, "}\n");
		/* The next in the low 16 bits, as frames.h has it. */
		for (size_t i = addr_len(&vip); i-- > 0 && ++vip.bytes[i] == 0;)
			;
	}
	if (fclose(out) != 0) {
		free(conf);
		return NULL;
	}
	return conf;
}

int planned_init(struct planned *p, const struct shape *shape, const struct place *place,
		 struct err *err)
{
	size_t size = 0;
	char *conf = configuration(shape, &size);
	int code;

	*p = (struct planned){.place = place, .shape = *shape};
	if (!conf)
		return err_set(err, -ENOMEM, "no memory");
	code = config_load_text("case", conf, size, &p->config, err);
	free(conf);
	if (code == 0) {
		p->transitions = transitions_new();
		p->plan = plan_memory_new();
		if (!p->transitions || !p->plan ||
		    transitions_configure(p->transitions, p->config) < 0)
			return err_set(err, -ENOMEM, "no memory");
	}
	return code < 0 && strstr(err->text, "not supported yet") ? -ENOTSUP : code;
}

void planned_clear(struct planned *p)
{
	ruleset_clear(&p->ruleset);
	transitions_free(p->transitions);
	plan_memory_free(p->plan);
	facts_clear(&p->facts);
	config_free(p->config);
	*p = (struct planned){0};
}

/* --- the plan --------------------------------------------------------------------------------- */

static bool ask_interface(void *owner, const char *name, struct plan_interface *ret)
{
	const struct planned *p = owner;

	*ret = (struct plan_interface){.ifindex = p->place->ifindex, .mac = p->place->mac};
	snprintf(ret->name, sizeof(ret->name), "%s", name);
	return true;
}

static bool ask_mac(void *owner, uint32_t ifindex, const struct addr *addr, struct mac *ret)
{
	const struct planned *p = owner;
	const uint8_t *last = addr->bytes + addr_len(addr) - 4;

	(void)ifindex;
	*ret = (struct mac){{2, 1, last[0], last[1], last[2], last[3]}};
	for (unsigned int f = 0; f < p->dead; f++) {
		struct addr dead = planned_backend(&p->shape, f, 0);

		if (addr_equal(addr, &dead))
			return false;
	}
	return true;
}

static uint64_t nothing_remembered(void *owner, const char *farm)
{
	(void)owner;
	(void)farm;
	return TRANSITION_UNKNOWN;
}

static void say_nothing(void *owner, const struct config_farm *farm, const struct transition *t,
			const struct transition_update *update)
{
	(void)owner;
	(void)farm;
	(void)t;
	(void)update;
}

static int plan_facts(struct planned *p)
{
	static const struct transitions_handler handler = {.remembered = nothing_remembered,
							   .changed = say_nothing};
	int err = transitions_step(p->transitions, &p->facts.plan, 1, &handler);

	p->facts.plan.transitions = transitions_list(p->transitions);
	ruleset_clear(&p->ruleset);
	return err ? err : plan_ruleset_again(p->plan, &p->facts.plan, &p->ruleset);
}

int planned_make(struct planned *p)
{
	struct facts_source source = {.interface = ask_interface, .mac = ask_mac, .owner = p};
	int err;

	facts_clear(&p->facts);
	err = facts_gather(&p->facts, p->config, NULL, &source);
	return err ? err : plan_facts(p);
}

int planned_lose(struct planned *p)
{
	struct facts_source source = {.interface = ask_interface, .mac = ask_mac, .owner = p};
	struct addr lost = planned_backend(&p->shape, p->dead++, 0);

	return facts_renew(&p->facts, NULL, &source, &lost, 1) ? plan_facts(p) : -EINVAL;
}

size_t planned_elements(const struct ruleset *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n_sets; i++)
		n += ruleset_set_count(&r->sets[i]);
	return n;
}

/* --- the kernel ------------------------------------------------------------------------------- */

int planned_commit(struct planned *p, struct err *err)
{
	struct ruleset nothing = {0};
	struct ruleset_change change;
	struct nft_socket s;
	struct nft_batch batch;
	int code = nft_socket_open(&s, err);

	if (code < 0)
		return code;
	nft_batch_begin(&batch, nft_socket_next_seq(&s));
	code = ruleset_diff(&nothing, &p->ruleset, &batch, &change);
	if (!code)
		code = nft_batch_end(&batch);
	if (!code)
		code = nft_socket_commit(&s, &batch, NULL, NULL, err);
	else
		err_set(err, code, "no memory");
	nft_batch_clear(&batch);
	nft_socket_close(&s);
	return code;
}

int planned_flows(const struct planned *p, uint64_t *ret)
{
	struct err err = {0};
	struct nft_socket s;
	int code = nft_socket_open(&s, &err);

	if (code < 0)
		return code;
	*ret = 0;
	for (size_t i = 0; !code && i < p->ruleset.n_sets; i++) {
		enum ruleset_set_kind kind = p->ruleset.sets[i].kind;
		uint32_t n = 0;

		if (!ruleset_kind_is_flows(kind) || ruleset_kind_is_pins(kind))
			continue;
		code = kernel_read_size(&s, p->ruleset.sets[i].name, &n);
		*ret += n;
	}
	nft_socket_close(&s);
	return code;
}
