/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A director's namespace and a backend's; see vip_world.h. */
#include "tests/unit/vip_world.h"

#include "tests/unit/namespace.h"
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SERVERS = 4 };

/*
 * IPv6 comes to life within a second or two after a link; so no address is checked for duplicates, and
 * the backend need not ask who the director is.
 */
#define NO_DAD "sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.eth0.accept_dad=0 && "

/* The kernel takes IPv6 addresses into use in the background. */
#define SETTLED                                                                                    \
	" && until ip -6 route get fd77::100 from fd77::2 iif eth0 2>&1 | grep -q ^local; "        \
	"do sleep 0.01; done"

#define DIRECTOR                                                                                   \
	NO_DAD "ip link set lo up && ip address add 10.77.0.2/24 dev eth0 && "                     \
	       "ip address add fd77::2/64 dev eth0 nodad && ip link set eth0 up && "               \
	       "nft add table inet t && "                                                          \
	       "nft 'add chain inet t out { type filter hook output priority 0; }' && "            \
	       "nft add rule inet t out tcp flags rst counter"
/* It asks for the director's MAC in its own name, not in that of an address which the director may have. */
#define BACKEND                                                                                    \
	NO_DAD "sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2 && "    \
	       "ip link set lo up && ip address add 10.77.0.21/24 dev eth0 && "                    \
	       "ip address add fd77::21/64 dev eth0 nodad && ip link set eth0 up && "              \
	       "ip address add 10.77.0.100/32 dev lo && "                                          \
	       "ip address add fd77::100/128 dev lo nodad && "                                     \
	       "ip neighbour add fd77::2 lladdr 02:00:00:00:00:02 dev eth0 nud permanent" SETTLED

/* What Docker's rules come to, with nothing else of it. */
#define CONTAINING                                                                                 \
	NO_DAD "sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 && "               \
	       "sysctl -qw net.ipv6.conf.inner.accept_dad=0 && "                                   \
	       "ip address add 172.17.0.1/16 dev inner && "                                        \
	       "ip address add fd17::1/64 dev inner nodad && ip link set inner up && "             \
	       "ip neighbour add fd17::2 lladdr 02:00:00:00:00:21 dev inner nud permanent && "     \
	       "nft add table inet docker && nft 'add chain inet docker to "                       \
	       "{ type nat hook prerouting priority -100; }' && "                                  \
	       "nft add rule inet docker to meta nfproto ipv4 fib daddr type local "               \
	       "tcp dport 80 dnat ip to 172.17.0.2:8080 && "                                       \
	       "nft add rule inet docker to meta nfproto ipv6 fib daddr type local "               \
	       "tcp dport 80 dnat ip6 to '[fd17::2]:8080' && "                                     \
	       "until ip -6 route get fd17::1 | grep -q ^local; do sleep 0.01; done"
#define CONTAINER                                                                                  \
	NO_DAD "ip link set lo up && "                                                             \
	       "ip address add 172.17.0.2/16 dev eth0 && "                                         \
	       "ip address add fd17::2/64 dev eth0 nodad && ip link set eth0 up && "               \
	       "ip route add default via 172.17.0.1 && "                                           \
	       "ip neighbour add fd17::1 lladdr 02:00:00:00:00:20 dev eth0 nud permanent && "      \
	       "ip route add default via fd17::1 && "                                              \
	       "until ip -6 route get fd17::2 | grep -q ^local; do sleep 0.01; done"

/* Each story is a process of its own. */
static pid_t servers[SERVERS];
static size_t n_servers;
static int director_ns, backend_ns, container_ns = -1;
static void (*its_story)(void);

static void enter(int ns)
{
	CU_ASSERT_EQUAL_FATAL(setns(ns, CLONE_NEWNET), 0);
}

static void run(const char *command)
{
	int status = system(command);

	if (status != 0)
		printf("\n    %s: status %d", command, status);
	CU_ASSERT_EQUAL_FATAL(status, 0);
}

void vip_world_director(const char *command)
{
	run(command);
}

static void run_in(int ns, const char *command)
{
	enter(ns);
	run(command);
	enter(director_ns);
}

void vip_world_backend(const char *command)
{
	run_in(backend_ns, command);
}

