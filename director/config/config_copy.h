/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The other director's configuration as a text, fetched piece by piece: each piece is asked for when the
 * one before has come, so one is on its way at a time, and who asks sets the pace. The other end of it
 * gives ours.
 *
 *     begin -> ASK 0 -> PIECE 0 … -> ASK 32767 -> … -> PIECE, the last one -> it is there
 *                    -> REFUSED, or what is not an answer, or time is over -> it failed, and why
 *
 * Pure; allocates. A peer that says whatever it likes costs SYNC_COPY_MAX octets here, and those of our own
 * text, which is made once for a configuration.
 */
#ifndef DIRECTOR_CONFIG_CONFIG_COPY_H
#define DIRECTOR_CONFIG_CONFIG_COPY_H

#include "include/config.h"
#include "include/sync.h"

/* What begins a part of the text, and its name. */
#define CONFIG_COPY_PART "@part "

/* --- of theirs ----------------------------------------------------------------------------------- */

enum config_copy_state {
	CONFIG_COPY_NONE,
	CONFIG_COPY_COMES,
	CONFIG_COPY_THERE,
	CONFIG_COPY_FAILED,
};

/* Zero-initialised: nobody wants one. */
struct config_copy {
	enum config_copy_state state;
	uint64_t id;
	bool ask; /* for the next piece */
	char *text;
	size_t len;
	char why[SYNC_WHY_MAX]; /* FAILED */
};

/* id: never 0, and another one each time. */
void config_copy_begin(struct config_copy *c, uint64_t id);
void config_copy_clear(struct config_copy *c);
/* One that comes does so no more. */
void config_copy_fail(struct config_copy *c, const char *why);
/* The next question; false: there is none now. */
bool config_copy_next(struct config_copy *c, struct sync_copy *ret);
/* A PIECE or a REFUSED. False: nobody waits for it. */
bool config_copy_hear(struct config_copy *c, const struct sync_copy *m);

/* --- of ours ------------------------------------------------------------------------------------- */

/* Zero-initialised: nobody has asked. */
struct config_source {
	char *text; /* of a configuration; NULL: not made yet, or it is too long */
	size_t len;
	bool too_long;
	uint64_t id; /* of the copy that is fetched; 0: none */
	bool owes;   /* an answer, to ... */
	uint64_t asked_id;
	uint32_t asked_at;
};

/* There is another configuration, or another connection: a copy that is fetched is told so. */
void config_source_clear(struct config_source *s);
/* An ASK. A second one takes the place of the first that waits. */
void config_source_hear(struct config_source *s, const struct sync_copy *m);
/* The answer that is owed; false: there is none. */
bool config_source_next(struct config_source *s, const struct config *ours, struct sync_copy *ret);

/* A configuration as that text, to be freed; NULL: without memory. */
char *config_copy_text(const struct config *c, size_t *ret_len);

#endif
