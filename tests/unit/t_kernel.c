/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ruleset against the real kernel and the real nft, in a network namespace of the test's own:
 * the text loaded by nft and the netlink batch must leave the same table behind, and reading it
 * back must find nothing to change. Needs root.
 */
#include "director/ruleset/keeper_uv.h"
#include "director/ruleset/kernel_uv.h"
#include "director/ruleset/sequence.h"
#include "director/ruleset/transition.h"
#include "tests/unit/keeper_change.h"
#include "tests/unit/namespace.h"
#include "tests/unit/ruleset_case.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char *list_table(void)
{
	return unit_output_of("nft -s list table netdev director");
}

/* The kernel's table equals the ruleset, in either direction. */
static void expect_equal(struct nft_socket *s, const struct ruleset *want)
{
	struct ruleset_change there, back;
	struct ruleset have;
	struct nft_batch batch;
	char text[RULESET_CHANGE_TEXT];

	CU_ASSERT_EQUAL_FATAL(kernel_read(s, &have), 0);
	CU_ASSERT(have.exists);
	nft_batch_begin(&batch, 1);
	EXPECT_INT(ruleset_diff(&have, want, &batch, &there), 0);
	EXPECT_TEXT(ruleset_change_format(&there, text), "nothing");
	nft_batch_clear(&batch);
	nft_batch_begin(&batch, 1);
	EXPECT_INT(ruleset_diff(want, &have, &batch, &back), 0);
	EXPECT_TEXT(ruleset_change_format(&back, text), "nothing");
	nft_batch_clear(&batch);
	ruleset_clear(&have);
}

static int commit_change(struct nft_socket *s, const struct ruleset *have,
			 const struct ruleset *want, struct err *err)
{
	struct ruleset_change change;
	struct nft_batch batch;
	int code;

	nft_batch_begin(&batch, nft_socket_next_seq(s));
	code = ruleset_diff(have, want, &batch, &change);
	if (!code)
		code = nft_batch_end(&batch);
	if (!code)
		code = nft_socket_commit(s, &batch, NULL, NULL, err);
	nft_batch_clear(&batch);
	return code;
}

static void check_pair(const char *name, void *data)
{
	struct nft_socket *s = data;
	struct ruleset nothing = {0};
	struct ruleset_case c;
	struct err err = {0};
	char conf[300], *text, *loaded, *told, *by_nft, *by_netlink;

	snprintf(conf, sizeof(conf), "%s.conf", name);
	if (!ruleset_case_init(&c, conf, if_nametoindex("eth0")))
		return;
	text = ruleset_case_text(&c.ruleset);
	unit_feed("nft -c -f -", text);
	unit_feed("nft -f -", text);
	by_nft = list_table();
	expect_equal(s, &c.ruleset);
	unit_feed("nft -f -", "delete table netdev director\n");

	EXPECT_INT(commit_change(s, &nothing, &c.ruleset, &err), 0);
	EXPECT_TEXT(err.text, "");
	by_netlink = list_table();
	expect_equal(s, &c.ruleset);
	unit_feed("nft -f -", "delete table netdev director\n");

	loaded = ruleset_case_listed(&c.ruleset, true);
	told = ruleset_case_listed(&c.ruleset, false);
	if (strcmp(loaded, by_nft) != 0 || strcmp(told, by_netlink) != 0)
		printf("\n    %s: the renderings differ", name);
	CU_ASSERT_STRING_EQUAL(by_nft, loaded);
	CU_ASSERT_STRING_EQUAL(by_netlink, told);
	free(text);
	free(loaded);
	free(told);
	free(by_nft);
	free(by_netlink);
	ruleset_case_clear(&c);
}

static void pairs(void)
{
	struct nft_socket s;
	struct err err = {0};

	CU_ASSERT_EQUAL_FATAL(nft_socket_open(&s, &err), 0);
	CU_ASSERT(ruleset_case_each(check_pair, &s) >= 6);
	nft_socket_close(&s);
}

static void both_renderings_leave_the_same_table(void)
{
	unit_in_namespace(UNIT_ETH0, pairs);
}

/* From every case to every other one, in one transaction each. */
struct walk {
	struct nft_socket *socket;
	const char *from;
};

