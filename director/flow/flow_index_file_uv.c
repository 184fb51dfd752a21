/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/flow/flow_index_file_uv.h"

#include "director/service/boot_uv.h"
#include "ha/clock_uv.h"
#include "include/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#define FILE_NAME "flows.index"
#define FILE_NEW  "flows.index.new"
#define FILE_OPEN "flows.index.open"

enum {
	TEND_SLOTS = 32768,	     /* of a move: below 3 ms */
	TEND_ROOM = 8 * 1024 * 1024, /* of a file, in octets: about 2 ms */
	RETRY_MS = 10000,	     /* after a file that could not be made */
	SOURCES = 2,		     /* the index and, when it was being moved, the new one */
};

/* 1.4 MiB. Between wanting more and being full a table takes 1/8 of its slots: two thousand flows. */
static const struct flow_geometry least = {
	.slots = {16384, 16384}, .farms = 1024, .backends = 4096};

struct flow_file {
	struct flow_index index;
	void *memory; /* mapping of index.now */
	size_t size;
	void *old_memory; /* of index.old, or NULL */
	size_t old_size;
	/* A file that is being given its room, before index moves into it. */
	struct flow_geometry new_geometry;
	size_t new_size, new_room;
	int new_fd; /* -1: none */
	uint64_t retry_ms;
	char dir[PATH_MAX];
};

/* --- files ------------------------------------------------------------------------------------- */

static int path_of(char path[static PATH_MAX], const char *dir, const char *name)
{
	int n = snprintf(path, PATH_MAX, "%s/%s", dir, name);

	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

/* Room for octets from..to of a file that has those before. 0 or negative errno. */
static int take_room(int fd, size_t from, size_t to)
{
	if (fallocate(fd, 0, (off_t)from, (off_t)(to - from)) == 0)
		return 0;
	if (errno != EOPNOTSUPP)
		return -errno;
	return ftruncate(fd, (off_t)to) < 0 ? -errno : 0;
}

/* A new file, empty. Its descriptor or negative errno. */
static int create_file(const char *dir, const char *name)
{
	char path[PATH_MAX];
	int fd, code = path_of(path, dir, name);

	if (code < 0)
		return code;
	unlink(path);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : fd;
}

static int map_whole(int fd, size_t size, void **ret)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (memory == MAP_FAILED)
		return -errno;
	*ret = memory;
	return 0;
}

static int rename_file(const char *dir, const char *from, const char *to)
{
	char path[PATH_MAX], new_path[PATH_MAX];
	int code = path_of(path, dir, from);

	if (code == 0)
		code = path_of(new_path, dir, to);
	if (code == 0 && rename(path, new_path) < 0)
		code = -errno;
	return code;
}

static int remove_file(const char *dir, const char *name)
{
	char path[PATH_MAX];
	int code = path_of(path, dir, name);

	return code == 0 && unlink(path) < 0 && errno != ENOENT ? -errno : code;
}

/* --- what an earlier daemon left --------------------------------------------------------------- */

struct source {
	void *memory; /* NULL: none that can be used */
	size_t size;
	struct flow_region region;
};

/* NULL or why the file is not one to be read. */
static const char *map_file(int fd, struct source *s)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return "is no regular file";
	if (st.st_uid != geteuid())
		return "belongs to another user";
	if (st.st_size == 0)
		return flow_region_reject_text(FLOW_REGION_REJECT_FOREIGN);
	s->size = (size_t)st.st_size;
	s->memory = mmap(NULL, s->size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (s->memory != MAP_FAILED)
		return NULL;
	s->memory = NULL;
	return "cannot be read";
}

static void source_close(struct source *s)
{
	if (s->memory)
		munmap(s->memory, s->size);
	s->memory = NULL;
}

/* One line for the operator when there is a file and it is of no use. */
static void source_open(struct source *s, const char *dir, const char *name, const uint8_t *boot_id)
{
	enum flow_region_reject reject;
	char path[PATH_MAX];
	const char *why;
	int fd;

	*s = (struct source){.memory = NULL};
	if (path_of(path, dir, name) < 0)
		return;
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return;
	why = fd < 0 ? "cannot be opened" : map_file(fd, s);
	if (fd >= 0)
		close(fd);
	if (!why) {
		reject = flow_region_open(&s->region, s->memory, s->size, boot_id);
		why = reject ? flow_region_reject_text(reject) : NULL;
	}
	if (!why)
		return;
	source_close(s);
	/* A new one that was not finished when its daemon was killed is nothing to wonder about. */
	if (strcmp(name, FILE_NAME) == 0)
		log_warning("the index of flows %s %s: starting without the flows of before", path,
			    why);
}

