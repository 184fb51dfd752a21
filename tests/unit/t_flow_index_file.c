/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The index of flows across restarts, kills, full and spoilt files. */
#include "director/flow/flow_index_file_uv.h"
#include "include/log.h"
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MANY = 60000, BATCH = 1000, LATER = 1000000 };

struct place {
	char dir[64];
	char file[96], new_file[96];
};

static struct place place_new(void)
{
	struct place p = {.dir = "/tmp/flow-index.XXXXXX"};

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(p.dir));
	snprintf(p.file, sizeof(p.file), "%s/flows.index", p.dir);
	snprintf(p.new_file, sizeof(p.new_file), "%s/flows.index.new", p.dir);
	return p;
}

static void place_drop(const struct place *p)
{
	EXPECT_INT(flow_file_remove(p->dir), 0);
	EXPECT_INT(flow_file_remove(p->dir), 0);
	EXPECT_INT(rmdir(p->dir), 0);
}

static struct flow_file *open_file(const struct place *p)
{
	struct flow_file *f = NULL;
	struct err err = {0};

	EXPECT_INT(flow_file_open(p->dir, &f, &err), 0);
	EXPECT_TEXT(err.text, "");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	return f;
}

static struct flow_key key_of(uint32_t i)
{
	return (struct flow_key){.client = addr_v4(0x0b000000 + i),
				 .vip = addr_v4(0x0a4d0064),
				 .client_port = 40000,
				 .vip_port = 80,
				 .protocol = IPPROTO_TCP};
}

static uint32_t expiry_of(uint32_t i)
{
	return flow_file_now_s() + LATER - i;
}

/* Puts in what has a place; returns how many. */
static uint32_t put(struct flow_file *f, uint32_t from, uint32_t to, bool tend)
{
	struct flow_index *x = flow_file_index(f);
	uint32_t n = 0;
	uint16_t backend;

	EXPECT_INT(flow_index_name(x, "www", "web1", &backend), 0);
	for (uint32_t i = from; i < to; i++) {
		struct flow_key key = key_of(i);

		n += flow_index_put(x, &key, backend, expiry_of(i), 0, NULL) == FLOW_PUT_NEW;
		if (tend && i % BATCH == 0)
			flow_file_tend(f);
	}
	return n;
}

static uint32_t count(struct flow_file *f, uint32_t from, uint32_t to)
{
	uint32_t n = 0;

	for (uint32_t i = from; i < to; i++) {
		struct flow_key key = key_of(i);
		struct flow_record r;

		n += flow_index_find(flow_file_index(f), &key, &r) &&
		     strcmp(flow_index_backend_name(flow_file_index(f), r.backend), "web1") == 0;
	}
	return n;
}

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

static void it_is_there_again(void)
{
	struct place p = place_new();
	struct flow_file *f = open_file(&p);
	struct stat st;

	EXPECT_INT(put(f, 0, MANY, true), MANY);
	while (flow_file_tend(f))
		;
	EXPECT_INT(stat(p.file, &st), 0);
	EXPECT_INT(st.st_mode & 07777, 0600);
	CU_ASSERT(!exists(p.new_file));
	flow_file_close(f);
	flow_file_close(NULL);
	f = open_file(&p);
	EXPECT_INT(count(f, 0, MANY), MANY);
	EXPECT_INT(flow_index_total(flow_file_index(f), FLOW_IPV4), MANY);
	EXPECT_INT(stat(p.file, &st), 0);
	CU_ASSERT(st.st_size < 3 * 1024 * 1024);
	flow_file_close(f);
	place_drop(&p);
}

/* It grows while flows come and shrinks when they are gone. */
static void it_has_the_size_that_it_needs(void)
{
	struct place p = place_new();
	struct flow_file *f = open_file(&p);
	struct stat st;
	off_t small;

	EXPECT_INT(stat(p.file, &st), 0);
	small = st.st_size;
	EXPECT_INT(put(f, 0, MANY, true), MANY);
	for (uint32_t i = 10; i < MANY; i++) {
		struct flow_key key = key_of(i);

		EXPECT_INT(flow_index_remove(flow_file_index(f), &key, NULL), true);
		if (i % BATCH == 0)
			flow_file_tend(f);
	}
	for (int i = 0; i < 100; i++)
		flow_file_tend(f);
	EXPECT_INT(stat(p.file, &st), 0);
	EXPECT_INT(st.st_size, small);
	EXPECT_INT(count(f, 0, MANY), 10);
	flow_file_close(f);
	place_drop(&p);
}

