/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A thread beside the main one. */
#ifndef HA_THREAD_UV_H
#define HA_THREAD_UV_H

#include <stddef.h>
#include <uv.h>

/*
 * Runs fn(arg) in a thread with a stack of that many octets. Signals are the main thread's, but those
 * that a mistake of the thread raises in itself. 0 or a negative errno.
 */
int thread_start(uv_thread_t *ret, size_t stack, void (*fn)(void *arg), void *arg);

#endif
