/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ruleset as data: what the nft table "director" holds or should hold. plan.c makes it from the
 * configuration, kernel_uv.c reads it from the kernel, diff.c compares two of them, nft_text.c,
 * nft_json.c and nft_netlink.c render it. One struct ruleset owns everything below it, the large parts together
 * with other rulesets that have the same (share.h).
 *
 * A rule is a short list of statements. Each kind of statement has one spelling in nft's language, one
 * in its JSON schema and one list of netlink expressions; each renderer has exactly one case for it. A ruleset that
 * was read from the kernel has no statements but each rule's and set's *signature*, the printed
 * form of its netlink expressions, which is what two rulesets are compared by.
 */
#ifndef DIRECTOR_RULESET_RULESET_H
#define DIRECTOR_RULESET_RULESET_H

#include "director/ruleset/name_index.h"
#include "director/ruleset/share.h"
#include "include/addr.h"
#include "include/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define RULESET_TABLE	   "director"
#define RULESET_STRAGGLERS "director-stragglers" /* plan_straggler.h */
#define RULESET_COMMENT	   "managed by directord; changes made by hand are undone"

/* Of nfnetlink_log, which director/flow reads: what the packet path remembers. */
enum {
	RULESET_LOG_GROUP = 8405,
	RULESET_LOG_SNAPLEN = 96,   /* IPv6 with extension headers and the TCP header */
	RULESET_LOG_THRESHOLD = 64, /* messages that the kernel hands over together */
};

enum {
	RULESET_NAME = 64, /* longest name of a set or chain with its NUL: prefix + farm + suffix */
	RULESET_KEY_MAX = 32,	 /* first and last address of a range of IPv6 */
	RULESET_DATA_MAX = 12,	 /* both MAC addresses */
	RULESET_STATEMENTS = 10, /* longest rule */
	RULESET_IFNAME = 16,
	RULESET_NO_OWNER = 0xffff, /* a bucket without an element */
};

enum ruleset_set_kind {
	SET_SERVICES,	/* VIP . protocol . port -> goto the farm's chain */
	SET_SERVICES6,	/* the same, IPv6 */
	SET_ADDRESSES,	/* IPv4 addresses */
	SET_ADDRESSES6, /* IPv6 addresses */
	SET_BUCKETS,	/* bucket -> destination and source MAC; counts packets; indexed */
	SET_SLOTS,	/* bucket -> backend id; indexed */
	SET_BACKENDS,	/* backend id (mark) -> destination and source MAC; counts packets */
	SET_LEAVING,	/* backend ids that get no new connections */
	SET_OUTPUTS,	/* a backend's MAC -> the interface to it */
	SET_FLOWS,	/* flow -> backend id; filled by the packet path */
	SET_FLOWS6,	/* the same, IPv6 */
	SET_PINS,	/* client -> backend id; filled by the packet path */
	SET_PINS6,	/* the same, IPv6 */
	SET_STATIC,	/* clients of the configuration -> backend id; ranges */
	SET_STATIC6,	/* the same, IPv6 */
	SET_ERRORS,	/* VIP . protocol . port of an embedded packet -> the farm's errors */
	SET_ERRORS6,	/* the same, IPv6 */
	SET_LATER,	/* VIP . protocol -> what becomes of its later fragments */
	SET_LATER6,	/* the same, IPv6 */
	SET_FRAGMENTS,	/* fragmented packet -> both MACs; filled by the packet path */
	SET_RANGES,	/* ranges of IPv4 addresses: the key is first and last */
	SET_RANGES6,	/* the same, IPv6 */
	SET_RATES,	/* IPv4 client -> its rate; filled by the packet path */
	SET_RATES6,	/* the same, IPv6 */
	SET_SENDERS,	/* source MAC . VIP, IPv4; filled by the packet path */
	SET_SENDERS6,	/* the same, IPv6 */
	SET_MACS,	/* MAC addresses */
	SET_TARGETS6,	/* IPv6 addresses that neighbour advertisements are about */
	SET_CLAIMS6,	/* source MAC . such an address; filled by the packet path */
	SET_SYNS,   /* client, both ports and sequence number of a SYN; filled by the packet path */
	SET_SYNS6,  /* the same, IPv6 */
	SET_SERVED, /* VIP . port . MAC of the backend; filled by the packet path */
	SET_SERVED6, /* the same, IPv6 */
	SET_FOREIGN, /* read from the kernel, none of ours */
};

