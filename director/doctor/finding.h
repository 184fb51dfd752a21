/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a doctor finds: a fault, where it is, and what mends it. Facts are gathered by the shell (*_uv.c of
 * this folder) and judged by pure functions, which add to one list. What could not be looked at is told as
 * well: silence about a backend is to mean that it is sound.
 *
 * Pure.
 */
#ifndef DIRECTOR_DOCTOR_FINDING_H
#define DIRECTOR_DOCTOR_FINDING_H

#include "include/config.h"

/*
 * One kind of fault each; finding_name() is its name in JSON, which stays. The order is that of the output:
 * what costs clients their connections comes first.
 */
enum finding_code {
	FINDING_NONE,
	/* Of the pair, by the daemon's word (pair_rules.h). */
	FINDING_ALARM,		/* of `cluster status` */
	FINDING_RULESET,	/* the kernel's table is another one than the daemon wants */
	FINDING_PEER,		/* the other director is not heard */
	FINDING_SYNC,		/* it does not know what is known here */
	FINDING_CONFIGURATIONS, /* the two are configured otherwise */
	FINDING_VIEWS,	      /* one of the two finds a backend down that the other one finds up */
	FINDING_VIP_CLAIMED,  /* a backend said unasked that it has a virtual address */
	FINDING_ANSWERS_LOST, /* a backend's clients repeat their SYNs, and its checks are good */
	/* On the wire (wire_rules.h). */
	FINDING_VIP_UNHELD,    /* nobody answers for it, although one of the pair is master */
	FINDING_VIP_FOREIGN,   /* a machine that is neither director nor backend answers for it */
	FINDING_VIP_SPOKEN,    /* a backend answers for it */
	FINDING_OFF_LINK,      /* a router is between the director and the backend */
	FINDING_ABSENT,	       /* nothing answers at the backend's own address */
	FINDING_TWICE,	       /* two machines have the backend's own address */
	FINDING_WRONG_MAC,     /* the key mac names another MAC than the backend's */
	FINDING_VIP_MISSING,   /* the backend does not have the virtual address */
	FINDING_ELSEWHERE,     /* another machine answers what the backend is asked */
	FINDING_FILTERED,      /* it answers in ARP and drops connections */
	FINDING_OWN_ADDRESS,   /* the service listens on the backend's own address alone */
	FINDING_NOT_LISTENING, /* no service */
	FINDING_MTU,	       /* packets that fill the director's MTU do not arrive */
	/* Of this machine (host_rules.h). */
	FINDING_KERNEL_FEATURE,	   /* the kernel does not know an expression of our rules */
	FINDING_LRO,		   /* frames are merged beyond the MTU */
	FINDING_RP_FILTER,	   /* the other node's packets are dropped on arrival */
	FINDING_CHAIN_BEFORE,	   /* somebody else's rules take or change frames before ours */
	FINDING_PROGRAM_BEFORE,	   /* XDP or tc sees frames before us */
	FINDING_SAVED_TABLE,	   /* a file that is loaded at boot holds our table */
	FINDING_FIREWALL_BYPASSED, /* a rule of the host about a farm that its traffic never meets */
	/* Odd, rather than broken (pair_rules.h). */
	FINDING_FILE,	     /* the file is another configuration than the daemon's */
	FINDING_CLOCKS,	     /* the dates of the two nodes are apart */
	FINDING_ONE_BACKEND, /* a farm has one only */
	FINDING_NETWORK,     /* backends are in another network than their virtual address */
	FINDING_CODES,
};

struct finding {
	enum finding_code code;
	char farm[CONFIG_NAME_MAX + 1],
		backend[CONFIG_NAME_MAX + 1]; /* "": of the director or the pair */
	char *sentence; /* what is wrong, with the values that were seen; no full stop */
	char *cure; /* commands or lines, one each line, without a newline at the end; NULL: none is known */
};

struct finding_skip {
	char *what, *why; /* "VIP 10.77.0.100 of farm \"www\"", "this needs root" */
};

/* Whether a backend is in service, for all that was ordered. */
typedef bool doctor_in_service(void *owner, const char *farm, const char *backend);

/* Zero-initialised: empty. Owns its texts. */
struct findings {
	struct finding *list;
	struct finding_skip *skipped;
	size_t n, n_skipped;
	bool no_memory; /* something is not in the list */
};

/* "vip-missing" */
const char *finding_name(enum finding_code code);

/* farm, backend and cure may be NULL. Everything is copied. The same code twice for one backend stays two. */
void findings_add(struct findings *f, enum finding_code code, const char *farm, const char *backend,
		  const char *cure, const char *fmt, ...) __attribute__((format(printf, 6, 7)));
void findings_skip(struct findings *f, const char *what, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* True when there is one of that kind for the backend (NULL: of any). */
bool findings_have(const struct findings *f, enum finding_code code, const char *farm,
		   const char *backend);
/* By code, farm and backend; those of one backend in the order in which they were added. */
void findings_sort(struct findings *f);
void findings_clear(struct findings *f);

#endif
