/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/schedule/admission.h"

#include "director/ruleset/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Filling a table asks every backend about every bucket, 9 ns each; what else there is to a farm
 * (rules and their signatures, the elements of its table) takes as long as some backends.
 */
enum { COST_MAX = 1000000, COST_FARM = 20 };

static size_t cost(const struct config_farm *farm)
{
	return (size_t)plan_farm_modulus(farm) * (farm->n_backends + COST_FARM);
}

static bool was_admitted(const struct admission *a, const struct config *old, const char *farm)
{
	for (size_t i = 0; old && i < old->n_farms && i < a->n; i++)
		if (strcmp(old->farms[i].name, farm) == 0)
			return a->farms[i];
	return false;
}

int admission_configure(struct admission *a, const struct config *old, const struct config *now)
{
	struct admission next = {.farms = calloc(now->n_farms + 1, sizeof(*next.farms)),
				 .n = now->n_farms};

	if (!next.farms)
		return -ENOMEM;
	for (size_t i = 0; i < next.n; i++) {
		next.farms[i] = was_admitted(a, old, now->farms[i].name);
		next.n_admitted += next.farms[i];
	}
	admission_clear(a);
	*a = next;
	return 0;
}

void admission_clear(struct admission *a)
{
	free(a->farms);
	*a = (struct admission){0};
}

static void admit(struct admission *a, size_t farm)
{
	a->n_admitted += !a->farms[farm];
	a->farms[farm] = true;
}

/* The chain of packets of a farm; behind its name a protocol may follow, ".udp". */
static bool is_chain_of(const char *chain, const char *farm)
{
	size_t len = strlen(farm);

	return strncmp(chain, "farm-", 5) == 0 && strncmp(chain + 5, farm, len) == 0 &&
	       (chain[5 + len] == '\0' || chain[5 + len] == '.');
}

/* Chains are in the order of the farms: the next one is not far. */
void admission_adopt(struct admission *a, const struct config *c, const struct ruleset *have)
{
	size_t at = 0;

	for (size_t i = 0; i < c->n_farms; i++)
		for (size_t k = 0; k < have->n_chains; k++, at++) {
			at = at < have->n_chains ? at : 0;
			if (!is_chain_of(have->chains[at].name, c->farms[i].name))
				continue;
			admit(a, i);
			break;
		}
}

void admission_go_on(struct admission *a, const struct config *c)
{
	size_t spent = 0;

	for (size_t i = 0; i < a->n && spent < COST_MAX; i++) {
		if (a->farms[i])
			continue;
		admit(a, i);
		spent += cost(&c->farms[i]);
	}
}

bool admission_is_complete(const struct admission *a)
{
	return a->n_admitted == a->n;
}
