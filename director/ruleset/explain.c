/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/explain.h"
#include "director/ruleset/export.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT = 256, SERVICE_TEXT = ADDR_TEXT + 16 };

static const char *const ends[] = {
	[WALK_SENT] = "sent", [WALK_DROPPED] = "dropped", [WALK_ANSWERED] = "answered",
	[WALK_HOST] = "host", [WALK_TURN] = "turn",	  [WALK_CHANCE] = "chance",
	[WALK_PORT] = "port", [WALK_LOST] = "lost",
};

const char *explain_end_name(enum walk_end end)
{
	return ends[end];
}

/* A walk that is written down. */
struct account {
	const struct walk_frame *frame;
	FILE *steps, *differences;
	const struct ruleset_set *absent; /* the last set that did not have it */
	bool asked;			  /* the kernel has answered */
};

/* --- one step ------------------------------------------------------------------------------------ */

static const char *or_nobody(const char *backend)
{
	return backend ? backend : "nobody";
}

static const char *service_text(const struct walk_frame *f, char buf[static SERVICE_TEXT])
{
	char address[ADDR_TEXT];

	snprintf(buf, SERVICE_TEXT, f->vip.family == AF_INET6 ? "[%s]:%u %s" : "%s:%u %s",
		 addr_format(&f->vip, address), f->port,
		 f->protocol == IPPROTO_UDP ? "udp" : "tcp");
	return buf;
}

static const char *hashed_fields(enum ruleset_key key)
{
	return key == KEY_PEER || key == KEY_PEER6 ? "address and port of the client"
	       : key == KEY_CLIENT || key == KEY_CLIENT6
		       ? "the client's address, as persistence has it"
		       : "the client's address";
}

static bool of_hash(const struct walk_step *s, char text[static TEXT])
{
	if (s->needs_port)
		snprintf(text, TEXT,
			 "a hash of address and port of the client: the port is not given");
	else
		snprintf(text, TEXT, "hash of %s, seed 0x%x, is 0x%08x: %u of %u in %s is %s",
			 hashed_fields(s->statement->key), s->statement->seed, s->hash, s->bucket,
			 s->statement->number, s->set->name, or_nobody(s->backend));
	return true;
}

/* Of a table that the packet path fills. */
static bool of_memory(struct account *a, const struct walk_step *s, char text[static TEXT])
{
	if (s->known == WALK_PRESENT) {
		snprintf(text, TEXT, "%s has it: %s, for %" PRIu64 " s more", s->set->name,
			 s->backend ? s->backend : "a backend that is gone", s->expires_ms / 1000);
		return true;
	}
	if (a->absent == s->set) /* a rule before has asked the same */
		return false;
	a->absent = s->set;
	if (s->needs_port)
		snprintf(text, TEXT,
			 "%s cannot be asked without the client's port: taken for not there",
			 s->set->name);
	else
		snprintf(text, TEXT, "%s %s", s->set->name,
			 s->known == WALK_ABSENT ? "does not have it"
						 : "cannot be asked: taken for not there");
	return true;
}

static bool of_choice(struct account *a, const struct walk_step *s, char text[static TEXT])
{
	if (!s->set)
		return false;
	switch (s->statement->by) {
	case BY_HASH: return of_hash(s, text);
	case BY_TURN:
		snprintf(text, TEXT, "the next of %u slots of %s in turn, which cannot be foretold",
			 s->statement->number, s->set->name);
		return true;
	case BY_RANDOM:
		snprintf(text, TEXT, "one of %u slots of %s by chance, which cannot be foretold",
			 s->statement->number, s->set->name);
		return true;
	case BY_KEY:
		if (ruleset_kind_is_dynamic(s->set->kind))
			return of_memory(a, s, text);
		snprintf(text, TEXT, "the configuration gives the client %s (%s)",
			 or_nobody(s->backend), s->set->name);
		return s->holds;
	case BY_MARK:
		snprintf(text, TEXT,
			 s->holds ? "MAC addresses of %s from %s"
				  : "%s is not in service: %s does not have it",
			 s->backend ? s->backend : "its backend", s->set->name);
		return true;
	}
	return false;
}

static bool of_source(const struct walk_step *s, char text[static TEXT])
{
	bool address = s->statement->key == KEY_VIP || s->statement->key == KEY_VIP6;

	snprintf(text, TEXT, "the %s is %sin %s", address ? "address" : "client",
		 s->statement->negate ? "not " : "", s->set ? s->set->name : "");
	return s->set && s->holds;
}

static bool of_change(const struct walk_step *s, const char *what, char text[static TEXT])
{
	snprintf(text, TEXT, "%s %s", what, s->r->sets[s->statement->set].name);
	return s->holds;
}

static bool of_end(const struct walk_step *s, const char *what, char text[static TEXT])
{
	const char *why = s->chain->rules[s->rule - 1].comment;

	snprintf(text, TEXT, "%s%s%s", what, why ? ": " : "", why ? why : "");
	return true;
}

