/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The set of virtual addresses of a router; see vip_uv.h. */
#include "ha/vip_uv.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { CLEAN_BATCH = 32 };

static uint8_t full_length(const struct addr *a)
{
	return (uint8_t)(addr_len(a) * 8);
}

static int say_put(unsigned int ifindex, const struct vip_change *c, struct err *err)
{
	char text[ADDR_TEXT], name[IF_NAMESIZE] = "?";

	if_indextoname(ifindex, name);
	return err_set(err, c->code, "cannot put %s/%u on %s: %s", addr_format(&c->address, text),
		       full_length(&c->address), name, vip_netlink_why(c->code));
}

/* ENODEV: the interface is gone, and its addresses with it; ENXIO: it has no IPv6. */
static bool is_removed(const struct vip_change *c)
{
	return c->code == 0 || c->code == -EADDRNOTAVAIL || c->code == -ENODEV || c->code == -ENXIO;
}

static int say_remove(unsigned int ifindex, const struct vip_change *c, struct err *err)
{
	char text[ADDR_TEXT], name[IF_NAMESIZE] = "?";

	if_indextoname(ifindex, name);
	return err_set(err, c->code, "cannot remove %s/%u from %s: %s",
		       addr_format(&c->address, text), full_length(&c->address), name,
		       vip_netlink_why(c->code));
}

int vip_list(uint8_t family, unsigned int ifindex, struct prefix ret[static VIP_LIST_MAX],
	     size_t *ret_n, struct err *err)
{
	struct vip_found found[VIP_LIST_MAX];
	size_t n = 0;
	int code = vip_netlink_list(family, ifindex, found, &n);

	if (code < 0)
		return err_set(err, code, "cannot list the addresses of an interface: %s",
			       vip_netlink_why(code));
	*ret_n = 0;
	for (size_t i = 0; i < n; i++)
		if (found[i].usable)
			ret[(*ret_n)++] = found[i].at;
	return 0;
}

int vip_clean(const char *interface, const struct prefix *addresses, size_t n, size_t *ret_removed,
	      struct err *err)
{
	unsigned int ifindex = if_nametoindex(interface);
	struct vip_change changes[CLEAN_BATCH];
	int result = 0;

	*ret_removed = 0;
	for (size_t at = 0, some; ifindex && at < n && result != -ETIMEDOUT; at += some) {
		some = n - at < CLEAN_BATCH ? n - at : CLEAN_BATCH;
		for (size_t i = 0; i < some; i++)
			changes[i] = (struct vip_change){.address = addresses[at + i].addr};
		vip_netlink_remove(ifindex, changes, some);
		for (size_t i = 0; i < some; i++) {
			*ret_removed += changes[i].code == 0;
			if (!is_removed(&changes[i]))
				result = say_remove(ifindex, &changes[i], err);
		}
	}
	return result;
}

/* --- the set ---------------------------------------------------------------------------------- */

int vip_set_init(struct vip_set *s, const struct prefix *addresses, size_t n)
{
	*s = (struct vip_set){
		.addresses = calloc(n ? n : 1, sizeof(*s->addresses)),
		.states = calloc(n ? n : 1, sizeof(*s->states)),
		.changes = calloc(n ? n : 1, sizeof(*s->changes)),
		.n = n,
	};
	if (!s->addresses || !s->states || !s->changes) {
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
	free(s->changes);
	*s = (struct vip_set){0};
}

/* Makes a request of the addresses in that state, in their order. */
static size_t gather(struct vip_set *s, enum vip_state state)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		if (s->states[i] == state)
			s->changes[n++] = (struct vip_change){.address = s->addresses[i].addr};
	return n;
}

/*
 * Puts the addresses in the state `from`: ours then, or absent with the first failure as the result;
 * without replace those that are there are only found.
 */
static int put(struct vip_set *s, enum vip_state from, unsigned int ifindex, uint32_t valid_s,
	       bool replace, struct err *err)
{
	size_t n = gather(s, from), k = 0;
	int result = 0;

	vip_netlink_put(ifindex, s->changes, n, valid_s, replace);
	for (size_t i = 0; i < s->n; i++) {
		const struct vip_change *c = &s->changes[k];

		if (s->states[i] != from)
			continue;
		k++;
		s->states[i] = c->code == 0			? VIP_OURS
			       : c->code == -EEXIST && !replace ? VIP_FOUND
								: VIP_ABSENT;
		if (s->states[i] == VIP_ABSENT && result == 0)
			result = say_put(ifindex, c, err);
	}
	return result;
}

