/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The farms of a status in parts, each a reply of its own (control.proto): who prints them begins with
 * the first while the others are made, and nobody holds all of them. As control__reply__pack() and
 * …_unpack() would do it, but field by field between our structs and the octets: of a hundred
 * thousand backends protobuf-c makes three million pieces of memory.
 *
 * Pure: structs in, octets out, and back.
 */
#ifndef PROTO_CODEC_PART_H
#define PROTO_CODEC_PART_H

#include "include/rd.h"
#include "include/status.h"
#include "include/wr.h"
#include "proto/codec.h"

enum {
	CODEC_PART_BACKENDS =
		1000, /* a part ends with the farm that reaches so many: a millisecond */
	CODEC_PART_MAX =
		4 * 1024 * 1024, /* two farms of the most backends, with all of their texts */
};

/* A part that is made. All zero: nothing is in it. */
struct control_part {
	struct wr w; /* its block is allocated */
	size_t backends;
};

void control_part_clear(struct control_part *p);
/* One more farm. 0, -ENOMEM or -EMSGSIZE: it would be longer than CODEC_PART_MAX. */
int control_part_add(struct control_part *p, const struct status_farm *f);
bool control_part_is_full(const struct control_part *p);
/*
 * The message with its length in front: allocated, its size in *ret_len, NULL without memory. more: other
 * parts come. The part is empty then.
 */
uint8_t *control_part_take(struct control_part *p, bool more, size_t *ret_len);

/* A part that is read; the octets are borrowed. */
struct control_part_reader {
	struct rd reply, status;
	bool more; /* valid when the last farm was read */
};

void control_part_begin(struct control_part_reader *r, const uint8_t *bytes, size_t len);
/*
 * 1: *ret is the next farm. Its list of backends has room for CONFIG_BACKENDS_MAX before and after. 0:
 * that was the last one of this part. -EBADMSG: it is none; *ret holds anything then.
 */
int control_part_next(struct control_part_reader *r, struct status_farm *ret);

/* Of a backend. Written so that it is false for what is no number, too. */
static inline bool codec_is_load(double share, double effective_weight)
{
	return share >= 0 && share <= 1 && effective_weight >= 0 &&
	       effective_weight <= CONFIG_WEIGHT_MAX;
}

#endif
