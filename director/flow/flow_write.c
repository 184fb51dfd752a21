/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/flow/flow_write.h"

#include "director/netlink/nl_writer.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

enum {
	DESTROY = 30, /* NFT_MSG_DESTROYSETELEM: newer than the headers of Debian 12 */
	LIST_MAX = UINT16_MAX - NL_ATTRIBUTE_HEADER,
	EDGE = NL_HEADER + NL_FAMILY_HEADER, /* begin and end */
};
_Static_assert(FLOW_WRITE_OPS *FLOW_WRITE_ELEMENT_MAX <= LIST_MAX,
	       "the elements of all operations fit into one attribute");

/* Of an operation. */
enum {
	SETTLED = 1,
	ALONE = 2,     /* it has a message of its own */
	NOT_THERE = 4, /* what it deletes first */
	TWICE = 64,    /* that may be there two times */
	/* Of what the kernel says of it in this transaction: */
	IN_DOUBT = 8,	    /* all */
	ROOM_IN_DOUBT = 16, /* that there is no room */
	PLACE_IN_DOUBT = 32 /* the same, unless it is not there */
};
enum { DOUBTS = IN_DOUBT | ROOM_IN_DOUBT | PLACE_IN_DOUBT, RACES = 3 };

struct flow_write_kernel flow_write_kernel(const char *release)
{
	char *end;
	unsigned long major = strtoul(release, &end, 10);
	unsigned long minor = *end == '.' ? strtoul(end + 1, NULL, 10) : 0;
	unsigned long version = major > 99 || minor > 999 ? 0 : 1000 * major + minor;

	return (struct flow_write_kernel){.destroys = version >= 6003,
					  .end_acks = version >= 6010,
					  .updates = version >= 6012};
}

/* --- operations ------------------------------------------------------------------------------- */

static void settle(struct flow_write *w, size_t i, enum flow_write_result result)
{
	if (w->state[i] & SETTLED)
		return;
	w->results[i] = result;
	w->state[i] |= SETTLED;
	w->unsettled--;
}

static bool is_possible(const struct flow_write_op *op)
{
	return op->set->key_len > 0 && op->set->key_len <= sizeof(op->key) &&
	       (op->kind == FLOW_WRITE_DELETE ||
		(op->left_ms > 0 && op->left_ms <= op->timeout_ms));
}

int flow_write_begin(struct flow_write *w, const struct flow_write_kernel *kernel,
		     const struct flow_write_op *ops, size_t n, enum flow_write_result *results)
{
	if (n > FLOW_WRITE_OPS)
		return -EINVAL;
	w->kernel = *kernel;
	w->ops = ops;
	w->results = results;
	w->n = w->unsettled = n;
	w->attempts = 0;
	memset(w->state, 0, n);
	for (size_t i = 0; i < n; i++)
		if (!is_possible(&ops[i]))
			settle(w, i, FLOW_WRITE_REFUSED);
	return 0;
}

bool flow_write_is_settled(const struct flow_write *w)
{
	return w->unsettled == 0;
}

/* --- transactions ----------------------------------------------------------------------------- */

/* The messages that an operation takes, in order. Their number. */
static size_t steps_of(const struct flow_write *w, size_t i,
		       uint16_t types[static FLOW_WRITE_STEPS])
{
	enum flow_write_kind kind = w->ops[i].kind;
	bool asks = kind == FLOW_WRITE_CHANGE && w->state[i] & ALONE; /* whether it is there */
	uint16_t gone = w->kernel.destroys && !asks ? DESTROY : NFT_MSG_DELSETELEM;
	size_t n = 0;

	if (kind != FLOW_WRITE_PUT)
		types[n++] = gone;
	if (w->state[i] & TWICE && w->kernel.destroys)
		types[n++] = DESTROY;
	if (kind == FLOW_WRITE_DELETE)
		return n;
	types[n++] = NFT_MSG_NEWSETELEM;
	if (!w->kernel.updates) {
		types[n++] = NFT_MSG_DELSETELEM; /* it is there now, and with that backend */
		types[n++] = NFT_MSG_NEWSETELEM;
	}
	return n;
}

static bool is_in(const struct flow_write *w, const struct flow_write_message *m, size_t i)
{
	bool deletes_first = m->step == 0 && m->type != NFT_MSG_NEWSETELEM;

	return !(w->state[i] & SETTLED) && !(deletes_first && w->state[i] & NOT_THERE);
}

