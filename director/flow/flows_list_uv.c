/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is remembered, for whoever asks: a page of the index, and of that what the kernel has. */
#include "director/flow/flows_inside_uv.h"
#include "director/flow/flows_uv.h"

#include <netinet/in.h>
#include <stdio.h>

enum { LIST_SLOTS = 262144 }; /* of one page */

/* False: a pin of a farm that keeps no clients any more. */
static bool fill_entry(struct flows *f, size_t i, struct flow_entry *ret)
{
	const struct flow_record *r = &f->records[i];
	const struct flow_book_farm *farm = flows_farm(f, r->farm);

	*ret = (struct flow_entry){.key = r->key, .expires_ms = f->answers[i].expires_ms};
	if (farm && flow_is_pin(&r->key))
		ret->prefix = farm->prefixes[r->key.client.family == AF_INET6];
	if (flow_is_pin(&r->key) && (!farm || !farm->pin_s || !ret->prefix))
		return false;
	snprintf(ret->farm, FLOW_NAME, "%s", flow_index_farm_name(flows_index(f), r->farm));
	snprintf(ret->backend, FLOW_NAME, "%s",
		 flow_index_backend_name(flows_index(f), r->backend));
	return true;
}

static bool make_filter(struct flows *f, const struct flow_query *query, struct flow_filter *ret)
{
	*ret = (struct flow_filter){.farm = FLOW_ANY,
				    .backend = FLOW_ANY,
				    .kinds = query->pins ? FLOW_PINS_ONLY : FLOW_NO_PINS};
	if (!query->pins)
		ret->client = query->client;
	if (query->farm[0]) {
		ret->farm = flow_index_find_farm(flows_index(f), query->farm);
		if (ret->farm == FLOW_ANY)
			return false;
	}
	if (query->backend[0]) {
		ret->backend = flow_index_find_backend(flows_index(f), ret->farm, query->backend);
		return ret->backend != FLOW_ANY;
	}
	return true;
}

/* A client is behind one pin of each farm, by its prefix. Keeps those of f->records; how many. */
static size_t keep_pins_of(struct flows *f, const struct addr *client, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		const struct flow_book_farm *farm = flows_farm(f, f->records[i].farm);
		struct flow_key pin;

		if (farm && flow_book_pin(farm, client, &pin) &&
		    addr_equal(&pin.client, &f->records[i].key.client))
			f->records[kept++] = f->records[i];
	}
	return kept;
}

size_t flows_list(struct flows *f, const struct flow_query *query, struct flow_cursor *cursor,
		  struct flow_entry *out, size_t room)
{
	struct flow_filter filter;
	uint32_t slots = 0;
	size_t n = 0;

	if (!f->file || !make_filter(f, query, &filter)) {
		cursor->done = true;
		return 0;
	}
	for (; slots < LIST_SLOTS && n < room && !cursor->done; slots += FLOWS_WALK_SLOTS) {
		size_t most = room - n < FLOWS_PIECE ? room - n : FLOWS_PIECE;
		size_t got = flow_index_walk(flows_index(f), cursor, &filter, FLOWS_WALK_SLOTS,
					     f->records, most);

		if (query->pins && addr_len(&query->client))
			got = keep_pins_of(f, &query->client, got);
		if (got && !flows_confirm(f, got, true))
			continue;
		for (size_t i = 0; i < got; i++)
			if (f->answers[i].present && fill_entry(f, i, &out[n]))
				n++;
	}
	return n;
}
