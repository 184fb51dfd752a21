/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Words (source.h) -> tree (grammar.h) -> struct config, then the rules between keys (check.h). Each
 * step looks at what the one before it found in order.
 */
#include "director/config/load.h"

#include "director/config/check.h"
#include "director/config/clients.h"
#include "director/config/defaults.h"
#include "director/config/grammar.h"
#include "director/config/text.h"
#include "director/config/value.h"
#include "include/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void fill(struct source *s, enum config_section id, cfg_t *tree, void *object);

static void *field_of(void *object, const struct keyword *k)
{
	return (char *)object + k->offset;
}

static size_t *count_of(void *object, const struct keyword *k)
{
	return (size_t *)(void *)((char *)object + k->count);
}

/* --- keys ------------------------------------------------------------------------------------- */

static void fill_value(struct source *s, const struct keyword *k, size_t word, void *field)
{
	const char *text = s->words[word].text, *near = NULL;
	char why[VALUE_WHY], hint[64] = "";
	int r = value_parse(k, text, field, &s->kept, why);

	if (r == -ENOMEM) {
		source_no_memory(s);
	} else if (r < 0) {
		if (k->type == KEYWORD_WORD)
			near = keyword_suggest_word(k->words, text);
		if (near)
			snprintf(hint, sizeof(hint), "; did you mean \"%s\"?", near);
		source_mistake(s, word, "%s must be %s, not \"%s\"%s", k->name, why, text, hint);
	}
	source_remember(s, field, k, word);
}

/* A list of n elements, all zero. */
static void *make_list(struct source *s, const struct keyword *k, size_t n, void *object)
{
	void *list = pool_take(&s->kept, n, value_size(k));

	if (!list) {
		source_no_memory(s);
		return NULL;
	}
	*(void **)field_of(object, k) = list;
	*count_of(object, k) = n;
	return list;
}

static void fill_default(struct source *s, const struct keyword *k, void *object)
{
	void *field = field_of(object, k);
	const char **text = field;
	char why[VALUE_WHY];

	if (k->list && (!k->def || !(field = make_list(s, k, 1, object))))
		return;
	if (k->def) {
		if (value_parse(k, k->def, field, &s->kept, why) < 0)
			source_no_memory(s);
	} else if (keyword_is_text(k)) {
		*text = "";
	}
}

/* Only one "=" may have brought values, and only for a list more than one of them. */
static void judge_shape(struct source *s, const struct keyword *k, cfg_opt_t *opt)
{
	char place[ERR_FILE];
	size_t first = grammar_value(opt, 0);

	for (unsigned int i = 0; i < cfg_opt_size(opt); i++) {
		size_t word = grammar_value(opt, i);
		bool braced = word_is(s, word - 1, '{');

		if (i > 0 && (braced || word_is(s, word - 1, '='))) {
			source_mistake(s, word - (braced ? 3 : 2), "%s is given twice, first at %s",
				       k->name, source_place(&s->words[first], place));
			return;
		}
		if (braced && !k->list)
			source_mistake(s, word, "%s takes one value, not a list", k->name);
	}
}

static void fill_key(struct source *s, const struct keyword *k, cfg_opt_t *opt, void *object)
{
	unsigned int n = opt ? cfg_opt_size(opt) : 0;
	char *field = field_of(object, k);

	if (n == 0) {
		fill_default(s, k, object);
		return;
	}
	judge_shape(s, k, opt);
	if (!k->list)
		n = 1;
	else if (!(field = make_list(s, k, n, object)))
		return;
	for (unsigned int i = 0; i < n; i++)
		fill_value(s, k, grammar_value(opt, i), field + i * value_size(k));
}

/* --- sections --------------------------------------------------------------------------------- */

/* Sections of several kinds may share an array: its length is known before the first is filled. */
static unsigned int count_sharing(enum config_section id, cfg_t *tree, size_t offset)
{
	unsigned int n = 0;

	for (const struct keyword *k = section_of(id)->rows; k->name; k++)
		if (k->type == KEYWORD_SECTION && k->offset == offset)
			n += cfg_size(tree, k->name);
	return n;
}

