/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What directorctl may be answered: refused, or a reply that means the same after it was packed and
 * read again. tests/unit/t_codec.c replays the corpus with the same expectations.
 */
#include "proto/codec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
	if (!good)
		abort();
}

#define ENDS(text) check(memchr((text), '\0', sizeof(text)) != NULL)

static void check_farm(const struct status_farm *f)
{
	ENDS(f->name);
	ENDS(f->state);
	ENDS(f->reason);
	ENDS(f->scheduler);
	ENDS(f->services);
	check(f->backends != NULL);
	for (size_t i = 0; i < f->n_backends; i++) {
		ENDS(f->backends[i].name);
		ENDS(f->backends[i].address);
		ENDS(f->backends[i].mac);
		ENDS(f->backends[i].state);
		ENDS(f->backends[i].admin_state);
		ENDS(f->backends[i].configured_state);
	}
	check(f->n_drops <= STATUS_DROPS_MAX && f->n_tables <= STATUS_TABLES_MAX);
	for (size_t i = 0; i < f->n_drops; i++)
		ENDS(f->drops[i].reason);
	for (size_t i = 0; i < f->n_tables; i++)
		ENDS(f->tables[i].name);
}

static void check_vrrp(const struct status_vrrp *v)
{
	ENDS(v->name);
	ENDS(v->state);
	ENDS(v->interface);
	ENDS(v->reason);
	ENDS(v->master);
	ENDS(v->error);
	check(v->addresses != NULL);
	for (size_t i = 0; i < v->n_addresses; i++)
		ENDS(v->addresses[i]);
}

static void check_channel(const struct status_channel *c)
{
	ENDS(c->trouble);
	ENDS(c->ended);
	check(c->rejected.n <= STATUS_REASONS_MAX);
	for (size_t i = 0; i < c->rejected.n; i++)
		ENDS(c->rejected.at[i].reason);
}

static void check_reply(const struct control_reply *r)
{
	const struct status *s = &r->status;

	check(r->text && r->code >= 0 && r->code <= 255);
	check(r->has_status || !(s->vrrps || s->peers || s->farms || s->stragglers || s->claims));
	ENDS(s->node);
	ENDS(s->version);
	ENDS(s->config_digest);
	for (size_t i = 0; i < s->n_vrrps; i++)
		check_vrrp(&s->vrrps[i]);
	for (size_t i = 0; i < s->n_peers; i++) {
		ENDS(s->peers[i].node);
		ENDS(s->peers[i].address);
		ENDS(s->peers[i].state);
		ENDS(s->peers[i].sync);
		check_channel(&s->peers[i].channel);
	}
	for (size_t i = 0; i < s->n_stragglers; i++) {
		ENDS(s->stragglers[i].mac);
		ENDS(s->stragglers[i].address);
		ENDS(s->stragglers[i].interface);
	}
	for (size_t i = 0; i < s->n_claims; i++) {
		ENDS(s->claims[i].address);
		ENDS(s->claims[i].mac);
		ENDS(s->claims[i].farm);
		ENDS(s->claims[i].backend);
	}
	for (size_t i = 0; i < s->n_farms; i++)
		check_farm(&s->farms[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct control_reply first = {0}, second = {0};
	size_t len = 0, again_len = 0;
	uint8_t *bytes, *again;
	int err = codec_unpack_reply(data, size, &first);

	check(err == 0 || (err == -EBADMSG && !first.text));
	if (err)
		return 0;
	check_reply(&first);
	bytes = codec_pack_reply(&first, &len);
	check(bytes != NULL);
	check(codec_unpack_reply(bytes + CODEC_LENGTH, len - CODEC_LENGTH, &second) == 0);
	check(second.code == first.code && strcmp(second.text, first.text) == 0);
	again = codec_pack_reply(&second, &again_len);
	check(again && len == again_len && memcmp(bytes, again, len) == 0);
	control_reply_clear(&first);
	control_reply_clear(&second);
	free(bytes);
	free(again);
	return 0;
}
