/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The operator's overrides as stories in virtual time. After each event the table is told in the
 * words of its file, so that what is not expected there is seen.
 */
#include "director/backend/admin.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- a world ---------------------------------------------------------------------------------- */

struct world {
	struct config config;
	struct config_farm farms[2];
	struct config_backend backends[4]; /* www: web1 web2; dns: web1 ns1 */
	struct admin admin;
	uint64_t now_ms;
	char told[512]; /* by admin_follow() */
};

static void begin(struct world *w)
{
	static const char *const names[] = {"web1", "web2", "web1", "ns1"};

	*w = (struct world){.now_ms = 1000};
	for (size_t i = 0; i < 4; i++)
		w->backends[i] = (struct config_backend){.name = (char *)names[i],
							 .weight = (uint16_t)(i + 1)};
	w->farms[0] = (struct config_farm){
		.name = (char *)"www", .backends = &w->backends[0], .n_backends = 2};
	w->farms[1] = (struct config_farm){
		.name = (char *)"dns", .backends = &w->backends[2], .n_backends = 2};
	w->config = (struct config){.farms = w->farms, .n_farms = 2};
}

static void end(struct world *w)
{
	admin_clear(&w->admin);
	CU_ASSERT(!w->admin.entries && !w->admin.n);
}

/* The whole file; to be freed. */
static char *printed(const struct admin *a, size_t *ret_len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, ret_len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	admin_print(a, out);
	fclose(out);
	return text;
}

/* The lines between the first and the last. */
static void expect_table(const struct world *w, const char *want)
{
	static const char first[] = "director overrides 1\n", last[] = "end\n";
	size_t len;
	char *text = printed(&w->admin, &len), *whole = NULL;

	CU_ASSERT_FATAL(asprintf(&whole, "%s%s%s", first, want, last) > 0);
	EXPECT_TEXT(text, whole);
	free(whole);
	free(text);
}

static int set_state(struct world *w, const char *farm, size_t backend,
		     enum config_admin_state state, uint64_t drain_ms)
{
	return admin_set_state(&w->admin, farm, &w->backends[backend], state, drain_ms, w->now_ms);
}

static int set_weight(struct world *w, const char *farm, size_t backend, uint16_t weight)
{
	return admin_set_weight(&w->admin, farm, &w->backends[backend], weight);
}

/* "draining 5 overridden 4000" */
static void expect_view(const struct world *w, const char *farm, size_t backend, const char *want)
{
	struct admin_view v = admin_view(&w->admin, farm, &w->backends[backend]);
	char text[80], left[24] = "";

	if (v.deadline_ms != ADMIN_NEVER)
		snprintf(left, sizeof(left), " %llu", (unsigned long long)v.deadline_ms);
	snprintf(text, sizeof(text), "%s %u%s%s", admin_state_name(v.state), v.weight,
		 v.overridden ? " overridden" : "", left);
	EXPECT_TEXT(text, want);
}

static void tell(void *owner, const struct admin_entry *e, enum admin_end why)
{
	static const char *const words[] = {"backend", "state", "weight"};
	struct world *w = owner;
	size_t used = strlen(w->told);

	snprintf(w->told + used, sizeof(w->told) - used, "%s/%s %s\n", e->farm, e->backend,
		 words[why]);
}

static void follow(struct world *w, const char *want_told)
{
	w->told[0] = '\0';
	admin_follow(&w->admin, &w->config, tell, w);
	EXPECT_TEXT(w->told, want_told);
}

/* --- orders ----------------------------------------------------------------------------------- */

static void the_configuration_alone(void)
{
	struct admin_view v;
	struct world w;

	begin(&w);
	w.backends[1].state = ADMIN_DRAINING;
	expect_view(&w, "www", 0, "enabled 1");
	expect_view(&w, "www", 1, "draining 2");
	v = admin_view(NULL, "www", &w.backends[1]);
	CU_ASSERT(v.state == ADMIN_DRAINING && v.weight == 2 && !v.overridden);
	expect_table(&w, "");
	EXPECT_INT(admin_next_ms(&w.admin) == ADMIN_NEVER, true);
	end(&w);
}

