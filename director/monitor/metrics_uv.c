/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/monitor/metrics_uv.h"

#include "director/monitor/metrics.h"
#include "director/monitor/metrics_listen_uv.h"
#include "director/monitor/metrics_path.h"
#include "director/monitor/page.h"
#include "include/memory.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	CONNECTIONS_MAX = 64,	  /* more than any number of people and monitors ask at once */
	CONNECTION_MS = 5000,	  /* from its beginning to its end */
	CROWDED_MS = 1000,	  /* the same while nobody else can come in */
	CONNECTION_MEMORY = 8192, /* request line and headers; a longer request is refused */
	IN_VAIN_MOST = 100,	  /* wake-ups without a connection, until ... */
	REST_MS = 100,		  /* ... nobody listens for so long */
	TEXT_MS = 1000,		  /* for so long a text is new, ... */
	TEXT_SELDOM = 20,	  /* ... and for so many times as long as it took to make it */
	LARGE = 1 << 20, /* a text that was made of so much that it goes back to the system */
};

enum { DOCUMENTS = METRICS_PATH_HEALTH + 1 }; /* what is made anew now and then */

/* A connection that libmicrohttpd has. */
struct place {
	bool taken;
	int fd;
	uint64_t since_ms;
	struct MHD_Connection *waiting; /* for a text that a thread makes; or NULL */
	enum metrics_path waits_for;
};

/* The last one, shared by all who read it. */
struct made {
	struct MHD_Response *reply; /* or NULL */
	size_t len;
	unsigned int status;
	uint64_t until_ms;
	/* While a thread makes it. */
	struct metrics_server *server;
	bool json;
	uv_work_t work;
	void *gathered; /* or NULL: no thread does */
	char *text;
	uint64_t began_ms;
};

struct metrics_server {
	uv_poll_t poll; /* of libmicrohttpd's epoll descriptor */
	uv_timer_t timer;
	int open_handles;
	struct MHD_Daemon *http;
	struct metrics_source source;
	struct place places[CONNECTIONS_MAX];
	size_t taken;
	unsigned int in_vain; /* wake-ups since there was a connection */
	struct made made[DOCUMENTS];
	char address[METRICS_ADDRESS];
};

/* A handle, or a thread. */
static void leave(struct metrics_server *s)
{
	if (--s->open_handles == 0)
		free(s);
}

/* --- replies ------------------------------------------------------------------------------------ */

/* memory: whether it is copied or taken over, which is also when there is no reply. NULL: no memory. */
static struct MHD_Response *make_reply(const char *type, char *text, size_t len,
				       enum MHD_ResponseMemoryMode memory)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(len, text, memory);

	if (r && MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, type) == MHD_YES &&
	    MHD_add_response_header(r, MHD_HTTP_HEADER_CONNECTION, "close") == MHD_YES)
		return r;
	if (r)
		MHD_destroy_response(r);
	else if (memory == MHD_RESPMEM_MUST_FREE)
		free(text);
	return NULL;
}

static enum MHD_Result reply(struct MHD_Connection *c, unsigned int status, const char *type,
			     const char *text, const char *allow)
{
	struct MHD_Response *r =
		make_reply(type, (char *)text, strlen(text), MHD_RESPMEM_MUST_COPY);
	enum MHD_Result result = MHD_NO;

	if (!r)
		return MHD_NO;
	if (!allow || MHD_add_response_header(r, MHD_HTTP_HEADER_ALLOW, allow) == MHD_YES)
		result = MHD_queue_response(c, status, r);
	MHD_destroy_response(r);
	return result;
}

/* Whoever is still reading it keeps it alive. */
static void forget(struct made *m)
{
	if (!m->reply)
		return;
	MHD_destroy_response(m->reply);
	m->reply = NULL;
	if (m->len > LARGE)
		memory_give_back();
}

