/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/flow/flow_log_uv.h"

#include "include/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>

enum {
	/* Design 3: none lost at half a million events a second with these. */
	RECEIVE_BUFFER = 8 * 1024 * 1024,
	BATCH = 64,	      /* messages that the kernel gathers into one datagram, at most */
	FLUSH_HUNDREDTHS = 1, /* … or sends after so many 1/100 s, which take it 8 to 12 ms */
	/* It gathers so that about so many come, by the rate of so long a time. */
	BATCHES_A_SECOND = 5000,
	PACE_MS = 50,
	/* BATCH messages of about 250 octets; with the kernel's own 320 it takes 16 KiB of memory. */
	BATCH_BYTES = 16000,
	BUFFER = 32768,		  /* the kernel lets one message be longer than BATCH_BYTES */
	EVENTS_PER_WAKEUP = 1024, /* half a millisecond; then the timers' turn */
	MANY_READS = 256,	  /* of one wake-up: there are too many to go on like that */
};

struct flow_log {
	uv_poll_t poll;
	struct mnl_socket *nl;
	uint32_t next_sequence;
	uint16_t group;
	uint32_t batch;		       /* messages, as the kernel was told last */
	uint64_t paced_ms, paced_from; /* when the rate was taken last, and the events until then */
	struct flow_log_handler handler;
	struct flow_log_stats stats;
	struct log_limit reject_limit, lost_limit;
	bool closing;
};

/* --- reading ----------------------------------------------------------------------------------- */

static void rejected(struct flow_log *fl, enum flow_log_reject reject)
{
	unsigned long more;

	fl->stats.rejects[reject]++;
	if (log_limit_pass(&fl->reject_limit, uv_now(fl->poll.loop), &more))
		log_warning("flow log: the message %s, ignoring it (%lu more like this)",
			    flow_log_reject_text(reject), more);
}

static void take_message(struct flow_log *fl, const struct nlmsghdr *nlh)
{
	struct flow_log_event e;
	enum flow_log_reject reject;

	if (nlh->nlmsg_type < NLMSG_MIN_TYPE)
		return; /* the end of a batch */
	reject = flow_log_parse((const uint8_t *)nlh, nlh->nlmsg_len, &e);
	if (reject != FLOW_LOG_REJECT_NONE) {
		rejected(fl, reject);
		return;
	}
	if (e.has_sequence) {
		fl->stats.missed += e.sequence - fl->next_sequence;
		fl->next_sequence = e.sequence + 1;
	}
	fl->stats.events++;
	fl->handler.event(fl->handler.owner, &e);
}

/* One datagram. 1: read, 0: nothing there, negative errno: -ENOBUFS when events were lost. */
static int read_datagram(struct flow_log *fl)
{
	_Alignas(struct nlmsghdr) uint8_t buf[BUFFER];
	ssize_t len;
	int left;

	do
		len = recv(mnl_socket_get_fd(fl->nl), buf, sizeof(buf), MSG_DONTWAIT);
	while (len < 0 && errno == EINTR);
	if (len < 0)
		return errno == EAGAIN ? 0 : -errno;
	left = (int)len;
	fl->stats.datagrams++;
	/* An event's owner may close the log. */
	for (struct nlmsghdr *nlh = (void *)buf; !fl->closing && mnl_nlmsg_ok(nlh, left);
	     nlh = mnl_nlmsg_next(nlh, &left))
		take_message(fl, nlh);
	return 1;
}

static void overrun(struct flow_log *fl)
{
	unsigned long more;

	fl->stats.overruns++;
	if (log_limit_pass(&fl->lost_limit, uv_now(fl->poll.loop), &more))
		log_warning("flow log: new flows came faster than they were read, some are not "
			    "known here; going on with the next (%lu more like this)",
			    more);
	fl->handler.lost(fl->handler.owner);
}

/* --- how many at a time ------------------------------------------------------------------------ */

