/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The operator's words on two nodes, in whatever order they come: both end with the same ones. */
#include "director/backend/admin.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pair {
	struct config config;
	struct config_farm farm;
	struct config_backend backends[2];
	struct admin admin[2];
	uint64_t now_ms[2];
};

static void begin(struct pair *p)
{
	*p = (struct pair){.backends = {{.name = (char *)"web1", .weight = 1},
					{.name = (char *)"web2", .weight = 2}},
			   .now_ms = {1000, 900000}};
	p->farm = (struct config_farm){
		.name = (char *)"www", .backends = p->backends, .n_backends = 2};
	p->config = (struct config){.farms = &p->farm, .n_farms = 1};
}

static void end(struct pair *p)
{
	admin_clear(&p->admin[0]);
	admin_clear(&p->admin[1]);
}

static void set_state(struct pair *p, int node, size_t backend, enum config_admin_state s,
		      uint64_t drain_ms, uint64_t wall_ms)
{
	EXPECT_INT(admin_set_state(&p->admin[node], "www", &p->backends[backend], s, drain_ms,
				   p->now_ms[node]),
		   0);
	CU_ASSERT(admin_stamp(&p->admin[node], "www", p->backends[backend].name, wall_ms));
}

static void set_weight(struct pair *p, int node, size_t backend, uint16_t weight, uint64_t wall_ms)
{
	EXPECT_INT(admin_set_weight(&p->admin[node], "www", &p->backends[backend], weight), 0);
	CU_ASSERT(admin_stamp(&p->admin[node], "www", p->backends[backend].name, wall_ms));
}

/* All words of one node reach the other one. Returns how many counted. */
static int tell(struct pair *p, int from)
{
	int counted = 0;

	for (size_t i = 0; i < p->admin[from].n; i++) {
		struct sync_order o;

		admin_order(&p->admin[from].entries[i], p->now_ms[from], &o);
		counted += admin_merge(&p->admin[!from], &p->config, &o, p->now_ms[!from]);
	}
	return counted;
}

static void expect_table(const struct admin *a, const char *want)
{
	size_t len = 0;
	char *text = NULL, *whole = NULL;
	FILE *out = open_memstream(&text, &len);
	struct admin again = {0};
	int line = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	admin_print(a, out);
	fclose(out);
	CU_ASSERT_FATAL(asprintf(&whole, "director overrides 1\n%send\n", want) > 0);
	EXPECT_TEXT(text, whole);
	EXPECT_INT(admin_parse((const uint8_t *)text, len, &again, &line), 0);
	EXPECT_INT(again.n, a->n);
	admin_clear(&again);
	free(whole);
	free(text);
}

static void expect_both(const struct pair *p, const char *want)
{
	expect_table(&p->admin[0], want);
	expect_table(&p->admin[1], want);
}

static void a_word_reaches_the_other(void)
{
	struct pair p;

	begin(&p);
	set_state(&p, 0, 0, ADMIN_DISABLED, 0, 100);
	set_weight(&p, 0, 1, 7, 100);
	EXPECT_INT(tell(&p, 0), 2);
	expect_both(&p, "www/web1 state disabled configured enabled epoch 100\n"
			"www/web2 weight 7 configured 2 epoch 101\n");
	EXPECT_INT(tell(&p, 0), 0);
	EXPECT_INT(tell(&p, 1), 0);
	end(&p);
}

static void the_later_one_counts(void)
{
	struct pair p;

	begin(&p);
	set_state(&p, 0, 0, ADMIN_DISABLED, 0, 100);
	set_weight(&p, 1, 0, 9, 200); /* without having heard of it */
	EXPECT_INT(tell(&p, 0), 0);
	EXPECT_INT(tell(&p, 1), 1);
	expect_both(&p, "www/web1 weight 9 configured 1 epoch 200\n");
	/* A clock that is behind: after what it has heard of its word is the later one still. */
	set_weight(&p, 0, 0, 8, 50);
	EXPECT_INT(tell(&p, 0), 1);
	expect_both(&p, "www/web1 weight 8 configured 1 epoch 201\n");
	end(&p);
}

