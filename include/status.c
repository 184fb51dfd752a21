/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "include/status.h"

#include <stdlib.h>

void status_clear(struct status *s)
{
	for (size_t i = 0; i < s->n_vrrps; i++)
		free(s->vrrps[i].addresses);
	for (size_t i = 0; i < s->n_farms; i++)
		free(s->farms[i].backends);
	free(s->vrrps);
	free(s->peers);
	free(s->farms);
	*s = (struct status){0};
}
