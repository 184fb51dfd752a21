/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A thread that hands a transaction to the kernel, which works for milliseconds inside send(), while
 * the main thread prepares what comes behind it.
 */
#ifndef DIRECTOR_FLOW_FLOW_SEND_UV_H
#define DIRECTOR_FLOW_FLOW_SEND_UV_H

#include <stddef.h>
#include <stdint.h>

struct flow_sender;

/* NULL: there is no thread or no memory for it. */
struct flow_sender *flow_sender_new(void);
/* Accepts NULL; nothing is under way. */
void flow_sender_free(struct flow_sender *s);
/*
 * len octets to netlink socket fd, which nobody else sends to meanwhile. They stay the caller's and as
 * they are until flow_sender_wait() has returned; nothing else is under way.
 */
void flow_sender_start(struct flow_sender *s, int fd, const uint8_t *bytes, size_t len);
/* 0 when they are sent, or a negative errno. */
int flow_sender_wait(struct flow_sender *s);

#endif
