/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing netlink messages, the twin of nl_reader.h: numbers of netlink itself in the machine's
 * order, attributes padded to 4 octets. Past the end nothing is written, see wr.h.
 */
#ifndef DIRECTOR_NETLINK_NL_WRITER_H
#define DIRECTOR_NETLINK_NL_WRITER_H

#include "director/netlink/nl_reader.h"
#include "include/wr.h"

enum { NL_NESTED = 0x8000 };

static inline void nl_put16(struct wr *w, uint16_t v)
{
	wr_bytes(w, &v, sizeof(v));
}

static inline void nl_put32(struct wr *w, uint32_t v)
{
	wr_bytes(w, &v, sizeof(v));
}

static inline size_t nl_padded(size_t len)
{
	return (len + 3) & ~(size_t)3;
}

static inline void nl_put_attribute(struct wr *w, uint16_t type, const void *value, size_t len)
{
	static const uint8_t zero[4];

	nl_put16(w, (uint16_t)(NL_ATTRIBUTE_HEADER + len));
	nl_put16(w, type);
	wr_bytes(w, value, len);
	wr_bytes(w, zero, nl_padded(len) - len);
}

/* A nest that holds `inside` octets. */
static inline void nl_put_nest(struct wr *w, uint16_t type, size_t inside)
{
	nl_put16(w, (uint16_t)(NL_ATTRIBUTE_HEADER + inside));
	nl_put16(w, (uint16_t)(type | NL_NESTED));
}

/* Both headers of a message of nfnetlink; number: of its family header, in host order. */
static inline void nl_put_header(struct wr *w, size_t len, uint16_t type, uint16_t flags,
				 uint32_t seq, uint8_t family, uint16_t number)
{
	nl_put32(w, (uint32_t)len);
	nl_put16(w, type);
	nl_put16(w, flags);
	nl_put32(w, seq);
	nl_put32(w, 0);
	wr_u8(w, family);
	wr_u8(w, 0); /* NFNETLINK_V0 */
	wr_be16(w, number);
}

#endif
