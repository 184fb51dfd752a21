/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A backend's setup for people, as blocks of a shell to be copied, and for programs. */
#include "director/config/keywords.h"
#include "director/ctl/ctl.h"
#include "director/setup/setup.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name; /* in JSON */
	const char *when; /* for people */
} kinds[] = {
	[SETUP_RUNNING] = {"running", "at once, until the machine starts again"},
	[SETUP_PERSISTENT] = {"persistent", "to last: what fits the machine"},
	[SETUP_CHECK] = {"check", "to be looked at"},
	[SETUP_REMOVE] = {"remove", "to take it back"},
};

/* --- for people ------------------------------------------------------------------------------- */

static void put_addresses(FILE *out, const struct setup *s)
{
	const char *between = "";
	char text[ADDR_TEXT];

	for (size_t i = 0; i < s->farm->n_addresses; i++) {
		const struct addr *a = &s->farm->addresses[i];

		if (!setup_has_address(s, a))
			continue;
		fprintf(out, "%s%s", between, addr_format(a, text));
		between = ", ";
	}
}

static void put_head(FILE *out, const struct setup *s)
{
	const struct config_farm *f = s->farm;
	char address[ADDR_TEXT];

	fprintf(out, "# farm %s: ", f->name);
	put_addresses(out, s);
	fprintf(out, ", %s ", config_protocol_name(f->protocol));
	for (size_t i = 0; i < f->n_ports; i++) {
		fprintf(out, "%s%u", i ? "," : "", f->ports[i].first);
		if (f->ports[i].last != f->ports[i].first)
			fprintf(out, "-%u", f->ports[i].last);
	}
	if (s->backend)
		fprintf(out, "\n# for its backend %s, %s", s->backend->name,
			addr_format(&s->backend->address, address));
	else
		fprintf(out, "\n# for each of its %zu backends", f->n_backends);
	fprintf(out,
		"\n#\n"
		"# The director sends a client's packet on as it came, addressed to the farm. So "
		"the "
		"backend has\n"
		"# the farm's address, says nothing of it to its network, and answers the client "
		"itself.\n"
		"#\n"
		"# For %s. Blocks to choose from, no script: they exclude each other.\n",
		s->table->shell);
}

/* *kind is that of the block before. */
static int put_row(FILE *out, const struct setup *s, const struct setup_row *row, int *kind)
{
	char *lines = setup_lines(s, row), *path = row->path ? setup_path(s, row) : NULL;
	int code = lines && (path || !row->path) ? 0 : -ENOMEM;

	if (code == 0 && lines[0]) {
		if (*kind != (int)row->kind)
			fprintf(out, "\n# === %s\n", kinds[row->kind].when);
		*kind = (int)row->kind;
		fprintf(out, "\n# %s: %s\n", row->system, row->title);
		if (row->note)
			print_lines(out, row->note, "# ");
		if (path)
			fprintf(out, "install -D -m %s /dev/stdin %s <<'EOF'\n%sEOF\n", row->mode,
				path, lines);
		else
			fputs(lines, out);
	}
	free(lines);
	free(path);
	return code;
}

int print_setup(FILE *out, const struct setup *s)
{
	int code = 0, kind = -1;

	put_head(out, s);
	for (size_t i = 0; i < s->table->n && code == 0; i++)
		code = put_row(out, s, &s->table->rows[i], &kind);
	return code;
}

/* --- for programs ----------------------------------------------------------------------------- */

static json_t *addresses(const struct setup *s)
{
	json_t *list = json_array();
	char text[ADDR_TEXT];

	for (size_t i = 0; i < s->farm->n_addresses; i++)
		if (setup_has_address(s, &s->farm->addresses[i]))
			json_array_append_new(
				list, json_string(addr_format(&s->farm->addresses[i], text)));
	return list;
}

static json_t *commands(char *lines)
{
	json_t *list = json_array();
	char *rest = NULL;

	for (char *l = strtok_r(lines, "\n", &rest); l; l = strtok_r(NULL, "\n", &rest))
		json_array_append_new(list, json_string(l));
	return list;
}

/* Appends nothing for a row that is not needed. */
static int append_row(json_t *list, const struct setup *s, const struct setup_row *row)
{
	char *lines = setup_lines(s, row), *path = row->path ? setup_path(s, row) : NULL;
	json_t *step = NULL;
	int code = lines && (path || !row->path) ? 0 : -ENOMEM;

	if (code == 0 && lines[0]) {
		step = json_pack("{s:s, s:s, s:s, s:s*}", "title", row->title, "kind",
				 kinds[row->kind].name, "system", row->system, "note", row->note);
		if (path)
			json_object_set_new(step, "file",
					    json_pack("{s:s, s:s, s:s}", "path", path, "mode",
						      row->mode, "content", lines));
		else
			json_object_set_new(step, "commands", commands(lines));
		code = json_array_append_new(list, step) < 0 ? -ENOMEM : 0;
	}
	free(lines);
	free(path);
	return code;
}

int print_setup_json(FILE *out, const struct setup *s)
{
	json_t *steps = json_array();
	int code = steps ? 0 : -ENOMEM;

	for (size_t i = 0; i < s->table->n && code == 0; i++)
		code = append_row(steps, s, &s->table->rows[i]);
	if (code < 0) {
		json_decref(steps);
		return code;
	}
	code = print_json_document(
		out, json_pack("{s:s, s:s?, s:o, s:s, s:o}", "farm", s->farm->name, "backend",
			       s->backend ? s->backend->name : NULL, "addresses", addresses(s),
			       "os", s->table->name, "steps", steps));
	return code < 0 ? -ENOMEM : 0;
}
