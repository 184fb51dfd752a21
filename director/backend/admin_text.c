/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The overrides as the text of a file; see admin.h. What is not as we write it is refused. */
#include "director/backend/admin.h"

#include "include/rd.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_LINE	 "director overrides 1\n"
#define MAINTENANCE_LINE "maintenance\n"
#define LAST_LINE	 "end\n"

enum { DIGITS_MAX = 15 }; /* milliseconds of thirty thousand years */

/* --- out -------------------------------------------------------------------------------------- */

void admin_print(const struct admin *a, FILE *out)
{
	fputs(FIRST_LINE, out);
	if (a->maintenance)
		fputs(MAINTENANCE_LINE, out);
	for (size_t i = 0; i < a->n; i++) {
		const struct admin_entry *e = &a->entries[i];

		fprintf(out, "%s/%s", e->farm, e->backend);
		if (e->has_state)
			fprintf(out, " state %s configured %s", admin_state_name(e->state),
				admin_state_name(e->configured_state));
		if (e->deadline_ms != ADMIN_NEVER)
			fprintf(out, " deadline %" PRIu64 " of %" PRIu64, e->deadline_ms,
				e->drain_ms);
		if (e->has_weight)
			fprintf(out, " weight %u configured %u", e->weight, e->configured_weight);
		if (e->epoch)
			fprintf(out, " epoch %" PRIu64, e->epoch);
		fputc('\n', out);
	}
	fputs(LAST_LINE, out);
}

/* --- in --------------------------------------------------------------------------------------- */

/* One word and the octet that ended it. */
struct token {
	char text[CONFIG_NAME_MAX + 1];
	char end;
};

static bool is_end(uint8_t c)
{
	return c == ' ' || c == '/' || c == '\n';
}

static struct token token(struct rd *r)
{
	struct token t = {0};

	for (size_t n = 0; n < sizeof(t.text); n++) {
		uint8_t c = rd_u8(r);

		if (n && is_end(c)) {
			t.end = (char)c;
			return t;
		}
		if (c <= ' ' || c > '~' || c == '/' || n == sizeof(t.text) - 1)
			break;
		t.text[n] = (char)c;
	}
	r->bad = true;
	return (struct token){0};
}

static void expect(struct rd *r, const char *text, char end)
{
	struct token t = token(r);

	if (strcmp(t.text, text) != 0 || t.end != end)
		r->bad = true;
}

/* A number as we write it, up to max; the octet behind it in *ret_end. */
static uint64_t number(struct rd *r, uint64_t max, char *ret_end)
{
	struct token t = token(r);
	size_t len = strspn(t.text, "0123456789");
	uint64_t value = 0;

	*ret_end = t.end;
	if (!len || len > DIGITS_MAX || t.text[len] || (t.text[0] == '0' && len > 1))
		r->bad = true;
	for (size_t i = 0; i < len && rd_ok(r); i++)
		value = value * 10 + (uint64_t)(t.text[i] - '0');
	if (value > max)
		r->bad = true;
	return value;
}

static enum config_admin_state state(struct rd *r, char *ret_end)
{
	struct token t = token(r);

	*ret_end = t.end;
	for (int s = ADMIN_ENABLED; s <= ADMIN_DISABLED; s++)
		if (strcmp(t.text, admin_state_name((enum config_admin_state)s)) == 0)
			return (enum config_admin_state)s;
	r->bad = true;
	return ADMIN_ENABLED;
}

/* Each returns the octet behind it. */

static char state_part(struct rd *r, struct admin_entry *e)
{
	char end;

	e->has_state = true;
	e->state = state(r, &end);
	r->bad |= end != ' ';
	expect(r, "configured", ' ');
	e->configured_state = state(r, &end);
	return end;
}

static char deadline_part(struct rd *r, struct admin_entry *e)
{
	char end;

	e->deadline_ms = number(r, UINT64_MAX, &end);
	r->bad |= end != ' ';
	expect(r, "of", ' ');
	e->drain_ms = number(r, CONFIG_DEADLINE_MAX_MS, &end);
	r->bad |= e->drain_ms == 0;
	return end;
}

