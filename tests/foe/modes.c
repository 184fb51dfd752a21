/* SPDX-License-Identifier: GPL-2.0-or-later */
/* foe: the wrong things, one by one. */
#include "tests/foe/foe.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

enum { MANY = 1000000 };

/* --- messages ---------------------------------------------------------------------------------- */

static bool name(struct foe *f, uint16_t number, const char *farm, const char *backend)
{
	f->out.type = SYNC_NAME;
	f->out.name = (struct sync_name){.number = number};
	snprintf(f->out.name.farm, sizeof(f->out.name.farm), "%s", farm);
	snprintf(f->out.name.backend, sizeof(f->out.name.backend), "%s", backend);
	return foe_send(f);
}

/* The client of flow i: 60,000 of an address, from 100.64.0.0 on. */
static struct sync_flow flow(const struct foe *f, uint32_t i, uint16_t backend)
{
	uint32_t host = i / 60000;
	struct sync_flow flow = {.backend = backend, .life_s = 300};

	flow.key = (struct flow_key){.vip = f->vip,
				     .client_port = (uint16_t)(1024 + i % 60000),
				     .vip_port = 80,
				     .protocol = IPPROTO_TCP};
	flow.key.client = (struct addr){.family = AF_INET,
					.bytes = {100, 64, (uint8_t)(host >> 8), (uint8_t)host}};
	return flow;
}

/* Flows first, first + 1, … of one message; news when snapshot is 0. */
static bool flows(struct foe *f, uint32_t first, size_t n, uint16_t backend, uint32_t snapshot)
{
	f->out.type = SYNC_FLOWS;
	f->out.flows.sequence = ++f->sequence;
	f->out.flows.snapshot = snapshot;
	f->out.flows.n = n;
	for (size_t i = 0; i < n; i++)
		f->out.flows.flows[i] = flow(f, first + (uint32_t)i, backend);
	return foe_send(f);
}

static bool snapshot(struct foe *f, enum sync_snapshot_step step)
{
	f->out.type = SYNC_SNAPSHOT;
	f->out.snapshot = (struct sync_snapshot){.step = (uint8_t)step};
	if (step == SYNC_SNAPSHOT_BEGIN) {
		f->out.snapshot.id = ++f->snapshot;
		f->out.snapshot.domain.n = 1;
		f->out.snapshot.domain.routers[0].section = f->section;
		f->out.snapshot.domain.routers[0].family = AF_INET;
	} else if (step == SYNC_SNAPSHOT_END) {
		f->out.snapshot.id = f->snapshot ? f->snapshot : 1;
		f->out.snapshot.sequence = ++f->sequence;
	}
	return foe_send(f);
}

static bool ack(struct foe *f, uint64_t sequence, bool current)
{
	f->out.type = SYNC_ACK;
	f->out.ack = (struct sync_ack){.sequence = sequence, .current = current};
	return foe_send(f);
}

static bool hello(struct foe *f)
{
	f->out.type = SYNC_HELLO;
	f->out.hello = (struct sync_hello){.epoch = 1};
	snprintf(f->out.hello.node, sizeof(f->out.hello.node), "%s", f->setup.self_name);
	randombytes_buf(f->out.hello.config_digest, SYNC_DIGEST_LEN);
	return foe_send(f);
}

/* --- what breaks the protocol ------------------------------------------------------------------ */

static bool play_early(struct foe *f)
{
	flows(f, 0, 1, 0, 0);
	return false;
}

static bool play_end(struct foe *f)
{
	snapshot(f, SYNC_SNAPSHOT_END);
	return false;
}

static bool play_future(struct foe *f)
{
	ack(f, 1000000000, true);
	return false;
}

static bool play_leap(struct foe *f)
{
	flows(f, 0, 1, 0, 0);
	f->sequence += 3;
	flows(f, 0, 1, 0, 0);
	return false;
}

static bool play_nonsense(struct foe *f)
{
	uint8_t bytes[300];

	randombytes_buf(bytes, sizeof(bytes));
	bytes[0] = SYNC_FLOWS;
	foe_send_octets(f, bytes, sizeof(bytes));
	return false;
}

static void up_deaf(struct foe *f)
{
	sync_link_hold(f->link, true);
}

/* --- what merely annoys ------------------------------------------------------------------------ */

