/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control socket: one request and one reply on a connection, then it is closed. Only root can
 * open it (mode 0600), unless there are groups (access.h): then anybody can, and the kernel tells who it is.
 *
 * Shell: owns the listening socket and its clients; what a command does is its owner's business.
 */
#ifndef DIRECTOR_CONTROL_SERVER_UV_H
#define DIRECTOR_CONTROL_SERVER_UV_H

#include "director/control/access.h"
#include "include/err.h"
#include "proto/codec.h"

#include <uv.h>

struct control_server;

/* Who asks, by the kernel's word. */
struct control_asker {
	bool known;
	uint32_t uid;
	uint32_t pid;	 /* 0: of a namespace that we do not see */
	uint64_t ticket; /* of this one connection, never 0; 0: nobody's */
};

/*
 * Answers one request; *reply is zeroed and freed by the server. False: what it tells of is not done
 * yet. Then it is sent when control_server_release() is called, or, without a text, asked for again
 * by then.
 */
typedef bool control_handler(void *owner, const struct control_request *request,
			     const struct control_asker *who, bool again,
			     struct control_reply *reply);

/*
 * The next part behind a reply that says that there are more: a message, allocated, its size in *ret_len; NULL
 * without memory. *position is 0 before the first one, the owner's, and 0 after the last one.
 */
typedef uint8_t *control_part_source(void *owner, size_t *position, size_t *ret_len);

/* A socket that is already at path is taken for a leftover and replaced: hold the lock before. */
int control_server_new(uv_loop_t *loop, const char *path, control_handler *handler,
		       control_part_source *source, void *owner, struct control_server **ret,
		       struct err *err);
/*
 * Who may use it from now on; before, root alone. 0, or a code of errno with *err: the mode of the socket, or of
 * its directory, could not be changed, and the old rules hold.
 */
int control_server_set_access(struct control_server *s, const struct access_rules *rules,
			      struct err *err);
/* Asynchronous, removes the socket; accepts NULL. */
void control_server_close(struct control_server *s);

/* Takes all parts of replies that have begun: what they tell of is about to change. */
void control_server_take_parts(struct control_server *s);
/* Sends the replies that were held back, as far as they can be given now. */
void control_server_release(struct control_server *s);

#endif
