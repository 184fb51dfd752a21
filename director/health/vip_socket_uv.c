/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The packet sockets of checks; see vip_socket_uv.h. */
#include "director/health/vip_socket_uv.h"

#include "director/health/vip_source.h"
#include "ha/aside_uv.h"
#include "ha/clock_uv.h"
#include "ha/vip_netlink_uv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

enum {
	READS = 64,			  /* frames per wake-up: others wait for the loop, too */
	RECEIVE_BUFFER = 2 * 1024 * 1024, /* answers to a thousand SYNs, 2304 octets each */
	MTU_MIN = 576,			  /* less is not believed of an interface */
	WRITE_MAX = VIP_FRAME_ETHERNET + VIP_JUMBO_MAX,
	HANDLES = 2,
};

struct vip_socket {
	struct vip_sockets *all;
	struct vip_socket *next;
	uv_poll_t poll;
	uv_timer_t idle;
	int fd;
	unsigned int handles; /* that are not closed yet */
	unsigned int users;
	bool closing;
	uint32_t ifindex;
	uint8_t family;
	uint16_t mtu;
	uint64_t read_us; /* when the sources were; 0: never */
	size_t n_sources;
	struct vip_source sources[VIP_LIST_MAX];
};

/* --- hearing ---------------------------------------------------------------------------------- */

/*
 * A sender on this machine, and the kernel when it joins segments, leave TCP's checksum to a device
 * that the packet never comes to; and one that the device has found right needs no second look.
 */
static bool must_verify(struct msghdr *message)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		struct tpacket_auxdata aux;

		if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA)
			continue;
		memcpy(&aux, CMSG_DATA(c), sizeof(aux));
		return !(aux.tp_status & (TP_STATUS_CSUMNOTREADY | TP_STATUS_CSUM_VALID));
	}
	return true;
}

/* False: nothing more to read. A link that goes down is an error that is read once. */
static bool read_one(struct vip_socket *s)
{
	struct vip_sockets *all = s->all;
	char control[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	struct iovec into = {all->frame, sizeof(all->frame)};
	struct msghdr message = {.msg_iov = &into,
				 .msg_iovlen = 1,
				 .msg_control = control,
				 .msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(s->fd, &message, MSG_DONTWAIT);
	struct vip_heard heard;
	enum vip_reject r;

	if (n < 0)
		return errno == EINTR || errno == ENETDOWN;
	r = vip_frame_parse(all->frame, (size_t)n, must_verify(&message), &heard);
	all->rejected[r]++;
	if (r == VIP_REJECT_NONE)
		all->heard(all->owner, s, &heard);
	return true;
}

static void readable(uv_poll_t *poll, int status, int events)
{
	struct vip_socket *s = poll->data;

	/* The socket's errno says more than status. */
	(void)status;
	(void)events;
	for (int i = 0; i < READS && !s->closing && read_one(s); i++)
		;
	/* After an error of the socket libuv has stopped watching it. */
	if (!s->closing && !uv_is_active((uv_handle_t *)poll))
		uv_poll_start(poll, UV_READABLE, readable);
}

/* --- opening, closing ------------------------------------------------------------------------- */

static void on_closed(uv_handle_t *handle)
{
	struct vip_socket *s = handle->data;
	struct vip_sockets *all = s->all;

	if (--s->handles > 0)
		return;
	aside_close(handle->loop, s->fd);
	free(s);
	all->open--;
	if (all->closing && all->open == 0)
		all->closed(all->owner);
}

static void close_socket(struct vip_socket *s)
{
	struct vip_socket **at = &s->all->first;

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	s->closing = true;
	uv_close((uv_handle_t *)&s->poll, on_closed);
	uv_close((uv_handle_t *)&s->idle, on_closed);
}

static void on_idle(uv_timer_t *timer)
{
	close_socket(timer->data);
}

void vip_sockets_close(struct vip_sockets *all)
{
	all->closing = true;
	while (all->first)
		close_socket(all->first);
	if (all->open == 0)
		all->closed(all->owner);
}

/* Deaf until the filter is there: bound to no protocol at first. */
static int open_fd(const struct vip_sockets *all, uint32_t ifindex, uint8_t family)
{
	struct sock_filter code[VIP_FILTER_MAX];
	const struct sock_fprog program = {
		.len = (unsigned short)vip_filter_make(family, all->ports, code), .filter = code};
	const struct sockaddr_ll here = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(family == AF_INET6 ? ETH_P_IPV6 : ETH_P_IP),
		.sll_ifindex = (int)ifindex,
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int size = RECEIVE_BUFFER, on = 1, error;

	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0 &&
	    setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) == 0 &&
	    bind(fd, (const struct sockaddr *)&here, sizeof(here)) == 0)
		return fd;
	error = errno;
	aside_close(all->loop, fd);
	return -error;
}

static int open_socket(struct vip_sockets *all, uint32_t ifindex, uint8_t family,
		       struct vip_socket **ret)
{
	struct vip_socket *s = calloc(1, sizeof(*s));
	int code;

