/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A loop of libuv that a test runs in real time; something on it has to wake it now and then. */
#ifndef TESTS_LOOP_H
#define TESTS_LOOP_H

#include <uv.h>

void unit_loop_run(uv_loop_t *loop, uint64_t ms);
/* Until a counter has reached a value, which is expected within ten seconds. */
void unit_loop_wait(uv_loop_t *loop, const unsigned int *counter, unsigned int value);

#endif
