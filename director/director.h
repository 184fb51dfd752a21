/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parts of the running director share. Private to director/ *_uv.c of the program itself.
 *
 * Two threads: everything here is the main thread's but what is on the election's loop, the virtual
 * routers with all that they own. Whoever calls a vrrp_router_…() does it in a function that runs on
 * the election thread, by election_call(); the rule is on top of ha/election_uv.h. That function may use
 * the director, for the main thread waits meanwhile. Only vrrp_router_interface() and _device()
 * are for both.
 */
#ifndef DIRECTOR_DIRECTOR_H
#define DIRECTOR_DIRECTOR_H

#include "director/audit/journal_uv.h"
#include "director/backend/admin_uv.h"
#include "director/backend/history.h"
#include "director/backend/order_waits.h"
#include "director/config/digest.h"
#include "director/config_copy_uv.h"
#include "director/control/server_uv.h"
#include "director/director_uv.h"
#include "director/drill/drill_book_uv.h"
#include "director/evidence/claimant_uv.h"
#include "director/evidence/retries.h"
#include "director/evidence/straggler_uv.h"
#include "director/flow/flows_uv.h"
#include "director/health/health_uv.h"
#include "director/monitor/metrics_uv.h"
#include "director/network/link_uv.h"
#include "director/network/neighbour_uv.h"
#include "director/network/route_uv.h"
#include "director/program/hook_uv.h"
#include "director/push_uv.h"
#include "director/rehearsal.h"
#include "director/reload_uv.h"
#include "director/ruleset/keeper_uv.h"
#include "director/ruleset/nft_watch_uv.h"
#include "director/schedule/admission.h"
#include "director/schedule/facts.h"
#include "director/schedule/lead.h"
#include "director/schedule/slow_start.h"
#include "director/schedule/transitions.h"
#include "director/service/advert_marks_uv.h"
#include "director/track/track_command_uv.h"
#include "director/track/tracking.h"
#include "director/twin/config_talk.h"
#include "director/twin/telling.h"
#include "director/twin/twin_uv.h"
#include "director/twin/views.h"
#include "ha/deadline_uv.h"
#include "ha/election_uv.h"
#include "ha/pair_uv.h"
#include "ha/vrrp_uv.h"

struct balance;

/* Why the next plan is made, and what the journal is to be told of it. Zeroed: time goes on. */
struct asked {
	enum journal_cause cause;
	bool open; /* somebody asked, and the journal knows nothing of it */
	struct control_asker who;
	char order[JOURNAL_ORDER];
};

/* Orders on backends whose answers wait until they are in force (orders_uv.c). Zeroed: there are none. */
struct ordering {
	uint64_t until_ms; /* the last of them is looked at until then */
	struct order_waits waits;
};

/* A farm as it was seen last. */
struct farm_seen {
	bool known; /* it was seen */
	bool up;
	size_t serving;		    /* backends */
	char reason[STATUS_REASON]; /* why it is down */
};

/* How far one is with telling how everything is: farms with their backends, then routers. */
struct told_states {
	size_t farm;
	size_t of_farm; /* 0: the farm itself */
	size_t router;
};