static char *text_of(struct metrics_server *s, enum metrics_path document, struct made *m)
{
	const struct metrics_source *from = &s->source;
	bool ready = true;
	char *text = NULL;

	switch (document) {
	case METRICS_PATH_METRICS: text = from->text(from->owner, &m->len); break;
	case METRICS_PATH_STATUS: text = from->status(from->owner, &m->len); break;
	case METRICS_PATH_HEALTH: text = from->health(from->owner, &m->len, &ready); break;
	case METRICS_PATH_PAGE:
	case METRICS_PATH_NONE:
	case METRICS_PATH_REFUSED: break;
	}
	m->status = ready ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE;
	/* cppcheck-suppress returnDanglingLifetime ; it is the text alone that is returned */
	return text;
}

/* What is there now takes the place of the last one; NULL: there was no memory. */
static void take_text(struct made *m, char *text)
{
	uv_loop_t *loop = m->server->timer.loop;
	uint64_t took_ms;

	uv_update_time(loop);
	took_ms = uv_now(loop) - m->began_ms;
	m->until_ms =
		m->began_ms + (took_ms * TEXT_SELDOM > TEXT_MS ? took_ms * TEXT_SELDOM : TEXT_MS);
	if (text)
		m->reply = make_reply(m->json ? "application/json" : METRICS_CONTENT_TYPE, text,
				      m->len, MHD_RESPMEM_MUST_FREE);
}

/* --- a text that takes long ----------------------------------------------------------------------- */

static void run(struct metrics_server *s);

/* In a thread of the pool. */
static void print_aside(uv_work_t *work)
{
	struct made *m = work->data;

	m->text = m->server->source.print(m->gathered, m->json, &m->len);
}

/* METRICS_PATH_NONE: of whatever they wait for. */
static void resume(struct metrics_server *s, enum metrics_path document)
{
	for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
		struct place *p = &s->places[i];

		if (!p->waiting || (document != METRICS_PATH_NONE && p->waits_for != document))
			continue;
		MHD_resume_connection(p->waiting);
		p->waiting = NULL;
		p->since_ms = uv_now(s->timer.loop);
	}
}

static void was_printed(uv_work_t *work, int status)
{
	struct made *m = work->data;
	struct metrics_server *s = m->server;

	(void)status; /* it is never cancelled */
	m->gathered = NULL;
	if (!s->http) {
		free(m->text);
		leave(s);
		return;
	}
	take_text(m, m->text);
	s->open_handles--;
	resume(s, (enum metrics_path)(m - s->made));
	run(s);
}

/* False: it is short, and to be made at once. */
static bool make_aside(struct metrics_server *s, enum metrics_path document)
{
	struct made *m = &s->made[document];

	if (document == METRICS_PATH_HEALTH || !s->source.gather)
		return false;
	m->gathered = s->source.gather(s->source.owner);
	if (!m->gathered)
		return false;
	m->work.data = m;
	m->status = MHD_HTTP_OK;
	if (uv_queue_work(s->timer.loop, &m->work, print_aside, was_printed) == 0) {
		s->open_handles++;
		return true;
	}
	print_aside(&m->work);
	m->gathered = NULL;
	take_text(m, m->text);
	return true;
}

static void make(struct metrics_server *s, enum metrics_path document)
{
	struct made *m = &s->made[document];

	forget(m);
	uv_update_time(s->timer.loop);
	m->server = s;
	m->json = document != METRICS_PATH_METRICS;
	m->began_ms = uv_now(s->timer.loop);
	if (!make_aside(s, document))
		take_text(m, text_of(s, document, m));
}

static enum MHD_Result wait_for(struct MHD_Connection *c, enum metrics_path document)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct place *p = info ? info->socket_context : NULL;

	if (!p)
		return MHD_NO;
	p->waiting = c;
	p->waits_for = document;
	MHD_suspend_connection(c);
	return MHD_YES;
}

static enum MHD_Result reply_made(struct metrics_server *s, struct MHD_Connection *c,
				  enum metrics_path document)
{
	struct made *m = &s->made[document];

	if (!m->gathered && (!m->until_ms || uv_now(s->timer.loop) >= m->until_ms))
		make(s, document);
	if (m->gathered)
		return wait_for(c, document);
	if (!m->reply) {
		m->until_ms = 0;
		return reply(c, MHD_HTTP_SERVICE_UNAVAILABLE, "text/plain",
			     "directord has no memory for that\n", NULL);
	}
	return MHD_queue_response(c, m->status, m->reply);
}

