/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was seen of the director's own machine, as plain data: gathered by host_*_uv.c, judged by
 * host_rules.c. Arrays are bounded; what does not fit is left out, which costs a finding, never a
 * wrong one.
 *
 * Pure.
 */
#ifndef DIRECTOR_DOCTOR_HOST_FACTS_H
#define DIRECTOR_DOCTOR_HOST_FACTS_H

#include "director/doctor/host_feature.h"
#include "director/doctor/host_saved.h"
#include "director/network/interface.h"
#include "include/config.h"

enum {
	HOST_INTERFACES_MAX = 256, /* with farms on them */
	HOST_PEERS_MAX = 256,	   /* one for each vrrp section */
	HOST_CHAINS_MAX = 512,	   /* of all tables but ours */
	HOST_RULES_MAX = 512,	   /* that name an address or a port and stop something */
	HOST_SAVED_MAX = 8,
	HOST_NAME = 128, /* of tables and chains: longer ones are cut */
	HOST_FAMILY = 8, /* "netdev" */
	HOST_KIND = 32,	 /* of a filter, and the name of its program */
	HOST_TO_MAX = 8, /* addresses that one rule names */
	HOST_PORTS_MAX = 16,
};

/* What sees the frames of an interface before its ingress hook. */
struct host_interface {
	char name[CONFIG_IFNAME_MAX + 1];
	enum interface_lro lro;
	bool has_xdp;
	char xdp[HOST_KIND]; /* the program's name; "": none, or not told */
	size_t n_filters;    /* of tc */
	char filter[HOST_KIND], filter_program[HOST_KIND]; /* of the first: "bpf", "u32" */
	size_t n_tcx;					   /* programs that tc does not list */
	char tcx[HOST_KIND];
};

/* The other node's packets at an interface. */
struct host_peer {
	char interface[CONFIG_IFNAME_MAX + 1];
	char node[CONFIG_NAME_MAX + 1];
	struct addr address;
	bool dropped; /* the kernel's answer, for a packet from there that arrives here */
	int rp_filter;
};

enum host_hook { HOOK_NONE, HOOK_INGRESS, HOOK_PREROUTING, HOOK_INPUT, HOOK_FORWARD };

/* Somebody else's chain. */
struct host_chain {
	char family[HOST_FAMILY], table[HOST_NAME], name[HOST_NAME];
	enum host_hook hook;		    /* NONE: not a base chain, or of no interest */
	char device[CONFIG_IFNAME_MAX + 1]; /* of INGRESS; one entry for each of several */
	int priority;
	bool drops;    /* by policy */
	size_t n_acts; /* rules that take or change packets, or hand them on */
};

/* Somebody else's rule. */
struct host_rule {
	char family[HOST_FAMILY], table[HOST_NAME], chain[HOST_NAME];
	char device[CONFIG_IFNAME_MAX + 1]; /* packets that came by it; "": any */
	struct addr to[HOST_TO_MAX];	    /* none: of any destination */
	size_t n_to;
	uint16_t ports[HOST_PORTS_MAX]; /* of the destination; none: any */
	size_t n_ports;
	uint8_t protocol;    /* 0: any */
	bool drops;	     /* or rejects */
	bool admits_some;    /* accepts packets of some sources */
	bool acts;	     /* takes or changes packets, or hands them on */
	char set[HOST_NAME]; /* has its ports or addresses and was not read; "": none */
};

struct host_place {
	char path[2 * HOST_PATH];
	int line;
};

struct host_facts {
	struct host_interface interfaces[HOST_INTERFACES_MAX];
	size_t n_interfaces;
	struct host_peer peers[HOST_PEERS_MAX];
	size_t n_peers;
	struct host_chain chains[HOST_CHAINS_MAX];
	size_t n_chains;
	struct host_rule rules[HOST_RULES_MAX];
	size_t n_rules;
	struct host_place saved[HOST_SAVED_MAX];
	size_t n_saved;
	bool missing[HOST_FEATURES]; /* the kernel has refused it */
};

#endif
