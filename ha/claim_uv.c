/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sockets and the timer behind claim.h; see claim_uv.h. */
#include "ha/claim_uv.h"

#include "ha/aside_uv.h"
#include "ha/clock_uv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
	READS = 32,	     /* frames per wake-up: adverts must not wait */
	OWN_AGAIN_MS = 1000, /* between two looks at the host's own interfaces */
	VIRTUAL_MAC_V4 = 1,  /* RFC 9568, 7.3: 00-00-5E-00-01-{VRID} */
	VIRTUAL_MAC_V6 = 2,
	NEXT_HEADER_AT = FRAME_ETHERNET_LEN + 6,
	TYPE_AT = FRAME_ETHERNET_LEN + FRAME_IPV6_LEN,
};

struct claim_socket {
	uv_poll_t poll;
	int fd;
	struct claimer *owner; /* NULL: closed */
};

static void step(struct claimer *c, struct claim_event ev);

/* --- hearing ---------------------------------------------------------------------------------- */

/* A host with two interfaces on one network answers on either for the addresses of both. */
static bool is_own_interface(const struct mac *mac)
{
	struct ifaddrs *list, *i;
	bool found = false;

	if (getifaddrs(&list) < 0)
		return false;
	for (i = list; i && !found; i = i->ifa_next) {
		const struct sockaddr_ll *ll = (const void *)i->ifa_addr;

		found = ll && ll->sll_family == AF_PACKET && ll->sll_halen == MAC_LEN &&
			memcmp(ll->sll_addr, mac->bytes, MAC_LEN) == 0;
	}
	freeifaddrs(list);
	return found;
}

static void hear(struct claimer *c, const struct claim_who *who)
{
	if (c->claim.phase != CLAIM_IDLE && claim_is_foreign(&c->claim, who)) {
		uint64_t now_ms = clock_ms();

		/* While somebody claims it often, that is looked at now and then only. */
		if (now_ms - c->own_looked_at_ms >= OWN_AGAIN_MS) {
			c->own_looked_at_ms = now_ms;
			if (is_own_interface(&who->mac))
				claim_add_friend(&c->claim, &who->mac);
		}
		c->heard +=
			claim_is_foreign(&c->claim, who) && !claim_is_backend(&c->claim, &who->mac);
	}
	step(c, (struct claim_event){.type = CLAIM_EVENT_HEARD, .who = *who});
}

static void readable(uv_poll_t *poll, int status, int events)
{
	struct claim_socket *s = poll->data;
	uint8_t bytes[CLAIM_READ_MAX];
	struct claim_who who;

	/* The socket's errno says more than status; a link that goes down is an error here. */
	(void)status;
	(void)events;
	for (int i = 0; i < READS && s->owner; i++) {
		ssize_t n = recv(s->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
		enum claim_reject r;

		if (n < 0 && errno != EINTR && errno != ENETDOWN)
			break;
		if (n < 0)
			continue;
		r = claim_parse(bytes, (size_t)n, &who);
		s->owner->rejected[r]++;
		if (r == CLAIM_REJECT_NONE)
			hear(s->owner, &who);
	}
	if (s->owner && !uv_is_active((uv_handle_t *)poll))
		uv_poll_start(poll, UV_READABLE, readable);
}

/* --- sockets ---------------------------------------------------------------------------------- */

static void on_socket_closed(uv_handle_t *handle)
{
	struct claim_socket *s = handle->data;

	aside_close(handle->loop, s->fd);
	free(s);
}

static void close_socket(struct claim_socket **s)
{
	if (!*s)
		return;
	(*s)->owner = NULL;
	uv_close((uv_handle_t *)&(*s)->poll, on_socket_closed);
	*s = NULL;
}

/* Of all IPv6 only advertisements of neighbours are wanted. */
static int filter_advertisements(int fd)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, NEXT_HEADER_AT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ND_ICMPV6, 0, 3),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, TYPE_AT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ND_ADVERTISEMENT, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

/* Bound only when it filters: protocol 0 receives nothing until then. */
int claim_socket_open(uv_loop_t *loop, unsigned int ifindex, uint16_t protocol)
{
	const struct sockaddr_ll here = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(protocol),
		.sll_ifindex = (int)ifindex,
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), error;

	if (fd < 0)
		return -errno;
	if ((protocol != ETH_P_IPV6 || filter_advertisements(fd) == 0) &&
	    bind(fd, (const struct sockaddr *)&here, sizeof(here)) == 0)
		return fd;
	error = errno;
	aside_close(loop, fd);
	return -error;
}

static struct claim_socket *open_socket(struct claimer *c, uint16_t protocol)
{
	struct claim_socket *s = calloc(1, sizeof(*s));
	unsigned long suppressed;
	int code = s ? claim_socket_open(c->loop, c->ifindex, protocol) : -ENOMEM;

	if (code >= 0) {
		s->fd = code;
		code = uv_poll_init(c->loop, &s->poll, s->fd);
		if (code < 0)
			aside_close(c->loop, s->fd);
	}
	if (code < 0) {
		free(s);
		if (log_limit_pass(&c->socket_limit, clock_ms(), &suppressed))
			log_warning("%s: cannot listen for other hosts with our addresses: %s, "
				    "going on without",
				    c->name, strerrordesc_np(-code));
		return NULL;
	}
	s->owner = c;
	s->poll.data = s;
	uv_poll_start(&s->poll, UV_READABLE, readable);
	return s;
}

/* --- asking ----------------------------------------------------------------------------------- */