static void nothing_is_a_word_too(void)
{
	struct pair p;

	begin(&p);
	set_state(&p, 0, 0, ADMIN_DRAINING, 0, 100);
	tell(&p, 0);
	set_state(&p, 1, 0, ADMIN_ENABLED, 0, 300);
	EXPECT_INT(tell(&p, 0), 0);
	EXPECT_INT(tell(&p, 1), 1);
	expect_both(&p, "www/web1 epoch 300\n");
	EXPECT_INT(admin_count(&p.admin[0]), 0);
	CU_ASSERT(!admin_view(&p.admin[0], "www", &p.backends[0]).overridden);
	end(&p);
}

static void a_deadline_by_each_clock(void)
{
	struct pair p;
	struct admin_entry expired;

	begin(&p);
	set_state(&p, 0, 0, ADMIN_DRAINING, 5000, 100);
	p.now_ms[0] += 2000;
	EXPECT_INT(tell(&p, 0), 1);
	expect_table(&p.admin[1], "www/web1 state draining configured enabled "
				  "deadline 903000 of 5000 epoch 100\n");
	/* The one that has passed it first is right. */
	CU_ASSERT(admin_expire(&p.admin[1], 903000, &expired));
	EXPECT_INT(tell(&p, 0), 0);
	EXPECT_INT(tell(&p, 1), 1);
	expect_both(&p, "www/web1 state disabled configured enabled epoch 100\n");
	end(&p);
}

/* Of the same epoch: the same one on both, whoever hears the other first. */
static void two_words_at_once(void)
{
	for (int first = 0; first < 2; first++) {
		struct pair p;

		begin(&p);
		set_state(&p, 0, 0, ADMIN_DISABLED, 0, 100);
		set_state(&p, 1, 0, ADMIN_DRAINING, 0, 100);
		EXPECT_INT(tell(&p, first) + tell(&p, !first), 1);
		expect_both(&p, "www/web1 state disabled configured enabled epoch 100\n");
		set_weight(&p, 0, 1, 5, 100);
		set_weight(&p, 1, 1, 6, 100);
		EXPECT_INT(tell(&p, first) + tell(&p, !first), 1);
		expect_both(&p, "www/web1 state disabled configured enabled epoch 100\n"
				"www/web2 weight 5 configured 2 epoch 101\n");
		end(&p);
	}
}

static void of_another_configuration(void)
{
	struct sync_order o = {.epoch = 5,
			       .farm = "www",
			       .backend = "web1",
			       .has_state = true,
			       .state = SYNC_DISABLED,
			       .configured_state = SYNC_DRAINING,
			       .has_weight = true,
			       .weight = 7,
			       .configured_weight = 1};
	struct pair p;

	begin(&p);
	EXPECT_INT(admin_merge(&p.admin[0], &p.config, &o, 1), 1); /* of the state nothing */
	expect_table(&p.admin[0], "www/web1 weight 7 configured 1 epoch 5\n");
	o.epoch = 6;
	o.weight = CONFIG_WEIGHT_MAX + 1;
	EXPECT_INT(admin_merge(&p.admin[0], &p.config, &o, 1), 0);
	o.weight = 3;
	strcpy(o.backend, "web9");
	EXPECT_INT(admin_merge(&p.admin[0], &p.config, &o, 1), 0);
	strcpy(o.farm, "dns");
	EXPECT_INT(admin_merge(&p.admin[0], &p.config, &o, 1), 0);
	expect_table(&p.admin[0], "www/web1 weight 7 configured 1 epoch 5\n");
	end(&p);
}