struct ruleset_element {
	uint8_t key[RULESET_KEY_MAX];	/* as the kernel holds it: registers of 4 octets; of a range
					   its first address, behind it its last */
	uint8_t data[RULESET_DATA_MAX]; /* unused octets are zero */
	uint32_t chain;			/* services: index into chains (planned rulesets) */
	uint16_t backend;		/* BACKENDS, OUTPUTS: index into the farm's backends */
};

/*
 * Elements are a sorted list, or, for the big tables (kinds called indexed above), an owner for
 * each bucket and one value for each owner: 2 octets a bucket instead of 48.
 */
struct ruleset_set {
	char name[RULESET_NAME];
	enum ruleset_set_kind kind;
	uint32_t size; /* maximum of elements; 0: none stated. BUCKETS, SLOTS: the modulus */
	/*
	 * How often the kernel looks for what has expired; 0: each second, as it does when not told. No
	 * part of the signature: a table is not made anew for it, and keeps the interval that it has.
	 */
	uint32_t gc_interval_ms;
	char farm[RULESET_NAME]; /* name of the farm that it belongs to, "": shared */
	/* All of these are shared blocks. */
	struct ruleset_element *elements; /* sorted by key; NULL for flows and indexed sets */
	size_t n_elements;
	uint16_t *owners; /* indexed: [size], an index into values or RULESET_NO_OWNER */
	uint8_t (*values)[RULESET_DATA_MAX];
	size_t n_values;
	const char **names; /* of values, of element.backend; NULL: not known */
	size_t n_names;
	char *signature; /* see above; NULL until asked for */
};

/* What a rule reads from a packet to look something up. ruleset_key_parts() has the fields. */
enum ruleset_key {
	KEY_SERVICE, /* VIP, protocol, port */
	KEY_SERVICE6,
	KEY_FLOW,  /* client, VIP, both ports: 12 octets */
	KEY_FLOW6, /* network and low 32 bits of the client, both ports: 16 octets, see ruleset.c */
	KEY_PEER,  /* client and its port: what a connection is hashed by */
	KEY_PEER6,
	KEY_SOURCE, /* client */
	KEY_SOURCE6,
	KEY_CLIENT, /* client, or its network when prefix is given */
	KEY_CLIENT6,
	KEY_STATIC, /* client, in a set of addresses */
	KEY_STATIC6,
	KEY_ERROR, /* VIP; protocol and source port of the packet in an ICMP error */
	KEY_ERROR6,
	KEY_ERROR_PEER, /* of the packet in an ICMP error: KEY_PEER as its answer has it */
	KEY_ERROR_PEER6,
	KEY_ERROR_SOURCE,
	KEY_ERROR_SOURCE6,
	KEY_LATER, /* VIP, protocol */
	KEY_LATER6,
	KEY_VIP, /* VIP, in a set of addresses */
	KEY_VIP6,
	KEY_SENDER, /* source MAC, VIP */
	KEY_SENDER6,
	KEY_FROM,   /* source MAC */
	KEY_ARP,    /* sender's address of an ARP packet */
	KEY_TARGET, /* target of a neighbour advertisement, behind ST_ND */
	KEY_CLAIM,  /* source MAC, KEY_ARP */
	KEY_CLAIM6, /* source MAC, KEY_TARGET */
	KEY_SYN,    /* client, both ports, sequence number: alike in a SYN that is sent again */
	KEY_SYN6,
	KEY_SERVED, /* VIP, port, destination MAC: the backend's, once it is written */
	KEY_SERVED6,
	KEY_FRAGMENT, /* source, destination, identification, protocol (RFC 791, 3.2) */
};

