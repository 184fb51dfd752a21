/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sync channel over real sockets: two nodes in one process, with addresses of the loopback
 * interface of a namespace, IPv4 and IPv6; strangers beside them. Needs root.
 */
#include "ha/sync_dial.h"
#include "ha/sync_link_uv.h"
#include "include/log.h"
#include "tests/unit/loop.h"
#include "tests/unit/namespace.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOOPBACK                                                                                   \
	"ip link set lo up && ip address add 10.77.0.2/32 dev lo && "                              \
	"ip address add 10.77.0.3/32 dev lo && ip address add 10.77.0.4/32 dev lo && "             \
	"ip address add fd77::2/128 dev lo nodad && ip address add fd77::3/128 dev lo nodad"

enum { PORT = 8405, PATIENCE_MS = 10000, CROWD = 1000 };

struct node {
	uv_loop_t *loop;
	struct sync_link *link;
	struct addr address, peer;
	const char *name, *peer_name;
	const struct cluster_keys *keys;
	unsigned int ups, downs, messages, settled;
	uint32_t features;
	uint64_t octets, sum;
	uint8_t last[64];
	size_t last_len;
};

static void up(void *owner, uint32_t features)
{
	struct node *n = owner;

	n->ups++;
	n->features = features;
}

static void message(void *owner, const uint8_t *bytes, size_t len)
{
	struct node *n = owner;

	n->messages++;
	n->octets += len;
	n->last_len = len < sizeof(n->last) ? len : sizeof(n->last);
	memcpy(n->last, bytes, n->last_len);
	for (size_t i = 0; i < len; i++)
		n->sum = n->sum * 31 + bytes[i];
}

static void settled(void *owner)
{
	((struct node *)owner)->settled++;
}

static void down(void *owner)
{
	((struct node *)owner)->downs++;
}

static struct addr address(const char *text)
{
	struct addr ret = {0};

	EXPECT_INT(addr_parse(text, &ret), 0);
	return ret;
}

static struct sync_link_setup setup_of(const struct node *n)
{
	return (struct sync_link_setup){.self = n->address,
					.peer = n->peer,
					.port = PORT,
					.cluster = "web",
					.self_name = n->name,
					.peer_name = n->peer_name,
					.keys = n->keys,
					.features = n->name[0] == 'a' ? 3 : 6};
}

static void start(struct node *n)
{
	static const struct sync_link_ops ops = {
		.up = up, .message = message, .settled = settled, .down = down};
	struct sync_link_setup setup = setup_of(n);
	struct err err = {0};

	EXPECT_INT(sync_link_new(n->loop, &setup, &ops, n, &n->link, &err), 0);
	EXPECT_TEXT(err.text, "");
}

/* --- stories of two --------------------------------------------------------------------------- */

static const struct cluster_keys one = {.keys = {{.bytes = {1}}}, .n = 1};
static const struct cluster_keys other = {.keys = {{.bytes = {2}}}, .n = 1};
static const struct cluster_keys both = {.keys = {{.bytes = {1}}, {.bytes = {2}}}, .n = 2};

static uv_loop_t loop;
static uv_timer_t waker; /* each story is a process of its own */
static struct node a, b;

static void wake(uv_timer_t *timer)
{
	(void)timer;
}

static void begin(const char *first, const char *second)
{
	log_set_level(LOG_LEVEL_ERROR);
	uv_loop_init(&loop);
	uv_timer_init(&loop, &waker);
	uv_timer_start(&waker, wake, 1, 1);
	a = (struct node){.loop = &loop, .name = "a", .peer_name = "b", .keys = &one};
	b = (struct node){.loop = &loop, .name = "b", .peer_name = "a", .keys = &one};
	a.address = b.peer = address(first);
	b.address = a.peer = address(second);
}