static void fill_title(struct source *s, const struct section *section, size_t word, void *object)
{
	const char **title = (const char **)(void *)((char *)object + section->title);
	const char *text = s->words[word].text, *wants = text_wants(section->title_type, text);

	if (wants)
		source_mistake(s, word, "the name of a %s must be %s, not \"%s\"", section->name,
			       wants, text);
	*title = pool_text(&s->kept, text);
	if (!*title)
		source_no_memory(s);
}

static void set_kind(enum config_section id, void *object)
{
	struct config_track *track = object;

	if (id == SECTION_TRACK_INTERFACE)
		track->kind = TRACK_INTERFACE;
	if (id == SECTION_TRACK_COMMAND)
		track->kind = TRACK_COMMAND;
	if (id == SECTION_TRACK_FARM)
		track->kind = TRACK_FARM;
}

static void fill_section(struct source *s, const struct keyword *k, cfg_t *tree, void *object)
{
	const struct section *section = section_of(k->section);
	size_t word = grammar_opening(tree);

	set_kind(k->section, object);
	if (section->titled)
		fill_title(s, section, word, object);
	source_remember(s, section->titled ? (char *)object + section->title : object, k, word);
	fill(s, k->section, tree, object);
}

/* The section itself is only filled for its first place; the others are a mistake. */
static void fill_only(struct source *s, const struct keyword *k, cfg_opt_t *opt, void *object)
{
	unsigned int n = opt ? cfg_opt_size(opt) : 0;
	char place[ERR_FILE];

	if (n > 1)
		source_mistake(
			s, grammar_opening(cfg_opt_getnsec(opt, 1)),
			"a second %s section, the first is at %s", k->name,
			source_place(&s->words[grammar_opening(cfg_opt_getnsec(opt, 0))], place));
	if (section_of(k->section)->place == PLACE_ONE) {
		object = field_of(object, k);
	} else if (n == 0) {
		fill(s, k->section, NULL, object); /* its defaults are the parent's */
		return;
	}
	if (n > 0)
		fill_section(s, k, cfg_opt_getnsec(opt, 0), object);
}

/* Sections that may stand many times. `all`: elements that the array needs, for all its kinds. */
static void fill_many(struct source *s, const struct keyword *k, cfg_opt_t *opt, unsigned int all,
		      void *object)
{
	const struct section *section = section_of(k->section);
	size_t *count = count_of(object, k);
	char *elements = field_of(object, k);

	if (section->room > 0 && cfg_opt_size(opt) > section->room) {
		cfg_t *beyond = cfg_opt_getnsec(opt, (unsigned int)section->room);

		source_mistake(s, grammar_opening(beyond), "more than %zu %s sections",
			       section->room, section->name);
		return;
	}
	if (section->place == PLACE_ARRAY) {
		char **array = field_of(object, k);

		if (!*array && all > 0 && !(*array = pool_take(&s->kept, all, section->size))) {
			source_no_memory(s);
			return;
		}
		elements = *array;
	}
	for (unsigned int i = 0; i < cfg_opt_size(opt); i++)
		fill_section(s, k, cfg_opt_getnsec(opt, i), elements + section->size * (*count)++);
}

static void missing(struct source *s, const struct section *section, const struct keyword *k,
		    cfg_t *tree)
{
	size_t word = grammar_opening(tree);

	/* What was not read may have held it. */
	if (s->stopped)
		return;
	if (section->titled)
		source_mistake(s, word, "%s \"%s\" has no %s", section->name, s->words[word].text,
			       k->name);
	else
		source_mistake(s, word, "this %s has no %s", section->name, k->name);
}

