/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "include/memory.h"

#include <malloc.h>

enum { LARGE = 256 << 10 };

void memory_start(void)
{
#ifdef __GLIBC__
	mallopt(M_MMAP_THRESHOLD, LARGE);
#endif
}

void memory_give_back(void)
{
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}
