/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An export in JSON against nft and the real kernel, in a network namespace of the test's own. Needs root.
 *
 * nft before 1.1.2 knows neither of what fields a set is, nor that packets fill it, nor (before 1.0.9)
 * what a packet changes in a map. All else of the document it has to read, and to make the same of it as of
 * the text; and of each object it has to say itself what the document says. A newer one has to read
 * the whole.
 */
#include "tests/unit/namespace.h"
#include "tests/unit/ruleset_case.h"
#include "tests/unit/unit.h"

#include <jansson.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIST "nft -s list table netdev director"

/* The list of objects, a new reference. */
static json_t *objects_of(const char *text)
{
	json_error_t error;
	json_t *document = json_loads(text, JSON_REJECT_DUPLICATES, &error), *list;

	if (!document)
		printf("\n    line %d: %s", error.line, error.text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(document);
	list = json_incref(json_object_get(document, "nftables"));
	json_decref(document);
	CU_ASSERT_FATAL(json_is_array(list));
	return list;
}

/* Of an object of one key: that, and what is behind it. */
static const char *only_key(json_t *o, json_t **ret)
{
	void *at = json_object_iter(o);

	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	*ret = json_object_iter_value(at);
	return json_object_iter_key(at);
}

static void feed_json(json_t *list)
{
	json_t *document = json_pack("{s:O}", "nftables", list);
	char *text = json_dumps(document, 0);

	unit_feed("nft -j -f -", text);
	free(text);
	json_decref(document);
}

/* --- what an old nft has no words for --------------------------------------------------------- */

static bool changes_a_map(const struct ruleset_rule *rule)
{
	for (size_t i = 0; i < rule->n_statements; i++)
		switch ((int)rule->statements[i].kind) {
		case ST_RECORD:
		case ST_ADD:
		case ST_UPDATE:
		case ST_DELETE: return true;
		default: break;
		}
	return false;
}

static void leave_out_rules_that_change_maps(struct ruleset *r)
{
	for (size_t i = 0; i < r->n_chains; i++) {
		struct ruleset_chain *chain = &r->chains[i];
		size_t n = 0;

		for (size_t k = 0; k < chain->n_rules; k++)
			if (!changes_a_map(&chain->rules[k])) {
				struct ruleset_rule kept = chain->rules[n];

				chain->rules[n++] = chain->rules[k];
				chain->rules[k] = kept;
			}
		chain->n_rules = n;
	}
}

static bool json_changes_a_map(json_t *rule)
{
	json_t *statement;
	size_t i;

	json_array_foreach(json_object_get(rule, "expr"), i, statement)
	{
		if (json_object_get(statement, "map"))
			return true;
	}
	return false;
}

static bool is_of_fields(json_t *set)
{
	return json_is_object(json_object_get(set, "type")) ||
	       json_is_object(json_object_get(set, "map"));
}

static bool is_dynamic(json_t *set)
{
	json_t *flags = json_object_get(set, "flags");

	return json_array_size(flags) == 2;
}

/* Its elements as a command of their own; NULL: it has none. */
static json_t *elements_of(json_t *set)
{
	json_t *list = json_object_get(set, "elem");

	if (!list)
		return NULL;
	return json_pack("{s:{s:{s:s, s:s, s:O, s:O}}}", "add", "element", "family", "netdev",
			 "table", "director", "name", json_object_get(set, "name"), "elem", list);
}

static json_t *readable_part(json_t *list)
{
	json_t *part = json_array(), *o, *inner;
	size_t i;

	json_array_foreach(list, i, o)
	{
		const char *kind = only_key(o, &inner);
		bool is_set = strcmp(kind, "set") == 0 || strcmp(kind, "map") == 0;

		if (strcmp(kind, "rule") == 0 && json_changes_a_map(inner))
			continue;
		if (!is_set)
			json_array_append(part, o);
		else if (!is_of_fields(inner) && !is_dynamic(inner))
			json_array_append_new(part, json_pack("{s:O}", "add", o));
		else if (elements_of(inner))
			json_array_append_new(part, elements_of(inner));
	}
	return part;
}

/* All sets without elements, and nothing else. */
static void load_empty_sets(const struct ruleset *r)
{
	struct ruleset bare = {.exists = true, .n_sets = r->n_sets};
	char *text;

	bare.sets = calloc(r->n_sets, sizeof(*bare.sets));
	CU_ASSERT_PTR_NOT_NULL_FATAL(bare.sets);
	for (size_t i = 0; i < r->n_sets; i++) {
		bare.sets[i] = r->sets[i];
		bare.sets[i].owners = NULL;
		bare.sets[i].n_elements = 0;
	}
	text = ruleset_case_text(&bare);
	unit_feed("nft -f -", text);
	free(text);
	free(bare.sets);
}

/* nft 1.0.6 does not read comments of chains, of which the text has a line each. */
static void leave_out_comments_of_chains(char *text)
{
	static const char mark[] = "\t\tcomment \"";
	char *to = text;

	for (char *line = text, *next; *line; line = next) {
		next = strchr(line, '\n') + 1;
		if (strncmp(line, mark, strlen(mark)) == 0)
			continue;
		memmove(to, line, (size_t)(next - line));
		to += next - line;
	}
	*to = '\0';
}

static void it_is_read(const char *name, void *data)
{
	struct ruleset_case c;
	char conf[300], *text, *wanted, *found;
	json_t *list, *part;

	(void)data;
	snprintf(conf, sizeof(conf), "%s.conf", name);
	if (!ruleset_case_init(&c, conf, if_nametoindex("eth0")))
		return;
	text = ruleset_case_json(&c, NULL, 1795836600);
	list = objects_of(text);
	part = readable_part(list);
	load_empty_sets(&c.ruleset);
	feed_json(part);
	found = unit_output_of(LIST);
	leave_out_rules_that_change_maps(&c.ruleset);
	wanted = ruleset_case_listed(&c.ruleset, true);
	leave_out_comments_of_chains(found);
	leave_out_comments_of_chains(wanted);
	if (strcmp(found, wanted) != 0)
		printf("\n    %s: nft makes something else of it", name);
	CU_ASSERT_STRING_EQUAL(found, wanted);
	unit_feed("nft -f -", "delete table netdev director\n");
	free(wanted);
	free(found);
	json_decref(part);
	json_decref(list);
	free(text);
	ruleset_case_clear(&c);
}

/* --- what nft says itself --------------------------------------------------------------------- */

/* What it prints of an element beside, where the document says it of the set; its own without numbers. */
static json_t *bare_element(json_t *e)
{
	json_t *elem = json_object_get(e, "elem");

	if (!elem)
		return json_incref(e);
	json_object_del(elem, "counter");
	return json_incref(json_object_size(elem) == 1 ? json_object_get(elem, "val") : e);
}

static char *element_text(json_t *e)
{
	json_t *bare = NULL;
	char *text;

	if (json_is_array(e) && json_array_size(e) == 2)
		bare = json_pack("[o, O]", bare_element(json_array_get(e, 0)),
				 json_array_get(e, 1));
	else
		bare = bare_element(e);
	text = json_dumps(bare, JSON_ENCODE_ANY | JSON_SORT_KEYS);
	json_decref(bare);
	return text;
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* One text of all, whatever their order. */
static char *elements_text(json_t *list)
{
	size_t n = json_array_size(list), size;
	char **texts = calloc(n + 1, sizeof(*texts)), *all = NULL;
	FILE *out = open_memstream(&all, &size);

	for (size_t i = 0; i < n; i++)
		texts[i] = element_text(json_array_get(list, i));
	qsort(texts, n, sizeof(*texts), compare_texts);
	for (size_t i = 0; i < n; i++) {
		fprintf(out, "%s\n", texts[i]);
		free(texts[i]);
	}
	fclose(out);
	free(texts);
	return all;
}

static void same_member(const char *name, json_t *ours, json_t *theirs, const char *key)
{
	json_t *a = json_object_get(ours, key), *b = json_object_get(theirs, key);

	if (json_equal(a, b) || (!a && !b))
		return;
	printf("\n    %s: %s differs", name, key);
	CU_FAIL("nft says something else");
}

static void same_set(const char *name, json_t *ours, json_t *theirs)
{
	char *a = elements_text(json_object_get(ours, "elem"));
	char *b = elements_text(json_object_get(theirs, "elem"));

	if (strcmp(a, b) != 0)
		printf("\n    %s: elements differ", name);
	CU_ASSERT_STRING_EQUAL(a, b);
	free(a);
	free(b);
	if (!is_of_fields(ours))
		same_member(name, ours, theirs, "type");
	if (!json_is_object(json_object_get(ours, "map")))
		same_member(name, ours, theirs, "map");
	same_member(name, ours, theirs, "size");
	same_member(name, ours, theirs, "stmt");
}

/* A statement "map" is text for an old nft, or missing. */
static void same_rule(const char *name, json_t *ours, json_t *theirs)
{
	json_t *a = json_object_get(ours, "expr"), *b = json_object_get(theirs, "expr");

	same_member(name, ours, theirs, "comment");
	EXPECT_INT(json_array_size(a), json_array_size(b));
	for (size_t i = 0; i < json_array_size(a); i++) {
		json_t *x = json_array_get(a, i), *y = json_array_get(b, i);

		if (json_object_get(x, "map") && !json_is_object(y))
			continue;
		if (!json_equal(x, y)) {
			printf("\n    %s: statement %zu differs", name, i + 1);
			CU_FAIL("nft says something else");
		}
	}
}

/* The n-th rule of its chain, or the object of that kind and name. */
static json_t *counterpart(json_t *list, const char *kind, json_t *ours, size_t n)
{
	const char *key = strcmp(kind, "rule") == 0 ? "chain" : "name";
	json_t *o, *inner, *found = NULL;
	size_t i;

	json_array_foreach(list, i, o)
	{
		inner = json_object_get(o, kind);
		if (!inner || !json_equal(json_object_get(inner, key), json_object_get(ours, key)))
			continue;
		found = inner;
		if (n-- == 0)
			return inner;
	}
	if (strcmp(kind, "rule") == 0)
		found = NULL;
	CU_ASSERT_PTR_NOT_NULL_FATAL(found);
	return found;
}

static void same_objects(json_t *ours, json_t *theirs)
{
	json_t *o, *inner, *other;
	char last[64] = "";
	size_t i, nth = 0;

	EXPECT_INT(json_array_size(ours), json_array_size(theirs));
	json_array_foreach(ours, i, o)
	{
		const char *kind = only_key(o, &inner), *name;

		if (strcmp(kind, "metainfo") == 0)
			continue;
		name = json_string_value(
			json_object_get(inner, strcmp(kind, "rule") == 0 ? "chain" : "name"));
		nth = strcmp(kind, "rule") == 0 && strcmp(name, last) == 0 ? nth + 1 : 0;
		snprintf(last, sizeof(last), "%s", strcmp(kind, "rule") == 0 ? name : "");
		other = counterpart(theirs, kind, inner, nth);
		if (strcmp(kind, "rule") == 0) {
			same_rule(name, inner, other);
		} else if (strcmp(kind, "chain") == 0) {
			same_member(name, inner, other, "hook");
			same_member(name, inner, other, "prio");
			same_member(name, inner, other, "policy");
		} else if (strcmp(kind, "table") != 0) {
			same_set(name, inner, other);
		}
	}
}

static void nft_says_the_same(const char *name, void *data)
{
	struct ruleset_case c;
	char conf[300], *text, *listed;
	json_t *ours, *theirs;

	(void)data;
	snprintf(conf, sizeof(conf), "%s.conf", name);
	if (!ruleset_case_init(&c, conf, if_nametoindex("eth0")))
		return;
	text = ruleset_case_text(&c.ruleset);
	unit_feed("nft -f -", text);
	free(text);
	listed = unit_output_of("nft -j -s list table netdev director 2>/dev/null");
	theirs = objects_of(listed);
	free(listed);
	text = ruleset_case_json(&c, NULL, 1795836600);
	ours = objects_of(text);
	free(text);
	same_objects(ours, theirs);
	unit_feed("nft -f -", "delete table netdev director\n");
	json_decref(ours);
	json_decref(theirs);
	ruleset_case_clear(&c);
}

/* --- an nft that has words for all of it ------------------------------------------------------ */

static bool knows_fields(void)
{
	static const char probe[] =
		"printf '{\"nftables\": [{\"add\": {\"table\": {\"family\": \"netdev\", \"name\": "
		"\"x\"}}}, "
		"{\"add\": {\"set\": {\"family\": \"netdev\", \"table\": \"x\", \"name\": \"y\", "
		"\"type\": {\"typeof\": {\"meta\": {\"key\": \"mark\"}}}}}}]}' | nft -j -c -f - "
		"2>/dev/null";

	return system(probe) == 0;
}

static void all_of_it_is_read(const char *name, void *data)
{
	struct ruleset_case c;
	char conf[300], *text;

	snprintf(conf, sizeof(conf), "%s.conf", name);
	if (!*(bool *)data || !ruleset_case_init(&c, conf, if_nametoindex("eth0")))
		return;
	text = ruleset_case_json(&c, NULL, 1795836600);
	unit_feed("nft -j -c -f -", text);
	free(text);
	ruleset_case_clear(&c);
}

/* --- in a namespace --------------------------------------------------------------------------- */

static void stories(void)
{
	bool whole = knows_fields();

	CU_ASSERT(ruleset_case_each(it_is_read, NULL) >= 6);
	CU_ASSERT(ruleset_case_each(nft_says_the_same, NULL) >= 6);
	CU_ASSERT(ruleset_case_each(all_of_it_is_read, &whole) >= 6);
}

static void nft_reads_it_and_says_the_same(void)
{
	unit_in_namespace(UNIT_ETH0, stories);
}

UNIT_TESTS(nft_json_kernel) = {
	{"nft reads it and says the same", nft_reads_it_and_says_the_same},
	UNIT_TESTS_END,
};
