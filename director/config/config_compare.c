/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/config/config_compare.h"

#include "director/config/config_copy.h"
#include "director/config/digest.h"
#include "director/config/outline.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ALIKE  "@digests alike"
#define DIFFER "@digests differ"
#define NODE   "@node "

void config_compare_print(FILE *out, bool alike, const char *here, const char *ours,
			  const char *there, const char *theirs)
{
	fprintf(out, "%s\n" NODE "%s\n%s" NODE "%s\n%s", alike ? ALIKE : DIFFER, here, ours, there,
		theirs);
}

/* --- reading ----------------------------------------------------------------------------------- */

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

static bool starts(const char *line, const char *with)
{
	return strncmp(line, with, strlen(with)) == 0;
}

/* To the first line behind which a part begins, another one, or, when it is ours, the other node. */
static char *find_end(char *lines, bool ours)
{
	while (*lines && !starts(lines, CONFIG_COPY_PART) && !(ours && starts(lines, NODE))) {
		lines += strcspn(lines, "\n");
		lines += *lines == '\n';
	}
	return lines;
}

static int read_node(struct config_compare_node *n, bool ours, char **text)
{
	char *line = cut_line(text);

	if (!line || !starts(line, NODE))
		return -EBADMSG;
	n->name = line + strlen(NODE);
	n->parts = calloc(CONFIG_COMPARE_PARTS, sizeof(*n->parts));
	if (!n->parts)
		return -ENOMEM;
	while (starts(*text, CONFIG_COPY_PART)) {
		char *part = *text;

		line = cut_line(text);
		if (!line)
			return -EBADMSG;
		if (n->n == CONFIG_COMPARE_PARTS)
			return -E2BIG;
		n->parts[n->n++] = (struct config_compare_part){
			.name = line + strlen(CONFIG_COPY_PART), .lines = *text};
		*text = find_end(*text, ours);
		*part = '\0'; /* the lines of the part before end here */
	}
	return 0;
}

int config_compare_read(char *text, struct config_compare *ret)
{
	struct config_compare c = {0};
	char *line = cut_line(&text), *second;
	int code = line && (strcmp(line, ALIKE) == 0 || strcmp(line, DIFFER) == 0) ? 0 : -EBADMSG;

	c.alike = code == 0 && strcmp(line, ALIKE) == 0;
	if (code == 0)
		code = read_node(&c.nodes[0], true, &text);
	second = text;
	if (code == 0)
		code = read_node(&c.nodes[1], false, &text);
	if (code == 0)
		*second = '\0'; /* so do those of the last one of ours; the name stands behind it */
	if (code == 0 && *text)
		code = -EBADMSG;
	if (code < 0)
		config_compare_clear(&c);
	*ret = c;
	return code;
}

void config_compare_clear(struct config_compare *c)
{
	for (size_t i = 0; i < CONFIG_COMPARE_NODES; i++)
		free(c->nodes[i].parts);
	*c = (struct config_compare){0};
}

/* --- comparing --------------------------------------------------------------------------------- */

/* Of a section that is named so, whatever its title. */
static bool is_of_a_node(const struct config_compare_part *p)
{
	size_t len = strcspn(p->name, " ");

	for (const struct keyword *k = section_of(SECTION_TOP)->rows; k->name; k++)
		if (k->type == KEYWORD_SECTION && config_is_of_the_node(k) &&
		    strlen(k->name) == len && memcmp(k->name, p->name, len) == 0)
			return true;
	return false;
}

static const struct config_compare_part *find(const struct config_compare_node *n, const char *name)
{
	for (size_t i = 0; i < n->n; i++)
		if (strcmp(n->parts[i].name, name) == 0)
			return &n->parts[i];
	return NULL;
}

struct telling_of {
	const struct config_compare *c;
	bool of_a_node;
	config_compare_say *say;
	void *owner;
	size_t n;
	struct outline_differences found;
};

static void say_found(struct telling_of *t, const char *part)
{
	char more[SYNC_PART_NAME + 64];

	for (size_t i = 0; i < t->found.n; i++)
		t->say(t->owner, t->found.list[i]);
	if (t->found.total > t->found.n) {
		snprintf(more, sizeof(more), "%.*s: %zu more", SYNC_PART_NAME, part,
			 t->found.total - t->found.n);
		t->say(t->owner, more);
	}
	t->n += t->found.total;
	t->found = (struct outline_differences){0};
}

static void compare(struct telling_of *t, const struct config_compare_part *ours)
{
	const char *there = t->c->nodes[1].name;
	const struct config_compare_part *theirs = find(&t->c->nodes[1], ours->name);

	if (is_of_a_node(ours) != t->of_a_node)
		return;
	if (!theirs)
		outline_differ(&t->found, "%s: here, not on %s", ours->name, there);
	else if (strcmp(ours->lines, theirs->lines) != 0)
		outline_compare_lines(ours->name, ours->lines, theirs->lines, there, &t->found);
	say_found(t, ours->name);
}

/* From there on, that both have. */
static size_t next_of_both(const struct config_compare_node *n, size_t at,
			   const struct config_compare_node *other)
{
	while (at < n->n && (is_of_a_node(&n->parts[at]) || !find(other, n->parts[at].name)))
		at++;
	return at;
}

/* Those of the one that the other one has as well are in another order, or not as often. */
static bool order_differs(const struct config_compare *c)
{
	const struct config_compare_node *a = &c->nodes[0], *b = &c->nodes[1];
	size_t i = next_of_both(a, 0, b), k = next_of_both(b, 0, a);

	while (i < a->n && k < b->n && strcmp(a->parts[i].name, b->parts[k].name) == 0) {
		i = next_of_both(a, i + 1, b);
		k = next_of_both(b, k + 1, a);
	}
	return i < a->n || k < b->n;
}

size_t config_compare_tell(const struct config_compare *c, bool of_a_node, config_compare_say *say,
			   void *owner)
{
	struct telling_of t = {.c = c, .of_a_node = of_a_node, .say = say, .owner = owner};
	const struct config_compare_node *there = &c->nodes[1];

	for (size_t i = 0; i < c->nodes[0].n; i++)
		compare(&t, &c->nodes[0].parts[i]);
	for (size_t i = 0; i < there->n; i++) {
		if (is_of_a_node(&there->parts[i]) != of_a_node ||
		    find(&c->nodes[0], there->parts[i].name))
			continue;
		outline_differ(&t.found, "%s: on %s, not here", there->parts[i].name, there->name);
		say_found(&t, there->parts[i].name);
	}
	if (of_a_node)
		return t.n;
	if (order_differs(c))
		outline_differ(&t.found, "the order of the sections");
	else if (t.n == 0 && !c->alike)
		outline_differ(&t.found, "octets that are not ASCII");
	say_found(&t, "");
	return t.n;
}

static void print_part(const struct config_compare_part *p, FILE *out)
{
	fprintf(out, "%s {\n", p->name);
	for (const char *line = p->lines; *line; line += strcspn(line, "\n"), line += *line == '\n')
		fprintf(out, "\t%.*s\n", (int)strcspn(line, "\n"), line);
	fputs("}\n", out);
}

char *config_compare_text(const struct config_compare *c, size_t node)
{
	const struct config_compare_node *n = &c->nodes[node];
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	for (size_t i = 0; i < n->n; i++)
		if (!is_of_a_node(&n->parts[i]))
			print_part(&n->parts[i], out);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}
