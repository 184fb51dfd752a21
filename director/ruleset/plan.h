/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the configuration and what is known of the world to the ruleset that should be in the
 * kernel. The same input gives the same ruleset, octet for octet.
 *
 * The shapes, for an auditor (see director(7) for the reasons). Frames that are not addressed to
 * this director pass to the host's own stack. Each farm has one set of chains for each protocol and
 * IP version; "" is TCP over IPv4, the others end in .udp, .tcp6, .udp6.
 *
 *   ingress-IF   base chain on the ingress hook of each interface with farms: by VIP, protocol and
 *                port to …
 *   guard-NAME   only of a farm with lists of clients or rates: drops who is denied or not allowed
 *                (every packet), then lets TCP segments with ACK alone through; of the others it
 *                drops invalid combinations of flags and new connections above the rates. Farms
 *                without a guard leave invalid flags to the backends' own TCP: a test for each
 *                packet costs 10 ns or more, a backend answers none of them with more than a RST.
 *   farm-NAME    Maglev, source-hash: one lookup of the bucket, one write of both MAC addresses,
 *                out. Other schedulers, and buckets in transition: what is remembered of the flow
 *                first (in the steady state an established flow needs no other rule), then …
 *   new-NAME     … a new connection: the backend is remembered in a small half-open table; when
 *                that is full (a SYN flood), it goes where packets of unknown flows go: by hash.
 *   half-NAME    the client of a half-open connection answers: it is remembered, the daemon told
 *   known-NAME   refreshes a flow; FIN and RST move it to the closing table
 *   closing-NAME keeps a closing flow for a short time more; its ports may be used anew
 *   keep-NAME    a flow older than the transition stays on its backend and is remembered
 *   again-NAME   a new connection on the ports of a remembered one whose backend leaves
 *   fixed-NAME   a flow that is not remembered, of a client whose backend the configuration gives
 *   pinned-NAME  the same, of a client that persistence keeps with a backend
 *   move-NAME    a new connection of such a client whose backend leaves: it gets another one
 *   send-NAME    writes the MACs of the flow's backend, or forgets the flow when it is dead and
 *                chooses anew
 *   relay-NAME   a TCP connection that is not known, and that the other director's kernel knows, goes
 *                there (plan_relay.c); only segments that no table knows and that are no first ones
 *                pay for the question
 *
 *   ingress-DEV  the same as ingress-IF for each device that has a virtual MAC address on it: frames to
 *                that address pass the interface as somebody else's and come to the hook of the device,
 *                if it is up, which is while the router is master. So no rule depends on the role.
 *                The sets are refused and refused6 where addresses are not accepted (plan_refuse.c).
 *
 * Behind them in ingress-IF, for what is no whole packet for a service:
 *
 *   first-NAME   the first of several IPv4 fragments, by VIP, protocol and port: asks what the farm's
 *                chain would ask, records source, destination, protocol and identification -> both
 *                MACs for 2 s in the map fragments (in the place of an older packet's with the same
 *                identification: hosts that draw it by chance repeat it), and goes to farm-NAME. So its packet is looked
 *                up, and counted, twice; nobody else pays. A new UDP flow is remembered half-open
 *                first, and the farm's chain finds it there. Only where that memory is full, or the
 *                backend has just died, may the record name another backend than the farm's chain
 *                chooses: this datagram is lost, the flow goes on.
 *   fragments    later IPv4 fragments, by VIP and protocol: where the record says, else dropped
 *   spray-…      the same for a VIP and protocol with a farm that sprays: without a record, a copy
 *                for every backend in service of those farms; the last one gets the frame itself.
 *                IPv6 has no record (a key of 16 octets cannot hold one, see key.c): all but first
 *                fragments are dropped, in fragments6, or copied. First ones say their port and are
 *                the business of farm-NAME.
 *   errors       ICMP errors, by VIP, protocol and port of the packet in it, to …
 *   errors-NAME  … a farm that hashes: the bucket of the packet in it. A farm that remembers flows:
 *                copies to every backend in service, because nft 1.0.6 cannot look up a flow by the
 *                fields of another packet (the types differ). A host without the flow ignores the
 *                error (RFC 5927, 4). At most PLAN_ERROR_COPIES in any second for a farm and IP
 *                version, the rest is dropped and counted. What is about a packet with options is counted and left to the host,
 *                as are echo and all other ICMP. errors6, errors6-NAME: ICMPv6.
 *
 * ARP packets and neighbour advertisements by which a backend claims a virtual address are counted,
 * noted in claims and claims6, and go on (plan_claim.c).
 *
 * The SYNs of TCP farms go out by way of syn-IF and syn6-IF, which look for those that are sent again
 * (plan_syn.c), with resyn-IF behind them; of a farm with several ways out by asked-NAME and
 * reasked-NAME.
 *
 * The tables of buckets and slots of two sizes stand side by side while a farm changes from one to
 * the other (plan_table_name()): which one a packet's rules name, makes no difference for it.
 *
 * A mark is the id of a backend. Remembering is a rule that sends the frame itself when it succeeds:
 * a full table ends that rule, not the forwarding.
 *
 * Farms with persistence remember flows and, beside them, clients: a client's backend decides about
 * new flows only (plan_pins.c says why). Its half-open table holds clients, not flows.
 *
 * What a packet pays, as the ratio to a bare rewrite of both MACs with fwd (make bench, medians of
 * paired rounds, Linux 6.18, AMD EPYC). Each line without those below it:
 *
 *                                             Maglev,   flow table,  100 k flows  100 k flows
 *                                             4 backends 1 k flows   in trains    at random
 *   established flow, one rule for all of it    1.22      1.47        1.52         1.84
 *   the only service is compared, no map        1.22      1.51        1.57         1.84
 *   key of a flow: ports together, 12 octets    1.27      1.56        1.63         1.91
 *   masks of 4 octets: fragments, TCP flags     1.27      1.55        1.61         1.95
 *   before all that                             1.31      1.61        1.67         1.96
 *
 * The ratios depend on what the bare rewrite costs, for the +130 ns of a Maglev packet do not: there it
 * was some 600 ns. Where it is 268 ns the first line reads 1.50, 1.82, 2.02 and 3.10, and hash, lookup
 * and counter alone, without a way to the farm, are 1.31: that is the limit of anything that looks up
 * a backend and counts.
 *
 * The lookup alone, of flows in a table of 100,000, is 1.19 in trains of 8 packets and 1.5 at
 * random, where neither the table's bucket nor the element is in a cache: that is the limit for any
 * table of flows. What was tried and costs more: a map by address alone and then one by port (+40
 * ns), a second rule that compares (+16 ns against the map, for the second service), a set of the
 * farm's ports (saves 16 of the 35 ns that one compared port saves).
 *
 * Pure.
 */
