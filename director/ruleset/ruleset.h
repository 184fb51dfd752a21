/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ruleset as data: what the nft table "director" holds or should hold. plan.c makes it from the
 * configuration, kernel_uv.c reads it from the kernel, diff.c compares two of them, nft_text.c and
 * nft_netlink.c render it. One struct ruleset owns everything below it.
 *
 * A rule is a short list of statements. Each kind of statement has one spelling in nft's language
 * and one list of netlink expressions; both renderers have exactly one case for it. A ruleset that
 * was read from the kernel has no statements but each rule's and set's *signature*, the printed
 * form of its netlink expressions, which is what two rulesets are compared by.
 */
#ifndef DIRECTOR_RULESET_RULESET_H
#define DIRECTOR_RULESET_RULESET_H

#include "include/addr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RULESET_TABLE	"director"
#define RULESET_COMMENT "managed by directord; changes made by hand are undone"

enum {
	RULESET_NAME = 64, /* longest name of a set or chain with its NUL: prefix + farm + suffix */
	RULESET_KEY_MAX = 12,	/* ipv4_addr . inet_proto . inet_service, each padded to 4 octets */
	RULESET_DATA_MAX = 12,	/* both MAC addresses */
	RULESET_STATEMENTS = 8, /* longest rule */
	RULESET_IFNAME = 16,
};

enum ruleset_set_kind {
	SET_SERVICES,  /* VIP . protocol . port -> goto the farm's chain */
	SET_ADDRESSES, /* IPv4 addresses */
	SET_BUCKETS,   /* bucket -> destination and source MAC; counts packets */
	SET_BACKENDS,  /* backend id (mark) -> destination and source MAC; counts packets */
	SET_SLOTS,     /* slot -> backend id */
	SET_FLOWS,     /* client . port . port -> backend id; filled by the packet path */
	SET_FOREIGN,   /* read from the kernel, none of ours */
};

struct ruleset_element {
	uint8_t key[RULESET_KEY_MAX];	/* as the kernel holds it: registers of 4 octets */
	uint8_t data[RULESET_DATA_MAX]; /* unused octets are zero */
	uint32_t chain;			/* SET_SERVICES: index into chains (planned rulesets) */
	uint16_t backend; /* BUCKETS, SLOTS, BACKENDS: index into the farm's backends */
};

struct ruleset_set {
	char name[RULESET_NAME];
	enum ruleset_set_kind kind;
	uint32_t size; /* maximum of elements; 0: none stated. BUCKETS, SLOTS: the modulus */
	char farm[RULESET_NAME];	  /* name of the farm that it belongs to, "": shared */
	struct ruleset_element *elements; /* sorted by key; NULL for FLOWS */
	size_t n_elements;
	char (*names)[RULESET_NAME]; /* BUCKETS, BACKENDS: by element.backend; else NULL */
	size_t n_names;
	char *signature; /* see above; NULL until asked for */
};

enum ruleset_statement_kind {
	ST_NOT_FOR_US,	   /* the frame's destination MAC is not this interface's */
	ST_LOOPED_BY_PEER, /* source MAC is the peer's, IP source is no node's: mac, set */
	ST_TO_SERVICE,	   /* verdict of the services map: set */
	ST_VIP_FRAGMENT,   /* not the first fragment of a packet for a VIP: set */
	ST_TCP_SYN,	   /* first segment of a handshake */
	ST_TCP_CLOSING,	   /* FIN or RST */
	ST_MACS_BY_BUCKET, /* write both MACs by jhash of client and port: set, number = modulus, seed */
	ST_MACS_BY_MARK, /* write both MACs by backend id: set */
	ST_MARK_BY_FLOW, /* backend id of a remembered flow: set */
	ST_MARK_BY_TURN, /* backend id of the next slot: set, number = modulus */
	ST_FLOW_ADD,	 /* remember the flow: set, timeout_ms */
	ST_FLOW_UPDATE,	 /* remember or refresh it: set, timeout_ms */
	ST_FLOW_DELETE,	 /* forget it: set */
	ST_COUNTER,
	ST_FORWARD, /* send the frame out of an interface: number = ifindex, ifname */
	ST_GOTO,    /* chain */
	ST_ACCEPT,
	ST_DROP,
};

struct ruleset_statement {
	enum ruleset_statement_kind kind;
	uint32_t set;	 /* index into sets */
	uint32_t chain;	 /* index into chains */
	uint32_t number; /* modulus or ifindex */
	uint32_t seed;
	uint32_t timeout_ms;
	struct mac mac;
	char ifname[RULESET_IFNAME];
};

struct ruleset_rule {
	struct ruleset_statement statements[RULESET_STATEMENTS];
	size_t n_statements;
	const char *comment; /* a constant, or NULL */
	uint64_t handle;     /* read from the kernel; else 0 */
	char *signature;
};

struct ruleset_chain {
	char name[RULESET_NAME];
	char comment[RULESET_NAME]; /* "" for none */
	char device
		[RULESET_IFNAME]; /* base chain on the ingress hook of this interface; "": regular */
	struct ruleset_rule *rules;
	size_t n_rules;
};

struct ruleset {
	bool exists; /* false: there is no table */
	struct ruleset_set *sets;
	size_t n_sets;
	struct ruleset_chain *chains; /* in the order in which they may be created */
	size_t n_chains;
};

void ruleset_init(struct ruleset *r);
/* Frees what it owns and leaves it empty. */
void ruleset_clear(struct ruleset *r);

/*
 * Builders. Each returns the index of the new object, or -ENOMEM. Names are printf formats; a name
 * that does not fit is a programming error and aborts.
 */
int ruleset_add_set(struct ruleset *r, enum ruleset_set_kind kind, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int ruleset_add_chain(struct ruleset *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* The new rule, to be filled at once (the pointer is good until the next rule of that chain), or NULL. */
struct ruleset_rule *ruleset_add_rule(struct ruleset *r, int chain, const char *comment);
void rule_add(struct ruleset_rule *rule, struct ruleset_statement statement);
/* Reserves n zeroed elements of a set that has none. 0 or -ENOMEM. */
int ruleset_set_reserve(struct ruleset_set *set, size_t n);
/* Sorts the elements by key in the order in which nft lists them. */
void ruleset_set_sort(struct ruleset_set *set);
/* That order. <0, 0, >0. */
int ruleset_element_compare(enum ruleset_set_kind kind, const struct ruleset_element *a,
			    const struct ruleset_element *b);

/* Octets of a key and of the data of this kind of set; data 0 for sets without and for verdicts. */
size_t ruleset_key_len(enum ruleset_set_kind kind);
size_t ruleset_data_len(enum ruleset_set_kind kind);
/* Value of a key that is one number in host order (BUCKETS, SLOTS, BACKENDS). */
uint32_t ruleset_key_number(const struct ruleset_element *e);

/* Index by name, or -1. */
int ruleset_find_set(const struct ruleset *r, const char *name);
int ruleset_find_chain(const struct ruleset *r, const char *name);

#endif