static void step_to(const char *name, void *data)
{
	struct walk *w = data;
	struct ruleset_case from, to;
	struct ruleset nothing = {0};
	struct err err = {0};
	char conf[300];

	snprintf(conf, sizeof(conf), "%s.conf", w->from);
	if (!ruleset_case_init(&from, conf, if_nametoindex("eth0")))
		return;
	snprintf(conf, sizeof(conf), "%s.conf", name);
	if (ruleset_case_init(&to, conf, if_nametoindex("eth0"))) {
		EXPECT_INT(commit_change(w->socket, &nothing, &from.ruleset, &err), 0);
		if (strcmp(name, w->from) != 0)
			EXPECT_INT(commit_change(w->socket, &from.ruleset, &to.ruleset, &err), 0);
		EXPECT_TEXT(err.text, "");
		expect_equal(w->socket, &to.ruleset);
		unit_feed("nft -f -", "delete table netdev director\n");
		ruleset_case_clear(&to);
	}
	ruleset_case_clear(&from);
}

static void walk_from(const char *name, void *data)
{
	struct walk w = {.socket = data, .from = name};

	ruleset_case_each(step_to, &w);
}

static void walks(void)
{
	struct nft_socket s;
	struct err err = {0};

	CU_ASSERT_EQUAL_FATAL(nft_socket_open(&s, &err), 0);
	ruleset_case_each(walk_from, &s);
	nft_socket_close(&s);
}

static void every_change_is_one_transaction(void)
{
	unit_in_namespace(UNIT_ETH0, walks);
}

/* A refused message takes the whole transaction with it and is named. */
static void refusal(void)
{
	struct ruleset nothing = {0}, have;
	struct ruleset_change change;
	struct ruleset_case c;
	struct nft_socket s;
	struct nft_batch batch;
	struct err err = {0};

	CU_ASSERT_EQUAL_FATAL(nft_socket_open(&s, &err), 0);
	if (!ruleset_case_init(&c, "tests/golden/ruleset/pair.conf", if_nametoindex("eth0")))
		return;
	nft_batch_begin(&batch, nft_socket_next_seq(&s));
	EXPECT_INT(ruleset_diff(&nothing, &c.ruleset, &batch, &change), 0);
	nft_put_delete_set(&batch, "no-such-set");
	EXPECT_INT(nft_batch_end(&batch), 0);
	EXPECT_INT(nft_socket_commit(&s, &batch, NULL, NULL, &err), -ENOENT);
	EXPECT_TEXT(err.text, "the kernel refused deletion of set no-such-set: No such file or "
			      "directory");
	nft_batch_clear(&batch);
	EXPECT_INT(kernel_read(&s, &have), 0);
	EXPECT_INT(have.exists, false);
	/* The socket is good for the next one. */
	EXPECT_INT(commit_change(&s, &nothing, &c.ruleset, &err), 0);
	expect_equal(&s, &c.ruleset);
	ruleset_case_clear(&c);
	nft_socket_close(&s);
}

static void a_refused_transaction_changes_nothing(void)
{
	unit_in_namespace(UNIT_ETH0, refusal);
}

/* The keeper notices what others do, mends it, and leaves their tables alone. */
static void mending(void)
{
	struct ruleset_change change;
	struct ruleset_case c;
	struct keeper *k = NULL;
	struct err err = {0};
	char *before, *after;

	CU_ASSERT_EQUAL_FATAL(keeper_new(&k, &err), 0);
	if (!ruleset_case_init(&c, "tests/golden/ruleset/many.conf", if_nametoindex("eth0")))
		return;
	unit_feed("nft -f -", "table inet host {\nchain c {\naccept\n}\n}\n");
	unit_end_change(k, keeper_set(k, &c.ruleset, &err));
	before = list_table();
	unit_feed("nft -f -", "add rule inet host c drop\n");
	unit_keeper_check(k);
	EXPECT_INT(keeper_in_sync(k), true);
	unit_feed("nft -f -", "delete element netdev director a-buckets { 5 }\n"
			      "add rule netdev director farm-b accept\n"
			      "add set netdev director foreign { type ipv4_addr; }\n"
			      "add chain netdev director other\n"
			      "add rule netdev director other accept\n"
			      "add rule netdev director farm-a tcp dport { 1, 2 } goto other\n");
	EXPECT_INT(keeper_compare(k, &change, &err), 0);
	EXPECT_INT(change.elements_added, 1);
	EXPECT_INT(change.chains_rewritten, 2);
	EXPECT_INT(change.sets_deleted, 1);
	EXPECT_INT(change.chains_deleted, 1);
	unit_keeper_check(k);
	after = list_table();
	EXPECT_TEXT(after, before);
	free(after);
	unit_feed("nft -f -", "flush ruleset\n");
	unit_keeper_check(k);
	after = list_table();
	EXPECT_TEXT(after, before);
	free(after);
	free(before);
	EXPECT_INT(keeper_remove(k, &err), 0);
	EXPECT_INT(keeper_remove(k, &err), 0);
	keeper_free(k);
	ruleset_case_clear(&c);
}