/* Whatever a name in the configuration says, the browser runs and asks for nothing else. */
static enum MHD_Result reply_page(struct MHD_Connection *c)
{
	struct MHD_Response *r = make_reply(PAGE_CONTENT_TYPE, (char *)page_html, strlen(page_html),
					    MHD_RESPMEM_PERSISTENT);
	enum MHD_Result result = MHD_NO;

	if (!r)
		return MHD_NO;
	if (MHD_add_response_header(r, "Content-Security-Policy", PAGE_POLICY) == MHD_YES &&
	    MHD_add_response_header(r, "X-Content-Type-Options", "nosniff") == MHD_YES)
		result = MHD_queue_response(c, MHD_HTTP_OK, r);
	MHD_destroy_response(r);
	return result;
}

/*
 * MHD_AccessHandlerCallback. A request is answered when its head is there; what follows it is never
 * read.
 */
static enum MHD_Result answer(void *owner, struct MHD_Connection *c, const char *path,
			      const char *method, const char *version, const char *body,
			      size_t *body_len, void **request)
{
	struct metrics_server *s = owner;
	enum metrics_path asked = metrics_path_of(path, method);

	(void)version;
	(void)body;
	(void)body_len;
	(void)request;
	switch (asked) {
	case METRICS_PATH_METRICS:
	case METRICS_PATH_STATUS:
	case METRICS_PATH_HEALTH: return reply_made(s, c, asked);
	case METRICS_PATH_PAGE: return reply_page(c);
	case METRICS_PATH_REFUSED:
		return reply(c, MHD_HTTP_METHOD_NOT_ALLOWED, "text/plain", "GET or HEAD\n",
			     "GET, HEAD");
	case METRICS_PATH_NONE: break;
	}
	return reply(c, MHD_HTTP_NOT_FOUND, "text/plain",
		     "there are /, /metrics, /status and /healthz\n", NULL);
}

/* --- connections -------------------------------------------------------------------------------- */

/* MHD_NotifyConnectionCallback */
static void came_or_went(void *owner, struct MHD_Connection *c, void **context,
			 enum MHD_ConnectionNotificationCode what)
{
	struct metrics_server *s = owner;
	const union MHD_ConnectionInfo *info;
	struct place *p = *context;

	s->in_vain = 0;
	if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
		s->taken -= p != NULL;
		if (p)
			p->taken = false;
		return;
	}
	info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
	for (size_t i = 0; info && i < CONNECTIONS_MAX; i++) {
		p = &s->places[i];
		if (p->taken)
			continue;
		*p = (struct place){
			.taken = true, .fd = info->connect_fd, .since_ms = uv_now(s->timer.loop)};
		s->taken++;
		*context = p;
		return;
	}
}

/* Not libmicrohttpd's own limit, which begins anew with every octet. */
static uint64_t time_limit_ms(const struct metrics_server *s)
{
	return s->taken == CONNECTIONS_MAX ? CROWDED_MS : CONNECTION_MS;
}

/* Ends it without waiting for anybody to read what is on the way; libmicrohttpd finds out and closes. */
static void cut(struct place *p, uint64_t now_ms)
{
	static const struct linger at_once = {.l_onoff = 1};

	setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	shutdown(p->fd, SHUT_RDWR);
	p->since_ms = now_ms; /* not again at once */
}

/* Returns the time until the next one is due; UINT64_MAX: there is none. */
static uint64_t cut_slow(struct metrics_server *s)
{
	uint64_t now_ms = uv_now(s->timer.loop), limit_ms = time_limit_ms(s), next_ms = UINT64_MAX;

	for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
		struct place *p = &s->places[i];

		if (!p->taken || p->waiting) /* who waits for us is not slow */
			continue;
		if (now_ms - p->since_ms >= limit_ms)
			cut(p, now_ms);
		if (p->since_ms + limit_ms - now_ms < next_ms)
			next_ms = p->since_ms + limit_ms - now_ms;
	}
	return next_ms;
}

static void polled(uv_poll_t *poll, int status, int events);

