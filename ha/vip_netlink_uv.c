/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rtnetlink requests for addresses; see vip_netlink_uv.h. */
#include "ha/vip_netlink_uv.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

enum {
	BUFFER = 32768,	   /* of one answer; the kernel fills no more per message of a dump */
	DUMP_TRIES = 3,	   /* a dump that a change interrupted is started over */
	BATCH = 128,	   /* messages sent at once: with more, there is another batch */
	MESSAGE_MAX = 128, /* an IPv6 address with all of its attributes takes 100 */
	RECEIVE_BUFFER = 1024 * 1024, /* an answer for each message of a batch */
};

/* --- a socket, what it answers ---------------------------------------------------------------- */

static struct mnl_socket *open_socket(void)
{
	const struct timeval wait = {.tv_usec = VIP_WAIT_MS * 1000};
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	int on = 1, size = RECEIVE_BUFFER, fd;

	if (!nl)
		return NULL;
	fd = mnl_socket_get_fd(nl);
	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) < 0) {
		int error = errno;

		mnl_socket_close(nl);
		errno = error;
		return NULL;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	/* The kernel then filters dumps by interface; without it every answer is looked at. */
	mnl_socket_setsockopt(nl, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	/* Errors do not carry the request back. */
	mnl_socket_setsockopt(nl, NETLINK_CAP_ACK, &on, sizeof(on));
	return nl;
}

static ssize_t receive(struct mnl_socket *nl, void *buf, size_t size)
{
	ssize_t n;

	do
		n = mnl_socket_recvfrom(nl, buf, size);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	return n;
}

static struct nlmsghdr *put_request(void *buf, uint16_t type, uint16_t flags, uint8_t family,
				    unsigned int ifindex, uint8_t prefix_len)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct ifaddrmsg *m;

	h->nlmsg_type = type;
	h->nlmsg_flags = NLM_F_REQUEST | flags;
	m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
	m->ifa_family = family;
	m->ifa_prefixlen = prefix_len;
	m->ifa_scope = RT_SCOPE_UNIVERSE;
	m->ifa_index = ifindex;
	return h;
}

const char *vip_netlink_why(int code)
{
	if (code == -EPERM)
		return "it needs CAP_NET_ADMIN (run as root)";
	if (code == -ETIMEDOUT)
		return "the kernel did not answer in time";
	return strerrordesc_np(-code);
}

/* --- what is on an interface ------------------------------------------------------------------ */

struct attributes {
	const struct nlattr *at[IFA_MAX + 1];
};

static int on_attribute(const struct nlattr *attr, void *data)
{
	struct attributes *a = data;
	uint16_t type = mnl_attr_get_type(attr);

	if (type <= IFA_MAX)
		a->at[type] = attr;
	return MNL_CB_OK;
}

/* IPv6 knows IFA_LOCAL only on links with a peer, and IPv4 means the peer by IFA_ADDRESS there. */
static bool read_address(const struct attributes *a, uint8_t family, struct addr *ret)
{
	const struct nlattr *local = a->at[IFA_LOCAL] ? a->at[IFA_LOCAL] : a->at[IFA_ADDRESS];
	struct addr found = {.family = family};

	if (!local || addr_len(&found) == 0 ||
	    mnl_attr_validate2(local, MNL_TYPE_BINARY, addr_len(&found)) < 0)
		return false;
	memcpy(found.bytes, mnl_attr_get_payload(local), addr_len(&found));
	*ret = found;
	return true;
}

static bool is_usable(const struct attributes *a)
{
	const struct nlattr *flags = a->at[IFA_FLAGS];

	return !flags || mnl_attr_validate(flags, MNL_TYPE_U32) < 0 ||
	       !(mnl_attr_get_u32(flags) & (IFA_F_TENTATIVE | IFA_F_DADFAILED));
}

