/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/control/server_uv.h"

#include "director/control/request_stream.h"
#include "include/log.h"
#include "include/memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	CLIENTS_MAX = 32,	/* more than any number of people and monitors ask at once */
	STRANGERS_MAX = 4,	/* of them those who may ask for nothing, and are told so */
	CLIENT_TIME_MS = 10000, /* for its request and for reading the reply */
	HELD_TIME_MS = 60000,	/* the largest configuration is loaded by then */
	BACKLOG = 16,
	LARGE = 1 << 20, /* a reply that was made of so much that it goes back to the system */
	MANY = 1000,	 /* backends; packing those of a status takes half a millisecond */
	AHEAD = 2,	 /* parts that are under way while another one is made */
	AT_ONCE = 200,	 /* … when there is no other time: a status of all that there can be */
};

struct control_server {
	uv_pipe_t pipe;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	control_handler *handler;
	control_part_source *source;
	void *owner;
	struct client *clients; /* list */
	size_t n_clients, n_strangers;
	uint64_t tickets; /* given so far */
	struct access_rules rules;
	bool closing;
	bool listening; /* pipe is not closed yet */
};

struct client {
	struct client *next;
	struct control_server *server;
	uv_pipe_t pipe;
	uv_timer_t timer;
	uv_write_t write;
	uv_work_t packing;
	struct control_reply unpacked; /* the thread's, while it packs */
	int open_handles;	       /* and the thread, while it packs */
	struct request_stream stream;
	struct control_asker who;
	enum access access;
	uint8_t *reply;
	size_t reply_len;
	bool answered;
	bool held; /* the reply waits for control_server_release() */
	bool more; /* parts come behind the reply, from position on */
	size_t position;
	size_t under_way; /* parts */
};

struct part {
	uv_write_t write;
	struct client *client;
	uint8_t *bytes;
};

static void server_free_when_done(struct control_server *s)
{
	if (s->closing && !s->listening && !s->clients)
		free(s);
}

static void client_leave(struct client *c)
{
	struct control_server *s = c->server;
	struct client **at = &s->clients;

	if (--c->open_handles)
		return;
	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	s->n_clients--;
	s->n_strangers -= c->access == ACCESS_NONE;
	free(c->reply);
	if (c->reply_len > LARGE)
		memory_give_back();
	free(c);
	server_free_when_done(s);
}

static void client_handle_closed(uv_handle_t *handle)
{
	client_leave(handle->data);
}

static void client_close(struct client *c)
{
	if (uv_is_closing((uv_handle_t *)&c->pipe))
		return;
	uv_close((uv_handle_t *)&c->pipe, client_handle_closed);
	uv_close((uv_handle_t *)&c->timer, client_handle_closed);
}

static void client_timeout(uv_timer_t *timer)
{
	client_close(timer->data);
}

/* --- parts -- of what is long; the main loop has other things to do between them ---------------- */

static size_t send_parts(struct client *c, size_t ahead);

static void part_written(uv_write_t *write, int status)
{
	struct part *p = write->data;
	struct client *c = p->client;

	free(p->bytes);
	free(p);
	c->under_way--;
	if (status < 0 || (!c->more && !c->under_way))
		client_close(c);
	else
		send_parts(c, 1);
}

static int send_part(struct client *c)
{
	struct part *p = calloc(1, sizeof(*p));
	size_t len = 0;
	uv_buf_t buf;
	int code = UV_ENOMEM;

	if (!p)
		return code;
	p->client = c;
	p->write.data = p;
	p->bytes = c->server->source(c->server->owner, &c->position, &len);
	c->more = c->position != 0;
	buf = uv_buf_init((char *)p->bytes, (unsigned int)len);
	if (p->bytes)
		code = uv_write(&p->write, (uv_stream_t *)&c->pipe, &buf, 1, part_written);
	if (code == 0) {
		c->under_way++;
		return 0;
	}
	free(p->bytes);
	free(p);
	return code;
}

/* At most so many. How many were not wanted. */
static size_t send_parts(struct client *c, size_t ahead)
{
	for (; ahead && c->more && !uv_is_closing((uv_handle_t *)&c->pipe); ahead--)
		if (send_part(c) < 0)
			client_close(c);
	return ahead;
}

void control_server_take_parts(struct control_server *s)
{
	size_t left = AT_ONCE;

	for (struct client *c = s->clients; c; c = c->next) {
		left = send_parts(c, left);
		if (c->more && !uv_is_closing((uv_handle_t *)&c->pipe))
			client_close(c);
	}
}

