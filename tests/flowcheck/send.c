/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sender: packets of many flows in turn, out of an interface. The first packet of a TCP flow is a
 * SYN, the second an ACK, the last a FIN or, of every third flow, an RST; nobody answers. The ACK comes
 * soon after the SYN, as it does behind an answer, so that few flows are half-open at a time, and two
 * more packets before others open: a quarter of the packets are SYNs at first. It stays on one CPU, so
 * that the packets of a flow stay in order on virtual interfaces, too.
 *
 * Passing flows begin and end at all times: the first ones have different numbers of packets, so that
 * as many end in each turn of those that are alive. Time that was lost is lost for them as well: else
 * they would catch up with it while those that last wait.
 */
#include "tests/flowcheck/flowcheck.h"
#include "tests/flowcheck/frame.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	BATCH = 64,
	OPENING = 1024,	     /* flows that send their SYN before the first of them sends its ACK */
	OPENING_PACKETS = 4, /* of each, before others open */
	PAUSE_US = 200,
	PASSING_LEAST = 3, /* packets of a passing flow: SYN, ACK, FIN */
	LAG_MS = 20, /* what could not be sent in time is not caught up with, but for so much */
	SEND_BUFFER = 4 << 20,
};

/* Flows that take turns: those from `from` to `until`, which are all of them once all are open. */
struct turn {
	uint32_t *numbers;
	uint32_t n, at;
	uint32_t from, until;
	uint32_t to_come; /* rounds from there to there, before others open */
};

struct sender {
	const struct send_options *o;
	int fd;
	struct turn lasting, passing;
	struct flow_row *rows; /* by the flow's number */
	uint32_t opened, room;
	uint64_t sent, sent_passing;
	double start; /* since when packets are due, of all flows and of passing ones */
	int64_t now_ms;
	struct frame frames[BATCH];
	struct iovec parts[BATCH];
	struct mmsghdr messages[BATCH];
};

static bool failed(const char *what)
{
	fprintf(stderr, "flowcheck: %s: %s\n", what, strerror(errno));
	return false;
}

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Packets that the kernel had no room for between two interfaces, on all CPUs, so far. */
static uint64_t backlog_drops(void)
{
	FILE *in = fopen("/proc/net/softnet_stat", "r");
	unsigned long long all = 0;
	unsigned int dropped;

	if (!in)
		return 0;
	while (fscanf(in, "%*x %x%*[^\n]", &dropped) == 1)
		all += dropped;
	fclose(in);
	return all;
}

/* --- packets ---------------------------------------------------------------------------------- */

static uint8_t tcp_flags(uint32_t number, uint32_t sequence, bool is_last)
{
	if (is_last)
		return number % 3 == 2 ? TH_RST | TH_ACK : TH_FIN | TH_ACK;
	if (sequence == 0)
		return TH_SYN;
	return sequence == 1 ? TH_ACK : TH_PUSH | TH_ACK;
}

static void write_frame(struct sender *s, struct frame *f, uint32_t number, bool is_last)
{
	struct flow_tuple tuple = flow_tuple_of(&s->o->plan, number);
	struct flow_row *row = &s->rows[number];

	frame_set_tuple(f, &tuple);
	if (s->o->protocol == IPPROTO_TCP)
		frame_set_tcp_flags(f, tcp_flags(number, row->packets, is_last));
	flow_stamp_put(f->bytes + f->stamp_at, number, row->packets);
	if (!row->packets)
		row->first_ms = s->now_ms;
	row->last_ms = s->now_ms;
	row->last = row->packets++;
	s->sent++;
}

/* The number of a new flow; the last one again when there is no room for another. */
static uint32_t open_flow(struct sender *s)
{
	if (s->opened < s->room)
		s->opened++;
	s->rows[s->opened - 1].number = s->opened - 1;
	return s->opened - 1;
}

