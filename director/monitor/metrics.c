/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/monitor/metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_SIZE = 16384, NUMBER_TEXT = 40, LABELS = 4, THOUSAND = 1000, MILLION = 1000000 };

/* Of a hundred thousand backends there are a million lines: stdio would take most of the time. */
struct page {
	char *text;
	size_t len, size;
	bool full; /* there was no memory */
	const struct metric_family *family;
	bool headed; /* the lines of the family in front of its samples are there */
};

/* Whom samples are of: its struct, and the labels that tell it from others of its kind. */
struct subject {
	const void *base;
	const char *label[LABELS]; /* NULL: there are fewer */
	const char *value[LABELS];
};

const char *metric_type_name(enum metric_type type)
{
	switch (type) {
	case METRIC_GAUGE: return "gauge";
	case METRIC_COUNTER: return "counter";
	case METRIC_HISTOGRAM: return "histogram";
	}
	return "untyped";
}

/* --- text --------------------------------------------------------------------------------------- */

static bool make_room(struct page *p, size_t n)
{
	size_t size = p->size ? p->size : FIRST_SIZE;
	char *text;

	while (size < p->len + n)
		size *= 2;
	text = p->full ? NULL : realloc(p->text, size);
	if (!text) {
		p->full = true;
		return false;
	}
	p->text = text;
	p->size = size;
	return true;
}

static void put(struct page *p, const char *text, size_t n)
{
	if (p->size - p->len < n && !make_room(p, n))
		return;
	memcpy(p->text + p->len, text, n);
	p->len += n;
}

static void put_text(struct page *p, const char *text)
{
	put(p, text, strlen(text));
}

/* Help has a backslash and a newline escaped; a value of a label quotes, too. */
static void put_escaped(struct page *p, const char *text, const char *special)
{
	while (*text) {
		size_t plain = strcspn(text, special);

		put(p, text, plain);
		text += plain;
		if (!*text)
			return;
		put_text(p, "\\");
		put(p, *text == '\n' ? "n" : text, 1);
		text++;
	}
}

/* n parts of one, such as thousandths, exactly; without zeros at the end. Points into buf. */
static const char *number_text(uint64_t n, uint64_t parts, char buf[static NUMBER_TEXT])
{
	uint64_t whole = n / parts, rest = n % parts;
	char *at = &buf[NUMBER_TEXT - 1];

	*at = '\0';
	for (; parts > 1; parts /= 10, rest /= 10)
		if (rest % 10 || *at)
			*--at = (char)('0' + rest % 10);
	if (*at)
		*--at = '.';
	do
		*--at = (char)('0' + whole % 10);
	while (whole /= 10);
	return at;
}

/* --- samples ------------------------------------------------------------------------------------ */

static void put_head(struct page *p)
{
	const struct metric_family *f = p->family;

	if (p->headed)
		return;
	p->headed = true;
	put_text(p, "# HELP ");
	put_text(p, f->name);
	put_text(p, " ");
	put_escaped(p, f->help, "\\\n");
	put_text(p, "\n# TYPE ");
	put_text(p, f->name);
	put_text(p, " ");
	put_text(p, metric_type_name(f->type));
	put_text(p, "\n");
}

static void put_label(struct page *p, bool *any, const char *label, const char *value)
{
	put_text(p, *any ? "," : "{");
	*any = true;
	put_text(p, label);
	put_text(p, "=\"");
	put_escaped(p, value, "\\\"\n");
	put_text(p, "\"");
}

/* Up to the blank before the value. suffix: of the name; label: one more, or NULL. */
static void open_sample(struct page *p, const struct subject *who, const char *suffix,
			const char *label, const char *value)
{
	bool any = false;

	put_head(p);
	put_text(p, p->family->name);
	put_text(p, suffix);
	for (size_t i = 0; i < LABELS && who->label[i]; i++)
		put_label(p, &any, who->label[i], who->value[i]);
	if (label)
		put_label(p, &any, label, value);
	put_text(p, any ? "} " : " ");
}

/* parts: of one, that n is in. */
static void put_value(struct page *p, uint64_t n, uint64_t parts)
{
	char buf[NUMBER_TEXT];

	put_text(p, number_text(n, parts, buf));
	put_text(p, "\n");
}

/* value: of the family's label, or NULL. */
static void put_sample(struct page *p, const struct subject *who, const char *value, uint64_t n)
{
	if (n == STATUS_UNKNOWN)
		return;
	open_sample(p, who, "", value ? p->family->label : NULL, value);
	put_value(p, n, 1);
}

static void put_seconds(struct page *p, const struct subject *who, uint64_t n, uint64_t parts)
{
	if (n == STATUS_UNKNOWN)
		return;
	open_sample(p, who, "", NULL, NULL);
	put_value(p, n, parts);
}

static void put_ratio(struct page *p, const struct subject *who, double ratio)
{
	char text[NUMBER_TEXT];

	snprintf(text, sizeof(text), "%.9g\n", ratio);
	open_sample(p, who, "", NULL, NULL);
	put_text(p, text);
}

static void put_words(struct page *p, const struct subject *who, const char *word)
{
	for (const char *const *w = p->family->words; *w; w++)
		put_sample(p, who, *w, strcmp(*w, word) == 0);
}

static void put_counts(struct page *p, const struct subject *who, const struct status_counts *c)
{
	for (size_t i = 0; i < c->n; i++)
		put_sample(p, who, c->at[i].reason, c->at[i].count);
}

