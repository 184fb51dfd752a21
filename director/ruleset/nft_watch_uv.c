/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/nft_watch_uv.h"

#include "director/ruleset/nft_socket_uv.h"
#include "director/ruleset/nft_watch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/filter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
	APART_MS = 1000, /* between two calls: a comparison of a big table takes some 100 ms */
	READS = 512,	 /* of one wake-up: some milliseconds */
	ROUNDS = 32,	 /* of so many, for who asks: more than the buffer holds */
	RECEIVE_BUFFER = 4 * 1024 * 1024, /* somebody's transaction of 100,000 elements */
	MESSAGE = 16384,  /* NLMSG_GOODSIZE, into which the kernel joins several, is half of that */
	TYPE_OFFSET = 4,  /* of struct nlmsghdr's nlmsg_type ... */
	PORT_OFFSET = 12, /* ... and nlmsg_pid */
	BUSY_ELEMENTS = 2000, /* that pass ... */
	BUSY_MS = 200,	      /* ... within this time are not listened to ... */
	REST_MS = 1000,	      /* ... for this time */
	NEW_GENERATION = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWGEN,
};

struct nft_watch {
	uv_loop_t *loop;
	nft_watch_changed *changed;
	void *owner;
	struct mnl_socket *nl;
	uint32_t port; /* of our own socket */
	uv_poll_t poll;
	uv_timer_t later;
	int open_handles;
	bool called;
	uint64_t called_ms;
	struct nft_history history;
	struct nft_generation last; /* that changed our table, since the last call */
	bool pending, several, unknown;
	/* What passes, and the rest from it. */
	struct nft_socket ask;
	uv_timer_t rest;
	bool resting;
	uint64_t busy_ms; /* since then ... */
	size_t elements;  /* ... so many have passed */
	bool doubts;
	uint32_t rested_from; /* the generation when the rest began, ... */
	uint32_t passed;      /* ... and what has passed since */
};

/* --- what is heard ---------------------------------------------------------------------------- */

static void write_who(const struct nft_watch *w, char buf[static NFT_WATCH_WHO])
{
	buf[0] = '\0';
	if (w->last.pid && !w->unknown)
		snprintf(buf, NFT_WATCH_WHO, "%s%s (process %u)",
			 w->several ? "one of several, perhaps " : "",
			 w->last.process[0] ? w->last.process : "somebody", w->last.pid);
}

static void call(struct nft_watch *w)
{
	char who[NFT_WATCH_WHO];

	write_who(w, who);
	w->pending = w->several = w->unknown = false;
	w->last = (struct nft_generation){0};
	w->called = true;
	w->called_ms = uv_now(w->loop);
	w->changed(w->owner, who);
}

static void time_has_passed(uv_timer_t *timer)
{
	struct nft_watch *w = timer->data;

	if (w->pending)
		call(w);
}

static void call_later(struct nft_watch *w, uint64_t ms)
{
	if (!uv_is_active((uv_handle_t *)&w->later))
		uv_timer_start(&w->later, time_has_passed, ms, 0);
}

static void call_soon(struct nft_watch *w)
{
	uint64_t passed = uv_now(w->loop) - w->called_ms;

	if (!w->called || passed >= APART_MS)
		call(w);
	else
		call_later(w, APART_MS - passed);
}

static void take(struct nft_watch *w, const uint8_t *bytes, size_t len)
{
	struct nft_generation g;

	w->history.touched |= nft_message_is_ours(bytes, len);
	if (!nft_generation_parse(bytes, len, &g) || !nft_history_end(&w->history, g.id))
		return;
	w->several |= w->pending && g.pid != w->last.pid;
	w->pending = true;
	w->last = g;
}

static void lose(struct nft_watch *w)
{
	nft_history_lose(&w->history);
	w->pending = w->unknown = true;
}

