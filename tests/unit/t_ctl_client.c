/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A daemon that hangs does not make directorctl hang: one that says nothing, that takes nobody, that dribbles. */
#include "director/ctl/ctl.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 300, SLACK_MS = 2000 };

struct deaf {
	char folder[64];
	struct sockaddr_un at;
	int fd;
};

static void deaf_init(struct deaf *d, int backlog)
{
	*d = (struct deaf){.folder = "/tmp/director-ctl-XXXXXX", .at.sun_family = AF_UNIX};
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(d->folder));
	snprintf(d->at.sun_path, sizeof(d->at.sun_path), "%s/sock", d->folder);
	d->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CU_ASSERT_FATAL(d->fd >= 0);
	CU_ASSERT_FATAL(bind(d->fd, (struct sockaddr *)&d->at, sizeof(d->at)) == 0);
	CU_ASSERT_FATAL(listen(d->fd, backlog) == 0);
}

static void deaf_close(struct deaf *d)
{
	close(d->fd);
	unlink(d->at.sun_path);
	rmdir(d->folder);
}

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Asks; it must be over when the patience is, and say so. */
static void expect_given_up(const struct deaf *d)
{
	struct ctl ctl = {.socket = d->at.sun_path, .patience_ms = PATIENCE_MS};
	struct control_request request = {.command = CONTROL_STATUS};
	struct control_reply reply = {0};
	struct err err = {0};
	long began = now_ms(), took;

	EXPECT_INT(ctl_try(&ctl, &request, &reply, &err), -ETIMEDOUT);
	took = now_ms() - began;
	CU_ASSERT(took >= PATIENCE_MS - 50 && took < PATIENCE_MS + SLACK_MS);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "gave no answer within 0.3 s: "));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "journalctl -u directord"));
}

static void says_nothing(void)
{
	struct deaf d;

	deaf_init(&d, 8);
	expect_given_up(&d);
	deaf_close(&d);
}

/* Its queue is full. */
static void takes_nobody(void)
{
	struct deaf d;
	int first;

	deaf_init(&d, 0);
	first = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CU_ASSERT_FATAL(connect(first, (struct sockaddr *)&d.at, sizeof(d.at)) == 0);
	expect_given_up(&d);
	close(first);
	deaf_close(&d);
}

/* One octet of an answer of many, again and again. */
static void *dribble(void *arg)
{
	struct deaf *d = arg;
	int fd = accept(d->fd, NULL, NULL);
	const char octet = 0, length[] = {0, 0, 0x10, 0};

	if (fd < 0)
		return NULL;
	if (send(fd, length, sizeof(length), MSG_NOSIGNAL) == sizeof(length))
		while (send(fd, &octet, 1, MSG_NOSIGNAL) == 1)
			nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
	close(fd);
	return NULL;
}

static void dribbles(void)
{
	pthread_t thread;
	struct deaf d;

	deaf_init(&d, 8);
	CU_ASSERT_FATAL(pthread_create(&thread, NULL, dribble, &d) == 0);
	expect_given_up(&d);
	pthread_join(thread, NULL);
	deaf_close(&d);
}

static void is_not_there(void)
{
	struct ctl ctl = {.socket = "/tmp/director-none.sock"};
	struct control_request request = {.command = CONTROL_STATUS};
	struct control_reply reply = {0};
	struct err err = {0};

	EXPECT_INT(ctl_try(&ctl, &request, &reply, &err), -ENOENT);
	EXPECT_TEXT(err.text,
		    "directord is not running (nobody answers at /tmp/director-none.sock); "
		    "`systemctl status directord` tells why, -s names another socket");
}

UNIT_TESTS(ctl_client) = {
	{"a daemon that says nothing", says_nothing},
	{"a daemon that takes nobody", takes_nobody},
	{"a daemon that dribbles", dribbles},
	{"a daemon that is not there", is_not_there},
	UNIT_TESTS_END,
};