/* How the key of a map comes about. */
enum ruleset_chooser {
	BY_KEY,	   /* the fields themselves: key */
	BY_HASH,   /* jhash of the fields: key, number = modulus, seed */
	BY_TURN,   /* one after the other: number = modulus */
	BY_RANDOM, /* number = modulus */
	BY_MARK,   /* the packet's mark: a backend id */
};

enum ruleset_statement_kind {
	ST_FOR_US,	   /* the frame's destination MAC is this interface's */
	ST_NOT_FOR_OTHERS, /* it is this interface's, or for all: the host would look at it */
	ST_LOOPED_BY_PEER, /* source MAC is the peer's, IP source no node's: mac, key, set */
	ST_FROM_OTHERS,	   /* source MAC is not the other director's: mac */
	ST_WHOLE,	   /* not a fragment (IPv4) */
	ST_LATER_FRAGMENT, /* not the first fragment (IPv4) */
	ST_FIRST_FRAGMENT, /* the first one of several, or whole (IPv4) */
	ST_LATER6,	   /* the same, IPv6; the first statement of its rule */
	ST_TO_SERVICE,	   /* verdict of a map: key, set */
	ST_IS_SERVICE,	   /* VIP, protocol and port are those of one element: key, set, number */
	ST_PROTOCOL,	   /* ICMP or ICMPv6: value */
	ST_ND,		   /* a message of neighbour discovery: value, its type */
	ST_OCTET,	   /* of the transport header, at number: == value, or != with negate */
	ST_OCTET_ABOVE,	   /* the same: > value */
	ST_TOO_MANY,	   /* more than number packets a second, ruleset_burst() at once */
	ST_TCP_FLAGS,	   /* (flags & mask) == value, or != with negate */
	ST_SOURCE_IN,	   /* what the key reads is in a set, or not with negate: key, set */
	ST_SOURCE_RATE,	   /* more than number a second of this client: key, set, timeout_ms */
	ST_RATE,	   /* more than number a second */
	ST_TCP,		   /* a TCP segment */
	ST_MARK_IN,	   /* the mark is in a set: set */
	ST_MACS,	   /* write both MACs from a map: by, …, set */
	ST_MACS_ARE,	   /* write both: mac, from */
	ST_RECORD,	   /* remember key -> the MACs as they are now: key, set, timeout_ms */
	ST_MARK,	   /* set the mark from a map: by, …, set */
	ST_ADD,		   /* remember key -> mark: key, set, timeout_ms */
	ST_UPDATE,	   /* remember or refresh it: key, set, timeout_ms */
	ST_DELETE,	   /* forget it: key, set */
	ST_NOTE,	   /* remember or refresh a key alone: key, set, timeout_ms */
	ST_NOTE_COUNT,	   /* the same, and count its packets there */
	ST_LOG,		   /* tell the daemon: text = prefix */
	ST_COUNTER,
	ST_FORWARD, /* send the frame out of an interface: number = ifindex, text = its name */
	ST_FORWARD_BY_MAC, /* … that a map knows by the destination MAC: set */
	ST_COPY,	   /* a copy of the frame, likewise */
	ST_GOTO,	   /* chain */
	ST_ACCEPT,
	ST_DROP,
	ST_RESET,  /* answer with a TCP reset, behind ST_TCP */
	ST_REJECT, /* answer with ICMP or ICMPv6: port unreachable */
};

/* RFC 4861, 4.2 to 4.4. */
enum { ND_ROUTER_ADVERTISEMENT = 134, ND_SOLICITATION = 135, ND_ADVERTISEMENT = 136 };
enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PSH = 8, TCP_ACK = 16 };

