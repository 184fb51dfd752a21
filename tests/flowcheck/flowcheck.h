/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two halves of flowcheck that touch the wire. */
#ifndef TESTS_FLOWCHECK_FLOWCHECK_H
#define TESTS_FLOWCHECK_FLOWCHECK_H

#include "tests/flowcheck/flow.h"

#include <signal.h>

/* Which of SIGTERM and SIGINT came: come to an end. */
extern volatile sig_atomic_t flowcheck_stopped;
/* SIGUSR1 came: the sender ends most of its flows. */
extern volatile sig_atomic_t flowcheck_fewer;

struct send_options {
	const char *device;
	struct mac to, from;
	struct addr vip;
	uint16_t port;
	uint8_t protocol;
	struct flow_plan plan;
	double rate;	      /* packets a second, of all flows together; 0: as many as possible */
	double duration;      /* seconds */
	double churn;	      /* passing flows opened a second */
	uint32_t churn_alive; /* of them at a time */
	uint32_t churn_packets; /* of each */
	uint32_t keep;		/* of the flows that last: those that SIGUSR1 leaves */
};

struct send_result {
	struct flow_report report;
	uint64_t packets;
	double seconds;
};

/* Fails with a sentence on standard error. The report is the caller's to clear. */
bool flow_send(const struct send_options *o, struct send_result *ret);
/* Until it is stopped; says "ready" on standard output once it listens. */
bool flow_receive(const char *device, struct flow_report *ret);

/* Milliseconds since 1970. */
int64_t flow_now_ms(void);

#endif
