/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `ruleset explain`: where a frame of a client goes and why. The daemon tells it of what runs, and asks the
 * kernel; with -c it is planned here, and nobody is asked.
 */
#include "director/audit/prospect.h"
#include "director/config/check.h"
#include "director/config/load.h"
#include "director/ctl/ctl.h"
#include "director/ctl/world.h"
#include "director/ruleset/explain.h"

#include <jansson.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* --- what is asked ------------------------------------------------------------------------------- */

static int take_port(const char *text, uint16_t *ret)
{
	char *end;
	unsigned long port = strtoul(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end || port == 0 || port > UINT16_MAX)
		return -1;
	*ret = (uint16_t)port;
	return 0;
}

/* ADDRESS, ADDRESS:PORT, [ADDRESS]:PORT; an IPv6 address without brackets has no port. */
static int take_end(const char *text, struct addr *address, uint16_t *port)
{
	const char *colon = strrchr(text, ':');
	char host[ADDR_TEXT + 2];
	size_t len;

	*port = 0;
	if (addr_parse(text, address) == 0)
		return 0;
	len = colon && text[0] == '[' && colon > text + 1 && colon[-1] == ']'
		      ? (size_t)(colon - text) - 2
	      : colon ? (size_t)(colon - text)
		      : sizeof(host);
	if (len >= sizeof(host))
		return -1;
	memcpy(host, text + (text[0] == '['), len);
	host[len] = '\0';
	if (addr_parse(host, address) < 0 || (address->family == AF_INET6) != (text[0] == '['))
		return -1;
	return take_port(colon + 1, port);
}

static int take_question(const struct ctl *ctl, struct walk_frame *f)
{
	f->protocol = ctl->probe.udp ? IPPROTO_UDP : IPPROTO_TCP;
	if (take_end(ctl->argv[0], &f->client, &f->client_port) < 0)
		return ctl_fail(CTL_USAGE,
				"\"%s\" is no client: an address, or ADDRESS:PORT, of IPv6 "
				"[ADDRESS]:PORT",
				ctl->argv[0]);
	if (take_end(ctl->argv[1], &f->vip, &f->port) < 0 || !f->port)
		return ctl_fail(CTL_USAGE,
				"\"%s\" is no service: ADDRESS:PORT, of IPv6 [ADDRESS]:PORT",
				ctl->argv[1]);
	if (f->client.family != f->vip.family)
		return ctl_fail(CTL_USAGE, "client and service are of two IP versions");
	return CTL_DONE;
}

/* --- who answers --------------------------------------------------------------------------------- */

static int plan_file(const char *path, struct ruleset *ret)
{
	struct config *config = NULL;
	struct world world = {0};
	struct facts_source source = {
		.interface = world_interface, .route = world_route, .owner = &world};
	struct err err = {0};
	int code;

	if (config_load(path, &config, &err) < 0)
		return ctl_fail_err(&err);
	if (world_open(&world, config, &err) < 0)
		code = ctl_fail_err(&err);
	else if (prospect_plan(config, NULL, &source, ret) < 0)
		code = ctl_fail(CTL_FAILED, "no memory to plan the ruleset");
	else
		code = CTL_DONE;
	world_close(&world);
	config_free(config);
	return code;
}

static int explain_file(const char *path, const struct walk_frame *f, char **ret)
{
	const struct walk_ops nobody = {0};
	struct ruleset r = {0};
	size_t size;
	FILE *out;
	int code = plan_file(path, &r);

	if (code != CTL_DONE)
		return code;
	out = open_memstream(ret, &size);
	if (!out || explain_print(out, &r, f, &nobody) < 0)
		code = ctl_fail(CTL_FAILED, "no memory to explain that");
	else
		fputs("note all backends are taken for ones that answer, in their configured "
		      "state; "
		      "MAC addresses that are not configured are made up\n",
		      out);
	if (out)
		fclose(out);
	ruleset_clear(&r);
	return code;
}

static int ask_daemon(const struct ctl *ctl, const struct walk_frame *f, struct control_reply *ret)
{
	const struct control_request request = {.command = CONTROL_RULESET_EXPLAIN,
						.client = f->client,
						.address = f->vip,
						.client_port = f->client_port,
						.port = f->port,
						.protocol = f->protocol};

	return ctl_request(ctl, &request, ret);
}

/* --- what was answered --------------------------------------------------------------------------- */