int claim_socket_send(int fd, unsigned int ifindex, uint16_t protocol, const uint8_t *frame,
		      size_t len)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(protocol),
		.sll_ifindex = (int)ifindex,
		.sll_halen = MAC_LEN,
	};

	memcpy(to.sll_addr, frame, MAC_LEN); /* a frame begins with its destination */
	return sendto(fd, frame, len, 0, (struct sockaddr *)&to, sizeof(to)) < 0 ? -errno : 0;
}

/* Unsent questions are no failure: the answers are missed, and the next round comes. */
static void send_frame(const struct claimer *c, const struct claim_socket *s, const uint8_t *frame,
		       size_t len)
{
	int code;

	if (!s || len == 0)
		return;
	code = claim_socket_send(s->fd, c->ifindex, s == c->nd ? ETH_P_IPV6 : ETH_P_ARP, frame,
				 len);
	if (code < 0)
		log_debug("%s: cannot ask whether others hold our addresses: %s", c->name,
			  strerrordesc_np(-code));
}

static void send_questions(struct claimer *c, const struct claim_update *u)
{
	uint8_t frame[CLAIM_FRAME_MAX];

	for (size_t i = 0; u->flags & CLAIM_PROBE && i < u->n; i++)
		send_frame(c, c->family == AF_INET6 ? c->nd : c->arp, frame,
			   claim_probe(&c->claim.addresses[u->first + i].addr, &c->claim.own, frame,
				       sizeof(frame)));
	for (size_t i = 0; u->flags & CLAIM_ASK && i < c->claim.n_nodes; i++)
		send_frame(c, c->own_node.family == AF_INET6 ? c->nd : c->arp, frame,
			   claim_ask(&c->claim.nodes[i], &c->own_node, &c->claim.own, frame,
				     sizeof(frame)));
}

static void on_timer(uv_timer_t *timer)
{
	step(timer->data, (struct claim_event){.type = CLAIM_EVENT_TIMER});
}

static void arm(struct claimer *c, uint64_t deadline_us)
{
	clock_timer(&c->timer, on_timer, deadline_us);
}

static void step(struct claimer *c, struct claim_event ev)
{
	const unsigned int found =
		CLAIM_FAULT | CLAIM_CLEAR | CLAIM_ALARM | CLAIM_CALM | CLAIM_DEFEND;
	struct claim_update u;

	ev.now_us = clock_us();
	u = claim_step(&c->claim, &ev);
	send_questions(c, &u);
	arm(c, u.deadline_us);
	if (u.flags & found)
		c->found(c->owner, u.flags & found, &u.who);
}

/* --- what others call ------------------------------------------------------------------------- */

void claimer_init(struct claimer *c, uint8_t virtual_router_id)
{
	const uint8_t family = c->family == AF_INET6 ? VIRTUAL_MAC_V6 : VIRTUAL_MAC_V4;
	const struct mac virtual_mac = {{0, 0, 0x5e, 0, family, virtual_router_id}};

	claim_init(&c->claim, &virtual_mac);
	uv_timer_init(c->loop, &c->timer);
	c->timer.data = c;
}

void claimer_set_nodes(struct claimer *c, const struct addr *self, const struct addr *nodes,
		       size_t n)
{
	c->own_node = *self;
	claim_set_nodes(&c->claim, nodes, self->family ? n : 0);
}

static void open_sockets(struct claimer *c)
{
	if (!c->arp)
		c->arp = open_socket(c, ETH_P_ARP);
	if (!c->nd && (c->family == AF_INET6 || c->own_node.family == AF_INET6))
		c->nd = open_socket(c, ETH_P_IPV6);
}

void claimer_link(struct claimer *c, unsigned int ifindex, const struct mac *mac)
{
	c->claim.own = *mac;
	if (ifindex == c->ifindex)
		return;
	close_socket(&c->arp);
	close_socket(&c->nd);
	c->ifindex = ifindex;
	step(c, (struct claim_event){.type = CLAIM_EVENT_RESET});
	if (ifindex)
		open_sockets(c);
}

void claimer_begin(struct claimer *c, const struct prefix *addresses, size_t n)
{
	claim_set_addresses(&c->claim, addresses, n);
	open_sockets(c); /* those that could not be opened before */
	step(c, (struct claim_event){.type = CLAIM_EVENT_BEGIN});
}

void claimer_set_addresses(struct claimer *c, const struct prefix *addresses, size_t n)
{
	claim_set_addresses(&c->claim, addresses, n);
}

void claimer_end(struct claimer *c)
{
	step(c, (struct claim_event){.type = CLAIM_EVENT_END});
}

void claimer_add_friend(struct claimer *c, const struct mac *mac)
{
	claim_add_friend(&c->claim, mac);
}

void claimer_set_backends(struct claimer *c, const struct mac *macs, size_t n)
{
	claim_set_backends(&c->claim, macs, n);
	step(c, (struct claim_event){.type = CLAIM_EVENT_TIMER});
}

bool claimer_is_taken(const struct claimer *c, struct claim_who *ret)
{
	*ret = c->claim.conflict;
	return c->claim.phase == CLAIM_TAKEN;
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct claimer *c = handle->data;

	c->closed(c->owner);
}

void claimer_close(struct claimer *c, void (*closed)(void *owner), void *owner)
{
	close_socket(&c->arp);
	close_socket(&c->nd);
	c->closed = closed;
	c->owner = owner;
	uv_close((uv_handle_t *)&c->timer, on_timer_closed);
}
