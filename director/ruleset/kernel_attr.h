/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attributes within attributes of what the kernel tells of a set and of its elements. Pure. */
#ifndef DIRECTOR_RULESET_KERNEL_ATTR_H
#define DIRECTOR_RULESET_KERNEL_ATTR_H

#include "include/nlattr.h"

#include <endian.h>
#include <linux/netfilter/nf_tables.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The nested attribute of that type, or NULL. */
static inline const struct nlattr *nested(const struct nlattr *parent, uint16_t type)
{
	const struct nlattr *attr;

	if (parent)
		NLATTR_EACH_NESTED (attr, parent)
			if (mnl_attr_get_type(attr) == type)
				return attr;
	return NULL;
}

/* Copies a value of at most size octets; what is missing stays zero. */
static inline void copy_value(uint8_t *to, size_t size, const struct nlattr *attr)
{
	size_t n = attr ? mnl_attr_get_payload_len(attr) : 0;

	if (n)
		memcpy(to, mnl_attr_get_payload(attr), n < size ? n : size);
}

/* A number of 8 octets; 0 when it is missing. */
static inline uint64_t number_of(const struct nlattr *attr)
{
	return attr && mnl_attr_validate(attr, MNL_TYPE_U64) >= 0 ? be64toh(mnl_attr_get_u64(attr))
								  : 0;
}

/* --- elements --------------------------------------------------------------------------------- */

static inline void element_key(uint8_t *to, size_t size, const struct nlattr *element)
{
	copy_value(to, size, nested(nested(element, NFTA_SET_ELEM_KEY), NFTA_DATA_VALUE));
}

static inline void element_data(uint8_t *to, size_t size, const struct nlattr *element)
{
	copy_value(to, size, nested(nested(element, NFTA_SET_ELEM_DATA), NFTA_DATA_VALUE));
}

/* What its counter says (NFTA_COUNTER_PACKETS, NFTA_COUNTER_BYTES); 0 when it has none. */
static inline uint64_t element_counter(const struct nlattr *element, uint16_t what)
{
	return number_of(nested(nested(nested(element, NFTA_SET_ELEM_EXPR), NFTA_EXPR_DATA), what));
}

#endif
