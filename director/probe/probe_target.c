/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/probe/probe_target.h"

#include "director/config/number.h"
#include "include/name.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* Cuts the interface off. False when there is no room for it, or it is empty. */
static bool take_zone(char *host, char zone[static PROBE_ZONE])
{
	char *at = strchr(host, '%');
	size_t len;

	zone[0] = '\0';
	if (!at)
		return true;
	*at++ = '\0';
	len = strlen(at);
	if (len == 0 || len >= PROBE_ZONE)
		return false;
	memcpy(zone, at, len + 1);
	return true;
}

/* The host without its brackets -> buf; what is behind the last colon -> *ret_port. */
static bool split(const char *text, size_t size, char *buf, const char **ret_port)
{
	const char *colon = strrchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : 0;
	bool bracketed = len > 2 && text[0] == '[' && colon[-1] == ']';

	if (bracketed) {
		text++;
		len -= 2;
	}
	/* Of an IPv6 address without brackets the last colon may be its own. */
	if (len == 0 || len >= size || (!bracketed && memchr(text, ':', len)))
		return false;
	memcpy(buf, text, len);
	buf[len] = '\0';
	*ret_port = colon + 1;
	return true;
}

int probe_target_parse(const char *text, struct probe_target *ret, struct err *err)
{
	char host[ADDR_TEXT + PROBE_ZONE + 1];
	struct probe_target t = {0};
	const char *port;
	int64_t number;

	if (!split(text, sizeof(host), host, &port) || !take_zone(host, t.zone) ||
	    addr_parse(host, &t.addr) < 0 || !isdigit((unsigned char)*port) ||
	    number_parse(port, &number) < 0 || number < 1 || number > UINT16_MAX)
		return err_set(err, -EINVAL,
			       "\"%s\" is not IP:PORT, such as 10.77.0.100:80 or [fd77::100]:80",
			       text);
	if (!t.zone[0] && addr_is_link_local(&t.addr))
		return err_set(err, -EINVAL,
			       "%s is on every interface: name one, such as [%s%%eth0]:%s", host,
			       host, port);
	if (t.zone[0] && !addr_is_link_local(&t.addr))
		return err_set(err, -EINVAL, "\"%s\": only a link-local address has an interface",
			       text);
	t.port = (uint16_t)number;
	*ret = t;
	return 0;
}

const char *probe_target_format(const struct probe_target *t, char buf[static PROBE_TARGET_TEXT])
{
	bool v6 = t->addr.family == AF_INET6;
	char addr[ADDR_TEXT];

	snprintf(buf, PROBE_TARGET_TEXT, "%s%s%s%s%s:%u", v6 ? "[" : "",
		 addr_format(&t->addr, addr), t->zone[0] ? "%" : "", t->zone, v6 ? "]" : "",
		 t->port);
	return buf;
}

/* What stands behind a backslash; *at moves behind it. -1: nothing known. */
static int take_escape(const char **at)
{
	static const char names[] = "rnt\\", octets[] = "\r\n\t\\";
	const char *name = **at ? strchr(names, **at) : NULL;
	int high, low;

	if (name) {
		++*at;
		return octets[name - names];
	}
	if (**at != 'x')
		return -1;
	high = text_hex_digit((*at)[1]);
	low = high < 0 ? -1 : text_hex_digit((*at)[2]);
	*at += 3;
	return low < 0 ? -1 : high * 16 + low;
}

int probe_said_parse(const char *text, uint8_t ret[static PROBE_SAID], struct err *err)
{
	const char *at = text;
	int n = 0;

	while (*at) {
		int octet = (uint8_t)*at++;

		if (octet == '\\')
			octet = take_escape(&at);
		if (octet < 0)
			return err_set(err, -EINVAL,
				       "--send knows \\r, \\n, \\t, \\\\ and \\xHH, and \"%s\" has "
				       "something else behind a backslash",
				       text);
		if (n == PROBE_SAID)
			return err_set(err, -EINVAL, "--send takes at most %d octets", PROBE_SAID);
		ret[n++] = (uint8_t)octet;
	}
	return n;
}