struct account {
	const char *end, *farm, *backend, *mac, *interface, *reason, *hash; /* NULL: not told */
	bool remembered, pinned, asked;
	json_t *steps, *notes, *differences, *shares;
};

static const char *behind(const char *line, const char *word)
{
	size_t len = strlen(word);

	return strncmp(line, word, len) == 0 && line[len] == ' ' ? line + len + 1 : NULL;
}

static void take_step(struct account *a, const char *text)
{
	size_t len = strcspn(text, " ");
	char *rest;
	unsigned long rule = strtoul(text + len, &rest, 10);

	json_array_append_new(a->steps, json_pack("{s:s%, s:i, s:s}", "chain", text, len, "rule",
						  (int)rule, "text", *rest ? rest + 1 : rest));
}

static void take_share(struct account *a, const char *text)
{
	size_t len = strcspn(text, " ");

	json_array_append_new(a->shares, json_pack("{s:s%, s:i}", "backend", text, len, "buckets",
						   atoi(text + len)));
}

static void take_line(struct account *a, const char *line)
{
	const struct {
		const char *word, **to;
	} words[] = {{"end", &a->end},
		     {"farm", &a->farm},
		     {"backend", &a->backend},
		     {"mac", &a->mac},
		     {"hash", &a->hash},
		     {"reason", &a->reason},
		     {"interface", &a->interface}};
	const char *text;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if ((text = behind(line, words[i].word)))
			*words[i].to = text;
	if ((text = behind(line, "step")))
		take_step(a, text);
	else if ((text = behind(line, "share")))
		take_share(a, text);
	else if ((text = behind(line, "note")))
		json_array_append_new(a->notes, json_string(text));
	else if ((text = behind(line, "difference")))
		json_array_append_new(a->differences, json_string(text));
	a->asked |= strcmp(line, "kernel asked") == 0;
	a->remembered |= strcmp(line, "remembered") == 0;
	a->pinned |= strcmp(line, "pinned") == 0;
}

static void take_all(struct account *a, char *text)
{
	char *rest = NULL;

	*a = (struct account){.steps = json_array(),
			      .notes = json_array(),
			      .differences = json_array(),
			      .shares = json_array()};
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		take_line(a, line);
}

static void account_clear(struct account *a)
{
	json_decref(a->steps);
	json_decref(a->notes);
	json_decref(a->differences);
	json_decref(a->shares);
}

/* --- in print ------------------------------------------------------------------------------------ */

/* The virtual router of the address; NULL: none, or nobody told. */
static const struct status_vrrp *router_of(const struct status *s, const struct addr *vip)
{
	for (size_t i = 0; s && i < s->n_vrrps; i++)
		for (size_t k = 0; k < s->vrrps[i].n_addresses; k++) {
			struct prefix p;

			if (prefix_parse(s->vrrps[i].addresses[k], &p) == 0 &&
			    addr_equal(&p.addr, vip))
				return &s->vrrps[i];
		}
	return NULL;
}

static const struct status_backend *backend_of(const struct status *s, const struct account *a)
{
	for (size_t i = 0; s && a->farm && a->backend && i < s->n_farms; i++)
		for (size_t k = 0;
		     strcmp(s->farms[i].name, a->farm) == 0 && k < s->farms[i].n_backends; k++)
			if (strcmp(s->farms[i].backends[k].name, a->backend) == 0)
				return &s->farms[i].backends[k];
	return NULL;
}

static const char *end_text(const struct account *a)
{
	static const struct {
		const char *end, *text;
	} rows[] = {
		{"dropped", "it is dropped"},
		{"answered", "it is refused with an answer"},
		{"host", "it goes on to this host"},
		{"turn", "its backend is the next one in turn, which cannot be foretold"},
		{"chance", "its backend is chosen by chance, which cannot be foretold"},
		{"port", "its backend depends on the client's port, which is not given"},
	};

	for (size_t i = 0; a->end && i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(a->end, rows[i].end) == 0)
			return rows[i].text;
	return "no rule decides about it";
}

static void print_verdict(const struct account *a, const struct status_backend *b)
{
	if (!a->end || strcmp(a->end, "sent") != 0) {
		printf("%s%s%s\n", end_text(a), a->reason ? ": " : "", a->reason ? a->reason : "");
		return;
	}
	if (a->backend)
		printf("it goes to %s/%s", a->farm ? a->farm : "", a->backend);
	else
		printf("it goes to the other director");
	printf(" (%s%s%s) at %s%s%s\n", b ? b->state : "as planned",
	       a->remembered ? ", its connection is known" : "",
	       a->pinned ? ", its client is kept there" : "", a->mac ? a->mac : "?",
	       a->interface ? " out of " : "", a->interface ? a->interface : "");
}

