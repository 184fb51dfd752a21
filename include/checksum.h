/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Internet checksum (RFC 1071), piece by piece: checksum_fold(checksum_add(0, bytes, len)). Over what holds its
 * own right one it is 0; over what has 0 in its place it is the one to put there.
 */
#ifndef INCLUDE_CHECKSUM_H
#define INCLUDE_CHECKSUM_H

#include "include/rd.h"

/* Of at most 64 KiB in all: 32 bits are enough. Every piece but the last one has an even length. */
static inline uint32_t checksum_add(uint32_t sum, const uint8_t *bytes, size_t len)
{
	struct rd r = rd_init(bytes, len);

	while (rd_left(&r) >= 2)
		sum += rd_be16(&r);
	if (rd_left(&r) == 1)
		sum += (uint32_t)rd_u8(&r) << 8;
	return sum;
}

static inline uint16_t checksum_fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

#endif
