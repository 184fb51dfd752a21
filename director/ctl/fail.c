/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one way in which directorctl says that something is wrong. */
#include "director/ctl/ctl.h"

#include <stdarg.h>

int ctl_fail(int code, const char *fmt, ...)
{
	va_list ap;

	fputs("directorctl: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return code;
}

int ctl_fail_err(const struct err *err)
{
	char line[ERR_LINE];

	return ctl_fail(CTL_FAILED, "%s", err_format(err, line));
}
