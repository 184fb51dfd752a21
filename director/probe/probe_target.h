/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a probe is told to ask, as text: "10.77.0.100:80", "[fd77::100]:80", "[fe80::100%eth0]:80", and what
 * it is to say there.
 *
 * Pure.
 */
#ifndef DIRECTOR_PROBE_PROBE_TARGET_H
#define DIRECTOR_PROBE_PROBE_TARGET_H

#include "include/addr.h"
#include "include/err.h"

enum {
	PROBE_ZONE = 16,  /* an interface's name and its NUL (IFNAMSIZ) */
	PROBE_SAID = 512, /* octets: they fit into one packet, and into every socket at once */
	PROBE_TARGET_TEXT = ADDR_TEXT + PROBE_ZONE + 12,
};

struct probe_target {
	struct addr addr;
	uint16_t port;
	char zone[PROBE_ZONE]; /* of a link-local address; "" without */
};

/* 0, or -EINVAL with the sentence. */
int probe_target_parse(const char *text, struct probe_target *ret, struct err *err);
const char *probe_target_format(const struct probe_target *t, char buf[static PROBE_TARGET_TEXT]);
/* "PING\r\n" -> octets; knows \r \n \t \\ and \xHH. How many, or -EINVAL with the sentence. */
int probe_said_parse(const char *text, uint8_t ret[static PROBE_SAID], struct err *err);

#endif