static void the_keeper_mends_what_others_change(void)
{
	unit_in_namespace(UNIT_ETH0, mending);
}

/* Ranges that somebody took out, cut or added, beside others that stay. */
static void mending_ranges(void)
{
	static const char *const changes[] = {
		"delete element netdev director web-static { 10.9.0.0/16 }\n",
		"delete element netdev director web-static { 10.10.0.0/16 }\n"
		"add element netdev director web-static { 10.10.0.1-10.10.0.6 : 7 }\n",
		"delete element netdev director web-static { 240.0.0.0/4 }\n"
		"add element netdev director web-static { 0.0.0.0/8 : 7 }\n",
		"delete element netdev director hash-static { 0.0.0.0/0 }\n",
		"add element netdev director web-static.ip6 { 2001:db8:0:2:: : 7 }\n"
		"delete element netdev director web-static.ip6 { ff00::/8 }\n",
		"flush map netdev director web-static\n",
	};
	struct ruleset_change change;
	struct ruleset_case c;
	struct keeper *k = NULL;
	struct err err = {0};
	char *before, *after;

	CU_ASSERT_EQUAL_FATAL(keeper_new(&k, &err), 0);
	if (!ruleset_case_init(&c, "tests/golden/ruleset/persistence.conf", if_nametoindex("eth0")))
		return;
	unit_end_change(k, keeper_set(k, &c.ruleset, &err));
	before = list_table();
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		unit_feed("nft -f -", changes[i]);
		EXPECT_INT(keeper_compare(k, &change, &err), 0);
		EXPECT_INT(ruleset_change_is_empty(&change), false);
		EXPECT_INT(change.chains_rewritten + change.sets_added, 0);
		unit_keeper_check(k);
		after = list_table();
		CU_ASSERT_STRING_EQUAL(after, before);
		free(after);
	}
	/* Clients that the packet path remembers stay. */
	unit_feed("nft -f -", "add element netdev director web-pins { 0x0a500100 timeout 1h : 7 }\n"
			      "flush chain netdev director farm-web\n");
	unit_keeper_check(k);
	after = unit_output_of("nft list map netdev director web-pins");
	CU_ASSERT(strstr(after, "timeout 1h") != NULL);
	free(after);
	free(before);
	keeper_free(k);
	ruleset_case_clear(&c);
}

static void the_keeper_mends_ranges(void)
{
	unit_in_namespace(UNIT_ETH0, mending_ranges);
}

/* --- transitions ------------------------------------------------------------------------------ */

/* The table of the kernel becomes that of the transition; both renderings must agree on it. */
static void apply_phase(struct nft_socket *s, struct ruleset_case *c,
			struct transition *const *list, struct ruleset *have)
{
	struct err err = {0};
	struct ruleset want;
	char *text, *loaded, *there;

	c->facts.plan.transitions = (const struct transition *const *)list;
	CU_ASSERT_EQUAL_FATAL(plan_ruleset(&c->facts.plan, &want), 0);
	CU_ASSERT_EQUAL_FATAL(nft_sign(&want), 0);
	EXPECT_INT(commit_change(s, have, &want, &err), 0);
	EXPECT_TEXT(err.text, "");
	expect_equal(s, &want);
	text = ruleset_case_text(&want);
	unit_feed("nft -f -", "delete table netdev director\n");
	unit_feed("nft -f -", text);
	there = list_table();
	loaded = ruleset_case_listed(&want, true);
	CU_ASSERT_STRING_EQUAL(there, loaded);
	expect_equal(s, &want);
	free(text);
	free(loaded);
	free(there);
	ruleset_clear(have);
	*have = want;
}

/* One step of the only farm; true when it came to that phase. */
static bool advance_to(struct ruleset_case *c, struct transition *t, uint64_t now_ms,
		       uint64_t remembered, enum transition_phase phase)
{
	uint16_t table[1009];
	bool alive[3];
	struct transition_event ev = {.now_ms = now_ms,
				      .table = table,
				      .size = sizeof(table) / sizeof(table[0]),
				      .alive = alive,
				      .n_backends = c->config->farms[0].n_backends,
				      .remembered = remembered,
				      .tcp_ms = 1000,
				      .udp_ms = 500};

	CU_ASSERT_EQUAL_FATAL(plan_farm_table(&c->facts.plan, 0, table), 0);
	for (size_t i = 0; i < ev.n_backends; i++)
		alive[i] = c->facts.all[i].usable;
	transition_step(t, &ev);
	return t->phase == phase;
}