static uint32_t passing_packets(const struct sender *s, uint32_t number)
{
	uint32_t index = number - s->o->plan.lasting, n = s->o->churn_packets;

	return index < s->o->churn_alive ? PASSING_LEAST + index % n : n;
}

static void write_passing(struct sender *s, struct frame *f)
{
	struct turn *t = &s->passing;
	uint32_t number = t->numbers[t->at];
	bool is_last = s->rows[number].packets + 1 == passing_packets(s, number);

	write_frame(s, f, number, is_last);
	if (is_last)
		t->numbers[t->at] = open_flow(s);
	t->at = (t->at + 1) % t->n;
	s->sent_passing++;
}

static void begin_turns(struct turn *t, uint32_t from, bool opening)
{
	t->from = t->at = from;
	t->until = opening && t->n - from > OPENING ? from + OPENING : t->n;
	t->to_come = opening ? OPENING_PACKETS - 1 : 0;
}

static void write_lasting(struct sender *s, struct frame *f)
{
	struct turn *t = &s->lasting;

	write_frame(s, f, t->numbers[t->at], false);
	if (++t->at < t->until)
		return;
	if (t->to_come) {
		t->to_come--;
		t->at = t->from;
	} else if (t->until < t->n) {
		begin_turns(t, t->until, true);
	} else {
		begin_turns(t, 0, false);
	}
}

static bool send_batch(struct sender *s, unsigned int n)
{
	for (unsigned int done = 0; done < n;) {
		int sent = sendmmsg(s->fd, s->messages + done, n - done, 0);

		if (sent >= 0) {
			done += (unsigned int)sent;
		} else if (errno == ENOBUFS || errno == EAGAIN || errno == EINTR) {
			/* The one at `done` was refused and goes again. */
			usleep(PAUSE_US);
		} else {
			return failed("cannot send");
		}
	}
	return true;
}

/* --- the run ---------------------------------------------------------------------------------- */

/* How many packets are due at this moment; the start moves when too many are. */
static unsigned int due(struct sender *s)
{
	double rate = s->o->rate, n;

	if (rate <= 0)
		return BATCH;
	n = (now_s() - s->start) * rate - (double)s->sent;
	if (n > rate * LAG_MS / 1000 + BATCH) {
		s->start += (n - rate * LAG_MS / 1000) / rate;
		return BATCH;
	}
	return n < BATCH ? (n < 0 ? 0 : (unsigned int)n) : BATCH;
}

/* The flows of a turn behind the first `keep`, as far as they are open, are closed, at the same rate. */
static bool close_flows(struct sender *s, struct turn *t, uint32_t keep)
{
	for (t->at = keep; t->at < t->n;) {
		unsigned int n = due(s), i = 0;

		s->now_ms = flow_now_ms();
		for (; i < n && t->at < t->n; t->at++)
			if (s->rows[t->numbers[t->at]].packets)
				write_frame(s, &s->frames[i++], t->numbers[t->at], true);
		if (!send_batch(s, i))
			return false;
		if (!n)
			usleep(PAUSE_US);
	}
	return true;
}

static bool close_most(struct sender *s)
{
	struct turn *t = &s->lasting;

	flowcheck_fewer = 0;
	if (s->o->keep >= t->n)
		return true;
	if (!close_flows(s, t, s->o->keep))
		return false;
	t->n = s->o->keep;
	begin_turns(t, 0, false);
	return true;
}

static bool run(struct sender *s)
{
	double end = now_s() + s->o->duration;

	s->start = now_s();
	while (!flowcheck_stopped && now_s() < end) {
		unsigned int n = due(s);
		double passing = s->o->churn * s->o->churn_packets * (now_s() - s->start);

		if (flowcheck_fewer && !close_most(s))
			return false;
		if (!n) {
			usleep(PAUSE_US);
			continue;
		}
		s->now_ms = flow_now_ms();
		for (unsigned int i = 0; i < n; i++) {
			if (s->passing.n && (!s->lasting.n || (double)s->sent_passing < passing))
				write_passing(s, &s->frames[i]);
			else
				write_lasting(s, &s->frames[i]);
		}
		if (!send_batch(s, n))
			return false;
	}
	if (flowcheck_stopped == SIGINT)
		return true;
	return close_flows(s, &s->lasting, 0) && close_flows(s, &s->passing, 0);
}