/* A daemon that ends in the middle of a move leaves two files, which are one index. */
static void both_files_of_a_move_count(void)
{
	struct place p = place_new();
	struct flow_file *f = open_file(&p);
	uint32_t n = 0;

	while (!flow_index_moving(flow_file_index(f))) {
		EXPECT_INT(put(f, n, n + 1, false), 1);
		flow_file_tend(f);
		n++;
	}
	n += put(f, n, n + 100, false);
	CU_ASSERT(exists(p.new_file));
	CU_ASSERT(flow_index_moving(flow_file_index(f)));
	flow_file_close(f);
	f = open_file(&p);
	CU_ASSERT(!exists(p.new_file));
	EXPECT_INT(count(f, 0, n), n);
	EXPECT_INT(flow_index_total(flow_file_index(f), FLOW_IPV4), n);
	flow_file_close(f);
	place_drop(&p);
}

/* Whatever it was doing: each flow of the parent's side is there, and none is damaged. */
static void a_killed_daemon_leaves_its_flows(void)
{
	for (int run = 0; run < 10; run++) {
		struct place p = place_new();
		struct flow_file *f;
		int told[2], status;
		uint32_t last = 0, next;
		pid_t child;

		CU_ASSERT_EQUAL_FATAL(pipe(told), 0);
		child = fork();
		if (child == 0) {
			f = open_file(&p);
			for (uint32_t i = 0;; i += 100) {
				put(f, i, i + 100, true);
				flow_file_tend(f);
				next = i + 100;
				if (write(told[1], &next, sizeof(next)) != sizeof(next))
					_exit(1);
			}
		}
		close(told[1]);
		while (last < (uint32_t)(run + 1) * 9000 &&
		       read(told[0], &next, sizeof(next)) == sizeof(next))
			last = next;
		usleep((useconds_t)run * 37);
		kill(child, SIGKILL);
		waitpid(child, &status, 0);
		close(told[0]);
		CU_ASSERT(WIFSIGNALED(status));
		f = open_file(&p);
		EXPECT_INT(count(f, 0, last), last);
		flow_file_close(f);
		place_drop(&p);
	}
}

static void write_file(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	fputs(text, out);
	fclose(out);
}

static void expect_empty(const struct place *p)
{
	struct flow_file *f = open_file(p);

	EXPECT_INT(flow_index_total(flow_file_index(f), FLOW_IPV4), 0);
	EXPECT_INT(put(f, 0, 10, false), 10);
	flow_file_close(f);
}

static void what_cannot_be_used_is_replaced(void)
{
	struct place p = place_new();
	struct flow_file *f;

	write_file(p.file, "");
	expect_empty(&p);
	write_file(p.file, "something else");
	expect_empty(&p);
	EXPECT_INT(truncate(p.file, 100000), 0);
	expect_empty(&p);
	EXPECT_INT(chown(p.file, 65534, 65534), 0);
	expect_empty(&p);
	unlink(p.file);
	EXPECT_INT(symlink("/etc/passwd", p.file), 0);
	expect_empty(&p);
	write_file(p.new_file, "");
	f = open_file(&p);
	EXPECT_INT(count(f, 0, 10), 10);
	flow_file_close(f);
	place_drop(&p);
}

/* Full file system: a line in the log, and what is there stays and is used until it is full, too. */
static void full_story(void)
{
	struct place p = {.dir = "/tmp"};
	struct flow_file *f;
	struct err err = {0};
	uint32_t n;

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", "/tmp", "tmpfs", 0, "size=2m") < 0)
		_exit(100);
	f = open_file(&p);
	n = put(f, 0, MANY, true);
	CU_ASSERT(n > 15000 && n < 16384);
	EXPECT_INT(count(f, 0, MANY), n);
	CU_ASSERT(!exists("/tmp/flows.index.new"));
	flow_file_close(f);
	if (mount("tmpfs", "/tmp", "tmpfs", MS_REMOUNT, "size=64m") < 0)
		_exit(101);
	f = open_file(&p);
	EXPECT_INT(count(f, 0, MANY), n);
	EXPECT_INT(put(f, 0, MANY, true), MANY - n);
	flow_file_close(f);
	EXPECT_INT(flow_file_open("/tmp/not/there", &f, &err), -2);
	EXPECT_TEXT(err.text, "cannot make the index of flows in /tmp/not/there: No such file or "
			      "directory");
}

static void a_full_file_system(void)
{
	unsigned int before;
	int status = -1;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		before = CU_get_number_of_failures();
		full_story();
		fflush(stdout);
		_exit(CU_get_number_of_failures() == before ? 0 : 1);
	}
	waitpid(child, &status, 0);
	CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

UNIT_TESTS(flow_index_file) = {
	{"it is there again", it_is_there_again},
	{"it has the size that it needs", it_has_the_size_that_it_needs},
	{"both files of a move count", both_files_of_a_move_count},
	{"a killed daemon leaves its flows", a_killed_daemon_leaves_its_flows},
	{"what cannot be used is replaced", what_cannot_be_used_is_replaced},
	{"a full file system", a_full_file_system},
	UNIT_TESTS_END,
};
