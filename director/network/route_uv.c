/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/network/route_uv.h"

#include "director/network/address_news.h"
#include "include/addr_index.h"
#include "include/log.h"
#include "include/nlattr.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/rtnetlink.h>

enum {
	BUFFER = 8192,
	READS_PER_WAKEUP = 64,
	/* A routing daemon that loads a full table makes a million events: one round for many. */
	SETTLE_MS = 20,	      /* events that come together lead to one round of questions */
	ROUND_MS = 250,	      /* rounds are at least so far apart */
	ASK_PER_ROUND = 1000, /* a question takes some µs of the kernel; the rest a moment later */
	MORE_MS = 5,
};

#define GROUP(g) (1U << ((g)-1))

static const unsigned int groups = GROUP(RTNLGRP_IPV4_ROUTE) | GROUP(RTNLGRP_IPV6_ROUTE) |
				   GROUP(RTNLGRP_IPV4_IFADDR) | GROUP(RTNLGRP_IPV6_IFADDR) |
				   GROUP(RTNLGRP_IPV4_RULE) | GROUP(RTNLGRP_IPV6_RULE);

struct routes {
	uv_poll_t poll; /* of events */
	uv_timer_t timer;
	struct mnl_socket *events, *questions;
	uint32_t seq;
	struct route_target *list; /* sorted by address */
	size_t n, next;		   /* next: the first that this round has not asked for */
	struct addr_index index;   /* of list */
	bool stale;		   /* a round is due from the beginning */
	uint64_t round_ms;	   /* when the last one began */
	struct address_news news;
	struct routes_ops ops;
	int open_handles;
};

/* --- questions -------------------------------------------------------------------------------- */

static void read_route(const struct nlmsghdr *nlh, uint8_t family, struct route *ret)
{
	const struct rtmsg *rt = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*rt))
		return;
	ret->kind = rt->rtm_type == RTN_UNICAST ? ROUTE_DIRECT
		    : rt->rtm_type == RTN_LOCAL ? ROUTE_LOCAL
						: ROUTE_NONE;
	NLATTR_EACH (attr, nlh, sizeof(*rt)) {
		size_t len = mnl_attr_get_payload_len(attr);
		const uint8_t *data = mnl_attr_get_payload(attr);

		if (mnl_attr_get_type(attr) == RTA_OIF && len == sizeof(uint32_t)) {
			memcpy(&ret->ifindex, data, sizeof(uint32_t));
		} else if (mnl_attr_get_type(attr) == RTA_GATEWAY && (len == 4 || len == 16)) {
			ret->gateway.family = family;
			memcpy(ret->gateway.bytes, data, len);
		} else if (mnl_attr_get_type(attr) == RTA_VIA && len == 18) {
			/* An IPv4 route by an IPv6 router: its family, then its address. */
			ret->gateway.family = AF_INET6;
			memcpy(ret->gateway.bytes, data + 2, 16);
		}
	}
	if (ret->kind == ROUTE_DIRECT && addr_len(&ret->gateway))
		ret->kind = ROUTE_GATEWAY;
	if (ret->kind == ROUTE_NONE || (ret->kind == ROUTE_DIRECT && !ret->ifindex))
		*ret = (struct route){0};
}

/*
 * The kernel answers while it takes the question: there is no waiting. 0, or negative errno when
 * nothing is known.
 */
