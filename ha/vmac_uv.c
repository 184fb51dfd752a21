/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The device of a virtual router: making, changing and removing it; see vmac_uv.h. */
#include "ha/vmac_uv.h"

#include "ha/aside_uv.h"
#include "ha/vmac_netlink_uv.h"
#include "include/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	CLEAN_MAX = 512, /* devices of ours: two for each section at most */
	ARP_IGNORE_OTHERS = 1,
	RP_FILTER_LOOSE = 2,
};

/* --- making and changing it ------------------------------------------------------------------- */

static int create(const struct vmac *v)
{
	char buf[VMAC_REQUEST] __attribute__((aligned(MNL_ALIGNTO)));
	struct nlmsghdr *h =
		vmac_netlink_request(buf, RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, 0);
	struct nlattr *info, *data;

	mnl_attr_put_strz(h, IFLA_IFNAME, v->name);
	mnl_attr_put_u32(h, IFLA_LINK, v->parent);
	mnl_attr_put(h, IFLA_ADDRESS, MAC_LEN, v->mac.bytes);
	info = mnl_attr_nest_start(h, IFLA_LINKINFO);
	mnl_attr_put_strz(h, IFLA_INFO_KIND, "macvlan");
	data = mnl_attr_nest_start(h, IFLA_INFO_DATA);
	mnl_attr_put_u32(h, IFLA_MACVLAN_MODE, MACVLAN_MODE_BRIDGE);
	mnl_attr_nest_end(h, data);
	mnl_attr_nest_end(h, info);
	return vmac_netlink_talk(h, NULL, NULL);
}

static void put_ipv4_settings(struct nlmsghdr *h, bool loose)
{
	struct nlattr *family = mnl_attr_nest_start(h, AF_INET);
	struct nlattr *settings = mnl_attr_nest_start(h, IFLA_INET_CONF);

	mnl_attr_put_u32(h, IPV4_DEVCONF_ARP_IGNORE, ARP_IGNORE_OTHERS);
	if (loose)
		mnl_attr_put_u32(h, IPV4_DEVCONF_RP_FILTER, RP_FILTER_LOOSE);
	mnl_attr_nest_end(h, settings);
	mnl_attr_nest_end(h, family);
}

/* Our mark alone: what follows may not be there to be set. */
static int put_mark(unsigned int ifindex)
{
	char buf[VMAC_REQUEST] __attribute__((aligned(MNL_ALIGNTO)));
	struct nlmsghdr *h = vmac_netlink_request(buf, RTM_NEWLINK, NLM_F_ACK, ifindex);

	mnl_attr_put_strz(h, IFLA_IFALIAS, VMAC_ALIAS);
	return vmac_netlink_talk(h, NULL, NULL);
}

/*
 * ARP is answered for addresses of the very interface that is asked, so that those on the device come
 * with the virtual address and the interface's own with its own. Answers of the host leave by the
 * route, through the interface below: the source filter has to be loose.
 */
static int set_ipv4(unsigned int ifindex, bool loose)
{
	char buf[VMAC_REQUEST] __attribute__((aligned(MNL_ALIGNTO)));
	struct nlmsghdr *h = vmac_netlink_request(buf, RTM_NEWLINK, NLM_F_ACK, ifindex);
	struct nlattr *families = mnl_attr_nest_start(h, IFLA_AF_SPEC);

	put_ipv4_settings(h, loose);
	mnl_attr_nest_end(h, families);
	return vmac_netlink_talk(h, NULL, NULL);
}

