/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The check "icmp": an echo request to the backend's own address, and twice again, so that a packet that
 * is lost is no verdict. One raw socket for each IP version serves all probes, opened for the first one.
 */
#include "director/health/icmp_echo.h"
#include "director/health/probe_address.h"
#include "director/health/probe_uv.h"

#include <errno.h>
#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	SLOTS = 65536, /* as many sequence numbers there are */
	AT_ONCE = 64,  /* messages that are read before the loop looks at others */
	ATTEMPTS = 3,  /* within the timeout */
	MESSAGE = 1500,
	RECEIVE = 1 << 20, /* octets that may wait: a thousand replies come together */
};

struct raw {
	uv_poll_t poll;
	struct prober *all;
	uint8_t family;
	int fd; /* -1: not open, or not any more */
};

struct prober {
	uv_loop_t *loop;
	struct raw four, six;
	struct probe **slots; /* by sequence number */
	uint16_t id, next;
	int open_handles;
};

/* It goes when its timer is closed; done NULL: nobody wants to know. */
struct probe {
	struct prober *all;
	uv_timer_t again;
	struct probe_ask ask;
	struct icmp_echo echo;
	int attempts;
	bool is_out; /* one has been sent: what comes of the others is this host's affair */
	struct outcome so_far;
	bool settled; /* so_far is to be told */
	probe_done_fn *done;
	void *owner;
};

static struct raw *raw_of(struct prober *all, uint8_t family)
{
	return family == AF_INET ? &all->four : &all->six;
}

/* --- the end of one --------------------------------------------------------------------------- */

static void timer_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void end(struct probe *p)
{
	p->all->slots[p->echo.seq] = NULL;
	uv_close((uv_handle_t *)&p->again, timer_closed);
}

static void tell(struct probe *p)
{
	struct outcome o = p->so_far;

	end(p);
	p->done(p->owner, &o);
}

/* --- out -------------------------------------------------------------------------------------- */

/* No request has left this host for a reason that says something about the way, or for one that does not. */
static void note_failure(struct probe *p, int error)
{
	switch (error) {
	case EAGAIN: break; /* as good as lost on the way */
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EHOSTDOWN:
	case EACCES: /* of a route of type prohibit, or of a packet filter */
	case EPERM:
	case EINVAL: /* of a route of type blackhole */
		outcome_set(&p->so_far, OUTCOME_UNREACHABLE, "%s", strerrordesc_np(error));
		break;
	default:
		if (!p->is_out)
			outcome_set(&p->so_far, OUTCOME_CANNOT_RUN, "%s", strerrordesc_np(error));
	}
}

static void say_silent(struct probe *p)
{
	outcome_set(&p->so_far, OUTCOME_SILENT, "no answer to an echo request");
}

static void send_one(struct probe *p)
{
	const struct raw *raw = raw_of(p->all, p->ask.address.family);
	uint8_t bytes[ICMP_ECHO_LEN];
	struct sockaddr_storage to;
	socklen_t len = probe_address(&p->ask.address, 0, p->ask.ifindex, &to);

	icmp_echo_build(p->ask.address.family, &p->echo, bytes);
	if (sendto(raw->fd, bytes, sizeof(bytes), MSG_DONTWAIT, (struct sockaddr *)&to, len) < 0) {
		note_failure(p, errno);
		return;
	}
	p->is_out = true;
	if (p->so_far.code == OUTCOME_CANNOT_RUN)
		say_silent(p);
}

static void again(uv_timer_t *timer)
{
	struct probe *p = timer->data;

	if (p->settled) {
		tell(p);
		return;
	}
	send_one(p);
	if (++p->attempts < ATTEMPTS)
		uv_timer_start(timer, again, p->ask.timeout_ms / ATTEMPTS + 1, 0);
}

/* --- in --------------------------------------------------------------------------------------- */

static struct addr addr_of(const struct sockaddr_storage *from)
{
	const struct sockaddr_in *four = (const struct sockaddr_in *)from;
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)from;
	struct addr a = {.family = (uint8_t)from->ss_family};

	if (from->ss_family == AF_INET)
		memcpy(a.bytes, &four->sin_addr, sizeof(four->sin_addr));
	else
		memcpy(a.bytes, &six->sin6_addr, sizeof(six->sin6_addr));
	return a;
}

/*
 * A reply has the token, which nobody off the way can know, and comes from who was asked. An error comes
 * from anybody on the way; most quote the token, too.
 */
static bool is_for(const struct probe *p, const struct icmp_heard *heard, const struct addr *from)
{
	if (p->ask.address.family != from->family || p->settled)
		return false;
	if (heard->has_token && heard->echo.token != p->echo.token)
		return false;
	return addr_equal(heard->why ? &heard->asked : from, &p->ask.address);
}

static void take(struct prober *all, const struct icmp_heard *heard, const struct addr *from)
{
	struct probe *p = heard->echo.id == all->id ? all->slots[heard->echo.seq] : NULL;
	char text[ADDR_TEXT];

	if (!p || !is_for(p, heard, from))
		return;
	if (heard->why) { /* a router says it of a host that is just being looked for, too: go on */
		outcome_set(&p->so_far, OUTCOME_UNREACHABLE, "%s (ICMP from %s)", heard->why,
			    addr_format(from, text));
		return;
	}
	outcome_set(&p->so_far, OUTCOME_GOOD, "%s", "");
	tell(p);
}

