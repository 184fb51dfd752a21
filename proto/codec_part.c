/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proto/codec_part.h"

#include "proto/codec_wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum kind { KIND_NONE, KIND_TEXT, KIND_U64, KIND_U32, KIND_BOOL, KIND_REAL };

/* A field of one of our structs; its place in a table is its number in control.proto. */
struct field {
	enum kind kind;
	size_t at, size;
};

#define FIELD(kind, of, name)                                                                      \
	{                                                                                          \
		(kind), offsetof(struct of, name), sizeof(((struct of *)0)->name)                  \
	}
#define TEXT(of, name) FIELD(KIND_TEXT, of, name)
#define U64(of, name)  FIELD(KIND_U64, of, name)
#define U32(of, name)  FIELD(KIND_U32, of, name)
#define BOOL(of, name) FIELD(KIND_BOOL, of, name)
#define REAL(of, name) FIELD(KIND_REAL, of, name)

static const struct field backend_fields[] = {
	[1] = TEXT(status_backend, name),
	[2] = TEXT(status_backend, address),
	[3] = TEXT(status_backend, mac),
	[4] = U32(status_backend, weight),
	[5] = TEXT(status_backend, state),
	[6] = U64(status_backend, connections),
	[7] = U64(status_backend, packets),
	[8] = U64(status_backend, bytes),
	[9] = REAL(status_backend, share),
	[10] = BOOL(status_backend, override),
	[11] = TEXT(status_backend, admin_state),
	[12] = TEXT(status_backend, configured_state),
	[13] = U32(status_backend, configured_weight),
	[14] = U64(status_backend, deadline_ms),
	[15] = U64(status_backend, new_flows),
	[16] = TEXT(status_backend, reason),
	[17] = REAL(status_backend, effective_weight),
	[18] = U64(status_backend, slow_start_ms),
	[19] = TEXT(status_backend, own_state),
	[20] = TEXT(status_backend, peer_state),
	[21] = TEXT(status_backend, peer_reason),
	[22] = U64(status_backend, own_ms),
	[23] = U64(status_backend, peer_ms),
	[24] = U64(status_backend, syn_retries),
	[25] = U32(status_backend, syn_repeated),
	[26] = U32(status_backend, syn_tried),
	[27] = U64(status_backend, inhibited_ms),
};

static const struct field drop_fields[] = {
	[1] = TEXT(status_drop, reason),
	[2] = U64(status_drop, packets),
};

static const struct field table_fields[] = {
	[1] = TEXT(status_table, name),
	[2] = U64(status_table, size),
	[3] = U64(status_table, used),
};

static const struct field farm_fields[] = {
	[1] = TEXT(status_farm, name),
	[2] = TEXT(status_farm, state),
	[3] = TEXT(status_farm, reason),
	[4] = TEXT(status_farm, scheduler),
	[5] = TEXT(status_farm, services),
	[6] = U64(status_farm, connections),
	[7] = U64(status_farm, pins),
	[8] = U64(status_farm, packets),
	[9] = U64(status_farm, bytes),
	[11] = U64(status_farm, half_open),
	[12] = U64(status_farm, new_flows),
	[13] = U64(status_farm, scheduler_age_ms),
	[14] = U64(status_farm, transition.moved),
	[15] = U64(status_farm, transition.buckets),
	[16] = U64(status_farm, transition.remaining_ms),
	[17] = U64(status_farm, transition.exceptions),
	[20] = TEXT(status_farm, transition.phase),
};

/* The lists of a farm, and the way to it in a reply. */
enum {
	FARM_BACKENDS = 10,
	FARM_DROPS = 18,
	FARM_TABLES = 19,
	STATUS_FARMS = 9,
	REPLY_STATUS = 3,
	REPLY_MORE = 30,
};

struct message {
	const struct field *fields;
	size_t n;
};

#define MESSAGE(list)                                                                              \
	{                                                                                          \
		(list), sizeof(list) / sizeof((list)[0])                                           \
	}

static const struct message backend_message = MESSAGE(backend_fields),
			    drop_message = MESSAGE(drop_fields),
			    table_message = MESSAGE(table_fields),
			    farm_message = MESSAGE(farm_fields);

/* --- out -------------------------------------------------------------------------------------- */

enum {
	FIELD_MAX = 16, /* octets of a field beside those of its text */
	SHORT = 2,	/* octets of the length of a backend, a drop, a table: below 16,384 */
	LONG = 4,	/* of a farm, and of the status around it: below 256 MiB */
};

_Static_assert(sizeof(struct status_backend) +
			       FIELD_MAX * sizeof(backend_fields) / sizeof(struct field) <
		       1 << (7 * SHORT),
	       "the length of a backend fits");