/* "MUST NOT … interface identifiers" from the virtual address (RFC 9568, 7.4): none at all. */
static int set_no_identifier(unsigned int ifindex)
{
	char buf[VMAC_REQUEST] __attribute__((aligned(MNL_ALIGNTO)));
	struct nlmsghdr *h = vmac_netlink_request(buf, RTM_NEWLINK, NLM_F_ACK, ifindex);
	struct nlattr *families = mnl_attr_nest_start(h, IFLA_AF_SPEC);
	struct nlattr *family = mnl_attr_nest_start(h, AF_INET6);
	int code;

	mnl_attr_put_u8(h, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
	mnl_attr_nest_end(h, family);
	mnl_attr_nest_end(h, families);
	code = vmac_netlink_talk(h, NULL, NULL);
	return code == -EAFNOSUPPORT ? 0 : code; /* a host without IPv6 */
}

static int configure(const struct vmac *v)
{
	int code = set_no_identifier(v->ifindex);

	if (code == 0)
		code = set_ipv4(v->ifindex, true);
	if (code == 0 && v->family == AF_INET)
		code = set_ipv4(v->parent, false);
	return code;
}

/* --- removing it aside ------------------------------------------------------------------------ */

/* On its way; what the pool's thread needs is here, and nothing of it is touched meanwhile. */
struct removal {
	uv_work_t work;
	uv_sem_t done; /* the thread has come to its end; stays up */
	unsigned int ifindex;
	char name[VMAC_NAME];
	int code;
	struct removal *next;
};

/* Of the thread that has the virtual routers; nobody else looks. */
static struct removal *removals;

static void remove_here(uv_work_t *work)
{
	struct removal *r = work->data;

	r->code = vmac_netlink_remove(r->ifindex);
	uv_sem_post(&r->done);
}

static void on_removed(uv_work_t *work, int status)
{
	struct removal *r = work->data, **at = &removals;

	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	if (status == 0 && r->code < 0) /* else it was taken back */
		log_warning("cannot remove the interface %s: %s, it stays there", r->name,
			    vmac_netlink_why(r->code));
	uv_sem_destroy(&r->done);
	free(r);
}

static bool remove_aside(const struct vmac *v)
{
	struct removal *r = malloc(sizeof(*r));

	if (!r || uv_sem_init(&r->done, 0) < 0) {
		free(r);
		return false;
	}
	r->work.data = r;
	r->ifindex = v->ifindex;
	memcpy(r->name, v->name, sizeof(r->name));
	if (uv_queue_work(v->loop, &r->work, remove_here, on_removed) < 0) {
		uv_sem_destroy(&r->done);
		free(r);
		return false;
	}
	r->next = removals;
	removals = r;
	return true;
}

/*
 * A router that a reload makes anew finds the device of the old one on its way out. One whose removal
 * has not begun stays. Of one whose removal has begun the kernel gives the name away at once, and
 * waits for itself then. One that still has its name is waited for to its end, or the new router would
 * adopt a device that is about to go.
 */
static void take_back(const char *name)
{
	for (struct removal *r = removals; r; r = r->next) {
		if (strcmp(r->name, name) != 0)
			continue;
		if (uv_cancel((uv_req_t *)&r->work) == 0) {
			r->name[0] = '\0'; /* nothing comes of it: it is not asked again */
			continue;
		}
		if (if_nametoindex(name) != r->ifindex)
			continue;
		uv_sem_wait(&r->done);
		uv_sem_post(&r->done); /* for who asks before the loop has heard of its end */
	}
}

/* --- the device of a router ------------------------------------------------------------------- */

void vmac_init(struct vmac *v, uv_loop_t *loop, uint8_t family, uint8_t virtual_router_id,
	       const char *interface)
{
	*v = (struct vmac){.loop = loop,
			   .family = family,
			   .mac = vmac_address(family, virtual_router_id),
			   .fd = -1};
	vmac_name(v->name, family, virtual_router_id, interface);
}

/* The one that an earlier run left, if it is as it should be; else it goes. */
static int adopt(struct vmac *v, struct err *err)
{
	struct vmac_device d;
	int code = vmac_netlink_find(v->name, &d);

	if (code < 0)
		return err_set(err, code, "cannot look for the interface %s: %s", v->name,
			       vmac_netlink_why(code));
	if (d.ifindex == 0)
		return 0;
	if (!d.ours)
		return err_set(err, -EEXIST,
			       "there is an interface %s that is not ours: remove or rename it",
			       v->name);
	if (d.parent == v->parent && mac_equal(&d.mac, &v->mac)) {
		v->ifindex = d.ifindex;
		v->up = d.up;
		return 0;
	}
	code = vmac_netlink_remove(d.ifindex);
	return code < 0 ? err_set(err, code, "cannot remove the old interface %s: %s", v->name,
				  vmac_netlink_why(code))
			: 0;
}

static int open_sender(struct vmac *v, struct err *err)
{
	if (v->fd >= 0)
		return 0;
	/* Protocol 0: the socket sends only, no frame is ever queued on it. */
	v->fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (v->fd >= 0)
		return 0;
	return err_set(err, -errno, "cannot open a packet socket for adverts: %s",
		       errno == EPERM ? "it needs CAP_NET_RAW (run as root)" : strerror(errno));
}

int vmac_open(struct vmac *v, unsigned int parent, struct err *err)
{
	int code = open_sender(v, err);

	v->parent = parent;
	if (code == 0) {
		take_back(v->name);
		code = adopt(v, err);
	}
	if (code < 0)
		return code;
	if (v->ifindex == 0) {
		code = create(v);
		v->ifindex = code == 0 ? if_nametoindex(v->name) : 0;
		if (code == 0)
			code = put_mark(v->ifindex);
	}
	if (code == 0)
		code = configure(v);
	if (code == 0)
		return 0;
	if (v->ifindex != 0) /* at once: it may have no mark yet, and would not be known as ours */
		vmac_netlink_remove(v->ifindex);
	vmac_forget(v);
	return err_set(err, code, "cannot make the interface %s: %s", v->name,
		       vmac_netlink_why(code));
}

bool vmac_is_there(const struct vmac *v)
{
	return v->ifindex != 0 && if_nametoindex(v->name) == v->ifindex;
}

int vmac_set_up(struct vmac *v, bool up, struct err *err)
{
	char buf[VMAC_REQUEST] __attribute__((aligned(MNL_ALIGNTO)));
	struct nlmsghdr *h;
	struct ifinfomsg *m;
	int code;

	if (v->ifindex == 0 && up)
		return err_set(err, -ENODEV, "there is no interface %s", v->name);
	if (v->up == up || v->ifindex == 0)
		return 0;
	h = vmac_netlink_request(buf, RTM_NEWLINK, NLM_F_ACK, v->ifindex);
	m = mnl_nlmsg_get_payload(h);
	m->ifi_flags = up ? IFF_UP : 0;
	m->ifi_change = IFF_UP;
	code = vmac_netlink_talk(h, NULL, NULL);
	if (code < 0)
		return err_set(err, code, "cannot set the interface %s %s: %s", v->name,
			       up ? "up" : "down", vmac_netlink_why(code));
	v->up = up;
	return 0;
}

int vmac_send(const struct vmac *v, const uint8_t *frame, size_t len)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(v->family == AF_INET6 ? ETH_P_IPV6 : ETH_P_IP),
		.sll_ifindex = (int)v->parent,
		.sll_halen = MAC_LEN,
	};

	if (len < MAC_LEN)
		return -EMSGSIZE;
	memcpy(to.sll_addr, frame, MAC_LEN); /* a frame begins with its destination */
	return sendto(v->fd, frame, len, 0, (struct sockaddr *)&to, sizeof(to)) < 0 ? -errno : 0;
}