/* --- setting up ------------------------------------------------------------------------------- */

static bool make_turn(struct sender *s, struct turn *t, uint32_t n)
{
	t->numbers = calloc(n + 1, sizeof(*t->numbers));
	if (!t->numbers)
		return failed("no memory");
	t->n = n;
	for (uint32_t i = 0; i < n; i++)
		t->numbers[i] = open_flow(s);
	return true;
}

static bool make_flows(struct sender *s)
{
	const struct send_options *o = s->o;
	double most = o->churn * (o->duration + 1) + 2.0 * o->churn_alive + o->plan.lasting + 1;

	if (o->plan.lasting == 0 && o->churn_alive)
		most += o->rate * o->duration / o->churn_packets;
	s->room = (uint32_t)most;
	s->rows = calloc(s->room, sizeof(*s->rows));
	if (!s->rows)
		return failed("no memory");
	if (!make_turn(s, &s->lasting, o->plan.lasting) ||
	    !make_turn(s, &s->passing, o->churn_alive))
		return false;
	begin_turns(&s->lasting, 0, true);
	return true;
}

static void make_frames(struct sender *s)
{
	const struct send_options *o = s->o;

	for (size_t i = 0; i < BATCH; i++) {
		frame_init(&s->frames[i], &o->to, &o->from, &o->plan.client, &o->vip, o->protocol,
			   o->port);
		s->parts[i] = (struct iovec){s->frames[i].bytes, s->frames[i].len};
		s->messages[i].msg_hdr = (struct msghdr){.msg_iov = &s->parts[i], .msg_iovlen = 1};
	}
}

static bool open_socket(struct sender *s)
{
	struct sockaddr_ll here = {.sll_family = AF_PACKET};
	int yes = 1, room = SEND_BUFFER;
	cpu_set_t cpu;

	here.sll_ifindex = (int)if_nametoindex(s->o->device);
	if (!here.sll_ifindex)
		return failed(s->o->device);
	s->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (s->fd < 0 || bind(s->fd, (struct sockaddr *)&here, sizeof(here)) < 0 ||
	    setsockopt(s->fd, SOL_PACKET, PACKET_QDISC_BYPASS, &yes, sizeof(yes)) < 0 ||
	    setsockopt(s->fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)) < 0)
		return failed("no packet socket");
	CPU_ZERO(&cpu);
	CPU_SET((size_t)sched_getcpu(), &cpu);
	if (sched_setaffinity(0, sizeof(cpu), &cpu) < 0)
		return failed("cannot stay on one CPU");
	return true;
}

bool flow_send(const struct send_options *o, struct send_result *ret)
{
	struct sender *s = calloc(1, sizeof(*s));
	uint64_t drops = backlog_drops();
	double begin;
	bool good;

	if (!s)
		return failed("no memory");
	s->o = o;
	s->fd = -1;
	make_frames(s);
	good = make_flows(s) && open_socket(s);
	begin = now_s();
	good = good && run(s);
	if (good) {
		*ret = (struct send_result){.packets = s->sent, .seconds = now_s() - begin};
		ret->report.plan = o->plan;
		ret->report.overload = backlog_drops() - drops;
		/* Those that were opened and never had their turn are not there. */
		for (uint32_t i = 0; i < s->opened; i++)
			if (s->rows[i].packets)
				s->rows[ret->report.n++] = s->rows[i];
		ret->report.rows = s->rows;
		s->rows = NULL;
	}
	if (s->fd >= 0)
		close(s->fd);
	free(s->rows);
	free(s->lasting.numbers);
	free(s->passing.numbers);
	free(s);
	return good;
}
