/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/health/outcome.h"

#include "include/name.h"

#include <stdarg.h>
#include <stdio.h>

static const struct {
	const char *word;
	enum outcome_class class;
	const char *does; /* the backend; its detail follows */
} rows[OUTCOME_CODES] = {
	[OUTCOME_GOOD] = {"good", OUTCOME_WELL, "is well"},
	[OUTCOME_WARNING] = {"warning", OUTCOME_WELL, "is well, with a warning"},
	[OUTCOME_SILENT] = {"silent", OUTCOME_DEAD, "does not answer"},
	[OUTCOME_REFUSED] = {"refused", OUTCOME_DEAD, "refuses connections"},
	[OUTCOME_UNREACHABLE] = {"unreachable", OUTCOME_DEAD, "cannot be reached"},
	[OUTCOME_PASSED_ON] = {"passed-on", OUTCOME_DEAD,
			       "does not have the virtual address and forwards what is sent to it"},
	[OUTCOME_ELSEWHERE] = {"elsewhere", OUTCOME_DEAD, "does not answer, another machine does"},
	[OUTCOME_STALLED] = {"stalled", OUTCOME_AILING, "accepts, and does not answer in time"},
	[OUTCOME_CLOSED] = {"closed", OUTCOME_AILING, "ends the connection before its answer"},
	[OUTCOME_NO_TLS] = {"no-tls", OUTCOME_AILING, "does not agree on TLS"},
	[OUTCOME_CERTIFICATE] = {"certificate", OUTCOME_AILING,
				 "has a certificate that is not good"},
	[OUTCOME_NO_HTTP] = {"no-http", OUTCOME_AILING, "does not speak HTTP"},
	[OUTCOME_STATUS] = {"status", OUTCOME_AILING, "answers with status"},
	[OUTCOME_BODY] = {"body", OUTCOME_AILING, "does not send what is expected"},
	[OUTCOME_TOO_LARGE] = {"too-large", OUTCOME_AILING,
			       "sends more than is looked at, without what is expected"},
	[OUTCOME_EXIT_STATUS] = {"exit-status", OUTCOME_AILING, "fails its command"},
	[OUTCOME_OVERTIME] = {"overtime", OUTCOME_AILING, "keeps its command beyond the timeout"},
	[OUTCOME_CANNOT_RUN] = {"cannot-run", OUTCOME_UNDECIDED, "cannot be checked"},
};

enum outcome_class outcome_class(enum outcome_code code)
{
	return rows[code].class;
}

const char *outcome_word(enum outcome_code code)
{
	return rows[code].word;
}

const char *outcome_text(const struct outcome *o, char buf[static OUTCOME_TEXT])
{
	const char *between = !o->detail[0] ? "" : o->code == OUTCOME_STATUS ? " " : ": ";

	snprintf(buf, OUTCOME_TEXT, "%s%s%s", rows[o->code].does, between, o->detail);
	return buf;
}

void outcome_set(struct outcome *o, enum outcome_code code, const char *detail, ...)
{
	va_list arguments;

	o->code = code;
	va_start(arguments, detail);
	vsnprintf(o->detail, sizeof(o->detail), detail, arguments);
	va_end(arguments);
	text_make_printable(o->detail, "");
}