static void timed_out(uv_timer_t *timer)
{
	struct metrics_server *s = timer->data;

	if (!uv_is_active((uv_handle_t *)&s->poll))
		uv_poll_start(&s->poll, UV_READABLE, polled);
	run(s);
}

/*
 * Of an event on a connection libmicrohttpd hears once (EPOLLET): what it left for later is only known
 * from MHD_get_timeout(), which must be asked after each run. And when there is room again, it listens
 * only in the next run.
 */
static void run(struct metrics_server *s)
{
	MHD_UNSIGNED_LONG_LONG wait_ms;
	size_t before = s->taken;
	uint64_t next_ms;

	MHD_run(s->http);
	next_ms = cut_slow(s);
	if (s->taken < before)
		next_ms = 0;
	else if (MHD_get_timeout(s->http, &wait_ms) == MHD_YES && wait_ms < next_ms)
		next_ms = wait_ms;
	if (next_ms == UINT64_MAX)
		uv_timer_stop(&s->timer);
	else
		uv_timer_start(&s->timer, timed_out, next_ms, 0);
}

static void polled(uv_poll_t *poll, int status, int events)
{
	struct metrics_server *s = poll->data;

	(void)status; /* whatever it is, MHD_run() finds out */
	(void)events;
	s->in_vain++;
	run(s);
	if (s->taken || s->in_vain < IN_VAIN_MOST)
		return;
	/* Without a descriptor for it a connection waits, and libmicrohttpd tries again at once. */
	s->in_vain = 0;
	uv_poll_stop(&s->poll);
	uv_timer_start(&s->timer, timed_out, REST_MS, 0);
}

/* --- start and end ------------------------------------------------------------------------------ */

static void handle_closed(uv_handle_t *handle)
{
	leave(handle->data);
}

/* 0 or -ENOMEM. Takes over fd in every case. */
static int start_http(struct metrics_server *s, int fd)
{
	const union MHD_DaemonInfo *info;

	s->http = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, answer,
				   s, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
				   (unsigned int)CONNECTIONS_MAX,
				   MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
				   MHD_OPTION_NOTIFY_CONNECTION, came_or_went, s, MHD_OPTION_END);
	if (!s->http) {
		close(fd); /* not done without memory or descriptors */
		return -ENOMEM;
	}
	info = MHD_get_daemon_info(s->http, MHD_DAEMON_INFO_EPOLL_FD);
	if (!info || uv_poll_init(s->timer.loop, &s->poll, info->epoll_fd) < 0) {
		MHD_stop_daemon(s->http);
		return -ENOMEM;
	}
	s->poll.data = s;
	s->open_handles++;
	uv_poll_start(&s->poll, UV_READABLE, polled);
	return 0;
}

int metrics_server_new(uv_loop_t *loop, const char *address, const struct metrics_source *source,
		       struct metrics_server **ret, struct err *err)
{
	int fd = metrics_listen(address), code;
	struct metrics_server *s;

	if (fd < 0)
		return err_set(err, fd, "cannot serve metrics on %s: %s", address, strerror(-fd));
	s = calloc(1, sizeof(*s));
	if (!s) {
		close(fd);
		return err_set(err, -ENOMEM, "no memory");
	}
	s->source = *source;
	snprintf(s->address, sizeof(s->address), "%s", address);
	uv_timer_init(loop, &s->timer);
	s->timer.data = s;
	s->open_handles = 1;
	code = start_http(s, fd);
	if (code < 0) {
		uv_close((uv_handle_t *)&s->timer, handle_closed);
		return err_set(err, code, "no memory to serve metrics");
	}
	*ret = s;
	return 0;
}

void metrics_server_close(struct metrics_server *s)
{
	if (!s)
		return;
	uv_close((uv_handle_t *)&s->poll, handle_closed); /* before its descriptor is closed */
	uv_close((uv_handle_t *)&s->timer, handle_closed);
	resume(s, METRICS_PATH_NONE); /* libmicrohttpd wants none to be left */
	MHD_stop_daemon(s->http);
	s->http = NULL;
	for (size_t i = 0; i < DOCUMENTS; i++)
		forget(&s->made[i]);
}

const char *metrics_server_address(const struct metrics_server *s)
{
	return s->address;
}
