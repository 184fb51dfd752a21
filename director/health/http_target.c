/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/health/http_target.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { HTTP_PORT = 80, HTTPS_PORT = 443 };

/* Only what cannot end the host of a URL; and no address, for which no TLS name is asked. */
static bool is_name(const char *text, size_t len)
{
	static const char fit[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
	char copy[HTTP_NAME];
	struct addr ignored;

	if (len == 0 || len >= HTTP_NAME || strspn(text, fit) < len)
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return addr_parse(copy, &ignored) < 0;
}

int http_target_name(const struct config_check *check, char ret[static HTTP_NAME])
{
	const char *name = check->sni[0] ? check->sni : check->host;
	/* One colon is that of a port, more are those of an address. */
	bool has_port = !check->sni[0] && strchr(name, ':') == strrchr(name, ':');
	size_t len = has_port ? strcspn(name, ":") : strlen(name);
	bool good = is_name(name, len);

	snprintf(ret, HTTP_NAME, "%.*s", good ? (int)len : 0, name);
	return good || !check->sni[0] ? 0 : -EINVAL;
}

/* An IPv6 address in brackets. */
static void format_host(const struct addr *a, char buf[static ADDR_TEXT + 2])
{
	char text[ADDR_TEXT];
	bool six = a->family == AF_INET6;

	snprintf(buf, ADDR_TEXT + 2, "%s%s%s", six ? "[" : "", addr_format(a, text),
		 six ? "]" : "");
}

char *http_target_url(const struct config_check *check, const char *name, const struct addr *vip,
		      uint16_t port)
{
	const char *scheme = check->type == CHECK_HTTPS ? "https" : "http";
	char host[ADDR_TEXT + 2], *url;

	format_host(vip, host);
	if (asprintf(&url, "%s://%s:%u%s", scheme, name[0] ? name : host, port, check->path) < 0)
		return NULL;
	return url;
}

char *http_target_host(const struct config_check *check, const struct addr *vip, uint16_t port)
{
	uint16_t usual = check->type == CHECK_HTTPS ? HTTPS_PORT : HTTP_PORT;
	char host[ADDR_TEXT + 2], *line;
	int n;

	format_host(vip, host);
	if (check->host[0])
		n = asprintf(&line, "Host: %s", check->host);
	else if (port == usual)
		n = asprintf(&line, "Host: %s", host);
	else
		n = asprintf(&line, "Host: %s:%u", host, port);
	return n < 0 ? NULL : line;
}

const char *http_target_connect_to(const struct addr *address, uint16_t port,
				   char buf[static HTTP_CONNECT_TO])
{
	char host[ADDR_TEXT + 2];

	format_host(address, host);
	snprintf(buf, HTTP_CONNECT_TO, "::%s:%u", host, port);
	return buf;
}
