/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions that everybody asks of a configuration, and its end. */
#include "include/config.h"

#include "director/config/clients.h"
#include "director/config/keywords.h"
#include "director/config/load.h"

#include <stdlib.h>
#include <string.h>

const char *config_scheduler_name(enum config_scheduler s)
{
	return keyword_word_name(keyword_schedulers, (int)s);
}

const char *config_protocol_name(enum config_protocol p)
{
	return keyword_word_name(keyword_protocols, (int)p);
}

const struct config_node *config_node_by_name(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->cluster.n_nodes; i++)
		if (strcmp(c->cluster.nodes[i].name, name) == 0)
			return &c->cluster.nodes[i];
	return NULL;
}

const struct config_farm *config_farm_by_name(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->n_farms; i++)
		if (strcmp(c->farms[i].name, name) == 0)
			return &c->farms[i];
	return NULL;
}

const struct config_backend *config_backend_by_name(const struct config_farm *farm,
						    const char *name)
{
	for (size_t i = 0; i < farm->n_backends; i++)
		if (strcmp(farm->backends[i].name, name) == 0)
			return &farm->backends[i];
	return NULL;
}

static void free_content(enum config_section id, void *object);

static void free_key(const struct keyword *k, void *object)
{
	if (k->type == KEYWORD_FILTER)
		config_clients_clear((void *)((char *)object + k->clients));
	if (k->list)
		free(*(void **)(void *)((char *)object + k->offset));
}

static void free_sections(const struct keyword *k, void *object)
{
	const struct section *section = section_of(k->section);
	char *element = (char *)object + k->offset;
	size_t n = 1;

	if (section->place == PLACE_SAME)
		element = object;
	if (section->place == PLACE_ARRAY)
		element = *(char **)(void *)element;
	if (section->place == PLACE_ARRAY || section->place == PLACE_FIXED)
		n = *(size_t *)(void *)((char *)object + k->count);
	for (; n > 0; n--, element += section->size)
		if (section_holds(k->section, element))
			free_content(k->section, element);
}

/* Everything that an object points to but texts; not the object. */
static void free_content(enum config_section id, void *object)
{
	const struct section *section = section_of(id);

	for (const struct keyword *k = section->rows; k->name; k++) {
		if (k->type == KEYWORD_SECTION)
			free_sections(k, object);
		else if (k->type != KEYWORD_INCLUDE)
			free_key(k, object);
	}
	/* Only now: some arrays belong to several rows. */
	for (const struct keyword *k = section->rows; k->name; k++) {
		void **array = (void **)(void *)((char *)object + k->offset);

		if (k->type != KEYWORD_SECTION || section_of(k->section)->place != PLACE_ARRAY)
			continue;
		free(*array);
		*array = NULL;
	}
}

void config_free(struct config *c)
{
	if (!c)
		return;
	free_content(SECTION_TOP, c);
	texts_clear(&c->texts);
	free(c);
}
