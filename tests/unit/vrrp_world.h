/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of the simulation of vrrp_sim.h: vrrp_world.c is the link and the hosts on it,
 * vrrp_beats.c the other path between them, vrrp_process.c one director's process around the core,
 * vrrp_trouble.c what goes wrong, vrrp_sim.c
 * the course of time and what is asserted. Times are microseconds of the world; a process has a clock of its own.
 */
#ifndef TESTS_VRRP_WORLD_H
#define TESTS_VRRP_WORLD_H

#include "ha/announce.h"
#include "ha/vrrp_packet.h"
#include "tests/unit/vrrp_sim.h"

enum {
	NODES_MAX = 3,
	HOSTS = 2,
	PORTS = NODES_MAX + HOSTS, /* of the switch: routers, then hosts */
	VIPS_MAX = 10,		   /* more than one batch of announcements */
	FLIGHTS_MAX = 1024,
	SOCKET_MAX = 24,   /* adverts that wait for a process; the rest is dropped */
	READ_AT_ONCE = 16, /* before timers get their turn; fewer, as READ_BUDGET of the shell */
	LATE_US = 1700,	   /* a timer: rounded up to 1 ms, and some scheduling */
	FRAME_MAX = 128,
	NOBODY = -1,
};

enum frame_kind { FRAME_ADVERT, FRAME_ARP, FRAME_BEAT, FRAME_REFUSED };

struct frame {
	uint64_t at_us;
	uint8_t from, to; /* ports */
	enum frame_kind kind;
	uint16_t len;
	uint8_t bytes[FRAME_MAX];
};

/* Another node, by its heartbeats. */
struct known {
	uint64_t session, sequence; /* 0: none */
	uint64_t sent_us;	    /* of its clock */
	uint64_t heard_us, interval_us;
	uint8_t priority;
	bool was_master; /* by the last one */
	bool left;	 /* it said goodbye */
	bool refused;	 /* its host says that nobody listens */
	bool died;	 /* it was master in an earlier session */
};

struct process {
	struct vrrp core;
	struct announce announce;
	struct rules rules;
	bool runs;   /* false: shut down with its process, or crashed */
	bool paused; /* handles nothing */
	bool stands; /* paused, and its clock, too */
	bool linked;
	bool holds;	    /* the addresses are on its interface */
	uint64_t ahead_us;  /* its clock minus the world's */
	uint64_t paused_us; /* when, of the world */
	uint64_t timer_us;  /* when its timers fire, of its clock */
	uint64_t announcer_us;
	bool unfit;		    /* a fault although the link is up */
	bool gated;		    /* the gate is closed */
	uint64_t master_us;	    /* since when it is master, of the world */
	uint64_t spoke_us;	    /* its last advert as master, of its clock ... */
	uint64_t spoke_interval_us; /* ... and its interval then */
	uint64_t session, sequence, beat_due_us, beat_us;
	uint64_t goodbye_us; /* until when it says goodbye, of its clock */
	struct known known[NODES_MAX];
	struct frame socket[SOCKET_MAX];
	size_t n_socket;
};

struct world {
	struct sim_options options;
	struct sim_outcome out;
	uint64_t random;
	uint64_t now_us;
	int n_nodes;
	struct process nodes[NODES_MAX];
	struct frame flights[FLIGHTS_MAX];
	size_t n_flights;
	unsigned int n_vips, repeat;
	/* the link */
	uint64_t delay_us; /* D */
	unsigned int double_percent;
	bool cut[PORTS][PORTS]; /* from, to */
	unsigned int loss_percent;
	uint64_t slow_us;	      /* on top of the delay */
	int entries[HOSTS][VIPS_MAX]; /* whose MAC the hosts hold */
	/* the path of the heartbeats */
	bool beats, hold; /* there are any; they hold takeovers */
	uint64_t beat_delay_us;
	bool beat_cut[NODES_MAX][NODES_MAX];
	unsigned int beat_loss_percent;
	uint64_t beat_slow_us;
	uint64_t sessions;
	/* what is asserted */
	uint64_t interval_min_us, interval_max_us;
	uint64_t disturbed_us;
	bool excused; /* nobody can know what the hosts heard last */
	bool duel;
	uint64_t duel_us;  /* since when */
	uint64_t rough_us; /* when heartbeats or processes were last disturbed */
	bool calm;	   /* all was settled when the last disturbance came */
	int heir;	   /* who must be master ... */
	uint64_t heir_us;  /* ... before that */
};

/* --- vrrp_sim.c */
uint64_t world_any(struct world *w, uint64_t below);
void world_expect(struct world *w, bool good, const char *what);
/* A line of the trace: time, who, text. */
void world_say(const struct world *w, int node, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Invariants 1 to 3 can be asked for from this moment on. */
uint64_t world_settled_us(const struct world *w);
void world_state_changed(struct world *w, int node, enum vrrp_state from,
			 const struct vrrp_cause *cause);
/* The node goes, and the other one, if there is just one, must be master within `us`. */
void world_expect_heir(struct world *w, int node, uint64_t us);

/* T, for the link as it is drawn. */
uint64_t world_takeover_us(const struct world *w);
/* How many of those that take part are master; one of them in *ret_master. */
int world_masters(const struct world *w, int *ret_master);
/* Does another one believe itself master? Then hosts may have heard either of them last. */
bool world_has_rival(const struct world *w, int node);

/* --- vrrp_trouble.c */
enum trouble_family { TROUBLE_NETWORK = 1, TROUBLE_PROCESS = 2, TROUBLE_OPERATOR = 4 };
struct vrrp_settings trouble_settings(struct world *w, int node);
/* Something of one of these families (bits) happens now. */
void trouble(struct world *w, unsigned int families);
/* The network is whole, those that are stopped go on, and most of the others come back. */
void trouble_ends(struct world *w);

/* --- vrrp_world.c */
bool world_is_whole(const struct world *w);
void world_mend(struct world *w);
/* The frame arrives after that time. */
void world_fly(struct world *w, const struct frame *frame, uint64_t us);
void world_send_advert(struct world *w, int from, uint8_t priority);
void world_send_announcement(struct world *w, int from, size_t vip);
/* Delivers the flight at this index. */
void world_arrive(struct world *w, size_t flight);

/* --- vrrp_beats.c */
bool beats_are_whole(const struct world *w);
void beats_boot(struct world *w, int node);
void beats_send(struct world *w, int node);
void beats_fire(struct world *w, int node);
void beats_hear(struct world *w, int node, const struct frame *frame);
/* It came to a host where no director runs. */
void beats_refuse(struct world *w, const struct frame *beat);

/* --- vrrp_process.c */
uint64_t process_now_us(const struct world *w, const struct process *p);
uint64_t process_when_fires(struct world *w, uint64_t deadline_us);
void process_boot(struct world *w, int node, struct vrrp_settings settings);
void process_step(struct world *w, int node, struct vrrp_event ev);
void process_hear(struct world *w, int node, const struct frame *frame);
/* When something happens by itself, of the world's time; VRRP_NEVER. */
uint64_t process_due_us(const struct world *w, int node);
void process_fire(struct world *w, int node);
void process_pause(struct world *w, int node, bool stands);
void process_resume(struct world *w, int node);
void process_crash(struct world *w, int node);

#endif