struct ruleset_statement {
	enum ruleset_statement_kind kind;
	enum ruleset_chooser by;
	enum ruleset_key key;
	uint32_t set;	 /* index into sets */
	uint32_t chain;	 /* index into chains */
	uint32_t number; /* modulus, ifindex or packets a second */
	uint32_t seed;
	uint32_t timeout_ms;
	struct mac mac, from;
	uint8_t prefix; /* KEY_CLIENT: bits of the address that count; 0: all */
	uint8_t mask, value;
	bool negate;
	char text[CONFIG_NAME_MAX + 1];
};

struct ruleset_rule {
	struct ruleset_statement *statements;
	size_t n_statements;
	const char *comment; /* a constant, or NULL */
	uint64_t handle;     /* read from the kernel; else 0 */
	char *signature;     /* shared block */
};

struct ruleset_chain {
	char name[RULESET_NAME];
	char comment[RULESET_NAME]; /* "" for none */
	char farm[RULESET_NAME];    /* name of the farm that it belongs to, "": shared; planned */
	char device
		[RULESET_IFNAME]; /* base chain on the ingress hook of this interface; "": regular */
	int8_t priority; /* of a base chain: it sees a packet before those of greater ones */
	struct ruleset_rule *rules; /* shared block */
	size_t n_rules;
};

struct ruleset {
	const char *table; /* a constant; NULL: RULESET_TABLE */
	bool exists;	   /* false: there is no table */
	struct ruleset_set *sets;
	size_t n_sets;
	struct ruleset_chain *chains; /* in the order in which they may be created */
	size_t n_chains;
	/* Of all of them: an object keeps its name. */
	struct name_index set_names, chain_names;
};

void ruleset_init(struct ruleset *r);
/* Its name. */
const char *ruleset_table(const struct ruleset *r);
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
/* 0 or -ENOMEM; more than RULESET_STATEMENTS are a programming error and abort. */
int rule_add(struct ruleset_rule *rule, struct ruleset_statement statement);
/*
 * Appends the same set, or chain, of another ruleset. Statements name others by index: for a chain
 * it is said by how much the indexes of objects from `from` on differ. The index, or -ENOMEM.
 */
int ruleset_share_set(struct ruleset *r, const struct ruleset_set *set);
struct ruleset_shift {
	size_t set_from, chain_from;
	ptrdiff_t set_by, chain_by;
};
int ruleset_share_chain(struct ruleset *r, const struct ruleset_chain *chain,
			const struct ruleset_shift *shift);
/* Its elements and owners become its own, to be changed. 0 or -ENOMEM. */
int ruleset_set_own(struct ruleset_set *set);
/* Reserves n zeroed elements of a set that has none. 0 or -ENOMEM. */
int ruleset_set_reserve(struct ruleset_set *set, size_t n);
/* Reserves an indexed set: size buckets without owners, n zeroed values. 0 or -ENOMEM. */
int ruleset_set_index(struct ruleset_set *set, uint32_t size, size_t n_values);
bool ruleset_kind_is_indexed(enum ruleset_set_kind kind);
/* Flows, remembered by the packet path. */
bool ruleset_kind_is_flows(enum ruleset_set_kind kind);
/* Clients and the backends that they are kept with; such a set is one of flows, too. */
bool ruleset_kind_is_pins(enum ruleset_set_kind kind);
/* Whose elements are ranges of addresses. */
bool ruleset_kind_is_ranges(enum ruleset_set_kind kind);
/* Whose elements lead to a chain. */
bool ruleset_kind_is_verdicts(enum ruleset_set_kind kind);
/* Whose elements lead to anything. */
bool ruleset_kind_is_map(enum ruleset_set_kind kind);
/* Filled by the packet path, never by us: flows, rates, senders, SYNs. */
bool ruleset_kind_is_dynamic(enum ruleset_set_kind kind);
/* Whose elements count packets. */
bool ruleset_kind_counts(enum ruleset_set_kind kind);
/* The element of a bucket that has one. */
struct ruleset_element ruleset_bucket_element(const struct ruleset_set *set, uint32_t bucket);
/* True when two sets surely hold the same; false: they may. */
bool ruleset_set_same_elements(const struct ruleset_set *a, const struct ruleset_set *b);
/* How many elements a set of any kind has. */
size_t ruleset_set_count(const struct ruleset_set *set);
/* Sorts the elements by key in the order in which nft lists them. */
void ruleset_set_sort(struct ruleset_set *set);
/* That order. <0, 0, >0. */
int ruleset_element_compare(enum ruleset_set_kind kind, const struct ruleset_element *a,
			    const struct ruleset_element *b);
