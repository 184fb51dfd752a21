/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The check "icmp": an echo request to the backend's own address, and twice again, so that a packet that
 * is lost is no verdict. One raw socket for each IP version serves all probes.
 */
#include "director/health/icmp_echo.h"
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
	int fd; /* -1: not open */
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
	struct outcome so_far;
	bool settled; /* so_far is to be told */
	probe_done_fn *done;
	void *owner;
};

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

static socklen_t sockaddr_of(const struct probe_ask *ask, struct sockaddr_storage *ret)
{
	struct sockaddr_in *four = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)ret;

	memset(ret, 0, sizeof(*ret));
	if (ask->address.family == AF_INET) {
		four->sin_family = AF_INET;
		memcpy(&four->sin_addr, ask->address.bytes, sizeof(four->sin_addr));
		return sizeof(*four);
	}
	six->sin6_family = AF_INET6;
	memcpy(&six->sin6_addr, ask->address.bytes, sizeof(six->sin6_addr));
	six->sin6_scope_id = addr_is_link_local(&ask->address) ? ask->ifindex : 0;
	return sizeof(*six);
}

static void send_one(struct probe *p)
{
	struct raw *raw = p->ask.address.family == AF_INET ? &p->all->four : &p->all->six;
	uint8_t bytes[ICMP_ECHO_LEN];
	struct sockaddr_storage to;
	socklen_t len = sockaddr_of(&p->ask, &to);

	icmp_echo_build(p->ask.address.family, &p->echo, bytes);
	if (sendto(raw->fd, bytes, sizeof(bytes), MSG_DONTWAIT, (struct sockaddr *)&to, len) >= 0)
		return;
	switch (errno) {
	case EAGAIN: return; /* as good as lost on the way */
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EHOSTDOWN:
	case EACCES:
	case EPERM:
	case EINVAL: /* of a route of type prohibit or blackhole */
		outcome_set(&p->so_far, OUTCOME_UNREACHABLE, "%s", strerror(errno));
		break;
	default: outcome_set(&p->so_far, OUTCOME_CANNOT_RUN, "%s", strerror(errno));
	}
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

/* A reply has the token, which nobody on the way invents, and comes from who was asked. */
static void take(struct raw *raw, const uint8_t *bytes, size_t len, const struct addr *from)
{
	struct icmp_echo echo;
	enum icmp_echo_kind kind = icmp_echo_parse(raw->family, bytes, len, &echo);
	struct prober *all = raw->all;
	struct probe *p;
	char text[ADDR_TEXT];

	p = kind != ICMP_ECHO_NONE && echo.id == all->id ? all->slots[echo.seq] : NULL;
	if (!p || p->settled || p->ask.address.family != raw->family)
		return;
	if (kind != ICMP_ECHO_REPLY) { /* it may be of the request before: a reply can still come */
		outcome_set(&p->so_far, OUTCOME_UNREACHABLE, "%s says %s", addr_format(from, text),
			    kind == ICMP_ECHO_EXPIRED ? "that it goes round in circles"
						      : "that there is no such host");
		return;
	}
	if (echo.token != p->echo.token || !addr_equal(from, &p->ask.address))
		return;
	outcome_set(&p->so_far, OUTCOME_GOOD, "%s", "");
	tell(p);
}

static void readable(uv_poll_t *poll, int status, int events)
{
	struct raw *raw = poll->data;
	uint8_t bytes[MESSAGE];

	(void)status; /* the socket says it */
	(void)events;
	for (int i = 0; i < AT_ONCE; i++) {
		struct sockaddr_storage from = {0};
		socklen_t len = sizeof(from);
		ssize_t n = recvfrom(raw->fd, bytes, sizeof(bytes), MSG_DONTWAIT,
				     (struct sockaddr *)&from, &len);
		struct addr sender;

		if (n < 0)
			break;
		sender = addr_of(&from);
		take(raw, bytes, (size_t)n, &sender);
	}
	if (!uv_is_active((uv_handle_t *)poll)) /* libuv stops it at an error of the socket */
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

static int open_raw(struct prober *all, struct raw *raw, uint8_t family, struct err *err)
{
	int size = RECEIVE, code;

	*raw = (struct raw){.all = all, .family = family};
	raw->fd = socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			 family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6);
	if (raw->fd < 0 || filter(raw->fd, family) < 0 ||
	    uv_poll_init(all->loop, &raw->poll, raw->fd) < 0) {
		code = -errno;
		if (raw->fd >= 0)
			close(raw->fd);
		raw->fd = -1;
		return err_set(err, code, "no socket for checks of type icmp: %s", strerror(-code));
	}
	setsockopt(raw->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
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
	uv_poll_stop(&raw->poll);
	uv_close((uv_handle_t *)&raw->poll, raw_closed);
	close(raw->fd);
}

static void close_icmp(struct prober *all)
{
	if (!all)
		return;
	close_raw(&all->six);
	close_raw(&all->four);
}

static int open_icmp(uv_loop_t *loop, struct prober **ret, struct err *err)
{
	struct prober *all = calloc(1, sizeof(*all));
	struct err ignored = {0};

	if (all)
		all->slots = calloc(SLOTS, sizeof(struct probe *));
	if (!all || !all->slots) {
		free(all);
		return err_set(err, -ENOMEM, "no memory for checks");
	}
	all->loop = loop;
	all->id = (uint16_t)randombytes_uniform(65536);
	if (open_raw(all, &all->four, AF_INET, err) < 0) {
		free_prober(all);
		return -EIO;
	}
	open_raw(all, &all->six, AF_INET6, &ignored); /* a host may do without IPv6 */
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
	outcome_set(&p->so_far, OUTCOME_SILENT, "no answer to an echo request");
	if (ask->address.family == AF_INET6 && all->six.fd < 0) {
		outcome_set(&p->so_far, OUTCOME_CANNOT_RUN, "no ICMPv6 socket");
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