/* From operation `first` on: how far one message goes. */
static size_t end_of_group(const struct flow_write *w, size_t first)
{
	size_t end = first + 1;

	if (w->state[first] & ALONE)
		return end;
	while (end < w->n && (w->state[end] & SETTLED ||
			      (!(w->state[end] & ALONE) && w->ops[end].set == w->ops[first].set &&
			       w->ops[end].kind == w->ops[first].kind &&
			       (w->state[end] & TWICE) == (w->state[first] & TWICE))))
		end++;
	return end;
}

static void add_group(struct flow_write *w, size_t first, size_t end)
{
	uint16_t types[FLOW_WRITE_STEPS];
	size_t n = steps_of(w, first, types);

	for (size_t s = 0; s < n; s++) {
		struct flow_write_message *m = &w->messages[w->n_messages];

		*m = (struct flow_write_message){.first = (uint16_t)first,
						 .end = (uint16_t)end,
						 .type = types[s],
						 .step = (uint8_t)s};
		for (size_t i = first; i < end; i++) {
			m->n += is_in(w, m, i);
			m->group = (uint16_t)(m->group + !(w->state[i] & SETTLED));
		}
		w->n_messages += m->n > 0;
	}
}

static void arrange(struct flow_write *w)
{
	w->n_messages = 0;
	for (size_t i = 0, end; i < w->n; i = end) {
		end = i + 1;
		if (w->state[i] & SETTLED)
			continue;
		end = end_of_group(w, i);
		add_group(w, i, end);
	}
}

static void put_time(struct wr *w, uint16_t type, uint64_t ms)
{
	nl_put16(w, NL_ATTRIBUTE_HEADER + sizeof(ms));
	nl_put16(w, type);
	wr_be64(w, ms);
}

static size_t element_len(uint16_t type, size_t key_len)
{
	const size_t header = NL_ATTRIBUTE_HEADER;
	size_t key = 3 * header + nl_padded(key_len);
	size_t data = 2 * header + sizeof(uint32_t), times = 2 * (header + sizeof(uint64_t));

	return key + (type == NFT_MSG_NEWSETELEM ? data + times : 0);
}

static void put_element(struct wr *w, const struct flow_write_op *op, uint16_t type)
{
	const size_t header = NL_ATTRIBUTE_HEADER, len = op->set->key_len;

	nl_put_nest(w, NFTA_LIST_ELEM, element_len(type, len) - header);
	nl_put_nest(w, NFTA_SET_ELEM_KEY, header + nl_padded(len));
	nl_put_attribute(w, NFTA_DATA_VALUE, op->key, len);
	if (type != NFT_MSG_NEWSETELEM)
		return;
	nl_put_nest(w, NFTA_SET_ELEM_DATA, header + sizeof(op->mark));
	nl_put_attribute(w, NFTA_DATA_VALUE, &op->mark, sizeof(op->mark));
	put_time(w, NFTA_SET_ELEM_TIMEOUT, op->timeout_ms);
	put_time(w, NFTA_SET_ELEM_EXPIRATION, op->left_ms);
}

/* False: a name is out of bounds. */
static bool put_message(const struct flow_write *w, const struct flow_write_message *m,
			uint16_t flags, uint32_t seq, struct wr *out)
{
	const struct flow_ask_set *set = w->ops[m->first].set;
	size_t names = flow_ask_names_len(set), header = NL_ATTRIBUTE_HEADER;
	size_t list = m->n * element_len(m->type, set->key_len);

	if (!names)
		return false;
	nl_put_header(out, EDGE + names + header + list,
		      (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | m->type), flags, seq, NFPROTO_NETDEV,
		      0);
	flow_ask_put_names(out, set);
	nl_put_nest(out, NFTA_SET_ELEM_LIST_ELEMENTS, list);
	for (size_t i = m->first; i < m->end; i++)
		if (is_in(w, m, i))
			put_element(out, &w->ops[i], m->type);
	return true;
}

static void put_edge(struct wr *w, uint16_t type, uint16_t flags, uint32_t seq)
{
	nl_put_header(w, EDGE, type, flags, seq, NFPROTO_UNSPEC, NFNL_SUBSYS_NFTABLES);
}

