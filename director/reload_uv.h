/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration that is read, the one before it, and a reload that waits for its confirmation. Shell. */
#ifndef DIRECTOR_RELOAD_UV_H
#define DIRECTOR_RELOAD_UV_H

#include "director/audit/journal.h"
#include "director/config/digest.h"
#include "director/config/number.h"
#include "director/config/provisional.h"
#include "director/control/access.h"
#include "include/config.h"
#include "include/err.h"
#include "include/log.h"

#include <uv.h>

enum reload_kind {
	RELOAD_PLAIN,
	RELOAD_LOOK, /* the file is looked at, and nothing changed */
	RELOAD_TRY,  /* what runs now is kept, to go back to, ... */
	RELOAD_BACK, /* ... and comes into force again */
};

/* The configuration is read again. The thread writes config, access, digest, code and err while running. */
struct reload {
	uv_work_t work;
	bool running;
	bool again; /* somebody asked for it meanwhile */
	enum reload_kind kind;
	const char *path;
	struct config *config;
	struct access_rules access;	 /* of that configuration, ... */
	char digest[CONFIG_DIGEST_TEXT]; /* ... and this */
	char wanted[CONFIG_DIGEST_TEXT]; /* TRY: it has to be that one */
	int code;			 /* of the last one: 0, or err says why not */
	struct err err;
	struct control_asker who; /* asked last, ... */
	enum journal_cause cause; /* ... and what the journal is told of it */
	char order[JOURNAL_ORDER];
};

/* A configuration that was replaced. */
struct before {
	struct config *config;
	struct access_rules access;
	char digest[CONFIG_DIGEST_TEXT];
};

/* A reload that lasts until it is confirmed, the last one (provisional_uv.c). */
struct provisional_run {
	struct provisional p;
	uv_timer_t timer;
	struct before before;	  /* what ran; without config: nothing is to be gone back to */
	bool returning;		  /* what ran before could not come back, and is tried again, ... */
	unsigned int failed;	  /* ... so often in vain, ... */
	uint64_t again_us;	  /* ... next then */
	bool given_up;		  /* the file was not confirmed, and is not what runs */
	struct control_asker who; /* began it, ... */
	struct control_asker confirmer; /* ... and said how it ends */
	bool confirmed_here;
	char failure[ERR_LINE]; /* why it could not be done here; "": it could */
	struct control_asker back_who;
	enum journal_cause back_cause;
	char back_order[JOURNAL_ORDER];
	struct log_limit refusals;
};

#endif
