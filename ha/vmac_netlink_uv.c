/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rtnetlink requests about devices; see vmac_netlink_uv.h. */
#include "ha/vmac_netlink_uv.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

enum { ANSWER = 32768 };

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

int vmac_netlink_talk(struct nlmsghdr *request, mnl_cb_t cb, void *data)
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

const char *vmac_netlink_why(int code)
{
	if (code == -EPERM)
		return "it needs CAP_NET_ADMIN (run as root)";
	if (code == -EOPNOTSUPP)
		return "the kernel has no macvlan";
	if (code == -ETIMEDOUT)
		return "the kernel did not answer in time";
	return strerror(-code);
}

struct nlmsghdr *vmac_netlink_request(char *buf, uint16_t type, uint16_t flags,
				      unsigned int ifindex)
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

static int on_info(const struct nlattr *attr, void *data)
{
	struct vmac_device *d = data;

	if (mnl_attr_get_type(attr) == IFLA_INFO_KIND &&
	    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
		d->is_macvlan = strcmp(mnl_attr_get_str(attr), "macvlan") == 0;
	return MNL_CB_OK;
}

static int on_attribute(const struct nlattr *attr, void *data)
{
	struct vmac_device *d = data;

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

bool vmac_netlink_read(const struct nlmsghdr *h, struct vmac_device *ret)
{
	const struct ifinfomsg *m = mnl_nlmsg_get_payload(h);

	*ret = (struct vmac_device){0};
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
	return vmac_netlink_read(h, data) ? MNL_CB_STOP : MNL_CB_OK;
}

int vmac_netlink_find(const char *name, struct vmac_device *ret)
{
	char buf[VMAC_REQUEST] __attribute__((aligned(MNL_ALIGNTO)));
	struct nlmsghdr *h = vmac_netlink_request(buf, RTM_GETLINK, 0, 0);
	int code;

	*ret = (struct vmac_device){0};
	mnl_attr_put_strz(h, IFLA_IFNAME, name);
	code = vmac_netlink_talk(h, on_device, ret);
	return code == -ENODEV ? 0 : code;
}

int vmac_netlink_remove(unsigned int ifindex)
{
	char buf[VMAC_REQUEST] __attribute__((aligned(MNL_ALIGNTO)));
	int code = vmac_netlink_talk(vmac_netlink_request(buf, RTM_DELLINK, NLM_F_ACK, ifindex),
				     NULL, NULL);

	return code == -ENODEV ? 0 : code;
}