static void print_text(const struct account *a, const struct status *s, const struct walk_frame *f)
{
	const struct status_vrrp *router = router_of(s, &f->vip);
	size_t i, n;

	if (router && strcmp(router->state, "master") != 0)
		printf("this node is %s for %s: such frames go to %s; one that comes here:\n",
		       router->state, router->name,
		       router->master[0] ? router->master : "the other director");
	print_verdict(a, backend_of(s, a));
	for (i = 0; i < json_array_size(a->steps); i++) {
		const json_t *step = json_array_get(a->steps, i);

		printf("  %s, rule %d: %s\n", json_string_value(json_object_get(step, "chain")),
		       (int)json_integer_value(json_object_get(step, "rule")),
		       json_string_value(json_object_get(step, "text")));
	}
	for (i = 0, n = json_array_size(a->shares); i < n; i++) {
		const json_t *share = json_array_get(a->shares, i);

		printf("%s%s %d%s", i ? ", " : "  of these: ",
		       json_string_value(json_object_get(share, "backend")),
		       (int)json_integer_value(json_object_get(share, "buckets")),
		       i + 1 == n ? "\n" : "");
	}
	for (i = 0; i < json_array_size(a->notes); i++)
		printf("  %s\n", json_string_value(json_array_get(a->notes, i)));
	n = json_array_size(a->differences);
	puts(!a->asked ? "the kernel was not asked"
	     : n       ? "the kernel has not the same:"
		       : "the kernel has the same");
	for (i = 0; i < n; i++)
		printf("  %s\n", json_string_value(json_array_get(a->differences, i)));
}

static json_t *bucket_of(const struct account *a)
{
	unsigned int hash, bucket, size;

	if (!a->hash || sscanf(a->hash, "%u %u %u", &hash, &bucket, &size) != 3)
		return json_null();
	return json_pack("{s:I, s:i, s:i}", "hash", (json_int_t)hash, "number", (int)bucket, "of",
			 (int)size);
}

static void print_as_json(const struct account *a, const struct status *s,
			  const struct walk_frame *f)
{
	const struct status_vrrp *router = router_of(s, &f->vip);
	const struct status_backend *b = backend_of(s, a);
	char client[ADDR_TEXT], address[ADDR_TEXT];
	json_t *port = f->client_port ? json_integer(f->client_port) : json_null();

	print_json_document(
		stdout,
		json_pack(
			"{s:s, s:o, s:s, s:i, s:s, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, "
			"s:b, s:b, s:o, s:O, s:O, s:O, s:o, s:O}",
			"client", addr_format(&f->client, client), "client_port", port, "address",
			addr_format(&f->vip, address), "port", (int)f->port, "protocol",
			f->protocol == IPPROTO_UDP ? "udp" : "tcp", "role",
			router ? router->state : NULL, "end", a->end, "farm", a->farm, "backend",
			a->backend, "state", b ? b->state : NULL, "mac", a->mac, "interface",
			a->interface, "reason", a->reason, "remembered", a->remembered, "pinned",
			a->pinned, "bucket", bucket_of(a), "shares", a->shares, "steps", a->steps,
			"notes", a->notes, "kernel_same",
			a->asked ? json_boolean(json_array_size(a->differences) == 0) : json_null(),
			"differences", a->differences));
}

static int show(const struct ctl *ctl, char *text, const struct status *s,
		const struct walk_frame *f)
{
	struct account a;
	int code;

	take_all(&a, text);
	if (ctl->json)
		print_as_json(&a, s, f);
	else
		print_text(&a, s, f);
	code = json_array_size(a.differences) ? CTL_NOT_GOOD : CTL_DONE;
	account_clear(&a);
	return code;
}

int ctl_ruleset_explain(const struct ctl *ctl)
{
	struct control_reply reply = {0};
	struct walk_frame frame = {0};
	char *planned = NULL;
	int code = take_question(ctl, &frame);

	if (code == CTL_DONE)
		code = ctl->config ? explain_file(ctl->config, &frame, &planned)
				   : ask_daemon(ctl, &frame, &reply);
	if (code == CTL_DONE)
		code = show(ctl, planned ? planned : reply.text,
			    reply.has_status ? &reply.status : NULL, &frame);
	free(planned);
	control_reply_clear(&reply);
	return code;
}
