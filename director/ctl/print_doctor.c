/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a doctor found: for people with its cure below it, and for programs. */
#include "director/ctl/ctl.h"
#include "director/doctor/finding.h"

#include <jansson.h>
#include <string.h>

static void put_finding(FILE *out, const struct finding *f)
{
	size_t first = strcspn(f->sentence, "\n");

	fprintf(out, "%s%s%s%s%.*s\n", f->farm, f->backend[0] ? "/" : "", f->backend,
		f->farm[0] ? ": " : "", (int)first, f->sentence);
	print_lines(out, f->sentence + first + (f->sentence[first] == '\n'), "  ");
	if (f->cure) {
		fputs("  to mend it:\n", out);
		print_lines(out, f->cure, "    ");
	}
	fputc('\n', out);
}

void print_findings(FILE *out, const struct findings *f)
{
	for (size_t i = 0; i < f->n; i++)
		put_finding(out, &f->list[i]);
	for (size_t i = 0; i < f->n_skipped; i++)
		fprintf(out, "not looked at: %s: %s\n", f->skipped[i].what, f->skipped[i].why);
	if (f->n == 0)
		fprintf(out, "nothing is wrong%s\n",
			f->n_skipped ? " with what was looked at" : "");
	else
		fprintf(out, "%zu finding%s\n", f->n, f->n == 1 ? "" : "s");
}

/* null for ""; a backend's and a farm's name. */
static json_t *name(const char *text)
{
	return text[0] ? json_string(text) : json_null();
}

static json_t *list_lines(const char *text)
{
	json_t *list = json_array();

	while (text && *text) {
		size_t len = strcspn(text, "\n");

		json_array_append_new(list, json_stringn(text, len));
		text += len + (text[len] == '\n');
	}
	return list;
}

int print_json_findings(FILE *out, const struct findings *f)
{
	json_t *list = json_array(), *skipped = json_array();

	for (size_t i = 0; i < f->n; i++)
		json_array_append_new(list, json_pack("{s:s, s:o, s:o, s:s, s:o}", "code",
						      finding_name(f->list[i].code), "farm",
						      name(f->list[i].farm), "backend",
						      name(f->list[i].backend), "finding",
						      f->list[i].sentence, "cure",
						      list_lines(f->list[i].cure)));
	for (size_t i = 0; i < f->n_skipped; i++)
		json_array_append_new(skipped, json_pack("{s:s, s:s}", "what", f->skipped[i].what,
							 "why", f->skipped[i].why));
	return print_json_document(
		out, json_pack("{s:o, s:o}", "findings", list, "not_looked_at", skipped));
}