/* What the kernel sends together is several messages, each padded. */
static void take_all(struct nft_watch *w, const uint8_t *bytes, size_t n)
{
	while (n >= sizeof(struct nlmsghdr)) {
		const struct nlmsghdr *nlh = (const void *)bytes;
		size_t len =
			((size_t)nlh->nlmsg_len + MNL_ALIGNTO - 1) & ~(size_t)(MNL_ALIGNTO - 1);

		take(w, bytes, n);
		if (len < sizeof(*nlh) || len > n)
			break;
		bytes += len;
		n -= len;
	}
}

/* False: there may be more. */
static bool read_socket(struct nft_watch *w)
{
	_Alignas(struct nlmsghdr) uint8_t buf[MESSAGE];

	for (int i = 0; i < READS; i++) {
		ssize_t n =
			recv(mnl_socket_get_fd(w->nl), buf, sizeof(buf), MSG_DONTWAIT | MSG_TRUNC);

		if (n >= 0 && (size_t)n <= sizeof(buf))
			take_all(w, buf, (size_t)n);
		else if (n >= 0 || errno == ENOBUFS)
			lose(w);
		else if (errno != EINTR)
			return true;
	}
	return false;
}

static void readable(uv_poll_t *poll, int status, int events)
{
	struct nft_watch *w = poll->data;

	(void)status; /* the socket's own errno says more */
	(void)events;
	read_socket(w);
	if (w->pending)
		call_soon(w);
	/* An error on the socket has stopped the handle. */
	if (!uv_is_active((uv_handle_t *)poll) && !uv_is_closing((uv_handle_t *)poll))
		uv_poll_start(poll, UV_READABLE, readable);
}

/* For a user who asks: what is read here would call nobody else. All that is there by now. */
static void read_aside(struct nft_watch *w)
{
	for (int i = 0; i < ROUNDS && !read_socket(w); i++)
		;
	if (w->pending)
		call_later(w, APART_MS);
}

/* --- rest from what passes -------------------------------------------------------------------- */

static int membership(struct nft_watch *w, int option)
{
	int group = NFNLGRP_NFTABLES;

	return mnl_socket_setsockopt(w->nl, option, &group, sizeof(group));
}

/*
 * Whoever comes between the listening and the counting is heard and counted both: that is never one
 * too few.
 */
static void listen_again(struct nft_watch *w)
{
	uint32_t now = 0;

	if (!w->resting)
		return;
	w->resting = membership(w, NETLINK_ADD_MEMBERSHIP) < 0; /* tried again at the next call */
	if (!w->resting)
		uv_timer_stop(&w->rest);
	if (w->resting || nft_socket_generation(&w->ask, &now) < 0 ||
	    now - w->rested_from != w->passed) {
		lose(w);
		call_later(w, 0);
		return;
	}
	nft_history_pass(&w->history, w->rested_from, now);
}

/*
 * Of a transaction that may make no generation the number is asked in front and behind. What that can
 * hide is a transaction of others between the two, microseconds apart, when ours made none.
 */
void nft_watch_doubt(struct nft_watch *w)
{
	uint32_t now = 0;

	if (!w->resting)
		return;
	if (nft_socket_generation(&w->ask, &now) < 0 || now - w->rested_from != w->passed)
		listen_again(w);
	w->doubts = w->resting;
}

static bool made_none(struct nft_watch *w)
{
	uint32_t now = 0;

	return w->doubts && nft_socket_generation(&w->ask, &now) == 0 &&
	       now - w->rested_from == w->passed;
}

static void rested(uv_timer_t *timer)
{
	listen_again(timer->data);
}

static void rest(struct nft_watch *w)
{
	read_aside(w);
	if (nft_socket_generation(&w->ask, &w->rested_from) < 0 ||
	    membership(w, NETLINK_DROP_MEMBERSHIP) < 0)
		return;
	w->resting = true;
	w->passed = 0;
	uv_timer_start(&w->rest, rested, REST_MS, REST_MS);
}

