/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ha/thread_uv.h"

#include <pthread.h>
#include <signal.h>

int thread_start(uv_thread_t *ret, size_t stack, void (*fn)(void *arg), void *arg)
{
	static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP};
	const uv_thread_options_t options = {.flags = UV_THREAD_HAS_STACK_SIZE,
					     .stack_size = stack};
	sigset_t all, before;
	int code;

	sigfillset(&all);
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		sigdelset(&all, own[i]);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	code = uv_thread_create_ex(ret, &options, fn, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return code;
}