size_t flow_write_build(struct flow_write *w, uint32_t seq, uint8_t *bytes, size_t size)
{
	struct wr out = wr_init(bytes, size);
	uint16_t end_ack = w->kernel.end_acks ? NLM_F_ACK : 0;
	uint16_t last_ack = w->kernel.end_acks ? 0 : NLM_F_ACK;

	arrange(w);
	w->first_seq = seq;
	w->refused = w->cut = w->doubted = w->committed = false;
	w->failed = 0;
	w->attempts++;
	put_edge(&out, NFNL_MSG_BATCH_BEGIN, NLM_F_REQUEST, seq++);
	for (size_t i = 0; i < w->n_messages; i++) {
		uint16_t flags = i + 1 == w->n_messages ? last_ack : 0;

		if (!put_message(w, &w->messages[i], NLM_F_REQUEST | flags, seq++, &out))
			return 0;
	}
	put_edge(&out, NFNL_MSG_BATCH_END, NLM_F_REQUEST | end_ack, seq);
	return wr_ok(&out) ? wr_used(&out) : 0;
}

bool flow_write_changes(const struct flow_write *w)
{
	for (size_t i = 0; i < w->n_messages; i++)
		if (w->messages[i].type == NFT_MSG_NEWSETELEM)
			return true;
	return false;
}

uint32_t flow_write_numbers(const struct flow_write *w)
{
	return (uint32_t)w->n_messages + 2;
}

/* --- answers ---------------------------------------------------------------------------------- */

enum flow_write_reject flow_write_parse(const uint8_t *bytes, size_t len,
					struct flow_write_answer *ret)
{
	struct nl_message m;
	int error;

	if (!nl_read_message(bytes, len, &m))
		return FLOW_WRITE_REJECT_TRUNCATED;
	if (m.type != NLMSG_ERROR)
		return FLOW_WRITE_REJECT_TYPE;
	error = (int)nl_host32(&m.body);
	if (!rd_ok(&m.body))
		return FLOW_WRITE_REJECT_TRUNCATED;
	if (error > 0 || error == INT_MIN)
		return FLOW_WRITE_REJECT_ERROR;
	*ret = (struct flow_write_answer){.seq = m.seq, .error = error};
	return FLOW_WRITE_REJECT_NONE;
}

static enum flow_write_result result_of(int error)
{
	switch (error) {
	case -EEXIST:
	case -EBUSY: return FLOW_WRITE_OTHER;
	case -ENFILE: return FLOW_WRITE_FULL;
	case -ENOENT: return FLOW_WRITE_NO_SET;
	default: return FLOW_WRITE_REFUSED;
	}
}

/*
 * What has no room is in the table all the same, until the transaction ends (seen on 6.18.44). What
 * of later operations on the set is in doubt: behind a deletion there may be room; what has been
 * taken out to be put anew may need none.
 */
static void doubt_room(struct flow_write *w, size_t first)
{
	bool has_room = false;

	for (size_t i = first + 1; i < w->n; i++) {
		if (w->ops[i].set != w->ops[first].set)
			continue;
		has_room |= w->ops[i].kind == FLOW_WRITE_DELETE;
		w->state[i] |= has_room ? ROOM_IN_DOUBT : PLACE_IN_DOUBT;
	}
}

static void doubt_element(struct flow_write *w, size_t first)
{
	const struct flow_write_op *op = &w->ops[first];

	for (size_t i = first + 1; i < w->n; i++)
		if (w->ops[i].set == op->set &&
		    memcmp(w->ops[i].key, op->key, op->set->key_len) == 0)
			w->state[i] |= IN_DOUBT;
}

static bool is_doubtful(const struct flow_write *w, const struct flow_write_message *m, size_t i,
			int error)
{
	uint8_t state = w->state[i];
	bool is_change = w->ops[i].kind == FLOW_WRITE_CHANGE;

	if (w->cut || state & IN_DOUBT)
		return true;
	if (error == -EEXIST) /* what it took out was put again by a packet */
		return is_change && w->attempts <= RACES;
	if (error != -ENFILE)
		return false;
	if (!is_change)
		return m->step > 0 || state & ROOM_IN_DOUBT;
	return state & ROOM_IN_DOUBT || (state & PLACE_IN_DOUBT && !(state & NOT_THERE));
}

/* The kernel refused this message for its only operation, or for a reason that all of it share. */
static void refuse(struct flow_write *w, const struct flow_write_message *m, size_t i, int error)
{
	if (m->type == NFT_MSG_NEWSETELEM || error != -ENOENT)
		settle(w, i, result_of(error));
	else if (w->ops[i].kind == FLOW_WRITE_DELETE)
		settle(w, i, FLOW_WRITE_DONE);
	else if (m->step == 0)
		w->state[i] |= NOT_THERE;
}

