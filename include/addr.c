/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "include/addr.h"

#include "include/name.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

size_t addr_len(const struct addr *a)
{
	return a->family == AF_INET ? 4 : a->family == AF_INET6 ? 16 : 0;
}

int addr_parse(const char *text, struct addr *ret)
{
	struct addr a = {.family = strchr(text, ':') ? AF_INET6 : AF_INET};

	if (inet_pton(a.family, text, a.bytes) != 1)
		return -EINVAL;
	*ret = a;
	return 0;
}

/* As inet_ntop(), which goes through printf(): a status has a hundred thousand of them. */
static void format_v4(const uint8_t bytes[static 4], char *at)
{
	for (int i = 0; i < 4; i++) {
		unsigned int n = bytes[i];

		if (i)
			*at++ = '.';
		if (n >= 100)
			*at++ = (char)('0' + n / 100);
		if (n >= 10)
			*at++ = (char)('0' + n / 10 % 10);
		*at++ = (char)('0' + n % 10);
	}
	*at = '\0';
}

const char *addr_format(const struct addr *a, char buf[static ADDR_TEXT])
{
	if (a->family == AF_INET)
		format_v4(a->bytes, buf);
	else if (!a->family || !inet_ntop(a->family, a->bytes, buf, ADDR_TEXT))
		memcpy(buf, "-", 2);
	return buf;
}

int addr_compare(const struct addr *a, const struct addr *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

bool addr_equal(const struct addr *a, const struct addr *b)
{
	return addr_compare(a, b) == 0;
}

bool addr_is_host(const struct addr *a)
{
	static const uint8_t zero[16], loopback6[16] = {[15] = 1};

	if (a->family == AF_INET) {
		uint32_t v = addr_v4_value(a);

		return v >> 24 != 0 && v >> 24 != 127 && v >> 28 != 14 && v != UINT32_MAX;
	}
	return a->family == AF_INET6 && a->bytes[0] != 0xff &&
	       memcmp(a->bytes, zero, sizeof(zero)) != 0 &&
	       memcmp(a->bytes, loopback6, sizeof(loopback6)) != 0;
}

/* RFC 4291, 2.5.6 */
bool addr_is_link_local(const struct addr *a)
{
	return a->family == AF_INET6 && a->bytes[0] == 0xfe && (a->bytes[1] & 0xc0) == 0x80;
}

struct addr addr_v4(uint32_t host_order)
{
	struct addr a = {.family = AF_INET};
	uint32_t net = htonl(host_order);

	memcpy(a.bytes, &net, sizeof(net));
	return a;
}

uint32_t addr_v4_value(const struct addr *a)
{
	uint32_t net;

	memcpy(&net, a->bytes, sizeof(net));
	return ntohl(net);
}

/* Decimal digits only, nothing before or behind them. -EINVAL when it is no number up to max. */
static int parse_length(const char *text, unsigned int max, uint8_t *ret)
{
	unsigned int value = 0;

	if (!*text || strlen(text) > 3)
		return -EINVAL;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		value = value * 10 + (unsigned int)(*text - '0');
	}
	if (value > max)
		return -EINVAL;
	*ret = (uint8_t)value;
	return 0;
}

int prefix_parse(const char *text, struct prefix *ret)
{
	struct prefix p;
	char host[ADDR_TEXT];
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : strlen(text);

	if (n >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, n);
	host[n] = '\0';
	if (addr_parse(host, &p.addr) < 0)
		return -EINVAL;
	p.length = (uint8_t)(addr_len(&p.addr) * 8);
	if (slash && parse_length(slash + 1, p.length, &p.length) < 0)
		return -EINVAL;
	*ret = p;
	return 0;
}

const char *prefix_format(const struct prefix *p, char buf[static PREFIX_TEXT])
{
	char host[ADDR_TEXT];

	snprintf(buf, PREFIX_TEXT, "%s/%u", addr_format(&p->addr, host), p->length);
	return buf;
}

int mac_parse(const char *text, struct mac *ret)
{
	struct mac m;

	if (strlen(text) != MAC_TEXT - 1)
		return -EINVAL;
	for (size_t i = 0; i < MAC_LEN; i++) {
		int high = text_hex_digit(text[3 * i]), low = text_hex_digit(text[3 * i + 1]);

		if (high < 0 || low < 0 || (i + 1 < MAC_LEN && text[3 * i + 2] != ':'))
			return -EINVAL;
		m.bytes[i] = (uint8_t)(high << 4 | low);
	}
	*ret = m;
	return 0;
}

const char *mac_format(const struct mac *m, char buf[static MAC_TEXT])
{
	static const char digits[] = "0123456789abcdef";
	char *at = buf;

	for (int i = 0; i < MAC_LEN; i++) {
		*at++ = digits[m->bytes[i] >> 4];
		*at++ = digits[m->bytes[i] & 15];
		*at++ = i + 1 < MAC_LEN ? ':' : '\0';
	}
	return buf;
}

bool mac_equal(const struct mac *a, const struct mac *b)
{
	return memcmp(a->bytes, b->bytes, MAC_LEN) == 0;
}

bool mac_is_unicast(const struct mac *m)
{
	static const struct mac zero;

	return !(m->bytes[0] & 1) && !mac_equal(m, &zero);
}

/* --- ranges ----------------------------------------------------------------------------------- */

struct addr_range prefix_range(const struct prefix *p)
{
	struct addr_range r = {.first = p->addr, .last = p->addr};

	for (size_t i = p->length; i < addr_len(&p->addr) * 8; i++) {
		r.first.bytes[i / 8] &= (uint8_t) ~(0x80U >> i % 8);
		r.last.bytes[i / 8] |= (uint8_t)(0x80U >> i % 8);
	}
	return r;
}

bool addr_range_overlaps(const struct addr_range *a, const struct addr_range *b)
{
	return a->first.family == b->first.family && addr_compare(&a->first, &b->last) <= 0 &&
	       addr_compare(&b->first, &a->last) <= 0;
}

static int by_first(const void *a, const void *b)
{
	return addr_compare(&((const struct addr_range *)a)->first,
			    &((const struct addr_range *)b)->first);
}

/* The address after this one; false after the last of its family. */
static bool next_addr(struct addr *a)
{
	for (size_t i = addr_len(a); i-- > 0;)
		if (++a->bytes[i] != 0)
			return true;
	return false;
}

/* Sorted: b does not begin before a. */
static bool touches(const struct addr_range *a, const struct addr_range *b)
{
	struct addr next = a->last;

	if (a->first.family != b->first.family)
		return false;
	return !next_addr(&next) || addr_compare(&b->first, &next) <= 0;
}

size_t addr_range_merge(struct addr_range *ranges, size_t n)
{
	size_t used = 0;

	if (n > 0)
		qsort(ranges, n, sizeof(*ranges), by_first);
	for (size_t i = 0; i < n; i++) {
		struct addr_range *last = used ? &ranges[used - 1] : NULL;

		if (!last || !touches(last, &ranges[i]))
			ranges[used++] = ranges[i];
		else if (addr_compare(&last->last, &ranges[i].last) < 0)
			last->last = ranges[i].last;
	}
	return used;
}