/* False: nothing that is worth a line. */
static bool step_text(struct account *a, const struct walk_step *s, char text[static TEXT])
{
	const struct ruleset_statement *st = s->statement;
	char buf[SERVICE_TEXT];

	switch (st->kind) {
	case ST_TO_SERVICE:
	case ST_IS_SERVICE:
		snprintf(text, TEXT, "%s is a farm's", service_text(a->frame, buf));
		return s->holds;
	case ST_MACS:
	case ST_MARK: return of_choice(a, s, text);
	case ST_SOURCE_IN: return of_source(s, text);
	case ST_SOURCE_RATE:
	case ST_RATE:
		snprintf(text, TEXT, "at most %u new connections a second%s: taken to be within it",
			 st->number, st->kind == ST_RATE ? "" : " of one client");
		return true;
	case ST_MARK_IN:
		snprintf(text, TEXT, "its backend leaves and gets no new connections");
		return s->holds;
	case ST_MACS_ARE:
		snprintf(text, TEXT, "to the other director, whose kernel may know it");
		return true;
	case ST_ADD: return of_change(s, "is remembered in", text);
	case ST_UPDATE: return of_change(s, "is refreshed in", text);
	case ST_DELETE: return of_change(s, "is forgotten in", text);
	case ST_FORWARD: snprintf(text, TEXT, "sent out of %s", st->text); return true;
	case ST_FORWARD_BY_MAC: return of_change(s, "sent out of the interface of", text);
	case ST_ACCEPT: return of_end(s, "goes on to the host", text);
	case ST_DROP: return of_end(s, "dropped", text);
	case ST_RESET: return of_end(s, "answered with a reset", text);
	case ST_REJECT: return of_end(s, "answered with \"port unreachable\"", text);
	case ST_FOR_US:
	case ST_NOT_FOR_OTHERS:
	case ST_LOOPED_BY_PEER:
	case ST_FROM_OTHERS:
	case ST_WHOLE:
	case ST_LATER_FRAGMENT:
	case ST_FIRST_FRAGMENT:
	case ST_LATER6:
	case ST_PROTOCOL:
	case ST_ND:
	case ST_OCTET:
	case ST_OCTET_ABOVE:
	case ST_TOO_MANY:
	case ST_TCP_FLAGS:
	case ST_TCP:
	case ST_RECORD:
	case ST_NOTE:
	case ST_NOTE_COUNT:
	case ST_LOG:
	case ST_COUNTER:
	case ST_COPY:
	case ST_GOTO: return false;
	}
	return false;
}

static void print_difference(FILE *out, const struct walk_step *s)
{
	fprintf(out, "difference set %s: ", s->set->name);
	if (s->statement->by == BY_HASH)
		fprintf(out, "%u ", s->bucket);
	fprintf(out, "is %s, the plan has %s\n",
		s->kernel != WALK_PRESENT ? "missing"
		: s->kernel_backend	  ? s->kernel_backend
					  : "something else",
		s->backend ? s->backend : "it otherwise");
}

static void tell(void *owner, const struct walk_step *s)
{
	struct account *a = owner;
	char text[TEXT];

	a->asked |= s->kernel != WALK_UNKNOWN;
	if (step_text(a, s, text))
		fprintf(a->steps, "step %s %zu %s\n", s->chain->name, s->rule, text);
	if (s->kernel_differs)
		print_difference(a->differences, s);
}

/* --- the whole ------------------------------------------------------------------------------------ */

static bool serves(const struct ruleset *r, const struct walk_frame *f)
{
	size_t len = addr_len(&f->vip);

	for (size_t i = 0; i < r->n_sets; i++) {
		const struct ruleset_set *set = &r->sets[i];

		if (set->kind != (f->vip.family == AF_INET6 ? SET_SERVICES6 : SET_SERVICES))
			continue;
		for (size_t k = 0; k < set->n_elements; k++)
			if (memcmp(set->elements[k].key, f->vip.bytes, len) == 0)
				return true;
	}
	return false;
}

static void note_nobody(FILE *out, const struct ruleset *r, const struct walk_frame *f)
{
	char service[SERVICE_TEXT], address[ADDR_TEXT];

	if (serves(r, f))
		fprintf(out, "note no farm serves %s\n", service_text(f, service));
	else
		fprintf(out, "note %s is no address of a farm that is planned here\n",
			addr_format(&f->vip, address));
}

static bool has_chain(const struct ruleset *r, const char *prefix, const char *farm)
{
	char name[2 * RULESET_NAME];

	snprintf(name, sizeof(name), "%s-%s", prefix, farm);
	return ruleset_find_chain(r, name) >= 0;
}