static bool is_ours(const struct attributes *a)
{
	const struct nlattr *protocol = a->at[IFA_PROTO];

	return protocol && mnl_attr_validate(protocol, MNL_TYPE_U8) >= 0 &&
	       mnl_attr_get_u8(protocol) == VIP_PROTOCOL;
}

bool vip_netlink_read(const struct nlmsghdr *h, struct vip_found *ret, unsigned int *ret_ifindex)
{
	struct attributes attributes = {0};
	const struct ifaddrmsg *m = mnl_nlmsg_get_payload(h);
	struct addr address;

	if ((h->nlmsg_type != RTM_NEWADDR && h->nlmsg_type != RTM_DELADDR) ||
	    mnl_nlmsg_get_payload_len(h) < sizeof(*m) ||
	    mnl_attr_parse(h, sizeof(*m), on_attribute, &attributes) < 0 ||
	    !read_address(&attributes, m->ifa_family, &address))
		return false;
	*ret = (struct vip_found){
		.at = {.addr = address, .length = m->ifa_prefixlen},
		.ours = is_ours(&attributes),
		.usable = is_usable(&attributes),
	};
	*ret_ifindex = m->ifa_index;
	return true;
}

struct listing {
	uint8_t family;
	unsigned int ifindex;
	struct vip_found *at;
	size_t n;
};

static int on_address(const struct nlmsghdr *h, void *data)
{
	struct listing *l = data;
	struct vip_found found;
	unsigned int ifindex;

	if (h->nlmsg_type == RTM_NEWADDR && l->n < VIP_LIST_MAX &&
	    vip_netlink_read(h, &found, &ifindex) && ifindex == l->ifindex &&
	    found.at.addr.family == l->family)
		l->at[l->n++] = found;
	return MNL_CB_OK;
}

/* -EINTR: the dump was interrupted. */
static int dump(struct mnl_socket *nl, struct listing *l, unsigned int seq)
{
	char answer[BUFFER] __attribute__((aligned(MNL_ALIGNTO)));
	char buf[MESSAGE_MAX] __attribute__((aligned(MNL_ALIGNTO)));
	struct nlmsghdr *h = put_request(buf, RTM_GETADDR, NLM_F_DUMP, l->family, l->ifindex, 0);
	int code = MNL_CB_OK;

	l->n = 0;
	h->nlmsg_seq = seq;
	if (mnl_socket_sendto(nl, h, h->nlmsg_len) < 0)
		return -errno;
	while (code > MNL_CB_STOP) {
		ssize_t n = receive(nl, answer, sizeof(answer));

		if (n < 0)
			return (int)n;
		code = mnl_cb_run(answer, (size_t)n, seq, mnl_socket_get_portid(nl), on_address, l);
	}
	return code < 0 ? -errno : 0;
}

int vip_netlink_list(uint8_t family, unsigned int ifindex,
		     struct vip_found ret[static VIP_LIST_MAX], size_t *ret_n)
{
	struct listing l = {.family = family, .ifindex = ifindex, .at = ret};
	struct mnl_socket *nl = open_socket();
	int code = -EINTR;

	if (!nl)
		return -errno;
	for (unsigned int i = 1; i <= DUMP_TRIES && code == -EINTR; i++)
		code = dump(nl, &l, i);
	mnl_socket_close(nl);
	if (code < 0 && code != -ENODEV)
		return code;
	*ret_n = code == 0 ? l.n : 0;
	return 0;
}

/* --- a batch ---------------------------------------------------------------------------------- */

struct batch {
	uint16_t type, flags;
	unsigned int ifindex;
	uint32_t valid_s;
	struct vip_change *changes;
	size_t n;
};

static struct nlmsghdr *put_change(void *buf, const struct batch *b, const struct addr *address)
{
	struct nlmsghdr *h = put_request(buf, b->type, b->flags, address->family, b->ifindex,
					 (uint8_t)(addr_len(address) * 8));
	const struct ifa_cacheinfo lifetimes = {
		.ifa_prefered = address->family == AF_INET6 ? 0 : b->valid_s,
		.ifa_valid = b->valid_s,
	};

