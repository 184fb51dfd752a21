/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/config/grammar.h"

#include <stdlib.h>
#include <string.h>

/* In every section: the number of its opening brace. No one can write it. */
#define OPENING "<opening>"

/* libconfuse's error function has no argument of ours. It is called at most once for a text. */
static struct {
	bool called;
	size_t word;
	enum config_section section;
} failure;

/* --- tables for libconfuse -------------------------------------------------------------------- */

static void free_options(cfg_opt_t *opts)
{
	if (!opts)
		return;
	for (cfg_opt_t *o = opts; o->name; o++)
		free_options(o->subopts);
	free(opts);
}

/* Keys are lists of strings, each section may stand many times: what is allowed is judged later. */
static cfg_opt_t *make_options(enum config_section section)
{
	const struct keyword *rows = section_of(section)->rows;
	size_t n = 0;
	cfg_opt_t *opts, *o;

	while (rows[n].name)
		n++;
	opts = o = calloc(n + 2, sizeof(*opts));
	if (!opts)
		return NULL;
	*o++ = (cfg_opt_t)CFG_STR_LIST(OPENING, NULL, CFGF_NODEFAULT);
	for (const struct keyword *k = rows; k->name; k++) {
		if (k->type == KEYWORD_INCLUDE)
			continue;
		if (k->type != KEYWORD_SECTION) {
			*o++ = (cfg_opt_t)CFG_STR_LIST(k->name, NULL, CFGF_NODEFAULT);
			continue;
		}
		*o = (cfg_opt_t)CFG_SEC(k->name, make_options(k->section), CFGF_MULTI);
		if (section_of(k->section)->titled)
			o->flags |= CFGF_TITLE;
		if (!o++->subopts) {
			free_options(opts);
			return NULL;
		}
	}
	return opts;
}

/* --- text for libconfuse ---------------------------------------------------------------------- */

static bool is_word(const struct source *s, size_t i)
{
	return i < s->n_words && s->words[i].kind != WORD_MARK;
}

/* farm "www" {: the word between the name of a section and its brace. */
static bool is_title(const struct source *s, size_t i)
{
	return i > 0 && is_word(s, i) && !word_is_value(s, i) && is_word(s, i - 1) &&
	       !word_is_value(s, i - 1) && word_is(s, i + 1, '{');
}

/* Only what can be a keyword: "farm=www|ports" would be a path into another section. */
static bool is_plain(const char *text)
{
	return text[0] && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(text);
}

static void print_word(const struct source *s, size_t i, FILE *out)
{
	if (s->words[i].kind != WORD_MARK && (word_is_value(s, i) || is_title(s, i)))
		fprintf(out, "'%zu'\n", i);
	else if (s->words[i].kind != WORD_MARK)
		fprintf(out, "'%s'\n", is_plain(s->words[i].text) ? s->words[i].text : "?");
	else if (word_is(s, i, '='))
		fputs("+=\n", out);
	else if (word_is(s, i, '{') && (i == 0 || !word_is(s, i - 1, '=')))
		fprintf(out, "{ '" OPENING "' += '%zu'\n", i);
	else
		fprintf(out, "%s\n", s->words[i].text);
}

