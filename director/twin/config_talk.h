/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two directors whose configurations differ tell each other where: each the parts of its own with a sum of
 * each (director/config/outline.h), and when it has heard all parts of the other one, the lines of those
 * that both have and that are not alike. So both can name what differs, and on which node.
 *
 * Pure; allocates. A peer that says whatever it likes costs OUTLINE_PARTS_MAX parts and the lines of
 * CONFIG_TALK_LINES of them.
 */
#ifndef DIRECTOR_TWIN_CONFIG_TALK_H
#define DIRECTOR_TWIN_CONFIG_TALK_H

#include "director/config/outline.h"

enum { CONFIG_TALK_LINES = 16 }; /* parts whose lines are told, and heard */

/* Zero-initialised: nothing is told, and nothing differs. */
struct config_talk {
	struct outline ours, theirs;
	bool differs;			 /* there is something to talk about */
	bool all_heard;			 /* of their parts */
	size_t part, line_part, n_lines; /* how far it is with telling */
	struct config_talk_lines {
		char name[SYNC_PART_NAME];
		char *lines;
	} heard[CONFIG_TALK_LINES];
	size_t n_heard;
};

/* Begins anew. 0, or -ENOMEM and it is silent. */
int config_talk_begin(struct config_talk *t, const struct config *ours);
/* They are alike, or ours is another one by now: nothing is told and nothing differs. */
void config_talk_clear(struct config_talk *t);
/* The next message; false: there is none now. ours: the same as it was begun with. */
bool config_talk_next(struct config_talk *t, const struct config *ours, struct sync_config *ret);
/* What the other one said. True: there may be a next message by that. */
bool config_talk_hear(struct config_talk *t, const struct sync_config *m);
/* What is known so far of the difference to that node. */
void config_talk_compare(const struct config_talk *t, const struct config *ours, const char *node,
			 struct outline_differences *ret);

#endif
