/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keeps the kernel's table equal to the planned one. A change touches only what differs, in small
 * transactions (sequence.h); one with an unknown verdict, or one by somebody else, makes it read the
 * table again and mend what differs. A daemon that starts adopts what it finds in the same way.
 *
 * Shell: owns the nftables socket and the ruleset last planned. Never blocks longer than the
 * kernel's own work on a transaction, but for KEEPER_AT_ONCE_MS when a change begins.
 */
#ifndef DIRECTOR_RULESET_KEEPER_UV_H
#define DIRECTOR_RULESET_KEEPER_UV_H

#include "director/ruleset/change.h"
#include "director/ruleset/count.h"
#include "director/ruleset/drop.h"
#include "director/ruleset/kernel_uv.h"
#include "include/err.h"

struct keeper;
struct nft_watch;

enum {
	KEEPER_WHO = 160,
	KEEPER_AT_ONCE_MS = 10, /* a change that takes longer goes on in keeper_go_on() */
};

/* Not done yet. */
#define KEEPER_GOES_ON 1

#define KEEPER_NEVER UINT64_MAX

int keeper_new(struct keeper **ret, struct err *err);
/* Of the socket through which it works (nft_watch_new()). */
uint32_t keeper_port(const struct keeper *k);
/*
 * Who knows which transactions of others have left our table alone, or NULL. Without it, the table
 * is read after each of them, which takes a second with a thousand large farms.
 */
void keeper_watch(struct keeper *k, struct nft_watch *watch);
/* How often it has read the whole table to find out what is there: the dear thing of all it does. */
uint64_t keeper_reads(const struct keeper *k);
/* Leaves the table as it is; accepts NULL. */
void keeper_free(struct keeper *k);
/*
 * Makes the table what want says; takes want over in every case. 0: all that is wanted is there.
 * KEEPER_GOES_ON: not all, keeper_go_on() does the rest. Negative: the table may be anything between
 * the old and the new, and keeper_check() tries again. Logs what it changed.
 */
int keeper_set(struct keeper *k, struct ruleset *want, struct err *err);
/* When keeper_go_on() is to be called: in so many milliseconds (0: at once), or KEEPER_NEVER. */
uint64_t keeper_wait_ms(const struct keeper *k);
/* Another transaction of a change that goes on, or of what it leaves behind. As keeper_set(). */
int keeper_go_on(struct keeper *k, struct err *err);
/* Not all that is wanted is in the kernel yet. */
bool keeper_is_busy(const struct keeper *k);
/*
 * To be called now and then, and before anybody is told that the table is in sync: when somebody's
 * transaction came in between, compares and mends. Logs.
 */
void keeper_check(struct keeper *k);
/*
 * The kernel may have changed the table without a transaction (kernels before 6.16 remove a base
 * chain with its device): it is read before the next change and at the next check.
 */
void keeper_distrust(struct keeper *k);
/*
 * What the last change has done so far, by its number: what it leaves behind goes later, and is counted
 * then. Complete otherwise unless keeper_is_busy().
 */
const struct ruleset_change *keeper_change(const struct keeper *k);
uint64_t keeper_change_number(const struct keeper *k);
/* Of the kernel's rules, when we were there last; 0: not known. */
uint32_t keeper_generation(const struct keeper *k);
/* True when the kernel held all that was planned at the last check. */
bool keeper_in_sync(const struct keeper *k);
/* Reads the table and says how it differs from the planned one, mending nothing. */
int keeper_compare(struct keeper *k, struct ruleset_change *ret, struct err *err);
/* The ruleset last planned; exists is false before the first keeper_set(). */
const struct ruleset *keeper_planned(const struct keeper *k);
/*
 * Counts of a farm, or of all (NULL): read for this call when they are few, else as the roll below
 * left them. The book is good until the next call of anything here. NULL: they could not be read.
 */
const struct count_book *keeper_counts(struct keeper *k, const char *farm, uint64_t now_ms);
/* The same as they were read last. */
const struct count_book *keeper_counts_known(const struct keeper *k);
/* How old the oldest of them is; UINT64_MAX: some were never read. */
uint64_t keeper_counts_age_ms(const struct keeper *k, const char *farm, uint64_t now_ms);
/* Reads the counters of the next sets, for a few milliseconds. To be called every second. */
void keeper_counts_roll(struct keeper *k, uint64_t now_ms);
/*
 * The same of sets that were never read, for a millisecond or two. True: there may be others, to be called
 * again soon; false: there are none, or they cannot be read now.
 */
bool keeper_counts_first(struct keeper *k, uint64_t now_ms);
/* How many elements a set of the table has; errors as of kernel_read_size(). */
int keeper_table_used(struct keeper *k, const char *set, uint64_t *ret);
/* The next keeper_set() is nothing that a log should tell each time. */
void keeper_be_quiet(struct keeper *k);
/* Who is said to have changed the table when the next check finds that somebody has. */
void keeper_blame(struct keeper *k, const char *who);
/* A flow of a table that keeper_flows() reads. */
typedef void keeper_flow_seen(void *owner, const struct ruleset_set *set,
			      const struct kernel_flow *flow);
/*
 * Reads what was dropped and why: of a farm, or of all (NULL). The book is good until the next call. NULL: it
 * could not be read.
 */
const struct drop_book *keeper_drops(struct keeper *k, const char *farm);
/* The same as they were read last. */
const struct drop_book *keeper_drops_known(const struct keeper *k);
/*
 * Flows that the table of a farm holds: how many, and how many of each backend (by its id; n places
 * each). Returns -ENOENT when the farm has no flow table, -EFBIG when it is too large to be read
 * flow by flow (only *ret_total is filled, with the kernel's number, in which those that have ended
 * are until it clears them away), or another negative errno. seen (may be NULL) is told of each flow.
 */
int keeper_flows(struct keeper *k, const char *farm, const uint32_t *ids, size_t n,
		 uint64_t *ret_total, uint64_t *ret_each, keeper_flow_seen *seen, void *owner);
/* Clients that a farm keeps with a backend, as keeper_remembered(). */
int keeper_pins(struct keeper *k, const char *farm, uint64_t *ret);
/*
 * How many flows the tables of a farm hold, half-open ones too. 0 (none when it has no tables) or
 * negative errno: -EOPNOTSUPP when this kernel does not tell.
 */
int keeper_remembered(struct keeper *k, const char *farm, uint64_t *ret);
/* Who is in a set of senders of the table; as kernel_read_senders(). */
int keeper_senders(struct keeper *k, const char *set,
		   void (*seen)(void *data, const struct kernel_sender *sender), void *data);
/* What the kernel's table is now, whoever made it. The caller clears *ret. */
int keeper_read(struct keeper *k, struct ruleset *ret, struct err *err);
/* Deletes the table. 0, also when there was none. */
int keeper_remove(struct keeper *k, struct err *err);

#endif