static bool play_numbers(struct foe *f)
{
	return flows(f, (uint32_t)(f->turn % 60) * 1000, SYNC_FLOWS_MAX,
		     (uint16_t)randombytes_uniform(60000), 0);
}

static bool play_farms(struct foe *f)
{
	uint16_t number = (uint16_t)(f->turn % 1000);
	char farm[SYNC_NAME_LEN];

	snprintf(farm, sizeof(farm), "nobody%u", number);
	return name(f, number, farm, "nobody") &&
	       flows(f, (uint32_t)(f->turn % 60) * 1000, SYNC_FLOWS_MAX, number, 0);
}

static bool play_begins(struct foe *f)
{
	return snapshot(f, SYNC_SNAPSHOT_BEGIN);
}

static bool play_wanted(struct foe *f)
{
	return snapshot(f, SYNC_SNAPSHOT_WANTED);
}

/* An empty snapshot, and then it never agrees. */
static bool play_digests(struct foe *f)
{
	if (f->turn == 0)
		return snapshot(f, SYNC_SNAPSHOT_BEGIN) && snapshot(f, SYNC_SNAPSHOT_END);
	f->out.type = SYNC_DIGEST;
	f->out.digest = (struct sync_digest){
		.sequence = f->sequence, .flows = f->turn, .flows_sum = f->turn};
	f->out.digest.domain.n = 1;
	f->out.digest.domain.routers[0].section = f->section;
	f->out.digest.domain.routers[0].family = AF_INET;
	return foe_send(f);
}

static bool play_hellos(struct foe *f)
{
	return hello(f);
}

static bool play_names(struct foe *f)
{
	return name(f, (uint16_t)f->turn, f->farm, f->backend);
}

static bool play_turns(struct foe *f)
{
	return ack(f, f->heard_sequence, f->turn % 2);
}

/* One flow in a message, which begins and ends in turn. */
static bool play_crumbs(struct foe *f)
{
	if (f->turn == 0)
		return name(f, 1, f->farm, f->backend) && snapshot(f, SYNC_SNAPSHOT_BEGIN) &&
		       snapshot(f, SYNC_SNAPSHOT_END);
	f->out.type = SYNC_FLOWS;
	f->out.flows.sequence = ++f->sequence;
	f->out.flows.snapshot = 0;
	f->out.flows.n = 1;
	f->out.flows.flows[0] = flow(f, (uint32_t)(f->turn / 2 % 1000), 1);
	if (f->turn % 2 == 0)
		f->out.flows.flows[0].life_s = 0;
	return foe_send(f);
}

/* Snapshots in turn of a million flows and of none. */
static bool play_million(struct foe *f)
{
	uint64_t at = f->turn % (MANY / SYNC_FLOWS_MAX + 4);

	if (at == 0)
		return name(f, 1, f->farm, f->backend) && snapshot(f, SYNC_SNAPSHOT_BEGIN);
	if (at <= MANY / SYNC_FLOWS_MAX)
		return flows(f, (uint32_t)(at - 1) * SYNC_FLOWS_MAX, SYNC_FLOWS_MAX, 1,
			     f->snapshot);
	return snapshot(f, at % 2 ? SYNC_SNAPSHOT_END : SYNC_SNAPSHOT_BEGIN);
}

/* More flows than the table of the farm has room for, and none of them ends. */
static bool play_overflow(struct foe *f)
{
	if (f->turn == 0)
		return name(f, 1, f->farm, f->backend) && snapshot(f, SYNC_SNAPSHOT_BEGIN);
	return flows(f, (uint32_t)(f->turn - 1) * SYNC_FLOWS_MAX, SYNC_FLOWS_MAX, 1, f->snapshot);
}

/*
 * About drills: to fall silent, by force, for ever or for as long as one may ask, and answers that nobody
 * waits for. A graceful one, which hands over as an operator would, is not among them.
 */
enum { FOE_SILENCE_MS = 20000 };

