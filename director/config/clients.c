/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/config/clients.h"

#include "director/config/text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { LINE_SHOWN = 60 }; /* of a line that is no prefix: it may be anything */

/* One list on its way into ranges. */
struct reader {
	struct source *s;
	const char *key;
	const struct config_farm *farm;
	struct addr_range *ranges;
	size_t n, room;
	bool failed;
};

static void add(struct reader *r, const struct prefix *p, size_t word, const char *file, int line)
{
	if (r->n == CONFIG_CLIENTS_MAX) {
		source_mistake_in(r->s, word, file, line,
				  "more than %d prefixes in %s of farm \"%s\"", CONFIG_CLIENTS_MAX,
				  r->key, r->farm->name);
		r->failed = true;
		return;
	}
	if (r->n == r->room) {
		size_t room = r->room ? 2 * r->room : 16;
		struct addr_range *more = reallocarray(r->ranges, room, sizeof(*more));

		if (!more) {
			source_no_memory(r->s);
			r->failed = true;
			return;
		}
		r->ranges = more;
		r->room = room;
	}
	r->ranges[r->n++] = prefix_range(p);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool is_plain(const char *at, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (at[i] < 0x20 || at[i] > 0x7e)
			return false;
	return true;
}

/* One line of a file, without its comment. */
static void read_line(struct reader *r, const char *at, size_t len, size_t word, const char *file,
		      int line)
{
	char text[PREFIX_TEXT];
	struct prefix p;

	while (len > 0 && is_blank(at[0])) {
		at++;
		len--;
	}
	while (len > 0 && is_blank(at[len - 1]))
		len--;
	if (len == 0)
		return;
	if (len < sizeof(text) && is_plain(at, len)) {
		memcpy(text, at, len);
		text[len] = '\0';
		if (prefix_parse(text, &p) == 0 && prefix_rest_is(&p, false)) {
			add(r, &p, word, file, line);
			return;
		}
	}
	r->failed = true;
	if (is_plain(at, len < LINE_SHOWN ? len : LINE_SHOWN))
		source_mistake_in(r->s, word, file, line,
				  "a line must be a prefix, like \"192.0.2.0/24\", not \"%.*s%s\"",
				  (int)(len < LINE_SHOWN ? len : LINE_SHOWN), at,
				  len > LINE_SHOWN ? "..." : "");
	else
		source_mistake_in(
			r->s, word, file, line,
			"a line must be a prefix, like \"192.0.2.0/24\", not bytes that are "
			"no text");
}

static void read_list(struct reader *r, const char *path, size_t word)
{
	char *text = NULL;
	const char *at, *end;
	size_t len = 0;

	if (source_read(r->s, word, "read the list", path, &text, &len) < 0) {
		r->failed = true;
		return;
	}
	at = text;
	end = text + len;
	for (int line = 1; at < end && !r->failed; line++) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		const char *comment;

		if (!stop)
			stop = end;
		comment = memchr(at, '#', (size_t)(stop - at));
		read_line(r, at, (size_t)((comment ? comment : stop) - at), word, path, line);
		at = stop + 1;
	}
	free(text);
}

/* Merges, and splits by family. */
static void finish(struct reader *r, struct config_clients *ret)
{
	size_t n = r->ranges ? addr_range_merge(r->ranges, r->n) : 0, n_v4 = 0;

	while (n_v4 < n && r->ranges[n_v4].first.family == AF_INET)
		n_v4++;
	ret->v4 = pool_take(&r->s->kept, n_v4, sizeof(*ret->v4));
	ret->v6 = pool_take(&r->s->kept, n - n_v4, sizeof(*ret->v6));
	if (!ret->v4 || !ret->v6) {
		source_no_memory(r->s);
		return;
	}
	ret->n_v4 = n_v4;
	ret->n_v6 = n - n_v4;
	if (n > 0) {
		memcpy(ret->v4, r->ranges, n_v4 * sizeof(*ret->v4));
		memcpy(ret->v6, r->ranges + n_v4, (n - n_v4) * sizeof(*ret->v6));
	}
}

static void read_clients(struct source *s, const struct config_farm *farm, const char *key,
			 const char *const *texts, size_t n, struct config_clients *ret)
{
	struct reader r = {.s = s, .key = key, .farm = farm};

	for (size_t i = 0; i < n && !r.failed; i++) {
		const struct word *w = source_word_of(s, &texts[i]);
		size_t word = source_order(s, &texts[i]);
		struct prefix p;

		if (texts[i][0] == '@')
			read_list(&r, texts[i] + 1, word);
		else if (w && prefix_parse(texts[i], &p) == 0)
			add(&r, &p, word, w->file, w->line);
	}
	if (!r.failed && n > 0)
		finish(&r, ret);
	free(r.ranges);
}

void config_read_clients(struct source *s, struct config *c)
{
	for (size_t i = 0; i < c->n_farms; i++) {
		struct config_farm *f = &c->farms[i];

		read_clients(s, f, "allow", f->allow, f->n_allow, &f->allowed);
		read_clients(s, f, "deny", f->deny, f->n_deny, &f->denied);
		if (!s->mistaken && f->n_allow > 0 && f->allowed.n_v4 + f->allowed.n_v6 == 0)
			source_mistake_at(
				s, &f->allow[0],
				"allow of farm \"%s\" has no prefix: nobody would be allowed",
				f->name);
	}
}