static void finish(void)
{
	sync_link_close(a.link);
	sync_link_close(b.link);
	uv_close((uv_handle_t *)&waker, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	EXPECT_INT(uv_loop_close(&loop), 0);
}

static struct sync_link_view view(const struct node *n)
{
	struct sync_link_view v;

	sync_link_view(n->link, &v);
	return v;
}

/* Both are connected, by one and the same connection. */
static void expect_together(void)
{
	uint64_t until = uv_hrtime() + PATIENCE_MS * 1000000ULL;

	while (uv_hrtime() < until &&
	       !(view(&a).connected && view(&b).connected && view(&a).by_us != view(&b).by_us))
		uv_run(&loop, UV_RUN_ONCE);
	CU_ASSERT(view(&a).connected && view(&b).connected);
	CU_ASSERT(view(&a).by_us != view(&b).by_us);
}

static void expect_it_carries(void)
{
	unsigned int heard_a = a.messages, heard_b = b.messages;

	CU_ASSERT(sync_link_send(a.link, (const uint8_t *)"to b", 4));
	CU_ASSERT(sync_link_send(b.link, (const uint8_t *)"to a!", 5));
	unit_loop_wait(&loop, &a.messages, heard_a + 1);
	unit_loop_wait(&loop, &b.messages, heard_b + 1);
	EXPECT_INT(a.last_len, 5);
	EXPECT_INT(b.last_len, 4);
	CU_ASSERT(memcmp(a.last, "to a!", 5) == 0 && memcmp(b.last, "to b", 4) == 0);
}

static void meet(const char *first, const char *second)
{
	begin(first, second);
	start(&a);
	start(&b);
	unit_loop_wait(&loop, &a.ups, 1);
	unit_loop_wait(&loop, &b.ups, 1);
	unit_loop_run(&loop, 300);
	expect_together();
	a.ups = b.ups = 1; /* both may have dialed: then one connection took the other's place */
	a.downs = b.downs = 0;
	EXPECT_INT(a.features + b.features, 2 + 2); /* what both have */
	expect_it_carries();
	EXPECT_TEXT(view(&a).trouble, "");
}

static void story_ipv4(void)
{
	meet("10.77.0.2", "10.77.0.3");
	finish();
}

static void story_ipv6(void)
{
	meet("fd77::3", "fd77::2");
	finish();
}

/* Whatever size, in order, both ways, and more than sockets hold. */
static void story_much(void)
{
	static uint8_t bytes[SYNC_FRAME_MAX];
	uint64_t sum = 0, octets = 0;
	unsigned int n = 0;

	meet("10.77.0.2", "10.77.0.3");
	b.messages = 0;
	b.octets = b.sum = 0;
	for (; n < 200; n++) {
		size_t len = n % 3 ? n * 300 : n == 0 ? 0 : SYNC_FRAME_MAX;

		randombytes_buf(bytes, len);
		for (size_t i = 0; i < len; i++)
			sum = sum * 31 + bytes[i];
		octets += len;
		CU_ASSERT(sync_link_send(a.link, bytes, len));
		if (n % 16 == 0)
			uv_run(&loop, UV_RUN_NOWAIT);
	}
	unit_loop_wait(&loop, &b.messages, n);
	CU_ASSERT(b.octets == octets && b.sum == sum);
	CU_ASSERT(b.settled > 0 && b.settled < n); /* together */
	CU_ASSERT(!sync_link_send(a.link, bytes, SYNC_FRAME_MAX + 1));
	finish();
}

/* Its process stands still: no more than so much waits for it. */
static void story_one_that_does_not_read(void)
{
	static uint8_t bytes[SYNC_FRAME_MAX];
	unsigned int sent = 0;

	meet("10.77.0.2", "10.77.0.3");
	while (sent < 10000 && sync_link_send(a.link, bytes, sizeof(bytes)))
		sent++;
	CU_ASSERT(sent < 10000);
	EXPECT_INT(a.downs, 1);
	CU_ASSERT(!view(&a).connected);
	EXPECT_TEXT(view(&a).trouble, "it does not take what we send");
	unit_loop_wait(&loop, &b.downs, 1);
	unit_loop_wait(&loop, &a.ups, 2); /* and it goes on */
	unit_loop_run(&loop, 300);
	expect_together();
	finish();
}

static void story_another_key(void)
{
	struct sync_link_setup setup;

	begin("10.77.0.2", "10.77.0.3");
	b.keys = &other;
	start(&a);
	start(&b);
	unit_loop_run(&loop, 700);
	EXPECT_INT(a.ups + b.ups, 0);
	CU_ASSERT(view(&a).handshakes[SYNC_HANDSHAKE_REJECT_KEY] > 0);
	CU_ASSERT(view(&b).handshakes[SYNC_HANDSHAKE_REJECT_KEY] > 0);
	CU_ASSERT(strstr(view(&a).trouble, "a key that is not ours") != NULL ||
		  strstr(view(&a).trouble, "did not come") != NULL);
	/* The one gets both keys, and they meet under the other one's. */
	b.keys = &both;
	setup = setup_of(&b);
	sync_link_set_keys(b.link, &setup);
	unit_loop_wait(&loop, &a.ups, 1);
	unit_loop_wait(&loop, &b.ups, 1);
	unit_loop_run(&loop, 300);
	expect_together();
	finish();
}

/* A key that is changed on both, one after the other, ends no connection. */
static void story_keys_change(void)
{
	struct sync_link_setup setup;

	meet("10.77.0.2", "10.77.0.3");
	a.keys = b.keys = &both;
	setup = setup_of(&a);
	sync_link_set_keys(a.link, &setup);
	setup = setup_of(&b);
	sync_link_set_keys(b.link, &setup);
	a.keys = &other;
	setup = setup_of(&a);
	sync_link_set_keys(a.link, &setup);
	expect_it_carries();
	EXPECT_INT(a.downs + b.downs, 0);
	sync_link_hang_up(a.link); /* the next one begins with the new key */
	unit_loop_wait(&loop, &b.downs, 1);
	unit_loop_wait(&loop, &a.ups, 2);
	unit_loop_run(&loop, 300);
	expect_together();
	expect_it_carries();
	finish();
}

static void story_one_ends(void)
{
	meet("10.77.0.2", "10.77.0.3");
	sync_link_close(b.link);
	b.link = NULL;
	unit_loop_wait(&loop, &a.downs, 1);
	EXPECT_TEXT(view(&a).trouble, "the other side ended the connection");
	unit_loop_run(&loop, 700);
	EXPECT_TEXT(view(&a).trouble, "Connection refused");
	start(&b);
	unit_loop_wait(&loop, &a.ups, 2);
	unit_loop_run(&loop, 300);
	expect_together();
	expect_it_carries();
	finish();
}

/* The port belongs to somebody else for a while. */
static void story_port_taken(void)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(PORT)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	begin("10.77.0.2", "10.77.0.3");
	memcpy(&in.sin_addr, a.address.bytes, 4);
	EXPECT_INT(bind(fd, (const struct sockaddr *)&in, sizeof(in)), 0);
	EXPECT_INT(listen(fd, 1), 0);
	start(&a);
	EXPECT_TEXT(view(&a).trouble, "cannot listen on port 8405: Address already in use");
	start(&b);
	unit_loop_wait(&loop, &a.ups, 1); /* a dials, b listens */
	close(fd);
	unit_loop_run(&loop, 1500);
	sync_link_close(b.link);
	unit_loop_wait(&loop, &a.downs, 1);
	start(&b);
	unit_loop_wait(&loop, &a.ups, 2);
	unit_loop_run(&loop, 300);
	expect_together();
	finish();
}