void vip_world_container(const char *command)
{
	run_in(container_ns, command);
}

/* It lives as long as its descriptor. */
static int make_namespace(void)
{
	int ns;

	CU_ASSERT_EQUAL_FATAL(unshare(CLONE_NEWNET), 0);
	ns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	enter(director_ns);
	CU_ASSERT_FATAL(ns >= 0);
	return ns;
}

void vip_world_contain(void)
{
	char command[300];

	container_ns = make_namespace();
	snprintf(command, sizeof(command),
		 "to=/proc/%d/fd/%d; ip link add inner address 02:00:00:00:00:20 type veth peer "
		 "name eth0 "
		 "address 02:00:00:00:00:21 netns $to && "
		 "ip link add link eth0 name wire address 02:00:00:00:00:17 netns $to "
		 "type macvlan mode bridge",
		 getpid(), container_ns);
	vip_world_backend(command);
	vip_world_backend("ip link set inner up");
	vip_world_container(CONTAINER);
	vip_world_backend(CONTAINING);
}

static void make_backend(void)
{
	char command[200];

	director_ns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	CU_ASSERT_FATAL(director_ns >= 0);
	backend_ns = make_namespace();
	snprintf(command, sizeof(command),
		 "ip link add eth0 address 02:00:00:00:00:02 type veth peer name eth0 "
		 "address 02:00:00:00:00:15 netns /proc/%d/fd/%d",
		 getpid(), backend_ns);
	run(command);
}

static void whole_story(void)
{
	make_backend();
	vip_world_director(DIRECTOR);
	vip_world_backend(BACKEND);
	its_story();
	for (size_t i = 0; i < n_servers; i++) {
		kill(servers[i], SIGKILL);
		waitpid(servers[i], NULL, 0);
	}
}

void vip_world_run(void (*story)(void))
{
	its_story = story;
	unit_in_namespace("true", whole_story);
}

static int listen_in(int ns, const char *address, uint16_t port)
{
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	struct sockaddr_in in4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	bool v6 = strchr(address, ':');
	struct sockaddr *name = v6 ? (struct sockaddr *)&in6 : (struct sockaddr *)&in4;
	socklen_t len = v6 ? sizeof(in6) : sizeof(in4);
	int fd;

	if (v6)
		inet_pton(AF_INET6, address, &in6.sin6_addr);
	else
		inet_pton(AF_INET, address, &in4.sin_addr);
	enter(ns);
	fd = socket(name->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	enter(director_ns);
	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL_FATAL(bind(fd, name, len), 0);
	CU_ASSERT_EQUAL_FATAL(listen(fd, 1024), 0);
	return fd;
}

int vip_world_listen(const char *address, uint16_t port)
{
	return listen_in(backend_ns, address, port);
}

int vip_world_listen_inside(uint16_t port)
{
	return listen_in(container_ns, "::", port);
}

void vip_world_serve(int listener, void (*serve)(int fd))
{
	pid_t child;

	CU_ASSERT_FATAL(n_servers < SERVERS);
	fflush(stdout);
	child = fork();
	CU_ASSERT_FATAL(child >= 0);
	if (child > 0) {
		servers[n_servers++] = child;
		close(listener);
		return;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			_exit(0);
		serve(fd);
		close(fd);
	}
}

struct vip_ask vip_world_ask(const char *vip, uint16_t port)
{
	struct vip_ask ask = {.port = port, .ifindex = if_nametoindex("eth0")};

	EXPECT_INT(addr_parse(vip, &ask.vip), 0);
	EXPECT_INT(addr_parse(ask.vip.family == AF_INET6 ? "fd77::21" : "10.77.0.21", &ask.backend),
		   0);
	EXPECT_INT(mac_parse("02:00:00:00:00:15", &ask.mac), 0);
	EXPECT_INT(mac_parse("02:00:00:00:00:02", &ask.own_mac), 0);
	return ask;
}

unsigned int vip_world_resets(void)
{
	char *text = unit_output_of("nft list chain inet t out");
	const char *at = strstr(text, "packets ");
	unsigned int packets = at ? (unsigned int)atoi(at + strlen("packets ")) : 9999;

	free(text);
	return packets;
}
