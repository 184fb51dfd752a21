/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text of prospect.h, read. */
#include "director/audit/prospect.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* The next line, cut off; NULL: there is none. */
static char *cut_line(char **text)
{
	char *line = *text, *end = strchr(line, '\n');

	if (!end)
		return NULL;
	*end = '\0';
	*text = end + 1;
	return line;
}

/* A number up to max, and what ends it. */
static int number(char **at, unsigned long max, unsigned long *ret)
{
	char *end;

	if (**at < '0' || **at > '9')
		return -EBADMSG;
	errno = 0;
	*ret = strtoul(*at, &end, 10);
	*at = end;
	return errno || *ret > max ? -EBADMSG : 0;
}

static int read_owners(struct prospect_table *t, char *line)
{
	char *rest = NULL, *word = strtok_r(line, " ", &rest);

	for (uint32_t i = 0; i < t->size; i++, word = strtok_r(NULL, " ", &rest)) {
		unsigned long owner = PROSPECT_NOBODY;

		if (!word)
			return -EBADMSG;
		if (strcmp(word, "-") != 0 &&
		    (number(&word, ULONG_MAX, &owner) < 0 || *word || owner >= t->n_names))
			return -EBADMSG;
		t->owners[i] = (uint16_t)owner;
	}
	return word ? -EBADMSG : 0;
}

static int read_head(struct prospect_table *t, char *line)
{
	char *rest = NULL, *kind, *seed, *size;
	unsigned long value;

	t->farm = strtok_r(line, " ", &rest);
	kind = strtok_r(NULL, " ", &rest);
	seed = strtok_r(NULL, " ", &rest);
	size = strtok_r(NULL, " ", &rest);
	if (!size)
		return -EBADMSG;
	t->hashed = strcmp(kind, "hashed") == 0;
	t->hashes_new = strcmp(kind, "remembers") == 0;
	if (number(&seed, UINT32_MAX, &value) < 0)
		return -EBADMSG;
	t->seed = (uint32_t)value;
	if (number(&size, UINT16_MAX, &value) < 0 || value == 0)
		return -EBADMSG;
	t->size = (uint32_t)value;
	t->owners = calloc(t->size, sizeof(*t->owners));
	t->names = calloc(CONFIG_BACKENDS_MAX, sizeof(*t->names));
	if (!t->owners || !t->names)
		return -ENOMEM;
	for (char *name; (name = strtok_r(NULL, " ", &rest)); t->names[t->n_names++] = name)
		if (t->n_names == CONFIG_BACKENDS_MAX)
			return -EBADMSG;
	return 0;
}

static int read_table(struct prospect *p, char *head, char **text)
{
	char *owners = cut_line(text);
	struct prospect_table *t;
	int code;

	if (!owners)
		return -EBADMSG;
	t = realloc(p->tables, (p->n_tables + 1) * sizeof(*t));
	if (!t)
		return -ENOMEM;
	p->tables = t;
	t += p->n_tables++;
	*t = (struct prospect_table){0};
	code = read_head(t, head);
	return code == 0 ? read_owners(t, owners) : code;
}

/* Its lines stay as one text, which the next part ends. */
static int read_part(struct prospect *p, char *name, char **text)
{
	struct prospect_part *part = realloc(p->parts, (p->n_parts + 1) * sizeof(*part));

	if (!part)
		return -ENOMEM;
	p->parts = part;
	part[p->n_parts++] = (struct prospect_part){.name = name, .lines = *text};
	while (**text && **text != '@') {
		*text += strcspn(*text, "\n");
		*text += **text == '\n';
	}
	return 0;
}

static bool starts(const char *line, const char *with)
{
	return strncmp(line, with, strlen(with)) == 0;
}

int prospect_read(char *text, struct prospect *ret)
{
	struct prospect p = {0};
	int code = 0;

	while (code == 0 && !p.ruleset) {
		char *head = text, *line = cut_line(&text);

		if (line && strcmp(line, PROSPECT_RULESET) == 0)
			p.ruleset = text;
		else if (line && starts(line, PROSPECT_PART))
			code = read_part(&p, line + strlen(PROSPECT_PART), &text);
		else if (line && starts(line, PROSPECT_TABLE))
			code = read_table(&p, line + strlen(PROSPECT_TABLE), &text);
		else
			code = -EBADMSG;
		*head = '\0'; /* the lines of the part before end here */
	}
	if (code < 0)
		prospect_clear(&p);
	*ret = p;
	return code;
}

void prospect_clear(struct prospect *p)
{
	for (size_t i = 0; i < p->n_tables; i++) {
		free(p->tables[i].owners);
		free(p->tables[i].names);
	}
	free(p->tables);
	free(p->parts);
	*p = (struct prospect){0};
}

const struct prospect_table *prospect_table(const struct prospect *p, const char *farm)
{
	for (size_t i = 0; i < p->n_tables; i++)
		if (strcmp(p->tables[i].farm, farm) == 0)
			return &p->tables[i];
	return NULL;
}
