/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rtnetlink requests for single addresses, and the set of a virtual router; see vip_uv.h. */
#include "ha/vip_uv.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
	BUFFER = 32768, /* of one answer; the kernel fills no more per message of a dump */
	DUMP_TRIES = 3, /* a dump that a change interrupted is started over */
};

/* --- one request, its answer ------------------------------------------------------------------ */

static struct mnl_socket *open_socket(void)
{
	struct timeval wait = {.tv_usec = VIP_WAIT_MS * 1000};
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	int on = 1;

	if (!nl)
		return NULL;
	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    setsockopt(mnl_socket_get_fd(nl), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) < 0) {
		int error = errno;

		mnl_socket_close(nl);
		errno = error;
		return NULL;
	}
	/* The kernel then filters dumps by interface; without it every answer is looked at. */
	mnl_socket_setsockopt(nl, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	return nl;
}

/*
 * Sends one request and feeds its answers to cb until the acknowledgement or the end of the dump.
 * 0 or a negative errno; -EINTR: the dump was interrupted; -ETIMEDOUT: no answer.
 */
static int talk(struct nlmsghdr *request, mnl_cb_t cb, void *data)
{
	struct mnl_socket *nl = open_socket();
	char answer[BUFFER] __attribute__((aligned(MNL_ALIGNTO)));
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

static struct nlmsghdr *address_request(char *buf, uint16_t type, uint16_t flags, uint8_t family,
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

static uint8_t full_length(const struct addr *a)
{
	return (uint8_t)(addr_len(a) * 8);
}

static int change(unsigned int ifindex, const struct addr *address, uint16_t type, uint16_t flags)
{
	char buf[256] __attribute__((aligned(MNL_ALIGNTO)));
	struct nlmsghdr *h;

	h = address_request(buf, type, (uint16_t)(flags | NLM_F_ACK), address->family, ifindex,
			    full_length(address));
	mnl_attr_put(h, IFA_LOCAL, addr_len(address), address->bytes);
	mnl_attr_put(h, IFA_ADDRESS, addr_len(address), address->bytes);
	if (address->family == AF_INET6 && type == RTM_NEWADDR) {
		const struct ifa_cacheinfo lifetimes = {
			.ifa_prefered = 0, .ifa_valid = UINT32_MAX, /* for ever */
		};

		mnl_attr_put_u32(h, IFA_FLAGS, IFA_F_NODAD | IFA_F_NOPREFIXROUTE);
		mnl_attr_put(h, IFA_CACHEINFO, sizeof(lifetimes), &lifetimes);
	}
	return talk(h, NULL, NULL);
}

static const char *why(int code)
{
	if (code == -EPERM)
		return "it needs CAP_NET_ADMIN (run as root)";
	if (code == -ETIMEDOUT)
		return "the kernel did not answer in time";
	return strerror(-code);
}

static int vip_add(unsigned int ifindex, const struct addr *address, struct err *err)
{
	int code = change(ifindex, address, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
	char text[ADDR_TEXT], name[IF_NAMESIZE] = "?";

	if (code == 0 || code == -EEXIST)
		return 0;
	if_indextoname(ifindex, name);
	return err_set(err, code, "cannot put %s/%u on %s: %s", addr_format(address, text),
		       full_length(address), name, why(code));
}

/* *ret_removed (may be NULL): whether it was there. */
static int vip_delete(unsigned int ifindex, const struct addr *address, bool *ret_removed,
		      struct err *err)
{
	int code = change(ifindex, address, RTM_DELADDR, 0);
	char text[ADDR_TEXT], name[IF_NAMESIZE] = "?";

	if (ret_removed)
		*ret_removed = code == 0;
	/* ENODEV: the interface is gone, and its addresses with it; ENXIO: it has no IPv6. */
	if (code == 0 || code == -EADDRNOTAVAIL || code == -ENODEV || code == -ENXIO)
		return 0;
	if_indextoname(ifindex, name);
	return err_set(err, code, "cannot remove %s/%u from %s: %s", addr_format(address, text),
		       full_length(address), name, why(code));
}

/* --- what is on an interface ------------------------------------------------------------------ */

struct listing {
	uint8_t family;
	unsigned int ifindex;
	struct prefix *at;
	size_t n;
};

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

	if (!local || mnl_attr_validate2(local, MNL_TYPE_BINARY, addr_len(&found)) < 0)
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

static int on_address(const struct nlmsghdr *h, void *data)
{
	struct listing *l = data;
	struct attributes attributes = {0};
	const struct ifaddrmsg *m = mnl_nlmsg_get_payload(h);
	struct addr address;

	if (h->nlmsg_type != RTM_NEWADDR || mnl_nlmsg_get_payload_len(h) < sizeof(*m) ||
	    m->ifa_family != l->family || m->ifa_index != l->ifindex || l->n == VIP_LIST_MAX)
		return MNL_CB_OK;
	if (mnl_attr_parse(h, sizeof(*m), on_attribute, &attributes) >= 0 &&
	    is_usable(&attributes) && read_address(&attributes, l->family, &address))
		l->at[l->n++] = (struct prefix){.addr = address, .length = m->ifa_prefixlen};
	return MNL_CB_OK;
}

int vip_list(uint8_t family, unsigned int ifindex, struct prefix ret[static VIP_LIST_MAX],
	     size_t *ret_n, struct err *err)
{
	struct listing l = {.family = family, .ifindex = ifindex, .at = ret};
	char buf[256] __attribute__((aligned(MNL_ALIGNTO)));
	int code = -EINTR;

	for (int i = 0; i < DUMP_TRIES && code == -EINTR; i++) {
		l.n = 0;
		code = talk(address_request(buf, RTM_GETADDR, NLM_F_DUMP, family, ifindex, 0),
			    on_address, &l);
	}
	if (code == -ENODEV)
		l.n = 0;
	else if (code < 0)
		return err_set(err, code, "cannot list the addresses of an interface: %s",
			       why(code));
	*ret_n = l.n;
	return 0;
}

int vip_clean(const char *interface, const struct prefix *addresses, size_t n, size_t *ret_removed,
	      struct err *err)
{
	unsigned int ifindex = if_nametoindex(interface);
	int result = 0;

	*ret_removed = 0;
	if (ifindex == 0)
		return 0;
	for (size_t i = 0; i < n; i++) {
		bool removed;
		int code = vip_delete(ifindex, &addresses[i].addr, &removed, err);

		*ret_removed += removed;
		if (code < 0)
			result = code;
		if (code == -ETIMEDOUT)
			break;
	}
	return result;
}

/* --- the set ---------------------------------------------------------------------------------- */

int vip_set_init(struct vip_set *s, const struct prefix *addresses, size_t n)
{
	*s = (struct vip_set){
		.addresses = calloc(n ? n : 1, sizeof(*s->addresses)),
		.states = calloc(n ? n : 1, sizeof(*s->states)),
		.n = n,
	};
	if (!s->addresses || !s->states) {
		vip_set_free(s);
		return -ENOMEM;
	}
	if (n)
		memcpy(s->addresses, addresses, n * sizeof(*addresses));
	return 0;
}

void vip_set_free(struct vip_set *s)
{
	free(s->addresses);
	free(s->states);
	*s = (struct vip_set){0};
}

static bool is_listed(const struct addr *a, const struct prefix *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (addr_equal(a, &list[i].addr))
			return true;
	return false;
}

int vip_set_take(struct vip_set *s, unsigned int ifindex, bool owner, struct err *err)
{
	struct prefix present[VIP_LIST_MAX];
	size_t n_present = 0;
	int result = 0;

	/* Only an address owner may find them there as the host's own. */
	if (owner && s->n > 0)
		result = vip_list(s->addresses[0].addr.family, ifindex, present, &n_present, err);
	for (size_t i = 0; i < s->n && (!owner || result >= 0); i++) {
		int code;
		struct err later;

		if (s->states[i] != VIP_ABSENT)
			continue;
		if (is_listed(&s->addresses[i].addr, present, n_present)) {
			s->states[i] = VIP_HOSTS;
			continue;
		}
		code = vip_add(ifindex, &s->addresses[i].addr, result < 0 ? &later : err);
		if (code == 0)
			s->states[i] = VIP_OURS;
		else if (result == 0)
			result = code;
		if (code == -ETIMEDOUT)
			break; /* one bounded wait, not one for each address */
	}
	return result;
}

void vip_set_doubt(struct vip_set *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->states[i] == VIP_OURS)
			s->states[i] = VIP_ABSENT;
}

int vip_set_release(struct vip_set *s, unsigned int ifindex, struct err *err)
{
	int result = 0;

	for (size_t i = 0; i < s->n; i++) {
		struct err later;
		int code = 0;

		if (s->states[i] == VIP_OURS)
			code = vip_delete(ifindex, &s->addresses[i].addr, NULL,
					  result < 0 ? &later : err);
		if (code == 0)
			s->states[i] = VIP_ABSENT;
		else if (result == 0)
			result = code;
		if (code == -ETIMEDOUT)
			break;
	}
	return result;
}

void vip_set_forget(struct vip_set *s)
{
	for (size_t i = 0; i < s->n; i++)
		s->states[i] = VIP_ABSENT;
}

int vip_set_replace(struct vip_set *s, struct vip_set *next, unsigned int ifindex, struct err *err)
{
	int result;

	for (size_t i = 0; i < next->n; i++)
		for (size_t k = 0; k < s->n; k++)
			if (addr_equal(&next->addresses[i].addr, &s->addresses[k].addr)) {
				next->states[i] = s->states[k];
				s->states[k] = VIP_ABSENT; /* handed on, not to be removed */
			}
	result = vip_set_release(s, ifindex, err);
	vip_set_free(s);
	*s = *next;
	*next = (struct vip_set){0};
	return result;
}

bool vip_set_complete(const struct vip_set *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->states[i] == VIP_ABSENT)
			return false;
	return true;
}

bool vip_set_empty(const struct vip_set *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->states[i] != VIP_ABSENT)
			return false;
	return true;
}
