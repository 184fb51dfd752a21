/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/probe_once.h"

#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

struct once {
	uv_loop_t loop;
	uv_timer_t timer;
	const struct probe_kind *kind;
	struct prober *prober;
	struct probe *probe; /* NULL: it is over */
	unsigned int left, good, told;
	struct outcome outcome;
};

struct probe_ask probe_of(const struct config_check *check, uint16_t port)
{
	return (struct probe_ask){
		.check = check,
		.farm = "www",
		.backend = "web1",
		.address = addr_v4(0x7f000001),
		.vip = addr_v4(0x0a4d0064),
		.port = port,
		.timeout_ms = check->timeout_ms,
	};
}

struct config_check probe_http_check(uint32_t timeout_ms, const char *expect_body)
{
	static uint16_t only_200[] = {200};

	return (struct config_check){
		.type = CHECK_HTTP,
		.method = "GET",
		.host = "",
		.path = "/",
		.expect_status = only_200,
		.n_expect_status = 1,
		.expect_body = expect_body,
		.sni = "",
		.ca_file = "",
		.verify = true,
		.timeout_ms = timeout_ms,
	};
}

static void open_all(struct once *o, const struct probe_kind *kind)
{
	struct err err = {0};

	*o = (struct once){.kind = kind};
	EXPECT_INT(probe_http_global_init(&err), 0);
	uv_loop_init(&o->loop);
	uv_timer_init(&o->loop, &o->timer);
	o->timer.data = o;
	EXPECT_INT(kind->open(&o->loop, &o->prober, &err), 0);
}

/* The prober is closed as soon as its last probe is over: from inside done(). */
static void close_prober(struct once *o)
{
	o->kind->close(o->prober);
	o->prober = NULL;
	uv_close((uv_handle_t *)&o->timer, NULL);
}

static void close_all(struct once *o)
{
	uv_run(&o->loop, UV_RUN_DEFAULT);
	EXPECT_INT(uv_loop_close(&o->loop), 0);
	probe_http_global_close();
}

static void done(void *owner, const struct outcome *outcome)
{
	struct once *o = owner;

	o->outcome = *outcome;
	o->probe = NULL;
	o->told++;
	o->good += outcome->code == OUTCOME_GOOD;
	if (--o->left == 0)
		close_prober(o);
}

static void expire(uv_timer_t *timer)
{
	struct once *o = timer->data;

	o->kind->expire(o->probe);
}

static void give_up(uv_timer_t *timer)
{
	struct once *o = timer->data;

	if (o->probe)
		o->kind->cancel(o->probe);
	if (o->prober)
		close_prober(o);
}

struct outcome probe_once(const struct probe_kind *kind, const struct probe_ask *ask,
			  const struct http_transport *transport)
{
	struct once o;

	open_all(&o, kind);
	if (transport)
		probe_http_set_transport(o.prober, transport);
	o.left = 1;
	uv_timer_start(&o.timer, expire, ask->timeout_ms, 0);
	o.probe = kind->start(o.prober, ask, done, &o);
	CU_ASSERT_PTR_NOT_NULL_FATAL(o.probe);
	EXPECT_INT(o.told, 0);
	close_all(&o);
	EXPECT_INT(o.told, 1);
	return o.outcome;
}

void probe_expect(const struct probe_kind *kind, const struct probe_ask *ask, const char *word,
		  const char *detail)
{
	struct outcome o = probe_once(kind, ask, NULL);

	EXPECT_TEXT(outcome_word(o.code), word);
	EXPECT_TEXT(o.detail, detail);
}

void probe_cancel(const struct probe_kind *kind, const struct probe_ask *ask, unsigned int after_ms)
{
	struct once o;

	open_all(&o, kind);
	o.left = 1;
	o.probe = kind->start(o.prober, ask, done, &o);
	CU_ASSERT_PTR_NOT_NULL_FATAL(o.probe);
	if (after_ms)
		uv_timer_start(&o.timer, give_up, after_ms, 0);
	else
		give_up(&o.timer);
	close_all(&o);
	EXPECT_INT(o.told, 0);
}

unsigned int probe_many(const struct probe_kind *kind, const struct probe_ask *ask, unsigned int n)
{
	struct once o;

	open_all(&o, kind);
	o.left = n;
	for (unsigned int i = 0; i < n; i++)
		CU_ASSERT_PTR_NOT_NULL_FATAL(kind->start(o.prober, ask, done, &o));
	close_all(&o);
	EXPECT_INT(o.told, n);
	return o.good;
}
