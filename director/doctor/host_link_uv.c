/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/doctor/host_link_uv.h"

#include "director/doctor/host_bpf_uv.h"
#include "director/network/interface_uv.h"
#include "director/ruleset/kernel_attr.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/if_link.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

enum {
	QUESTION = 256,
	BUFFER = 32768,
	SYSCTL_PATH = 128,
	ANSWER_TIMEOUT_S = 1,
};

/* --- one question ----------------------------------------------------------------------------- */

static int read_answer(struct mnl_socket *nl, uint32_t seq, mnl_cb_t cb, void *data)
{
	_Alignas(struct nlmsghdr) uint8_t buf[BUFFER];
	int run = MNL_CB_OK;

	while (run > MNL_CB_STOP) {
		ssize_t n = mnl_socket_recvfrom(nl, buf, sizeof(buf));

		if (n < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		run = mnl_cb_run(buf, (size_t)n, seq, mnl_socket_get_portid(nl), cb, data);
	}
	return run < 0 ? -errno : 0;
}

/* Answers go to cb. 0 or negative errno, the kernel's own among them. */
static int ask(struct nlmsghdr *nlh, mnl_cb_t cb, void *data)
{
	struct timeval timeout = {.tv_sec = ANSWER_TIMEOUT_S};
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	int code;

	if (!nl)
		return -errno;
	nlh->nlmsg_seq = 1;
	nlh->nlmsg_flags |= NLM_F_REQUEST;
	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    setsockopt(mnl_socket_get_fd(nl), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) <
		    0 ||
	    mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		code = -errno;
	else
		code = read_answer(nl, nlh->nlmsg_seq, cb, data);
	mnl_socket_close(nl);
	return code;
}

/* --- XDP and tc ------------------------------------------------------------------------------- */

static int link_seen(const struct nlmsghdr *nlh, void *data)
{
	struct host_interface *in = data;
	const struct nlattr *attr, *program = NULL;

	NLATTR_EACH (attr, nlh, sizeof(struct ifinfomsg))
		if (mnl_attr_get_type(attr) == IFLA_XDP)
			program = nested(attr, IFLA_XDP_PROG_ID);
	if (program && mnl_attr_validate(program, MNL_TYPE_U32) >= 0) {
		in->has_xdp = true;
		host_bpf_name(mnl_attr_get_u32(program), in->xdp);
	}
	return MNL_CB_OK;
}

static int look_xdp(struct host_interface *in, unsigned int ifindex)
{
	_Alignas(struct nlmsghdr) uint8_t buf[QUESTION] = {0};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *link = mnl_nlmsg_put_extra_header(nlh, sizeof(*link));

	nlh->nlmsg_type = RTM_GETLINK;
	nlh->nlmsg_flags = NLM_F_ACK;
	link->ifi_index = (int)ifindex;
	return ask(nlh, link_seen, in);
}

/* One filter comes as several messages: its protocol and priority tell it from the next. */
struct filters {
	struct host_interface *in;
	uint32_t last;
};

static void copy_text(char to[static HOST_KIND], const struct nlattr *attr)
{
	if (attr && mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
		snprintf(to, HOST_KIND, "%s", mnl_attr_get_str(attr));
}

static int filter_seen(const struct nlmsghdr *nlh, void *data)
{
	const struct tcmsg *tc = mnl_nlmsg_get_payload(nlh);
	struct filters *g = data;
	const struct nlattr *attr;

	if (nlh->nlmsg_type != RTM_NEWTFILTER || mnl_nlmsg_get_payload_len(nlh) < sizeof(*tc))
		return MNL_CB_OK;
	if (g->in->n_filters == 0 || tc->tcm_info != g->last)
		g->in->n_filters++;
	g->last = tc->tcm_info;
	if (g->in->n_filters > 1)
		return MNL_CB_OK;
	NLATTR_EACH (attr, nlh, sizeof(*tc)) {
		if (mnl_attr_get_type(attr) == TCA_KIND)
			copy_text(g->in->filter, attr);
		else if (mnl_attr_get_type(attr) == TCA_OPTIONS &&
			 strcmp(g->in->filter, "bpf") == 0)
			copy_text(g->in->filter_program, nested(attr, TCA_BPF_NAME));
	}
	return MNL_CB_OK;
}

/* The place of both kinds of qdisc, ingress and clsact. Without either the kernel has no answer. */
static void look_filters(struct host_interface *in, unsigned int ifindex)
{
	_Alignas(struct nlmsghdr) uint8_t buf[QUESTION] = {0};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct tcmsg *tc = mnl_nlmsg_put_extra_header(nlh, sizeof(*tc));
	struct filters g = {.in = in};

	nlh->nlmsg_type = RTM_GETTFILTER;
	nlh->nlmsg_flags = NLM_F_DUMP;
	tc->tcm_ifindex = (int)ifindex;
	tc->tcm_parent = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS);
	ask(nlh, filter_seen, &g);
}

int host_link_look(struct host_interface *in)
{
	unsigned int ifindex = if_nametoindex(in->name);
	int code;

	if (ifindex == 0)
		return -errno;
	in->lro = interface_ask_lro(in->name);
	code = look_xdp(in, ifindex);
	if (code < 0)
		return code;
	look_filters(in, ifindex);
	in->n_tcx = host_bpf_at_ingress(ifindex, in->tcx);
	return 0;
}

/* --- the other node --------------------------------------------------------------------------- */

/* 0 when it cannot be read. */
static int rp_filter_of(const char *interface)
{
	char path[SYSCTL_PATH];
	int value = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/rp_filter", interface);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (fscanf(file, "%d", &value) != 1)
		value = 0;
	fclose(file);
	return value;
}

static int route_seen(const struct nlmsghdr *nlh, void *data)
{
	const struct rtmsg *route = mnl_nlmsg_get_payload(nlh);

	if (mnl_nlmsg_get_payload_len(nlh) >= sizeof(*route))
		*(uint8_t *)data = route->rtm_type;
	return MNL_CB_OK;
}

/* Where a packet would go; from and ifindex: of one that arrives, or NULL and 0. */
static int ask_route(unsigned int ifindex, const struct addr *from, const struct addr *to,
		     uint8_t *ret_type)
{
	_Alignas(struct nlmsghdr) uint8_t buf[QUESTION] = {0};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct rtmsg *route = mnl_nlmsg_put_extra_header(nlh, sizeof(*route));

	nlh->nlmsg_type = RTM_GETROUTE;
	nlh->nlmsg_flags = NLM_F_ACK;
	route->rtm_family = to->family;
	route->rtm_dst_len = (uint8_t)(8 * addr_len(to));
	mnl_attr_put(nlh, RTA_DST, addr_len(to), to->bytes);
	if (from) {
		route->rtm_src_len = (uint8_t)(8 * addr_len(from));
		mnl_attr_put(nlh, RTA_SRC, addr_len(from), from->bytes);
		mnl_attr_put_u32(nlh, RTA_IIF, ifindex);
	}
	return ask(nlh, route_seen, ret_type);
}

int host_link_ask_peer(struct host_peer *p, const struct addr *own)
{
	int all = rp_filter_of("all"), here = rp_filter_of(p->interface), code;
	unsigned int ifindex = if_nametoindex(p->interface);
	uint8_t type;

	if (ifindex == 0)
		return -errno;
	p->rp_filter = all > here ? all : here;
	code = ask_route(ifindex, &p->address, own, &type);
	/* "Invalid argument" on 6.18, "cross-device link" on older ones. Without the filter it is
	 * something else that is wrong with the address. */
	p->dropped = (code == -EINVAL || code == -EXDEV) && p->rp_filter == 1;
	return p->dropped ? 0 : code;
}

bool host_link_is_own(const struct addr *address)
{
	uint8_t type = RTN_UNSPEC;

	return ask_route(0, NULL, address, &type) == 0 && type == RTN_LOCAL;
}