static int ask(struct routes *r, const struct addr *addr, struct route *ret)
{
	_Alignas(struct nlmsghdr) uint8_t buf[BUFFER] = {0};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct rtmsg *rt = mnl_nlmsg_put_extra_header(nlh, sizeof(*rt));
	int left;

	*ret = (struct route){0};
	nlh->nlmsg_type = RTM_GETROUTE;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	nlh->nlmsg_seq = ++r->seq;
	rt->rtm_family = addr->family;
	rt->rtm_dst_len = (uint8_t)(8 * addr_len(addr));
	mnl_attr_put(nlh, RTA_DST, addr_len(addr), addr->bytes);
	if (mnl_socket_sendto(r->questions, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	for (;;) {
		ssize_t len = recv(mnl_socket_get_fd(r->questions), buf, sizeof(buf), MSG_DONTWAIT);

		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0)
			return -errno;
		left = (int)len;
		nlh = (void *)buf;
		if (!mnl_nlmsg_ok(nlh, left) || nlh->nlmsg_seq != r->seq)
			continue; /* of a question that was given up */
		if (nlh->nlmsg_type == RTM_NEWROUTE)
			read_route(nlh, addr->family, ret);
		return 0; /* an error is the answer, too: unreachable, prohibited, no such network */
	}
}

/* True when the target's route changed. */
static bool update(struct routes *r, struct route_target *t)
{
	bool had_trouble = t->known && t->kind != ROUTE_DIRECT;
	struct route answer;
	int code = ask(r, &t->addr, &answer);
	bool down = t->known && r->ops.link_is_down(r->ops.owner, t->ifindex);

	if (code < 0) {
		log_debug("asking the kernel for a route failed: %s", strerror(-code));
		r->stale = true;
		return false;
	}
	if (!route_answer(t, &answer, down, uv_now(r->timer.loop))) {
		r->stale |= t->doubted; /* until it is certain */
		return false;
	}
	if (r->ops.judged)
		r->ops.judged(r->ops.owner, &t->addr, &answer, had_trouble);
	return true;
}

static void round_due(uv_timer_t *timer);

static void ask_in(struct routes *r, uint64_t ms)
{
	if (!uv_is_closing((uv_handle_t *)&r->timer))
		uv_timer_start(&r->timer, round_due, ms, 0);
}

static void round_due(uv_timer_t *timer)
{
	struct routes *r = timer->data;
	bool changed = false;
	size_t end;

	if (r->next == r->n) {
		r->next = 0;
		r->stale = false;
		r->round_ms = uv_now(timer->loop);
	}
	end = r->n - r->next > ASK_PER_ROUND ? r->next + ASK_PER_ROUND : r->n;
	while (r->next < end)
		changed |= update(r, &r->list[r->next++]);
	if (r->next < r->n)
		ask_in(r, MORE_MS);
	else if (r->stale)
		ask_in(r, ROUND_MS);
	if (changed)
		r->ops.changed(r->ops.owner);
}

void routes_ask_again(struct routes *r)
{
	uint64_t since;

	r->stale = true;
	if (r->n == 0 || uv_is_active((uv_handle_t *)&r->timer))
		return;
	since = uv_now(r->timer.loop) - r->round_ms;
	ask_in(r, since >= ROUND_MS ? SETTLE_MS : ROUND_MS - since);
}

/* --- events ----------------------------------------------------------------------------------- */

static struct address_stand read_address(const struct nlmsghdr *nlh, const struct ifaddrmsg *ifa)
{
	struct address_stand a = {
		.ifindex = ifa->ifa_index, .length = ifa->ifa_prefixlen, .flags = ifa->ifa_flags};
	const struct nlattr *attr;

	NLATTR_EACH (attr, nlh, sizeof(*ifa)) {
		uint16_t type = mnl_attr_get_type(attr), len = mnl_attr_get_payload_len(attr);

		if (type == IFA_FLAGS && len == sizeof(uint32_t)) {
			a.flags = mnl_attr_get_u32(attr);
		} else if ((type == IFA_LOCAL || (type == IFA_ADDRESS && !addr_len(&a.addr))) &&
			   (len == 4 || len == 16)) {
			a.addr.family = ifa->ifa_family;
			memcpy(a.addr.bytes, mnl_attr_get_payload(attr), len);
		}
	}
	return a;
}

/* Of routes and rules everything is: what has changed does not matter. */
static bool is_news(struct routes *r, const struct nlmsghdr *nlh)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);
	struct address_stand a;

	if ((nlh->nlmsg_type != RTM_NEWADDR && nlh->nlmsg_type != RTM_DELADDR) ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifa))
		return true;
	a = read_address(nlh, ifa);
	if (nlh->nlmsg_type == RTM_NEWADDR)
		return address_news_came(&r->news, &a);
	address_news_went(&r->news, &a);
	return true;
}

