/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rows of a backend's setup, filled in for a farm. Makes text and nothing else. */
#include "director/setup/setup.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* For what a line stands: one address, or one range of ports, or neither. */
struct place {
	struct addr vip;
	struct config_ports ports;
};

bool setup_has_address(const struct setup *s, const struct addr *a)
{
	return !s->backend || s->backend->address.family == a->family;
}

static bool has_family(const struct setup *s, uint8_t family)
{
	for (size_t i = 0; i < s->farm->n_addresses; i++)
		if (s->farm->addresses[i].family == family &&
		    setup_has_address(s, &s->farm->addresses[i]))
			return true;
	return false;
}

/*
 * On Linux the name becomes part of a path below /proc/sys and a word of the shell; on Windows it
 * is quoted, with either quote, and may have blanks and letters of any language.
 */
bool setup_interface_is_valid(enum setup_os os, const char *name)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "._-";
	static const char quoting[] = "\"'`$%!^&|<>\x7f";
	enum { WINDOWS_NAME_MAX = 255 };
	size_t len = strlen(name);

	if (!len || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return false;
	if (os == SETUP_LINUX)
		return len <= CONFIG_IFNAME_MAX && strspn(name, plain) == len && name[0] != '-';
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)name[i] < ' ')
			return false;
	return len <= WINDOWS_NAME_MAX && strcspn(name, quoting) == len;
}

/* --- words between @ -------------------------------------------------------------------------- */

static void put_vips(FILE *out, const struct setup *s, uint8_t family)
{
	const char *between = "";
	char text[ADDR_TEXT];

	for (size_t i = 0; i < s->farm->n_addresses; i++) {
		const struct addr *a = &s->farm->addresses[i];

		if (a->family != family || !setup_has_address(s, a))
			continue;
		fprintf(out, "%s%s/%zu", between, addr_format(a, text), 8 * addr_len(a));
		between = ",";
	}
}

static void put_backends(FILE *out, const struct setup *s)
{
	char text[ADDR_TEXT];

	for (size_t i = 0; i < s->farm->n_backends && !s->backend; i++)
		fprintf(out, "%s'%s'", i ? "," : "",
			addr_format(&s->farm->backends[i].address, text));
	if (s->backend)
		fprintf(out, "'%s'", addr_format(&s->backend->address, text));
}

/* A configuration with a farm that has none is refused. */
static void put_backend(FILE *out, const struct setup *s)
{
	const struct config_backend *b = s->backend ? s->backend : s->farm->backends;
	char text[ADDR_TEXT];

	fputs(addr_format(&b->address, text), out);
}

static void put_sport(FILE *out, const struct config_ports *p)
{
	if (p->first == p->last)
		fprintf(out, "sport = :%u", p->first);
	else
		fprintf(out, "sport >= :%u and sport <= :%u", p->first, p->last);
}

static void put_range(FILE *out, const struct config_ports *p)
{
	if (p->first == p->last)
		fprintf(out, "%u", p->first);
	else
		fprintf(out, "(%u..%u)", p->first, p->last);
}

static bool is_word(const char *at, size_t len, const char *word)
{
	return strlen(word) == len && strncmp(at, word, len) == 0;
}

static void put_word(FILE *out, const struct setup *s, const struct place *p, const char *at,
		     size_t len)
{
	char text[ADDR_TEXT];

	if (is_word(at, len, "vip"))
		fputs(addr_format(&p->vip, text), out);
	else if (is_word(at, len, "bits"))
		fprintf(out, "%zu", 8 * addr_len(&p->vip));
	else if (is_word(at, len, "sport"))
		put_sport(out, &p->ports);
	else if (is_word(at, len, "range"))
		put_range(out, &p->ports);
	else if (is_word(at, len, "farm"))
		fputs(s->farm->name, out);
	else if (is_word(at, len, "interface"))
		fputs(s->interface, out);
	else if (is_word(at, len, "backend"))
		put_backend(out, s);
	else if (is_word(at, len, "backends"))
		put_backends(out, s);
	else if (is_word(at, len, "list4"))
		put_vips(out, s, AF_INET);
	else if (is_word(at, len, "list6"))
		put_vips(out, s, AF_INET6);
	else
		abort(); /* a row with a word that nobody knows */
}

