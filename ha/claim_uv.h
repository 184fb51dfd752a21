/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asks for the virtual addresses on one interface and listens to who claims them (claim.h).
 *
 * Owns a packet socket for ARP, one for neighbour advertisements when the addresses are IPv6 ones,
 * and a timer. Never touches addresses; what is to be done about a claim is told to the owner.
 */
#ifndef HA_CLAIM_UV_H
#define HA_CLAIM_UV_H

#include "ha/claim.h"
#include "include/err.h"
#include "include/log.h"

#include <uv.h>

struct claim_socket;

struct claimer {
	uv_timer_t timer;
	uv_loop_t *loop;
	const char *name; /* borrowed: names the lines in the log */
	uint8_t family;	  /* of the addresses */
	struct claim claim;
	struct addr own_node; /* family 0: there are no nodes to ask for */
	unsigned int ifindex;
	struct claim_socket *arp, *nd; /* NULL: not open */
	uint64_t rejected[CLAIM_REJECT_COUNT];
	uint64_t heard;		   /* claims of a third host */
	uint64_t own_looked_at_ms; /* when the host's own interfaces were looked at */
	struct log_limit limit, socket_limit;
	/* claim.h's flags from CLAIM_FAULT on; may close the claimer. */
	void (*found)(void *owner, unsigned int flags, const struct claim_who *who);
	void (*closed)(void *owner);
	void *owner;
};

/* loop, name, family, found and owner are set by the caller before. */
void claimer_init(struct claimer *c, uint8_t virtual_router_id);
/* The other nodes, and this one's address to ask them from. */
void claimer_set_nodes(struct claimer *c, const struct addr *self, const struct addr *nodes,
		       size_t n);
/* The interface; 0: none. Another one than before: nothing is known of anybody. */
void claimer_link(struct claimer *c, unsigned int ifindex, const struct mac *mac);
/* The addresses are about to be announced; asks at once. The list stays until claimer_end(). */
void claimer_begin(struct claimer *c, const struct prefix *addresses, size_t n);
/* Another list while nothing is held. */
void claimer_set_addresses(struct claimer *c, const struct prefix *addresses, size_t n);
void claimer_end(struct claimer *c);
/* A MAC that may claim our addresses, too: the other director's, however it was learned. */
void claimer_add_friend(struct claimer *c, const struct mac *mac);
/* The backends' MACs, in order and borrowed until the next call: nothing is given up to them. */
void claimer_set_backends(struct claimer *c, const struct mac *macs, size_t n);
/* A third host had an address before us, and still answers: who. */
bool claimer_is_taken(const struct claimer *c, struct claim_who *ret);
/* closed(owner) is called when the struct may be freed. */
void claimer_close(struct claimer *c, void (*closed)(void *owner), void *owner);

/*
 * For those who only ask who has an address: a packet socket that hears what claim_parse() reads, of
 * ETH_P_ARP or ETH_P_IPV6, or a negative errno; and a frame of claim.h's. 0 or a negative errno.
 */
int claim_socket_open(uv_loop_t *loop, unsigned int ifindex, uint16_t protocol);
int claim_socket_send(int fd, unsigned int ifindex, uint16_t protocol, const uint8_t *frame,
		      size_t len);

#endif
