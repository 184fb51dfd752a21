/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/drill/drill_book.h"

#include "director/drill/drill.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

static bool was_refused(const struct control_drill *d)
{
	return strcmp(d->result, drill_result_name(DRILL_REFUSED)) == 0;
}

/* Numbers do not count: what is waited for goes on between two attempts. */
static bool same_reason(const char *a, const char *b)
{
	for (;; a++, b++) {
		while (isdigit((unsigned char)*a))
			a++;
		while (isdigit((unsigned char)*b))
			b++;
		if (*a != *b)
			return false;
		if (!*a)
			return true;
	}
}

static bool same_attempt(const struct control_drill *a, const struct control_drill *b)
{
	return was_refused(a) && was_refused(b) && strcmp(a->kind, b->kind) == 0 &&
	       strcmp(a->from, b->from) == 0 && strcmp(a->to, b->to) == 0 &&
	       strcmp(a->about.asked_on, b->about.asked_on) == 0 &&
	       a->about.has_asker == b->about.has_asker && a->about.uid == b->about.uid &&
	       a->about.force == b->about.force && same_reason(a->why, b->why);
}

/* NULL: it is a new one. A clock that went back is not held against it. */
static struct control_drill *attempt_of(struct drill_book *b, const struct control_drill *d)
{
	for (size_t i = b->n; i-- > 0;) {
		struct control_drill *old = &b->drills[i];
		uint64_t last_ms = old->again ? old->again_ms : old->about.at_ms;

		if (same_attempt(old, d) && d->about.at_ms < last_ms + DRILL_BOOK_AGAIN_MS)
			return old;
	}
	return NULL;
}

/* Of the refused, or of the others. */
static void forget_oldest(struct drill_book *b, bool refused)
{
	size_t i = 0;

	while (i < b->n && was_refused(&b->drills[i]) != refused)
		i++;
	if (i == b->n)
		return;
	memmove(b->drills + i, b->drills + i + 1, (--b->n - i) * sizeof(*b->drills));
}

static size_t count(const struct drill_book *b, bool refused)
{
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++)
		n += was_refused(&b->drills[i]) == refused;
	return n;
}

bool drill_book_add(struct drill_book *b, const struct control_drill *d)
{
	uint64_t last = b->n ? b->drills[b->n - 1].number : 0;
	struct control_drill *old = attempt_of(b, d);
	bool refused = was_refused(d);

	if (old) {
		old->again++;
		old->again_ms = d->about.at_ms;
		memcpy(old->why, d->why, sizeof(old->why));
		return true;
	}
	if (count(b, refused) >= (refused ? DRILL_BOOK_REFUSED : DRILL_BOOK_DONE))
		forget_oldest(b, refused);
	/* A file of another make may hold more of one sort. */
	if (b->n == DRILL_BOOK_MOST)
		forget_oldest(b, !refused);
	b->drills[b->n] = *d;
	b->drills[b->n++].number = last + 1;
	return false;
}

bool drill_book_goes_back(const struct drill_book *b, uint64_t id)
{
	for (size_t i = b->n; id && i-- > 0;)
		if (b->drills[i].id == id && !was_refused(&b->drills[i]))
			return b->drills[i].back == CONTROL_BACK_UNTOLD;
	return false;
}

const struct control_drill *drill_book_back(struct drill_book *b, uint64_t id,
					    const struct control_drill *from)
{
	for (size_t i = b->n; i-- > 0;) {
		struct control_drill *d = &b->drills[i];

		if (d->id != id || was_refused(d))
			continue;
		d->back = from->back;
		d->back_us = from->back_us;
		memcpy(d->back_why, from->back_why, sizeof(d->back_why));
		return d;
	}
	return NULL;
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