static void put_field(struct wr *w, size_t number, const struct field *f, const void *of)
{
	const char *from = (const char *)of + f->at;

	switch (f->kind) {
	case KIND_NONE: return;
	case KIND_TEXT: wire_put_text(w, number, from); return;
	case KIND_U64: wire_put_number(w, number, *(const uint64_t *)(const void *)from); return;
	case KIND_U32: wire_put_number(w, number, *(const uint32_t *)(const void *)from); return;
	case KIND_BOOL: wire_put_number(w, number, *(const bool *)from); return;
	case KIND_REAL: wire_put_real(w, number, from); return;
	}
}

/* A message in a message begins: its length has a place of so many octets. Returns where that is. */
static size_t open_message(struct wr *w, size_t number, size_t octets)
{
	static const uint8_t nothing[LONG];
	size_t at;

	wire_put_tag(w, number, WIRE_BYTES);
	at = wr_used(w);
	wr_bytes(w, nothing, octets);
	return at;
}

static void close_message(struct wr *w, size_t at, size_t octets)
{
	uint8_t length[WIRE_VARINT_MAX];

	wr_over(w, at, length, wire_make_varint(length, wr_used(w) - at - octets, octets));
}

static void put_fields(struct wr *w, const struct message *m, const void *of)
{
	for (size_t i = 1; i < m->n; i++)
		put_field(w, i, &m->fields[i], of);
}

static void put_message(struct wr *w, size_t number, const struct message *m, const void *of)
{
	size_t at = open_message(w, number, SHORT);

	put_fields(w, m, of);
	close_message(w, at, SHORT);
}

static void put_farm(struct wr *w, const struct status_farm *f)
{
	put_fields(w, &farm_message, f);
	for (size_t i = 0; i < f->n_backends; i++)
		put_message(w, FARM_BACKENDS, &backend_message, &f->backends[i]);
	for (size_t i = 0; i < f->n_drops; i++)
		put_message(w, FARM_DROPS, &drop_message, &f->drops[i]);
	for (size_t i = 0; i < f->n_tables; i++)
		put_message(w, FARM_TABLES, &table_message, &f->tables[i]);
}

/* More octets than it takes: each text as long as it can be, and what stands around them. */
static size_t most_of(const struct status_farm *f)
{
	size_t fields = farm_message.n + STATUS_DROPS_MAX * drop_message.n +
			STATUS_TABLES_MAX * table_message.n + 4;

	return sizeof(*f) + fields * FIELD_MAX +
	       f->n_backends * (sizeof(*f->backends) + backend_message.n * FIELD_MAX);
}

static int make_room(struct control_part *p, size_t n)
{
	size_t used = wr_used(&p->w), wanted = used + n;
	size_t size = wanted < CODEC_PART_MAX / 2 ? 2 * wanted : CODEC_PART_MAX;
	uint8_t *bytes;

	if (wanted <= p->w.size)
		return 0;
	if (wanted > CODEC_PART_MAX)
		return -EMSGSIZE;
	bytes = realloc(p->w.start, size);
	if (!bytes)
		return -ENOMEM;
	p->w.start = bytes;
	p->w.size = size;
	if (!used)
		wr_be32(&p->w, 0); /* its length */
	return 0;
}

void control_part_clear(struct control_part *p)
{
	free(p->w.start);
	*p = (struct control_part){0};
}

int control_part_add(struct control_part *p, const struct status_farm *f)
{
	int err = make_room(p, CODEC_LENGTH + most_of(f));
	size_t status, farm;

	if (err)
		return err;
	status = open_message(&p->w, REPLY_STATUS, LONG);
	farm = open_message(&p->w, STATUS_FARMS, LONG);
	put_farm(&p->w, f);
	close_message(&p->w, farm, LONG);
	close_message(&p->w, status, LONG);
	p->backends += f->n_backends;
	return 0;
}

bool control_part_is_full(const struct control_part *p)
{
	return p->backends >= CODEC_PART_BACKENDS;
}

uint8_t *control_part_take(struct control_part *p, bool more, size_t *ret_len)
{
	uint8_t length[CODEC_LENGTH], *bytes = NULL;
	struct wr w = wr_init(length, sizeof(length));

	if (make_room(p, CODEC_LENGTH + FIELD_MAX) == 0) {
		wire_put_number(&p->w, REPLY_MORE, more);
		wr_be32(&w, (uint32_t)(wr_used(&p->w) - CODEC_LENGTH));
		wr_over(&p->w, 0, length, sizeof(length));
	}
	if (wr_ok(&p->w) && wr_used(&p->w)) {
		bytes = p->w.start;
		*ret_len = wr_used(&p->w);
		p->w.start = NULL;
	}
	control_part_clear(p);
	return bytes;
}

