/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `config push`: what of it belongs to the director. Shell. */
#ifndef DIRECTOR_PUSH_UV_H
#define DIRECTOR_PUSH_UV_H

#include "director/config/digest.h"
#include "director/config/push.h"
#include "director/control/access.h"
#include "director/control/server_uv.h"
#include "director/service/pushed_file_uv.h"
#include "include/err.h"
#include "include/log.h"
#include "proto/codec.h"

#include <uv.h>

struct director;

/* What the thread reads or puts into the file, and what comes of it; its own while it runs. */
struct push_work {
	uv_work_t work;
	struct director *owner; /* not the thread's */
	bool running;
	bool takes;    /* what is pushed goes into the own file; else that is read to be pushed */
	bool given_up; /* a reload of the own file was not confirmed */
	bool differs;  /* the own file, which is read to be pushed, is not what runs */
	const char *path, *runtime_dir;
	char node[SYNC_NAME_LEN], peer[SYNC_NAME_LEN];
	char *text; /* owned: theirs, then ours */
	size_t len;
	char digest[CONFIG_DIGEST_TEXT]; /* of the text */
	struct pushed_file file;
	int code;
	struct err err;
};

struct pushing {
	struct push push;
	uv_timer_t timer;
	struct push_work work;
	struct pushed_file file;  /* staged here */
	struct control_asker who; /* wanted the last one of ours */
	struct push_outcomes outcomes;
	bool confirmed;		/* by us, as soon as it ran on both */
	bool committed;		/* what was staged is the file */
	char failure[PUSH_WHY]; /* why it is taken back; "": it is not, yet */
	char line[ERR_LINE];
	struct log_limit refusals;
};

/* As control_handler. */
bool director_answer_push(struct director *d, const struct control_request *request,
			  const struct control_asker *who, bool again, struct control_reply *reply);
/* Why no other configuration may come now: one is pushed; NULL: none is. */
const char *director_push_objection(const struct director *d);
/* The reload that is under way is of one that the other director pushed; or of any push. */
bool director_push_is_taken(const struct director *d);
bool director_push_crosses(const struct director *d);
void director_hear_push(struct director *d, const struct sync_push *m);
/* The next message about it; false: there is none. */
bool director_next_push(struct director *d, struct sync_message *ret);
void director_part_push(struct director *d);
/* The other director begins a reload with that id: true, it is of what was staged. */
bool director_push_begins(struct director *d, uint64_t id);
/* What was staged becomes the file; NULL, or why it cannot. Good until the next call. */
const char *director_push_commit(struct director *d);
/* The reload of both has gone on. */
void director_push_follow(struct director *d);
void director_push_waited(uv_timer_t *timer);
/* What a daemon left there that did not end by itself goes. */
void director_open_push(struct director *d);
void director_close_push(struct director *d);

#endif