void vmac_forget(struct vmac *v)
{
	v->ifindex = 0;
	v->up = false;
}

void vmac_remove(struct vmac *v)
{
	if (v->ifindex != 0 && !remove_aside(v))
		vmac_netlink_remove(v->ifindex);
	vmac_forget(v);
}

void vmac_close(struct vmac *v)
{
	if (v->fd >= 0)
		aside_close(v->loop, v->fd);
	v->fd = -1;
}

/* --- those of an earlier run ------------------------------------------------------------------ */

struct sweep {
	bool (*keep)(const void *owner, const char *name);
	const void *owner;
	unsigned int found[CLEAN_MAX];
	size_t n;
};

static int on_swept(const struct nlmsghdr *h, void *data)
{
	struct sweep *s = data;
	struct vmac_device d;

	if (vmac_netlink_read(h, &d) && d.ours && s->n < CLEAN_MAX &&
	    !(s->keep && s->keep(s->owner, d.name)))
		s->found[s->n++] = d.ifindex;
	return MNL_CB_OK;
}

int vmac_clean(bool (*keep)(const void *owner, const char *name), const void *owner,
	       size_t *ret_removed, struct err *err)
{
	char buf[VMAC_REQUEST] __attribute__((aligned(MNL_ALIGNTO)));
	struct sweep s = {.keep = keep, .owner = owner};
	int code = vmac_netlink_talk(vmac_netlink_request(buf, RTM_GETLINK, NLM_F_DUMP, 0),
				     on_swept, &s);

	*ret_removed = 0;
	for (size_t i = 0; code >= 0 && i < s.n; i++) {
		code = vmac_netlink_remove(s.found[i]);
		*ret_removed += code >= 0;
	}
	return code < 0 ? err_set(err, code, "cannot remove the interfaces of an earlier run: %s",
				  vmac_netlink_why(code))
			: 0;
}
