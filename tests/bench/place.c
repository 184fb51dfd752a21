/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/bench/place.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <net/if.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Neither end speaks for itself: its solicitations would be counted as frames that left. */
#define NO_IPV6 "echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6"

static int far_ns;
static unsigned int n_links;

static int namespace_new(void)
{
	int fd;

	if (unshare(CLONE_NEWNET) < 0)
		return -errno;
	fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* A shell command in the current namespace; it says itself what failed. */
static int run(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static int run(const char *fmt, ...)
{
	char command[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(command, sizeof(command), fmt, args);
	va_end(args);
	return system(command) == 0 ? 0 : -EINVAL;
}

int place_begin(void)
{
	far_ns = namespace_new();
	if (far_ns < 0)
		return far_ns;
	return run(NO_IPV6 " && nft add table netdev far");
}

int place_open(struct place *p)
{
	char far[IF_NAMESIZE];
	int err;

	/* Children of one process share the namespace of the far ends. */
	snprintf(far, sizeof(far), "q%xn%u", (unsigned int)getpid() & 0xffffff, ++n_links);
	*p = (struct place){.ns = namespace_new(), .mac = {{2, 0, 0, 0, 0, 0x0a}}};
	if (p->ns < 0) {
		err = p->ns;
		p->ns = 0;
		return err;
	}
	err = run(NO_IPV6 " && ip link add " PLACE_DEVICE " address 02:00:00:00:00:0a type veth "
			  "peer name %s netns /proc/%d/fd/%d && ip link set " PLACE_DEVICE " up",
		  far, (int)getpid(), far_ns);
	if (!err && setns(far_ns, CLONE_NEWNET) < 0)
		err = -errno;
	if (!err)
		err = run("ip link set %s up && nft 'add chain netdev far %s { type filter hook "
			  "ingress device %s priority 0; policy drop; }'",
			  far, far, far);
	if (!err)
		err = place_enter(p);
	p->ifindex = if_nametoindex(PLACE_DEVICE);
	if (err)
		place_close(p);
	return err;
}

void place_close(struct place *p)
{
	if (p->ns > 0)
		close(p->ns);
	p->ns = 0;
}

int place_enter(const struct place *p)
{
	return setns(p->ns, CLONE_NEWNET) < 0 ? -errno : 0;
}

uint32_t place_spare(void)
{
	char name[IF_NAMESIZE];
	unsigned int n = ++n_links;

	snprintf(name, sizeof(name), "s%u", n);
	return run("ip link add %s type veth peer name t%u", name, n) == 0 ? if_nametoindex(name)
									   : 0;
}

uint64_t place_sent(void)
{
	FILE *in = fopen("/proc/self/net/dev", "r");
	uint64_t sent = 0;
	char line[512];

	while (in && fgets(line, sizeof(line), in))
		if (sscanf(line, " " PLACE_DEVICE ": %*s %*s %*s %*s %*s %*s %*s %*s %*s %" SCNu64,
			   &sent) == 1)
			break;
	if (in)
		fclose(in);
	return sent;
}

int place_load(const char *text)
{
	FILE *pipe = popen("nft -f -", "w");

	if (!pipe)
		return -errno;
	fputs(text, pipe);
	return pclose(pipe) == 0 ? 0 : -EINVAL;
}