void nft_watch_passed(struct nft_watch *w, size_t elements)
{
	uint64_t now_ms = uv_now(w->loop);

	if (w->resting) {
		w->passed += !made_none(w);
		w->doubts = false;
		return;
	}
	if (now_ms >= w->busy_ms + BUSY_MS) {
		w->busy_ms = now_ms;
		w->elements = 0;
	}
	w->elements += elements;
	if (w->elements < BUSY_ELEMENTS || uv_is_closing((uv_handle_t *)&w->rest))
		return;
	w->elements = 0;
	rest(w);
}

/* --- what is asked ---------------------------------------------------------------------------- */

bool nft_watch_is_harmless(struct nft_watch *w, uint32_t from, uint32_t to)
{
	if (w)
		listen_again(w);
	if (!w || from == to)
		return from == to;
	read_aside(w);
	return nft_history_is_harmless(&w->history, from, to);
}

const char *nft_watch_who(struct nft_watch *w, char buf[static NFT_WATCH_WHO])
{
	listen_again(w);
	read_aside(w);
	write_who(w, buf);
	return buf;
}

/* --- beginning and end ------------------------------------------------------------------------ */

/*
 * What our own socket does is not even queued: a transaction of ours may have a thousand elements.
 * Of what passes the number of the generation is, alone. Loads are big-endian, the port and the type
 * are not. Of a transaction's messages those that the kernel joins are all of one sender, and the
 * number is never among them.
 */
static int filter(struct mnl_socket *nl, uint32_t port, uint32_t passing)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, PORT_OFFSET),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(port), 4, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(passing), 0, 2),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, TYPE_OFFSET),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(NEW_GENERATION), 0, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

	return setsockopt(mnl_socket_get_fd(nl), SOL_SOCKET, SO_ATTACH_FILTER, &program,
			  sizeof(program));
}

int nft_watch_pass(struct nft_watch *w, uint32_t port)
{
	return filter(w->nl, w->port, port) < 0 ? -errno : 0;
}

static int open_socket(struct nft_watch *w, uint32_t port)
{
	int size = RECEIVE_BUFFER;

	w->nl = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!w->nl ||
	    setsockopt(mnl_socket_get_fd(w->nl), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) <
		    0 ||
	    filter(w->nl, port, port) < 0 || mnl_socket_bind(w->nl, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    membership(w, NETLINK_ADD_MEMBERSHIP) < 0)
		return -errno;
	return 0;
}

int nft_watch_new(uv_loop_t *loop, uint32_t port, nft_watch_changed *changed, void *owner,
		  struct nft_watch **ret, struct err *err)
{
	struct nft_watch *w = calloc(1, sizeof(*w));
	int code = w ? open_socket(w, port) : -ENOMEM;

	if (code == 0)
		code = nft_socket_open(&w->ask, err);
	if (code == 0)
		code = uv_poll_init(loop, &w->poll, mnl_socket_get_fd(w->nl));
	if (code < 0) {
		if (w)
			nft_socket_close(&w->ask);
		if (w && w->nl)
			mnl_socket_close(w->nl);
		free(w);
		return err_set(err, code, "cannot listen to changes of the nft ruleset: %s",
			       strerror(-code));
	}
	w->loop = loop;
	w->port = port;
	w->changed = changed;
	w->owner = owner;
	uv_timer_init(loop, &w->later);
	uv_timer_init(loop, &w->rest);
	w->poll.data = w->later.data = w->rest.data = w;
	w->open_handles = 3;
	uv_poll_start(&w->poll, UV_READABLE, readable);
	*ret = w;
	return 0;
}

static void handle_closed(uv_handle_t *handle)
{
	struct nft_watch *w = handle->data;

	if (--w->open_handles)
		return;
	nft_socket_close(&w->ask);
	mnl_socket_close(w->nl);
	free(w);
}

void nft_watch_close(struct nft_watch *w)
{
	if (!w)
		return;
	uv_close((uv_handle_t *)&w->later, handle_closed);
	uv_close((uv_handle_t *)&w->rest, handle_closed);
	uv_close((uv_handle_t *)&w->poll, handle_closed);
}
