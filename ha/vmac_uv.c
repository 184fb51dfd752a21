/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rtnetlink requests about the device of a virtual router; see vmac_uv.h. */
#include "ha/vmac_uv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	ANSWER = 32768,
	REQUEST = 1024,
	CLEAN_MAX = 512, /* devices of ours: two for each section at most */
	ARP_IGNORE_OTHERS = 1,
	RP_FILTER_LOOSE = 2,
};

/* --- one request, its answer ------------------------------------------------------------------ */

static struct mnl_socket *open_socket(void)
{
	struct timeval wait = {.tv_usec = VMAC_WAIT_MS * 1000};
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);

	if (!nl)
		return NULL;
	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    setsockopt(mnl_socket_get_fd(nl), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) < 0) {
		int error = errno;

		mnl_socket_close(nl);
		errno = error;
		return NULL;
	}
	return nl;
}

/* Until the acknowledgement, the end of a dump, or the one message that was asked for. */
static int talk(struct nlmsghdr *request, mnl_cb_t cb, void *data)
{
	struct mnl_socket *nl = open_socket();
	char answer[ANSWER] __attribute__((aligned(MNL_ALIGNTO)));
	int code = MNL_CB_OK;

	if (!nl)
		return -errno;
	request->nlmsg_seq = 1; /* the only one on this socket */
	if (mnl_socket_sendto(nl, request, request->nlmsg_len) < 0)
		code = -errno;
	while (code > MNL_CB_STOP) {
		ssize_t n = mnl_socket_recvfrom(nl, answer, sizeof(answer));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			code = errno == EAGAIN ? -ETIMEDOUT : -errno;
		else if ((code = mnl_cb_run(answer, (size_t)n, request->nlmsg_seq,
					    mnl_socket_get_portid(nl), cb, data)) < 0)
			code = -errno;
	}
	mnl_socket_close(nl);
	return code;
}

static const char *why(int code)
{
	if (code == -EPERM)
		return "it needs CAP_NET_ADMIN (run as root)";
	if (code == -EOPNOTSUPP)
		return "the kernel has no macvlan";
	if (code == -ETIMEDOUT)
		return "the kernel did not answer in time";
	return strerror(-code);
}

static struct nlmsghdr *link_request(char *buf, uint16_t type, uint16_t flags, unsigned int ifindex)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *m;

	h->nlmsg_type = type;
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
	m->ifi_family = AF_UNSPEC;
	m->ifi_index = (int)ifindex;
	return h;
}

/* --- what is there ---------------------------------------------------------------------------- */

struct device {
	unsigned int ifindex; /* 0: none */
	unsigned int parent;
	char name[VMAC_NAME];
	struct mac mac;
	bool is_macvlan, ours, up;
};