/* --- in --------------------------------------------------------------------------------------- */

static void take_field(struct rd *r, const struct field *f, enum wire_type wire, void *of)
{
	char *to = (char *)of + f->at;

	switch (f->kind) {
	case KIND_NONE: wire_skip(r, wire); return;
	case KIND_TEXT: wire_take_text(r, wire, to, f->size); return;
	case KIND_U64: *(uint64_t *)(void *)to = wire_take_number(r, wire); return;
	case KIND_U32: *(uint32_t *)(void *)to = (uint32_t)wire_take_number(r, wire); return;
	case KIND_BOOL: *(bool *)to = wire_take_number(r, wire) != 0; return;
	case KIND_REAL: *(double *)(void *)to = wire_take_real(r, wire); return;
	}
}

/* Into a zeroed struct. */
static bool take_message(struct rd r, const struct message *m, void *ret)
{
	while (rd_ok(&r) && rd_left(&r)) {
		struct wire_tag tag = wire_take_tag(&r);

		if (tag.number < m->n)
			take_field(&r, &m->fields[tag.number], tag.wire, ret);
		else
			wire_skip(&r, tag.wire);
	}
	return rd_ok(&r);
}

static bool take_backend(struct rd r, struct status_backend *list, size_t *n)
{
	struct status_backend *b = &list[*n];

	if (*n == CONFIG_BACKENDS_MAX)
		return false;
	*b = (struct status_backend){0};
	(*n)++;
	return take_message(r, &backend_message, b) && codec_is_load(b->share, b->effective_weight);
}

static bool take_drop(struct rd r, struct status_farm *f)
{
	struct status_drop *d = &f->drops[f->n_drops];

	if (f->n_drops == STATUS_DROPS_MAX)
		return false;
	*d = (struct status_drop){0};
	f->n_drops++;
	return take_message(r, &drop_message, d);
}

static bool take_table(struct rd r, struct status_farm *f)
{
	struct status_table *t = &f->tables[f->n_tables];

	if (f->n_tables == STATUS_TABLES_MAX)
		return false;
	*t = (struct status_table){0};
	f->n_tables++;
	return take_message(r, &table_message, t);
}

static bool take_in_list(struct rd r, uint64_t list, struct status_farm *f)
{
	if (list == FARM_BACKENDS)
		return take_backend(r, f->backends, &f->n_backends);
	return list == FARM_DROPS ? take_drop(r, f) : take_table(r, f);
}

static bool is_list(struct wire_tag tag)
{
	return tag.wire == WIRE_BYTES && (tag.number == FARM_BACKENDS || tag.number == FARM_DROPS ||
					  tag.number == FARM_TABLES);
}

static bool take_farm(struct rd r, struct status_farm *ret)
{
	*ret = (struct status_farm){.backends = ret->backends};
	while (rd_ok(&r) && rd_left(&r)) {
		struct wire_tag tag = wire_take_tag(&r);

		if (is_list(tag))
			r.bad |= !take_in_list(wire_take_bytes(&r), tag.number, ret);
		else if (tag.number < farm_message.n)
			take_field(&r, &farm_message.fields[tag.number], tag.wire, ret);
		else
			wire_skip(&r, tag.wire);
	}
	return rd_ok(&r);
}

void control_part_begin(struct control_part_reader *r, const uint8_t *bytes, size_t len)
{
	*r = (struct control_part_reader){.reply = rd_init(bytes, len)};
}

/* The next field of the reply that is not in a status. */
static void take_beside(struct control_part_reader *r)
{
	struct wire_tag tag = wire_take_tag(&r->reply);

	if (tag.number == REPLY_STATUS && tag.wire == WIRE_BYTES)
		r->status = wire_take_bytes(&r->reply);
	else if (tag.number == REPLY_MORE)
		r->more = wire_take_number(&r->reply, tag.wire) != 0;
	else
		wire_skip(&r->reply, tag.wire);
}

int control_part_next(struct control_part_reader *r, struct status_farm *ret)
{
	while (rd_ok(&r->reply) && rd_ok(&r->status)) {
		struct wire_tag tag;

		if (!rd_left(&r->status) && !rd_left(&r->reply))
			return 0;
		if (!rd_left(&r->status)) {
			take_beside(r);
			continue;
		}
		tag = wire_take_tag(&r->status);
		if (tag.number != STATUS_FARMS || tag.wire != WIRE_BYTES)
			wire_skip(&r->status, tag.wire);
		else if (!take_farm(wire_take_bytes(&r->status), ret))
			return -EBADMSG;
		else if (rd_ok(&r->status))
			return 1;
	}
	return -EBADMSG;
}
