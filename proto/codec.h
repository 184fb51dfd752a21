/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages of the control socket as our own structs. The files codec*.c are the only ones that see
 * what protoc-c generates; every field is checked on the way in.
 *
 * Pure: bytes in, structs out, and back.
 */
#ifndef PROTO_CODEC_H
#define PROTO_CODEC_H

#include "include/backend_detail.h"
#include "include/config.h"
#include "include/flow.h"
#include "include/status.h"
#include "include/sync.h"

#include <stddef.h>
#include <stdint.h>

enum {
	CODEC_LENGTH = 4,	     /* octets of the length before a message */
	CODEC_REQUEST_MAX = 256,     /* a request has seven numbers, two names, two addresses */
	CODEC_CONNECTIONS_MAX = 500, /* of one reply: 2 ms of asking the kernel */
	CODEC_DRILLS_MAX = 100,	     /* that are kept, with those that were refused */
	CODEC_REPLY_MAX = 64 * 1024 * 1024, /* an exported ruleset of a thousand farms */
};

enum {
	DRILL_LIMIT_MIN_MS = 1000,
	DRILL_LIMIT_MAX_MS = 600000,
};

enum control_command {
	CONTROL_STATUS = 1,
	CONTROL_RULESET_EXPORT,
	CONTROL_RULESET_VERIFY,
	CONTROL_RELOAD,
	CONTROL_FAILOVER,
	CONTROL_FARM_SHOW,
	CONTROL_BACKEND_ENABLE,
	CONTROL_BACKEND_DRAIN,
	CONTROL_BACKEND_DISABLE,
	CONTROL_BACKEND_WEIGHT,
	CONTROL_CONNECTIONS,
	CONTROL_MAINTENANCE,
	CONTROL_DRILL,	    /* begins one; answered at once */
	CONTROL_DRILL_LOOK, /* how far it is */
	CONTROL_BACKEND_SHOW,
	CONTROL_DOCTOR, /* the status; and as the text, where the configurations differ, a line each */
	CONTROL_RULESET_PROSPECT, /* the status; and as the text, what the configuration comes to */
	CONTROL_RULESET_HISTORY,  /* the journal, as its file has it */
	CONTROL_RULESET_EXPLAIN,  /* the status; and as the text, the way of a frame (explain.h) */
	CONTROL_DRILL_HISTORY,
	CONTROL_CONFIRM,      /* what RELOAD did for a time */
	CONTROL_CONFIG_DIFF,  /* both configurations, ours first (config_compare.h) */
	CONTROL_CONFIG_PUSH,  /* ours, to the other one */
	CONTROL_PERSISTENCE,  /* as connections, of clients that keep their backend */
	CONTROL_DRILL_RETURN, /* what has become of the way back from one */
	CONTROL_LAST = CONTROL_DRILL_RETURN,
};

/* What a command does not take is "" or 0. Names are printable and not checked any further. */
struct control_request {
	enum control_command command;
	char farm[CONFIG_NAME_MAX + 1];	   /* FARM_SHOW, BACKEND_… */
	char backend[CONFIG_NAME_MAX + 1]; /* BACKEND_… */
	uint64_t number; /* BACKEND_DRAIN: deadline in ms, 0 for none; BACKEND_WEIGHT: the weight;
			  * CONNECTIONS, PERSISTENCE: position of the reply before, 0 at first;
			  * MAINTENANCE: 0 off, 1 on, 2 on whatever is known of the other one;
			  * DRILL: its limit in ms, DRILL_LIMIT_MIN_MS to …_MAX_MS;
			  * DRILL_RETURN: enum control_back, but UNWANTED;
			  * RELOAD: until it is confirmed, SYNC_PROVISIONAL_MIN_MS to …_MAX_MS, or 0: it
			  * need not be; CONFIRM: 0 it stays, 1 back to what ran before */
	struct addr client; /* CONNECTIONS, PERSISTENCE: family 0 for any, farm and backend may be
			     * ""; RULESET_EXPLAIN: never 0, as these: */
	struct addr
		address; /* of the client's family; DRILL: what is probed, with its port, or 0 */
	uint16_t client_port, port; /* client_port 0: not given */
	uint8_t protocol;	    /* IPPROTO_TCP or IPPROTO_UDP */
	uint64_t epoch;		    /* CONNECTIONS, PERSISTENCE: of the reply before */
	uint8_t kind;		    /* DRILL: enum sync_drill_kind */
	bool force;		    /* DRILL: whatever speaks against it */
	bool this_node;		    /* RELOAD with a time, CONFIRM: whatever the other one does */
	bool no_wait;		    /* of an order: it is answered when it is accepted */
	bool parts;		    /* STATUS: the farms may come in parts (codec_part.h) */
	bool json;		    /* RULESET_EXPORT: in nft's JSON schema */
	uint64_t drill;		    /* DRILL: it is the way back of the one with that id, or 0;
				     * DRILL_RETURN: that id */
};

/* Of either node, by one clock. */
struct control_moment {
	bool there;    /* on the node that is to take over */
	uint8_t kind;  /* SYNC_MOMENT_…, CONTROL_MOMENT_… */
	int64_t at_us; /* since the other one let go */
};

/* Those of a tally, which are no moments between the two directors. The numbers in files stay. */
enum {
	CONTROL_MOMENT_LAST_FRAME = 100,
	CONTROL_MOMENT_FIRST_FRAME,
	CONTROL_MOMENT_LAST = CONTROL_MOMENT_FIRST_FRAME,
};

