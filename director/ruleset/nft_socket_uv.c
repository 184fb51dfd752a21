/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/nft_socket_uv.h"

#include "include/nlattr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <libnftnl/common.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

enum {
	RECEIVE_BUFFER = 4 * 1024 * 1024, /* a refused batch answers with an error per message */
	SEND_BUFFER_SLACK = 4096,
	ANSWER_TIMEOUT_S = 1,
	QUESTION = 512, /* a header and two names */
};

static void set_buffer(int fd, int force_option, int option, int size)
{
	/* Beyond the system's limit needs CAP_NET_ADMIN, which changing the ruleset needs anyway. */
	if (setsockopt(fd, SOL_SOCKET, force_option, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, option, &size, sizeof(size));
}

/* What arrived for one batch. */
struct verdict {
	bool end_acked, last_acked;
	int error; /* of the first message refused; 0: none */
	uint32_t error_seq;
	void (*heard)(void *data, const struct nlmsghdr *nlh); /* may be NULL */
	void *data;
};

static void verdict_note(struct verdict *v, const struct nft_batch *b, const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);
	uint32_t end_seq = b->first_seq + b->n_messages - 1;

	/* Of elements that went the kernel tells with the sequence number 0 (seen on 6.18). */
	if (nlh->nlmsg_type >> 8 == NFNL_SUBSYS_NFTABLES && v->heard)
		v->heard(v->data, nlh);
	if (nlh->nlmsg_type != NLMSG_ERROR || mnl_nlmsg_get_payload_len(nlh) < sizeof(*e) ||
	    !nft_batch_label(b, nlh->nlmsg_seq))
		return;
	if (e->error) {
		if (!v->error) {
			v->error = e->error;
			v->error_seq = nlh->nlmsg_seq;
		}
		return;
	}
	if (nlh->nlmsg_seq == end_seq)
		v->end_acked = true;
	else if (nlh->nlmsg_seq == end_seq - 1)
		v->last_acked = true;
}

/* Reads what has been answered; the answers of one batch are all there when send() has returned. */
static int read_verdict(struct nft_socket *s, const struct nft_batch *b, struct verdict *v)
{
	_Alignas(struct nlmsghdr) uint8_t buf[32768];

	for (;;) {
		ssize_t n = recv(mnl_socket_get_fd(s->nl), buf, sizeof(buf), MSG_DONTWAIT);
		int left = (int)n;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : -EIO;
		for (struct nlmsghdr *nlh = (void *)buf; mnl_nlmsg_ok(nlh, left);
		     nlh = mnl_nlmsg_next(nlh, &left))
			verdict_note(v, b, nlh);
	}
}

static int batch_send(struct nft_socket *s, const struct nft_batch *b)
{
	size_t size = b->used + SEND_BUFFER_SLACK;

	if (size > INT32_MAX / 2)
		return -EMSGSIZE;
	set_buffer(mnl_socket_get_fd(s->nl), SO_SNDBUFFORCE, SO_SNDBUF, (int)size);
	if (mnl_socket_sendto(s->nl, b->bytes, b->used) < 0)
		return -errno;
	return 0;
}

static int commit_error(const struct nft_batch *b, const struct verdict *v, struct err *err)
{
	const struct nft_label *label = nft_batch_label(b, v->error_seq);

	if (v->error == -EPERM)
		return err_set(
			err, -EPERM,
			"the kernel refuses changes of the nft ruleset: CAP_NET_ADMIN is needed");
	return err_set(err, v->error, "the kernel refused %s%s%s: %s",
		       label ? label->what : "the transaction", label && label->name[0] ? " " : "",
		       label ? label->name : "", strerror(-v->error));
}

/* Sends a batch and reads what is answered. 0 when nothing was refused. */
static int batch_ask(struct nft_socket *s, const struct nft_batch *b, struct verdict *v,
		     struct err *err)
{
	int code = batch_send(s, b);

	s->seq = b->first_seq + b->n_messages - 1;
	if (code == -EPERM)
		v->error = -EPERM;
	else if (code < 0)
		return err_set(err, code,
			       "cannot send a transaction of %zu bytes to the kernel: %s", b->used,
			       strerror(-code));
	else if (read_verdict(s, b, v) < 0)
		return err_set(err, -EIO, "the kernel's verdict on a transaction was lost");
	return v->error ? commit_error(b, v, err) : 0;
}

int nft_socket_commit(struct nft_socket *s, struct nft_batch *b,
		      void (*heard)(void *data, const struct nlmsghdr *nlh), void *data,
		      struct err *err)
{
	struct verdict v = {.heard = heard, .data = data};
	int code = batch_ask(s, b, &v, err);

	if (code < 0)
		return code;
	if (v.end_acked || (!s->end_acks && v.last_acked))
		return 0;
	return err_set(err, -EIO, "the kernel gave no verdict on a transaction");
}

