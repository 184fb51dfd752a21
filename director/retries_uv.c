/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads which backends' clients send their SYNs again (retries.h), has those looked at, and says so.
 *
 * Shell: through the keeper's socket. The set of what was sent again is empty while all is well, and then
 * nothing else is read.
 */
#include "director/director.h"
#include "include/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* To find whose a key is, is a walk through all farms; the others have their turn in the next reading. */
enum { FOUND_AT_ONCE = 64 };

struct reading {
	struct director *d;
	bool ipv6;
	unsigned int walks;
};

/* --- whose it is ------------------------------------------------------------------------------ */

static bool has_service(const struct config_farm *farm, const struct addr *vip, uint16_t port)
{
	bool there = false;

	for (size_t i = 0; i < farm->n_ports && !there; i++)
		there = farm->ports[i].first <= port && port <= farm->ports[i].last;
	for (size_t i = 0; i < farm->n_addresses && there; i++)
		if (addr_equal(&farm->addresses[i], vip))
			return farm->protocol & PROTOCOL_TCP;
	return false;
}

/* A key: address, port in two octets of four, MAC. Of two with the same MAC it is the first. */
static ptrdiff_t place_of_key(const struct director *d, bool ipv6, const uint8_t *key)
{
	const struct plan_facts *facts = &d->facts.plan;
	struct addr vip = {.family = ipv6 ? AF_INET6 : AF_INET};
	const uint8_t *rest = key + addr_len(&vip);
	struct mac mac;

	memcpy(vip.bytes, key, addr_len(&vip));
	memcpy(mac.bytes, rest + 4, MAC_LEN);
	for (size_t i = 0; i < facts->config->n_farms; i++) {
		const struct config_farm *farm = &facts->config->farms[i];

		if (!has_service(farm, &vip, (uint16_t)(rest[0] << 8 | rest[1])))
			continue;
		for (size_t k = 0; k < farm->n_backends; k++)
			if (mac_equal(&facts->backends[i][k].mac, &mac))
				return (ptrdiff_t)places_of(&d->retries.places, i, k);
	}
	return PLACE_NONE;
}

/* --- reading ---------------------------------------------------------------------------------- */

static void repeated(void *data, const struct kernel_sender *e)
{
	struct reading *g = data;
	struct retries *r = &g->d->retries;
	struct retry_key *k = retries_find(r, g->ipv6, e->key);
	ptrdiff_t place;

	if (!k && g->walks++ < FOUND_AT_ONCE) {
		place = place_of_key(g->d, g->ipv6, e->key);
		k = place == PLACE_NONE ? NULL : retries_add(r, g->ipv6, e->key, (size_t)place);
	}
	if (k)
		retries_count_repeated(r, k, e->packets);
}

static void tried(void *data, const struct kernel_sender *e)
{
	struct reading *g = data;
	struct retry_key *k = retries_find(&g->d->retries, g->ipv6, e->key);

	if (k)
		retries_count_tried(&g->d->retries, k, e->packets);
}

/* 0 or negative errno. */
static int read_family(struct reading *g, bool ipv6)
{
	struct keeper *k = g->d->keeper;
	int err;

	g->ipv6 = ipv6;
	if (ruleset_find_set(keeper_planned(k), ipv6 ? PLAN_RETRIED6 : PLAN_RETRIED) < 0)
		return 0;
	err = keeper_senders(k, ipv6 ? PLAN_RETRIED6 : PLAN_RETRIED, repeated, g);
	if (err >= 0 && g->d->retries.n_keys)
		err = keeper_senders(k, ipv6 ? PLAN_TRIED6 : PLAN_TRIED, tried, g);
	return err;
}

/* --- what comes of it ------------------------------------------------------------------------- */

static void say(const struct director *d, size_t farm, size_t backend, unsigned int what)
{
	const struct config_farm *f = &d->config->farms[farm];
	const char *name = f->backends[backend].name;
	const struct retry *t = retries_of(&d->retries, farm, backend);
	struct retry_share s = retry_share(t, RETRY_LOOK_MS, uv_now(d->loop));
	const struct log_about *about = LOG_OF(.farm = f->name, .backend = name);
	char text[RETRY_TEXT];

	if (what & (RETRY_BEGINS | RETRY_STILL))
		log_about(LOG_LEVEL_WARNING, about,
			  "farm \"%s\": clients of backend \"%s\" %srepeat their SYNs, %u of %u "
			  "within %d s: its answers may not reach them; it is checked at once",
			  f->name, name, what & RETRY_STILL ? "still " : "", s.repeated, s.tried,
			  RETRY_LOOK_MS / 1000);
	if (what & RETRY_INHIBITS)
		log_about(LOG_LEVEL_WARNING, about,
			  "farm \"%s\": backend \"%s\" gets no new connections for %u s: %s",
			  f->name, name, t->hold_ms / 1000, retry_text(t, text));
	if (what & RETRY_RELEASES)
		log_about(LOG_LEVEL_INFO, about, "farm \"%s\": backend \"%s\" is tried again",
			  f->name, name);
	if (what & RETRY_ENDS)
		log_about(LOG_LEVEL_INFO, about,
			  "farm \"%s\": clients of backend \"%s\" have not repeated a SYN for %d s",
			  f->name, name, RETRY_OVER_MS / 1000);
}

static void done(void *owner, size_t farm, size_t backend, unsigned int what)
{
	struct director *d = owner;

	say(d, farm, backend, what);
	if (what & RETRY_LOOKS)
		health_look_at(d->health, farm, backend);
	if (what & (RETRY_INHIBITS | RETRY_RELEASES))
		director_backend_changed(d, &d->config->farms[farm].backends[backend].address);
}

void director_look_for_retries(struct director *d)
{
	struct reading g = {.d = d};
	int err;

	if (!d->retries.backends || d->facts.plan.config != d->retries.places.config)
		return;
	retries_begin(&d->retries);
	err = read_family(&g, false);
	if (err >= 0)
		err = read_family(&g, true);
	if (err < 0) /* what was not read to its end is forgotten by nobody */
		for (size_t i = 0; i < d->retries.n_keys; i++)
			d->retries.keys[i].seen = true;
	retries_end(&d->retries, d->facts.plan.backends, uv_now(d->loop), done, d);
}

void director_show_retries(const struct director *d, size_t farm, size_t backend,
			   struct status_backend *s)
{
	const struct config_farm *f = &d->config->farms[farm];
	const struct retry *t = retries_of(&d->retries, farm, backend);
	uint64_t now_ms = uv_now(d->loop);
	struct retry_share share;

	s->syn_retries = s->inhibited_ms = STATUS_UNKNOWN;
	if (!t || f->syn_retries == SYN_RETRIES_OFF || !(f->protocol & PROTOCOL_TCP))
		return;
	share = retry_share(t, RETRY_WINDOW_MS, now_ms);
	s->syn_retries = t->count;
	s->syn_repeated = share.repeated;
	s->syn_tried = share.tried;
	if (t->until_ms)
		s->inhibited_ms = t->until_ms > now_ms ? t->until_ms - now_ms : 0;
}
