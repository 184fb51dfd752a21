/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The check "dsr" in a story of two namespaces; see vip_probe.h. */
#include "tests/unit/vip_probe.h"

#include "director/health/vip_filter.h"
#include "tests/unit/unit.h"
#include "tests/unit/vip_world.h"

#include <unistd.h>

uv_loop_t vip_probe_loop;
static uv_timer_t waker;
struct prober *vip_prober;
static unsigned int patience_ms;

static void wake(uv_timer_t *timer)
{
	(void)timer;
}

void vip_probe_begin(void)
{
	struct err err = {0};

	patience_ms = VIP_PROBE_PATIENCE_MS;
	uv_loop_init(&vip_probe_loop);
	uv_timer_init(&vip_probe_loop, &waker);
	uv_timer_start(&waker, wake, 1, 5);
	EXPECT_INT(probe_dsr.open(&vip_probe_loop, &vip_prober, &err), 0);
	EXPECT_TEXT(err.text, "");
}

void vip_probe_finish(void)
{
	probe_dsr.close(vip_prober);
	uv_close((uv_handle_t *)&waker, NULL);
	uv_run(&vip_probe_loop, UV_RUN_DEFAULT);
	EXPECT_INT(uv_loop_close(&vip_probe_loop), 0);
	EXPECT_INT(vip_world_resets(), 0);
}

void vip_probe_set_patience(unsigned int ms)
{
	patience_ms = ms;
}

void vip_probe_done(void *owner, const struct outcome *o)
{
	struct vip_probe_result *r = owner;

	r->done++;
	r->o = *o;
}

struct probe_ask vip_probe_ask(const char *vip, uint16_t port)
{
	const struct vip_ask way = vip_world_ask(vip, port);

	return (struct probe_ask){.vip = way.vip,
				  .port = port,
				  .address = way.backend,
				  .ifindex = way.ifindex,
				  .mac = way.mac,
				  .own_mac = way.own_mac};
}

void vip_probe_expect_ask(const struct probe_ask *ask, const char *sentence)
{
	struct vip_probe_result r = {0};
	char text[OUTCOME_TEXT];
	struct probe *p = probe_dsr.start(vip_prober, ask, vip_probe_done, &r);
	uint64_t until = uv_hrtime() + patience_ms * 1000000ULL;

	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	EXPECT_INT(r.done, 0);
	while (!r.done && uv_hrtime() < until)
		uv_run(&vip_probe_loop, UV_RUN_ONCE);
	if (!r.done)
		probe_dsr.expire(p);
	EXPECT_INT(r.done, 1);
	EXPECT_TEXT(outcome_text(&r.o, text), sentence);
}

void vip_probe_expect(const char *vip, const char *sentence)
{
	const struct probe_ask ask = vip_probe_ask(vip, VIP_WORLD_PORT);

	vip_probe_expect_ask(&ask, sentence);
}

void vip_probe_expect_listener(const char *vip)
{
	int listener = vip_world_listen(vip, VIP_WORLD_PORT);

	for (int i = 0; i < 2 * VIP_PORTS; i++)
		vip_probe_expect(vip, "is well");
	close(listener);
}
