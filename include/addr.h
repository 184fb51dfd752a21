/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses as values: IPv4/IPv6 address, prefix, Ethernet (MAC) address.
 *
 * All bytes are in network order. Unused bytes of an address are zero, so two addresses may be
 * compared as a whole. Nothing here allocates or touches the world.
 */
#ifndef INCLUDE_ADDR_H
#define INCLUDE_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	ADDR_TEXT = 46,	  /* longest text of an address and its NUL (INET6_ADDRSTRLEN) */
	PREFIX_TEXT = 50, /* the same with "/128" */
	MAC_TEXT = 18,	  /* "02:00:00:00:00:01" and its NUL */
	MAC_LEN = 6,
};

struct addr {
	uint8_t family;	   /* AF_INET, AF_INET6; 0: no address */
	uint8_t bytes[16]; /* the first 4 for AF_INET */
};

struct prefix {
	struct addr addr;
	uint8_t length; /* bits */
};

/* Addresses from first to last, both included, of one family. */
struct addr_range {
	struct addr first, last;
};

struct mac {
	uint8_t bytes[MAC_LEN];
};

/* Octets of an address of its family: 4, 16, or 0 for no address. */
size_t addr_len(const struct addr *a);
/* A textual IPv4 or IPv6 address -> *ret. 0, or -EINVAL with *ret untouched. */
int addr_parse(const char *text, struct addr *ret);
/* Writes the text of an address ("-" for none) and returns buf. */
const char *addr_format(const struct addr *a, char buf[static ADDR_TEXT]);
/* Order for sorting: by family, then by value. <0, 0, >0. */
int addr_compare(const struct addr *a, const struct addr *b);
bool addr_equal(const struct addr *a, const struct addr *b);
/* True for an address that one host can own: not zero, multicast, broadcast or loopback. */
bool addr_is_host(const struct addr *a);
/* True for an IPv6 address of fe80::/10. */
bool addr_is_link_local(const struct addr *a);
/* IPv4 address from its value in host order. */
struct addr addr_v4(uint32_t host_order);
/* The value of an IPv4 address in host order. */
uint32_t addr_v4_value(const struct addr *a);

/* "10.77.0.100/24"; without a length the full one (/32, /128). 0 or -EINVAL, *ret untouched. */
int prefix_parse(const char *text, struct prefix *ret);
const char *prefix_format(const struct prefix *p, char buf[static PREFIX_TEXT]);
/* The addresses of a prefix. */
struct addr_range prefix_range(const struct prefix *p);
/* True when they have an address in common. */
bool addr_range_overlaps(const struct addr_range *a, const struct addr_range *b);
/*
 * Sorts ranges and joins those that overlap or touch: afterwards there is at least one address
 * between two of one family. Families do not mix; IPv4 comes first. Returns how many are left.
 */
size_t addr_range_merge(struct addr_range *ranges, size_t n);

/* "02:00:00:00:00:01", any case. 0 or -EINVAL, *ret untouched. */
int mac_parse(const char *text, struct mac *ret);
const char *mac_format(const struct mac *m, char buf[static MAC_TEXT]);
bool mac_equal(const struct mac *a, const struct mac *b);
/* True for an address that one station can own: not zero, not a group address. */
bool mac_is_unicast(const struct mac *m);

#endif