struct director {
	uv_loop_t *loop;
	struct director_options options;
	struct config *config;
	char digest[CONFIG_DIGEST_TEXT]; /* of config; a large one takes half a second */
	const struct config_node *self;	 /* inside config; NULL: standalone */
	const struct config_node *peer;	 /* inside config; NULL: standalone */
	struct links *links;
	struct neighbours *neighbours;
	struct routes *routes;
	struct health *health;	       /* of the backends, as checks find it, ... */
	struct history history;	       /* ... what has become of them, ... */
	struct slow_starts slow;       /* ... how they come back, ... */
	struct retries retries;	       /* ... and whose clients repeat their SYNs */
	struct farm_seen *farms_seen;  /* of the history's configuration; NULL: no memory */
	struct hook *hook;	       /* is told of that and of the routers, ... */
	struct told_states told;       /* ... and how all are, so far; ... */
	struct notices moves;	       /* ... for it, of routers: the election thread's */
	struct journal_store *journal; /* what was done to the ruleset, ... */
	struct asked asked;	       /* ... and why it is done next */
	struct keeper *keeper;
	struct nft_watch *watch;	 /* of what others do to the ruleset */
	struct transitions *transitions; /* of the bucket tables */
	struct admission admission;	 /* of farms to the plan */
	struct balance *balance;	 /* of least connections */
	struct facts facts;		 /* as of the last plan */
	bool facts_stale;		 /* more may have changed than the neighbours below */
	struct addr changed[NEIGHBOURS_TOLD];
	size_t n_changed;
	struct plan_memory *plan; /* the last one */
	uint64_t balanced_ms;
	size_t next_checked;	 /* farm whose flows are looked at next */
	size_t next_asked;	 /* about where in the plan the sets of the next farm begin */
	struct flows *flows;	 /* that the packet path remembers, ... */
	struct twin *twin;	 /* ... and the other director with it, ... */
	uint64_t alone_ms;	 /* ... to which there was a connection last */
	struct lead lead;	 /* of the other director over farms, ... */
	bool led;		 /* ... not followed yet */
	bool ordered;		 /* it told a word of the operator, not followed yet */
	struct sync_credit puts; /* for putting it in force at once */
	bool put_later;		 /* it was spent: flows may have come before their tables */
	struct log_limit unfollowed;
	struct telling telling;		/* of the same to it */
	struct views views;		/* what the checks of both find */
	struct config_talk config_talk; /* while the two are configured otherwise */
	struct copying copying;		/* of them, as a whole */
	struct ordering ordering;	/* what the operator orders, ... */
	struct admin_store *admin;	/* ... and what the operator ordered in place of config */
	struct control_server *server;
	struct access_rules access;	/* who may use it */
	struct advert_marks *marks;	/* of authenticated adverts */
	struct stragglers *stragglers;	/* who sends here what the other director owns, ... */
	bool reported;			/* ... and some were told to it last time */
	struct claimant_book claimants; /* backends that claim virtual addresses */
	struct mac *macs;		/* of all backends, as the routers were told */
	size_t n_macs;
	struct addr *handover; /* addresses whose unknown connections the other one knows */
	size_t n_handover;
	struct rehearsal rehearsal;
	struct drill_store *drills;   /* those of the past */
	struct election *election;    /* the thread of the routers */
	struct pair *pair;	      /* on it: joins routers and heartbeats */
	struct vrrp_router **routers; /* on it: one per family of a vrrp section, in its order */
	size_t n_routers;
	struct vrrp_link *fed;		/* what each of them was told of its interface last */
	bool lan[2 * CONFIG_VRRPS_MAX]; /* and of what answers behind it */
	bool fed_all;			/* every one of them was told something */
	struct tracking tracking;	/* what they depend on */
	struct track_commands *commands;
	bool track_again;			  /* something of it is new to them */
	bool tracked_farms;			  /* the other director was told of farms */
	uint8_t track_priority[CONFIG_VRRPS_MAX]; /* of each section, as it was told; 0: none */
	size_t section_of[2 * CONFIG_VRRPS_MAX +
			  1];  /* of each router; as of director_set_tracks() */
	bool realtime_refused; /* and that was said */
	struct deadline pulse; /* now and then, to see how late the main loop is */
	bool pulses;	       /* it is open */
	struct latency late;
	uv_timer_t refresh;  /* soon: plan and apply; several events become one plan */
	bool waiting;	     /* refresh waits for the next step of a transition, not for events */
	uv_timer_t load;     /* the rest of a change that takes several transactions */
	uint64_t planned_ms; /* when what is being loaded was planned */
	uv_timer_t check;    /* now and then: is the kernel's table still ours? */
	uv_timer_t first;    /* while there are counters that were never read */
	struct metrics_server *metrics; /* NULL: they are not served */
	struct reload reload;
	struct provisional_run provisional;
	struct pushing pushing; /* of a configuration to the other director, or from it */
	int references;		/* timers that are open, a thread that reads a configuration */
	int lock_fd;
	bool adopted; /* transitions go on from what the kernel held */
	bool ready;   /* the first ruleset is applied */
	bool failing; /* the last plan could not be applied, and that was said */
	bool stopping;
	uint64_t started_ms;
};

/* How facts ask this director (routers_uv.c gives links to the virtual routers). */
struct facts_source director_facts_source(struct director *d);

/* Follows the routes to backends; director_ways_changed() is told. */
int director_open_routes(struct director *d, struct err *err);
/* Follows those of the present configuration. 0 or -ENOMEM. */
int director_set_routed(struct director *d);
/* There is a route to every backend, of use or not. */
bool director_routes_known(struct director *d);
/* What checks find out of backends; director_set_checks() follows the present configuration. */
int director_open_checks(struct director *d, struct err *err);
void director_set_checks(struct director *d);
/* The plan looks anew at backends with that address. */
void director_backend_changed(struct director *d, const struct addr *address);
/* The state of a backend, of which the facts know that. */
enum backend_state director_backend_state(struct director *d, size_t farm, size_t backend,
					  const struct plan_backend *known);
