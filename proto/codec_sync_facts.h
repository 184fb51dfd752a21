/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Columns of orders, facts, buckets and views: a part of codec_sync.h, and of nobody else. */
#ifndef PROTO_CODEC_SYNC_FACTS_H
#define PROTO_CODEC_SYNC_FACTS_H

#include "include/sync.h"
#include "proto/codec_sync.h"
#include "proto/sync.pb-c.h"

enum {
	SYNC_FACT_OCTETS =
		1 + (SYNC_NAME_LEN - 1) + 2 + 1 + 1 + 1, /* at most; the last is slow's */
	SYNC_BUCKET_OCTETS = 2 + 2 + 2,
	SYNC_VIEW_OCTETS = 1 + (SYNC_NAME_LEN - 1) + 1 + 1 + 4, /* at most */
};

/* Of messages that keep the rules; bytes is borrowed by what they return. */
void codec_put_order(const struct sync_order *from, Sync__Order *ret);
void codec_put_facts(const struct sync_facts *from,
		     uint8_t bytes[static SYNC_FACT_OCTETS * SYNC_FACTS_MAX], Sync__Facts *ret);
void codec_put_buckets(const struct sync_buckets *from,
		       uint8_t bytes[static SYNC_BUCKET_OCTETS * SYNC_BUCKETS_MAX],
		       Sync__Buckets *ret);
void codec_put_views(const struct sync_views *from,
		     uint8_t bytes[static SYNC_VIEW_OCTETS * SYNC_FACTS_MAX], Sync__Views *ret);

/* Whether the values keep the rules is judged later. */
enum sync_reject codec_take_order(const Sync__Order *m, struct sync_order *ret);
enum sync_reject codec_take_facts(const Sync__Facts *m, struct sync_facts *ret);
enum sync_reject codec_take_buckets(const Sync__Buckets *m, struct sync_buckets *ret);
enum sync_reject codec_take_views(const Sync__Views *m, struct sync_views *ret);

#endif
