/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/doctor/host_saved_uv.h"

#include "director/doctor/host_saved.h"

#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	FILES_MAX = 64,
	FILE_MAX = 8 * 1024 * 1024, /* a ruleset of a hundred thousand elements */
	DEPTH_MAX = 16,		    /* nft's own limit */
};

struct look {
	struct host_facts *facts;
	const char *folder;
	size_t n_files;
};

/* The whole of a regular file of a bearable size, to be freed; NULL: it is none. */
static char *whole_file(const char *path, size_t *ret_len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *text = NULL;
	struct stat st;
	ssize_t got = 1;

	*ret_len = 0;
	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= FILE_MAX)
		text = malloc((size_t)st.st_size + 1);
	while (text && got > 0 && *ret_len < (size_t)st.st_size) {
		got = read(fd, text + *ret_len, (size_t)st.st_size - *ret_len);
		*ret_len += got > 0 ? (size_t)got : 0;
	}
	close(fd);
	return text;
}

static void add_place(struct host_facts *facts, const char *path, int line)
{
	struct host_place *place;

	for (size_t i = 0; i < facts->n_saved; i++)
		if (strcmp(facts->saved[i].path, path) == 0)
			return;
	if (facts->n_saved == HOST_SAVED_MAX)
		return;
	place = &facts->saved[facts->n_saved++];
	snprintf(place->path, sizeof(place->path), "%s", path);
	place->line = line;
}

static void look_file(struct look *l, const char *path, int depth);

static void look_included(struct look *l, const char *name, int depth)
{
	char pattern[2 * HOST_PATH];
	glob_t found;

	snprintf(pattern, sizeof(pattern), "%s%s%s", name[0] == '/' ? "" : l->folder,
		 name[0] == '/' ? "" : "/", name);
	if (glob(pattern, 0, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++)
		look_file(l, found.gl_pathv[i], depth);
	globfree(&found);
}

static void look_file(struct look *l, const char *path, int depth)
{
	struct host_saved *saved;
	size_t len;
	char *text;

	if (depth > DEPTH_MAX || l->n_files == FILES_MAX)
		return;
	l->n_files++;
	text = whole_file(path, &len);
	saved = text ? malloc(sizeof(*saved)) : NULL;
	if (saved) {
		host_saved_read(text, len, saved);
		if (saved->line)
			add_place(l->facts, path, saved->line);
		for (size_t i = 0; i < saved->n_includes; i++)
			look_included(l, saved->includes[i], depth + 1);
	}
	free(saved);
	free(text);
}

void host_saved_look(struct host_facts *facts, const char *path, const char *folder)
{
	struct look l = {.facts = facts, .folder = folder};

	look_file(&l, path, 1);
}
