/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The flows of two directors: what this one tells of its own, what it takes from the other one into
 * the kernel and the index, and how both find out that they differ.
 *
 * A flow is ours when this node is master of its virtual address (twin_roles.h). Of ours the other
 * director hears when they begin, close and end, and each time that the kernel is asked for one,
 * which is after three quarters of what is left of its life: so its copy never ends first. Of
 * theirs it is they who say when one ends. One that is neither is of this node alone.
 *
 * Shell, on the main loop; part of flows_uv.h.
 */
#ifndef DIRECTOR_FLOW_FLOWS_TWIN_UV_H
#define DIRECTOR_FLOW_FLOWS_TWIN_UV_H

#include "director/flow/flow_index.h"
#include "director/flow/flow_write_uv.h"
#include "director/flow/twin_names.h"
#include "director/flow/twin_roles.h"

struct flows;

struct flows_observer {
	/* A flow of ours; backend is its number in the index, life_s 0: it has ended. */
	void (*told)(void *owner, const struct sync_flow *flow);
	/* Some of ours began unheard. */
	void (*lost)(void *owner);
	void *owner;
};

/*
 * From now on. Roles, observer and writer are borrowed; the roles' sums are kept by the flows. NULL:
 * there is no other director.
 */
void flows_join(struct flows *f, struct twin_roles *roles, struct flow_writer *writer,
		const struct flows_observer *observer);
/* The roles' routers are other ones: what is held of each is summed anew. */
void flows_sum(struct flows *f);
/* Some of the roles' routers are ours now: what the packet path announced of them shortly before is, too. */
void flows_take_strays(struct flows *f);
/* connected: the other director tells. current: and all that it has is here. */
void flows_twin_is(struct flows *f, bool connected, bool current);

struct flows_taken {
	/*
	 * Of a farm or backend that this configuration does not have, or without a table for them:
	 * a farm that hashes has one while its buckets move. Nothing that is sent again helps.
	 */
	size_t unheld;
	size_t refused; /* by the kernel, by an index without room, or of a number without a name */
};

/*
 * Flows of theirs, into the kernel and the index; names are what their numbers stand for. Refused
 * ones are neither here nor there; of its own this node has the last word. 3 to 5 ms for a thousand.
 * The kernel may still work at the last of them: what it refuses is in *ret of the next call.
 */
void flows_take(struct flows *f, const struct twin_names *names, const struct sync_flow *flows,
		size_t n, struct flows_taken *ret);
/*
 * Waits for the kernel, and returns how many it refused of what was taken and not said yet. To be
 * called before anything else is done with the flows or said of them.
 */
size_t flows_take_end(void);
/* There is an index: without one nothing is told, and nothing can be taken. */
bool flows_are_known(const struct flows *f);
/*
 * A snapshot of theirs begins: what is taken from here on belongs to it. Nothing may be taken before
 * flows_mark_some() has brought a cursor to its end, a piece of 3 ms at a time.
 */
void flows_mark(struct flows *f);
void flows_mark_some(struct flows *f, struct flow_cursor *cursor);
/* Of theirs, what was not taken since then ends; likewise, a piece of 6 ms at a time. */
void flows_sweep_some(struct flows *f, struct flow_cursor *cursor);

/*
 * The next flows of ours, to be told; at most room. Until cursor->done; a piece may be empty. What
 * is left of a flow's life is as far as the index knows it, or more.
 */
size_t flows_stream(struct flows *f, struct flow_cursor *cursor, struct sync_flow *out,
		    size_t room);
/* The names of a number of the index, "" when nobody has it. */
void flows_name(const struct flows *f, uint16_t number, const char **ret_farm,
		const char **ret_backend);

#endif
