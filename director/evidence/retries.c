/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/evidence/retries.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* --- of a configuration ----------------------------------------------------------------------- */

int retries_configure(struct retries *r, const struct config *c)
{
	struct places places;
	struct retry *backends = places_make_items(&places, c, sizeof(*backends));

	if (!backends)
		return -ENOMEM;
	for (size_t i = 0; r->backends && i < places_count(&places); i++) {
		ptrdiff_t before = places_before(&r->places, &places, i);

		if (before == PLACE_NONE)
			continue;
		backends[i] = r->backends[before];
		if (places_farm(&places, i)->syn_retries != SYN_RETRIES_INHIBIT)
			backends[i].until_ms = 0;
	}
	retries_clear(r);
	r->places = places;
	r->backends = backends;
	return 0;
}

void retries_clear(struct retries *r)
{
	places_clear(&r->places);
	free(r->backends);
	r->backends = NULL;
	r->n_keys = 0;
	r->began = false;
}

/* --- counters --------------------------------------------------------------------------------- */

void retries_begin(struct retries *r)
{
	for (size_t i = 0; i < r->n_keys; i++)
		r->keys[i].seen = false;
}

struct retry_key *retries_find(struct retries *r, bool ipv6, const uint8_t *key)
{
	size_t len = ruleset_key_len(ipv6 ? SET_SERVED6 : SET_SERVED);

	for (size_t i = 0; i < r->n_keys; i++)
		if (r->keys[i].ipv6 == ipv6 && memcmp(r->keys[i].key, key, len) == 0)
			return &r->keys[i];
	return NULL;
}

struct retry_key *retries_add(struct retries *r, bool ipv6, const uint8_t *key, size_t place)
{
	struct retry_key *k;

	if (r->n_keys == RETRY_KEYS_MAX)
		return NULL;
	k = &r->keys[r->n_keys++];
	*k = (struct retry_key){.ipv6 = ipv6, .place = place};
	memcpy(k->key, key, ruleset_key_len(ipv6 ? SET_SERVED6 : SET_SERVED));
	return k;
}

/* Since the last reading; the kernel counts anew where it had forgotten the key, or has another table. */
static uint32_t more(uint64_t *counted, uint64_t packets)
{
	uint64_t n = packets >= *counted ? packets - *counted : packets;

	*counted = packets;
	return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

/* Of the first reading nobody knows when it was. */
void retries_count_repeated(struct retries *r, struct retry_key *k, uint64_t packets)
{
	uint32_t n = more(&k->repeated, packets);

	k->seen = true;
	if (r->began)
		r->backends[k->place].pending.repeated += n;
}

/* That counter may be much older than the key is known. */
void retries_count_tried(struct retries *r, struct retry_key *k, uint64_t packets)
{
	uint32_t n = more(&k->tried, packets);

	if (k->knows_tried)
		r->backends[k->place].pending.tried += n;
	k->knows_tried = true;
}

/* --- one backend ------------------------------------------------------------------------------ */

struct retry_share retry_share(const struct retry *t, uint32_t within_ms, uint64_t now_ms)
{
	struct retry_share sum = {0};

	for (size_t i = 0; i < RETRY_READINGS; i++) {
		const struct retry_reading *g = &t->readings[i];

		if (!g->at_ms || now_ms - g->at_ms >= within_ms)
			continue;
		sum.repeated += g->share.repeated;
		sum.tried += g->share.tried;
	}
	if (sum.tried < sum.repeated) /* those before the first reading are not known */
		sum.tried = sum.repeated;
	return sum;
}

bool retry_share_is_odd(struct retry_share s)
{
	return s.repeated >= RETRY_LOOK && (uint64_t)RETRY_LOOK_SHARE * s.repeated >= s.tried;
}

static void take_pending(struct retry *t, uint64_t now_ms)
{
	if (t->pending.repeated || t->pending.tried) {
		t->readings[t->next] = (struct retry_reading){.at_ms = now_ms, .share = t->pending};
		t->next = (t->next + 1) % RETRY_READINGS;
	}
	t->count += t->pending.repeated;
	if (t->pending.repeated) {
		t->first_ms = t->first_ms ? t->first_ms : now_ms;
		t->last_ms = now_ms;
	}
	t->pending = (struct retry_share){0};
}

static unsigned int look(struct retry *t, uint64_t now_ms)
{
	unsigned int what = RETRY_LOOKS;

	if (!retry_share_is_odd(retry_share(t, RETRY_LOOK_MS, now_ms)))
		return 0;
	if (!t->told_ms)
		what |= RETRY_BEGINS;
	else if (now_ms - t->told_ms >= RETRY_TELL_MS)
		what |= RETRY_STILL;
	else
		return what;
	t->told_ms = now_ms;
	return what;
}

/* While it is inhibited nobody has a reason to repeat anything. */
static unsigned int end(struct retry *t, uint64_t now_ms)
{
	bool told = t->told_ms;
	uint64_t since_ms = t->last_ms > t->released_ms ? t->last_ms : t->released_ms;

	if ((!t->first_ms && !told) || t->until_ms || now_ms - since_ms < RETRY_OVER_MS)
		return 0;
	t->first_ms = t->told_ms = 0;
	return told ? RETRY_ENDS : 0;
}

static unsigned int release(struct retry *t, uint64_t now_ms)
{
	if (!t->until_ms || now_ms < t->until_ms)
		return 0;
	t->until_ms = 0;
	t->released_ms = now_ms;
	t->first_ms = 0; /* what comes now lasts for as long as it comes */
	memset(t->readings, 0, sizeof(t->readings));
	return RETRY_RELEASES;
}

/* What there is to do; calls says that it should be inhibited, if the others allow it. */
static unsigned int step(struct retry *t, uint64_t now_ms)
{
	struct retry_share s;
	unsigned int what;

	t->calls = t->until_ms != 0;
	if (!t->first_ms && !t->told_ms && !t->pending.repeated && !t->until_ms) {
		t->pending = (struct retry_share){0};
		return 0;
	}
	take_pending(t, now_ms);
	what = release(t, now_ms);
	what |= look(t, now_ms) | end(t, now_ms);
	s = retry_share(t, RETRY_WINDOW_MS, now_ms);
	t->calls = t->until_ms || (t->first_ms && s.repeated >= RETRY_INHIBIT &&
				   (uint64_t)RETRY_INHIBIT_SHARE * s.repeated >= s.tried &&
				   t->last_ms - t->first_ms >= RETRY_LASTING_MS &&
				   now_ms - t->last_ms < RETRY_LOOK_MS);
	return what;
}

static void inhibit(struct retry *t, uint64_t now_ms)
{
	bool again = t->hold_ms && now_ms - t->released_ms < RETRY_CALM_MS;

	t->hold_ms = again ? 2 * t->hold_ms : RETRY_HOLD_MS;
	if (t->hold_ms > RETRY_HOLD_MOST_MS)
		t->hold_ms = RETRY_HOLD_MOST_MS;
	t->until_ms = now_ms + t->hold_ms;
	t->why = retry_share(t, RETRY_WINDOW_MS, now_ms);
}

/* --- all of them ------------------------------------------------------------------------------ */

static void forget_keys(struct retries *r)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->n_keys; i++)
		if (r->keys[i].seen)
			r->keys[kept++] = r->keys[i];
	r->n_keys = kept;
}

