/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration as plain data, constant after it was loaded. Every key of director.conf(5) has
 * one field; the default stands beside it. Durations are milliseconds. Strings are never NULL
 * unless the comment says so. Arrays keep the order of the file.
 *
 * Filled by director/config/ (load.c reads, check.c judges); lives in its pool, freed as a whole by
 * config_free().
 */
#ifndef INCLUDE_CONFIG_H
#define INCLUDE_CONFIG_H

#include "include/addr.h"
#include "include/pool.h"

/* Limits, each with its reason. */
enum {
	CONFIG_NAME_MAX = 31,	 /* names become parts of nft names and table columns */
	CONFIG_NODES_MAX = 2,	 /* the product is a pair */
	CONFIG_FARMS_MAX = 4096, /* every rule between two farms looks at all pairs */
	CONFIG_VRRPS_MAX = 255,	 /* one virtual router ID each */
	CONFIG_TRACKS_MAX = 255, /* of a kind, per vrrp section */
	CONFIG_CLIENTS_MAX =
		65536, /* prefixes of an allow or deny list as written: two elements of an interval
			  set each, loaded in a quarter of a second in one transaction */
	CONFIG_PINS_MAX = 4096, /* per farm: meant for exceptions, not for a table */
	CONFIG_CHECKS_MAX = 64, /* per farm, and each runs for every backend */
	CONFIG_BACKENDS_MAX =
		1000, /* per farm: 10 buckets each in the largest table that packets find quickly */
	CONFIG_FARM_PORTS_MAX = 4096, /* one element of the services map each, per address */
	CONFIG_WEIGHT_MAX = 256,      /* finer steps than a bucket table can show */
	CONFIG_VIPS_MAX = 255,	/* the advert's address count is one octet (RFC 9568, 5.2.5) */
	CONFIG_IFNAME_MAX = 15, /* IFNAMSIZ - 1 */
	CONFIG_DEADLINE_MAX_MS = 7 * 24 * 3600 * 1000, /* of a drain: no maintenance waits longer */
};

struct config_node {
	const char *name;
	struct addr address; /* on the service network; VRRP, heartbeats and the channel use it */
	struct addr sync_address; /* dedicated path of the channel; none: `address` */
	uint8_t priority;	  /* 1..254, 255 for the address owner; default 100 */
};

/* Where a key stands that is judged after the load; NULL and 0 when it was not given. */
struct config_place {
	const char *file;
	int line;
};

struct config_cluster {
	const char *name;
	const char *key_file; /* "" when none was given */
	struct config_place key_file_at;
	const char *accept_key_file; /* "" */
	struct config_place accept_key_file_at;
	uint16_t sync_port;	/* 8405 */
	bool hold_takeover;	/* true */
	uint32_t lease_ms;	/* 2 s */
	uint32_t lone_lease_ms; /* 10 min */
	struct config_node nodes[CONFIG_NODES_MAX];
	size_t n_nodes;
};

enum config_auth_mode { AUTH_OFF, AUTH_RECEIVE_ONLY, AUTH_PERMISSIVE, AUTH_ENFORCE };

enum config_track_kind { TRACK_INTERFACE, TRACK_COMMAND, TRACK_FARM };

struct config_track {
	enum config_track_kind kind;
	const char *name;     /* the interface, the command's title, the farm */
	const char *command;  /* TRACK_COMMAND; else NULL */
	uint32_t interval_ms; /* TRACK_COMMAND: 2 s; else 0 */
	int weight;	      /* -254..254; 0: a failure is a fault */
};

struct config_vrrp {
	const char *name;
	const char *interface;
	uint8_t virtual_router_id; /* 1..255 */
	struct prefix *addresses;
	size_t n_addresses;
	uint8_t version;		/* 3 */
	uint32_t advertise_interval_ms; /* 1 s; a multiple of 10 ms */
	bool preempt;			/* true */
	uint32_t preempt_delay_ms;	/* 0 */
	bool unicast;			/* false */
	bool virtual_mac;		/* false */
	bool accept;			/* true */
	const char *group;		/* "" */
	const char *auth_key_file;	/* "" */
	struct config_place auth_key_file_at;
	uint8_t auth_key_id; /* 0: the first key of the file */
	enum config_auth_mode auth_mode;
	struct config_track *tracks;
	size_t n_tracks;
	uint8_t garp_repeat;	  /* 5 */
	uint32_t garp_refresh_ms; /* 60 s */
	bool realtime;		  /* false */
};

enum config_protocol { PROTOCOL_TCP = 1, PROTOCOL_UDP = 2, PROTOCOL_TCP_UDP = 3 }; /* bit set */

enum config_scheduler {
	SCHEDULER_MAGLEV,
	SCHEDULER_ROUND_ROBIN,
	SCHEDULER_RANDOM,
	SCHEDULER_SOURCE_HASH,
	SCHEDULER_LEAST_CONNECTIONS,
};

enum config_persistence { PERSISTENCE_NONE, PERSISTENCE_SOURCE_ADDRESS };
enum config_flow_table { FLOW_TABLE_AUTO, FLOW_TABLE_FULL };
enum config_when_empty { WHEN_EMPTY_DROP, WHEN_EMPTY_REJECT };
/* What follows when clients send their SYNs again (director/evidence/retries.h). */
enum config_syn_retries { SYN_RETRIES_CHECK, SYN_RETRIES_INHIBIT, SYN_RETRIES_OFF };
enum config_fragments { FRAGMENTS_DROP, FRAGMENTS_SPRAY };
enum config_admin_state { ADMIN_ENABLED, ADMIN_DRAINING, ADMIN_DISABLED };

struct config_ports {
	uint16_t first, last; /* inclusive; host order */
};

