/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two ends of the measured traffic.
 *
 * echo sends every datagram back, from the address that it was sent to; it may be started before the
 * host owns that address.
 *
 * send is the client: a thousand datagrams a second, on time whether or not answers come. SIGUSR1
 * says that the event is now; it ends by itself, at least LEAST_MS after it, as soon as answers have
 * come steadily for half a second, at most MOST_MS after it. RESULT gets
 *
 *	gap_ms, lost (never answered, of all), late_ms
 *
 * The gap is the longest time between two answers that ended after the event, less the time for
 * which, within it, the client itself was late: what it did not send nobody could answer. When
 * answers arrived is the kernel's word. late_ms is the longest such time.
 */
#include "tests/bench/takeover.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum {
	PERIOD_NS = 1000000,
	MS = 1000000,
	STEADY_NS = 500 * MS, /* so long without a gap: the event is over */
	PAUSE_NS = 100 * MS,  /* what interrupts it */
	STRAGGLERS_MS = 50,   /* so long an answer may take at the end */
	FLOWING = 200,	      /* answers until the client says that it is ready */
	PRIORITY = 50,
};

void takeover_be_prompt(void)
{
	struct sched_param p = {.sched_priority = PRIORITY};

	if (sched_setscheduler(0, SCHED_FIFO, &p) < 0)
		fprintf(stderr, "no real-time priority: %s\n", strerror(errno));
	mlockall(MCL_CURRENT | MCL_FUTURE);
}

static int address(const char *text, const char *port, struct sockaddr_in *ret)
{
	*ret = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
	if (inet_pton(AF_INET, text, &ret->sin_addr) == 1)
		return 0;
	fprintf(stderr, "%s is no IPv4 address\n", text);
	return -EINVAL;
}

int takeover_echo(int argc, char **argv)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), on = 1;
	struct sockaddr_in here, from;
	uint8_t buf[64];

	(void)argc;
	if (address(argv[0], argv[1], &here) < 0)
		return 2;
	setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&here, sizeof(here)) < 0) {
		perror("bind");
		return 1;
	}
	takeover_be_prompt();
	puts("ready");
	fflush(stdout);
	for (;;) {
		socklen_t len = sizeof(from);
		ssize_t got = recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&from, &len);

		/* A host that no longer owns the address cannot answer: that is what is measured. */
		if (got >= 0)
			sendto(fd, buf, (size_t)got, 0, (struct sockaddr *)&from, len);
	}
}

struct client {
	int fd, timer, signals;
	uint64_t sent, answered;
	int64_t event;		  /* 0: not yet */
	int64_t last;		  /* answer */
	int64_t since;		  /* answers come without a pause */
	int64_t gap, late;	  /* the longest: without an answer; of the client itself */
	int64_t turn;		  /* of sending, by the monotonic clock: the last one */
	int64_t late_sum;	  /* so far */
	int64_t late_sum_at_last; /* answer */
	bool stop;
};

static void open_client(struct client *c, const struct sockaddr_in *there)
{
	struct itimerspec every = {.it_interval = {.tv_nsec = PERIOD_NS},
				   .it_value = {.tv_nsec = PERIOD_NS}};
	struct timespec now;
	sigset_t set;
	int on = 1;

	c->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	setsockopt(c->fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
	if (connect(c->fd, (const struct sockaddr *)there, sizeof(*there)) < 0)
		perror("connect");
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	c->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	c->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	clock_gettime(CLOCK_MONOTONIC, &now);
	c->turn = takeover_ns(&now);
	timerfd_settime(c->timer, 0, &every, NULL);
}

static void send_due(struct client *c)
{
	uint64_t n = 0;
	struct timespec now;

	if (read(c->timer, &n, sizeof(n)) < 0)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (takeover_ns(&now) - c->turn > 2 * PERIOD_NS)
		c->late_sum += takeover_ns(&now) - c->turn - PERIOD_NS;
	c->turn = takeover_ns(&now);
	while (n--) {
		/* Refused by a neighbour that is not there: lost, like any other. */
		c->sent++;
		send(c->fd, &c->sent, sizeof(c->sent), 0);
	}
}

static void take_gap(struct client *c, int64_t end)
{
	int64_t late = c->late_sum - c->late_sum_at_last, gap = end - c->last - late;

	if (!c->event || end <= c->event)
		return;
	if (gap > c->gap)
		c->gap = gap;
	if (late > c->late)
		c->late = late;
}

static void answer(struct client *c, int64_t at)
{
	c->answered++;
	if (at - c->last > PAUSE_NS)
		c->since = at;
	take_gap(c, at);
	if (at > c->last)
		c->last = at;
	c->late_sum_at_last = c->late_sum;
	if (c->answered == FLOWING) {
		puts("ready");
		fflush(stdout);
	}
}

static void receive(struct client *c)
{
	uint8_t control[64];
	uint64_t number;
	struct iovec iov = {.iov_base = &number, .iov_len = sizeof(number)};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control};

	for (;;) {
		struct timespec at = {0};
		ssize_t got;

		m.msg_controllen = sizeof(control);
		got = recvmsg(c->fd, &m, 0);
		if (got < 0 && errno == EAGAIN)
			return;
		if (got != sizeof(number))
			continue; /* an ICMP error */
		for (struct cmsghdr *h = CMSG_FIRSTHDR(&m); h; h = CMSG_NXTHDR(&m, h))
			if (h->cmsg_level == SOL_SOCKET && h->cmsg_type == SCM_TIMESTAMPNS)
				memcpy(&at, CMSG_DATA(h), sizeof(at));
		answer(c, takeover_ns(&at));
	}
}

static void take_signals(struct client *c)
{
	struct signalfd_siginfo s;

	while (read(c->signals, &s, sizeof(s)) == sizeof(s)) {
		if (s.ssi_signo == SIGUSR1)
			c->event = takeover_now();
		else
			c->stop = true;
	}
}

static bool over(const struct client *c, int64_t least, int64_t most)
{
	int64_t now = takeover_now();

	if (c->stop)
		return true;
	if (!c->event || now - c->event < least)
		return false;
	return (now - c->last < PAUSE_NS && now - c->since > STEADY_NS) || now - c->event > most;
}

int takeover_send(int argc, char **argv)
{
	int64_t least = atoll(argv[2]) * MS, most = atoll(argv[3]) * MS, end;
	struct client c = {0};
	struct sockaddr_in there;
	FILE *out;

	(void)argc;
	if (address(argv[0], argv[1], &there) < 0)
		return 2;
	takeover_be_prompt();
	open_client(&c, &there);
	while (!over(&c, least, most)) {
		struct pollfd p[] = {
			{c.fd, POLLIN, 0}, {c.timer, POLLIN, 0}, {c.signals, POLLIN, 0}};

		if (poll(p, 3, -1) < 0 && errno != EINTR)
			return 1;
		receive(&c);
		send_due(&c);
		take_signals(&c);
	}
	end = takeover_now();
	take_gap(&c, end); /* that has not ended */
	poll(NULL, 0, STRAGGLERS_MS);
	receive(&c);
	out = fopen(argv[4], "w");
	if (!out || !c.event)
		return 1;
	fprintf(out, "gap_ms %.2f\nlost %lld\nlate_ms %.2f\n", (double)c.gap / MS,
		(long long)(c.sent - c.answered), (double)c.late / MS);
	return fclose(out) == 0 ? 0 : 1;
}
