/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proto/codec_drill.h"

#include "include/name.h"

#include <errno.h>
#include <string.h>

void codec_put_control_drill(const struct control_drill *from, Control__Drill *ret)
{
	/* The generated strings are not const; packing does not change them. */
	struct control_drill *d = (struct control_drill *)from;

	ret->id = d->id;
	ret->kind = d->kind;
	ret->from = d->from;
	ret->to = d->to;
	ret->result = d->result;
	ret->why = d->why;
	ret->let_go = d->let_go;
	ret->lost = d->lost;
	ret->took_over = d->took_over;
	ret->takeover_us = d->takeover_us;
}

int codec_take_control_drill(const Control__Drill *m, struct control_drill *ret)
{
	if (!m->id || !m->kind[0] || !m->result[0] ||
	    !text_is_printable(m->kind, sizeof(ret->kind)) ||
	    !text_is_printable(m->from, sizeof(ret->from)) ||
	    !text_is_printable(m->to, sizeof(ret->to)) ||
	    !text_is_printable(m->result, sizeof(ret->result)) ||
	    !text_is_printable(m->why, sizeof(ret->why)) || (m->lost && !m->let_go) ||
	    (m->takeover_us && !m->took_over))
		return -EBADMSG;
	*ret = (struct control_drill){.id = m->id,
				      .let_go = m->let_go,
				      .took_over = m->took_over,
				      .lost = m->lost,
				      .takeover_us = m->takeover_us};
	strcpy(ret->kind, m->kind);
	strcpy(ret->from, m->from);
	strcpy(ret->to, m->to);
	strcpy(ret->result, m->result);
	strcpy(ret->why, m->why);
	return 0;
}