/* The same name in another farm is another backend. */
static void states_and_weights(void)
{
	struct world w;

	begin(&w);
	EXPECT_INT(set_state(&w, "www", 0, ADMIN_DISABLED, 0), 0);
	EXPECT_INT(set_weight(&w, "www", 1, 256), 0);
	EXPECT_INT(set_state(&w, "www", 1, ADMIN_DRAINING, 0), 0);
	EXPECT_INT(set_weight(&w, "dns", 3, 0), 0);
	expect_view(&w, "www", 0, "disabled 1 overridden");
	expect_view(&w, "www", 1, "draining 256 overridden");
	expect_view(&w, "dns", 2, "enabled 3");
	expect_view(&w, "dns", 3, "enabled 0 overridden");
	expect_table(&w, "dns/ns1 weight 0 configured 4\n"
			 "www/web1 state disabled configured enabled\n"
			 "www/web2 state draining configured enabled weight 256 configured 2\n");
	end(&w);
}

/* What says the same as the configuration is no override. */
static void an_order_is_taken_back(void)
{
	struct world w;

	begin(&w);
	set_state(&w, "www", 1, ADMIN_DRAINING, 5000);
	set_weight(&w, "www", 1, 9);
	set_state(&w, "www", 1, ADMIN_ENABLED, 0);
	expect_table(&w, "www/web2 weight 9 configured 2\n");
	set_weight(&w, "www", 1, 2);
	expect_table(&w, "");
	expect_view(&w, "www", 1, "enabled 2");
	set_state(&w, "www", 0, ADMIN_ENABLED, 0);
	set_weight(&w, "www", 0, 1);
	expect_table(&w, "");
	w.backends[0].state = ADMIN_DISABLED;
	set_state(&w, "www", 0, ADMIN_ENABLED, 0);
	expect_table(&w, "www/web1 state enabled configured disabled\n");
	expect_view(&w, "www", 0, "enabled 1 overridden");
	end(&w);
}

/* The configuration with the operator's words in it; the configuration itself stays as it is. */
static void the_configuration_as_it_counts(void)
{
	struct config c;
	struct world w;

	begin(&w);
	set_state(&w, "www", 1, ADMIN_DISABLED, 0);
	set_weight(&w, "dns", 3, 9);
	EXPECT_INT(admin_effective(&w.admin, &w.config, &c), 0);
	EXPECT_INT(c.n_farms, 2);
	EXPECT_INT(c.farms[0].backends[0].state, ADMIN_ENABLED);
	EXPECT_INT(c.farms[0].backends[1].state, ADMIN_DISABLED);
	EXPECT_INT(c.farms[0].backends[1].weight, 2);
	EXPECT_INT(c.farms[1].backends[0].weight, 3);
	EXPECT_INT(c.farms[1].backends[1].weight, 9);
	CU_ASSERT_PTR_EQUAL(c.farms[1].backends[1].name, w.backends[3].name);
	EXPECT_INT(w.backends[1].state, ADMIN_ENABLED);
	EXPECT_INT(w.backends[3].weight, 4);
	admin_effective_clear(&c);
	admin_effective_clear(&c);
	end(&w);
}

/* The fullest table there can be fits the file. */
static void expect_fits_the_file(const struct admin *a)
{
	struct admin again = {0};
	size_t len;
	char *text = printed(a, &len);
	int line = 0;

	CU_ASSERT(len <= ADMIN_FILE_MAX);
	EXPECT_INT(admin_parse((uint8_t *)text, len, &again, &line), 0);
	EXPECT_INT(again.n, a->n);
	admin_clear(&again);
	free(text);
}

static void no_more_than_there_is_room_for(void)
{
	struct config_backend b = {.weight = 1};
	struct admin a = {0};
	char name[CONFIG_NAME_MAX + 1];

	b.name = name;
	for (int i = 0; i < ADMIN_MAX; i++) {
		/* In no order: each finds its place. */
		snprintf(name, sizeof(name), "a-name-of-thirty-one-octets-%03x", i * 1365 & 0xfff);
		EXPECT_INT(strlen(name), CONFIG_NAME_MAX);
		if (admin_set_state(&a, "a-farm-of-thirty-one-octets-abc", &b, ADMIN_DRAINING,
				    CONFIG_DEADLINE_MAX_MS, 999999000000000) < 0)
			CU_FAIL("there is no room");
		if (admin_set_weight(&a, "a-farm-of-thirty-one-octets-abc", &b, 256) < 0)
			CU_FAIL("there is no room");
	}
	EXPECT_INT(a.n, ADMIN_MAX);
	b.name = (char *)"one-more";
	EXPECT_INT(admin_set_weight(&a, "www", &b, 2), -ENOSPC);
	EXPECT_INT(admin_set_weight(&a, "www", &b, 1), 0); /* is no override */
	b.name = name;
	EXPECT_INT(admin_set_weight(&a, "a-farm-of-thirty-one-octets-abc", &b, 5), 0);
	EXPECT_INT(a.n, ADMIN_MAX);
	expect_fits_the_file(&a);
	admin_clear(&a);
}