static void readable(uv_poll_t *poll, int status, int events)
{
	struct raw *raw = poll->data;
	uint8_t bytes[MESSAGE];

	(void)status; /* the socket says it */
	(void)events;
	/* Whoever is told may close the prober. */
	for (int i = 0; i < AT_ONCE && raw->fd >= 0; i++) {
		struct sockaddr_storage from = {0};
		socklen_t len = sizeof(from);
		struct icmp_heard heard;
		ssize_t n = recvfrom(raw->fd, bytes, sizeof(bytes), MSG_DONTWAIT,
				     (struct sockaddr *)&from, &len);
		struct addr sender;

		if (n < 0)
			break;
		sender = addr_of(&from);
		if (icmp_echo_parse(raw->family, bytes, (size_t)n, &heard) == ICMP_ECHO_REJECT_NONE)
			take(raw->all, &heard, &sender);
	}
	/* libuv stops it at an error of the socket. */
	if (raw->fd >= 0 && !uv_is_active((uv_handle_t *)poll))
		uv_poll_start(poll, UV_READABLE, readable);
}

/* --- sockets ---------------------------------------------------------------------------------- */

/* Replies and errors alone: on a busy host everything else is copied for nothing. */
static int filter(int fd, uint8_t family)
{
	struct icmp_filter four = {.data = ~(1U << ICMP_ECHOREPLY | 1U << ICMP_DEST_UNREACH |
					     1U << ICMP_TIME_EXCEEDED)};
	struct icmp6_filter six;

	if (family == AF_INET)
		return setsockopt(fd, SOL_RAW, ICMP_FILTER, &four, sizeof(four));
	ICMP6_FILTER_SETBLOCKALL(&six);
	ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &six);
	ICMP6_FILTER_SETPASS(ICMP6_DST_UNREACH, &six);
	ICMP6_FILTER_SETPASS(ICMP6_TIME_EXCEEDED, &six);
	return setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &six, sizeof(six));
}

static int open_fd(uint8_t family)
{
	int size = RECEIVE, code;
	int fd = socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6);

	if (fd < 0)
		return -errno;
	if (filter(fd, family) < 0) {
		code = -errno;
		close(fd);
		return code;
	}
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return fd;
}

/* 0 also when it is open already. */
static int open_raw(struct prober *all, uint8_t family)
{
	struct raw *raw = raw_of(all, family);
	int fd, code;

	if (raw->fd >= 0)
		return 0;
	fd = open_fd(family);
	if (fd < 0)
		return fd;
	code = uv_poll_init(all->loop, &raw->poll, fd);
	if (code < 0) {
		close(fd);
		return code;
	}
	raw->fd = fd;
	raw->poll.data = raw;
	all->open_handles++;
	uv_poll_start(&raw->poll, UV_READABLE, readable);
	return 0;
}

static void free_prober(struct prober *all)
{
	free(all->slots);
	free(all);
}

static void raw_closed(uv_handle_t *handle)
{
	struct raw *raw = handle->data;

	if (--raw->all->open_handles == 0)
		free_prober(raw->all);
}

static void close_raw(struct raw *raw)
{
	if (raw->fd < 0)
		return;
	uv_close((uv_handle_t *)&raw->poll, raw_closed);
	close(raw->fd);
	raw->fd = -1;
}

static void close_icmp(struct prober *all)
{
	if (!all)
		return;
	close_raw(&all->six);
	close_raw(&all->four);
	if (all->open_handles == 0)
		free_prober(all);
}

static int open_icmp(uv_loop_t *loop, struct prober **ret, struct err *err)
{
	struct prober *all = calloc(1, sizeof(*all));

	if (all)
		all->slots = calloc(SLOTS, sizeof(struct probe *));
	if (!all || !all->slots) {
		free(all);
		return err_set(err, -ENOMEM, "no memory for checks");
	}
	all->loop = loop;
	all->id = (uint16_t)randombytes_uniform(65536);
	all->four = (struct raw){.all = all, .family = AF_INET, .fd = -1};
	all->six = (struct raw){.all = all, .family = AF_INET6, .fd = -1};
	*ret = all;
	return 0;
}

/* --- a probe ---------------------------------------------------------------------------------- */

/* A sequence number that no probe has; false when all are taken. */
static bool find_slot(struct prober *all, uint16_t *ret)
{
	for (int i = 0; i < SLOTS; i++, all->next++)
		if (!all->slots[all->next]) {
			*ret = all->next++;
			return true;
		}
	return false;
}

static struct probe *start_icmp(struct prober *all, const struct probe_ask *ask,
				probe_done_fn *done, void *owner)
{
	struct probe *p = calloc(1, sizeof(*p));
	int code;

	if (!p || !find_slot(all, &p->echo.seq)) {
		free(p);
		return NULL;
	}
	p->all = all;
	p->ask = *ask;
	p->done = done;
	p->owner = owner;
	p->echo.id = all->id;
	randombytes_buf(&p->echo.token, sizeof(p->echo.token));
	all->slots[p->echo.seq] = p;
	uv_timer_init(all->loop, &p->again);
	p->again.data = p;
	say_silent(p);
	code = open_raw(all, ask->address.family);
	if (code < 0) {
		outcome_set(&p->so_far, OUTCOME_CANNOT_RUN, "no socket for echo requests: %s",
			    strerrordesc_np(-code));
		p->settled = true;
	}
	uv_timer_start(&p->again, again, 0, 0);
	return p;
}

static void expire_icmp(struct probe *p)
{
	tell(p);
}

static void cancel_icmp(struct probe *p)
{
	end(p);
}

const struct probe_kind probe_icmp = {
	.open = open_icmp,
	.close = close_icmp,
	.start = start_icmp,
	.expire = expire_icmp,
	.cancel = cancel_icmp,
};
