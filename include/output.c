/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "include/output.h"

#include "include/name.h"

#include <errno.h>
#include <string.h>

static int first; /* of what could not be written: the stream keeps that it was so, not why */

static void keep_reason(void)
{
	if (!first)
		first = errno;
}

int output_flush(FILE *out)
{
	if (fflush(out) == 0)
		return ferror(out) ? -1 : 0;
	keep_reason();
	return -1;
}

void output_write(FILE *out, const char *text, size_t len)
{
	if (fwrite(text, 1, len, out) != len)
		keep_reason();
}

void output_name(FILE *out, const char *name)
{
	while (*name) {
		size_t n = text_control(name);

		fputc(n ? '?' : *name, out);
		name += n ? n : 1;
	}
}

int output_end(struct err *err)
{
	int reason;

	if (output_flush(stdout) < 0) {
		reason = first;
		fclose(stdout);
		/* In the midst of a printf(), and nothing came after it. */
		if (!reason)
			return err_set(err, -EIO, "standard output: not all of it was written");
	} else if (fclose(stdout) == 0 || errno == EBADF) {
		return 0; /* EBADF: it was closed from the start, and nothing was printed */
	} else {
		reason = errno;
	}
	return err_set(err, -reason, "standard output: %s", strerror(reason));
}
