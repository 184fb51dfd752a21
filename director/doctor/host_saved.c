/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/doctor/host_saved.h"

#include "director/ruleset/ruleset.h"

#include <stdbool.h>
#include <string.h>

struct reading {
	const char *at, *end;
	int line;
};

struct word {
	const char *text;
	size_t len;
	bool quoted;
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\\';
}

/* Signs that are words of their own. */
static bool is_sign(char c)
{
	return c == '{' || c == '}' || c == ';' || c == ',' || c == '=';
}

static char step(struct reading *r)
{
	char c = *r->at++;

	if (c == '\n')
		r->line++;
	return c;
}

static void skip_blank(struct reading *r)
{
	while (r->at < r->end && (is_space(*r->at) || *r->at == '#')) {
		bool comment = *r->at == '#';

		while (comment && r->at < r->end && *r->at != '\n')
			r->at++;
		if (r->at < r->end)
			step(r);
	}
}

/* A text in quotation marks may hold anything but a line's end. */
static void quoted_word(struct reading *r, struct word *ret)
{
	r->at++;
	*ret = (struct word){.text = r->at, .quoted = true};
	while (r->at < r->end && *r->at != '"' && *r->at != '\n')
		r->at++;
	ret->len = (size_t)(r->at - ret->text);
	if (r->at < r->end && *r->at == '"')
		r->at++;
}

static bool next_word(struct reading *r, struct word *ret)
{
	skip_blank(r);
	if (r->at == r->end)
		return false;
	if (*r->at == '"') {
		quoted_word(r, ret);
		return true;
	}
	*ret = (struct word){.text = r->at};
	if (is_sign(*r->at))
		r->at++;
	else
		while (r->at < r->end && !is_space(*r->at) && !is_sign(*r->at) && *r->at != '"' &&
		       *r->at != '#')
			r->at++;
	ret->len = (size_t)(r->at - ret->text);
	return true;
}

static bool is(const struct word *w, const char *text)
{
	return !w->quoted && w->len == strlen(text) && memcmp(w->text, text, w->len) == 0;
}

static void add_include(struct host_saved *s, const struct word *w)
{
	if (!w->quoted || w->len == 0 || w->len >= HOST_PATH || s->n_includes == HOST_INCLUDES_MAX)
		return;
	memcpy(s->includes[s->n_includes], w->text, w->len);
	s->includes[s->n_includes++][w->len] = '\0';
}

void host_saved_read(const char *text, size_t len, struct host_saved *ret)
{
	struct reading r = {.at = text, .end = text + len, .line = 1};
	struct word before = {0}, w;

	memset(ret, 0, sizeof(*ret));
	while (next_word(&r, &w)) {
		if (is(&before, "include"))
			add_include(ret, &w);
		if (ret->line == 0 && is(&before, "netdev") &&
		    (is(&w, RULESET_TABLE) || is(&w, RULESET_STRAGGLERS)))
			ret->line = r.line;
		before = w;
	}
}