static void put_drops(struct page *p, const struct subject *who, const struct status_farm *f)
{
	for (size_t i = 0; i < f->n_drops; i++)
		put_sample(p, who, f->drops[i].reason, f->drops[i].packets);
}

static void put_tables(struct page *p, const struct subject *who, const struct status_farm *f)
{
	for (size_t i = 0; i < f->n_tables; i++)
		put_sample(p, who, f->tables[i].name,
			   p->family->form == METRIC_TABLE_SIZE ? f->tables[i].size
								: f->tables[i].used);
}

/* A bucket holds what is less late than its end, which is as good as "at most" for a time. */
static void put_latency(struct page *p, const struct subject *who, const struct latency *l)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < LATENCY_BUCKETS; i++) {
		uint64_t end = latency_bucket_end(i);
		char buf[NUMBER_TEXT];

		n += l->buckets[i];
		open_sample(p, who, "_bucket", "le",
			    end == UINT64_MAX ? "+Inf" : number_text(end, MILLION, buf));
		put_value(p, n, 1);
	}
	open_sample(p, who, "_sum", NULL, NULL);
	put_value(p, l->sum_us, MILLION);
	open_sample(p, who, "_count", NULL, NULL);
	put_value(p, n, 1);
}

/* --- families ----------------------------------------------------------------------------------- */

static void put_field(struct page *p, const struct subject *who)
{
	const struct metric_family *f = p->family;
	const void *field = (const char *)who->base + f->at;
	const uint64_t *number = field;
	const uint32_t *small = field;
	const char *text = field;

	switch (f->form) {
	case METRIC_NUMBER: put_sample(p, who, NULL, *number); return;
	case METRIC_SMALL: put_sample(p, who, NULL, *small); return;
	case METRIC_LENGTH: put_sample(p, who, NULL, *(const size_t *)field); return;
	case METRIC_FLAG: put_sample(p, who, NULL, *(const bool *)field); return;
	case METRIC_MS: put_seconds(p, who, *number, THOUSAND); return;
	case METRIC_US: put_seconds(p, who, *number, MILLION); return;
	case METRIC_RATIO: put_ratio(p, who, *(const double *)field); return;
	case METRIC_TEXT: put_sample(p, who, NULL, text[0] != '\0'); return;
	case METRIC_UP: put_sample(p, who, NULL, strcmp(text, "up") == 0); return;
	case METRIC_NAMED: put_sample(p, who, text, 1); return;
	case METRIC_WORD: put_words(p, who, text); return;
	case METRIC_COUNTS: put_counts(p, who, field); return;
	case METRIC_DROPS: put_drops(p, who, who->base); return;
	case METRIC_TABLE_SIZE:
	case METRIC_TABLE_USED: put_tables(p, who, who->base); return;
	case METRIC_LATENCY: put_latency(p, who, field); return;
	}
}

/* A section is one router for each IP version. */
static void of_routers(struct page *p, const struct status *s)
{
	for (size_t i = 0; i < s->n_vrrps; i++) {
		const struct status_vrrp *v = &s->vrrps[i];
		struct subject who = {
			v, {"router", "family"}, {v->name, v->family == 6 ? "ipv6" : "ipv4"}};

		put_field(p, &who);
	}
}

static void of_peers(struct page *p, const struct status *s)
{
	for (size_t i = 0; i < s->n_peers; i++) {
		const struct status_peer *peer = &s->peers[i];
		struct subject who = {peer, {"node"}, {peer->node}};

		if (p->family->of == METRIC_OF_CHANNEL)
			who.base = &peer->channel;
		put_field(p, &who);
	}
}

static void of_claims(struct page *p, const struct status *s)
{
	for (size_t i = 0; i < s->n_claims; i++) {
		const struct status_claim *c = &s->claims[i];
		struct subject who = {c,
				      {"address", "mac", "farm", "backend"},
				      {c->address, c->mac, c->farm, c->backend}};

		put_field(p, &who);
	}
}

static void of_backends(struct page *p, const struct status_farm *f)
{
	for (size_t i = 0; i < f->n_backends; i++) {
		struct subject who = {
			&f->backends[i], {"farm", "backend"}, {f->name, f->backends[i].name}};

		put_field(p, &who);
	}
}

static void of_farms(struct page *p, const struct status *s)
{
	for (size_t i = 0; i < s->n_farms; i++) {
		struct subject who = {&s->farms[i], {"farm"}, {s->farms[i].name}};

		if (p->family->of == METRIC_OF_BACKEND)
			of_backends(p, &s->farms[i]);
		else
			put_field(p, &who);
	}
}

static void put_family(struct page *p, const struct status *s)
{
	struct subject alone = {.base = s}, node = {s, {"node"}, {s->node}};

	switch (p->family->of) {
	case METRIC_OF_DIRECTOR: put_field(p, &alone); return;
	case METRIC_OF_NODE: put_field(p, &node); return;
	case METRIC_OF_ROUTER: of_routers(p, s); return;
	case METRIC_OF_PEER:
	case METRIC_OF_CHANNEL: of_peers(p, s); return;
	case METRIC_OF_CLAIM: of_claims(p, s); return;
	case METRIC_OF_FARM:
	case METRIC_OF_BACKEND: of_farms(p, s); return;
	}
}

char *metrics_print(const struct status *s, size_t *ret_len)
{
	struct page p = {0};

	for (const struct metric_family *f = metric_families; f->name; f++) {
		p.family = f;
		p.headed = false;
		put_family(&p, s);
	}
	if (p.full) {
		free(p.text);
		return NULL;
	}
	*ret_len = p.len;
	return p.text;
}