	if (!s)
		return -ENOMEM;
	s->all = all;
	s->ifindex = ifindex;
	s->family = family;
	s->mtu = VIP_MTU_MAX;
	s->fd = code = open_fd(all, ifindex, family);
	if (code >= 0) {
		code = uv_poll_init(all->loop, &s->poll, s->fd);
		if (code < 0)
			aside_close(all->loop, s->fd);
	}
	if (code < 0) {
		free(s);
		return code;
	}
	uv_timer_init(all->loop, &s->idle);
	s->poll.data = s->idle.data = s;
	uv_poll_start(&s->poll, UV_READABLE, readable);
	s->handles = HANDLES;
	s->next = all->first;
	all->first = s;
	all->open++;
	*ret = s;
	return 0;
}

static const char *interface_name(uint32_t ifindex, char buf[static IF_NAMESIZE])
{
	return if_indextoname(ifindex, buf) ? buf : "its interface";
}

struct vip_socket *vip_socket_take(struct vip_sockets *all, uint32_t ifindex, uint8_t family,
				   struct err *err)
{
	struct vip_socket *s = all->first;
	char name[IF_NAMESIZE];
	int code;

	while (s && (s->ifindex != ifindex || s->family != family))
		s = s->next;
	if (!s) {
		code = open_socket(all, ifindex, family, &s);
		if (code < 0) {
			err_set(err, code, "cannot open a packet socket on %s: %s",
				interface_name(ifindex, name), strerrordesc_np(-code));
			return NULL;
		}
	}
	uv_timer_stop(&s->idle);
	s->users++;
	return s;
}

void vip_socket_leave(struct vip_socket *s)
{
	if (--s->users == 0 && !s->closing)
		uv_timer_start(&s->idle, on_idle, VIP_SOCKET_IDLE_MS, 0);
}

/* --- asking ----------------------------------------------------------------------------------- */

static void read_mtu(struct vip_socket *s)
{
	struct ifreq request = {0};

	if (if_indextoname(s->ifindex, request.ifr_name) && ioctl(s->fd, SIOCGIFMTU, &request) == 0)
		s->mtu = request.ifr_mtu > VIP_MTU_MAX ? VIP_MTU_MAX
			 : request.ifr_mtu < MTU_MIN   ? MTU_MIN
						       : (uint16_t)request.ifr_mtu;
}

static int read_sources(struct vip_socket *s)
{
	struct vip_found found[VIP_LIST_MAX];
	uint64_t now_us = clock_us();
	size_t n = 0;
	int code;

	if (s->read_us && now_us - s->read_us < VIP_SOURCES_MS * 1000ULL)
		return 0;
	read_mtu(s);
	code = vip_netlink_list(s->family, s->ifindex, found, &n);
	if (code < 0)
		return code;
	for (size_t i = 0; i < n; i++)
		s->sources[i] = (struct vip_source){
			.at = found[i].at,
			.is_virtual = found[i].ours,
			.usable = found[i].usable,
		};
	s->n_sources = n;
	s->read_us = now_us;
	return 0;
}

int vip_socket_source(struct vip_socket *s, const struct addr *vip, const struct addr *backend,
		      struct addr *ret, struct err *err)
{
	char name[IF_NAMESIZE];
	int code = read_sources(s);

	if (code < 0)
		return err_set(err, code, "cannot list the addresses of %s: %s",
			       interface_name(s->ifindex, name), strerrordesc_np(-code));
	if (vip_source_pick(s->sources, s->n_sources, vip, backend, ret))
		return 0;
	return err_set(err, -EADDRNOTAVAIL, "no address of its own on %s to ask from",
		       interface_name(s->ifindex, name));
}

uint16_t vip_socket_mss(const struct vip_socket *s)
{
	return (uint16_t)(s->mtu - VIP_FRAME_TCP -
			  (s->family == AF_INET6 ? VIP_FRAME_IPV6 : VIP_FRAME_IPV4));
}

int vip_socket_send(struct vip_socket *s, const struct vip_segment *segment)
{
	uint8_t frame[WRITE_MAX];
	size_t len = vip_frame_put(segment, frame, sizeof(frame));
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(s->family == AF_INET6 ? ETH_P_IPV6 : ETH_P_IP),
		.sll_ifindex = (int)s->ifindex,
		.sll_halen = MAC_LEN,
	};

	if (len == 0)
		return -EMSGSIZE;
	memcpy(to.sll_addr, segment->destination.bytes, MAC_LEN);
	if (sendto(s->fd, frame, len, MSG_DONTWAIT, (struct sockaddr *)&to, sizeof(to)) < 0)
		return -errno;
	return 0;
}

void vip_socket_refuse(struct vip_socket *s, const struct vip_segment *in)
{
	struct vip_segment out = {
		.source = in->destination,
		.destination = in->source,
		.from = in->to,
		.to = in->from,
		.from_port = in->to_port,
		.to_port = in->from_port,
		.ttl = VIP_FRAME_TTL_BEHIND, /* to wherever that came from */
	};

	if (small_tcp_stray(&in->tcp, &out.tcp))
		(void)vip_socket_send(s, &out);
}