/* Two lists of elements in that order, side by side, and where a walk over both is. */
struct ruleset_pairs {
	enum ruleset_set_kind kind;
	const struct ruleset_element *have, *want;
	size_t n_have, n_want;
	size_t at_have, at_want;
};
/* Of two sets of one kind, from their first elements on. */
struct ruleset_pairs ruleset_pairs(const struct ruleset_set *have, const struct ruleset_set *want);
/* The next ones: both when their keys are the same, else the one that comes first, and NULL. False: none is left. */
bool ruleset_pairs_next(struct ruleset_pairs *p, const struct ruleset_element **ret_have,
			const struct ruleset_element **ret_want);

/*
 * Octets of a key and of the data of this kind of set, as the kernel has them; data 0 for sets
 * without and for verdicts. The key of a range is one address for the kernel.
 */
size_t ruleset_key_len(enum ruleset_set_kind kind);
size_t ruleset_data_len(enum ruleset_set_kind kind);
/* A field of a packet: where it is and how nft writes it. Lengths and offsets in octets. */
struct ruleset_field {
	const char *text;
	uint8_t base; /* NFT_PAYLOAD_…, or FIELD_L4PROTO: meta l4proto */
	uint8_t offset, len;
	uint16_t type;	/* nft's data type, in sets that are declared by such a field */
	uint8_t header; /* nft's number of the header and the field in it; 0: raw */
	uint8_t field;
};

enum { RULESET_PARTS = 4, FIELD_L4PROTO = 0xff };

/* The fields of a key, in order. */
struct ruleset_key_parts {
	size_t n;
	struct ruleset_field parts[RULESET_PARTS];
};

const struct ruleset_key_parts *ruleset_key_parts(enum ruleset_key key);
/* IPv6 packets only. */
bool ruleset_key_is_ipv6(enum ruleset_key key);
/* " . "-joined as nft writes it. */
void ruleset_key_print(FILE *out, enum ruleset_key key);

/* How many packets may come at once where so many a second may: a tenth. */
uint32_t ruleset_burst(uint32_t per_second);

/* Value of a key that is one number in host order (BUCKETS, SLOTS, BACKENDS). */
uint32_t ruleset_key_number(const struct ruleset_element *e);

/*
 * Index by name, or -1. Two rulesets that follow each other have most objects at the same place, or
 * nearly: that is looked at first.
 */
int ruleset_find_set_near(const struct ruleset *r, const char *name, size_t near);
int ruleset_find_chain_near(const struct ruleset *r, const char *name, size_t near);
int ruleset_find_set(const struct ruleset *r, const char *name);
int ruleset_find_chain(const struct ruleset *r, const char *name);

/* Indexes from first to before end. */
struct ruleset_span {
	size_t first, end;
};

/*
 * The sets of a farm, which are together in a plan; of one that has none: none. Plans have the farms in
 * the order of the configuration: whoever asks for one after the other begins near the end of the last.
 */
struct ruleset_span ruleset_farm_sets(const struct ruleset *r, const char *farm, size_t near);

/* Room for so many objects more, to be joined; afterwards none are added to r. 0 or -ENOMEM. */
int ruleset_make_room(struct ruleset *r, size_t n_sets, size_t n_chains);
/* With all that it owns. */
void ruleset_join_set(struct ruleset *r, struct ruleset_set set);
void ruleset_join_chain(struct ruleset *r, struct ruleset_chain chain);

#endif
