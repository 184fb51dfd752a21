/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two directors whose configurations differ tell each other where: each the parts of its own with a sum of
 * each (director/config/outline.h), and when it has heard all parts of the other one, the lines of those
 * that both have and that are not alike. So both can name what differs, and on which node.
 *
 * Pure; allocates.
 */
#ifndef DIRECTOR_CONFIG_TALK_H
#define DIRECTOR_CONFIG_TALK_H

#include "director/config/outline.h"

enum {
	CONFIG_TALK_PARTS = 4096, /* that are told, and heard, at most */
	CONFIG_TALK_LINES = 16,	  /* parts whose lines are */
};

/* A part of the other one's. */
struct config_talk_part {
	char name[SYNC_PART_NAME];
	uint64_t sum;
	char *lines; /* NULL: not heard */
};

/* Zero-initialised: nothing is told, and nothing differs. */
struct config_talk {
	struct outline ours;
	struct config_talk_part *theirs;
	size_t n_theirs;
	bool all_heard;			 /* of their parts */
	size_t part, line_part, n_lines; /* how far it is with telling */
	char (*list)[OUTLINE_DIFFERENCE];
	struct outline_differences found;
};

/* Begins anew. 0, or -ENOMEM and it is silent. */
int config_talk_begin(struct config_talk *t, const struct config *ours);
/* They are alike, or nobody is there: nothing is told and nothing differs. */
void config_talk_clear(struct config_talk *t);
/* The next message; false: there is none now. */
bool config_talk_next(struct config_talk *t, struct sync_config *ret);
/* What the other one, node, said. What is more than it may say, or than there is memory for, is left out. */
void config_talk_hear(struct config_talk *t, const struct sync_config *m, const char *node);

#endif