static bool play_drills(struct foe *f)
{
	uint8_t step = (uint8_t)(SYNC_DRILL_ASK + f->turn % SYNC_DRILL_REPORT);
	bool answers = step != SYNC_DRILL_ASK && step != SYNC_DRILL_REPORT;
	struct sync_drill *d = &f->out.drill;

	f->out.type = SYNC_DRILL;
	*d = (struct sync_drill){
		.id = 1 + f->turn / SYNC_DRILL_REPORT,
		.step = step,
		.kind = (uint8_t)(SYNC_DRILL_CRASH + f->turn / SYNC_DRILL_REPORT % 4),
		.force = step == SYNC_DRILL_ASK,
		.asker_yields = step == SYNC_DRILL_ASK && f->turn / SYNC_DRILL_REPORT % 8 < 4,
		.limit_ms = step != SYNC_DRILL_ASK	      ? 0
			    : f->turn / SYNC_DRILL_REPORT & 1 ? UINT32_MAX
							      : FOE_SILENCE_MS,
		.at_us = f->turn + 1,
		.heard_us = answers ? UINT64_MAX : 0,
		.lost = step == SYNC_DRILL_REPORT ? UINT64_MAX : 0,
	};
	if (step == SYNC_DRILL_REFUSED)
		snprintf(d->why, sizeof(d->why), "no");
	return foe_send(f);
}

/*
 * About reloads that have to be confirmed: asks for one of a file that there is not, and says everything
 * else about it that nobody waits for.
 */
static bool play_reloads(struct foe *f)
{
	struct sync_provisional *p = &f->out.provisional;

	f->out.type = SYNC_PROVISIONAL;
	*p = (struct sync_provisional){
		.id = 1 + f->turn / SYNC_PROVISIONAL_LAST,
		.step = (uint8_t)(SYNC_PROVISIONAL_ASK + f->turn % SYNC_PROVISIONAL_LAST),
	};
	if (p->step == SYNC_PROVISIONAL_ASK)
		p->limit_ms = SYNC_PROVISIONAL_MIN_MS;
	if (p->step == SYNC_PROVISIONAL_REFUSED)
		snprintf(p->why, sizeof(p->why), "no");
	return foe_send(f);
}

/* Asks for a configuration from everywhere, and tells what nobody asked. */
static bool play_copies(struct foe *f)
{
	struct sync_copy *c = &f->out.copy;

	f->out.type = SYNC_COPY;
	*c = (struct sync_copy){.id = 1 + f->turn / 8, .step = SYNC_COPY_ASK};
	switch (f->turn % 8) {
	case 5: c->at = randombytes_uniform(SYNC_COPY_MAX); break;
	case 6:
		c->step = SYNC_COPY_PIECE;
		memset(c->text, '@', SYNC_COPY_OCTETS);
		break;
	case 7:
		c->step = SYNC_COPY_REFUSED;
		snprintf(c->why, sizeof(c->why), "no");
		break;
	default: break;
	}
	return foe_send(f);
}

/*
 * Asked for its configuration it tells one without end, an answer to something else, what only looks like
 * one, nothing, or a thousand pieces at once: in turns.
 */
static bool play_lies(struct foe *f)
{
	struct sync_copy *c = &f->out.copy;
	uint64_t kind;

	if (f->asked.id == 0)
		return true;
	f->out.type = SYNC_COPY;
	*c = (struct sync_copy){.id = f->asked.id, .step = SYNC_COPY_PIECE, .at = f->asked.at};
	if (c->at == 0)
		f->lies++;
	f->asked.id = 0;
	kind = f->lies % 5;
	if (kind == 0) {
		memset(c->text, 'x', SYNC_COPY_OCTETS);
		return foe_send(f);
	}
	snprintf(c->text, sizeof(c->text), "@part x\n@node a\n@part farm www\n\n@digests alike\n");
	if (kind == 1)
		c->at += 7;
	c->last = kind == 2;
	for (int i = 0; kind != 3 && i < (kind == 4 ? 1000 : 1); i++)
		foe_send(f);
	return true;
}

/*
 * Offers a configuration. Asked for it, it gives in turns: what would open a file, what would run something, what
 * is none, another size than was offered, pieces of something else. And it says the rest, which nobody waits for.
 */
