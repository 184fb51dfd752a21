/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/config/digest.h"

#include "director/config/keywords.h"
#include "director/config/value.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static void print_ranges(const char *name, const struct addr_range *ranges, size_t n, FILE *out)
{
	char first[ADDR_TEXT], last[ADDR_TEXT];

	for (size_t i = 0; i < n; i++)
		fprintf(out, "%s=%s-%s\n", name, addr_format(&ranges[i].first, first),
			addr_format(&ranges[i].last, last));
}

/* Not where the prefixes are written counts, but what they are. */
static void print_clients(const struct keyword *k, const struct config_clients *clients, FILE *out)
{
	print_ranges(k->name, clients->v4, clients->n_v4, out);
	print_ranges(k->name, clients->v6, clients->n_v6, out);
}

void config_print_key(const struct keyword *k, const void *object, FILE *out)
{
	const char *field = (const char *)object + k->offset;
	size_t n = 1;

	if (k->type == KEYWORD_FILTER) {
		print_clients(k, (const void *)((const char *)object + k->clients), out);
		return;
	}
	if (k->list) {
		n = *(const size_t *)(const void *)((const char *)object + k->count);
		field = *(const char *const *)(const void *)field;
	}
	for (size_t i = 0; i < n; i++) {
		fprintf(out, "%s=", k->name);
		value_print(k, field + i * value_size(k), out);
		fputc('\n', out);
	}
}

/*
 * Where a node serves its metrics is its own business: two may listen on addresses of their own; of a
 * drill the budget of the node that is asked for it counts, and each says itself who may silence it; and
 * groups of users are the host's.
 */
bool config_is_of_the_node(const struct keyword *k)
{
	return k->section == SECTION_METRICS || k->section == SECTION_DRILL ||
	       k->section == SECTION_CONTROL;
}

struct config_elements config_elements(const struct keyword *k, const void *object)
{
	const struct section *section = section_of(k->section);
	struct config_elements ret = {(const char *)object + k->offset, 1, section->size};
	const char *count = (const char *)object + k->count;

	if (section->place == PLACE_SAME)
		ret.first = object;
	else if (section->place == PLACE_ONE)
		ret.n = *(const bool *)count;
	else
		ret.n = *(const size_t *)(const void *)count;
	if (section->place == PLACE_ARRAY)
		ret.first = *(const char *const *)(const void *)ret.first;
	return ret;
}

static void print_sections(const struct keyword *k, const void *object, FILE *out)
{
	struct config_elements e = config_elements(k, object);

	for (; e.n > 0; e.n--, e.first += e.size) {
		if (!section_holds(k->section, e.first))
			continue;
		fprintf(out, "%s{\n", section_of(k->section)->name);
		config_print_section(k->section, e.first, out);
		fputs("}\n", out);
	}
}

void config_print_section(enum config_section id, const void *object, FILE *out)
{
	const struct section *section = section_of(id);

	if (section->titled)
		fprintf(out, "name=%s\n",
			*(const char *const *)(const void *)((const char *)object +
							     section->title));
	for (const struct keyword *k = section->rows; k->name; k++) {
		if (k->type == KEYWORD_INCLUDE || config_is_of_the_node(k))
			continue;
		if (k->type == KEYWORD_SECTION)
			print_sections(k, object, out);
		else
			config_print_key(k, object, out);
	}
}

/* What is hashed: one line per value, to be freed; NULL without memory. */
static char *config_canonical(const struct config *c)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	config_print_section(SECTION_TOP, c, out);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

const char *config_digest(const struct config *c, char buf[static CONFIG_DIGEST_TEXT])
{
	unsigned char hash[CONFIG_DIGEST_BYTES] = {0};
	char *text = config_canonical(c);

	/* Without memory: a digest that nobody else has. */
	if (text)
		crypto_generichash(hash, sizeof(hash), (const unsigned char *)text, strlen(text),
				   NULL, 0);
	free(text);
	return sodium_bin2hex(buf, CONFIG_DIGEST_TEXT, hash, sizeof(hash));
}