/* --- strangers -------------------------------------------------------------------------------- */

/* A connection to a's port, from an address of ours. */
static int knock(const char *from)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct addr self = address(from);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	memcpy(&in.sin_addr, self.bytes, 4);
	EXPECT_INT(bind(fd, (const struct sockaddr *)&in, sizeof(in)), 0);
	memcpy(&in.sin_addr, a.address.bytes, 4);
	in.sin_port = htons(PORT);
	EXPECT_INT(connect(fd, (const struct sockaddr *)&in, sizeof(in)), 0);
	return fd;
}

/* True when the other side has closed it. */
static bool is_closed(int fd)
{
	uint8_t octet;
	ssize_t n = recv(fd, &octet, 1, MSG_DONTWAIT);

	return n == 0 || (n < 0 && errno == ECONNRESET);
}

static void wait_closed(int fd)
{
	uint64_t until = uv_hrtime() + PATIENCE_MS * 1000000ULL;

	while (!is_closed(fd) && uv_hrtime() < until)
		uv_run(&loop, UV_RUN_ONCE);
	CU_ASSERT(is_closed(fd));
}

static void story_from_elsewhere(void)
{
	int fd;

	meet("10.77.0.2", "10.77.0.3");
	fd = knock("10.77.0.4");
	wait_closed(fd);
	EXPECT_INT(view(&a).foreign, 1);
	close(fd);
	expect_it_carries();
	EXPECT_INT(a.downs + b.downs, 0);
	finish();
}