/* The newest first. One that is left over from a move that was finished is older and of no use. */
static size_t sources_open(struct source sources[static SOURCES], const char *dir,
			   const uint8_t *boot_id)
{
	struct source moved, now;

	source_open(&moved, dir, FILE_NEW, boot_id);
	source_open(&now, dir, FILE_NAME, boot_id);
	if (moved.memory && now.memory &&
	    (moved.region.identity.epoch < now.region.identity.epoch ||
	     memcmp(moved.region.identity.hash_key, now.region.identity.hash_key, FLOW_HASH_KEY) !=
		     0))
		source_close(&moved);
	if (!moved.memory) {
		sources[0] = now;
		return now.memory ? 1 : 0;
	}
	sources[0] = moved;
	sources[1] = now;
	return now.memory ? 2 : 1;
}

static void read_boot_id(uint8_t boot_id[static FLOW_BOOT_ID])
{
	char text[BOOT_ID_TEXT];

	boot_id_read(text);
	crypto_generichash(boot_id, FLOW_BOOT_ID, (const uint8_t *)text, strlen(text), NULL, 0);
}

/* --- opening ----------------------------------------------------------------------------------- */

static uint32_t larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static struct flow_geometry geometry_like(const struct flow_geometry *g)
{
	return (struct flow_geometry){
		.slots = {larger(g->slots[FLOW_IPV4], least.slots[FLOW_IPV4]),
			  larger(g->slots[FLOW_IPV6], least.slots[FLOW_IPV6])},
		.farms = larger(g->farms, least.farms),
		.backends = larger(g->backends, least.backends),
	};
}

static void take_in(struct flow_file *f, const struct source *sources, size_t n)
{
	uint32_t torn = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t slot = 0;

		flow_index_import(&f->index, &sources[i].region, &slot, UINT32_MAX,
				  flow_file_now_s(), &torn);
	}
	if (torn)
		log_warning("the index of flows held %u damaged entries, leaving them out", torn);
	if (n)
		log_info("the index of flows holds %u flows of before",
			 flow_index_total(&f->index, FLOW_IPV4) +
				 flow_index_total(&f->index, FLOW_IPV6));
}

static int make_index(struct flow_file *f, const struct source *sources, size_t n,
		      const uint8_t *boot_id)
{
	struct flow_geometry g = n ? geometry_like(&sources[0].region.geometry) : least;
	struct flow_identity id = {.epoch = 1};
	struct flow_region r;
	int fd, code;

	f->size = flow_region_size(&g);
	fd = create_file(f->dir, FILE_OPEN);
	if (fd < 0)
		return fd;
	code = take_room(fd, 0, f->size);
	if (code == 0)
		code = map_whole(fd, f->size, &f->memory);
	close(fd);
	if (code < 0) {
		remove_file(f->dir, FILE_OPEN);
		return code;
	}
	if (n) {
		id = sources[0].region.identity;
		id.epoch++;
	} else {
		memcpy(id.boot_id, boot_id, FLOW_BOOT_ID);
		randombytes_buf(id.hash_key, sizeof(id.hash_key));
	}
	flow_region_create(&r, f->memory, &g, &id);
	if (n)
		flow_region_copy_names(&r, &sources[0].region, false);
	flow_index_init(&f->index, &r);
	take_in(f, sources, n);
	flow_region_publish(&f->index.now);
	code = rename_file(f->dir, FILE_OPEN, FILE_NAME);
	if (code == 0)
		remove_file(f->dir, FILE_NEW);
	else
		munmap(f->memory, f->size);
	return code;
}

