/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One kind of prober on a loop of its own, and probes that are waited for. */
#ifndef TESTS_PROBE_CASE_H
#define TESTS_PROBE_CASE_H

#include "director/health/probe_uv.h"

struct probe_case {
	const struct probe_kind *kind;
	uv_loop_t loop;
	uv_timer_t waker;
	struct prober *prober;
	struct config_check check;
	struct probe_ask ask;	/* of the next probe */
	unsigned int done;	/* probes that have ended */
	struct outcome outcome; /* of the last one */
};

/* A check of the backend of probe_of() (probe_once.h), at that address. */
void probe_case_begin(struct probe_case *c, const struct probe_kind *kind, const char *address);
struct probe *probe_case_start(struct probe_case *c);
/* One probe, which ends by itself or after that time: its outcome as "word: detail". */
const char *probe_case_run(struct probe_case *c, uint64_t expire_ms);
/* Nothing is left on the loop. */
void probe_case_end(struct probe_case *c);

#endif