#ifndef DIRECTOR_RULESET_PLAN_H
#define DIRECTOR_RULESET_PLAN_H

#include "director/ruleset/ruleset.h"
#include "include/config.h"

struct transition;
struct plan_memory;

enum {
	/* A client that has not answered the SYN-ACK after its third SYN (1, 3, 7 s) is gone. */
	PLAN_HALF_TIMEOUT_MS = 20000,
	PLAN_HALF_MAX = 65536, /* half-open: more is a flood, 8 MiB */
	PLAN_TABLE_MIN = 1024,
	/* Fragments of one packet come together; the identification comes round again (RFC 6864). */
	PLAN_FRAGMENT_TIMEOUT_MS = 2000,
	PLAN_FRAGMENTS_MAX = 65536, /* packets in fragments at a time, 8 MiB */
	/*
	 * Who sends what must be copied makes the pair send more than it got. In any second, to all
	 * backends together: for each farm that remembers flows and IP version; for each address and
	 * protocol.
	 */
	PLAN_ERROR_COPIES = 8000,
	PLAN_FRAGMENT_COPIES = 100000,
	PLAN_RATES_MAX = 65536, /* sources at a time, 10 MiB; more are a flood from forged ones */
	/* After a second without a new connection a source may do all again; 10 spare it the memory. */
	PLAN_RATES_TIMEOUT_MS = 10000,
	PLAN_CLAIMS_MAX = 256,		/* backends and addresses; more say nothing new */
	PLAN_CLAIM_KEPT_MS = 5 * 60000, /* after the last one; an operator may come by */
	/*
	 * SYNs that are looked at, of an interface and IP version in any second: more are a flood, which
	 * thus neither fills the tables nor costs more than a lookup. What is sent again comes after 1 s
	 * and after 3 s (RFC 6298, 2.1 and 5.5), or each second.
	 */
	PLAN_SYN_SAMPLE = 500,
	PLAN_SYNS_MAX = 8192,
	PLAN_SYN_KEPT_MS = 4000,
	PLAN_SERVED_MAX = 4096, /* services and backends of them */
	PLAN_SERVED_KEPT_MS = 10000,
};

/* The sets of who has claimed a virtual address, as kernel_read_senders() reads them (plan_claim.c). */
#define PLAN_CLAIMS  "claims"
#define PLAN_CLAIMS6 "claims6"
/* The comment of the rules that fill them, and the set of those whose frames count. */
#define PLAN_CLAIM	"claimed by a backend"
#define PLAN_CLAIM_MACS "backend-macs"

/* The sets that tell who was sent SYNs, and sent the same again (plan_syn.c). */
#define PLAN_TRIED    "tried"
#define PLAN_TRIED6   "tried6"
#define PLAN_RETRIED  "retried"
#define PLAN_RETRIED6 "retried6"