/* What it says of the state does not count here, and leaves the state alone. */
static void half_a_word(void)
{
	struct sync_order o = {.epoch = 500,
			       .farm = "www",
			       .backend = "web1",
			       .has_state = true,
			       .state = SYNC_DRAINING,
			       .configured_state = SYNC_DISABLED,
			       .has_weight = true,
			       .weight = 7,
			       .configured_weight = 1};
	struct pair p;

	begin(&p);
	set_state(&p, 0, 0, ADMIN_DISABLED, 0, 100);
	EXPECT_INT(admin_merge(&p.admin[0], &p.config, &o, 1), 1);
	expect_table(
		&p.admin[0],
		"www/web1 state disabled configured enabled weight 7 configured 1 epoch 500\n");
	end(&p);
}

/* Nobody takes the last word for ever. */
static void an_epoch_of_no_clock(void)
{
	struct sync_order o = {.epoch = SYNC_EPOCH_MAX, .farm = "www", .backend = "web1"};
	struct pair p;

	begin(&p);
	EXPECT_INT(admin_merge(&p.admin[0], &p.config, &o, 1), 0);
	o.epoch = SYNC_EPOCH_MAX / 2 + 1;
	EXPECT_INT(admin_merge(&p.admin[0], &p.config, &o, 1), 0);
	o.epoch = SYNC_EPOCH_MAX / 2;
	EXPECT_INT(admin_merge(&p.admin[0], &p.config, &o, 1), 1);
	EXPECT_INT(admin_merge(&p.admin[1], &p.config, &o, 1), 1);
	set_state(&p, 0, 0, ADMIN_DISABLED, 0, 100); /* a later word is possible still */
	EXPECT_INT(tell(&p, 0), 1);
	set_state(&p, 1, 0, ADMIN_ENABLED, 0, 100);
	EXPECT_INT(tell(&p, 1), 1);
	CU_ASSERT(!admin_view(&p.admin[0], "www", &p.backends[0]).overridden);
	end(&p);
}

/* What says nothing gives way. */
static void room_for_words(void)
{
	static char names[ADMIN_MAX + 1][8];
	static struct config_backend backends[ADMIN_MAX + 1];
	struct pair p;

	begin(&p);
	for (size_t i = 0; i <= ADMIN_MAX; i++) {
		snprintf(names[i], sizeof(names[i]), "b%zu", i);
		backends[i] = (struct config_backend){.name = names[i], .weight = 1};
	}
	for (size_t i = 0; i < ADMIN_MAX; i++) {
		EXPECT_INT(admin_set_weight(&p.admin[0], "www", &backends[i], i == 7 ? 1 : 2), 0);
		if (i == 7)
			CU_ASSERT(admin_stamp(&p.admin[0], "www", "b7", 1));
	}
	EXPECT_INT(p.admin[0].n, ADMIN_MAX);
	EXPECT_INT(admin_count(&p.admin[0]), ADMIN_MAX - 1);
	EXPECT_INT(admin_set_weight(&p.admin[0], "www", &backends[ADMIN_MAX], 2), 0);
	EXPECT_INT(admin_count(&p.admin[0]), ADMIN_MAX);
	EXPECT_INT(admin_set_weight(&p.admin[0], "www", &backends[7], 2), -ENOSPC);
	for (size_t i = 1; i < p.admin[0].n; i++)
		CU_ASSERT(strcmp(p.admin[0].entries[i - 1].backend, p.admin[0].entries[i].backend) <
			  0);
	end(&p);
}

UNIT_TESTS(admin_pair) = {
	{"a word reaches the other", a_word_reaches_the_other},
	{"the later one counts", the_later_one_counts},
	{"nothing is a word, too", nothing_is_a_word_too},
	{"a deadline by each clock", a_deadline_by_each_clock},
	{"two words at once", two_words_at_once},
	{"of another configuration", of_another_configuration},
	{"half a word", half_a_word},
	{"an epoch of no clock", an_epoch_of_no_clock},
	{"room for words", room_for_words},
	UNIT_TESTS_END,
};