/* All backends drain: a new connection is refused, the old ones go on. */
static void to_nobody(void)
{
	struct ruleset have = {0};
	struct nft_socket s = {0};
	struct transition t, *list[3] = {&t};
	struct ruleset_case c;
	struct err err = {0};

	CU_ASSERT_EQUAL_FATAL(nft_socket_open(&s, &err), 0);
	if (!ruleset_case_init(&c, "tests/golden/ruleset/protocols.conf", if_nametoindex("eth0")))
		return;
	c.config->farms[0].when_empty = WHEN_EMPTY_REJECT;
	CU_ASSERT_EQUAL_FATAL(transition_init(&t, plan_farm_modulus(&c.config->farms[0])), 0);
	CU_ASSERT(advance_to(&c, &t, 0, TRANSITION_UNKNOWN, TRANSITION_STEADY));
	apply_phase(&s, &c, list, &have);
	for (size_t i = 0; i < c.config->farms[0].n_backends; i++)
		c.facts.all[i].weight = 0;
	CU_ASSERT(advance_to(&c, &t, 10, TRANSITION_UNKNOWN, TRANSITION_MOVING));
	apply_phase(&s, &c, list, &have);
	CU_ASSERT(advance_to(&c, &t, 2000, TRANSITION_UNKNOWN, TRANSITION_SWITCHED));
	apply_phase(&s, &c, list, &have);
	ruleset_clear(&have);
	transition_close(&t);
	ruleset_case_clear(&c);
	nft_socket_close(&s);
}

static void a_transition_to_nobody(void)
{
	unit_in_namespace(UNIT_ETH0, to_nobody);
}

static void phases(void)
{
	struct ruleset have = {0};
	struct nft_socket s = {0};
	struct transition t, *list[3] = {&t};
	struct ruleset_case c;
	struct err err = {0};

	CU_ASSERT_EQUAL_FATAL(nft_socket_open(&s, &err), 0);
	if (!ruleset_case_init(&c, "tests/golden/ruleset/protocols.conf", if_nametoindex("eth0")))
		return;
	CU_ASSERT_EQUAL_FATAL(transition_init(&t, plan_farm_modulus(&c.config->farms[0])), 0);
	CU_ASSERT(advance_to(&c, &t, 0, TRANSITION_UNKNOWN, TRANSITION_STEADY));
	apply_phase(&s, &c, list, &have);
	c.facts.all[1].weight = 0; /* drains */
	CU_ASSERT(advance_to(&c, &t, 10, TRANSITION_UNKNOWN, TRANSITION_MOVING));
	apply_phase(&s, &c, list, &have);
	CU_ASSERT(advance_to(&c, &t, 700, TRANSITION_UNKNOWN, TRANSITION_MOVING) && t.udp_learned);
	apply_phase(&s, &c, list, &have);
	EXPECT_INT(transition_grow(&t, 2 * t.size), 0);
	apply_phase(&s, &c, list, &have);
	CU_ASSERT(advance_to(&c, &t, 2000, TRANSITION_UNKNOWN, TRANSITION_SWITCHED)); /* shrinks */
	apply_phase(&s, &c, list, &have);
	CU_ASSERT(advance_to(&c, &t, 2200, TRANSITION_UNKNOWN, TRANSITION_SETTLING));
	apply_phase(&s, &c, list, &have);
	CU_ASSERT(advance_to(&c, &t, 2400, TRANSITION_UNKNOWN, TRANSITION_EXCEPTIONS));
	apply_phase(&s, &c, list, &have);
	CU_ASSERT(advance_to(&c, &t, 2600, 0, TRANSITION_FORGETTING));
	apply_phase(&s, &c, list, &have);
	CU_ASSERT(advance_to(&c, &t, 2800, 0, TRANSITION_STEADY));
	apply_phase(&s, &c, list, &have);
	ruleset_clear(&have);
	transition_close(&t);
	ruleset_case_clear(&c);
	nft_socket_close(&s);
}

static void every_phase_of_a_transition_is_one_transaction(void)
{
	unit_in_namespace(UNIT_ETH0, phases);
}

UNIT_TESTS(kernel) = {
	{"every phase of a transition is one transaction",
	 every_phase_of_a_transition_is_one_transaction},
	{"a transition to nobody", a_transition_to_nobody},
	{"both renderings leave the same table", both_renderings_leave_the_same_table},
	{"every change is one transaction", every_change_is_one_transaction},
	{"a refused transaction changes nothing", a_refused_transaction_changes_nothing},
	{"the keeper mends what others change", the_keeper_mends_what_others_change},
	{"the keeper mends ranges", the_keeper_mends_ranges},
	UNIT_TESTS_END,
};