	mnl_attr_put(h, IFA_LOCAL, addr_len(address), address->bytes);
	mnl_attr_put(h, IFA_ADDRESS, addr_len(address), address->bytes);
	if (b->type != RTM_NEWADDR)
		return h;
	mnl_attr_put(h, IFA_CACHEINFO, sizeof(lifetimes), &lifetimes);
	mnl_attr_put_u8(h, IFA_PROTO, VIP_PROTOCOL);
	if (address->family == AF_INET6)
		mnl_attr_put_u32(h, IFA_FLAGS, IFA_F_NODAD | IFA_F_NOPREFIXROUTE);
	return h;
}

/* The kernel acknowledges the last message, and before that tells of each one that failed. */
static int send_batch(struct mnl_socket *nl, const struct batch *b)
{
	char buf[BATCH * MESSAGE_MAX] __attribute__((aligned(MNL_ALIGNTO)));
	size_t used = 0;

	for (size_t i = 0; i < b->n; i++) {
		struct nlmsghdr *h = put_change(buf + used, b, &b->changes[i].address);

		h->nlmsg_seq = (uint32_t)i + 1;
		if (i + 1 == b->n)
			h->nlmsg_flags |= NLM_F_ACK;
		used += (h->nlmsg_len + MNL_ALIGNTO - 1u) & ~(MNL_ALIGNTO - 1u);
		b->changes[i].code = 0;
	}
	return mnl_socket_sendto(nl, buf, used) < 0 ? -errno : 0;
}

/* True when it was the last one. */
static bool take_answer(const struct batch *b, const struct nlmsghdr *h)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(h);

	if (h->nlmsg_type != NLMSG_ERROR || mnl_nlmsg_get_payload_len(h) < sizeof(*e) ||
	    h->nlmsg_seq < 1 || h->nlmsg_seq > b->n)
		return false;
	b->changes[h->nlmsg_seq - 1].code = e->error;
	return h->nlmsg_seq == b->n;
}

static int receive_answers(struct mnl_socket *nl, const struct batch *b)
{
	char answer[BUFFER] __attribute__((aligned(MNL_ALIGNTO)));
	bool done = false;

	while (!done) {
		ssize_t n = receive(nl, answer, sizeof(answer));
		int left = (int)n;

		if (n < 0)
			return (int)n;
		for (const struct nlmsghdr *h = (void *)answer; mnl_nlmsg_ok(h, left);
		     h = mnl_nlmsg_next(h, &left))
			done |= take_answer(b, h);
	}
	return 0;
}

static int run(struct batch b)
{
	struct vip_change *end = b.changes + b.n;
	struct mnl_socket *nl;
	int code;

	if (b.n == 0)
		return 0;
	nl = open_socket();
	code = nl ? 0 : -errno;
	for (; code == 0 && b.changes < end; b.changes += b.n) {
		b.n = (size_t)(end - b.changes) < BATCH ? (size_t)(end - b.changes) : BATCH;
		code = send_batch(nl, &b);
		if (code == 0)
			code = receive_answers(nl, &b);
		if (code < 0)
			break;
	}
	for (; code < 0 && b.changes < end; b.changes++)
		b.changes->code = code;
	if (nl)
		mnl_socket_close(nl);
	return code;
}

int vip_netlink_put(unsigned int ifindex, struct vip_change *changes, size_t n, uint32_t valid_s,
		    bool replace)
{
	return run((struct batch){
		.type = RTM_NEWADDR,
		.flags = NLM_F_CREATE | (replace ? NLM_F_REPLACE : NLM_F_EXCL),
		.ifindex = ifindex,
		.valid_s = valid_s,
		.changes = changes,
		.n = n,
	});
}

int vip_netlink_remove(unsigned int ifindex, struct vip_change *changes, size_t n)
{
	return run((struct batch){
		.type = RTM_DELADDR, .ifindex = ifindex, .changes = changes, .n = n});
}