int nft_socket_try(struct nft_socket *s, struct nft_batch *b, struct err *err)
{
	struct verdict v = {0};

	if (b->failed)
		return err_set(err, -ENOMEM, "no memory for a transaction");
	return batch_ask(s, b, &v, err);
}

uint32_t nft_socket_next_seq(const struct nft_socket *s)
{
	return s->seq + 1;
}

/* An empty batch whose end asks for an acknowledgement: newer kernels give it. */
static int probe_end_ack(struct nft_socket *s, struct err *err)
{
	struct verdict v = {0};
	struct nft_batch b;
	int code;

	nft_batch_begin(&b, nft_socket_next_seq(s));
	code = nft_batch_end(&b);
	if (!code)
		code = batch_send(s, &b);
	if (!code) {
		s->seq = b.first_seq + b.n_messages - 1;
		code = read_verdict(s, &b, &v);
	}
	if (!code && v.error)
		code = v.error;
	if (code == -EPERM)
		err_set(err, code, "changing the nft ruleset needs CAP_NET_ADMIN");
	else if (code)
		err_set(err, code, "cannot talk to nftables in the kernel: %s", strerror(-code));
	s->end_acks = v.end_acked;
	nft_batch_clear(&b);
	return code;
}

int nft_socket_open(struct nft_socket *s, struct err *err)
{
	struct timeval timeout = {.tv_sec = ANSWER_TIMEOUT_S};
	int code;

	*s = (struct nft_socket){.nl = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC)};
	if (!s->nl || mnl_socket_bind(s->nl, 0, MNL_SOCKET_AUTOPID) < 0) {
		code = -errno;
		err_set(err, code, "cannot open a netlink socket for nftables: %s",
			strerror(-code));
		nft_socket_close(s);
		return code;
	}
	s->portid = mnl_socket_get_portid(s->nl);
	setsockopt(mnl_socket_get_fd(s->nl), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	set_buffer(mnl_socket_get_fd(s->nl), SO_RCVBUFFORCE, SO_RCVBUF, RECEIVE_BUFFER);
	code = probe_end_ack(s, err);
	if (code < 0)
		nft_socket_close(s);
	return code;
}

void nft_socket_close(struct nft_socket *s)
{
	if (s->nl)
		mnl_socket_close(s->nl);
	s->nl = NULL;
}

/* What is left of an answer that was given up must not be taken for the next one's. */
static void drain(struct nft_socket *s)
{
	uint8_t buf[32768];

	while (recv(mnl_socket_get_fd(s->nl), buf, sizeof(buf), MSG_DONTWAIT) > 0)
		;
}

/* Reads until the answer ends. The socket's time limit makes a signal interrupt a read. */
static int read_answer(struct nft_socket *s, mnl_cb_t cb, void *data)
{
	_Alignas(struct nlmsghdr) uint8_t buf[32768];
	int run = MNL_CB_OK;

	while (run > MNL_CB_STOP) {
		ssize_t n = mnl_socket_recvfrom(s->nl, buf, sizeof(buf));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		run = mnl_cb_run(buf, (size_t)n, s->seq, s->portid, cb, data);
	}
	return run < 0 ? -errno : 0;
}

static int ask(struct nft_socket *s, uint16_t type, uint16_t flags,
	       void (*put)(struct nlmsghdr *, void *), mnl_cb_t cb, void *data)
{
	char buf[QUESTION] = {0}; /* libmnl leaves padding as it is */
	struct nlmsghdr *nlh = nftnl_nlmsg_build_hdr(buf, type, NFPROTO_NETDEV, flags, ++s->seq);
	int code;

	if (put)
		put(nlh, data);
	if (mnl_socket_sendto(s->nl, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	code = read_answer(s, cb, data);
	drain(s);
	return code;
}

int nft_socket_dump(struct nft_socket *s, uint16_t type, void (*put)(struct nlmsghdr *, void *),
		    mnl_cb_t cb, void *data)
{
	return ask(s, type, NLM_F_DUMP, put, cb, data);
}

int nft_socket_get(struct nft_socket *s, uint16_t type, void (*put)(struct nlmsghdr *, void *),
		   mnl_cb_t cb, void *data)
{
	return ask(s, type, NLM_F_ACK, put, cb, data);
}

static int generation_seen(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr;

	NLATTR_EACH (attr, nlh, sizeof(struct nfgenmsg))
		if (mnl_attr_get_type(attr) == NFTA_GEN_ID &&
		    mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
			*(uint32_t *)data = ntohl(mnl_attr_get_u32(attr));
	return MNL_CB_OK;
}

int nft_socket_generation(struct nft_socket *s, uint32_t *ret)
{
	return nft_socket_get(s, NFT_MSG_GETGEN, NULL, generation_seen, ret);
}
