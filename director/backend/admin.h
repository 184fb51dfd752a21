/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The operator's hold on backends: what was ordered at run time in place of what the configuration
 * says, by the names of farm and backend. A backend's state and weight are the operator's word, or
 * the configuration's where there is none.
 *
 * An override remembers what the configuration said when it was given. It lasts over reloads and
 * restarts of the daemon until the configuration says something else for that key than it did then:
 * the later word counts. What equals the configuration is no override and is not kept.
 *
 * Both directors have the same overrides. Each has an epoch, by which the later word about a backend
 * counts wherever it was given: at least the time of day, and more than any that was heard of. That a
 * backend goes by the configuration again is a word, too: an entry that has nothing but its epoch.
 *
 * The node as a whole can be in maintenance, until the operator ends it.
 *
 * A drain may have a deadline; when it has passed the backend is disabled by itself. Times are those
 * of a clock that begins at the boot.
 *
 * Pure: time is an argument. The file's text, in and out, too: it is written by us alone, but read
 * like any bytes from outside, as a whole or not at all.
 *
 *     director overrides 1
 *     maintenance
 *     www/web1 state draining configured enabled deadline 754000 of 600000
 *     www/web2 weight 5 configured 1 epoch 1790000000000
 *     end
 */
#ifndef DIRECTOR_BACKEND_ADMIN_H
#define DIRECTOR_BACKEND_ADMIN_H

#include "include/config.h"
#include "include/sync.h"

#include <stdint.h>
#include <stdio.h>

enum {
	ADMIN_MAX = 4096, /* backends; whoever needs more has a configuration to write */
	ADMIN_FILE_MAX = ADMIN_MAX * 256, /* a line has at most 190 octets */
};

#define ADMIN_NEVER UINT64_MAX

struct admin_entry {
	char farm[CONFIG_NAME_MAX + 1];
	char backend[CONFIG_NAME_MAX + 1];
	bool has_state, has_weight; /* none: the configuration counts again */
	uint64_t epoch;		    /* 0: the other director was never told */
	enum config_admin_state state, configured_state;
	uint16_t weight, configured_weight;
	uint64_t deadline_ms; /* ADMIN_NEVER: none; else state is ADMIN_DRAINING */
	uint64_t drain_ms;    /* how far the deadline was away when it was given */
};

/* Zeroed: no overrides. */
struct admin {
	struct admin_entry *entries; /* sorted by farm, then backend */
	size_t n;
	bool maintenance; /* of the virtual routers */
};

void admin_clear(struct admin *a);

/*
 * The operator's word about a backend of that farm, in place of an earlier one for the same key.
 * drain_ms: 0, or for ADMIN_DRAINING the time after which it is disabled. 0, -ENOMEM, or -ENOSPC
 * when there are ADMIN_MAX already; nothing is changed then.
 */
int admin_set_state(struct admin *a, const char *farm, const struct config_backend *b,
		    enum config_admin_state state, uint64_t drain_ms, uint64_t now_ms);
int admin_set_weight(struct admin *a, const char *farm, const struct config_backend *b,
		     uint16_t weight);

/*
 * The word about a backend that was given just now gets its epoch. False when it cannot last, for want of
 * memory or of room: the other director hears nothing of it.
 */
bool admin_stamp(struct admin *a, const char *farm, const char *backend, uint64_t wall_ms);
/* The highest epoch of all words; 0: there is none. */
uint64_t admin_last_epoch(const struct admin *a);
/* Backends that do not go by the configuration alone. */
size_t admin_count(const struct admin *a);

/* enum sync_admin of a state. */
uint8_t admin_told(enum config_admin_state s);
/* An entry that has an epoch, for the other director. */
void admin_order(const struct admin_entry *e, uint64_t now_ms, struct sync_order *ret);
/*
 * Its word: 1 when it counts and changes something, 0 when it does not, -ENOMEM, or -ENOSPC. What was
 * said of another configuration does not count.
 */
int admin_merge(struct admin *a, const struct config *c, const struct sync_order *o,
		uint64_t now_ms);

/* What counts for a backend. */
struct admin_view {
	enum config_admin_state state;
	uint16_t weight; /* of the state ADMIN_ENABLED */
	bool overridden; /* state or weight is the operator's */
	uint64_t deadline_ms;
};

/* a may be NULL: the configuration alone. */
struct admin_view admin_view(const struct admin *a, const char *farm,
			     const struct config_backend *b);

/*
 * The configuration as it counts: farms and backends are copies with the state and the weight of
 * admin_view(), all else is the configuration's own. 0, or -ENOMEM with *ret empty.
 */
int admin_effective(const struct admin *a, const struct config *c, struct config *ret);
void admin_effective_clear(struct config *effective);

/* When the next deadline passes; ADMIN_NEVER. */
uint64_t admin_next_ms(const struct admin *a);
/*
 * One drain whose deadline has passed becomes disabled; *ret is the entry as it was. False when
 * there is none: to be called until then.
 */
bool admin_expire(struct admin *a, uint64_t now_ms, struct admin_entry *ret);
/*
 * After the overrides were read from a file: a deadline that is further away than it ever was comes
 * from the clock of an earlier boot, and counts anew from now.
 */
void admin_resume(struct admin *a, uint64_t now_ms);

/* Why an override ended. */
enum admin_end { ADMIN_END_BACKEND, ADMIN_END_STATE, ADMIN_END_WEIGHT };
typedef void admin_end_fn(void *owner, const struct admin_entry *entry, enum admin_end why);

/*
 * Ends the overrides of backends that the configuration does not have, and those of keys for which
 * it says something else than when they were given. tell is called for each of them.
 */
void admin_follow(struct admin *a, const struct config *c, admin_end_fn *tell, void *owner);

/* "enabled", "draining", "disabled" */
const char *admin_state_name(enum config_admin_state s);

void admin_print(const struct admin *a, FILE *out);
/* 0; -EBADMSG with *ret_line where it is not as admin_print() writes it; -ENOMEM. *ret is untouched then. */
int admin_parse(const uint8_t *bytes, size_t len, struct admin *ret, int *ret_line);

#endif