/* What is no whole packet of a connection. */
static void note_others(FILE *out, const struct ruleset *r, const struct walk_frame *f,
			const char *farm)
{
	bool ipv6 = f->vip.family == AF_INET6;

	fputs("note no rule looks at the TTL or lowers it: 1 is enough\n", out);
	if (!ipv6 && has_chain(r, "first", farm))
		fprintf(out,
			"note a first fragment goes by first-%s as here; later ones follow it for "
			"2 s, without it they go by the farm's fragments\n",
			farm);
	else if (ipv6)
		fputs("note fragments other than the first one cannot follow it\n", out);
	if (has_chain(r, ipv6 ? "errors6" : "errors", farm))
		fprintf(out, "note ICMP errors about its answers go by errors%s-%s\n",
			ipv6 ? "6" : "", farm);
}

/* Of the farm, as new connections go: a bucket on its way leads elsewhere than the chooser has it. */
static void print_shares(FILE *out, const struct ruleset *r, const char *farm)
{
	const struct ruleset_set *set = export_chooser(r, farm);
	uint32_t counts[CONFIG_BACKENDS_MAX];

	export_count(r, farm, ruleset_farm_sets(r, farm, 0), counts);
	for (size_t i = 0; set && set->owners && i < set->n_names; i++)
		if (counts[i])
			fprintf(out, "share %s %u\n", set->names[i], counts[i]);
}

static void print_result(FILE *out, const struct ruleset *r, const struct walk_result *w)
{
	char mac[MAC_TEXT];

	fprintf(out, "end %s\n", ends[w->end]);
	if (w->farm[0])
		fprintf(out, "farm %s\n", w->farm);
	if (w->end == WALK_SENT && w->backend)
		fprintf(out, "backend %s\n", w->backend);
	if (w->end == WALK_SENT)
		fprintf(out, "mac %s\n", mac_format(&w->to, mac));
	if (w->end == WALK_SENT && w->interface[0])
		fprintf(out, "interface %s\n", w->interface);
	if (w->end == WALK_DROPPED && w->reason)
		fprintf(out, "reason %s\n", w->reason);
	if (w->hashed)
		fprintf(out, "hash %u %u %u\n", w->hash, w->bucket, w->chooser->size);
	if (w->chooser)
		print_shares(out, r, w->farm);
	if (w->remembered)
		fputs("remembered\n", out);
	if (w->pinned)
		fputs("pinned\n", out);
}

/* Of segments of a connection that is older than what is remembered, when they go another way. */
static void note_older(FILE *out, const struct walk_result *told, const struct walk_result *older)
{
	const char *a = told->backend ? told->backend : "",
		   *b = older->backend ? older->backend : "";

	if (told->end == older->end && strcmp(a, b) == 0)
		return;
	if (older->end == WALK_SENT)
		fprintf(out,
			"note told of a new connection; other segments that no table knows go to "
			"%s\n",
			older->backend ? older->backend : "the other director");
	else if (older->end == WALK_PORT)
		fputs("note told of a new connection; where segments that no table knows go "
		      "depends "
		      "on the client's port\n",
		      out);
	else
		fputs("note told of a new connection; other segments that no table knows go "
		      "another "
		      "way\n",
		      out);
}

/* One walk with what is written of it. */
struct told {
	struct walk_result result;
	char *steps, *differences;
	bool asked;
};

static int go(struct told *t, const struct ruleset *r, const struct walk_frame *frame,
	      const struct walk_ops *ops)
{
	struct account a = {.frame = frame};
	const struct walk_ops mine = {
		.ask = ops->ask, .owner = ops->owner, .tell = tell, .listener = &a};
	size_t size;

	a.steps = open_memstream(&t->steps, &size);
	a.differences = a.steps ? open_memstream(&t->differences, &size) : NULL;
	if (a.differences)
		t->result = walk(r, frame, &mine);
	t->asked = a.asked;
	if (a.steps)
		fclose(a.steps);
	if (a.differences)
		fclose(a.differences);
	return a.differences ? 0 : -ENOMEM;
}

int explain_print(FILE *out, const struct ruleset *r, const struct walk_frame *frame,
		  const struct walk_ops *ops)
{
	struct walk_frame f = *frame;
	struct told as_known = {0}, as_new = {0}, *told = &as_known;
	bool tcp = f.protocol == IPPROTO_TCP;
	int code;

	f.flags = tcp ? TCP_ACK : 0;
	code = go(&as_known, r, &f, ops);
	if (code == 0 && tcp && !as_known.result.remembered) {
		f.flags = TCP_SYN;
		told = &as_new;
		code = go(&as_new, r, &f, ops);
	}
	if (code == 0) {
		print_result(out, r, &told->result);
		fprintf(out, "%s%s", told->steps, told->differences);
		if (told->asked)
			fputs("kernel asked\n", out);
		if (!told->result.farm[0])
			note_nobody(out, r, &f);
		else
			note_others(out, r, &f, told->result.farm);
		if (told == &as_new)
			note_older(out, &as_new.result, &as_known.result);
	}
	free(as_known.steps);
	free(as_known.differences);
	free(as_new.steps);
	free(as_new.differences);
	return code;
}
