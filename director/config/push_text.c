/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/config/push_text.h"

#include "director/config/keywords.h"
#include "director/config/source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const kinds[] = {"vrrp", "farm"};

enum {
	KINDS = sizeof(kinds) / sizeof(kinds[0]),
	PUSH_SECTIONS_MAX = CONFIG_FARMS_MAX + CONFIG_VRRPS_MAX + 16, /* those that stand once */
};

static const char *kind_of(const struct source *s, const struct source_section *x)
{
	return s->words[x->first].text;
}

static const char *title_of(const struct source *s, const struct source_section *x)
{
	return s->words[x->first + 1].text;
}

static bool is_kind(const struct source *s, const struct source_section *x, size_t kind)
{
	return strcmp(kind_of(s, x), kinds[kind]) == 0;
}

static bool is_brought(const struct source *s, const struct source_section *x)
{
	return is_kind(s, x, 0) || is_kind(s, x, 1);
}

static const struct source_section *find(const struct source *s, const char *kind,
					 const char *title)
{
	for (size_t i = 0; i < s->n_sections; i++)
		if (strcmp(kind_of(s, &s->sections[i]), kind) == 0 &&
		    strcmp(title_of(s, &s->sections[i]), title) == 0)
			return &s->sections[i];
	return NULL;
}

/* The section of another source that has this one's kind and title; NULL: there is none. */
static const struct source_section *same_in(const struct source *other, const struct source *s,
					    const struct source_section *x)
{
	return find(other, kind_of(s, x), title_of(s, x));
}

/* --- as one text ------------------------------------------------------------------------------- */

static void print_brought(const struct source *s, FILE *out)
{
	size_t word = 0;

	for (size_t i = 0; i < s->n_sections; i++) {
		const struct source_section *x = &s->sections[i];

		if (!is_brought(s, x))
			continue;
		if (x->first > word)
			source_print_words(s, word, x->first, out);
		fwrite(x->text, 1, x->len, out);
		putc('\n', out);
		word = x->end;
	}
	if (word < s->n_words)
		source_print_words(s, word, s->n_words, out);
}

int push_text_make(const char *path, char **ret, size_t *ret_len, struct err *err)
{
	struct source s;
	FILE *out;
	int code;

	*ret = NULL;
	source_init(&s, err);
	s.keep_sections = true;
	source_file(&s, path);
	out = open_memstream(ret, ret_len);
	if (out)
		print_brought(&s, out);
	if (!out || fclose(out) != 0)
		source_no_memory(&s);
	code = s.code;
	source_close(&s);
	if (code < 0) {
		free(*ret);
		*ret = NULL;
	}
	return code;
}

/* --- what no push changes ---------------------------------------------------------------------- */

/* A file that is opened, what is run, and what other nodes are believed by. In any section: of that name. */
static bool is_guarded(const char *name)
{
	static const char *const others[] = {"command", "auth-key-id", "auth-mode"};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strcmp(name, others[i]) == 0)
			return true;
	for (int i = 0; i < N_SECTIONS; i++) {
		const struct keyword *k = keyword_find((enum config_section)i, name);

		if (k && k->type == KEYWORD_PATH)
			return true;
	}
	return false;
}

/* Values one by one: of keys that are guarded, and the names of files among others. */
struct guard {
	const struct source *s;
	size_t at, end;
	const char *key;
	bool guarded;
};

static struct guard guard_of(const struct source *s, const struct source_section *x)
{
	return (struct guard){.s = s, .at = x ? x->first : 0, .end = x ? x->end : 0, .key = ""};
}

/* The next value; NULL: there is none. */
static const char *guard_next(struct guard *g)
{
	for (; g->at < g->end; g->at++) {
		const struct word *w = &g->s->words[g->at];

		if (w->kind == WORD_MARK)
			continue;
		if (!word_is_value(g->s, g->at)) {
			g->key = w->text;
			g->guarded = is_guarded(w->text);
		} else if (g->guarded || w->text[0] == '@') {
			g->at++;
			return w->text;
		}
	}
	return NULL;
}

/* The first value of a key; "": there is none. */
static const char *value_of(const struct source *s, const struct source_section *x, const char *key)
{
	for (size_t i = x->first; i + 1 < x->end; i++)
		if (!word_is_value(s, i) && strcmp(s->words[i].text, key) == 0)
			for (i++; i < x->end; i++)
				if (word_is_value(s, i))
					return s->words[i].text;
	return "";
}

/* Where adverts are authenticated they are those of one virtual router: another one could have its id then. */
static int look_at_router(const struct source *theirs, const struct source_section *x,
			  const struct source *own, const struct source_section *y,
			  const char *path, struct err *err)
{
	static const char *const keys[] = {"interface", "virtual-router-id"};

	for (size_t i = 0; i < 2 && value_of(own, y, "auth-mode")[0]; i++)
		if (strcmp(value_of(theirs, x, keys[i]), value_of(own, y, keys[i])) != 0)
			return err_set(err, -EPERM,
				       "%s \"%.40s\": %s is not what it is in %.120s, and a push "
				       "changes no virtual router that is authenticated; change it "
				       "there by hand first",
				       kind_of(theirs, x), title_of(theirs, x), keys[i], path);
	return 0;
}

