/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What backends are asked: connections to each virtual address and to their own one, then packets that
 * fill the interface's MTU, and where those are not answered the longest that are.
 *
 * A packet is filled with data behind a SYN, which a listener keeps for later (RFC 9293, 3.10.7.2) or,
 * as Linux, drops; it answers the SYN in either case.
 */
#include "director/doctor/wire_inside_uv.h"

#include <stdlib.h>

enum {
	WAIT_MS = 200,	    /* for an answer to a SYN: backends are near, and may ask for our MAC */
	SIZE_WAIT_MS = 100, /* they know it by now */
	SIZE_SMALL = 576,   /* every path takes that (RFC 791) */
	SIZE_ROUNDS = 8,    /* 4 octets of 1500 are left */
};

void wire_say_left_out(struct wire *w, size_t n)
{
	if (n > 0)
		findings_skip(w->findings, "some backends",
			      "%zu of them are too many for one time: ask for one farm", n);
}

/* --- connections ------------------------------------------------------------------------------ */

static bool begin_syn(const struct wire *w, const struct wire_backend *b, struct wire_syn *ret)
{
	const struct wire_link *link = wire_link_find(w, b->interface);

	*ret = (struct wire_syn){.backend = b->backend->address};
	if (!b->judged || !link || !wire_backend_mac(b, &ret->mac))
		return false;
	ret->ifindex = link->ifindex;
	ret->own_mac = link->mac;
	return true;
}

/* All of a backend's: the spots, then its own ports. */
static size_t put_syns(const struct wire_backend *b, const struct wire_syn *base,
		       struct wire_syn *list)
{
	size_t n = 0;

	for (size_t i = 0; i < b->n_spots; i++) {
		list[n] = *base;
		list[n].to = *b->spots[i].vip;
		list[n++].port = b->farm->ports[b->spots[i].port];
	}
	for (size_t i = 0; i < b->farm->n_ports; i++) {
		list[n] = *base;
		list[n].to = b->backend->address;
		list[n++].port = b->farm->ports[i];
	}
	return n;
}

static size_t take_answers(struct wire_backend *b, const struct wire_syn *list)
{
	size_t n = 0;

	for (size_t i = 0; i < b->n_spots; i++) {
		b->spots[i].answer = list[n].answer;
		b->spots[i].elsewhere = list[n].elsewhere;
		b->spots[i].by = list[n++].by;
	}
	for (size_t i = 0; i < b->farm->n_ports; i++)
		b->own[i] = list[n++].answer;
	return n;
}

void wire_probe_ports(struct wire *w)
{
	struct wire_syn *list = calloc(WIRE_ASKED_MAX, sizeof(*list)), base;
	size_t n = 0, at = 0, left_out = 0;

	if (!list) {
		w->findings->no_memory = true;
		return;
	}
	for (size_t i = 0; i < w->facts.n_backends; i++) {
		struct wire_backend *b = &w->facts.backends[i];

		if (!begin_syn(w, b, &base))
			continue;
		if (n + b->n_spots + b->farm->n_ports > WIRE_ASKED_MAX) {
			b->judged = false;
			left_out++;
			continue;
		}
		n += put_syns(b, &base, &list[n]);
	}
	if (n > 0)
		wire_tcp_ask(w->tcp, list, n, WAIT_MS);
	for (size_t i = 0; i < w->facts.n_backends; i++)
		if (begin_syn(w, &w->facts.backends[i], &base))
			at += take_answers(&w->facts.backends[i], &list[at]);
	free(list);
	wire_say_left_out(w, left_out);
}

/* --- sizes ------------------------------------------------------------------------------------ */

/* A search for the longest packet that arrives, of one backend. */
struct search {
	struct wire_backend *backend;
	uint16_t passes, fails;
};

/* Where the small one was answered: at a virtual address if there is one, so that it is their path. */
static bool pick_place(const struct wire_backend *b, struct wire_syn *q)
{
	for (size_t i = 0; i < b->n_spots; i++)
		if (wire_answer_takes(b->spots[i].answer)) {
			q->to = *b->spots[i].vip;
			q->port = b->farm->ports[b->spots[i].port];
			return true;
		}
	for (size_t i = 0; i < b->farm->n_ports; i++)
		if (wire_answer_takes(b->own[i])) {
			q->to = b->backend->address;
			q->port = b->farm->ports[i];
			return true;
		}
	return false;
}

static uint16_t next_size(const struct search *s)
{
	return s->passes ? (uint16_t)((s->passes + s->fails) / 2) : SIZE_SMALL;
}

/* One packet for each that is not at its end; those that fail to answer the smallest are given up. */
static void search_once(struct wire *w, struct search *searches, size_t n, struct wire_syn *list)
{
	for (size_t i = 0; i < n; i++)
		list[i].size = next_size(&searches[i]);
	wire_tcp_ask(w->tcp, list, n, SIZE_WAIT_MS);
	for (size_t i = 0; i < n; i++) {
		if (list[i].answer > WIRE_SILENT)
			searches[i].passes = list[i].size;
		else if (list[i].size < searches[i].fails)
			searches[i].fails = list[i].size;
	}
}

/* The first packets are full ones; who answers them needs no search. */
static size_t ask_full(struct wire *w, struct search *searches, struct wire_syn *list)
{
	size_t n = 0, left = 0;

	for (size_t i = 0; i < w->facts.n_backends && n < WIRE_ASKED_MAX; i++) {
		struct wire_backend *b = &w->facts.backends[i];
		struct wire_syn q;

		if (!begin_syn(w, b, &q) || !pick_place(b, &q))
			continue;
		q.size = wire_link_find(w, b->interface)->mtu;
		if (q.size <= SIZE_SMALL)
			continue;
		b->mtu = q.size;
		searches[n] = (struct search){.backend = b, .fails = q.size};
		list[n++] = q;
	}
	if (n > 0)
		wire_tcp_ask(w->tcp, list, n, SIZE_WAIT_MS);
	for (size_t i = 0; i < n; i++) {
		if (list[i].answer > WIRE_SILENT) {
			searches[i].backend->passes = list[i].size;
			continue;
		}
		searches[left] = searches[i];
		list[left++] = list[i];
	}
	return left;
}

static void skip_size(struct findings *f, const struct wire_backend *b)
{
	char what[2 * CONFIG_NAME_MAX + 60];

	snprintf(what, sizeof(what), "packet sizes of backend \"%s\" of farm \"%s\"",
		 b->backend->name, b->farm->farm->name);
	findings_skip(f, what, "it does not answer to a SYN with data, be it small or large");
}

void wire_probe_sizes(struct wire *w)
{
	struct search *searches = calloc(w->facts.n_backends + 1, sizeof(*searches));
	struct wire_syn *list = calloc(w->facts.n_backends + 1, sizeof(*list));
	size_t n = 0;

	if (!searches || !list)
		w->findings->no_memory = true;
	else
		n = ask_full(w, searches, list);
	for (unsigned int i = 0; i <= SIZE_ROUNDS && n > 0; i++) {
		size_t left = 0;

		search_once(w, searches, n, list);
		for (size_t k = 0; k < n; k++) {
			if (searches[k].passes == 0) {
				searches[k].backend->mtu = 0;
				skip_size(w->findings, searches[k].backend);
				continue;
			}
			searches[k].backend->passes = searches[k].passes;
			searches[left] = searches[k];
			list[left++] = list[k];
		}
		n = left;
	}
	free(searches);
	free(list);
}