static bool play_pushes(struct foe *f)
{
	static const char *const texts[] = {
		"include(\"/etc/passwd\")",
		"farm \"x\" { allow = \"@/etc/passwd\" }",
		"farm \"x\" { check \"c\" { type = \"command\" command = \"touch /tmp/foe\" } }",
		"farm { { {",
		"farm \"x\" { address = \"10.77.0.100\" ports = \"81\" }",
	};
	struct sync_push *p = &f->out.push;
	const char *text = texts[f->turn / 8 % (sizeof(texts) / sizeof(texts[0]))];

	f->out.type = SYNC_PUSH;
	*p = (struct sync_push){.id = 1 + f->turn / 8, .step = SYNC_PUSH_READY};
	if (f->wants.id) {
		p->id = f->wants.id;
		p->step = SYNC_PUSH_PIECE;
		p->at = f->wants.at + (f->turn % 16 == 15);
		text = texts[(p->id - 1) % (sizeof(texts) / sizeof(texts[0]))];
		p->last = true;
		snprintf(p->text, sizeof(p->text), "%s", text);
		f->wants.id = 0;
		return foe_send(f);
	}
	switch (f->turn % 8) {
	case 0:
		p->step = SYNC_PUSH_OFFER;
		text = texts[(p->id - 1) % (sizeof(texts) / sizeof(texts[0]))];
		p->size = (uint32_t)strlen(text) + (f->turn % 64 == 0);
		break;
	case 1: p->step = SYNC_PUSH_ASK; break;
	case 2:
		p->step = SYNC_PUSH_PIECE;
		snprintf(p->text, sizeof(p->text), "%s", text);
		break;
	case 3:
		p->step = SYNC_PUSH_REFUSED;
		p->id++;
		snprintf(p->why, sizeof(p->why), "no");
		break;
	default: break;
	}
	return foe_send(f);
}

/* --- the table --------------------------------------------------------------------------------- */

static const struct foe_mode modes[] = {
	{"quiet", "does as it should, and has nothing to tell", false, false, false, NULL, NULL, 0},
	{"silent", "never says who it is", true, true, false, NULL, NULL, 0},
	{"early", "speaks before its hello", true, true, false, NULL, play_early, 0},
	{"deaf", "reads nothing", false, true, false, up_deaf, NULL, 0},
	{"mute", "acknowledges nothing", false, true, false, NULL, NULL, 0},
	{"end", "ends a snapshot that did not begin", false, false, false, NULL, play_end, 0},
	{"future", "acknowledges what was not sent", false, true, false, NULL, play_future, 0},
	{"leap", "leaves out a number", false, false, false, NULL, play_leap, 0},
	{"nonsense", "seals octets at random", false, false, false, NULL, play_nonsense, 0},
	{"numbers", "flows of numbers without a name", false, false, false, NULL, play_numbers, 0},
	{"farms", "flows of farms that nobody has", false, false, false, NULL, play_farms, 0},
	{"begins", "begins snapshots and ends none", false, false, false, NULL, play_begins, 0},
	{"wanted", "asks for snapshots", false, false, false, NULL, play_wanted, 0},
	{"digests", "never agrees", false, false, false, NULL, play_digests, 0},
	{"hellos", "another configuration each time", false, false, false, NULL, play_hellos, 0},
	{"names", "gives every number a name, again and again", false, false, false, NULL,
	 play_names, 0},
	{"drills", "asks for drills, and answers what nobody asked", false, false, false, NULL,
	 play_drills, 0},
	{"reloads", "asks for reloads to be confirmed, and goes on about them", false, false, false,
	 NULL, play_reloads, SYNC_FEATURE_PROVISIONAL},
	{"copies", "asks for a configuration, and tells what nobody asked", false, false, false,
	 NULL, play_copies, SYNC_FEATURE_COPY},
	{"lies", "tells a configuration that is none", false, false, false, NULL, play_lies,
	 SYNC_FEATURE_COPY},
	{"pushes", "offers configurations, and says what nobody waits for", false, false, false,
	 NULL, play_pushes, SYNC_FEATURE_PROVISIONAL | SYNC_FEATURE_PUSH},
	{"turns", "is current and is not", false, true, false, NULL, play_turns, 0},
	{"crumbs", "a message for each flow", false, false, false, NULL, play_crumbs, 0},
	{"million", "a million flows, and then none", false, false, true, NULL, play_million, 0},
	{"overflow", "flows without end", false, false, true, NULL, play_overflow, 0},
};

const struct foe_mode *foe_mode(const char *wanted)
{
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(modes[i].name, wanted) == 0)
			return &modes[i];
	return NULL;
}

void foe_list_modes(void)
{
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		printf("  %-10s %s\n", modes[i].name, modes[i].what);
}