static int look_at(const struct source *theirs, const struct source_section *x,
		   const struct source *own, const char *path, struct err *err)
{
	const struct source_section *y = same_in(own, theirs, x);
	struct guard g = guard_of(theirs, x), h = guard_of(own, y);
	const char *a, *b;

	do {
		a = guard_next(&g);
		b = guard_next(&h);
		if (a && b ? strcmp(g.key, h.key) == 0 && strcmp(a, b) == 0 : a == b)
			continue;
		return err_set(
			err, -EPERM,
			"%s \"%.40s\": %.40s is not what it is in %.120s, and a push changes "
			"no command, no file that is opened and no authentication; change it "
			"there by hand first",
			kind_of(theirs, x), title_of(theirs, x), a ? g.key : h.key, path);
	} while (a);
	return y ? look_at_router(theirs, x, own, y, path, err) : 0;
}

/* Under another name it would come back without them: what is guarded goes by hand. */
static int look_for(const struct source *own, const struct source_section *x,
		    const struct source *theirs, const char *path, struct err *err)
{
	struct guard g = guard_of(own, x);

	if (same_in(theirs, own, x) || !guard_next(&g))
		return 0;
	return err_set(err, -EPERM,
		       "%s \"%.40s\" would go with its %.40s, and a push takes away no command, no "
		       "file that is opened and no authentication; remove it from %.120s by hand "
		       "first",
		       kind_of(own, x), title_of(own, x), g.key, path);
}

/* Outside of those sections no file is named by a value with "@", so none is read. */
static int look_outside(const struct source *theirs, struct err *err)
{
	size_t section = 0;

	for (size_t i = 0; i < theirs->n_words; i++) {
		while (section < theirs->n_sections &&
		       (!is_brought(theirs, &theirs->sections[section]) ||
			theirs->sections[section].end <= i))
			section++;
		if (section < theirs->n_sections && theirs->sections[section].first <= i)
			continue;
		if (theirs->words[i].text[0] == '@')
			return err_set(err, -EPERM, "it names a file where none is named");
	}
	return 0;
}

static int look(const struct source *theirs, const struct source *own, const char *path,
		struct err *err)
{
	int code = look_outside(theirs, err);

	for (size_t i = 0; code == 0 && i < theirs->n_sections; i++)
		if (is_brought(theirs, &theirs->sections[i]))
			code = look_at(theirs, &theirs->sections[i], own, path, err);
	for (size_t i = 0; code == 0 && i < own->n_sections; i++)
		if (is_brought(own, &own->sections[i]))
			code = look_for(own, &own->sections[i], theirs, path, err);
	return code;
}

/* --- one in the other -------------------------------------------------------------------------- */

struct merging {
	const struct source *own, *theirs;
	const char *path, *text; /* of the own file */
	FILE *out;
	struct err *err;
	bool reordered[KINDS]; /* those that both have are in another order */
	size_t next[KINDS];    /* of theirs, in its sections */
	size_t left[KINDS];    /* of our own that are still to come */
};

static bool same_words(const struct source *a, const struct source_section *x,
		       const struct source *b, const struct source_section *y)
{
	if (x->end - x->first != y->end - y->first)
		return false;
	for (size_t i = 0; i < x->end - x->first; i++)
		if (a->words[x->first + i].kind != b->words[y->first + i].kind ||
		    strcmp(a->words[x->first + i].text, b->words[y->first + i].text) != 0)
			return false;
	return true;
}

/* From there on, of that kind, that the other one has, too. */
static size_t next_of_both(const struct source *s, size_t at, size_t kind,
			   const struct source *other)
{
	while (at < s->n_sections &&
	       (!is_kind(s, &s->sections[at], kind) || !same_in(other, s, &s->sections[at])))
		at++;
	return at;
}

static bool is_reordered(const struct source *a, const struct source *b, size_t kind)
{
	size_t i = next_of_both(a, 0, kind, b), k = next_of_both(b, 0, kind, a);

	while (i < a->n_sections && k < b->n_sections) {
		if (strcmp(title_of(a, &a->sections[i]), title_of(b, &b->sections[k])) != 0)
			return true;
		i = next_of_both(a, i + 1, kind, b);
		k = next_of_both(b, k + 1, kind, a);
	}
	return false;
}

/* It stands in a file that ours includes, and stays there. */
static bool is_included(const struct merging *m, const struct source_section *x)
{
	const struct source_section *y = same_in(m->own, m->theirs, x);

	return y && y->included;
}

