/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words, their places, mistakes: the bookkeeping. The lexer is in lexer.c. */
#include "director/config/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void source_init(struct source *s, struct err *err)
{
	*s = (struct source){.err = err};
}

void source_close(struct source *s)
{
	for (size_t i = 0; i < s->n_files; i++)
		free(s->files[i]);
	free(s->words);
	pool_clear(&s->pool);
	free(s->files);
	free(s->origins);
	free(s->sections);
}

/* Up to SOURCE_FILE_MAX bytes and one more. 0 or negative errno. */
static int read_all(int fd, char **ret, size_t *ret_len)
{
	char *text = NULL;
	size_t len = 0, room = 0;

	for (;;) {
		ssize_t n;

		if (len == room) {
			char *grown = realloc(text, room = room ? 2 * room : 16384);

			if (!grown)
				goto failed;
			text = grown;
		}
		n = read(fd, text + len, room - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			goto failed;
		len += (size_t)n;
		if (n == 0 || len > SOURCE_FILE_MAX)
			break;
	}
	*ret = text;
	*ret_len = len;
	return 0;

failed:
	free(text);
	return errno ? -errno : -EIO;
}

/*
 * A whole file. Only what the operator named himself may be a pipe: an included device or pipe is
 * a mistake that would hang the reader.
 */
static int read_file(const char *path, bool included, char **ret, size_t *ret_len)
{
	struct stat st;
	int fd, r;

	if (stat(path, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (included && !S_ISREG(st.st_mode))
		return -EINVAL;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	r = read_all(fd, ret, ret_len);
	close(fd);
	if (r == 0 && *ret_len > SOURCE_FILE_MAX) {
		free(*ret);
		return -EFBIG;
	}
	return r;
}

/* Not strerror(): what is said here does not depend on the locale. */
static const char *reason(int code)
{
	const char *text = strerrordesc_np(-code);

	return text ? text : "unknown error";
}

void source_file_text(struct source *s, const char *path, char **ret, size_t *ret_len)
{
	int r = read_file(path, false, ret, ret_len);

	if (r < 0) {
		*ret = NULL;
		s->stopped = s->mistaken = true;
		s->mistake = 0;
		s->code =
			path[0] ? err_at(s->err, r, path, 0, "cannot be read: %s", reason(r))
				: err_set(s->err, r, "the name of the configuration file is \"\"");
		return;
	}
	source_text(s, path, *ret, *ret_len);
}

void source_file(struct source *s, const char *path)
{
	char *text = NULL;
	size_t len = 0;

	source_file_text(s, path, &text, &len);
	free(text);
}

int source_read(struct source *s, size_t word, const char *what, const char *path, char **ret,
		size_t *ret_len)
{
	int r = read_file(path, true, ret, ret_len);

	if (r < 0)
		source_mistake(s, word, "cannot %s %s: %s", what, path,
			       r == -EINVAL ? "not a regular file" : reason(r));
	return r;
}

void source_include(struct source *s, size_t first, const char *path)
{
	char *text = NULL;
	size_t len = 0;

	if (source_read(s, first, "include", path, &text, &len) < 0) {
		s->stopped = true;
		return;
	}
	s->n_words = first;
	source_text(s, path, text, len);
	free(text);
}

bool word_is(const struct source *s, size_t word, char mark)
{
	return word < s->n_words && s->words[word].kind == WORD_MARK &&
	       s->words[word].text[0] == mark;
}

/* "=" "value", "=" "{" "value", "value" "," "value" */
bool word_is_value(const struct source *s, size_t word)
{
	if (word == 0)
		return false;
	return word_is(s, word - 1, '=') || word_is(s, word - 1, ',') ||
	       (word > 1 && word_is(s, word - 1, '{') && word_is(s, word - 2, '='));
}

/* file NULL: the place of the word. */
static void keep(struct source *s, size_t word, const char *file, int line, const char *fmt,
		 va_list ap)
{
	char text[ERR_TEXT];
	const struct word *w = NULL;

	if (s->mistaken && s->mistake <= word)
		return;
	s->mistaken = true;
	s->mistake = word;
	s->code = -EINVAL;
	if (s->n_words > 0)
		w = &s->words[word < s->n_words ? word : s->n_words - 1];
	if (!file) {
		file = w ? w->file : s->n_files ? s->files[0] : "";
		line = w ? w->line : 0;
	}
	vsnprintf(text, sizeof(text), fmt, ap);
	err_at(s->err, -EINVAL, file, line, "%s", text);
}

void source_mistake_in(struct source *s, size_t word, const char *file, int line, const char *fmt,
		       ...)
{
	va_list ap;

	va_start(ap, fmt);
	keep(s, word, file, line, fmt, ap);
	va_end(ap);
}

void source_mistake(struct source *s, size_t word, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	keep(s, word, NULL, 0, fmt, ap);
	va_end(ap);
}

static int by_field(const void *a, const void *b)
{
	uintptr_t x = (uintptr_t)((const struct origin *)a)->field;
	uintptr_t y = (uintptr_t)((const struct origin *)b)->field;

	return (x > y) - (x < y);
}

void source_index(struct source *s)
{
	if (s->n_origins > 0)
		qsort(s->origins, s->n_origins, sizeof(*s->origins), by_field);
}

size_t source_order(const struct source *s, const void *field)
{
	struct origin key = {.field = field}, *found = NULL;

	if (s->n_origins > 0)
		found = bsearch(&key, s->origins, s->n_origins, sizeof(key), by_field);
	return found ? found->word : SIZE_MAX;
}

void source_mistake_at(struct source *s, const void *field, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	keep(s, source_order(s, field), NULL, 0, fmt, ap);
	va_end(ap);
}

void source_no_memory(struct source *s)
{
	s->mistaken = true;
	s->mistake = 0;
	s->code = err_set(s->err, -ENOMEM, "out of memory");
}

void source_remember(struct source *s, const void *field, const struct keyword *row, size_t word)
{
	if (s->n_origins == s->origins_room) {
		size_t room = s->origins_room ? 2 * s->origins_room : 64;
		struct origin *more = reallocarray(s->origins, room, sizeof(*more));

		if (!more) {
			source_no_memory(s);
			return;
		}
		s->origins = more;
		s->origins_room = room;
	}
	s->origins[s->n_origins++] = (struct origin){field, row, word};
}

const struct word *source_word_of(const struct source *s, const void *field)
{
	size_t word = source_order(s, field);

	return word < s->n_words ? &s->words[word] : NULL;
}

const char *source_place(const struct word *w, char buf[static ERR_FILE])
{
	snprintf(buf, ERR_FILE, "%.200s:%d", w->file, w->line);
	return buf;
}

const char *source_place_of(const struct source *s, const void *field, char buf[static ERR_FILE])
{
	const struct word *w = source_word_of(s, field);

	if (w)
		return source_place(w, buf);
	memcpy(buf, "?", 2);
	return buf;
}
