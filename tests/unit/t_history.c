/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/backend/history.h"

#include "director/config/load.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct config *load(const char *farms)
{
	struct config *c = NULL;
	struct err err = {0};

	if (config_load_text("test.conf", farms, strlen(farms), &c, &err) < 0)
		CU_FAIL_FATAL("cannot load a configuration");
	return c;
}

#define FARM(name, port, backends)                                                                 \
	"farm \"" name "\" { address = \"10.77.0.100\" interface = \"eth0\" ports = \"" port       \
	"\" " backends " }\n"
#define BACKEND(name, host) "backend \"" name "\" { address = \"10.77.0." host "\" }\n"

static const char *describe(const struct history *h, size_t place)
{
	static char text[4096];
	const struct history_backend *b = &h->backends[place];
	FILE *out = fmemopen(text, sizeof(text), "w");

	fprintf(out, "%s since %llu\n", b->known ? backend_state_name(b->state) : "?",
		(unsigned long long)b->since_ms);
	for (size_t i = 0; i < history_length(b); i++) {
		const struct history_change *c = history_change(b, i);

		fprintf(out, "%llu %s -> %s (%s)\n", (unsigned long long)c->at_ms,
			backend_state_name(c->from), backend_state_name(c->to), c->reason);
	}
	fclose(out);
	return text;
}

static void changes_with_reasons(void)
{
	struct config *c = load(FARM("www", "80", BACKEND("web1", "21") BACKEND("web2", "22")));
	struct history h = {0};

	CU_ASSERT_FATAL(history_configure(&h, c) == 0);
	EXPECT_TEXT(describe(&h, 0), "? since 0\n");
	CU_ASSERT(!history_see(&h, 0, BACKEND_UP, "as it is", 10));
	EXPECT_TEXT(describe(&h, 0), "up since 10\n");
	CU_ASSERT(!history_see(&h, 0, BACKEND_UP, "still", 20));
	CU_ASSERT(history_see(&h, 0, BACKEND_DOWN, "silent", 30));
	CU_ASSERT(!history_see(&h, 0, BACKEND_DOWN, "refused", 40));
	CU_ASSERT(history_see(&h, 0, BACKEND_UP, "", 50));
	EXPECT_TEXT(describe(&h, 0), "up since 50\n50 down -> up ()\n30 up -> down (silent)\n");
	EXPECT_TEXT(describe(&h, 1), "? since 0\n");
	history_clear(&h);
	history_clear(&h);
	config_free(c);
}

static void the_last_ones_are_kept(void)
{
	struct config *c = load(FARM("www", "80", BACKEND("web1", "21")));
	struct history h = {0};
	const struct history_backend *b;

	CU_ASSERT_FATAL(history_configure(&h, c) == 0);
	for (uint64_t i = 0; i <= 100; i++)
		history_see(&h, 0, i % 2 ? BACKEND_DOWN : BACKEND_UP, "", i);
	b = &h.backends[0];
	EXPECT_INT(history_length(b), HISTORY_MOST);
	for (size_t i = 0; i < HISTORY_MOST; i++)
		EXPECT_INT(history_change(b, i)->at_ms, 100 - i);
	history_clear(&h);
	config_free(c);
}

/* By name: another order, a farm in front, one that is new. */
static void it_goes_on_in_another_configuration(void)
{
	struct config *old = load(FARM("www", "80", BACKEND("web1", "21") BACKEND("web2", "22")));
	struct config *new = load(FARM("api", "81", BACKEND("web1", "21")) FARM(
		"www", "80", BACKEND("web3", "23") BACKEND("web2", "22")));
	struct history h = {0};

	CU_ASSERT_FATAL(history_configure(&h, old) == 0);
	history_see(&h, 0, BACKEND_UP, "", 1);
	history_see(&h, 1, BACKEND_UP, "", 2);
	history_see(&h, 1, BACKEND_DRAINING, "by the operator", 3);
	CU_ASSERT_FATAL(history_configure(&h, new) == 0);
	config_free(old);
	EXPECT_INT(places_count(&h.places), 3);
	EXPECT_TEXT(describe(&h, 0), "? since 0\n"); /* another farm's web1 */
	EXPECT_TEXT(describe(&h, 1), "? since 0\n");
	EXPECT_TEXT(describe(&h, 2), "draining since 3\n3 up -> draining (by the operator)\n");
	history_clear(&h);
	config_free(new);
}

static void states(void)
{
	EXPECT_INT(backend_state(ADMIN_ENABLED, true, true, false), BACKEND_UP);
	EXPECT_INT(backend_state(ADMIN_ENABLED, true, false, false), BACKEND_DOWN);
	EXPECT_INT(backend_state(ADMIN_ENABLED, false, true, false), BACKEND_UNRESOLVED);
	EXPECT_INT(backend_state(ADMIN_ENABLED, false, false, false), BACKEND_UNRESOLVED);
	EXPECT_INT(backend_state(ADMIN_DRAINING, true, true, false), BACKEND_DRAINING);
	EXPECT_INT(backend_state(ADMIN_DRAINING, true, false, false), BACKEND_DOWN);
	EXPECT_INT(backend_state(ADMIN_DISABLED, false, false, false), BACKEND_DISABLED);
	EXPECT_INT(backend_state(ADMIN_DISABLED, true, true, false), BACKEND_DISABLED);
	EXPECT_INT(backend_state(ADMIN_ENABLED, true, true, true), BACKEND_SLOW_START);
	EXPECT_INT(backend_state(ADMIN_DRAINING, true, true, true), BACKEND_DRAINING);
	EXPECT_INT(backend_state(ADMIN_ENABLED, true, false, true), BACKEND_DOWN);
}

UNIT_TESTS(history) = {
	{"changes with reasons", changes_with_reasons},
	{"the last ones are kept", the_last_ones_are_kept},
	{"it goes on in another configuration", it_goes_on_in_another_configuration},
	{"states", states},
	UNIT_TESTS_END,
};
