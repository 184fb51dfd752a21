/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "include/memory.h"

#include <malloc.h>

void memory_give_back(void)
{
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}
