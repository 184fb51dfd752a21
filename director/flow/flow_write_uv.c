/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/flow/flow_write_uv.h"

#include "director/flow/flow_send_uv.h"
#include "include/log.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>

enum {
	SEND_BUFFER = 2 * FLOW_WRITE_BYTES,
	RECEIVE_BUFFER = 4 * 1024 * 1024, /* an error for each message: 1 KiB in the kernel */
	ANSWER = 1024,			  /* an error without what it is about has 36 octets */
};

struct flow_writer {
	struct mnl_socket *nl;
	uint32_t seq; /* of the next transaction */
	struct flow_write_kernel kernel;
	struct flow_write_sent sent;
	struct flow_writer_observer observer;
	struct flow_write call;
	struct flow_sender *sender; /* NULL: was never needed */
	bool sending;
	int code; /* of a call that was started and is not being sent */
	uint8_t bytes[FLOW_WRITE_BYTES];
};

static void set_buffer(int fd, int force_option, int option, int size)
{
	if (setsockopt(fd, SOL_SOCKET, force_option, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, option, &size, sizeof(size));
}

int flow_writer_new(struct flow_writer **ret, struct err *err)
{
	struct flow_writer *w = calloc(1, sizeof(*w));
	struct utsname name = {0};
	int on = 1, code;

	if (!w)
		return err_set(err, -ENOMEM, "no memory");
	w->nl = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!w->nl || mnl_socket_bind(w->nl, 0, MNL_SOCKET_AUTOPID) < 0) {
		code = err_set(err, -errno, "cannot open a netlink socket for the flows: %s",
			       strerror(errno));
		flow_writer_free(w);
		return code;
	}
	set_buffer(mnl_socket_get_fd(w->nl), SO_SNDBUFFORCE, SO_SNDBUF, SEND_BUFFER);
	set_buffer(mnl_socket_get_fd(w->nl), SO_RCVBUFFORCE, SO_RCVBUF, RECEIVE_BUFFER);
	/* Errors without the message that they are about: its number is enough. */
	mnl_socket_setsockopt(w->nl, NETLINK_CAP_ACK, &on, sizeof(on));
	uname(&name);
	w->kernel = flow_write_kernel(name.release);
	w->seq = 1;
	*ret = w;
	return 0;
}

void flow_writer_free(struct flow_writer *w)
{
	if (!w)
		return;
	if (w->sending)
		flow_sender_wait(w->sender);
	flow_sender_free(w->sender);
	if (w->nl)
		mnl_socket_close(w->nl);
	free(w);
}

uint32_t flow_writer_port(const struct flow_writer *w)
{
	return mnl_socket_get_portid(w->nl);
}

void flow_writer_assume(struct flow_writer *w, const struct flow_write_kernel *kernel)
{
	w->kernel = *kernel;
}

void flow_writer_observe(struct flow_writer *w, const struct flow_writer_observer *observer)
{
	w->observer = *observer;
}

struct flow_write_sent flow_writer_sent(const struct flow_writer *w)
{
	return w->sent;
}

/* 0, or -EIO: it is no answer to anything that was sent. */
static int take_answer(struct flow_writer *w, const uint8_t *bytes, size_t len)
{
	struct flow_write_answer answer;
	enum flow_write_reject reject = flow_write_parse(bytes, len, &answer);

	if (reject != FLOW_WRITE_REJECT_NONE) {
		log_debug("writing flows: the answer %s", flow_write_reject_text(reject));
		return -EIO;
	}
	flow_write_hear(&w->call, &answer);
	return 0;
}

/* To the end, also after an error: the next call shall not find what is left of this one. */
static int read_answers(struct flow_writer *w)
{
	uint8_t answer[ANSWER];
	int code = 0;

	for (;;) {
		ssize_t n = recv(mnl_socket_get_fd(w->nl), answer, sizeof(answer),
				 MSG_DONTWAIT | MSG_TRUNC);
		int one = -EIO;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return code;
		if (n < 0 && errno != ENOBUFS) /* that one is told once: answers were lost */
			return -EIO;
		if (n >= 0 && n <= (ssize_t)sizeof(answer))
			one = take_answer(w, answer, (size_t)n);
		code = code ? code : one;
	}
}

/* The octets of a transaction, which is numbered and announced; 0: one that there cannot be. */
static size_t build(struct flow_writer *w)
{
	size_t len = flow_write_build(&w->call, w->seq, w->bytes, sizeof(w->bytes));

	if (!len)
		return 0;
	w->seq += flow_write_numbers(&w->call);
	w->sent.sent++;
	if (w->observer.doubtful && !flow_write_changes(&w->call))
		w->observer.doubtful(w->observer.owner);
	return len;
}

/* What became of a transaction that was sent: 0, FLOW_WRITE_AGAIN, or a negative errno. */
static int judge(struct flow_writer *w)
{
	int code = read_answers(w);

	w->sent.refused += w->call.refused;
	if (w->observer.committed && w->call.committed && !w->call.refused && !w->call.failed)
		w->observer.committed(w->observer.owner, w->call.n);
	return code ? code : flow_write_end(&w->call);
}

static int transact(struct flow_writer *w)
{
	size_t len = build(w);

	if (!len)
		return -EINVAL;
	if (mnl_socket_sendto(w->nl, w->bytes, len) < 0)
		return -errno;
	return judge(w);
}

static void send_apart(struct flow_writer *w)
{
	size_t len = build(w);

	w->sending = len > 0;
	if (w->sending)
		flow_sender_start(w->sender, mnl_socket_get_fd(w->nl), w->bytes, len);
	else
		w->code = -EINVAL;
}

/* apart: by the thread, if there is one. */
static void begin(struct flow_writer *w, const struct flow_write_op *ops, size_t n,
		  enum flow_write_result *results, bool apart)
{
	w->code = flow_write_begin(&w->call, &w->kernel, ops, n, results);
	if (w->code < 0 || flow_write_is_settled(&w->call))
		return;
	if (apart && !w->sender)
		w->sender = flow_sender_new();
	if (apart && w->sender)
		send_apart(w);
	else
		w->code = transact(w);
}

void flow_write_start(struct flow_writer *w, const struct flow_write_op *ops, size_t n,
		      enum flow_write_result *results)
{
	begin(w, ops, n, results, n >= FLOW_WRITE_APART);
}

int flow_write_finish(struct flow_writer *w)
{
	int code = w->code;

	if (w->sending) {
		code = flow_sender_wait(w->sender);
		code = code ? code : judge(w);
	}
	w->sending = false;
	while (code == FLOW_WRITE_AGAIN)
		code = transact(w);
	return code;
}

int flow_write(struct flow_writer *w, const struct flow_write_op *ops, size_t n,
	       enum flow_write_result *results)
{
	begin(w, ops, n, results, false);
	return flow_write_finish(w);
}