/* There may be a hundred thousand of them: 48 octets each. */
struct config_backend {
	const char *name;
	const char *interface; /* "": by route */
	struct addr address;
	struct mac mac; /* all zero: resolved through the neighbour table */
	bool has_mac;
	bool backup;	 /* false */
	uint16_t weight; /* 0..CONFIG_WEIGHT_MAX; default 1; 0: no new flows */
	enum config_admin_state state;
};

enum config_check_type {
	CHECK_TCP,
	CHECK_HTTP,
	CHECK_HTTPS,
	CHECK_ICMP,
	CHECK_COMMAND,
	CHECK_DSR,
};

/* Which address of a backend a check asks: the one that clients ask, or its own. */
enum config_check_through { THROUGH_VIP, THROUGH_ADDRESS };

struct config_check {
	const char *name;
	enum config_check_type type;
	uint16_t port;		 /* 0: config_farm_check_port() */
	const char *method;	 /* "GET" */
	const char *host;	 /* "" */
	const char *path;	 /* "/" */
	uint16_t *expect_status; /* { 200 } */
	size_t n_expect_status;
	const char *expect_body;			    /* "" */
	const char *sni;				    /* "" */
	const char *ca_file;				    /* "" */
	bool verify;					    /* true */
	const char *command;				    /* "" */
	enum config_check_through through;		    /* THROUGH_VIP */
	uint32_t interval_ms, fast_interval_ms, timeout_ms; /* 2 s, = interval, 1 s */
	uint8_t rise, fall;				    /* 2, 3 */
};

/* Clients that are allowed or denied: no two ranges overlap or touch, sorted. */
struct config_clients {
	struct addr_range *v4, *v6;
	size_t n_v4, n_v6;
};

struct config_pin {
	struct prefix client;
	const char *backend;
};

struct config_farm {
	const char *name;
	struct addr *addresses;
	size_t n_addresses;
	const char
		*interface; /* after config_load() always set: given, or that of the vrrp section */
	enum config_protocol protocol;
	struct config_ports *ports; /* sorted, not overlapping */
	size_t n_ports;
	enum config_scheduler scheduler;
	uint32_t seed; /* of jhash, never 0; default: from the farm's name, the same on both
			  directors */
	enum config_persistence persistence;
	uint32_t persistence_timeout_ms;		 /* 10 min */
	uint8_t persistence_prefix, persistence_prefix6; /* 32, 128 */
	enum config_flow_table flow_table;
	uint32_t max_connections;				       /* 1,048,576 */
	uint32_t tcp_timeout_ms, tcp_close_timeout_ms, udp_timeout_ms; /* 15 min, 30 s, 2 min */
	uint32_t gc_interval_ms;				       /* 0: the kernel's, 1 s */
	uint32_t transition_time_ms;				       /* 0: the idle timeout */
	struct config_pin *pins;
	size_t n_pins;
	uint32_t minimum_backends; /* 1 */
	enum config_when_empty when_empty;
	enum config_fragments fragments;
	const char **allow, **deny; /* as written: prefixes or "@/path/file"; none: no list */
	size_t n_allow, n_deny;
	struct config_clients allowed, denied;	/* what they and the files hold, merged */
	uint32_t max_rate_per_source, max_rate; /* new connections a second; 0: no limit */
	enum config_syn_retries syn_retries;	/* check */
	uint32_t slow_start_ms;			/* 0 */
	bool sync;				/* true */
	struct config_backend *backends;
	size_t n_backends;
	bool default_checks;	     /* true */
	struct config_check *checks; /* after config_load() those of default_checks, too */
	size_t n_checks;
};

struct config {
	const char *path; /* the file that was loaded */
	bool has_cluster; /* false: standalone */
	struct config_cluster cluster;
	struct config_vrrp *vrrps;
	size_t n_vrrps;
	struct config_farm *farms;
	size_t n_farms;
	const char *metrics_listen;	     /* "": metrics are not served */
	uint32_t drill_max_gap_ms;	     /* 200 ms */
	uint32_t drill_max_lost_connections; /* 0 */
	bool drill_by_peer;		     /* false */
	bool control_push_by_peer; /* the other director may change the file of this one */
	const char *control_read_group, *control_change_group; /* "": nobody but root */
	const char *notify;				       /* "" */
	struct pool pool;				       /* holds all of the above */
};

/* Names as they are written in the file and shown to people. */
const char *config_scheduler_name(enum config_scheduler s);
const char *config_protocol_name(enum config_protocol p);
const char *config_auth_mode_name(enum config_auth_mode m);

/* It connects to the virtual address at the backend, as clients do; else to the backend's own. */
bool config_check_uses_vip(const struct config_check *k);
/* The port that a check asks which names none: the first that is not part of a range, else the first. */
uint16_t config_farm_check_port(const struct config_farm *f);
/* "tcp", "dsr", ... */
const char *config_check_type_name(enum config_check_type t);

/* The node of that name, or NULL. */
const struct config_node *config_node_by_name(const struct config *c, const char *name);
/* Of all farms. */
size_t config_count_backends(const struct config *c);
/* True when one of its addresses is of that family. */
bool config_vrrp_has_family(const struct config_vrrp *v, uint8_t family);
/* The farm of that name, or NULL. */
const struct config_farm *config_farm_by_name(const struct config *c, const char *name);
/* The backend of that name, or NULL. */
const struct config_backend *config_backend_by_name(const struct config_farm *farm,
						    const char *name);
/*
 * The same of a configuration that is like another one, where its number was `near`: what is nearest to
 * that is looked at first, so that all are found in no time when a few have come or gone.
 */
const struct config_farm *config_farm_near(const struct config *c, size_t near, const char *name);
const struct config_backend *config_backend_near(const struct config_farm *farm, size_t near,
						 const char *name);

#endif
