/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which lines the table of farms has, in which order. */
#include "director/ctl/ctl.h"
#include "director/ctl/screen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { NOTE = 512 };

bool screen_backend_is_bad(const struct status_backend *b)
{
	return strcmp(b->state, "down") == 0 || strcmp(b->state, "unresolved") == 0;
}

bool screen_farm_is_bad(const struct status_farm *f)
{
	return strcmp(f->state, "up") != 0;
}

/* 0: nothing to do; 2: look at it first. */
static int badness_of(const struct status_farm *f, const struct status_backend *b)
{
	if (b)
		return screen_backend_is_bad(b) ? 2 : strcmp(b->state, "up") != 0;
	if (screen_farm_is_bad(f))
		return 2;
	for (size_t i = 0; i < f->n_backends; i++)
		if (badness_of(f, &f->backends[i]))
			return 1;
	return 0;
}

static const struct status_claim *claim_of(const struct status *s, const struct status_farm *f,
					   const struct status_backend *b)
{
	for (size_t i = 0; i < s->n_claims; i++)
		if (s->claims[i].goes_on && print_is_claim_of(&s->claims[i], f->name, b))
			return &s->claims[i];
	return NULL;
}

static void note_backend(FILE *out, const struct status *s, const struct status_farm *f,
			 const struct status_backend *b)
{
	const struct status_claim *claim = claim_of(s, f, b);
	const char *between = "";

	if (claim) {
		fprintf(out, "CLAIMS the virtual address %s", claim->address);
		between = "; ";
	}
	if (strcmp(b->state, "unresolved") == 0) {
		fprintf(out, "%sNO MAC address is known", between);
		between = "; ";
	}
	if (b->reason[0]) {
		fprintf(out, "%s%s", between, b->reason);
		between = "; ";
	}
	if (b->peer_state[0] && strcmp(b->own_state, b->peer_state) != 0 && b->peer_reason[0]) {
		fprintf(out, "%sthe other director finds it %s: %s", between, b->peer_state,
			b->peer_reason);
		between = "; ";
	}
	if (b->override)
		fprintf(out, "%sby the operator", between);
}

const char *screen_note(const struct status *s, const struct screen_line *line, char *buf,
			size_t size)
{
	const struct status_farm *f = &s->farms[line->farm];
	FILE *out = fmemopen(buf, size, "w");

	buf[0] = '\0';
	if (!out)
		return buf;
	if (line->backend == SCREEN_FARM)
		fputs(f->reason, out);
	else
		note_backend(out, s, f, &f->backends[line->backend]);
	fclose(out);
	buf[size - 1] = '\0';
	return buf;
}

static bool matches(const struct screen_view *v, const struct status_farm *f,
		    const struct status_backend *b)
{
	char name[2 * STATUS_NAME + 2];

	if (strcasestr(f->name, v->filter))
		return true;
	if (!b)
		return false;
	snprintf(name, sizeof(name), "%s/%s", f->name, b->name);
	return strcasestr(name, v->filter) != NULL;
}

static void add(struct screen *sc, const struct status *s, struct screen_line line)
{
	char note[NOTE];

	sc->lines[sc->n_lines++] = line;
	line.note = true;
	if (screen_note(s, &line, note, sizeof(note))[0])
		sc->lines[sc->n_lines++] = line;
}

static void add_farm(struct screen *sc, const struct status *s, const struct screen_view *v,
		     uint32_t i, uint32_t rate)
{
	const struct status_farm *f = &s->farms[i];
	bool any = matches(v, f, NULL);

	for (size_t k = 0; k < f->n_backends; k++)
		any |= matches(v, f, &f->backends[k]);
	if (!any)
		return;
	add(sc, s, (struct screen_line){.farm = i, .backend = SCREEN_FARM, .rate = rate});
	for (int badness = v->problems_first ? 2 : 0; badness >= 0; badness--)
		for (uint32_t k = 0; k < f->n_backends; k++)
			if ((!v->problems_first || badness_of(f, &f->backends[k]) == badness) &&
			    matches(v, f, &f->backends[k]))
				add(sc, s,
				    (struct screen_line){
					    .farm = i, .backend = k, .rate = rate + 1 + k});
}

int screen_rows(struct screen *sc, const struct screen_model *m, const struct screen_view *v)
{
	const struct status *s = m->status;
	size_t most = 2 * (s->n_farms + status_count_backends(s)); /* with a note each */

	if (most > sc->lines_room) {
		struct screen_line *lines = realloc(sc->lines, most * sizeof(*lines));

		if (!lines)
			return -ENOMEM;
		sc->lines = lines;
		sc->lines_room = most;
	}
	sc->n_lines = 0;
	for (int badness = v->problems_first ? 2 : 0; badness >= 0; badness--) {
		uint32_t rate = 0;

		for (uint32_t i = 0; i < s->n_farms; i++) {
			if (!v->problems_first || badness_of(&s->farms[i], NULL) == badness)
				add_farm(sc, s, v, i, rate);
			rate += 1 + (uint32_t)s->farms[i].n_backends;
		}
	}
	return 0;
}