/* tree NULL: the section is not there, only its defaults are wanted. */
static void fill(struct source *s, enum config_section id, cfg_t *tree, void *object)
{
	const struct section *section = section_of(id);

	for (const struct keyword *k = section->rows; k->name; k++) {
		cfg_opt_t *opt;

		if (k->type == KEYWORD_INCLUDE)
			continue;
		opt = tree ? cfg_getopt(tree, k->name) : NULL;
		if (k->required && opt && cfg_opt_size(opt) == 0)
			missing(s, section, k, tree);
		if (k->type != KEYWORD_SECTION)
			fill_key(s, k, opt, object);
		else if (section_of(k->section)->place == PLACE_ONE ||
			 section_of(k->section)->place == PLACE_SAME)
			fill_only(s, k, opt, object);
		else
			fill_many(s, k, opt, count_sharing(id, tree, k->offset), object);
	}
}

/* --- the whole -------------------------------------------------------------------------------- */

/* For config_check_files(), which comes when the words are gone. */
static void keep_place(struct source *s, const void *field, struct config_place *ret)
{
	const struct word *w = source_word_of(s, field);

	if (!w)
		return;
	*ret = (struct config_place){.file = pool_text(&s->kept, w->file), .line = w->line};
	if (!ret->file)
		source_no_memory(s);
}

static void read_words(struct source *s, struct config *c)
{
	cfg_t *tree = grammar_parse(s);

	if (!tree)
		return;
	c->has_cluster = cfg_size(tree, "cluster") > 0;
	fill(s, SECTION_TOP, tree, c);
	if (cfg_size(tree, "metrics") > 0 && c->metrics_listen && !c->metrics_listen[0])
		c->metrics_listen = CONFIG_METRICS_LISTEN;
	cfg_free(tree);
	memory_give_back(); /* the tree is twenty times as large as what is made of it */
	if (s->mistaken || s->stopped)
		return;
	source_index(s);
	keep_place(s, &c->cluster.key_file, &c->cluster.key_file_at);
	keep_place(s, &c->cluster.accept_key_file, &c->cluster.accept_key_file_at);
	for (size_t i = 0; i < c->n_vrrps; i++)
		keep_place(s, &c->vrrps[i].auth_key_file, &c->vrrps[i].auth_key_file_at);
	config_read_clients(s, c);
	if (config_set_derived(c, &s->kept) < 0)
		source_no_memory(s);
	config_check(s, c);
	config_sort(c);
}

/* Takes a source whose words are cut. */
static int finish(struct source *s, const char *name, struct config **ret)
{
	struct config *c = calloc(1, sizeof(*c));
	int r;

	if (!c || !(c->path = pool_text(&s->kept, name)))
		source_no_memory(s);
	else if (!s->mistaken && s->n_words == 0)
		s->code = err_at(s->err, -EINVAL, name, 0, "the file configures nothing");
	else if (s->n_words > 0)
		read_words(s, c);
	r = s->code;
	if (c)
		c->pool = s->kept;
	source_close(s);
	memory_give_back();
	if (r < 0) {
		config_free(c);
		return r;
	}
	*ret = c;
	return 0;
}

int config_load(const char *path, struct config **ret, struct err *err)
{
	struct source s;

	source_init(&s, err);
	source_file(&s, path);
	return finish(&s, path, ret);
}

int config_load_kept(const char *path, struct config **ret, char **ret_text, size_t *ret_len,
		     struct err *err)
{
	struct source s;
	FILE *out;
	int code;

	*ret_text = NULL;
	*ret_len = 0;
	source_init(&s, err);
	source_file(&s, path);
	out = open_memstream(ret_text, ret_len);
	if (out)
		source_print(&s, out);
	if (!out || fclose(out) != 0)
		source_no_memory(&s);
	code = finish(&s, path, ret);
	if (code < 0) {
		free(*ret_text);
		*ret_text = NULL;
	}
	return code;
}

int config_load_text(const char *name, const char *text, size_t len, struct config **ret,
		     struct err *err)
{
	struct source s;

	source_init(&s, err);
	source_text(&s, name, text, len);
	return finish(&s, name, ret);
}
