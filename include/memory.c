/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "include/memory.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/resource.h>

enum { LARGE = 256 << 10 };

void memory_start(void)
{
#ifdef __GLIBC__
	mallopt(M_MMAP_THRESHOLD, LARGE);
#endif
}

enum { LOCK = MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT };

static bool locked;
static pthread_mutex_t giving = PTHREAD_MUTEX_INITIALIZER; /* a reload has a thread of its own */

/*
 * Under a limit the lock of all that comes would make the allocations fail that go beyond it, whoever
 * may lock as much as he likes; so it has to go.
 */
static int lift_limit(void)
{
	const struct rlimit none = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};

	return setrlimit(RLIMIT_MEMLOCK, &none) < 0 ? -errno : 0;
}

int memory_lock(void)
{
	int code = lift_limit();

	if (code == 0 && mlockall(LOCK) < 0)
		code = -errno;
	locked = code == 0;
	return code;
}

/* A page that is locked cannot be given back (madvise(2), EINVAL): not while it is done. */
void memory_give_back(void)
{
#ifdef __GLIBC__
	pthread_mutex_lock(&giving);
	if (locked)
		munlockall();
	malloc_trim(0);
	if (locked)
		mlockall(LOCK); /* it could before */
	pthread_mutex_unlock(&giving);
#endif
}
