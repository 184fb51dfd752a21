/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a request of a check goes, in the words of libcurl. It is what a client of the virtual address
 * would ask, at a URL of that address or of the server's name; only the connection leads to the backend.
 * So a certificate is judged as a client judges it, and nobody is asked where a name leads.
 *
 * Pure.
 */
#ifndef DIRECTOR_HEALTH_HTTP_TARGET_H
#define DIRECTOR_HEALTH_HTTP_TARGET_H

#include "include/addr.h"
#include "include/config.h"

enum {
	HTTP_NAME = 254,      /* a name of 253 characters at most (RFC 1035, 2.3.4), and its NUL */
	HTTP_CONNECT_TO = 64, /* "::[ADDRESS]:PORT" */
};

/*
 * The name that TLS asks for and that the certificate is of: sni, else host when that is one (without
 * its port), else "", which stands for the virtual address. -EINVAL: sni cannot be a name.
 */
int http_target_name(const struct config_check *check, char ret[static HTTP_NAME]);
/* "https://www.example.com:8443/path", with a name or for the virtual address. Allocated, or NULL. */
char *http_target_url(const struct config_check *check, const char *name, const struct addr *vip,
		      uint16_t port);
/* "Host: www.example.com"; the virtual address and, if it is not the usual one, the port. Allocated. */
char *http_target_host(const struct config_check *check, const struct addr *vip, uint16_t port);
/* For CURLOPT_CONNECT_TO: whatever the URL says, this address. Returns buf. */
const char *http_target_connect_to(const struct addr *address, uint16_t port,
				   char buf[static HTTP_CONNECT_TO]);

#endif
