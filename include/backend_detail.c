/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "include/backend_detail.h"

#include <stdlib.h>

void backend_detail_clear(struct backend_detail *d)
{
	free(d->checks);
	free(d->changes);
	*d = (struct backend_detail){0};
}
