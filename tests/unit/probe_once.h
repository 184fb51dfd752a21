/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One probe, or many at once, on a loop of its own, which is expected to be empty afterwards. */
#ifndef TESTS_PROBE_ONCE_H
#define TESTS_PROBE_ONCE_H

#include "director/health/probe_http_uv.h"

/* Of 127.0.0.1, whose virtual address is 10.77.0.100. */
struct probe_ask probe_of(const struct config_check *check, uint16_t port);
/* Of type http: GET /, 200, that text in the body, or none (""). */
struct config_check probe_http_check(uint32_t timeout_ms, const char *expect_body);
/* The way that it ends, by itself or when its time is over. transport: of probe_http, or NULL. */
struct outcome probe_once(const struct probe_kind *kind, const struct probe_ask *ask,
			  const struct http_transport *transport);
/* Expects that word and those details. */
void probe_expect(const struct probe_kind *kind, const struct probe_ask *ask, const char *word,
		  const char *detail);
/* Gives one up after so long: nothing is said, nothing is left. */
void probe_cancel(const struct probe_kind *kind, const struct probe_ask *ask,
		  unsigned int after_ms);
/* So many at once; returns how many are good. */
unsigned int probe_many(const struct probe_kind *kind, const struct probe_ask *ask, unsigned int n);

#endif