static void reply_written(uv_write_t *write, int status)
{
	struct client *c = write->data;

	if (status < 0 || (!c->more && !c->under_way))
		client_close(c);
	else
		send_parts(c, AHEAD);
}

static void write_reply(struct client *c)
{
	uv_buf_t buf = uv_buf_init((char *)c->reply, (unsigned int)c->reply_len);

	c->held = false;
	c->write.data = c;
	uv_timer_start(&c->timer, client_timeout, CLIENT_TIME_MS, 0);
	if (!c->reply || uv_write(&c->write, (uv_stream_t *)&c->pipe, &buf, 1, reply_written) < 0)
		client_close(c);
}

/* --- packing -- a status of all backends takes longer than the main loop has for one client ----- */

static bool is_long(const struct control_reply *reply)
{
	return reply->has_status && status_count_backends(&reply->status) >= MANY;
}

/* In a thread of the pool. */
static void pack(uv_work_t *work)
{
	struct client *c = work->data;

	c->reply = codec_pack_reply(&c->unpacked, &c->reply_len);
	control_reply_clear(&c->unpacked);
}

static void was_packed(uv_work_t *work, int status)
{
	struct client *c = work->data;

	(void)status; /* it is never cancelled */
	if (!uv_is_closing((uv_handle_t *)&c->pipe))
		write_reply(c);
	client_leave(c);
}

/* False: it has to be done here. */
static bool pack_aside(struct client *c, const struct control_reply *reply)
{
	if (!is_long(reply))
		return false;
	c->unpacked = *reply;
	c->packing.data = c;
	if (uv_queue_work(c->pipe.loop, &c->packing, pack, was_packed) < 0)
		return false;
	c->open_handles++;
	return true;
}

static void answer(struct client *c, bool again)
{
	struct control_reply reply = {0};

	c->held = !c->server->handler(c->server->owner, &c->stream.request, &c->who, again, &reply);
	if (!c->held && pack_aside(c, &reply))
		return;
	c->more = reply.more;
	if (!c->held || reply.text)
		c->reply = codec_pack_reply(&reply, &c->reply_len);
	control_reply_clear(&reply);
	if (!c->held)
		write_reply(c);
	else if (!again)
		uv_timer_start(&c->timer, client_timeout, HELD_TIME_MS, 0);
}

void control_server_release(struct control_server *s)
{
	for (struct client *c = s->clients; c; c = c->next) {
		if (!c->held || uv_is_closing((uv_handle_t *)&c->pipe))
			continue;
		if (c->reply)
			write_reply(c);
		else
			answer(c, true);
	}
}

static void refuse(struct client *c, enum access needed)
{
	struct control_reply reply = {.code = CONTROL_FAILED};
	char text[ACCESS_SENTENCE];

	reply.text = strdup(access_refusal(&c->server->rules, needed, text));
	c->reply = codec_pack_reply(&reply, &c->reply_len);
	control_reply_clear(&reply);
	write_reply(c);
}

static void client_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct client *c = handle->data;
	uint8_t *room;
	size_t len;

	(void)suggested;
	room = request_stream_room(&c->stream, &len);
	*buf = uv_buf_init((char *)room, (unsigned int)len);
}

static void client_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buf)
{
	struct client *c = stream->data;

	(void)buf;
	if (got < 0 || c->answered) {
		client_close(c);
		return;
	}
	switch (request_stream_took(&c->stream, (size_t)got)) {
	case REQUEST_STREAM_MORE: return;
	case REQUEST_STREAM_MALFORMED:
		log_warning("a malformed request on the control socket was dropped");
		client_close(c);
		return;
	case REQUEST_STREAM_UNKNOWN:
		log_warning("an unknown request on the control socket was dropped");
		client_close(c);
		return;
	case REQUEST_STREAM_WHOLE: break;
	}
	c->answered = true;
	if (c->access < access_needed(c->stream.request.command))
		refuse(c, access_needed(c->stream.request.command));
	else
		answer(c, false);
}

/* Of a process that has more groups than memory is there for none counts. */
static void ask_groups(struct client *c, int fd, const struct ucred *who)
{
	socklen_t len = 0;
	uint32_t *gids;
	struct access_asker asker = {.uid = who->uid, .n_gids = 1};

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &len) < 0 && errno != ERANGE)
		len = 0;
	gids = malloc(len + sizeof(*gids));
	asker.gids = gids ? gids : &who->gid;
	if (gids) {
		if (len && getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, gids + 1, &len) < 0)
			len = 0;
		gids[0] = who->gid;
		asker.n_gids += len / sizeof(*gids);
	}
	c->access = access_of(&c->server->rules, &asker);
	free(gids);
}

