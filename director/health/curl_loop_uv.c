/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/health/curl_loop_uv.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

struct curl_loop {
	uv_loop_t *loop;
	CURLM *multi; /* NULL: closed */
	uv_timer_t timer;
	bool in_timer;
	curl_loop_ended *ended;
	void *owner;
};

/* One socket of libcurl's; its memory goes when its handle is closed. */
struct watched {
	struct curl_loop *all;
	uv_poll_t poll;
	curl_socket_t fd;
	int wants; /* events; 0: libcurl has no more to do with it */
};

/* --- what the loop tells libcurl -------------------------------------------------------------- */

static void tell_ended(struct curl_loop *l)
{
	CURLMsg *message;
	int left;

	/* ended() may close it. */
	while (l->multi && (message = curl_multi_info_read(l->multi, &left))) {
		CURL *easy = message->easy_handle;
		CURLcode result = message->data.result;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_multi_remove_handle(l->multi, easy);
		l->ended(l->owner, easy, result);
	}
}

static void act(struct curl_loop *l, curl_socket_t fd, int events)
{
	int running;

	curl_multi_socket_action(l->multi, fd, events, &running);
	tell_ended(l);
}

static void ready(uv_poll_t *poll, int status, int events)
{
	struct watched *w = poll->data;
	int happened = 0;

	/* libcurl reads the error of a socket itself. */
	if (status < 0)
		happened = CURL_CSELECT_IN | CURL_CSELECT_OUT | CURL_CSELECT_ERR;
	if (events & UV_READABLE)
		happened |= CURL_CSELECT_IN;
	if (events & UV_WRITABLE)
		happened |= CURL_CSELECT_OUT;
	act(w->all, w->fd, happened);
	/* libuv stops the handle of a socket with an error for good. */
	if (w->wants && !uv_is_active((uv_handle_t *)poll))
		uv_poll_start(poll, w->wants, ready);
}

static void due(uv_timer_t *timer)
{
	struct curl_loop *l = timer->data;

	l->in_timer = true;
	act(l, CURL_SOCKET_TIMEOUT, 0);
	l->in_timer = false;
}

/* --- what libcurl wants ----------------------------------------------------------------------- */

static void poll_closed(uv_handle_t *handle)
{
	free(handle->data);
}

/*
 * libcurl closes the descriptor afterwards, and the next socket may get its number while this handle is
 * still closing: only a handle that has been stopped lets go of it.
 */
static void forget(struct curl_loop *l, struct watched *w)
{
	w->wants = 0;
	curl_multi_assign(l->multi, w->fd, NULL);
	uv_poll_stop(&w->poll);
	uv_close((uv_handle_t *)&w->poll, poll_closed);
}

static struct watched *watch(struct curl_loop *l, curl_socket_t fd)
{
	struct watched *w = calloc(1, sizeof(*w));

	if (!w || uv_poll_init(l->loop, &w->poll, fd) < 0) {
		free(w);
		return NULL;
	}
	w->all = l;
	w->fd = fd;
	w->poll.data = w;
	curl_multi_assign(l->multi, fd, w);
	return w;
}

static int wants_socket(CURL *easy, curl_socket_t fd, int what, void *owner, void *socket)
{
	struct curl_loop *l = owner;
	struct watched *w = socket;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (w)
			forget(l, w);
		return 0;
	}
	w = w ? w : watch(l, fd);
	if (!w)
		return -1;
	w->wants =
		(what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
	return uv_poll_start(&w->poll, w->wants, ready) < 0 ? -1 : 0;
}

/*
 * "At once" is not from inside: libcurl must not be called from there. From the timer's own callback it
 * is a millisecond later, since libuv would run a timer of 0 again before it looks at any socket.
 */
static int wants_timer(CURLM *multi, long timeout_ms, void *owner)
{
	struct curl_loop *l = owner;
	uint64_t ms = timeout_ms > 0 ? (uint64_t)timeout_ms : l->in_timer;

	(void)multi;
	if (timeout_ms < 0)
		uv_timer_stop(&l->timer);
	else
		uv_timer_start(&l->timer, due, ms, 0);
	return 0;
}

/* --- its life --------------------------------------------------------------------------------- */

struct curl_loop *curl_loop_new(uv_loop_t *loop, curl_loop_ended *ended, void *owner)
{
	struct curl_loop *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->multi = curl_multi_init();
	if (!l->multi) {
		free(l);
		return NULL;
	}
	l->loop = loop;
	l->ended = ended;
	l->owner = owner;
	uv_timer_init(loop, &l->timer);
	l->timer.data = l;
	curl_multi_setopt(l->multi, CURLMOPT_SOCKETFUNCTION, wants_socket);
	curl_multi_setopt(l->multi, CURLMOPT_SOCKETDATA, l);
	curl_multi_setopt(l->multi, CURLMOPT_TIMERFUNCTION, wants_timer);
	curl_multi_setopt(l->multi, CURLMOPT_TIMERDATA, l);
	curl_multi_setopt(l->multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
	return l;
}

static void timer_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void curl_loop_close(struct curl_loop *l)
{
	if (!l)
		return;
	curl_multi_cleanup(l->multi);
	l->multi = NULL;
	uv_close((uv_handle_t *)&l->timer, timer_closed);
}

int curl_loop_add(struct curl_loop *l, CURL *easy)
{
	return curl_multi_add_handle(l->multi, easy) == CURLM_OK ? 0 : -ENOMEM;
}

void curl_loop_remove(struct curl_loop *l, CURL *easy)
{
	curl_multi_remove_handle(l->multi, easy);
}
