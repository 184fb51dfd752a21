/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/flow_write_sim.h"

#include "director/netlink/nl_reader.h"

#include <errno.h>

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

enum { DESTROY = 30 };

static unsigned int count(const struct sim_table *t, size_t set)
{
	unsigned int n = 0;

	for (size_t i = 0; i < SIM_KEYS; i++)
		n += t->elements[set][i].there;
	return n;
}

/* --- one operation by itself ------------------------------------------------------------------ */

enum flow_write_result sim_do(struct sim *s, const struct flow_write_op *op)
{
	size_t set = (size_t)(op->set->set[0] - 'a');
	struct sim_element *e;

	if (op->kind != FLOW_WRITE_DELETE && (!op->left_ms || op->left_ms > op->timeout_ms))
		return FLOW_WRITE_REFUSED;
	if (set >= SIM_SETS)
		return op->kind == FLOW_WRITE_DELETE ? FLOW_WRITE_DONE : FLOW_WRITE_NO_SET;
	e = &s->table.elements[set][op->key[0]];
	if (op->kind == FLOW_WRITE_DELETE) {
		e->there = false;
		return FLOW_WRITE_DONE;
	}
	if (!e->there && count(&s->table, set) >= s->size)
		return FLOW_WRITE_FULL;
	if (e->there && e->mark != op->mark && op->kind == FLOW_WRITE_PUT)
		return FLOW_WRITE_OTHER;
	*e = (struct sim_element){true, op->mark, op->left_ms};
	return FLOW_WRITE_DONE;
}

/* --- transactions ----------------------------------------------------------------------------- */

static struct rd inside(struct rd r, uint16_t type)
{
	struct rd value;
	uint16_t t;

	while (nl_next_attribute(&r, &t, &value))
		if (t == type)
			return value;
	return rd_init(NULL, 0);
}

static uint64_t number_in(struct rd element, uint16_t type)
{
	struct rd value = inside(element, type);

	return rd_left(&value) ? rd_be64(&value) : 0;
}

static int do_new(struct sim *s, struct sim_table *t, size_t set, struct rd element, uint8_t key)
{
	struct rd data = inside(inside(element, NFTA_SET_ELEM_DATA), NFTA_DATA_VALUE);
	uint64_t timeout = number_in(element, NFTA_SET_ELEM_TIMEOUT);
	uint64_t left = number_in(element, NFTA_SET_ELEM_EXPIRATION);
	struct sim_element *e = &t->elements[set][key];
	uint32_t mark = nl_host32(&data);
	bool full;

	if (!timeout || !left || left > timeout)
		return -ERANGE;
	if (e->there && e->mark != mark)
		return -EEXIST;
	if (e->there && !s->kernel.updates)
		return 0;
	full = !e->there && count(t, set) >= s->size;
	if (!full || s->keeps)
		*e = (struct sim_element){true, mark, left};
	return full ? -ENFILE : 0;
}

static int do_element(struct sim *s, struct sim_table *t, uint16_t type, size_t set,
		      struct rd element)
{
	struct rd value = inside(inside(element, NFTA_SET_ELEM_KEY), NFTA_DATA_VALUE);
	uint8_t key = rd_u8(&value);

	if (!rd_ok(&value) || key >= SIM_KEYS)
		return -EINVAL;
	if (type == NFT_MSG_NEWSETELEM)
		return do_new(s, t, set, element, key);
	if (!t->elements[set][key].there && type == NFT_MSG_DELSETELEM)
		return -ENOENT;
	t->elements[set][key].there = false;
	return 0;
}

/* To the first element that is refused. */
static int do_message(struct sim *s, struct sim_table *t, uint16_t type, struct rd body)
{
	struct rd name, list, element;
	uint16_t attribute;
	size_t set;
	int error = 0;

	rd_take(&body, NL_FAMILY_HEADER);
	if (type == DESTROY && !s->kernel.destroys)
		return -EINVAL;
	name = inside(body, NFTA_SET_ELEM_LIST_SET);
	set = (size_t)(rd_u8(&name) - 'a');
	if (set >= SIM_SETS)
		return -ENOENT;
	list = inside(body, NFTA_SET_ELEM_LIST_ELEMENTS);
	while (!error && nl_next_attribute(&list, &attribute, &element))
		error = do_element(s, t, type, set, element);
	return error;
}

static void answer(struct sim *s, uint32_t seq, int error)
{
	if (s->n_answers < SIM_ANSWERS)
		s->answers[s->n_answers++] = (struct flow_write_answer){seq, error};
}

bool sim_transact(struct sim *s, const uint8_t *bytes, size_t len)
{
	struct sim_table next = s->table;
	bool refused = false, ended = false, begun = false;
	struct nl_message m;

	s->n_answers = 0;
	for (size_t at = 0; at < len;) {
		uint32_t told;
		uint16_t flags;
		int error;

		if (!nl_read_message(bytes + at, len - at, &m) || ended)
			return false;
		memcpy(&told, bytes + at, sizeof(told));
		memcpy(&flags, bytes + at + 6, sizeof(flags));
		at += told;
		if (m.type == NFNL_MSG_BATCH_BEGIN || m.type == NFNL_MSG_BATCH_END) {
			ended = m.type == NFNL_MSG_BATCH_END;
			begun |= !ended;
			if (ended && s->kernel.end_acks && flags & NLM_F_ACK && !refused)
				answer(s, m.seq, 0);
			continue;
		}
		if (!begun || m.type >> 8 != NFNL_SUBSYS_NFTABLES)
			return false;
		s->messages++;
		error = do_message(s, &next, m.type & 0xff, m.body);
		refused |= error != 0;
		if (error || flags & NLM_F_ACK)
			answer(s, m.seq, error);
	}
	if (!refused && ended) {
		s->table = next;
		s->committed++;
	}
	return ended;
}
