/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/config/config_copy.h"

#include "director/config/outline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *config_copy_text(const struct config *c, size_t *ret_len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, ret_len);

	if (!out)
		return NULL;
	outline_print(c, CONFIG_COPY_PART, out);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

/* --- of theirs --------------------------------------------------------------------------------- */

void config_copy_clear(struct config_copy *c)
{
	free(c->text);
	*c = (struct config_copy){0};
}

void config_copy_begin(struct config_copy *c, uint64_t id)
{
	config_copy_clear(c);
	c->state = CONFIG_COPY_COMES;
	c->id = id;
	c->ask = true;
}

void config_copy_fail(struct config_copy *c, const char *why)
{
	if (c->state != CONFIG_COPY_COMES)
		return;
	config_copy_clear(c);
	c->state = CONFIG_COPY_FAILED;
	snprintf(c->why, sizeof(c->why), "%s", why);
}

bool config_copy_next(struct config_copy *c, struct sync_copy *ret)
{
	if (c->state != CONFIG_COPY_COMES || !c->ask)
		return false;
	c->ask = false;
	*ret = (struct sync_copy){.id = c->id, .step = SYNC_COPY_ASK, .at = (uint32_t)c->len};
	return true;
}

static bool append(struct config_copy *c, const char *piece)
{
	size_t len = strlen(piece);
	char *text = realloc(c->text, c->len + len + 1);

	if (!text)
		return false;
	memcpy(text + c->len, piece, len + 1);
	c->text = text;
	c->len += len;
	return true;
}

bool config_copy_hear(struct config_copy *c, const struct sync_copy *m)
{
	size_t len = c->len + strlen(m->text);

	if (c->state != CONFIG_COPY_COMES || c->ask || m->id != c->id)
		return false; /* of a copy before this one */
	if (m->step == SYNC_COPY_REFUSED)
		config_copy_fail(c, m->why);
	else if (m->at != c->len)
		config_copy_fail(c, "it answered what was not asked");
	else if (len > SYNC_COPY_MAX || (len == SYNC_COPY_MAX && !m->last))
		config_copy_fail(c, "it does not come to an end");
	else if (!append(c, m->text))
		config_copy_fail(c, "there is no memory for it");
	else if (m->last)
		c->state = CONFIG_COPY_THERE;
	else
		c->ask = true;
	return true;
}

/* --- of ours ----------------------------------------------------------------------------------- */

void config_source_clear(struct config_source *s)
{
	free(s->text);
	s->text = NULL;
	s->len = 0;
	s->too_long = false;
	s->id = 0;
}

void config_source_hear(struct config_source *s, const struct sync_copy *m)
{
	s->owes = true;
	s->asked_id = m->id;
	s->asked_at = m->at;
}

static void make_text(struct config_source *s, const struct config *ours)
{
	if (s->text || s->too_long)
		return;
	s->text = config_copy_text(ours, &s->len);
	s->too_long = s->text && s->len > SYNC_COPY_MAX;
	if (!s->too_long)
		return;
	free(s->text);
	s->text = NULL;
}

/* NULL: there is nothing that speaks against it. */
static const char *trouble(struct config_source *s, const struct config *ours)
{
	if (s->asked_at == 0) {
		make_text(s, ours);
		s->id = s->asked_id;
	}
	if (s->too_long)
		return "it is longer than 4 MiB in this form";
	if (s->id != s->asked_id)
		return "it has become another one meanwhile; try again";
	if (!s->text)
		return "there is no memory for it";
	return s->asked_at < s->len ? NULL : "there is no such piece of it";
}

bool config_source_next(struct config_source *s, const struct config *ours, struct sync_copy *ret)
{
	const char *why;
	size_t left;

	if (!s->owes)
		return false;
	s->owes = false;
	why = trouble(s, ours);
	*ret = (struct sync_copy){.id = s->asked_id};
	if (why) {
		ret->step = SYNC_COPY_REFUSED;
		snprintf(ret->why, sizeof(ret->why), "%s", why);
		return true;
	}
	left = s->len - s->asked_at;
	ret->step = SYNC_COPY_PIECE;
	ret->at = s->asked_at;
	ret->last = left <= SYNC_COPY_OCTETS;
	memcpy(ret->text, s->text + s->asked_at, ret->last ? left : SYNC_COPY_OCTETS);
	return true;
}
