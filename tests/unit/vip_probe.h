/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The check "dsr" between the two namespaces of vip_world.h: one prober on a loop of its own, from
 * vip_probe_begin() to vip_probe_finish() of a story.
 */
#ifndef TESTS_VIP_PROBE_H
#define TESTS_VIP_PROBE_H

#include "director/health/probe_uv.h"

#include <uv.h>

enum { VIP_PROBE_PATIENCE_MS = 900, VIP_PROBE_HASTE_MS = 200 /* in which one SYN goes out */ };

/* The outcome where the backend forwards; the virtual address follows. */
#define VIP_PROBE_FORWARDS "does not have the virtual address and forwards what is sent to it: "

struct vip_probe_result {
	unsigned int done;
	struct outcome o;
};

extern uv_loop_t vip_probe_loop;
extern struct prober *vip_prober;

/* It waits VIP_PROBE_PATIENCE_MS for an answer. */
void vip_probe_begin(void);
/* Nothing is left of it, and the kernel of the director has sent no reset. */
void vip_probe_finish(void);
/* From now on. */
void vip_probe_set_patience(unsigned int ms);
struct probe_ask vip_probe_ask(const char *vip, uint16_t port);
/* For probe_dsr.start(), with a struct vip_probe_result as owner. */
void vip_probe_done(void *owner, const struct outcome *o);
/* One check; its outcome in words. */
void vip_probe_expect_ask(const struct probe_ask *ask, const char *sentence);
/* The same of VIP_WORLD_PORT of an address. */
void vip_probe_expect(const char *vip, const char *sentence);
/* A service there is well, and stays so when asked over and over. */
void vip_probe_expect_listener(const char *vip);

#endif