/* From the other node's own machine: nothing is worse than this. */
static void story_a_crowd(void)
{
	static int fds[CROWD];
	struct rusage before, after;
	struct rlimit files = {CROWD * 2 + 100, CROWD * 2 + 100};
	size_t open = 0;

	setrlimit(RLIMIT_NOFILE, &files);
	meet("10.77.0.2", "10.77.0.3");
	getrusage(RUSAGE_SELF, &before);
	for (size_t i = 0; i < CROWD; i++) {
		fds[i] = knock("10.77.0.3");
		if (i % 8 == 0)
			uv_run(&loop, UV_RUN_NOWAIT);
	}
	for (size_t i = 0; i < CROWD - SYNC_LINK_TRYING; i++)
		wait_closed(fds[i]);
	for (size_t i = 0; i < CROWD; i++)
		open += !is_closed(fds[i]);
	EXPECT_INT(open, SYNC_LINK_TRYING);
	EXPECT_INT(view(&a).late, CROWD - SYNC_LINK_TRYING);
	getrusage(RUSAGE_SELF, &after);
	CU_ASSERT(after.ru_maxrss - before.ru_maxrss <
		  64 * 1024); /* KiB; ASan keeps what is freed */
	expect_it_carries();
	unit_loop_run(&loop, SYNC_DIAL_LIMIT_US / 1000 + 200);
	for (size_t i = 0; i < CROWD; i++) {
		CU_ASSERT(is_closed(fds[i])); /* the last ones were too slow */
		close(fds[i]);
	}
	expect_it_carries();
	EXPECT_INT(a.downs + b.downs, 0);
	finish();
}

static void story_random_octets(void)
{
	uint8_t bytes[400];
	uint64_t refused = 0, until = uv_hrtime() + PATIENCE_MS * 1000000ULL;

	meet("10.77.0.2", "10.77.0.3");
	for (size_t i = 0; i < 300; i++) {
		int fd = knock("10.77.0.3");
		size_t len = 1 + randombytes_uniform(sizeof(bytes));

		randombytes_buf(bytes, len);
		CU_ASSERT(send(fd, bytes, len, MSG_NOSIGNAL) >= 0);
		if (len >= SYNC_PREFIX_LEN)
			wait_closed(fd);
		close(fd);
	}
	while (refused < 300 && uv_hrtime() < until) {
		uv_run(&loop, UV_RUN_ONCE);
		refused = 0;
		for (size_t i = 1; i < SYNC_HANDSHAKE_REJECT_COUNT; i++)
			refused += view(&a).handshakes[i];
	}
	EXPECT_INT(refused, 300);
	expect_it_carries();
	EXPECT_INT(a.downs + b.downs, 0);
	finish();
}

#define KERNEL_TEST(name)                                                                          \
	static void name(void)                                                                     \
	{                                                                                          \
		unit_in_namespace(LOOPBACK, story_##name);                                         \
	}

KERNEL_TEST(ipv4)
KERNEL_TEST(ipv6)
KERNEL_TEST(much)
KERNEL_TEST(one_that_does_not_read)
KERNEL_TEST(another_key)
KERNEL_TEST(keys_change)
KERNEL_TEST(one_ends)
KERNEL_TEST(port_taken)
KERNEL_TEST(from_elsewhere)
KERNEL_TEST(a_crowd)
KERNEL_TEST(random_octets)

UNIT_TESTS(sync_link_kernel) = {
	{"two meet, IPv4", ipv4},
	{"two meet, IPv6", ipv6},
	{"much, and long messages", much},
	{"one that does not read", one_that_does_not_read},
	{"another key", another_key},
	{"keys change", keys_change},
	{"one ends, and another starts", one_ends},
	{"the port is taken", port_taken},
	{"from elsewhere", from_elsewhere},
	{"a crowd", a_crowd},
	{"random octets", random_octets},
	UNIT_TESTS_END,
};
