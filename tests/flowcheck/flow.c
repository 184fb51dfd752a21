/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/flowcheck/flow.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

/* --- the stamp -------------------------------------------------------------------------------- */

static const uint8_t magic[4] = {'f', 'l', 'o', 'w'};

static void put32(uint8_t *at, uint32_t value)
{
	value = htonl(value);
	memcpy(at, &value, 4);
}

static uint32_t get32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, 4);
	return ntohl(value);
}

void flow_stamp_put(uint8_t at[static FLOW_STAMP_LEN], uint32_t number, uint32_t sequence)
{
	memcpy(at, magic, 4);
	put32(at + 4, number);
	put32(at + 8, sequence);
}

bool flow_stamp_find(const uint8_t *frame, size_t len, uint32_t *ret_number, uint32_t *ret_sequence)
{
	size_t at, ip = 14;
	uint8_t protocol;

	if (len < 54)
		return false;
	if (frame[12] == 0x08 && frame[13] == 0x00 && frame[ip] == 0x45) {
		protocol = frame[ip + 9];
		at = ip + 20;
	} else if (frame[12] == 0x86 && frame[13] == 0xdd) {
		protocol = frame[ip + 6];
		at = ip + 40;
	} else {
		return false;
	}
	at += protocol == IPPROTO_TCP ? 20 : 8;
	if ((protocol != IPPROTO_TCP && protocol != IPPROTO_UDP) || at + FLOW_STAMP_LEN > len ||
	    memcmp(frame + at, magic, 4) != 0)
		return false;
	*ret_number = get32(frame + at + 4);
	*ret_sequence = get32(frame + at + 8);
	return true;
}

/* --- the 5-tuple of a flow -------------------------------------------------------------------- */

/*
 * Behind the block in which the lasting ones end, 16 bits of the index are turned by four: a client comes
 * again after 4,096 flows.
 */
static uint32_t spread(uint32_t lasting, uint32_t index)
{
	uint32_t i = index - lasting;

	return ((lasting + 0xffff) & ~0xffffu) + (i & ~0xffffu) + ((i & 0xfff) << 4) +
	       ((i >> 12) & 15);
}

struct flow_tuple flow_tuple_of(const struct flow_plan *plan, uint32_t number)
{
	struct flow_tuple t = {.generation = 0};
	uint32_t index = number;

	if (plan->tuples && number >= plan->lasting) {
		index = plan->lasting + (number - plan->lasting) % plan->tuples;
		t.generation = (number - plan->lasting) / plan->tuples;
	}
	if (plan->apart && number >= plan->lasting)
		index = spread(plan->lasting, index);
	t.low = (uint16_t)(index >> 4);
	t.port = (uint16_t)(0x4000 | (index & 15) | (index >> 20) << 4);
	return t;
}

/* --- what is known of one flow ---------------------------------------------------------------- */

void flow_seen_add(struct flow_seen *seen, uint32_t sequence, int64_t now_ms)
{
	struct flow_row *row = &seen->row;

	if (!seen->window) {
		row->first = row->last = sequence;
		row->first_ms = now_ms;
		row->packets = 1;
		seen->window = 1;
	} else if (sequence > row->last) {
		uint32_t ahead = sequence - row->last;

		seen->window = (ahead < 64 ? seen->window << ahead : 0) | 1;
		row->last = sequence;
		row->packets++;
	} else if (row->last - sequence >= 64) {
		row->late++;
	} else if (seen->window & 1ULL << (row->last - sequence)) {
		row->duplicates++;
	} else {
		seen->window |= 1ULL << (row->last - sequence);
		row->first = sequence < row->first ? sequence : row->first;
		row->packets++;
		row->reordered++;
	}
	row->last_ms = now_ms;
}