/* One word per line. NULL without memory. */
static char *print_words(const struct source *s)
{
	/* When the lexer stopped, its last word is only the place where it did. */
	size_t n = s->n_words - (s->stopped && s->n_words > 0), len;
	char *text = NULL;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	for (size_t i = 0; i < n; i++)
		print_word(s, i, out);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

/* --- sentences -------------------------------------------------------------------------------- */

static void unknown_key(struct source *s, size_t i, enum config_section section)
{
	const char *text = s->words[i].text;
	const struct keyword *near = keyword_suggest(section, text);
	char place[64] = "at the top level", hint[64] = "";

	if (section != SECTION_TOP)
		snprintf(place, sizeof(place), "in section %s", section_of(section)->name);
	if (near)
		snprintf(hint, sizeof(hint), "; did you mean \"%s\"?", near->name);
	source_mistake(s, i, "unknown key \"%s\" %s%s", text, place, hint);
}

/* What a known key is followed by, when it is followed by something else. */
static void after_key(struct source *s, size_t i, const struct keyword *k)
{
	if (k->type == KEYWORD_INCLUDE)
		source_mistake(s, i, "include takes a file in parentheses: include(\"FILE\")");
	else if (k->type != KEYWORD_SECTION)
		source_mistake(s, i, "expected \"=\" after %s", k->name);
	else if (section_of(k->section)->titled)
		source_mistake(s, i, "%s is a section with a name: %s \"NAME\" { ... }", k->name,
			       k->name);
	else
		source_mistake(s, i, "%s is a section without a name: %s { ... }", k->name,
			       k->name);
}

/* A value that is followed by no key but by a further value. */
static bool is_in_list(const struct source *s, size_t i)
{
	return i > 0 && word_is_value(s, i) && !word_is(s, i - 1, '=');
}

/* The key that word i ("=", a name or a brace) has to follow; NULL when it follows something else. */
static const struct keyword *key_before(const struct source *s, size_t i,
					enum config_section section)
{
	if (i == 0 || !is_word(s, i - 1) || word_is_value(s, i - 1))
		return NULL;
	return keyword_find(section, s->words[i - 1].text);
}

/* libconfuse did not take word i, which stands in this section; beyond the last: the end. */
static void explain(struct source *s, size_t i, enum config_section section)
{
	const struct keyword *before = key_before(s, i, section);
	size_t at = i < s->n_words ? i : s->n_words - 1;

	if (before)
		after_key(s, at, before);
	else if (i > 0 && word_is(s, i - 1, '='))
		source_mistake(s, at, "expected a value after \"=\"");
	else if (i > 1 && key_before(s, i - 1, section))
		source_mistake(s, at, "expected \"{\" after %s \"%s\"", s->words[i - 2].text,
			       s->words[i - 1].text);
	else if (i == s->n_words)
		source_mistake(s, at, "the file ends too early");
	else if (i > 0 && is_in_list(s, i - 1))
		source_mistake(s, i, "expected \",\" or \"}\" in this list");
	else if (!is_word(s, i))
		source_mistake(s, i, "unexpected \"%s\"", s->words[i].text);
	else if (keyword_find(section, s->words[i].text))
		after_key(s, i, keyword_find(section, s->words[i].text));
	else
		unknown_key(s, i, section);
}

/* --- parsing ---------------------------------------------------------------------------------- */

static enum config_section section_by_name(const char *name)
{
	enum config_section s = SECTION_TOP;

	while (s < N_SECTIONS - 1 && strcmp(section_of(s)->name, name) != 0)
		s++;
	return s;
}

/* The text is not used: it would depend on the locale, and knows less than our words. */
static void on_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	(void)fmt;
	(void)ap;
	if (failure.called)
		return;
	failure.called = true;
	failure.word = (size_t)cfg->line - 1;
	failure.section = section_by_name(cfg->name);
}

cfg_t *grammar_parse(struct source *s)
{
	cfg_opt_t *opts = make_options(SECTION_TOP);
	char *text = print_words(s);
	cfg_t *tree = opts && text ? cfg_init(opts, CFGF_NONE) : NULL;

	failure.called = false;
	if (tree) {
		cfg_set_error_function(tree, on_error);
		if (cfg_parse_buf(tree, text) != CFG_SUCCESS && !failure.called)
			source_no_memory(s);
		if (failure.called && !(s->stopped && failure.word >= s->n_words - 1))
			explain(s, failure.word, failure.section);
		s->stopped = s->stopped || failure.called;
	} else {
		source_no_memory(s);
	}
	free(text);
	free_options(opts);
	return tree;
}

size_t grammar_value(cfg_opt_t *opt, unsigned int i)
{
	return strtoul(cfg_opt_getnstr(opt, i), NULL, 10);
}

size_t grammar_opening(cfg_t *section)
{
	if (cfg_title(section))
		return strtoul(cfg_title(section), NULL, 10);
	return cfg_size(section, OPENING) ? grammar_value(cfg_getopt(section, OPENING), 0) : 0;
}