int flow_file_open(const char *dir, struct flow_file **ret, struct err *err)
{
	struct flow_file *f = calloc(1, sizeof(*f));
	struct source sources[SOURCES];
	uint8_t boot_id[FLOW_BOOT_ID];
	size_t n;
	int code;

	if (!f)
		return err_set(err, -ENOMEM, "no memory");
	f->new_fd = -1;
	snprintf(f->dir, sizeof(f->dir), "%s", dir);
	read_boot_id(boot_id);
	n = sources_open(sources, dir, boot_id);
	code = make_index(f, sources, n, boot_id);
	for (size_t i = 0; i < n; i++)
		source_close(&sources[i]);
	if (code < 0) {
		free(f);
		return err_set(err, code, "cannot make the index of flows in %s: %s", dir,
			       strerror(-code));
	}
	*ret = f;
	return 0;
}

/* --- moving ------------------------------------------------------------------------------------ */

static void start_file(struct flow_file *f, const struct flow_geometry *g)
{
	f->new_geometry = *g;
	f->new_size = flow_region_size(g);
	f->new_room = 0;
	f->new_fd = create_file(f->dir, FILE_NEW);
}

/* At the first step that fails, which may be the making of the file. */
static void give_up_file(struct flow_file *f, int code)
{
	if (f->new_fd >= 0)
		close(f->new_fd);
	f->new_fd = -1;
	remove_file(f->dir, FILE_NEW);
	f->retry_ms = clock_ms() + RETRY_MS;
	log_warning("cannot make an index of flows of %zu KiB in %s: %s; keeping the one of %zu "
		    "KiB, trying again in %d s",
		    f->new_size >> 10, f->dir, strerror(-code), f->size >> 10, RETRY_MS / 1000);
}

static void start_move(struct flow_file *f)
{
	void *memory = NULL;
	int code = map_whole(f->new_fd, f->new_size, &memory);

	if (code < 0) {
		give_up_file(f, code);
		return;
	}
	close(f->new_fd);
	f->new_fd = -1;
	flow_index_start_move(&f->index, memory, &f->new_geometry);
	f->old_memory = f->memory;
	f->old_size = f->size;
	f->memory = memory;
	f->size = f->new_size;
}

/* Some more room for the new file; with the last of it the move starts. */
static void go_on_with_file(struct flow_file *f)
{
	size_t to = f->new_size - f->new_room < TEND_ROOM ? f->new_size : f->new_room + TEND_ROOM;
	int code = f->new_fd < 0 ? f->new_fd : take_room(f->new_fd, f->new_room, to);

	f->new_room = to;
	if (code < 0)
		give_up_file(f, code);
	else if (f->new_room == f->new_size)
		start_move(f);
}

/*
 * Putting flows in may have ended the move, too. Killed before the rename: the old file is there and
 * empty, and the new one is the newer.
 */
static void end_move(struct flow_file *f)
{
	int code = rename_file(f->dir, FILE_NEW, FILE_NAME);

	if (code < 0)
		log_warning("cannot rename the index of flows in %s: %s; a restarted daemon will "
			    "still find it",
			    f->dir, strerror(-code));
	munmap(f->old_memory, f->old_size);
	f->old_memory = NULL;
}

bool flow_file_tend(struct flow_file *f)
{
	struct flow_geometry g;

	if (f->old_memory) {
		if (flow_index_move(&f->index, TEND_SLOTS))
			end_move(f);
	} else if (f->new_fd >= 0) {
		go_on_with_file(f);
	} else if (flow_index_wants(&f->index, &least, &g) && clock_ms() >= f->retry_ms) {
		start_file(f, &g);
		go_on_with_file(f);
	}
	return f->old_memory || f->new_fd >= 0;
}

struct flow_index *flow_file_index(struct flow_file *f)
{
	return &f->index;
}

void flow_file_close(struct flow_file *f)
{
	if (!f)
		return;
	if (f->new_fd >= 0) {
		close(f->new_fd);
		remove_file(f->dir, FILE_NEW);
	}
	if (f->old_memory)
		munmap(f->old_memory, f->old_size);
	munmap(f->memory, f->size);
	free(f);
}

int flow_file_remove(const char *dir)
{
	static const char *const names[] = {FILE_NAME, FILE_NEW, FILE_OPEN};
	int code = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int one = remove_file(dir, names[i]);

		code = code ? code : one;
	}
	return code;
}

uint32_t flow_file_now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint32_t)now.tv_sec;
}
