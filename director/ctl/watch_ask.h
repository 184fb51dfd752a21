/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asks the daemon in a thread of its own: one that is stopped, or on its way up, must not keep the keys
 * from being heard.
 */
#ifndef DIRECTOR_CTL_WATCH_ASK_H
#define DIRECTOR_CTL_WATCH_ASK_H

#include "director/ctl/ctl.h"

struct watch_answer {
	struct control_reply reply;
	struct err err; /* a sentence when there is none */
	int code;
	uint64_t at_ms;
};

struct watch_ask {
	const struct ctl *ctl;
	int orders[2], answers[2]; /* pipes: an octet for the next one; a pointer */
	bool asked;
};

/* 0 or a negative errno. The thread lasts as long as the program. */
int watch_ask_start(struct watch_ask *a, const struct ctl *ctl);
/* Once more; nothing while an answer is due. */
void watch_ask_next(struct watch_ask *a);
/* When answers[0] is readable; to be freed with watch_answer_free(). */
struct watch_answer *watch_ask_take(struct watch_ask *a);
void watch_answer_free(struct watch_answer *w);

#endif
