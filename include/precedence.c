/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "include/precedence.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

/* On Linux the nice value is the thread's own, and 0 means the calling one. */
int precedence_raise(void)
{
	if (getpriority(PRIO_PROCESS, 0) != 0)
		return 0;
	return setpriority(PRIO_PROCESS, 0, PRECEDENCE_NICE) < 0 ? -errno : 1;
}

int precedence_raise_session(void)
{
	int fd, code = 0;

	if (getsid(0) != getpid())
		return 0;
	fd = open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (dprintf(fd, "%d", PRECEDENCE_NICE) < 0)
		code = -errno;
	close(fd);
	return code;
}

int precedence_keep_from_children(void)
{
	int policy = sched_getscheduler(0);
	struct sched_param param;

	if (policy < 0 || sched_getparam(0, &param) < 0)
		return -errno;
	return sched_setscheduler(0, policy | SCHED_RESET_ON_FORK, &param) < 0 ? -errno : 0;
}