/* --- deadlines -------------------------------------------------------------------------------- */

/* Time goes on to now_ms; what expires is told. */
static void expect_expired(struct world *w, uint64_t now_ms, const char *want)
{
	struct admin_entry e;
	char text[256] = "";

	w->now_ms = now_ms;
	while (admin_expire(&w->admin, now_ms, &e)) {
		size_t used = strlen(text);

		EXPECT_INT(e.state, ADMIN_DRAINING);
		snprintf(text + used, sizeof(text) - used, "%s/%s after %llu\n", e.farm, e.backend,
			 (unsigned long long)e.drain_ms);
	}
	EXPECT_TEXT(text, want);
}

static void a_deadline_passes(void)
{
	struct world w;

	begin(&w);
	set_state(&w, "www", 0, ADMIN_DRAINING, 5000);
	set_state(&w, "www", 1, ADMIN_DRAINING, 3000);
	set_weight(&w, "www", 1, 9);
	set_state(&w, "dns", 2, ADMIN_DRAINING, 0);
	EXPECT_INT(admin_next_ms(&w.admin), 4000);
	expect_view(&w, "www", 1, "draining 9 overridden 4000");
	expect_expired(&w, 3999, "");
	expect_expired(&w, 4000, "www/web2 after 3000\n");
	expect_view(&w, "www", 1, "disabled 9 overridden");
	EXPECT_INT(admin_next_ms(&w.admin), 6000);
	expect_expired(&w, 10000, "www/web1 after 5000\n");
	EXPECT_INT(admin_next_ms(&w.admin) == ADMIN_NEVER, true);
	expect_expired(&w, UINT64_MAX - 1, "");
	expect_table(&w, "dns/web1 state draining configured enabled\n"
			 "www/web1 state disabled configured enabled\n"
			 "www/web2 state disabled configured enabled weight 9 configured 2\n");
	end(&w);
}

/* The last order counts. */
static void a_deadline_is_moved_and_removed(void)
{
	struct world w;

	begin(&w);
	set_state(&w, "www", 0, ADMIN_DRAINING, 5000);
	w.now_ms = 3000;
	set_state(&w, "www", 0, ADMIN_DRAINING, 60000);
	EXPECT_INT(admin_next_ms(&w.admin), 63000);
	set_state(&w, "www", 0, ADMIN_DRAINING, 0);
	EXPECT_INT(admin_next_ms(&w.admin) == ADMIN_NEVER, true);
	set_state(&w, "www", 0, ADMIN_DRAINING, 1000);
	set_state(&w, "www", 0, ADMIN_ENABLED, 0);
	expect_table(&w, "");
	set_state(&w, "www", 0, ADMIN_DRAINING, 1000);
	set_state(&w, "www", 0, ADMIN_DISABLED, 0);
	expect_expired(&w, 100000, "");
	expect_table(&w, "www/web1 state disabled configured enabled\n");
	end(&w);
}

/* A deadline makes an order of a state that is configured anyway; what comes of it may be none. */
static void a_deadline_beside_the_configured_state(void)
{
	struct world w;

	begin(&w);
	w.backends[0].state = ADMIN_DRAINING;
	w.backends[1].state = ADMIN_DISABLED;
	set_state(&w, "www", 0, ADMIN_DRAINING, 0);
	expect_table(&w, "");
	set_state(&w, "www", 0, ADMIN_DRAINING, 1000);
	set_state(&w, "www", 1, ADMIN_DRAINING, 1000);
	expect_table(&w, "www/web1 state draining configured draining deadline 2000 of 1000\n"
			 "www/web2 state draining configured disabled deadline 2000 of 1000\n");
	expect_expired(&w, 2000, "www/web1 after 1000\nwww/web2 after 1000\n");
	expect_table(&w, "www/web1 state disabled configured draining\n");
	expect_view(&w, "www", 1, "disabled 2");
	end(&w);
}