/* Why one is down. */
void director_backend_fault(const struct director *d, size_t farm, size_t backend,
			    char reason[static STATUS_REASON]);
/* Those that come back have part of their weight; brings the facts of now up to it. */
void director_start_slowly(struct director *d);
/* How long one takes until it has all of it; STATUS_UNKNOWN: it has. */
uint64_t director_slow_start_left(const struct director *d, size_t farm, size_t backend);
/* Reads whose clients repeat their SYNs; to be called every second (retries_uv.c). */
void director_look_for_retries(struct director *d);
void director_show_retries(const struct director *d, size_t farm, size_t backend,
			   struct status_backend *s);
/* Takes in what has become of them by the facts of now. */
void director_see_backends(struct director *d);
/*
 * Whether so many backends that take new connections are enough, and the link is well; and why it is so.
 */
bool director_farm_serves(struct director *d, const struct config_farm *farm, size_t serving,
			  char reason[static STATUS_REASON]);

/* The program of notify. What follows is told to it, when there is one; 0 or -ENOMEM. */
int director_open_hook(struct director *d, struct err *err);
/* The one of the present configuration; once there is a ruleset it is told how everything is. */
void director_set_hook(struct director *d);
void director_close_hook(struct director *d);
/* Farms that were seen before are known in the present configuration, too. */
void director_set_farms_seen(struct director *d);
/* How a farm is by the facts of now. */
void director_see_farm(struct director *d, size_t farm);
/* A backend has another state than before. */
void director_tell_backend(struct director *d, size_t farm, size_t backend,
			   enum backend_state before);
/* A router has; on the election thread. */
void director_router_moved(void *owner, const struct vrrp_router *r);
/* What the election thread has left behind of that. */
void director_tell_moves(struct director *d);
/* To be called now and then: masters that met another one and remain. */
void director_tell_remaining(struct director *d);

/* One of them in detail: 0, or -1 without memory. */
int director_detail(struct director *d, size_t farm, size_t backend, struct backend_detail *ret);

/* The interface that leads to an address without a router. */
bool director_route(struct director *d, const struct addr *addr, char ret[static RULESET_IFNAME]);
/* Backends are reached in another way than before. */
void director_ways_changed(struct director *d);
/* Why an interface cannot be used, to follow its name; "" when it can. Returns buf. */
const char *director_interface_trouble(struct director *d, const char *name,
				       char buf[static INTERFACE_TEXT]);
/* True, and said, when links went down for good that lead to backends. */
bool director_miss_links(struct director *d);
/* Logs which interfaces of the configuration cannot be used, or need another setting. */
void director_say_interfaces(struct director *d);
/* The part of it that links do not tell by themselves: what is new about large receive offload. */
void director_say_lro(struct director *d);

/* One of the references has ended; the last one frees it. */
void director_unref(struct director *d);
const struct config_node *director_find_peer(const struct config *c,
					     const struct config_node *self);
/* The addresses to resolve follow the configuration. 0 or -ENOMEM. */
int director_set_targets(struct director *d);

/*
 * Facts, transitions, plan, transactions. 0: the kernel's table is as it should be, or will be as soon
 * as director_is_settled() (director_applied()); else *err is filled.
 */
int director_apply(struct director *d, struct err *err);
/* The next plan has that cause, too: the strongest one is told. */
void director_cause(struct director *d, enum journal_cause cause);
/* Somebody asked for what comes now; order: "" or in words. */
void director_ask(struct director *d, enum journal_cause cause, const struct control_asker *who,
		  const char *order);
/* For the journal: what the keeper has done since it was told the last time, for what was asked; ... */
void director_journal_applied(struct director *d);
/* ... by itself, because somebody (who) had changed the table; ... */
void director_journal_repaired(struct director *d, const char *who);
/* ... not at all, because it cannot be done; ... */
void director_journal_refused(struct director *d, enum journal_cause cause,
			      const struct control_asker *who, const char *order,
			      const char *reason);
/* Something was said that changes nothing in the kernel. */
void director_journal_said(struct director *d, enum journal_cause cause,
			   const struct control_asker *who, const char *order);
/* ... or because the kernel did not take it. */
void director_journal_failed(struct director *d, const char *reason);
/* As director_reload(). */
void director_reload_for(struct director *d, const struct control_asker *who);
/* Looks at the file; goes over to it when it is still what was looked at; goes back. */
void director_reload_look(struct director *d);
void director_reload_try(struct director *d, enum journal_cause cause,
			 const struct control_asker *who, const char *order);
void director_reload_back(struct director *d, const struct before *to, enum journal_cause cause,
			  const struct control_asker *who, const char *order);
