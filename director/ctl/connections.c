/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `connections` and `persistence`: what the kernel remembers, a page at a time. */
#include "director/ctl/ctl.h"

#include <inttypes.h>
#include <jansson.h>
#include <netinet/in.h>
#include <string.h>

/* One listing; a page is shown and forgotten. */
struct listing {
	const struct ctl *ctl;
	uint64_t n;
	bool failed; /* no memory for JSON */
};

static int take_name(char to[static CONFIG_NAME_MAX + 1], const char *from, const char *what)
{
	size_t len = strlen(from);

	for (size_t i = 0; i < len; i++)
		if (from[i] <= ' ' || from[i] > '~')
			len = 0;
	if (!len || len > CONFIG_NAME_MAX)
		return ctl_fail(CTL_USAGE, "\"%s\" cannot be the name of a %s", from, what);
	memcpy(to, from, len + 1);
	return CTL_DONE;
}

static int take_filter(const struct ctl *ctl, struct control_request *request)
{
	int code = CTL_DONE;

	if (ctl->farm)
		code = take_name(request->farm, ctl->farm, "farm");
	if (code == CTL_DONE && ctl->backend)
		code = take_name(request->backend, ctl->backend, "backend");
	if (code == CTL_DONE && ctl->backend && !ctl->farm)
		return ctl_fail(CTL_USAGE, "--backend needs --farm: names are of one farm");
	if (code == CTL_DONE && ctl->client && addr_parse(ctl->client, &request->client) < 0)
		return ctl_fail(CTL_USAGE, "--client must be an address, not \"%s\"", ctl->client);
	return code;
}

static const char *protocol_name(uint8_t protocol)
{
	return protocol == IPPROTO_UDP ? "udp" : "tcp";
}

static void show_pin(const struct control_connection *c)
{
	char client[ADDR_TEXT + 4], address[ADDR_TEXT], left[PRINT_AGE];

	snprintf(client, sizeof(client), "%s/%u", addr_format(&c->key.client, address),
		 (unsigned int)c->prefix);
	printf("%-21s %s/%s, %s left\n", client, c->farm, c->backend,
	       print_age(c->expires_ms, left));
}

static void show_flow(const struct control_connection *c)
{
	char client[ADDR_TEXT], address[ADDR_TEXT], left[PRINT_AGE];
	bool ipv6 = c->key.client.family == AF_INET6;
	char from[ADDR_TEXT + 10], to[ADDR_TEXT + 10];

	snprintf(from, sizeof(from), ipv6 ? "[%s]:%u" : "%s:%u",
		 addr_format(&c->key.client, client), c->key.client_port);
	snprintf(to, sizeof(to), ipv6 ? "[%s]:%u" : "%s:%u", addr_format(&c->key.vip, address),
		 c->key.vip_port);
	printf("%-21s %s %-21s %s/%s, %s left\n", from, protocol_name(c->key.protocol), to, c->farm,
	       c->backend, print_age(c->expires_ms, left));
}

static json_t *json_of_pin(const struct control_connection *c)
{
	char client[ADDR_TEXT];

	return json_pack("{s:s, s:s, s:i, s:s, s:I}", "farm", c->farm, "client",
			 addr_format(&c->key.client, client), "prefix", (int)c->prefix, "backend",
			 c->backend, "expires_ms", (json_int_t)c->expires_ms);
}

static json_t *json_of_flow(const struct control_connection *c)
{
	char client[ADDR_TEXT], address[ADDR_TEXT];

	return json_pack("{s:s, s:s, s:i, s:s, s:i, s:s, s:s, s:I}", "farm", c->farm, "client",
			 addr_format(&c->key.client, client), "client_port",
			 (int)c->key.client_port, "address", addr_format(&c->key.vip, address),
			 "port", (int)c->key.vip_port, "protocol", protocol_name(c->key.protocol),
			 "backend", c->backend, "expires_ms", (json_int_t)c->expires_ms);
}

/* Lines of one array, which is never in memory as a whole. */
static void show_json(struct listing *l, const struct control_connection *c)
{
	json_t *row = flow_is_pin(&c->key) ? json_of_pin(c) : json_of_flow(c);

	fputs(l->n ? ",\n" : "\n", stdout);
	if (!row || (json_dumpf(row, stdout, 0) < 0 && !ferror(stdout)))
		l->failed = true;
	json_decref(row);
}

static void show_page(struct listing *l, const struct control_reply *reply)
{
	for (size_t i = 0; i < reply->n_connections; i++, l->n++) {
		if (l->ctl->count)
			continue;
		if (l->ctl->json)
			show_json(l, &reply->connections[i]);
		else if (flow_is_pin(&reply->connections[i].key))
			show_pin(&reply->connections[i]);
		else
			show_flow(&reply->connections[i]);
	}
}

static void show_end(const struct listing *l)
{
	if (l->ctl->count)
		printf(l->ctl->json ? "{\"count\": %" PRIu64 "}\n" : "%" PRIu64 "\n", l->n);
	else if (l->ctl->json)
		fputs(l->n ? "\n]\n" : "]\n", stdout);
}

static int list(const struct ctl *ctl, enum control_command command)
{
	struct control_request request = {.command = command};
	struct listing l = {.ctl = ctl};
	int code = take_filter(ctl, &request);
	bool first = true;

	while (code == CTL_DONE && (first || request.number)) {
		struct control_reply reply = {0};

		code = ctl_request(ctl, &request, &reply);
		if (code != CTL_DONE)
			break;
		if (first && ctl->json && !ctl->count)
			fputc('[', stdout);
		first = false;
		show_page(&l, &reply);
		request.number = reply.position;
		request.epoch = reply.epoch;
		control_reply_clear(&reply);
	}
	if (code != CTL_DONE)
		return code;
	show_end(&l);
	return l.failed ? ctl_fail(CTL_FAILED, "no memory for a JSON document") : CTL_DONE;
}

int ctl_connections(const struct ctl *ctl)
{
	return list(ctl, CONTROL_CONNECTIONS);
}

int ctl_persistence(const struct ctl *ctl)
{
	return list(ctl, CONTROL_PERSISTENCE);
}
