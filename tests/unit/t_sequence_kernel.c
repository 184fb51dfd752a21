/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sequences of small transactions against the real kernel: from every golden case to every other
 * one, cut into pieces of some size. Wherever a sequence stands, sequence_settle() says what the
 * kernel holds, and another one may begin from there.
 */
#include "director/ruleset/kernel_uv.h"
#include "director/ruleset/nft_socket_uv.h"
#include "director/ruleset/sequence.h"
#include "tests/unit/namespace.h"
#include "tests/unit/ruleset_case.h"
#include "tests/unit/unit.h"

#include <net/if.h>
#include <stdlib.h>
#include <string.h>

/* One transaction. False when there was none. */
static bool step(struct nft_socket *socket, struct sequence *s, size_t most)
{
	struct ruleset_change change = {0};
	struct nft_batch batch;
	struct err err = {0};
	bool any;

	nft_batch_begin(&batch, nft_socket_next_seq(socket));
	sequence_next(s, most, &batch, &change);
	any = batch.n_messages > 1;
	if (any) {
		EXPECT_INT(nft_batch_end(&batch), 0);
		EXPECT_INT(nft_socket_commit(socket, &batch, NULL, NULL, &err), 0);
		EXPECT_TEXT(err.text, "");
	}
	nft_batch_clear(&batch);
	if (!any && sequence_waits(s)) {
		sequence_resume(s);
		any = true;
	}
	return any;
}

static void run(struct nft_socket *socket, const struct ruleset *have, const struct ruleset *want,
		size_t most)
{
	struct sequence s;

	CU_ASSERT_EQUAL_FATAL(sequence_begin(&s, have, want), 0);
	while (step(socket, &s, most))
		;
	EXPECT_INT(sequence_is_done(&s), true);
	sequence_clear(&s);
}

/* Nothing leads from one to the other, in either direction. */
static void expect_same(const struct ruleset *a, const struct ruleset *b)
{
	struct ruleset_change there, back;
	struct nft_batch batch;
	char text[RULESET_CHANGE_TEXT];

	nft_batch_begin(&batch, 1);
	EXPECT_INT(ruleset_diff(a, b, &batch, &there), 0);
	nft_batch_clear(&batch);
	nft_batch_begin(&batch, 1);
	EXPECT_INT(ruleset_diff(b, a, &batch, &back), 0);
	nft_batch_clear(&batch);
	EXPECT_TEXT(ruleset_change_format(&there, text), "nothing");
	EXPECT_TEXT(ruleset_change_format(&back, text), "nothing");
}

static void expect_kernel(struct nft_socket *socket, const struct ruleset *want)
{
	struct ruleset have;

	CU_ASSERT_EQUAL_FATAL(kernel_read(socket, &have), 0);
	EXPECT_INT(have.exists, want->exists);
	expect_same(&have, want);
	ruleset_clear(&have);
}

static bool plan(struct ruleset_case *c, const char *name)
{
	char conf[300];

	snprintf(conf, sizeof(conf), "%s.conf", name);
	return ruleset_case_init(c, conf, if_nametoindex("eth0"));
}

struct walk {
	struct nft_socket *socket;
	const char *from;
	unsigned int seed;
};

/* Some transactions on the way to `to`, then where they have led, then on to `third`. */
static void interrupted(struct walk *w, const char *to, const char *third, size_t most,
			unsigned int transactions)
{
	struct ruleset nothing = {.exists = false};
	struct ruleset_case a, b, c;
	struct sequence s;

	if (!plan(&a, w->from) || !plan(&b, to) || !plan(&c, third))
		return;
	run(w->socket, &nothing, &a.ruleset, SIZE_MAX);
	CU_ASSERT_EQUAL_FATAL(sequence_begin(&s, &a.ruleset, &b.ruleset), 0);
	while (transactions-- > 0 && step(w->socket, &s, most))
		;
	while (sequence_is_cut(&s))
		step(w->socket, &s, most);
	EXPECT_INT(sequence_settle(&s, &a.ruleset, &b.ruleset), 0);
	EXPECT_INT(b.ruleset.n_sets, 0);
	expect_kernel(w->socket, &a.ruleset);
	run(w->socket, &a.ruleset, &c.ruleset, SEQUENCE_MOST);
	expect_kernel(w->socket, &c.ruleset);
	unit_feed("nft -f -", "delete table netdev director\n");
	ruleset_case_clear(&a);
	ruleset_case_clear(&b);
	ruleset_case_clear(&c);
}

static void step_to(const char *to, void *data)
{
	static const size_t sizes[] = {1, 7, 100, SEQUENCE_MOST, SIZE_MAX};
	struct walk *w = data;

	size_t most = sizes[(unsigned int)rand_r(&w->seed) % (sizeof(sizes) / sizeof(sizes[0]))];
	unsigned int longest = most == 1 ? 150 : most == 7 ? 60 : 12;

	interrupted(w, to, rand_r(&w->seed) % 2 ? w->from : "tests/golden/ruleset/many", most,
		    (unsigned int)rand_r(&w->seed) % longest);
}

static void walk_from(const char *from, void *data)
{
	struct walk w = {.socket = data, .from = from, .seed = (unsigned int)strlen(from)};

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

static void a_sequence_may_be_left_anywhere(void)
{
	unit_in_namespace(UNIT_ETH0, walks);
}

UNIT_TESTS(sequence_kernel) = {
	{"a sequence may be left anywhere", a_sequence_may_be_left_anywhere},
	UNIT_TESTS_END,
};
