/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/flow/flow_ask_uv.h"

#include "include/log.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum {
	RECEIVE_BUFFER = 4 * 1024 * 1024, /* the answers of one datagram, each a buffer of 4 KiB */
	DATAGRAMS = 50,			  /* answers read with one call */
	ANSWER = 1024,			  /* names, key, data and a counter stay below */
};

struct flow_asker {
	struct mnl_socket *nl;
	uint32_t seq; /* of the next request */
	uint8_t request[FLOW_ASK_KEYS * FLOW_ASK_REQUEST_MAX];
	uint8_t answers[DATAGRAMS][ANSWER];
};

/* One datagram's worth of questions. */
struct round {
	const struct flow_ask_set *set;
	const uint8_t *keys;
	struct flow_answer *answers; /* NULL: the set itself is asked for */
	size_t n, n_answered;
	uint32_t first_seq;
};

int flow_asker_new(struct flow_asker **ret, struct err *err)
{
	struct flow_asker *a = calloc(1, sizeof(*a));
	int size = RECEIVE_BUFFER, on = 1, code;

	if (!a)
		return err_set(err, -ENOMEM, "no memory");
	a->nl = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!a->nl || mnl_socket_bind(a->nl, 0, MNL_SOCKET_AUTOPID) < 0) {
		code = err_set(err, -errno, "cannot open a netlink socket for the flows: %s",
			       strerror(errno));
		flow_asker_free(a);
		return code;
	}
	if (setsockopt(mnl_socket_get_fd(a->nl), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) <
	    0)
		setsockopt(mnl_socket_get_fd(a->nl), SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	/* Errors without the request that they are about: its number is enough. */
	mnl_socket_setsockopt(a->nl, NETLINK_CAP_ACK, &on, sizeof(on));
	a->seq = 1;
	*ret = a;
	return 0;
}

void flow_asker_free(struct flow_asker *a)
{
	if (a && a->nl)
		mnl_socket_close(a->nl);
	free(a);
}

/* 0, or why the whole call fails. An answer to an earlier call that failed is passed over. */
static int take_reply(struct round *round, const uint8_t *bytes, size_t len)
{
	struct flow_reply reply;
	enum flow_ask_reject reject = flow_ask_parse(bytes, len, &reply);
	size_t i;

	if (reject != FLOW_ASK_REJECT_NONE) {
		log_debug("asking for flows: the answer %s", flow_ask_reject_text(reject));
		return -EIO;
	}
	i = reply.seq - round->first_seq;
	if (i >= round->n)
		return 0;
	round->n_answered++;
	if (reply.error && (reply.error != -ENOENT || !round->answers))
		return reply.error;
	if (!round->answers)
		return 0;
	if (!reply.error &&
	    (reply.key_len != round->set->key_len ||
	     memcmp(reply.key, round->keys + i * reply.key_len, reply.key_len) != 0))
		return -EIO;
	round->answers[i] = reply.answer;
	return 0;
}

/* Answers that are there. Their number, 0 for none, or negative errno. */
static int read_some(struct flow_asker *a, struct mmsghdr *messages, struct iovec *iov)
{
	int n;

	for (size_t i = 0; i < DATAGRAMS; i++) {
		iov[i] = (struct iovec){.iov_base = a->answers[i], .iov_len = ANSWER};
		messages[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &iov[i], .msg_iovlen = 1}};
	}
	do
		n = recvmmsg(mnl_socket_get_fd(a->nl), messages, DATAGRAMS, MSG_DONTWAIT, NULL);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	return n;
}

static int read_answers(struct flow_asker *a, struct round *round)
{
	struct mmsghdr messages[DATAGRAMS];
	struct iovec iov[DATAGRAMS];
	int code = 0, n;

	/* To the end, also after an error: the next call shall not find what is left of this one. */
	while ((n = read_some(a, messages, iov)) > 0)
		for (int i = 0; i < n; i++) {
			int one = messages[i].msg_hdr.msg_flags & MSG_TRUNC
					  ? -EIO
					  : take_reply(round, a->answers[i], messages[i].msg_len);

			code = code ? code : one;
		}
	if (!code && n < 0)
		code = n;
	return !code && round->n_answered < round->n ? -EIO : code;
}

static int ask(struct flow_asker *a, struct round *round, size_t len)
{
	if (!len)
		return -EINVAL;
	a->seq += (uint32_t)round->n;
	if (mnl_socket_sendto(a->nl, a->request, len) < 0)
		return -errno;
	return read_answers(a, round);
}

static int ask_for_set(struct flow_asker *a, const struct flow_ask_set *set)
{
	struct round round = {.set = set, .n = 1, .first_seq = a->seq};

	return ask(a, &round, flow_ask_build_set(set, a->seq, a->request, sizeof(a->request)));
}

int flow_ask(struct flow_asker *a, const struct flow_ask_set *set, const uint8_t *keys, size_t n,
	     struct flow_answer *answers)
{
	/* The kernel says the same of a set that is not there as of a key that is not there. */
	int code = ask_for_set(a, set);

	for (size_t done = 0; !code && done < n;) {
		struct round round = {
			.set = set,
			.keys = keys + done * set->key_len,
			.answers = answers + done,
			.n = n - done < FLOW_ASK_KEYS ? n - done : FLOW_ASK_KEYS,
			.first_seq = a->seq,
		};

		code = ask(a, &round,
			   flow_ask_build(set, round.keys, round.n, a->seq, a->request,
					  sizeof(a->request)));
		done += round.n;
	}
	return code;
}