static void put(FILE *out, const struct setup *s, const struct place *p, const char *text)
{
	const char *at;

	while ((at = strchr(text, '@'))) {
		size_t len = strcspn(at + 1, "@");

		fwrite(text, 1, (size_t)(at - text), out);
		put_word(out, s, p, at + 1, len);
		text = at + 1 + len + 1;
	}
	fputs(text, out);
}

/* --- lines ------------------------------------------------------------------------------------ */

static void put_line(FILE *out, const struct setup *s, const struct place *p, const char *text)
{
	put(out, s, p, text);
	fputc('\n', out);
}

static void each_address(FILE *out, const struct setup *s, uint8_t family, const char *text)
{
	for (size_t i = 0; i < s->farm->n_addresses; i++) {
		const struct place p = {.vip = s->farm->addresses[i]};

		if (setup_has_address(s, &p.vip) && (!family || p.vip.family == family))
			put_line(out, s, &p, text);
	}
}

static void each_port(FILE *out, const struct setup *s, enum config_protocol protocol,
		      const char *text)
{
	for (size_t i = 0; i < s->farm->n_ports && (s->farm->protocol & protocol); i++) {
		const struct place p = {.ports = s->farm->ports[i]};

		put_line(out, s, &p, text);
	}
}

static void once(FILE *out, const struct setup *s, bool wanted, const char *text)
{
	const struct place nowhere = {0};

	if (wanted)
		put_line(out, s, &nowhere, text);
}

static void expand(FILE *out, const struct setup *s, const struct setup_line *line)
{
	switch (line->when) {
	case SETUP_ALWAYS: once(out, s, true, line->text); break;
	case SETUP_EACH: each_address(out, s, 0, line->text); break;
	case SETUP_EACH_V4: each_address(out, s, AF_INET, line->text); break;
	case SETUP_EACH_V6: each_address(out, s, AF_INET6, line->text); break;
	case SETUP_ANY_V4: once(out, s, has_family(s, AF_INET), line->text); break;
	case SETUP_ANY_V6: once(out, s, has_family(s, AF_INET6), line->text); break;
	case SETUP_TCP_PORT: each_port(out, s, PROTOCOL_TCP, line->text); break;
	case SETUP_UDP_PORT: each_port(out, s, PROTOCOL_UDP, line->text); break;
	case SETUP_INTERFACE: once(out, s, s->interface, line->text); break;
	case SETUP_NO_NAME: once(out, s, !s->interface, line->text); break;
	case SETUP_ONE: once(out, s, !s->interface && s->backend, line->text); break;
	case SETUP_SEVERAL: once(out, s, !s->interface && !s->backend, line->text); break;
	}
}

/* What was written to the stream, which is closed; NULL when it is not all there. */
static char *finish(FILE *out, char **text)
{
	bool bad = ferror(out);

	if (fclose(out) == 0 && !bad)
		return *text;
	free(*text);
	return NULL;
}

static void put_row(FILE *out, const struct setup *s, const struct setup_row *row)
{
	if (!row->family || has_family(s, row->family))
		for (const struct setup_line *l = row->lines; l->text; l++)
			expand(out, s, l);
}

char *setup_lines(const struct setup *s, const struct setup_row *row)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	put_row(out, s, row);
	return finish(out, &text);
}

char *setup_cure_lines(const struct setup *s, unsigned int cures)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (size_t i = 0; i < s->table->n; i++)
		if (s->table->rows[i].cure & cures)
			put_row(out, s, &s->table->rows[i]);
	text = finish(out, &text);
	if (text && size > 0)
		text[size - 1] = '\0';
	return text;
}

char *setup_path(const struct setup *s, const struct setup_row *row)
{
	const struct place nowhere = {0};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	put(out, s, &nowhere, row->path);
	return finish(out, &text);
}