/* Why no other configuration may come now; NULL: it may. Good until the next call. */
const char *director_reload_objection(struct director *d);
/* Another one is in force: takes over the old one. */
void director_replaced(struct director *d, enum reload_kind kind, const struct before *old);
/* A reload of any kind has ended, as d->reload says; what was read is in force now, or is not. */
void director_reload_ended(struct director *d, bool in_force);
/* `config reload --confirm`; `config confirm` and `config rollback`. As control_handler. */
bool director_answer_try(struct director *d, const struct control_request *request,
			 const struct control_asker *who, bool again, struct control_reply *reply);
bool director_answer_confirm(struct director *d, const struct control_request *request,
			     const struct control_asker *who, bool again,
			     struct control_reply *reply);
/* An event, whose time is now; what speaks against another one here; the time that is left. */
void director_provisional_feed(struct director *d, struct provisional_event *ev);
const char *director_provisional_objection(const struct director *d);
const char *director_provisional_left(const struct director *d, char buf[static DURATION_TEXT]);
/* What the other director says about it; there is a connection to it. */
void director_provisional_hear(struct director *d, const struct sync_provisional *m);
void director_provisional_channel(struct director *d);
/* The runtime directory is ours. */
void director_open_provisional(struct director *d);
void director_show_provisional(const struct director *d, struct status *s);
void director_close_provisional(struct director *d);
/* The keeper goes on by itself from now on. */
void director_go_on_later(struct director *d);
/*
 * The word about a backend is in force: its plan is in the kernel, and the director that leads its farm goes
 * by it (of_weight: by the weight, too). NULL, or what it waits for, in buf.
 */
#define DIRECTOR_WAITS_FOR 160
const char *director_order_waits(struct director *d, size_t farm, size_t backend, uint64_t ticket,
				 bool of_weight, char buf[static DIRECTOR_WAITS_FOR]);
/* An answer begins to wait for that; true: it has to be given as it is. */
struct order_wait *director_order_begins(struct director *d, uint64_t ticket);
bool director_order_is_due(const struct director *d, uint64_t ticket);
/* Answers that wait are given, as far as they can be. */
void director_orders_go_on(struct director *d);
/* All of the configuration is in the kernel, as far as it was planned. */
bool director_is_settled(const struct director *d);
/* What was applied later than director_apply() returned is in the kernel now. */
void director_applied(struct director *d);
/* It could not be applied: logs that, once, and tries again. */
void director_say_failure(struct director *d, const struct err *err);
/* Everything is looked at anew, in a moment. */
void director_refresh_soon(struct director *d);
/* The same as a timer's callback, with all that follows from it. */
void director_refresh(uv_timer_t *timer);

/* The thread of the election, and the pulse of the main loop. */
int director_open_election(struct director *d, struct err *err);
/* After director_end_routers(). */
void director_close_election(struct director *d);
/* Real-time priority or not, as the configuration wants it. */
void director_set_realtime(struct director *d, const struct config *c);

/* Makes the routers fit the configuration: what stays is reconfigured, the rest ends or starts. */
int director_set_routers(struct director *d, const struct config *c, const struct config_node *self,
			 struct err *err);
/* Removes the devices that an earlier run made for virtual MAC addresses which are not wanted now. */
void director_clean_devices(const struct config *c);
/* Tells every router how its interface is. */
void director_feed_routers(struct director *d);
/* All routers give their addresses up, and the other director hears of it. */
void director_leave_routers(struct director *d);
/* One of them should not be closed yet. */
bool director_routers_linger(const struct director *d);
/* Closes them; what was not given up before stays. */
void director_end_routers(struct director *d);

/* Looks for them, for the addresses of every router that is not master. */
void director_look_for_stragglers(struct director *d);
/* What the routers depend on follows the present configuration. 0 or -ENOMEM. */
int director_set_tracks(struct director *d, struct err *err);
/* Looks at it, and tells the routers when that changes anything for them. */
void director_track(struct director *d);
void director_end_tracks(struct director *d);
/* The channel to the other director, and both tables. */
void director_show_twin(struct director *d, struct status_peer *s);
/* What costs a router priority is its trouble, when the status knows of no worse one. */
void director_show_tracks(struct director *d, struct status *s);