static struct nlmsghdr *put_header(const struct flow_log *fl, uint8_t *buf, uint16_t flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *nfg;

	nlh->nlmsg_type = NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_CONFIG;
	nlh->nlmsg_flags = flags;
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->nfgen_family = AF_UNSPEC;
	nfg->version = NFNETLINK_V0;
	nfg->res_id = htons(fl->group);
	return nlh;
}

/* No answer is asked for: a refusal is passed over like any message that is no event. */
static void set_batch(struct flow_log *fl, uint32_t batch)
{
	_Alignas(struct nlmsghdr) uint8_t buf[256] = {0};
	struct nlmsghdr *nlh = put_header(fl, buf, NLM_F_REQUEST);

	mnl_attr_put_u32(nlh, NFULA_CFG_QTHRESH, htonl(batch));
	if (mnl_socket_sendto(fl->nl, nlh, nlh->nlmsg_len) >= 0)
		fl->batch = batch;
}

/*
 * A new flow should be known at once: what waits in the kernel, the other director has not been told
 * either. Where so many come that each by itself would cost too much, more of them go together.
 */
static void keep_pace(struct flow_log *fl, bool many)
{
	uint64_t now_ms = uv_now(fl->poll.loop), ms = now_ms - fl->paced_ms;
	uint64_t batch = BATCH;

	if (!many && ms < PACE_MS)
		return;
	if (!many)
		batch = (fl->stats.events - fl->paced_from) * 1000 / ms / BATCHES_A_SECOND;
	batch = batch < 1 ? 1 : batch > BATCH ? BATCH : batch;
	fl->paced_ms = now_ms;
	fl->paced_from = fl->stats.events;
	if (batch != fl->batch)
		set_batch(fl, (uint32_t)batch);
}

/* --- a wake-up ----------------------------------------------------------------------------------- */

static void readable(uv_poll_t *poll, int status, int events)
{
	struct flow_log *fl = poll->data;
	uint64_t before = fl->stats.events;
	int got = 1, reads;

	/* The socket's own errno says more than status, which a mere overrun turns into EBADF. */
	(void)status;
	(void)events;
	for (reads = 0; got > 0 && !fl->closing && fl->stats.events - before < EVENTS_PER_WAKEUP;
	     reads++) {
		got = read_datagram(fl);
		if (got == -ENOBUFS && !fl->closing) {
			overrun(fl);
			got = 1; /* what was in the buffer is still there */
		}
	}
	if (fl->stats.events != before && !fl->closing && fl->handler.settled)
		fl->handler.settled(fl->handler.owner);
	if (!fl->closing)
		keep_pace(fl, reads >= MANY_READS);
	/* An error on the socket has stopped the handle. */
	if (!fl->closing && !uv_is_active((uv_handle_t *)poll))
		uv_poll_start(poll, UV_READABLE, readable);
}

/* --- binding ----------------------------------------------------------------------------------- */

static void put_configuration(struct nlmsghdr *nlh, uint32_t batch)
{
	const struct nfulnl_msg_config_cmd bind = {.command = NFULNL_CFG_CMD_BIND};
	const struct nfulnl_msg_config_mode mode = {.copy_range = htonl(FLOW_LOG_SNAPLEN),
						    .copy_mode = NFULNL_COPY_PACKET};

	mnl_attr_put(nlh, NFULA_CFG_CMD, sizeof(bind), &bind);
	mnl_attr_put(nlh, NFULA_CFG_MODE, sizeof(mode), &mode);
	mnl_attr_put_u32(nlh, NFULA_CFG_NLBUFSIZ, htonl(BATCH_BYTES));
	mnl_attr_put_u32(nlh, NFULA_CFG_TIMEOUT, htonl(FLUSH_HUNDREDTHS));
	mnl_attr_put_u32(nlh, NFULA_CFG_QTHRESH, htonl(batch));
	mnl_attr_put_u16(nlh, NFULA_CFG_FLAGS, htons(NFULNL_CFG_F_SEQ));
}

/*
 * The kernel answers inside send(). A packet announced before the answer was read is passed over
 * here and shows as missed, because the numbers begin at 0.
 */
