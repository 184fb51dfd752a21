/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/flow/flow_send_uv.h"

#include "ha/thread_uv.h"
#include "include/precedence.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { STACK = 256 << 10 };

struct flow_sender {
	uv_thread_t thread;
	uv_sem_t go, done;
	cpu_set_t cpus; /* where it may run */
	/* Of one thread at a time: the semaphores hand them over. */
	int fd; /* -1: the end */
	const uint8_t *bytes;
	size_t len;
	int code;
};

static void run(void *arg)
{
	struct flow_sender *s = arg;

	precedence_raise();
	for (uv_sem_wait(&s->go); s->fd >= 0; uv_sem_wait(&s->go)) {
		s->code = send(s->fd, s->bytes, s->len, 0) < 0 ? -errno : 0;
		uv_sem_post(&s->done);
	}
}

/* Where the main thread may: the election may have one of the processors to itself (election_uv.h). */
static void keep_off(struct flow_sender *s)
{
	cpu_set_t cpus;

	if (pthread_getaffinity_np(pthread_self(), sizeof(cpus), &cpus) != 0 ||
	    CPU_EQUAL(&cpus, &s->cpus))
		return;
	if (pthread_setaffinity_np(s->thread, sizeof(cpus), &cpus) == 0)
		s->cpus = cpus;
}

struct flow_sender *flow_sender_new(void)
{
	struct flow_sender *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	if (uv_sem_init(&s->go, 0) < 0)
		goto no_memory;
	if (uv_sem_init(&s->done, 0) < 0)
		goto no_done;
	if (thread_start(&s->thread, STACK, run, s) < 0)
		goto no_thread;
	return s;
no_thread:
	uv_sem_destroy(&s->done);
no_done:
	uv_sem_destroy(&s->go);
no_memory:
	free(s);
	return NULL;
}

void flow_sender_free(struct flow_sender *s)
{
	if (!s)
		return;
	s->fd = -1;
	uv_sem_post(&s->go);
	uv_thread_join(&s->thread);
	uv_sem_destroy(&s->done);
	uv_sem_destroy(&s->go);
	free(s);
}

void flow_sender_start(struct flow_sender *s, int fd, const uint8_t *bytes, size_t len)
{
	keep_off(s);
	s->fd = fd;
	s->bytes = bytes;
	s->len = len;
	uv_sem_post(&s->go);
}

int flow_sender_wait(struct flow_sender *s)
{
	uv_sem_wait(&s->done);
	return s->code;
}
