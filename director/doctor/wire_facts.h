/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was seen on the wire of a configuration's farms: who answers for each virtual address, and what
 * each backend does with frames to it. Plain data: wire_uv.c gathers it, wire_rules.c judges.
 *
 * Pure. Borrows the configuration.
 */
#ifndef DIRECTOR_DOCTOR_WIRE_FACTS_H
#define DIRECTOR_DOCTOR_WIRE_FACTS_H

#include "director/network/interface.h"
#include "director/network/route.h"
#include "include/addr.h"
#include "include/config.h"

enum {
	WIRE_PORTS = 4, /* of a farm that are asked; more would hardly tell more of a machine */
	WIRE_VIP_TEXT = CONFIG_NAME_MAX + ADDR_TEXT + 40,
	WIRE_MACS = 4, /* that answer for one address; two are too many already */
	/* Broadcasts, two thousand a second; more would be neither a bounded time nor a bounded rate. */
	WIRE_VIPS_MAX = 1000,
	WIRE_BACKENDS_MAX = 2000,
	WIRE_ASKED_MAX = 8192, /* addresses and ports of backends: likewise */
};

/* What a backend did with a SYN. */
enum wire_answer {
	WIRE_UNASKED,
	WIRE_SILENT,
	WIRE_OPEN,
	WIRE_CLOSED,	/* a reset: it has the address, and nothing listens */
	WIRE_PASSED_ON, /* it forwards: it does not have the address */
	WIRE_NO_HOST,	/* it says that there is no way to the address: likewise */
	WIRE_FORBIDDEN, /* any other ICMP error: a firewall */
};

struct wire_macs {
	struct mac list[WIRE_MACS];
	size_t n;
};

/* A virtual address, once however many farms have it. */
struct wire_vip {
	const struct config_farm *farm; /* the first one */
	struct addr address;
	bool asked;
	bool here;	   /* an address of this host */
	bool held;	   /* the daemon says that one of the pair is master for it */
	bool peer_unknown; /* which MAC the other director has on its interface is not known */
	struct wire_macs answers;
};

/* What is the same of all backends of a farm. */
struct wire_farm {
	const struct config_farm *farm;
	uint16_t ports[WIRE_PORTS];
	size_t n_ports;
	bool serves; /* something is to listen there over TCP: not so in the midst of a range */
};

/* One virtual address and port at one backend. */
struct wire_spot {
	const struct addr *vip;
	size_t port; /* number in wire_farm.ports */
	enum wire_answer answer;
	bool elsewhere; /* the answer came from another MAC than the backend's: */
	struct mac by;
};

struct wire_backend {
	const struct wire_farm *farm;
	const struct config_backend *backend;
	bool judged;  /* it is in service, and could be asked */
	bool asked;   /* for its MAC */
	bool by_name; /* its interface was named: the route does not matter */
	struct route route;
	char interface[INTERFACE_NAME];	  /* "" when there is none */
	struct wire_macs macs;		  /* that answer for its own address */
	enum wire_answer own[WIRE_PORTS]; /* at its own address */
	struct wire_spot *spots;
	size_t n_spots;
	uint16_t mtu;	 /* of the interface; 0: no packet of that size was sent */
	uint16_t passes; /* octets of the longest one that was answered */
};

struct wire_facts {
	const struct config *config;
	struct wire_vip *vips;
	struct wire_farm *farms;
	struct wire_backend *backends;
	struct wire_spot *spots; /* of all backends */
	struct mac *directors;	 /* that may answer for a virtual address */
	size_t n_vips, n_farms, n_backends, n_directors;
	size_t left_out;    /* backends above WIRE_BACKENDS_MAX, of which nothing is known */
	bool vips_left_out; /* likewise */
};

/*
 * What there is to look at: of one farm, or of all (NULL) up to the limits, with the virtual MACs as the
 * first directors. 0 or -ENOMEM.
 */
int wire_facts_init(struct wire_facts *w, const struct config *c, const struct config_farm *only);
void wire_facts_clear(struct wire_facts *w);
/* One more of this pair's MACs. 0 or -ENOMEM. */
int wire_facts_add_director(struct wire_facts *w, const struct mac *mac);
bool wire_facts_is_director(const struct wire_facts *w, const struct mac *mac);

void wire_macs_add(struct wire_macs *m, const struct mac *mac);
bool wire_macs_have(const struct wire_macs *m, const struct mac *mac);
/* "virtual address 10.77.0.100 of farm "www"". */
const char *wire_vip_text(const struct wire_vip *vip, char buf[static WIRE_VIP_TEXT]);
/* The MAC that frames to it are to have: the configured one, unless another one answers. False: none. */
bool wire_backend_mac(const struct wire_backend *b, struct mac *ret);
/* The backend has the address that it was asked at. */
bool wire_answer_takes(enum wire_answer a);

#endif