static int bind_group(struct flow_log *fl)
{
	_Alignas(struct nlmsghdr) uint8_t buf[BUFFER] = {0};
	struct nlmsghdr *nlh = put_header(fl, buf, NLM_F_REQUEST | NLM_F_ACK);

	put_configuration(nlh, fl->batch);
	if (mnl_socket_sendto(fl->nl, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	for (;;) {
		ssize_t len = recv(mnl_socket_get_fd(fl->nl), buf, sizeof(buf), MSG_DONTWAIT);
		int left = (int)len;

		if (len < 0 && errno != EINTR)
			return errno == EAGAIN ? -EIO : -errno;
		for (nlh = (void *)buf; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left))
			if (nlh->nlmsg_type == NLMSG_ERROR &&
			    mnl_nlmsg_get_payload_len(nlh) >= sizeof(struct nlmsgerr))
				return ((struct nlmsgerr *)mnl_nlmsg_get_payload(nlh))->error;
	}
}

/* The kernel says EPERM for a group of somebody else, too; its list of groups tells. */
static bool group_is_taken(uint16_t group, unsigned int *ret_port)
{
	FILE *f = fopen("/proc/self/net/netfilter/nfnetlink_log", "re");
	char line[256];
	unsigned int number;
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f))
		found = sscanf(line, "%u %u", &number, ret_port) == 2 && number == group;
	if (f)
		fclose(f);
	return found;
}

static int bind_error(int code, uint16_t group, struct err *err)
{
	unsigned int port;

	if ((code == -EPERM || code == -EBUSY || code == -EEXIST) && group_is_taken(group, &port))
		return err_set(err, -EBUSY,
			       "the log group %u is taken by another program of this network "
			       "namespace (netlink port %u, usually its process id)",
			       group, port);
	if (code == -EPERM)
		return err_set(err, code, "listening to the log group %u needs CAP_NET_ADMIN",
			       group);
	return err_set(err, code, "cannot listen to the log group %u: %s", group, strerror(-code));
}

static void raise_buffer(int fd)
{
	int size = RECEIVE_BUFFER;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}

int flow_log_new(uv_loop_t *loop, uint16_t group, const struct flow_log_handler *handler,
		 struct flow_log **ret, struct err *err)
{
	struct flow_log *fl = calloc(1, sizeof(*fl));
	int code;

	if (!fl)
		return err_set(err, -ENOMEM, "no memory");
	fl->handler = *handler;
	fl->group = group;
	fl->batch = 1;
	fl->paced_ms = uv_now(loop);
	fl->nl = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!fl->nl || mnl_socket_bind(fl->nl, 0, MNL_SOCKET_AUTOPID) < 0) {
		code = err_set(err, -errno, "cannot open a netlink socket for the flow log: %s",
			       strerror(errno));
		goto fail;
	}
	raise_buffer(mnl_socket_get_fd(fl->nl));
	code = bind_group(fl);
	if (code < 0) {
		code = bind_error(code, group, err);
		goto fail;
	}
	code = uv_poll_init(loop, &fl->poll, mnl_socket_get_fd(fl->nl));
	if (code < 0) {
		err_set(err, code, "cannot wait for the flow log: %s", uv_strerror(code));
		goto fail;
	}
	fl->poll.data = fl;
	uv_poll_start(&fl->poll, UV_READABLE, readable);
	*ret = fl;
	return 0;
fail:
	if (fl->nl)
		mnl_socket_close(fl->nl);
	free(fl);
	return code;
}

static void poll_closed(uv_handle_t *handle)
{
	struct flow_log *fl = handle->data;

	mnl_socket_close(fl->nl);
	free(fl);
}

void flow_log_close(struct flow_log *fl)
{
	if (!fl)
		return;
	fl->closing = true;
	uv_close((uv_handle_t *)&fl->poll, poll_closed);
}

const struct flow_log_stats *flow_log_stats(const struct flow_log *fl)
{
	return &fl->stats;
}
