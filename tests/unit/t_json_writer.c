/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ctl/ctl.h"
#include "director/ctl/json_writer.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

static struct json_writer writer;

/* What jansson makes of the same, or NULL when it cannot read it. */
static char *as_jansson_writes_it(const char *text)
{
	json_t *value = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	char *again = json_dumps(value, JSON_INDENT(2)), *line = NULL;

	json_decref(value);
	if (again && asprintf(&line, "%s\n", again) < 0)
		line = NULL;
	free(again);
	return line;
}

static void expect_as_jansson(const char *text)
{
	char *again = as_jansson_writes_it(text);

	CU_ASSERT_PTR_NOT_NULL_FATAL(again);
	CU_ASSERT_STRING_EQUAL(text, again);
	free(again);
}

static void write_everything(struct json_writer *w)
{
	json_open(w, '{');
	json_key(w, "empty");
	json_open(w, '[');
	json_close(w, '[');
	json_key(w, "nothing");
	json_open(w, '{');
	json_close(w, '{');
	json_key(w, "values");
	json_open(w, '[');
	json_put_number(w, 0);
	json_put_number(w, INT64_MAX);
	json_put_number(w, STATUS_UNKNOWN);
	json_put_bool(w, true);
	json_put_bool(w, false);
	json_put_real(w, 0.01);
	json_put_real(w, 0.01);
	json_put_real(w, 1);
	json_put_real(w, 1.0 / 3);
	json_put_text(w, "");
	json_put_text(w, "plain");
	json_put_text(w, "a \"quote\", a \\, a\nline, caf\xc3\xa9");
	json_open(w, '{');
	json_key(w, "deep");
	json_put_value(w, json_pack("{s:[i, {s:s}], s:[]}", "list", 1, "k", "v", "none"));
	json_close(w, '{');
	json_close(w, '[');
	json_close(w, '{');
}

static void it_is_laid_out_as_by_jansson(void)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	json_writer_begin(&writer, out);
	write_everything(&writer);
	EXPECT_INT(json_writer_end(&writer), 0);
	fclose(out);
	expect_as_jansson(text);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "9223372036854775807,\n    null,\n    true,\n"));
	free(text);
}

/* Longer than the room, with cuts at every place in a value. */
static void what_does_not_fit_is_written_in_between(void)
{
	char *text = NULL, piece[301];
	size_t len;
	FILE *out = open_memstream(&text, &len);

	memset(piece, 'x', sizeof(piece));
	json_writer_begin(&writer, out);
	json_open(&writer, '[');
	for (size_t i = 0; i < 3 * JSON_WRITER_ROOM / sizeof(piece); i++) {
		piece[i % 300] = '\0';
		json_put_text(&writer, piece);
		piece[i % 300] = 'x';
		json_put_number(&writer, i);
	}
	json_close(&writer, '[');
	EXPECT_INT(json_writer_end(&writer), 0);
	fclose(out);
	CU_ASSERT(len > JSON_WRITER_ROOM);
	expect_as_jansson(text);
	free(text);
}

static void a_text_that_is_no_utf8_is_written_all_the_same(void)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	json_writer_begin(&writer, out);
	json_put_text(&writer, "caf\xe9\n");
	EXPECT_INT(json_writer_end(&writer), 0);
	fclose(out);
	EXPECT_TEXT(text, "\"caf?\\n\"\n");
	free(text);
}

/* A missing value; what is not written is told by the stream, and is no lack of memory. */
static void what_failed_is_told(void)
{
	FILE *full = fopen("/dev/full", "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(full);
	setvbuf(full, NULL, _IONBF, 0);
	json_writer_begin(&writer, full);
	json_put_text(&writer, "x");
	EXPECT_INT(json_writer_end(&writer), 0);
	CU_ASSERT(ferror(full));
	fclose(full);
	full = fopen("/dev/null", "w");
	json_writer_begin(&writer, full);
	json_put_value(&writer, NULL);
	EXPECT_INT(json_writer_end(&writer), -1);
	fclose(full);
}

UNIT_TESTS(json_writer) = {
	{"it is laid out as by jansson", it_is_laid_out_as_by_jansson},
	{"what does not fit is written in between", what_does_not_fit_is_written_in_between},
	{"a text that is no UTF-8 is written all the same",
	 a_text_that_is_no_utf8_is_written_all_the_same},
	{"what failed is told", what_failed_is_told},
	UNIT_TESTS_END,
};
