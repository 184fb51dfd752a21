/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "include/memory.h"

#include <errno.h>
#include <linux/capability.h>
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

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

static bool has_capability(unsigned int number)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};

	return syscall(SYS_capget, &head, data) == 0 &&
	       data[CAP_TO_INDEX(number)].effective & CAP_TO_MASK(number);
}

/*
 * Under a limit the lock of all that comes would make allocations fail that go beyond it: the limit
 * goes, or does not count.
 */
static int lift_limit(void)
{
	const struct rlimit none = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};

	if (setrlimit(RLIMIT_MEMLOCK, &none) == 0 || has_capability(CAP_IPC_LOCK))
		return 0;
	return -EPERM;
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
