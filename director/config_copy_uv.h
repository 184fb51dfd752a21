/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `config diff`: a configuration on its way between the two directors. Shell. */
#ifndef DIRECTOR_CONFIG_COPY_UV_H
#define DIRECTOR_CONFIG_COPY_UV_H

#include "director/config/config_copy.h"
#include "include/sync.h"
#include "proto/codec.h"

#include <uv.h>

struct director;

/* The configuration of either node on its way to the other one (config_copy_uv.c). */
struct copying {
	struct config_copy copy;     /* of theirs, ... */
	bool wanted;		     /* ... somebody waits for it */
	uint64_t begun_ms;	     /* the last one; 0: none */
	uv_timer_t timer;	     /* until it begins, or has failed */
	struct config_source source; /* of ours */
};

/* `config diff`. False: the other director has not answered yet. */
bool director_answer_config_diff(struct director *d, bool again, struct control_reply *reply);
void director_copy_waited(uv_timer_t *timer);
void director_hear_copy(struct director *d, const struct sync_copy *m);
/* The next message about a configuration as a whole; false: there is none. */
bool director_next_copy(struct director *d, struct sync_message *ret);
/* The connection is gone. */
void director_part_copies(struct director *d);

#endif