/* The channel to the other director; director_set_twin() makes it what the configuration wants. */
int director_open_twin(struct director *d, struct err *err);
int director_set_twin(struct director *d, struct err *err);
/* What the other director told: false, it cannot be followed; it is by director_put_heard() at the latest. */
bool director_hear(struct director *d, const struct sync_message *m);
void director_put_heard(struct director *d);
/* It begins to tell of all farms that it leads; or has, and of the others nothing counts any more. */
void director_hear_all(struct director *d, bool begins);
/* Who is master may be another one: whose word counts for which farm. */
void director_find_leaders(struct director *d);
/* Leaders and what is told follow the present configuration. 0 or -ENOMEM. */
int director_set_farms(struct director *d);
/* The next message for the other director; see telling_next(): 1, 0, or -1, not before the plan that comes. */
int director_next_to_tell(struct director *d, struct sync_message *ret);
/* The tables of farms may be other ones than it was told. */
void director_tell_farms(struct director *d);
/* The routers are to know the backends' MAC addresses before one of them takes over. */
void director_tell_backends(struct director *d);
/* What the checks ask of the pair, and tell it (struct health_ops). */
bool director_check_is_eased(void *owner, const struct config_farm *farm,
			     const struct config_backend *backend);
enum outcome_class director_check_told(void *owner, const struct config_farm *farm,
				       const struct config_backend *backend,
				       char who[static OUTCOME_DETAIL]);
void director_check_seen(void *owner, const struct config_farm *farm,
			 const struct config_backend *backend);
/* What they find may be another thing than the other director was told. To be called now and then, too. */
void director_tell_views(struct director *d);
/* The next farm of which it is told that: 1, or 0: none now. */
int director_next_view(struct director *d, struct sync_message *ret);
void director_hear_views(struct director *d, const struct sync_views *m);
/* Which farms both configure alike, as far as that is known. */
void director_compare_farms(struct director *d, bool known);
/* What either finds of a backend, and that it goes by the other's word. */
void director_show_views(struct director *d, size_t farm, size_t backend, struct status_backend *s);
/* What the other one found counts no more. */
void director_forget_views(struct director *d);
/* Who is master may be another one: of which addresses the other director knows more than we do. */
void director_hand_over(struct director *d);
/* The same, and for the flows that are told. To be called now and then, too. */
void director_tell_roles(struct director *d);

/* Opens what hears of flows and of changes of the ruleset. */
int director_open_observers(struct director *d, struct err *err);
/* Mends what others have done to the ruleset. */
void director_check_ruleset(struct director *d);

/* What the kernel remembers of a farm. */
struct director_counts {
	uint64_t total, half_open; /* may be STATUS_UNKNOWN */
	bool each_known;
	uint64_t *each; /* of the farm's backends; the caller frees it, also after an error */
};
/* The sets of a farm in the plan; quick for farms one after the other. */
struct ruleset_span director_sets_of(struct director *d, const struct config_farm *farm);
/* 0 or -ENOMEM. */
int director_count(struct director *d, const struct config_farm *farm, struct director_counts *ret);
/* To be called now and then: the index learns of flows that it did not hear of. */
void director_check_flows(struct director *d);
/* The same: counters of backends are read, a few at a time. */
void director_roll_counts(struct director *d);
/* To be called now and then: new connections follow the counts. */
void director_balance(struct director *d);

/* Serves metrics where c says, or not at all. 0, or negative errno with *err filled: as before then. */
int director_set_metrics(struct director *d, const struct config *c, struct err *err);
void director_close_metrics(struct director *d);

/* Overrides changed: makes the ruleset follow, at once when there is one. */
int director_admin_changed(struct director *d, struct err *err);

/* Answers one request of the control socket (control_handler); then by kind. */
bool director_answer(void *owner, const struct control_request *request,
		     const struct control_asker *who, bool again, struct control_reply *reply);
bool director_answer_backend(struct director *d, const struct control_request *request,
			     const struct control_asker *who, bool again,
			     struct control_reply *reply);
void director_answer_backend_show(struct director *d, const struct control_request *request,
				  struct control_reply *reply);
void director_answer_farm(struct director *d, const struct control_request *request,
			  struct control_reply *reply);
void director_answer_explain(struct director *d, const struct control_request *request,
			     struct control_reply *reply);
void director_answer_connections(struct director *d, const struct control_request *request,
				 struct control_reply *reply);
void director_answer_maintenance(struct director *d, const struct control_request *request,
				 struct control_reply *reply);
/* Each router that is master lets go, in order. 0 and how many did, or the error of the first that did not. */
int director_fail_over(struct director *d, size_t *ret_yielded, struct err *err);
/* All of them out of service, or in it again. On the election thread. */
void director_order_maintenance(struct vrrp_router *const *routers, size_t n, bool on);
/* They are to be: by the operator's will, or in the silence of a drill. */
bool director_is_held(const struct director *d);
/* Makes a sentence the reply. */
void director_say(struct control_reply *reply, int code, const char *text);

#endif
