/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A feature is switched on by deleting its row here (and its "Not supported yet" in
 * director.conf(5), which a test compares with this table).
 */
#include "director/config/unbuilt.h"

#include "director/config/value.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	enum config_section section;
	const char *key;
	const char *built; /* the values that work, with blanks between; NULL: none */
} unbuilt[] = {
};

enum { N_UNBUILT = sizeof(unbuilt) / sizeof(unbuilt[0]) };

/* True when word is one of the words of list. */
static bool in_list(const char *list, const char *word)
{
	size_t n = strlen(word);

	while (list) {
		if (strncmp(list, word, n) == 0 && (list[n] == ' ' || list[n] == '\0'))
			return true;
		list = strchr(list, ' ');
		list += list != NULL;
	}
	return false;
}

/* In the form of value_print(), to be freed; NULL without memory. */
static char *value_text(const struct keyword *k, const void *field)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	value_print(k, field, out);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

static void refuse_value(struct source *s, const struct origin *o, const char *built)
{
	const struct word *w = &s->words[o->word];
	const char *quote = w->kind == WORD_QUOTED ? "\"" : "";
	char *text = value_text(o->row, o->field);

	if (!text)
		source_no_memory(s);
	else if (!in_list(built, text))
		source_mistake(s, o->word, "%s = %s%s%s is not supported yet", o->row->name, quote,
			       w->text, quote);
	free(text);
}

static void refuse(struct source *s, const struct origin *o, size_t i)
{
	const char *name = o->row->name;

	if (unbuilt[i].built)
		refuse_value(s, o, unbuilt[i].built);
	else if (unbuilt[i].section == SECTION_TOP)
		source_mistake(s, o->word, "\"%s\" at the top level is not supported yet", name);
	else
		source_mistake(s, o->word, "\"%s\" in section %s is not supported yet", name,
			       section_of(unbuilt[i].section)->name);
}

void config_check_built(struct source *s)
{
	const struct keyword *rows[N_UNBUILT];

	for (size_t i = 0; i < N_UNBUILT; i++)
		rows[i] = keyword_find(unbuilt[i].section, unbuilt[i].key);
	for (size_t o = 0; o < s->n_origins; o++) {
		const struct origin *origin = &s->origins[o];

		for (size_t i = 0; i < N_UNBUILT; i++)
			if (rows[i] == origin->row)
				refuse(s, origin, i);
	}
}

bool keyword_is_unbuilt(enum config_section section, const char *name)
{
	for (size_t i = 0; i < N_UNBUILT; i++)
		if (unbuilt[i].section == section && strcmp(unbuilt[i].key, name) == 0)
			return !unbuilt[i].built;
	return false;
}