static void ask_who(struct client *c)
{
	struct ucred who;
	socklen_t len = sizeof(who);
	uv_os_fd_t fd;

	if (uv_fileno((uv_handle_t *)&c->pipe, &fd) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) < 0)
		return;
	c->who = (struct control_asker){.known = true, .uid = who.uid, .pid = (uint32_t)who.pid};
	c->who.ticket = ++c->server->tickets;
	ask_groups(c, fd, &who);
}

/* Those who may ask for nothing must not keep out who may. */
static bool is_one_too_many(const struct client *c)
{
	const struct control_server *s = c->server;

	return s->n_clients > CLIENTS_MAX ||
	       (c->access == ACCESS_NONE && s->n_strangers > STRANGERS_MAX);
}

static void connected(uv_stream_t *stream, int status)
{
	struct control_server *s = stream->data;
	struct client *c;

	if (status < 0)
		return;
	c = calloc(1, sizeof(*c));
	if (!c)
		return;
	c->server = s;
	c->open_handles = 2;
	uv_pipe_init(stream->loop, &c->pipe, 0);
	uv_timer_init(stream->loop, &c->timer);
	c->pipe.data = c->timer.data = c;
	c->next = s->clients;
	s->clients = c;
	s->n_clients++;
	if (uv_accept(stream, (uv_stream_t *)&c->pipe) == 0)
		ask_who(c);
	s->n_strangers += c->access == ACCESS_NONE;
	if (is_one_too_many(c) ||
	    uv_timer_start(&c->timer, client_timeout, CLIENT_TIME_MS, 0) < 0 ||
	    uv_read_start((uv_stream_t *)&c->pipe, client_room, client_read) < 0)
		client_close(c);
}

static void pipe_closed(uv_handle_t *handle)
{
	struct control_server *s = handle->data;

	s->listening = false;
	server_free_when_done(s);
}

int control_server_new(uv_loop_t *loop, const char *path, control_handler *handler,
		       control_part_source *source, void *owner, struct control_server **ret,
		       struct err *err)
{
	struct control_server *s;
	mode_t mask;
	int code;

	if (strlen(path) >= sizeof(s->path))
		return err_set(err, -ENAMETOOLONG, "the path of the control socket is too long: %s",
			       path);
	s = calloc(1, sizeof(*s));
	if (!s)
		return err_set(err, -ENOMEM, "no memory");
	strcpy(s->path, path);
	s->handler = handler;
	s->source = source;
	s->owner = owner;
	s->listening = true;
	s->rules.uid = geteuid();
	uv_pipe_init(loop, &s->pipe, 0);
	s->pipe.data = s;
	unlink(path);
	mask = umask(0177);
	code = uv_pipe_bind(&s->pipe, path);
	umask(mask);
	if (code == 0)
		code = uv_listen((uv_stream_t *)&s->pipe, BACKLOG, connected);
	if (code < 0) {
		err_set(err, code, "cannot listen on %s: %s", path, uv_strerror(code));
		control_server_close(s);
		return code;
	}
	*ret = s;
	return 0;
}

/* Of a directory that others may pass nothing more can be seen by it. */
static int open_way(const char *path, struct err *err)
{
	char dir[sizeof(((struct control_server *)0)->path)];
	char *end;
	struct stat st;

	snprintf(dir, sizeof(dir), "%s", path);
	end = strrchr(dir, '/');
	if (!end || end == dir)
		return 0;
	*end = '\0';
	if (stat(dir, &st) == 0 && (st.st_mode & 0011) == 0011)
		return 0;
	if (chmod(dir, (st.st_mode & 07777) | 0011) == 0)
		return 0;
	return err_set(err, -errno, "cannot let the groups of section control into %s: %s", dir,
		       strerror(errno));
}

int control_server_set_access(struct control_server *s, const struct access_rules *rules,
			      struct err *err)
{
	int code = access_is_shared(rules) ? open_way(s->path, err) : 0;

	if (code < 0)
		return code;
	if (chmod(s->path, access_is_shared(rules) ? 0666 : 0600) < 0)
		return err_set(err, -errno, "cannot change who may open %s: %s", s->path,
			       strerror(errno));
	s->rules = *rules;
	return 0;
}

void control_server_close(struct control_server *s)
{
	if (!s)
		return;
	s->closing = true;
	unlink(s->path);
	for (struct client *c = s->clients; c; c = c->next)
		client_close(c);
	uv_close((uv_handle_t *)&s->pipe, pipe_closed);
}
