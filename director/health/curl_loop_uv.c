/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/health/curl_loop_uv.h"

#include <errno.h>
#include <stdlib.h>

struct curl_loop {
	uv_loop_t *loop;
	CURLM *multi;
	uv_timer_t timer;
	curl_loop_ended *ended;
	void *owner;
};

/* One socket of a transfer; goes by itself once its handle is closed. */
struct watched {
	struct curl_loop *all;
	uv_poll_t poll;
	curl_socket_t fd;
};

/* --- what libcurl does ------------------------------------------------------------------------ */

static void tell_ended(struct curl_loop *l)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(l->multi, &left))) {
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
	int action = 0;

	/* libuv stops a handle whose socket has an error (compare style of uv_poll): libcurl reads it. */
	if (status < 0)
		action = CURL_CSELECT_IN | CURL_CSELECT_OUT | CURL_CSELECT_ERR;
	if (events & UV_READABLE)
		action |= CURL_CSELECT_IN;
	if (events & UV_WRITABLE)
		action |= CURL_CSELECT_OUT;
	act(w->all, w->fd, action);
}

static void due(uv_timer_t *timer)
{
	act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

/* --- what libcurl wants ----------------------------------------------------------------------- */

static void poll_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void forget(struct curl_loop *l, curl_socket_t fd, struct watched *w)
{
	if (!w)
		return;
	uv_poll_stop(
		&w->poll); /* before libcurl closes the descriptor, and it means another socket */
	uv_close((uv_handle_t *)&w->poll, poll_closed);
	curl_multi_assign(l->multi, fd, NULL);
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
	int events = 0;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		forget(l, fd, w);
		return 0;
	}
	w = w ? w : watch(l, fd);
	if (!w)
		return -1;
	if (what & CURL_POLL_IN)
		events |= UV_READABLE;
	if (what & CURL_POLL_OUT)
		events |= UV_WRITABLE;
	return uv_poll_start(&w->poll, events, ready) < 0 ? -1 : 0;
}

/* It may be called from inside libcurl, which must not be called from there: 0 is "soon". */
static int wants_timer(CURLM *multi, long timeout_ms, void *owner)
{
	struct curl_loop *l = owner;

	(void)multi;
	if (timeout_ms < 0)
		uv_timer_stop(&l->timer);
	else
		uv_timer_start(&l->timer, due, timeout_ms > 0 ? (uint64_t)timeout_ms : 1, 0);
	return 0;
}

/* --- its life --------------------------------------------------------------------------------- */

int curl_loop_new(uv_loop_t *loop, curl_loop_ended *ended, void *owner, struct curl_loop **ret,
		  struct err *err)
{
	struct curl_loop *l = calloc(1, sizeof(*l));

	/* Counted by libcurl; the first one initialises it. */
	if (!l || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(l);
		return err_set(err, -ENOMEM, "libcurl cannot be used");
	}
	l->multi = curl_multi_init();
	if (!l->multi) {
		curl_global_cleanup();
		free(l);
		return err_set(err, -ENOMEM, "no memory for libcurl");
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
	*ret = l;
	return 0;
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
	curl_global_cleanup();
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
