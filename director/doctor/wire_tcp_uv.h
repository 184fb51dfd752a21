/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SYNs to addresses of backends, each in a frame with the backend's MAC, and what comes back: the first
 * octet of a connection, no more. No state is kept of any of them: an answer names the number of its
 * question, as it acknowledges the sequence number.
 *
 * Over the packet sockets of checks (vip_socket_uv.h), from ports of its own: a daemon on this host,
 * and who is master, do not matter.
 */
#ifndef DIRECTOR_DOCTOR_WIRE_TCP_UV_H
#define DIRECTOR_DOCTOR_WIRE_TCP_UV_H

#include "director/doctor/wire_facts.h"
#include "include/err.h"

#include <uv.h>

struct vip_socket;
struct wire_tcp;

struct wire_syn {
	struct addr to, backend; /* the address that is asked; the backend's own */
	uint16_t port;
	uint16_t size; /* octets of the packet, filled with data; 0: as small as can be */
	uint32_t ifindex;
	struct mac mac, own_mac;
	/* The answer. */
	enum wire_answer answer; /* WIRE_UNASKED: could not be sent */
	bool elsewhere;
	struct mac by;
	/* Set by wire_tcp_ask(). */
	struct vip_socket *socket;
	struct addr from;
	const struct wire_syn *same; /* the same question, which is asked for this one, too */
	uint8_t ttl;		     /* of its last packet */
	bool passed_on;		     /* the backend has said that it forwards */
	bool behind; /* … to something of its own: VIP_FRAME_TTL_BEHIND from now on */
};

/* 0, or a negative errno with the sentence. */
int wire_tcp_new(uv_loop_t *loop, struct wire_tcp **ret, struct err *err);
/* Asynchronous; accepts NULL. */
void wire_tcp_close(struct wire_tcp *t);
/* The address to ask `to` from on that interface. 0, or a negative errno with the sentence. */
int wire_tcp_source(struct wire_tcp *t, uint32_t ifindex, const struct addr *to, struct addr *ret,
		    struct err *err);
/*
 * Asks all, those without an answer after wait_ms once more, and returns when all have answered or
 * wait_ms after that. At most WIRE_ASKED_MAX.
 */
void wire_tcp_ask(struct wire_tcp *t, struct wire_syn *list, size_t n, unsigned int wait_ms);

#endif