static const struct vip_found *find(const struct vip_found *list, size_t n, const struct addr *a)
{
	for (size_t i = 0; i < n; i++)
		if (addr_equal(a, &list[i].at.addr))
			return &list[i];
	return NULL;
}

static bool is_hosts(const struct vip_found *f, bool owner)
{
	return f && !f->ours && (owner || f->at.length != full_length(&f->at.addr));
}

/* Addresses in that state become the host's when they are. */
static int tell_hosts(struct vip_set *s, enum vip_state state, unsigned int ifindex, bool owner,
		      struct err *err)
{
	struct vip_found present[VIP_LIST_MAX];
	size_t n = 0;
	int code;

	code = vip_netlink_list(s->addresses[0].addr.family, ifindex, present, &n);
	if (code < 0)
		return err_set(err, code, "cannot list the addresses of an interface: %s",
			       vip_netlink_why(code));
	for (size_t i = 0; i < s->n; i++)
		if (s->states[i] == state &&
		    is_hosts(find(present, n, &s->addresses[i].addr), owner))
			s->states[i] = VIP_HOSTS;
	return 0;
}

static bool has(const struct vip_set *s, enum vip_state state)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->states[i] == state)
			return true;
	return false;
}

int vip_set_take(struct vip_set *s, unsigned int ifindex, bool owner, uint32_t valid_s,
		 struct err *err)
{
	struct err later;
	int result = 0, code;

	if (owner && has(s, VIP_ABSENT))
		result = tell_hosts(s, VIP_ABSENT, ifindex, owner, err);
	if (result < 0)
		return result;
	result = put(s, VIP_ABSENT, ifindex, valid_s, false, err);
	if (!has(s, VIP_FOUND))
		return result;
	/* An address owner, or one that an earlier run left, or that is the host's after all. */
	code = tell_hosts(s, VIP_FOUND, ifindex, owner, result < 0 ? &later : err);
	if (code == 0)
		code = put(s, VIP_FOUND, ifindex, valid_s, true, result < 0 ? &later : err);
	for (size_t i = 0; i < s->n; i++)
		if (s->states[i] == VIP_FOUND)
			s->states[i] = VIP_ABSENT;
	return result < 0 ? result : code;
}

int vip_set_renew(struct vip_set *s, unsigned int ifindex, uint32_t valid_s, struct err *err)
{
	return put(s, VIP_OURS, ifindex, valid_s, true, err);
}

bool vip_set_lost(struct vip_set *s, const struct addr *address)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->states[i] == VIP_OURS && addr_equal(&s->addresses[i].addr, address)) {
			s->states[i] = VIP_ABSENT;
			return true;
		}
	return false;
}

int vip_set_find_lost(struct vip_set *s, unsigned int ifindex)
{
	struct vip_found present[VIP_LIST_MAX];
	size_t n = 0;
	int lost = 0, code;

	if (s->n == 0)
		return 0;
	code = vip_netlink_list(s->addresses[0].addr.family, ifindex, present, &n);
	if (code < 0)
		return code;
	for (size_t i = 0; i < s->n; i++)
		if (!find(present, n, &s->addresses[i].addr))
			lost += vip_set_lost(s, &s->addresses[i].addr);
	return lost;
}

void vip_set_doubt(struct vip_set *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->states[i] == VIP_OURS)
			s->states[i] = VIP_ABSENT;
}

int vip_set_release(struct vip_set *s, unsigned int ifindex, struct err *err)
{
	size_t n = gather(s, VIP_OURS), k = 0;
	int result = 0;

	vip_netlink_remove(ifindex, s->changes, n);
	for (size_t i = 0; i < s->n; i++) {
		const struct vip_change *c = &s->changes[k];

		if (s->states[i] == VIP_OURS && !is_removed(&s->changes[k++])) {
			if (result == 0)
				result = say_remove(ifindex, c, err);
			continue;
		}
		s->states[i] = VIP_ABSENT;
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
	return !has(s, VIP_ABSENT);
}

bool vip_set_empty(const struct vip_set *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->states[i] != VIP_ABSENT)
			return false;
	return true;
}