static void readable(uv_poll_t *poll, int status, int events)
{
	_Alignas(struct nlmsghdr) uint8_t buf[BUFFER];
	struct routes *r = poll->data;
	bool news = false;
	int left = 0;

	(void)status; /* recv() tells */
	(void)events;
	for (int i = 0; left >= 0 && i < READS_PER_WAKEUP; i++) {
		const struct nlmsghdr *nlh = (void *)buf;

		left = (int)recv(mnl_socket_get_fd(r->events), buf, sizeof(buf), MSG_DONTWAIT);
		if (left < 0 && errno != EAGAIN) { /* events were lost (netlink_uv.c) */
			r->news = (struct address_news){0};
			news = true;
		}
		for (; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left))
			news |= is_news(r, nlh);
	}
	if (news)
		routes_ask_again(r);
	if (!uv_is_active((uv_handle_t *)poll) && !uv_is_closing((uv_handle_t *)poll))
		uv_poll_start(poll, UV_READABLE, readable);
}

/* --- life ------------------------------------------------------------------------------------- */

static struct mnl_socket *open_socket(unsigned int mask)
{
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (nl && mnl_socket_bind(nl, mask, MNL_SOCKET_AUTOPID) < 0) {
		int code = errno;

		mnl_socket_close(nl);
		errno = code;
		return NULL;
	}
	return nl;
}

static void free_all(struct routes *r)
{
	if (r->events)
		mnl_socket_close(r->events);
	if (r->questions)
		mnl_socket_close(r->questions);
	free(r->list);
	addr_index_clear(&r->index);
	free(r);
}

int routes_new(uv_loop_t *loop, const struct routes_ops *ops, struct routes **ret, struct err *err)
{
	struct routes *r = calloc(1, sizeof(*r));
	int code;

	if (!r)
		return err_set(err, -ENOMEM, "no memory");
	r->ops = *ops;
	r->events = open_socket(groups);
	r->questions = r->events ? open_socket(0) : NULL;
	code = r->questions ? uv_poll_init(loop, &r->poll, mnl_socket_get_fd(r->events)) : -errno;
	if (code < 0) {
		free_all(r);
		return err_set(err, code, "cannot follow the kernel's routes: %s", strerror(-code));
	}
	r->poll.data = r;
	uv_poll_start(&r->poll, UV_READABLE, readable);
	uv_timer_init(loop, &r->timer);
	r->timer.data = r;
	r->open_handles = 2;
	*ret = r;
	return 0;
}

static void handle_closed(uv_handle_t *handle)
{
	struct routes *r = handle->data;

	if (--r->open_handles == 0)
		free_all(r);
}

void routes_close(struct routes *routes)
{
	if (!routes)
		return;
	uv_close((uv_handle_t *)&routes->timer, handle_closed);
	uv_close((uv_handle_t *)&routes->poll, handle_closed);
}

/* --- targets ---------------------------------------------------------------------------------- */

static int by_addr(const void *a, const void *b)
{
	return addr_compare(&((const struct route_target *)a)->addr,
			    &((const struct route_target *)b)->addr);
}

const struct route_target *routes_find(const struct routes *r, const struct addr *addr)
{
	for (uint32_t i = addr_index_first(&r->index, addr); i != ADDR_INDEX_END;
	     i = addr_index_next(&r->index, i))
		if (addr_equal(&r->list[i].addr, addr))
			return &r->list[i];
	return NULL;
}

int routes_set_targets(struct routes *r, const struct addr *addrs, size_t n)
{
	struct route_target *list = calloc(n + 1, sizeof(*list));
	struct addr_index index;
	size_t used = 0;

	if (!list || addr_index_init(&index, n) < 0) {
		free(list);
		return -ENOMEM;
	}
	for (size_t i = 0; i < n; i++)
		list[i].addr = addrs[i];
	qsort(list, n, sizeof(*list), by_addr);
	for (size_t i = 0; i < n; i++) {
		const struct route_target *known = routes_find(r, &list[i].addr);

		if (used && addr_equal(&list[used - 1].addr, &list[i].addr))
			continue; /* one backend of several farms */
		list[used] = known ? *known : list[i];
		addr_index_add(&index, &list[used].addr, (uint32_t)used);
		used++;
	}
	free(r->list);
	addr_index_clear(&r->index);
	r->list = list;
	r->index = index;
	r->n = used;
	r->next = used; /* a round that runs starts over */
	for (size_t i = 0; i < used; i++)
		if (!list[i].known)
			update(r, &list[i]);
	if (r->stale)
		routes_ask_again(r);
	return 0;
}