static char weight_part(struct rd *r, struct admin_entry *e)
{
	char end;

	e->has_weight = true;
	e->weight = (uint16_t)number(r, CONFIG_WEIGHT_MAX, &end);
	r->bad |= end != ' ';
	expect(r, "configured", ' ');
	e->configured_weight = (uint16_t)number(r, CONFIG_WEIGHT_MAX, &end);
	return end;
}

/* Parts in their order, each at most once; an override that says nothing has an epoch. */
static void entry(struct rd *r, struct admin_entry *e)
{
	struct token t = token(r);

	snprintf(e->backend, sizeof(e->backend), "%s", t.text);
	e->deadline_ms = ADMIN_NEVER;
	r->bad |= t.end != ' ';
	t = token(r);
	r->bad |= t.end != ' ';
	if (strcmp(t.text, "state") == 0) {
		t.end = state_part(r, e);
		t = t.end == ' ' ? token(r) : (struct token){.end = t.end};
	}
	if (e->has_state && e->state == ADMIN_DRAINING && strcmp(t.text, "deadline") == 0) {
		r->bad |= t.end != ' ';
		t.end = deadline_part(r, e);
		t = t.end == ' ' ? token(r) : (struct token){.end = t.end};
	}
	if (strcmp(t.text, "weight") == 0) {
		r->bad |= t.end != ' ';
		t.end = weight_part(r, e);
		t = t.end == ' ' ? token(r) : (struct token){.end = t.end};
	}
	if (strcmp(t.text, "epoch") == 0) {
		r->bad |= t.end != ' ';
		e->epoch = number(r, SYNC_EPOCH_MAX, &t.end);
		r->bad |= e->epoch == 0;
		t.text[0] = '\0';
	}
	r->bad |= t.text[0] || t.end != '\n';
	r->bad |= e->has_state && e->state == e->configured_state && e->deadline_ms == ADMIN_NEVER;
	r->bad |= e->has_weight && e->weight == e->configured_weight;
}

/* Sorted, so that no backend is there twice. */
static bool in_order(const struct admin *a, const struct admin_entry *e)
{
	const struct admin_entry *last = a->n ? &a->entries[a->n - 1] : NULL;
	int order = last ? strcmp(last->farm, e->farm) : -1;

	return order < 0 || (order == 0 && strcmp(last->backend, e->backend) < 0);
}

static int append(struct admin *a, const struct admin_entry *e)
{
	struct admin_entry *entries;

	if (a->n == ADMIN_MAX || !in_order(a, e))
		return -EBADMSG;
	entries = realloc(a->entries, (a->n + 1) * sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	a->entries = entries;
	a->entries[a->n++] = *e;
	return 0;
}

/* Lines up to the last one, which it takes, too. */
static int body(struct rd *r, struct admin *a, int *line)
{
	for (;; ++*line) {
		struct admin_entry e = {0};
		struct token t = token(r);
		int code;

		if (strcmp(t.text, "end") == 0 && t.end == '\n')
			return rd_left(r) ? -EBADMSG : 0;
		if (strcmp(t.text, "maintenance") == 0 && t.end == '\n' && *line == 2) {
			a->maintenance = true;
			continue;
		}
		snprintf(e.farm, sizeof(e.farm), "%s", t.text);
		r->bad |= t.end != '/';
		entry(r, &e);
		code = rd_ok(r) ? append(a, &e) : -EBADMSG;
		if (code < 0)
			return code;
	}
}

int admin_parse(const uint8_t *bytes, size_t len, struct admin *ret, int *ret_line)
{
	struct rd r = rd_init(bytes, len);
	struct admin a = {0};
	int line = 1, code;

	expect(&r, "director", ' ');
	expect(&r, "overrides", ' ');
	expect(&r, "1", '\n');
	code = rd_ok(&r) && len <= ADMIN_FILE_MAX ? 0 : -EBADMSG;
	if (code == 0) {
		line++;
		code = body(&r, &a, &line);
	}
	if (code < 0) {
		admin_clear(&a);
		*ret_line = line;
		return code;
	}
	*ret = a;
	return 0;
}
