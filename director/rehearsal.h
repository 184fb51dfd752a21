/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A rehearsed failure, as the joined daemon has it: the machine (director/drill/drill.h) with what it does
 * and sees here.
 */
#ifndef DIRECTOR_REHEARSAL_H
#define DIRECTOR_REHEARSAL_H

#include "director/control/server_uv.h"
#include "director/drill/drill.h"
#include "director/drill/drill_consent.h"
#include "director/drill/drill_mute_uv.h"
#include "director/drill/drill_probe_uv.h"
#include "director/drill/drill_tap_uv.h"
#include "include/log.h"

#include <uv.h>

struct director;

/* What a node that is to take over saw last. */
struct drill_sight {
	size_t masters; /* its routers that are */
	size_t holders; /* … and that have all their addresses */
	bool silent;	/* the other one sends no heartbeats */
	uint64_t advert_us, master_us, announced;
	uint64_t waits_us; /* master since then, and its first frame is waited for; 0: it is not */
};

/* A rehearsed failure, the last one (drill_uv.c). */
struct rehearsal {
	struct drill drill;
	struct control_drill_about about;
	char from[STATUS_NAME], to[STATUS_NAME]; /* nodes: who lets go, who is to take over */
	uv_timer_t look;			 /* while it lasts */
	uint64_t back_of;			 /* it is the way back of that one; 0: of none */
	uint64_t asked_us;			 /* the other one asked last */
	struct log_limit refusals;
	struct drill_consent consent;
	struct drill_sight sight;
	uint64_t let_go_us;	     /* when this node is to fall silent; 0: not, or it has */
	struct drill_mute mute;	     /* it is silent */
	bool cable_out;		     /* the routers are told that their links are down */
	struct drill_prober *prober; /* it asks the service; NULL: not now */
	uint64_t probed_id;	     /* the drill of the last one */
	struct drill_tap tap;	     /* what it forwards is counted */
	uint64_t tapped_id;	     /* … in this drill, or was to be */
	uint64_t quiet_us;	     /* since then it is silent; DRILL_TAP_NEVER: it is not */
};

/* Begins a rehearsed failure; tells how far the last one is. */
void director_answer_drill(struct director *d, const struct control_request *request,
			   const struct control_asker *who, struct control_reply *reply);
void director_answer_drill_look(struct director *d, struct control_reply *reply);
/* Who wanted the roles back after one tells what has become of that. */
void director_answer_drill_return(struct director *d, const struct control_request *request,
				  struct control_reply *reply);
/* What the other director says about one; there is a connection to it. */
void director_drill_hear(struct director *d, const struct sync_drill *m);
void director_drill_channel(struct director *d);
/* Its probe (drill_watch_uv.c). True, and the MAC of frames to the address; else the sentence: why not. */
bool director_probe_is_fine(struct director *d, uint8_t kind, const struct drill_target *target,
			    struct mac *ret, char why[static SYNC_WHY_MAX]);
/* Before a step of the drill: what the probe has seen; after it: it begins, or ends. */
void director_probe_see(struct director *d, uint64_t now_us);
void director_probe_follow(struct director *d);
void director_probe_end(struct director *d);
/* What the configuration allows. */
struct drill_budget director_drill_budget(const struct director *d);
/* As it is shown, and kept (drill_keep_uv.c). */
void director_drill_show(const struct rehearsal *r, struct control_drill *ret);
/* The last one is over. */
void director_keep_drill(struct director *d);
/* An order that is refused while another one is under way. */
void director_keep_busy(struct director *d, const struct drill_event *order, const char *why);
/*
 * One in which this daemon is killed (drill_kill_uv.c). False with the sentence: nobody would start it
 * again.
 */
bool director_kill_is_fine(const struct director *d, char why[static DRILL_WHY]);
/* Does not come back; negative errno with *err filled: it lives on. */
int director_kill_daemon(struct director *d, uint64_t at_us, uint64_t lost, struct err *err);
/* The daemon starts: it goes on with the drill in which the one before it was killed, if there was one. */
void director_open_drill(struct director *d);
void director_drill_resume(struct director *d, const struct drill *drill,
			   const struct control_drill *shown);
/* … and does its work again. */
void director_drill_back(struct director *d);

#endif
