/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/drill/drill_book.h"

#include <errno.h>
#include <string.h>

void drill_book_add(struct drill_book *b, const struct control_drill *d)
{
	uint64_t last = b->n ? b->drills[b->n - 1].number : 0;

	if (b->n == DRILL_BOOK_MOST)
		memmove(b->drills, b->drills + 1, --b->n * sizeof(*b->drills));
	b->drills[b->n] = *d;
	b->drills[b->n++].number = last + 1;
}

uint8_t *drill_book_pack(const struct drill_book *b, size_t *ret_len)
{
	/* Packing does not change them. */
	struct control_reply reply = {.drills = (struct control_drill *)b->drills,
				      .n_drills = b->n};

	return codec_pack_reply(&reply, ret_len);
}

int drill_book_take(const uint8_t *bytes, size_t len, struct drill_book *ret)
{
	struct control_reply reply = {0};
	size_t size = 0;
	int err = codec_message_length(bytes, len, DRILL_BOOK_FILE_MAX, &size);

	if (err < 0 || !size || size != len)
		return -EBADMSG;
	err = codec_unpack_reply(bytes + CODEC_LENGTH, len - CODEC_LENGTH, &reply);
	if (err < 0)
		return err;
	/* Nothing else is in it. */
	if (reply.code || reply.text[0] || reply.has_status || reply.has_drill ||
	    reply.has_detail || reply.n_connections)
		err = -EBADMSG;
	else if ((ret->n = reply.n_drills) > 0)
		memcpy(ret->drills, reply.drills, reply.n_drills * sizeof(*reply.drills));
	control_reply_clear(&reply);
	return err;
}
