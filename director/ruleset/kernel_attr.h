/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attributes within attributes of what the kernel tells of a set. Private to kernel*_uv.c. Pure. */
#ifndef DIRECTOR_RULESET_KERNEL_ATTR_H
#define DIRECTOR_RULESET_KERNEL_ATTR_H

#include "include/nlattr.h"

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

#endif
