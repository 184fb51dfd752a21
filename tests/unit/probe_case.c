/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/probe_case.h"

#include "tests/unit/probe_once.h"
#include "tests/unit/unit.h"

#include <stdio.h>

static void wake(uv_timer_t *timer)
{
	(void)timer;
}

void probe_case_begin(struct probe_case *c, const struct probe_kind *kind, const char *address)
{
	struct err err = {0};

	*c = (struct probe_case){.kind = kind, .check = probe_http_check(300, "")};
	c->check.name = "test";
	c->check.command = "";
	c->check.through = THROUGH_ADDRESS;
	c->ask = probe_of(&c->check, 80);
	CU_ASSERT_FATAL(addr_parse(address, &c->ask.address) == 0);
	CU_ASSERT_FATAL(addr_parse("192.0.2.100", &c->ask.vip) == 0);
	uv_loop_init(&c->loop);
	uv_timer_init(&c->loop, &c->waker);
	uv_timer_start(&c->waker, wake, 1, 5);
	if (kind->open(&c->loop, &c->prober, &err) < 0)
		CU_FAIL_FATAL(err.text);
}

static void done(void *owner, const struct outcome *o)
{
	struct probe_case *c = owner;

	c->outcome = *o;
	c->done++;
}

struct probe *probe_case_start(struct probe_case *c)
{
	struct probe *p = c->kind->start(c->prober, &c->ask, done, c);

	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	return p;
}

const char *probe_case_run(struct probe_case *c, uint64_t expire_ms)
{
	static char text[OUTCOME_DETAIL + 32];
	unsigned int before = c->done;
	struct probe *p = probe_case_start(c);
	uint64_t end = uv_hrtime() + expire_ms * 1000000;

	CU_ASSERT(c->done == before); /* never from inside */
	while (c->done == before && uv_hrtime() < end)
		uv_run(&c->loop, UV_RUN_ONCE);
	if (c->done == before)
		c->kind->expire(p);
	EXPECT_INT(c->done, before + 1);
	snprintf(text, sizeof(text), "%s: %s", outcome_word(c->outcome.code), c->outcome.detail);
	return text;
}

void probe_case_end(struct probe_case *c)
{
	c->kind->close(c->prober);
	uv_close((uv_handle_t *)&c->waker, NULL);
	uv_run(&c->loop, UV_RUN_DEFAULT);
	EXPECT_INT(uv_loop_close(&c->loop), 0);
}