enum { CONTROL_MOMENTS = 2 * (SYNC_MOMENTS_MAX + 1) };

/* What is known of the gap that a probe saw, and why not more. The numbers on the wire. */
enum drill_gap {
	DRILL_GAP_KNOWN,
	DRILL_GAP_NOBODY, /* took over */
	DRILL_GAP_NO_OLD, /* the way by the old master was never seen to be good */
	DRILL_GAP_NO_NEW, /* nor the one by the new master */
	CONTROL_GAP_LAST = DRILL_GAP_NO_NEW,
};

/* One of the two as it was then; "": it did not tell. */
struct control_drill_node {
	char version[SYNC_ABOUT_MAX];
	char config[SYNC_ABOUT_MAX]; /* digest */
};

struct control_drill_about {
	uint64_t at_ms;		    /* since 1970, by the clock of the node that is asked */
	char asked_on[STATUS_NAME]; /* a node */
	bool has_asker;		    /* it was asked here, ... */
	uint32_t uid;		    /* ... by that user; else 0 */
	bool force;
	uint32_t limit_ms, max_gap_ms, max_lost;
	struct control_drill_node from, to;
};

/* The roles as they were: when the operator wanted that, and what came of it. */
enum control_back {
	CONTROL_BACK_UNWANTED,
	CONTROL_BACK_UNTOLD,  /* who wanted it has not told yet */
	CONTROL_BACK_ITSELF,  /* the node that let go is master of all again, by itself */
	CONTROL_BACK_ORDERLY, /* ... by another drill */
	CONTROL_BACK_NOT,
	CONTROL_BACK_LAST = CONTROL_BACK_NOT,
};

/* A rehearsed failure, as far as this node knows of it. */
struct control_drill {
	uint64_t id; /* never 0 */
	char kind[STATUS_WORD];
	char from[STATUS_NAME], to[STATUS_NAME]; /* nodes: who lets go, who is to take over */
	char result[STATUS_WORD];		 /* open, refused, passed, missed, unknown */
	char why[SYNC_WHY_MAX];			 /* of refused, missed and unknown; else "" */
	bool let_go, took_over;			 /* it is known that … */
	uint64_t lost;				 /* connections; 0 unless let_go */
	uint64_t takeover_us;			 /* 0 unless took_over */
	uint32_t within_us;			 /* the clocks of both are known to that */
	size_t n;
	struct control_moment moments[CONTROL_MOMENTS]; /* in order */
	struct addr vip;				/* that was probed; family 0: nothing */
	uint16_t port;
	uint8_t gap;	 /* enum drill_gap: whether the next is known, and why not */
	uint64_t gap_us; /* that the service was away; 0 when it is not known */
	struct sync_tally from_seen, to_seen; /* frame_us is 0: it is one of the moments */
	struct control_drill_about about;
	uint64_t number;   /* of a past one; else 0 */
	uint64_t again;	   /* of a past one that was refused: asked for so often again, ... */
	uint64_t again_ms; /* ... the last time; since 1970, 0 when never */
	uint8_t back;	   /* enum control_back */
	uint64_t back_us;  /* ORDERLY: how long that takeover took; else 0 */
	char back_why[SYNC_WHY_MAX]; /* NOT: of the last attempt, or ""; else "" */
};

/* Or a pin (flow_is_pin()): its client has prefix bits, 1 to 32 or 128; of a connection that is 0. */
struct control_connection {
	char farm[CONFIG_NAME_MAX + 1], backend[CONFIG_NAME_MAX + 1];
	struct flow_key key;
	uint8_t prefix;
	uint64_t expires_ms;
};

/* Exit codes of directorctl. */
enum { CONTROL_DONE = 0, CONTROL_FAILED = 1, CONTROL_NOT_GOOD = 4 };

struct control_reply {
	int code;   /* exit code of directorctl */
	char *text; /* allocated; never NULL in a decoded reply */
	bool has_status;
	struct status status;
	bool more; /* the status has no farms: they come in parts */
	bool has_drill;
	struct control_drill drill;
	bool has_detail;
	struct backend_detail detail;
	struct control_drill *drills; /* allocated; the oldest first */
	size_t n_drills;
	struct control_connection *connections; /* allocated */
	size_t n_connections;
	uint64_t epoch, position; /* where the next ones begin; position 0: there are no more */
};

/* It changes what the kernel is to hold: it is answered when the kernel has it, unless no_wait. */
bool control_is_order(const struct control_request *request);

void control_reply_clear(struct control_reply *reply);

/*
 * A whole message with its length in front: allocated, its size in *ret_len; NULL without memory or
 * when it would be longer than its limit.
 */
uint8_t *codec_pack_request(const struct control_request *request, size_t *ret_len);
uint8_t *codec_pack_reply(const struct control_reply *reply, size_t *ret_len);

/*
 * How long the message is that begins at bytes, its length included. 0: len is too short to tell;
 * -EMSGSIZE: longer than max (without the length).
 */
int codec_message_length(const uint8_t *bytes, size_t len, size_t max, size_t *ret);

/*
 * The message without its length. 0, -EBADMSG (also when unpacking it would take more memory than
 * its kind may, or a list is longer than its limit, or a request does not have what its
 * command takes, or more) or -ENOMEM; *ret untouched then.
 */
int codec_unpack_request(const uint8_t *bytes, size_t len, struct control_request *ret);
int codec_unpack_reply(const uint8_t *bytes, size_t len, struct control_reply *ret);

#endif
