/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/doctor/finding.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[FINDING_CODES] = {
	[FINDING_NONE] = "none",
	[FINDING_ALARM] = "alarm",
	[FINDING_RULESET] = "ruleset",
	[FINDING_PEER] = "peer",
	[FINDING_SYNC] = "not-in-sync",
	[FINDING_CONFIGURATIONS] = "configurations-differ",
	[FINDING_VIEWS] = "views-differ",
	[FINDING_FILE] = "file-not-loaded",
	[FINDING_CLOCKS] = "clocks-differ",
	[FINDING_ONE_BACKEND] = "one-backend",
	[FINDING_NETWORK] = "other-network",
	[FINDING_KERNEL_FEATURE] = "kernel-feature",
	[FINDING_LRO] = "lro",
	[FINDING_RP_FILTER] = "rp-filter",
	[FINDING_CHAIN_BEFORE] = "chain-before",
	[FINDING_SAVED_TABLE] = "saved-table",
	[FINDING_FIREWALL_BYPASSED] = "firewall-bypassed",
	[FINDING_PROGRAM_BEFORE] = "program-before",
	[FINDING_VIP_UNHELD] = "vip-unheld",
	[FINDING_VIP_FOREIGN] = "vip-foreign",
	[FINDING_VIP_SPOKEN] = "vip-spoken-for",
	[FINDING_VIP_CLAIMED] = "vip-claimed",
	[FINDING_ANSWERS_LOST] = "answers-lost",
	[FINDING_OFF_LINK] = "backend-off-link",
	[FINDING_ABSENT] = "backend-absent",
	[FINDING_TWICE] = "address-twice",
	[FINDING_WRONG_MAC] = "wrong-mac",
	[FINDING_VIP_MISSING] = "vip-missing",
	[FINDING_ELSEWHERE] = "answers-elsewhere",
	[FINDING_FILTERED] = "filtered",
	[FINDING_OWN_ADDRESS] = "own-address-only",
	[FINDING_NOT_LISTENING] = "not-listening",
	[FINDING_MTU] = "mtu-too-small",
};

const char *finding_name(enum finding_code code)
{
	return names[code];
}

/* A text to be freed, or NULL. */
static char *print(const char *fmt, va_list arguments)
{
	char *text = NULL;

	return vasprintf(&text, fmt, arguments) < 0 ? NULL : text;
}

void findings_add(struct findings *f, enum finding_code code, const char *farm, const char *backend,
		  const char *cure, const char *fmt, ...)
{
	struct finding *list = realloc(f->list, (f->n + 1) * sizeof(*list)), *added;
	va_list arguments;

	if (!list) {
		f->no_memory = true;
		return;
	}
	f->list = list;
	added = &list[f->n];
	*added = (struct finding){.code = code, .cure = cure ? strdup(cure) : NULL};
	snprintf(added->farm, sizeof(added->farm), "%s", farm ? farm : "");
	snprintf(added->backend, sizeof(added->backend), "%s", backend ? backend : "");
	va_start(arguments, fmt);
	added->sentence = print(fmt, arguments);
	va_end(arguments);
	f->n++;
	if (!added->sentence || (cure && !added->cure))
		f->no_memory = true;
}

void findings_skip(struct findings *f, const char *what, const char *fmt, ...)
{
	struct finding_skip *list = realloc(f->skipped, (f->n_skipped + 1) * sizeof(*list)), *added;
	va_list arguments;

	if (!list) {
		f->no_memory = true;
		return;
	}
	f->skipped = list;
	added = &list[f->n_skipped++];
	added->what = strdup(what);
	va_start(arguments, fmt);
	added->why = print(fmt, arguments);
	va_end(arguments);
	if (!added->what || !added->why)
		f->no_memory = true;
}

bool findings_have(const struct findings *f, enum finding_code code, const char *farm,
		   const char *backend)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->list[i].code == code && (!farm || strcmp(f->list[i].farm, farm) == 0) &&
		    (!backend || strcmp(f->list[i].backend, backend) == 0))
			return true;
	return false;
}

static int order(const struct finding *a, const struct finding *b)
{
	int by_farm = strcmp(a->farm, b->farm);

	if (a->code != b->code)
		return a->code < b->code ? -1 : 1;
	return by_farm ? by_farm : strcmp(a->backend, b->backend);
}

/* Stable, and few: an insertion sort. */
void findings_sort(struct findings *f)
{
	for (size_t i = 1; i < f->n; i++) {
		struct finding moved = f->list[i];
		size_t at = i;

		for (; at > 0 && order(&f->list[at - 1], &moved) > 0; at--)
			f->list[at] = f->list[at - 1];
		f->list[at] = moved;
	}
}

void findings_clear(struct findings *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->list[i].sentence);
		free(f->list[i].cure);
	}
	for (size_t i = 0; i < f->n_skipped; i++) {
		free(f->skipped[i].what);
		free(f->skipped[i].why);
	}
	free(f->list);
	free(f->skipped);
	*f = (struct findings){0};
}
