/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bounded reader over netlink messages: numbers of netlink itself in the machine's order, and
 * attributes, at any alignment. What an attribute holds is in network order and read with rd.h.
 */
#ifndef DIRECTOR_NETLINK_NL_READER_H
#define DIRECTOR_NETLINK_NL_READER_H

#include "include/rd.h"

#include <string.h>

enum {
	NL_HEADER = 16,		    /* struct nlmsghdr; netlink's own constants are signed */
	NL_FAMILY_HEADER = 4,	    /* struct nfgenmsg */
	NL_ATTRIBUTE_HEADER = 4,    /* struct nlattr */
	NL_ATTRIBUTE_TYPE = 0x3fff, /* the upper bits are flags */
};

static inline uint16_t nl_host16(struct rd *r)
{
	const uint8_t *p = rd_take(r, sizeof(uint16_t));
	uint16_t v = 0;

	if (p)
		memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint32_t nl_host32(struct rd *r)
{
	const uint8_t *p = rd_take(r, sizeof(uint32_t));
	uint32_t v = 0;

	if (p)
		memcpy(&v, p, sizeof(v));
	return v;
}

struct nl_message {
	uint16_t type;
	uint32_t seq;
	struct rd body; /* behind the header, and no longer than the header says */
};

/* False when it is shorter than its header says. */
static inline bool nl_read_message(const uint8_t *bytes, size_t len, struct nl_message *ret)
{
	struct rd r = rd_init(bytes, len);
	uint32_t told = nl_host32(&r);
	const uint8_t *body;

	ret->type = nl_host16(&r);
	nl_host16(&r); /* flags */
	ret->seq = nl_host32(&r);
	nl_host32(&r); /* port */
	body = rd_take(&r, told < NL_HEADER ? SIZE_MAX : told - NL_HEADER);
	if (!body)
		return false;
	ret->body = rd_init(body, told - NL_HEADER);
	return true;
}

/* The next attribute; false at the end, and when it is longer than what is there (rd_ok() tells). */
static inline bool nl_next_attribute(struct rd *r, uint16_t *ret_type, struct rd *ret_value)
{
	uint16_t len;
	size_t padding;
	const uint8_t *value;

	if (rd_left(r) < NL_ATTRIBUTE_HEADER)
		return false;
	len = nl_host16(r);
	*ret_type = (uint16_t)(nl_host16(r) & NL_ATTRIBUTE_TYPE);
	value = rd_take(r,
			len < NL_ATTRIBUTE_HEADER ? SIZE_MAX : (size_t)len - NL_ATTRIBUTE_HEADER);
	if (!value)
		return false;
	*ret_value = rd_init(value, (size_t)len - NL_ATTRIBUTE_HEADER);
	padding = (4 - len % 4u) % 4;
	rd_take(r, padding < rd_left(r) ? padding : rd_left(r));
	return true;
}

#endif