/* Why a packet for a farm is dropped: the comment of the rule that does it. */
#define PLAN_DROP_NO_BACKEND  "no backend"
#define PLAN_DROP_DENIED      "denied"
#define PLAN_DROP_NOT_ALLOWED "not allowed"
#define PLAN_DROP_FLAGS	      "invalid flags"
#define PLAN_DROP_SOURCE_RATE "source rate"
#define PLAN_DROP_RATE	      "rate"

/* An interface that is there, with farms on it or as a backend's way out. */
struct plan_interface {
	char name[RULESET_IFNAME];
	uint32_t ifindex;
	struct mac mac;
	bool peer_known; /* the other director's MAC on this network was resolved */
	struct mac peer_mac;
	bool relays; /* that is so, and no director is a backend of a farm here (plan_relay.c) */
};

/* A device that has a virtual MAC address (ha/vmac.h): frames to that address arrive there. */
struct plan_virtual {
	char name[RULESET_IFNAME];
	char parent[RULESET_IFNAME]; /* the interface that it is on */
	uint32_t ifindex;
};

/* A backend as seen now. */
struct plan_backend {
	bool usable;	 /* not disabled, alive, with a known MAC and a way out: its flows go on */
	uint8_t percent; /* of its weight, while it starts slowly; 0: all */
	uint16_t weight; /* of new flows; 0: none (draining, weight 0, or a backup without need) */
	struct mac mac;
	/* Whose claims count (plan_claim.c): also of one that is disabled or not resolved now, as far as
	 * it was known once. Nothing is sent to it. */
	struct mac watched;
	uint16_t out; /* its output interface: index into plan_facts.interfaces; also of one that is
		       * not usable, as far as that is known (else 0) */
};

/* What counts of it for new flows, in hundredths. */
uint32_t plan_backend_weight(const struct plan_backend *b);

struct plan_facts {
	const struct config *config;
	const struct plan_interface *interfaces;
	size_t n_interfaces;
	const struct plan_virtual *virtuals;
	size_t n_virtuals;
	bool owner; /* of the virtual addresses (priority 255), which are the host's own, too */
	const struct plan_backend *const
		*backends; /* [farm][backend], in the configuration's order */
	/* [farm], NULL for a farm without: its table is as the facts say, at once. NULL: all. */
	const struct transition *const *transitions;
	/* [farm], NULL for a farm without: its slots, of plan_farm_modulus(). NULL: by weight. */
	const uint16_t *const *slots;
	const bool *admitted; /* [farm]: others are left out. NULL: all are in */
	/* Virtual addresses: a connection that is not known here, the other director knows. */
	const struct addr *handover;
	size_t n_handover;
};

/* True for a farm that is in the plan, as far as admission goes. */
bool plan_admits(const struct plan_facts *facts, size_t farm);

/* True for a farm that remembers flows in a transition of its buckets only. */
bool plan_farm_is_hashed(const struct config_farm *farm);
/* Buckets or slots of a farm by its configuration; in a transition it may have more. */
uint32_t plan_farm_modulus(const struct config_farm *farm);
/*
 * The name of a farm's table: NAME-buckets, NAME-slots, NAME-home, NAME-moved for the least number
 * of buckets, else that is behind it: NAME-buckets.2018. So the tables of two sizes stand side by
 * side while rules change from one to the other. Returns name.
 */
const char *plan_table_name(char name[static RULESET_NAME], const char *farm, const char *what,
			    uint32_t size);
/* Fills table[plan_farm_modulus()] with who gets new connections: the index of a backend, or BUCKET_NONE. */
int plan_farm_table(const struct plan_facts *facts, size_t index, uint16_t *table);

/*
 * Fills *ret, which the caller clears. A farm whose interface is absent is left out; with no
 * interface at all the table is there and empty. 0 or -ENOMEM with *ret empty.
 */
int plan_ruleset(const struct plan_facts *facts, struct ruleset *ret);

/*
 * The same ruleset, signed (nft_netlink.h), at the price of what is new: farms about which the facts
 * say what they said the last time are shared with the ruleset that was planned then. The
 * configuration that was planned for stays until plan_memory_forget() is called.
 */
int plan_ruleset_again(struct plan_memory *m, const struct plan_facts *facts, struct ruleset *ret);
/* NULL without memory. */
struct plan_memory *plan_memory_new(void);
/* Accepts NULL. */
void plan_memory_free(struct plan_memory *m);
/* The next plan is from nothing. To be called when there is another configuration. */
void plan_memory_forget(struct plan_memory *m);

/*
 * Ids of a farm's backends, as the mark of a flow: derived from the name, so they stay when the
 * list changes; never 0; on a collision the later in the list moves on. ids has n_backends places.
 */
void plan_backend_ids(const struct config_farm *farm, uint32_t *ids);

/* Names of a farm's backends as a shared block, or NULL. */
const char **plan_backend_names(const struct config_farm *farm);

/* The interface of that name, or NULL. */
const struct plan_interface *plan_find_interface(const struct plan_facts *facts, const char *name);

#endif