/* One of many may be sent elsewhere; when it is most of them, elsewhere is no better. */
static bool allows(const struct config_farm *farm, const struct plan_backend *known,
		   const struct retry *t)
{
	size_t calls = 0, serve = 0;

	if (farm->syn_retries != SYN_RETRIES_INHIBIT)
		return false;
	for (size_t k = 0; k < farm->n_backends; k++) {
		calls += t[k].calls;
		serve += known[k].usable && (known[k].weight || t[k].until_ms);
	}
	return 2 * calls <= serve;
}

void retries_end(struct retries *r, const struct plan_backend *const *known, uint64_t now_ms,
		 void (*done)(void *owner, size_t farm, size_t backend, unsigned int what),
		 void *owner)
{
	const struct config *c = r->places.config;

	for (size_t i = 0; i < c->n_farms; i++) {
		const struct config_farm *farm = &c->farms[i];
		struct retry *t = &r->backends[r->places.first[i]];
		unsigned int any = 0;

		for (size_t k = 0; k < farm->n_backends; k++) {
			unsigned int what = step(&t[k], now_ms);

			any |= t[k].calls;
			if (what)
				done(owner, i, k, what);
		}
		if (!any || !allows(farm, known[i], t))
			continue;
		for (size_t k = 0; k < farm->n_backends; k++)
			if (t[k].calls && !t[k].until_ms) {
				inhibit(&t[k], now_ms);
				done(owner, i, k, RETRY_INHIBITS);
			}
	}
	forget_keys(r);
	r->began = true;
}

/* --- what is known ---------------------------------------------------------------------------- */

const struct retry *retries_of(const struct retries *r, size_t farm, size_t backend)
{
	return r->backends ? &r->backends[places_of(&r->places, farm, backend)] : NULL;
}

bool retries_inhibit(const struct retries *r, size_t farm, size_t backend)
{
	const struct retry *t = retries_of(r, farm, backend);

	return t && t->until_ms;
}

const char *retry_text(const struct retry *t, char buf[static RETRY_TEXT])
{
	snprintf(buf, RETRY_TEXT,
		 "clients repeat their SYNs (%u of %u within %d s): its answers do not reach them",
		 t->why.repeated, t->why.tried, RETRY_WINDOW_MS / 1000);
	return buf;
}