/* The daemon was away for a while; then the machine was. */
static void time_goes_on_over_a_restart(void)
{
	struct world w;

	begin(&w);
	w.now_ms = 500000;
	set_state(&w, "www", 0, ADMIN_DRAINING, 60000);
	set_state(&w, "www", 1, ADMIN_DRAINING, 0);
	admin_resume(&w.admin, 520000);
	EXPECT_INT(admin_next_ms(&w.admin), 560000);
	admin_resume(&w.admin, 600000);
	EXPECT_INT(admin_next_ms(&w.admin), 560000); /* has passed, and will be found */
	admin_resume(&w.admin, 2000); /* the clock of another boot: it cannot be that far away */
	EXPECT_INT(admin_next_ms(&w.admin), 62000);
	expect_view(&w, "www", 1, "draining 2 overridden");
	end(&w);
}

/* --- another configuration -------------------------------------------------------------------- */

static void the_same_configuration_again(void)
{
	struct world w;

	begin(&w);
	follow(&w, "");
	set_state(&w, "www", 0, ADMIN_DRAINING, 5000);
	set_weight(&w, "dns", 3, 7);
	follow(&w, "");
	w.backends[0].weight = 77; /* another key */
	w.backends[3].state = ADMIN_DRAINING;
	follow(&w, "");
	expect_table(&w, "dns/ns1 weight 7 configured 4\n"
			 "www/web1 state draining configured enabled deadline 6000 of 5000\n");
	expect_view(&w, "www", 0, "draining 77 overridden 6000");
	expect_view(&w, "dns", 3, "draining 7 overridden");
	end(&w);
}

static void the_configuration_says_something_else(void)
{
	struct world w;

	begin(&w);
	set_state(&w, "www", 0, ADMIN_DRAINING, 5000);
	set_weight(&w, "www", 0, 9);
	set_weight(&w, "www", 1, 9);
	w.backends[0].state = ADMIN_DISABLED;
	w.backends[1].weight = 9; /* what was ordered: it is the configuration's now */
	follow(&w, "www/web1 state\nwww/web2 weight\n");
	expect_table(&w, "www/web1 weight 9 configured 1\n");
	expect_view(&w, "www", 0, "disabled 9 overridden");
	expect_view(&w, "www", 1, "enabled 9");
	EXPECT_INT(admin_next_ms(&w.admin) == ADMIN_NEVER, true);
	w.backends[0].state = ADMIN_ENABLED; /* and back: the order is not remembered */
	follow(&w, "");
	expect_view(&w, "www", 0, "enabled 9 overridden");
	end(&w);
}

static void a_backend_is_not_configured_any_more(void)
{
	struct world w;

	begin(&w);
	set_state(&w, "www", 0, ADMIN_DISABLED, 0);
	set_state(&w, "www", 1, ADMIN_DRAINING, 1000);
	set_weight(&w, "dns", 2, 9);
	w.farms[0].n_backends = 1;
	w.config.n_farms = 2;
	w.farms[1].name = (char *)"dns2";
	follow(&w, "dns/web1 backend\nwww/web2 backend\n");
	expect_table(&w, "www/web1 state disabled configured enabled\n");
	w.config.n_farms = 0;
	follow(&w, "www/web1 backend\n");
	expect_table(&w, "");
	end(&w);
}

UNIT_TESTS(admin) = {
	{"the configuration alone", the_configuration_alone},
	{"states and weights", states_and_weights},
	{"an order is taken back", an_order_is_taken_back},
	{"the configuration as it counts", the_configuration_as_it_counts},
	{"no more than there is room for", no_more_than_there_is_room_for},
	{"a deadline passes", a_deadline_passes},
	{"a deadline is moved and removed", a_deadline_is_moved_and_removed},
	{"a deadline beside the configured state", a_deadline_beside_the_configured_state},
	{"time goes on over a restart", time_goes_on_over_a_restart},
	{"the same configuration again", the_same_configuration_again},
	{"the configuration says something else", the_configuration_says_something_else},
	{"a backend is not configured any more", a_backend_is_not_configured_any_more},
	UNIT_TESTS_END,
};