static int on_info(const struct nlattr *attr, void *data)
{
	struct device *d = data;

	if (mnl_attr_get_type(attr) == IFLA_INFO_KIND &&
	    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
		d->is_macvlan = strcmp(mnl_attr_get_str(attr), "macvlan") == 0;
	return MNL_CB_OK;
}

static int on_attribute(const struct nlattr *attr, void *data)
{
	struct device *d = data;

	switch (mnl_attr_get_type(attr)) {
	case IFLA_IFNAME:
		if (mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
			snprintf(d->name, sizeof(d->name), "%s", mnl_attr_get_str(attr));
		break;
	case IFLA_LINK:
		if (mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
			d->parent = mnl_attr_get_u32(attr);
		break;
	case IFLA_ADDRESS:
		if (mnl_attr_get_payload_len(attr) == MAC_LEN)
			memcpy(d->mac.bytes, mnl_attr_get_payload(attr), MAC_LEN);
		break;
	case IFLA_IFALIAS:
		if (mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
			d->ours = strcmp(mnl_attr_get_str(attr), VMAC_ALIAS) == 0;
		break;
	case IFLA_LINKINFO: return mnl_attr_parse_nested(attr, on_info, d);
	default: break;
	}
	return MNL_CB_OK;
}

/* False: not about a link. */
static bool read_device(const struct nlmsghdr *h, struct device *ret)
{
	const struct ifinfomsg *m = mnl_nlmsg_get_payload(h);

	*ret = (struct device){0};
	if (h->nlmsg_type != RTM_NEWLINK || mnl_nlmsg_get_payload_len(h) < sizeof(*m) ||
	    mnl_attr_parse(h, sizeof(*m), on_attribute, ret) < 0)
		return false;
	ret->ifindex = (unsigned int)m->ifi_index;
	ret->up = m->ifi_flags & IFF_UP;
	ret->ours = ret->ours && ret->is_macvlan;
	return true;
}

static int on_device(const struct nlmsghdr *h, void *data)
{
	return read_device(h, data) ? MNL_CB_STOP : MNL_CB_OK;
}

/* By name. 0 with ret->ifindex 0 when there is none. */
static int find_device(const char *name, struct device *ret)
{
	char buf[REQUEST] __attribute__((aligned(MNL_ALIGNTO)));
	struct nlmsghdr *h = link_request(buf, RTM_GETLINK, 0, 0);
	int code;

	*ret = (struct device){0};
	mnl_attr_put_strz(h, IFLA_IFNAME, name);
	code = talk(h, on_device, ret);
	return code == -ENODEV ? 0 : code;
}

/* --- making and changing it ------------------------------------------------------------------- */

static int create(const struct vmac *v)
{
	char buf[REQUEST] __attribute__((aligned(MNL_ALIGNTO)));
	struct nlmsghdr *h =
		link_request(buf, RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, 0);
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
	return talk(h, NULL, NULL);
}

static int remove_device(unsigned int ifindex)
{
	char buf[REQUEST] __attribute__((aligned(MNL_ALIGNTO)));
	int code = talk(link_request(buf, RTM_DELLINK, NLM_F_ACK, ifindex), NULL, NULL);

	return code == -ENODEV ? 0 : code;
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
	char buf[REQUEST] __attribute__((aligned(MNL_ALIGNTO)));
	struct nlmsghdr *h = link_request(buf, RTM_NEWLINK, NLM_F_ACK, ifindex);

	mnl_attr_put_strz(h, IFLA_IFALIAS, VMAC_ALIAS);
	return talk(h, NULL, NULL);
}

/*
 * ARP is answered for addresses of the very interface that is asked, so that those on the device come
 * with the virtual address and the interface's own with its own. Answers of the host leave by the
 * route, through the interface below: the source filter has to be loose.
 */
static int set_ipv4(unsigned int ifindex, bool loose)
{
	char buf[REQUEST] __attribute__((aligned(MNL_ALIGNTO)));
	struct nlmsghdr *h = link_request(buf, RTM_NEWLINK, NLM_F_ACK, ifindex);
	struct nlattr *families = mnl_attr_nest_start(h, IFLA_AF_SPEC);

	put_ipv4_settings(h, loose);
	mnl_attr_nest_end(h, families);
	return talk(h, NULL, NULL);
}

/* "MUST NOT … interface identifiers" from the virtual address (RFC 9568, 7.4): none at all. */
static int set_no_identifier(unsigned int ifindex)
{
	char buf[REQUEST] __attribute__((aligned(MNL_ALIGNTO)));
	struct nlmsghdr *h = link_request(buf, RTM_NEWLINK, NLM_F_ACK, ifindex);
	struct nlattr *families = mnl_attr_nest_start(h, IFLA_AF_SPEC);
	struct nlattr *family = mnl_attr_nest_start(h, AF_INET6);
	int code;

	mnl_attr_put_u8(h, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
	mnl_attr_nest_end(h, family);
	mnl_attr_nest_end(h, families);
	code = talk(h, NULL, NULL);
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

/* --- the device of a router ------------------------------------------------------------------- */

void vmac_init(struct vmac *v, uint8_t family, uint8_t virtual_router_id, const char *interface)
{
	*v = (struct vmac){
		.family = family, .mac = vmac_address(family, virtual_router_id), .fd = -1};
	vmac_name(v->name, family, virtual_router_id, interface);
}

/* The one that an earlier run left, if it is as it should be; else it goes. */
static int adopt(struct vmac *v, struct err *err)
{
	struct device d;
	int code = find_device(v->name, &d);

	if (code < 0)
		return err_set(err, code, "cannot look for the interface %s: %s", v->name,
			       why(code));
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
	code = remove_device(d.ifindex);
	return code < 0 ? err_set(err, code, "cannot remove the old interface %s: %s", v->name,
				  why(code))
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
	if (code == 0)
		code = adopt(v, err);
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
	vmac_remove(v);
	return err_set(err, code, "cannot make the interface %s: %s", v->name, why(code));
}

bool vmac_is_there(const struct vmac *v)
{
	return v->ifindex != 0 && if_nametoindex(v->name) == v->ifindex;
}

int vmac_set_up(struct vmac *v, bool up, struct err *err)
{
	char buf[REQUEST] __attribute__((aligned(MNL_ALIGNTO)));
	struct nlmsghdr *h;
	struct ifinfomsg *m;
	int code;

	if (v->ifindex == 0 && up)
		return err_set(err, -ENODEV, "there is no interface %s", v->name);
	if (v->up == up || v->ifindex == 0)
		return 0;
	h = link_request(buf, RTM_NEWLINK, NLM_F_ACK, v->ifindex);
	m = mnl_nlmsg_get_payload(h);
	m->ifi_flags = up ? IFF_UP : 0;
	m->ifi_change = IFF_UP;
	code = talk(h, NULL, NULL);
	if (code < 0)
		return err_set(err, code, "cannot set the interface %s %s: %s", v->name,
			       up ? "up" : "down", why(code));
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
	if (v->ifindex != 0)
		remove_device(v->ifindex);
	vmac_forget(v);
}

void vmac_close(struct vmac *v)
{
	if (v->fd >= 0)
		close(v->fd);
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
	struct device d;

	if (read_device(h, &d) && d.ours && s->n < CLEAN_MAX &&
	    !(s->keep && s->keep(s->owner, d.name)))
		s->found[s->n++] = d.ifindex;
	return MNL_CB_OK;
}

int vmac_clean(bool (*keep)(const void *owner, const char *name), const void *owner,
	       size_t *ret_removed, struct err *err)
{
	char buf[REQUEST] __attribute__((aligned(MNL_ALIGNTO)));
	struct sweep s = {.keep = keep, .owner = owner};
	int code = talk(link_request(buf, RTM_GETLINK, NLM_F_DUMP, 0), on_swept, &s);

	*ret_removed = 0;
	for (size_t i = 0; code >= 0 && i < s.n; i++) {
		code = remove_device(s.found[i]);
		*ret_removed += code >= 0;
	}
	return code < 0 ? err_set(err, code, "cannot remove the interfaces of an earlier run: %s",
				  why(code))
			: 0;
}