/* Theirs of a kind, up to that one; NULL: all that are left. A blank line between two. How many. */
static size_t put_theirs(struct merging *m, size_t kind, const struct source_section *end,
			 bool behind)
{
	const struct source *s = m->theirs;
	size_t n = 0;

	for (; m->next[kind] < s->n_sections && &s->sections[m->next[kind]] != end;
	     m->next[kind]++) {
		const struct source_section *x = &s->sections[m->next[kind]];

		if (!is_kind(s, x, kind) || is_included(m, x))
			continue;
		n++;
		if (behind)
			fputs("\n\n", m->out);
		fwrite(x->text, 1, x->len, m->out);
		if (!behind)
			fputs("\n\n", m->out);
	}
	return n;
}

/* What stands in the place of one of our own. */
static void put_in_place(struct merging *m, size_t kind, const struct source_section *x)
{
	const struct source_section *y = same_in(m->theirs, m->own, x);
	bool first = m->next[kind] == 0;

	if (m->reordered[kind]) {
		if (first)
			put_theirs(m, kind, NULL, false);
		m->next[kind] = m->theirs->n_sections;
		return;
	}
	if (y) {
		put_theirs(m, kind, y, false);
		if (same_words(m->own, x, m->theirs, y))
			fwrite(x->text, 1, x->len, m->out);
		else
			fwrite(y->text, 1, y->len, m->out);
		m->next[kind]++;
	}
	if (m->left[kind] == 0)
		put_theirs(m, kind, NULL, y != NULL);
}

static int put_section(struct merging *m, const struct source_section *x, size_t *at)
{
	size_t kind = is_kind(m->own, x, 0) ? 0 : 1;
	const struct source_section *y = same_in(m->theirs, m->own, x);

	m->left[kind]--;
	if (x->included && (!y || !same_words(m->own, x, m->theirs, y)))
		return err_set(m->err, -EXDEV,
			       "%s \"%.40s\" stands in %.120s, and a push changes what stands in "
			       "%.120s itself alone",
			       kinds[kind], title_of(m->own, x), m->own->words[x->first].file,
			       m->path);
	if (x->included)
		return 0;
	fwrite(m->text + *at, 1, x->at - *at, m->out);
	put_in_place(m, kind, x);
	*at = x->at + x->len;
	return 0;
}

static int merge(struct merging *m, size_t len)
{
	const struct source *own = m->own;
	size_t at = 0;
	int code = 0;

	for (size_t kind = 0; kind < KINDS; kind++) {
		m->reordered[kind] = is_reordered(own, m->theirs, kind);
		for (size_t i = 0; i < own->n_sections; i++)
			m->left[kind] += is_kind(own, &own->sections[i], kind);
	}
	for (size_t i = 0; code == 0 && i < own->n_sections; i++)
		if (is_brought(own, &own->sections[i]))
			code = put_section(m, &own->sections[i], &at);
	if (code < 0)
		return code;
	fwrite(m->text + at, 1, len - at, m->out);
	if (len > 0 && m->text[len - 1] != '\n')
		putc('\n', m->out);
	for (size_t kind = 0; kind < KINDS; kind++)
		if (put_theirs(m, kind, NULL, true) > 0)
			putc('\n', m->out);
	return 0;
}

void push_merge_clear(struct push_merge *m)
{
	free(m->own);
	free(m->kept);
	free(m->merged);
	*m = (struct push_merge){0};
}

static int print_merged(struct merging *m, struct push_merge *ret)
{
	FILE *kept = open_memstream(&ret->kept, &ret->kept_len);
	int code;

	m->out = open_memstream(&ret->merged, &ret->merged_len);
	code = kept && m->out ? merge(m, ret->own_len) : -ENOMEM;
	if (kept)
		source_print(m->own, kept);
	if (kept && fclose(kept) != 0)
		code = -ENOMEM;
	if (m->out && fclose(m->out) != 0)
		code = -ENOMEM;
	return code == -ENOMEM ? err_set(m->err, code, "there is no memory for it") : code;
}

int push_merge(const char *path, const char *text, size_t len, struct push_merge *ret,
	       struct err *err)
{
	struct source own, theirs;
	struct merging m = {.own = &own, .theirs = &theirs, .path = path, .err = err};
	int code;

	*ret = (struct push_merge){0};
	source_init(&own, err);
	source_init(&theirs, err);
	own.keep_sections = theirs.keep_sections = theirs.no_includes = true;
	source_text(&theirs, "what is pushed", text, len);
	code = theirs.code;
	if (code == 0 && theirs.n_sections > PUSH_SECTIONS_MAX)
		code = err_set(err, -E2BIG, "it has %zu sections, more than there can be",
			       theirs.n_sections);
	if (code == 0) {
		source_file_text(&own, path, &ret->own, &ret->own_len);
		code = own.code;
	}
	m.text = ret->own;
	if (code == 0)
		code = look(&theirs, &own, path, err);
	if (code == 0)
		code = print_merged(&m, ret);
	source_close(&own);
	source_close(&theirs);
	if (code < 0)
		push_merge_clear(ret);
	return code;
}
