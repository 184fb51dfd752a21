/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/audit/fate.h"

#include "include/addr.h"
#include "include/config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t length(const char *line)
{
	return strcspn(line, "\n");
}

static const char *next(const char *line)
{
	line += length(line);
	return line + (*line == '\n');
}

/* What follows those words in the line; NULL: it begins otherwise. */
static const char *behind(const char *line, const char *words)
{
	size_t len = strlen(words);

	return strncmp(line, words, len) == 0 ? line + len : NULL;
}

static const char *find(const char *lines, const char *words)
{
	for (const char *l = lines; *l; l = next(l))
		if (behind(l, words))
			return behind(l, words);
	return NULL;
}

static bool same(const char *one, const char *other)
{
	return length(one) == length(other) && strncmp(one, other, length(one)) == 0;
}

static bool has_line(const char *lines, const char *line)
{
	for (const char *l = lines; *l; l = next(l))
		if (same(l, line))
			return true;
	return false;
}

__attribute__((format(printf, 2, 3))) static void add(struct fate *f, const char *fmt, ...)
{
	va_list arguments;

	if (f->n++ > 0)
		return;
	va_start(arguments, fmt);
	vsnprintf(f->text, sizeof(f->text), fmt, arguments);
	va_end(arguments);
}

static void ports_of(const char *text, unsigned long *first, unsigned long *last)
{
	char *end;

	*first = *last = strtoul(text, &end, 10);
	if (*end == '-')
		*last = strtoul(end + 1, NULL, 10);
}

/* Ranges may be cut in another way and serve the same ports. */
static bool serves_ports(const char *lines, const char *text)
{
	unsigned long first, last, low, high;
	bool more = true;

	ports_of(text, &first, &last);
	while (more && first <= last) {
		more = false;
		for (const char *l = lines; *l; l = next(l)) {
			if (!behind(l, "ports = "))
				continue;
			ports_of(behind(l, "ports = "), &low, &high);
			if (low <= first && first <= high) {
				first = high + 1;
				more = true;
			}
		}
	}
	return first > last;
}

static bool serves_protocol(const char *lines, const char *text)
{
	const char *now = find(lines, "protocol = ");

	return now && (same(now, text) || same(now, "tcp+udp"));
}

static void look_at_service(struct fate *f, const char *line, const char *after)
{
	const char *text;

	if ((text = behind(line, "ports = ")) && !serves_ports(after, text))
		add(f, "connections to port %.*s that it serves no longer end", (int)length(text),
		    text);
	else if ((text = behind(line, "address = ")) && !has_line(after, line))
		add(f, "connections to %.*s end", (int)length(text), text);
	else if ((text = behind(line, "interface = ")) && !has_line(after, line))
		add(f, "connections that come in by %.*s end", (int)length(text), text);
	else if ((text = behind(line, "protocol = ")) && !serves_protocol(after, text))
		add(f, "connections by a protocol that it serves no longer end");
}

/* "192.0.2.0-192.0.2.255" */
static bool range_of(const char *text, struct addr *first, struct addr *last)
{
	char one[ADDR_TEXT], other[ADDR_TEXT];
	size_t len = length(text), cut = strcspn(text, "-");

	if (cut >= len || cut >= sizeof(one) || len - cut > sizeof(other))
		return false;
	snprintf(one, sizeof(one), "%.*s", (int)cut, text);
	snprintf(other, sizeof(other), "%.*s", (int)(len - cut - 1), text + cut + 1);
	return addr_parse(one, first) == 0 && addr_parse(other, last) == 0;
}

/* A list has no two ranges that touch, so one of them has all of it or none does. */
static bool has_clients(const char *lines, const char *words, const char *text)
{
	struct addr first, last, low, high;

	if (!range_of(text, &first, &last))
		return false;
	for (const char *l = lines; *l; l = next(l)) {
		const char *range = behind(l, words);

		if (range && range_of(range, &low, &high) && low.family == first.family &&
		    addr_compare(&low, &first) <= 0 && addr_compare(&last, &high) <= 0)
			return true;
	}
	return false;
}

static void look_at_clients(struct fate *f, const char *before, const char *after)
{
	const char *text;

	for (const char *l = after; *l; l = next(l))
		if ((text = behind(l, "deny = ")) && !has_clients(before, "deny = ", text))
			add(f, "connections of clients in %.*s end", (int)length(text), text);
	/* One reason, however many lines say whom it allows. */
	if (find(after, "allow = ") && !find(before, "allow = "))
		add(f, "connections of clients that it does not allow end");
	/* Without any it allows everybody. */
	for (const char *l = before; find(after, "allow = ") && *l; l = next(l))
		if ((text = behind(l, "allow = ")) && !has_clients(after, "allow = ", text))
			add(f, "connections of clients in %.*s end", (int)length(text), text);
}

void fate_of_farm(const char *before, const char *after, struct fate *ret)
{
	*ret = (struct fate){0};
	for (const char *l = before; *l; l = next(l))
		look_at_service(ret, l, after);
	look_at_clients(ret, before, after);
}

bool fate_backend_is_gone(const char *before, const char *after, const char *backend)
{
	char words[CONFIG_NAME_MAX + 32];
	const char *was, *is;

	snprintf(words, sizeof(words), "backend %s: state = disabled\n", backend);
	/* One that was disabled already has none that could end by it. */
	if (find(after, words) && !find(before, words))
		return true;
	snprintf(words, sizeof(words), "backend %s: address = ", backend);
	was = find(before, words);
	is = find(after, words);
	return !is || (was && !same(was, is));
}
