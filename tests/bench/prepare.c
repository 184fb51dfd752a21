/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/bench/prepare.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	FILL_AT_ONCE = 60000,
	SETTLE_PAUSES = 1500, /* of 20 ms */
};

/* The text of a file of rulesets/, with "%buckets N%" written out. Allocated, or NULL. */
static char *ruleset_text(const char *name)
{
	char path[256], line[512], *text = NULL;
	size_t size;
	FILE *in, *out;

	snprintf(path, sizeof(path), "tests/bench/rulesets/%s.nft", name);
	in = fopen(path, "r");
	if (!in)
		return NULL;
	out = open_memstream(&text, &size);
	while (fgets(line, sizeof(line), in)) {
		char *at = strstr(line, "%buckets ");
		unsigned int n = at ? (unsigned int)strtoul(at + 9, NULL, 10) : 0;

		fprintf(out, "%.*s", at ? (int)(at - line) : -1, line);
		for (unsigned int i = 0; i < n; i++)
			fprintf(out, "%u : 0x20000000015%02x000000000a,\n", i, i % 4);
		if (at)
			fputs(strchr(at + 1, '%') + 1, out);
	}
	fclose(in);
	fclose(out);
	return text;
}

static int load_file(const char *name)
{
	char *text = ruleset_text(name);
	int err = text ? place_load(text) : -ENOENT;

	free(text);
	return err;
}

struct frame_ends prepare_ends(const struct bench_case *c, const struct place *place)
{
	struct frame_ends e = {.to = place->mac,
			       .from = {{2, 0, 0, 0, 0, 9}},
			       .client = addr_v4(0xc6120000), /* 198.18.0.0/15, RFC 2544 */
			       .vip = planned_vip(&c->shape),
			       .port = PLANNED_PORT};

	if (c->traffic.ipv6)
		addr_parse("2001:db8::1:0", &e.client);
	return e;
}

/* Waits until the tables hold n flows: what was deleted counts until the kernel collects it. */
static int settle(const struct planned *p, uint64_t n)
{
	const struct timespec pause = {.tv_nsec = 20000000};
	uint64_t held = 0;
	int err = planned_flows(p, &held);

	for (int i = 0; i < SETTLE_PAUSES && !err && held != n; i++) {
		nanosleep(&pause, NULL);
		err = planned_flows(p, &held);
	}
	return err == -EOPNOTSUPP ? 0 : err;
}

/*
 * Each flow is opened and answered by its client, one after the other; so many at once as there is
 * room for in the table of half-open connections, which holds each of them until it is collected.
 * p: NULL for a ruleset of a file.
 */
static int fill(const struct bench_case *c, const struct place *place, const struct planned *p)
{
	struct frame_ends ends = prepare_ends(c, place);
	struct traffic opening = c->traffic;
	struct frames f;
	double ns;
	int err;

	opening.flows = c->fill;
	opening.in_turn = true;
	opening.train = 1;
	opening.first_flags = FRAMES_SYN;
	opening.flags = FRAMES_ACK;
	err = frames_open(&f, &opening, &ends);
	for (uint32_t done = 0, n; !err && done < c->fill; done += n) {
		n = c->fill - done < FILL_AT_ONCE ? c->fill - done : FILL_AT_ONCE;
		err = frames_send(&f, place->ifindex, 2 * n, &ns);
		if (!err && p)
			err = settle(p, done + n);
	}
	frames_close(&f);
	return err;
}

/* The tables must hold the flows that the case is about, where the kernel tells. */
static int check_filled(const struct bench_case *c, const struct planned *p, int64_t *ret_held,
			struct err *err)
{
	uint64_t held = 0;

	if (planned_flows(p, &held) != 0)
		return 0;
	*ret_held = (int64_t)held;
	if (held == c->fill)
		return 0;
	return err_set(err, -EINVAL, "its tables hold %llu flows, not %u", (unsigned long long)held,
		       c->fill);
}

static int prepare_planned(const struct bench_case *c, const struct place *place, int64_t *ret_held,
			   struct err *err)
{
	struct planned p;
	int code = planned_init(&p, &c->shape, place, err);

	if (!code)
		code = planned_make(&p);
	if (!code)
		code = planned_commit(&p, err);
	if (!code && c->fill)
		code = fill(c, place, &p);
	if (!code && c->fill)
		code = check_filled(c, &p, ret_held, err);
	planned_clear(&p);
	return code;
}

int prepare(const struct bench_case *c, const struct place *place, int64_t *ret_held,
	    struct err *err)
{
	int code;

	*ret_held = -1;
	if (!c->nft)
		return prepare_planned(c, place, ret_held, err);
	code = load_file(c->nft);
	return code || !c->fill ? code : fill(c, place, NULL);
}
