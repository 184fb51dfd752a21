/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The packet socket and the timer behind announce.h; see announce_uv.h. */
#include "ha/announce_uv.h"

#include "ha/aside_uv.h"
#include "ha/clock_uv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/socket.h>

int announcer_init(struct announcer *a, uv_loop_t *loop, const char *name, struct err *err)
{
	/* Protocol 0: the socket sends only, no frame is ever queued on it. */
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_set(err, -errno, "cannot open a packet socket for announcements: %s",
			       errno == EPERM ? "it needs CAP_NET_RAW (run as root)"
					      : strerror(errno));
	*a = (struct announcer){.fd = fd, .name = name};
	announce_init(&a->schedule);
	uv_timer_init(loop, &a->timer);
	a->timer.data = a;
	return 0;
}

void announcer_link(struct announcer *a, unsigned int ifindex, const struct mac *mac)
{
	a->ifindex = ifindex;
	a->mac = *mac;
}

void announcer_send(struct announcer *a, const struct addr *address)
{
	bool ipv6 = address->family == AF_INET6;
	uint8_t frame[ANNOUNCE_NA_LEN];
	size_t len = ipv6 ? announce_na(address, &a->mac, frame, sizeof(frame))
			  : announce_arp(address, &a->mac, frame, sizeof(frame));
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ipv6 ? ETH_P_IPV6 : ETH_P_ARP),
		.sll_ifindex = (int)a->ifindex,
		.sll_halen = MAC_LEN,
	};
	unsigned long suppressed;
	char text[ADDR_TEXT];
	int error;

	if (len == 0)
		return;
	memcpy(to.sll_addr, frame, MAC_LEN); /* a frame begins with its destination */
	if (sendto(a->fd, frame, len, 0, (struct sockaddr *)&to, sizeof(to)) >= 0) {
		a->sent++;
		return;
	}
	error = errno;
	if (log_limit_pass(&a->limit, clock_ms(), &suppressed))
		log_warning("%s: cannot announce %s: %s, going on with the next one", a->name,
			    addr_format(address, text), strerror(error));
}

static void run(struct announcer *a);

static void on_timer(uv_timer_t *timer)
{
	struct announcer *a = timer->data;

	if (!a->may_go_on || a->may_go_on(a->asked))
		run(a);
}

/* Sends what is due and arms the timer for the rest, rounded up to its milliseconds. */
static void run(struct announcer *a)
{
	size_t first, n;

	n = announce_step(&a->schedule, clock_us(), &first);
	for (size_t i = first; n > 0; i++, n--)
		announcer_send(a, &a->addresses[i].addr);
	clock_timer(&a->timer, on_timer, announce_due(&a->schedule));
}

void announcer_start(struct announcer *a, const struct prefix *addresses, size_t n,
		     unsigned int repeat)
{
	a->addresses = addresses;
	announce_start(&a->schedule, n, repeat, clock_us());
	run(a);
}

void announcer_defend(struct announcer *a)
{
	if (a->addresses && a->schedule.n_addresses > 0)
		announcer_start(a, a->addresses, a->schedule.n_addresses, 1);
}

void announcer_refresh(struct announcer *a, uint32_t refresh_ms)
{
	announce_refresh(&a->schedule, (uint64_t)refresh_ms * 1000);
	if (a->addresses)
		run(a);
}

void announcer_stop(struct announcer *a)
{
	announce_stop(&a->schedule);
	uv_timer_stop(&a->timer);
	a->addresses = NULL;
}

static void on_close(uv_handle_t *handle)
{
	struct announcer *a = handle->data;

	a->closed(a->owner);
}

void announcer_close(struct announcer *a, void (*closed)(void *owner), void *owner)
{
	announcer_stop(a);
	aside_close(a->timer.loop, a->fd);
	a->fd = -1;
	a->closed = closed;
	a->owner = owner;
	uv_close((uv_handle_t *)&a->timer, on_close);
}

/* --- one host alone --------------------------------------------------------------------------- */

bool announcer_tell(struct announcer *a, const struct mac *to, const struct addr *address)
{
	bool ipv6 = address->family == AF_INET6;
	uint8_t frame[ANNOUNCE_NA_LEN];
	struct sockaddr_ll name = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ipv6 ? ETH_P_IPV6 : ETH_P_ARP),
		.sll_ifindex = (int)a->ifindex,
		.sll_halen = MAC_LEN,
	};
	unsigned long suppressed;
	char text[ADDR_TEXT], mac[MAC_TEXT];
	size_t len;
	int error;

	if (!mac_is_unicast(to) || mac_equal(to, &a->mac) ||
	    !tell_pass(&a->tell, to, address, clock_us()))
		return false;
	len = announce_reply(address, &a->mac, to, frame, sizeof(frame));
	memcpy(name.sll_addr, to->bytes, MAC_LEN);
	if (len && sendto(a->fd, frame, len, 0, (struct sockaddr *)&name, sizeof(name)) >= 0) {
		a->sent++;
		return true;
	}
	error = errno;
	if (len && log_limit_pass(&a->limit, clock_ms(), &suppressed))
		log_warning("%s: cannot tell %s where %s is: %s, trying again while it goes on",
			    a->name, mac_format(to, mac), addr_format(address, text),
			    strerror(error));
	return false;
}