/* For want of the set: putting asks for nothing else that could be missing. */
static bool has_no_set(const struct flow_write_message *m, int error)
{
	return error == -ENOENT && (m->type == NFT_MSG_NEWSETELEM || m->type == DESTROY);
}

/*
 * A packet has put what was taken out. With the end of the transaction the old element is back, and
 * the packet's stays.
 */
static void note_race(struct flow_write *w, size_t i)
{
	w->state[i] &= (uint8_t)~NOT_THERE;
	if (w->ops[i].kind == FLOW_WRITE_CHANGE)
		w->state[i] |= TWICE;
}

/*
 * What the kernel says behind a refusal may be of a table that never will be: a message that was
 * refused half-way was not done to its end, and of an operation whose put was refused the later
 * steps may have been done.
 */
static void hear_refusal(struct flow_write *w, const struct flow_write_message *m, int error)
{
	bool no_set = has_no_set(m, error), about_all = m->group == 1 || no_set;

	w->refused = true;
	for (size_t i = m->first; i < m->end; i++) {
		if (!is_in(w, m, i))
			continue;
		if (about_all && (no_set || !is_doubtful(w, m, i, error))) {
			refuse(w, m, i, error);
		} else {
			if (error == -EEXIST && m->group == 1)
				note_race(w, i);
			w->state[i] |= ALONE;
			w->doubted = true;
		}
	}
	w->cut |= !about_all;
	if (about_all && error == -ENFILE)
		doubt_room(w, m->first);
	if (about_all && (error == -ENFILE || (error == -EEXIST && !w->kernel.updates)))
		doubt_element(w, m->first);
}

void flow_write_hear(struct flow_write *w, const struct flow_write_answer *a)
{
	uint32_t at = a->seq - w->first_seq; /* 0: the begin, which speaks for the whole */

	if (at > w->n_messages + 1)
		return;
	if (a->error && at > 0 && at <= w->n_messages)
		hear_refusal(w, &w->messages[at - 1], a->error);
	else if (a->error)
		w->failed = a->error;
	else
		w->committed |= at == (w->kernel.end_acks ? w->n_messages + 1 : w->n_messages);
}

static void settle_all(struct flow_write *w, enum flow_write_result result)
{
	for (size_t i = 0; i < w->n; i++)
		settle(w, i, result);
}

/* Where all that is refused is known, messages are joined again. */
static void prepare_again(struct flow_write *w)
{
	for (size_t i = 0; i < w->n; i++)
		w->state[i] &= (uint8_t) ~(w->doubted ? DOUBTS : DOUBTS | ALONE);
}

int flow_write_end(struct flow_write *w)
{
	if (w->failed)
		return w->failed;
	if (!w->refused && !w->committed)
		return -EIO;
	if (!w->refused)
		settle_all(w, FLOW_WRITE_DONE);
	else if (w->attempts == FLOW_WRITE_ATTEMPTS)
		settle_all(w, FLOW_WRITE_LEFT);
	else
		prepare_again(w);
	return flow_write_is_settled(w) ? 0 : FLOW_WRITE_AGAIN;
}

/* --- names ------------------------------------------------------------------------------------ */

#define X(id, name, text) [FLOW_WRITE_##id] = name,
const char *flow_write_result_name(enum flow_write_result r)
{
	static const char *const names[FLOW_WRITE_RESULT_COUNT] = {FLOW_WRITE_RESULT_LIST(X)};

	return names[r];
}
#undef X

#define X(id, name, text) [FLOW_WRITE_##id] = text,
const char *flow_write_result_text(enum flow_write_result r)
{
	static const char *const texts[FLOW_WRITE_RESULT_COUNT] = {FLOW_WRITE_RESULT_LIST(X)};

	return texts[r];
}
#undef X

#define X(id, name, text) [FLOW_WRITE_REJECT_##id] = name,
const char *flow_write_reject_name(enum flow_write_reject r)
{
	static const char *const names[FLOW_WRITE_REJECT_COUNT] = {
		[FLOW_WRITE_REJECT_NONE] = "none", FLOW_WRITE_REJECT_LIST(X)};

	return names[r];
}
#undef X

#define X(id, name, text) [FLOW_WRITE_REJECT_##id] = text,
const char *flow_write_reject_text(enum flow_write_reject r)
{
	static const char *const texts[FLOW_WRITE_REJECT_COUNT] = {
		[FLOW_WRITE_REJECT_NONE] = "is good", FLOW_WRITE_REJECT_LIST(X)};

	return texts[r];
}
#undef X
