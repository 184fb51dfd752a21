/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "include/err.h"

#include "include/name.h"

#include <stdarg.h>
#include <stdio.h>

int err_set(struct err *err, int code, const char *fmt, ...)
{
	va_list ap;

	err->file[0] = '\0';
	err->line = 0;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	text_make_harmless(err->text);
	return code;
}

int err_at(struct err *err, int code, const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	snprintf(err->file, sizeof(err->file), "%s", file);
	text_make_harmless(err->file);
	err->line = line;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	text_make_harmless(err->text);
	return code;
}

const char *err_format(const struct err *err, char buf[static ERR_LINE])
{
	if (err->file[0] && err->line > 0)
		snprintf(buf, ERR_LINE, "%s:%d: %s", err->file, err->line, err->text);
	else if (err->file[0])
		snprintf(buf, ERR_LINE, "%s: %s", err->file, err->text);
	else
		snprintf(buf, ERR_LINE, "%s", err->text);
	return buf;
}
