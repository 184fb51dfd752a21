/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/walk.h"

#include "director/ruleset/bucket.h"
#include "director/ruleset/jhash.h"
#include "director/ruleset/walk_key.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

enum { JUMPS_MAX = 64 }; /* a plan goes down only; there are fewer chains on any way */

enum run { RUN_ON, RUN_NEXT_RULE, RUN_JUMP, RUN_END };

struct walker {
	const struct ruleset *r;
	const struct walk_frame *frame;
	const struct walk_ops *ops;
	struct walk_octets octets; /* of the frame, as the rules have made it so far */
	uint32_t mark;
	size_t jump;
	struct walk_result result;
};

/* --- sets ----------------------------------------------------------------------------------------- */

struct found {
	const uint8_t *data; /* NULL: it is not there */
	uint32_t chain;
	const char *backend;
	uint8_t bytes[RULESET_DATA_MAX];
};

static bool element_has(const struct ruleset_set *set, const struct ruleset_element *e,
			const uint8_t *key, size_t len)
{
	if (ruleset_kind_is_ranges(set->kind))
		return memcmp(e->key, key, len) <= 0 && memcmp(key, e->key + len, len) <= 0;
	return memcmp(e->key, key, len) == 0;
}

static const char *name_in(const struct ruleset_set *set, uint32_t at)
{
	return set->names && at < set->n_names ? set->names[at] : NULL;
}

static struct found find_element(const struct ruleset_set *set, const uint8_t *key, size_t len)
{
	for (size_t i = 0; i < set->n_elements; i++) {
		const struct ruleset_element *e = &set->elements[i];

		if (element_has(set, e, key, len))
			return (struct found){.data = e->data,
					      .chain = e->chain,
					      .backend = name_in(set, e->backend)};
	}
	return (struct found){0};
}

static struct found find_bucket(const struct ruleset_set *set, uint32_t bucket)
{
	uint16_t owner = bucket < set->size ? set->owners[bucket] : RULESET_NO_OWNER;

	if (owner == RULESET_NO_OWNER)
		return (struct found){0};
	return (struct found){.data = set->values[owner], .backend = name_in(set, owner)};
}

/* Who of a set has that value. */
static const char *whose(const struct ruleset_set *set, const uint8_t *data, size_t len)
{
	for (uint32_t i = 0; set->values && i < set->n_values; i++)
		if (memcmp(set->values[i], data, len) == 0)
			return name_in(set, i);
	for (size_t i = 0; set->elements && i < set->n_elements; i++)
		if (memcmp(set->elements[i].data, data, len) == 0)
			return name_in(set, set->elements[i].backend);
	return NULL;
}

/* The set of a farm's backends tells the names of their numbers. */
static const char *name_of_id(const struct ruleset *r, const char *farm, uint32_t id)
{
	for (size_t i = 0; i < r->n_sets; i++) {
		const struct ruleset_set *set = &r->sets[i];

		if (set->kind == SET_BACKENDS && strcmp(set->farm, farm) == 0)
			return find_element(set, (const uint8_t *)&id, sizeof(id)).backend;
	}
	return NULL;
}

static enum walk_known ask(const struct walker *w, const struct ruleset_set *set,
			   const uint8_t *key, size_t len, struct walk_answer *ret)
{
	*ret = (struct walk_answer){0};
	return w->ops->ask ? w->ops->ask(w->ops->owner, set, key, len, ret) : WALK_UNKNOWN;
}

/* What is planned against what is there. Ranges are no elements of one key in the kernel. */
static void compare(struct walker *w, struct walk_step *step, const struct found *planned,
		    const uint8_t *key, size_t len)
{
	size_t data_len = ruleset_data_len(step->set->kind);
	struct walk_answer has;

	if (ruleset_kind_is_ranges(step->set->kind))
		return;
	step->kernel = ask(w, step->set, key, len, &has);
	if (step->kernel == WALK_UNKNOWN)
		return;
	step->kernel_differs =
		(step->kernel == WALK_PRESENT) != (planned->data != NULL) ||
		(planned->data && data_len &&
		 (has.data_len != data_len || memcmp(has.data, planned->data, data_len) != 0));
	if (step->kernel_differs && step->kernel == WALK_PRESENT && data_len)
		step->kernel_backend = whose(step->set, has.data, data_len);
	w->result.differences += step->kernel_differs;
}

static struct found find(struct walker *w, struct walk_step *step, const uint8_t *key, size_t len)
{
	struct found ret = {0};
	uint32_t number = 0;

	if (ruleset_kind_is_indexed(step->set->kind)) {
		memcpy(&number, key, sizeof(number));
		ret = find_bucket(step->set, number);
	} else {
		ret = find_element(step->set, key, len);
	}
	compare(w, step, &ret, key, len);
	step->backend = ret.backend;
	return ret;
}

/* In a set that the packet path fills. */
static struct found recall(struct walker *w, struct walk_step *step, const uint8_t *key, size_t len)
{
	bool client = ruleset_kind_is_pins(step->set->kind);
	struct walk_answer has;
	struct found ret = {0};
	uint32_t id = 0;

	step->known = ask(w, step->set, key, len, &has);
	w->result.unsure |= step->known == WALK_UNKNOWN;
	if (step->known != WALK_PRESENT)
		return ret;
	step->expires_ms = has.expires_ms;
	memcpy(&id, has.data, sizeof(id));
	ret.backend = name_of_id(w->r, step->set->farm, id);
	memcpy(ret.bytes, has.data, sizeof(ret.bytes));
	step->backend = ret.backend;
	w->result.remembered |= !client;
	w->result.pinned |= client;
	return ret;
}

/* --- statements ----------------------------------------------------------------------------------- */

static void end(struct walker *w, enum walk_end how)
{
	w->result.end = how;
}

/* What a statement finds by its chooser; false: the frame's way ends here, or the rule does. */
static enum run choose(struct walker *w, struct walk_step *step,
		       uint8_t ret[static RULESET_DATA_MAX])
{
	const struct ruleset_statement *s = step->statement;
	uint8_t key[WALK_KEY] = {0};
	size_t len = sizeof(uint32_t);
	struct found found;

	step->set = &w->r->sets[s->set];
	switch (s->by) {
	case BY_TURN:
	case BY_RANDOM:
		w->result.chooser = step->set;
		end(w, s->by == BY_TURN ? WALK_TURN : WALK_CHANCE);
		return RUN_END;
	case BY_MARK: memcpy(key, &w->mark, sizeof(w->mark)); break;
	case BY_KEY:
	case BY_HASH:
		if (!walk_reads(&w->octets, s->key))
			return RUN_NEXT_RULE;
		step->needs_port = walk_needs_port(&w->octets, s->key);
		len = walk_key(&w->octets, s->key, s->prefix, key);
		break;
	}
	if (step->needs_port && s->by == BY_HASH) {
		w->result.chooser = step->set;
		end(w, WALK_PORT);
		return RUN_END;
	}
	if (step->needs_port) /* as if it were a new connection */
		return RUN_NEXT_RULE;
	if (s->by == BY_HASH) {
		step->hash = jhash(key, len, s->seed);
		step->bucket = bucket_of_hash(step->hash, s->number);
		memcpy(key, &step->bucket, sizeof(step->bucket));
		len = sizeof(step->bucket);
		w->result.hashed = true;
		w->result.hash = step->hash;
		w->result.bucket = step->bucket;
		w->result.chooser = step->set;
	}
	if (ruleset_kind_is_dynamic(step->set->kind)) {
		found = recall(w, step, key, len);
		memcpy(ret, found.bytes, RULESET_DATA_MAX);
		return step->known == WALK_PRESENT ? RUN_ON : RUN_NEXT_RULE;
	}
	found = find(w, step, key, len);
	if (found.data)
		memcpy(ret, found.data, RULESET_DATA_MAX);
	return found.data ? RUN_ON : RUN_NEXT_RULE;
}

static enum run write_macs(struct walker *w, struct walk_step *step)
{
	uint8_t macs[RULESET_DATA_MAX];
	enum run run = choose(w, step, macs);

	if (run != RUN_ON)
		return run;
	memcpy(w->octets.link, macs, sizeof(macs));
	w->result.backend = step->backend;
	return RUN_ON;
}

static enum run set_mark(struct walker *w, struct walk_step *step)
{
	uint8_t data[RULESET_DATA_MAX];
	enum run run = choose(w, step, data);
	const char *named;

	if (run != RUN_ON)
		return run;
	memcpy(&w->mark, data, sizeof(w->mark));
	named = name_of_id(w->r, step->set->farm, w->mark);
	if (named || !ruleset_kind_is_indexed(step->set->kind))
		step->backend = named;
	return RUN_ON;
}

static enum run to_service(struct walker *w, struct walk_step *step)
{
	uint8_t key[WALK_KEY];
	struct found found;
	size_t len;

	if (!walk_reads(&w->octets, step->statement->key))
		return RUN_NEXT_RULE;
	len = walk_key(&w->octets, step->statement->key, 0, key);
	step->set = &w->r->sets[step->statement->set];
	found = find(w, step, key, len);
	if (!found.data)
		return RUN_NEXT_RULE;
	w->jump = found.chain;
	return RUN_JUMP;
}

static bool is_service(struct walker *w, const struct walk_step *step)
{
	const struct ruleset_statement *s = step->statement;
	uint8_t key[WALK_KEY];
	size_t len;

	if (!walk_reads(&w->octets, s->key))
		return false;
	len = walk_key(&w->octets, s->key, 0, key);
	return memcmp(w->r->sets[s->set].elements[s->number].key, key, len) == 0;
}

static bool source_in(struct walker *w, struct walk_step *step)
{
	const struct ruleset_statement *s = step->statement;
	const struct ruleset_set *set = &w->r->sets[s->set];
	uint8_t key[WALK_KEY];
	size_t len;

	if (!walk_reads(&w->octets, s->key))
		return false;
	len = walk_key(&w->octets, s->key, s->prefix, key);
	if (ruleset_kind_is_dynamic(set->kind)) /* a sample of SYNs: this one is new */
		return s->negate;
	step->set = set;
	return (find(w, step, key, len).data != NULL) != s->negate;
}

static bool mark_in(struct walker *w, struct walk_step *step)
{
	step->set = &w->r->sets[step->statement->set];
	return find(w, step, (const uint8_t *)&w->mark, sizeof(w->mark)).data != NULL;
}

static enum run forward(struct walker *w, struct walk_step *step)
{
	uint8_t key[MAC_LEN];

	memcpy(w->result.to.bytes, w->octets.link, MAC_LEN);
	memcpy(w->result.from.bytes, w->octets.link + MAC_LEN, MAC_LEN);
	if (step->statement->kind == ST_FORWARD) {
		memcpy(w->result.interface, step->statement->text, RULESET_IFNAME - 1);
	} else {
		memcpy(key, w->octets.link, MAC_LEN);
		step->set = &w->r->sets[step->statement->set];
		if (!find(w, step, key, sizeof(key)).data)
			return RUN_NEXT_RULE;
	}
	end(w, WALK_SENT);
	return RUN_END;
}

static enum run if_holds(bool holds)
{
	return holds ? RUN_ON : RUN_NEXT_RULE;
}

static enum run ends(struct walker *w, enum walk_end how)
{
	end(w, how);
	return RUN_END;
}

static enum run run_statement(struct walker *w, struct walk_step *step)
{
	const struct ruleset_statement *s = step->statement;
	const struct walk_frame *f = w->frame;

	switch (s->kind) {
	case ST_FOR_US:
	case ST_NOT_FOR_OTHERS:
	case ST_FROM_OTHERS: return RUN_ON;
	case ST_WHOLE:
	case ST_FIRST_FRAGMENT: return if_holds(w->frame->vip.family == AF_INET);
	case ST_LOOPED_BY_PEER:
	case ST_LATER_FRAGMENT:
	case ST_LATER6:
	case ST_PROTOCOL:
	case ST_ND:
	case ST_TOO_MANY:
	case ST_SOURCE_RATE:
	case ST_RATE: return RUN_NEXT_RULE;
	case ST_TO_SERVICE: return to_service(w, step);
	case ST_IS_SERVICE: return if_holds(is_service(w, step));
	case ST_OCTET:
		return if_holds((w->octets.transport[s->number % WALK_TRANSPORT] == s->value) !=
				s->negate);
	case ST_OCTET_ABOVE:
		return if_holds(w->octets.transport[s->number % WALK_TRANSPORT] > s->value);
	case ST_TCP_FLAGS: return if_holds(((f->flags & s->mask) == s->value) != s->negate);
	case ST_SOURCE_IN: return if_holds(source_in(w, step));
	case ST_TCP: return if_holds(f->protocol == IPPROTO_TCP);
	case ST_MARK_IN: return if_holds(mark_in(w, step));
	case ST_MACS: return write_macs(w, step);
	case ST_MACS_ARE:
		memcpy(w->octets.link, s->mac.bytes, MAC_LEN);
		memcpy(w->octets.link + MAC_LEN, s->from.bytes, MAC_LEN);
		w->result.backend = NULL;
		return RUN_ON;
	case ST_MARK: return set_mark(w, step);
	case ST_RECORD:
	case ST_ADD:
	case ST_UPDATE:
	case ST_DELETE:
	case ST_NOTE:
	case ST_NOTE_COUNT:
	case ST_LOG:
	case ST_COUNTER:
	case ST_COPY: return RUN_ON;
	case ST_FORWARD:
	case ST_FORWARD_BY_MAC: return forward(w, step);
	case ST_GOTO: w->jump = s->chain; return RUN_JUMP;
	case ST_ACCEPT: return ends(w, WALK_HOST);
	case ST_DROP: return ends(w, WALK_DROPPED);
	case ST_RESET:
	case ST_REJECT: return ends(w, WALK_ANSWERED);
	}
	return RUN_NEXT_RULE;
}

/* --- chains --------------------------------------------------------------------------------------- */

static enum run run_rule(struct walker *w, const struct ruleset_chain *chain, size_t at)
{
	const struct ruleset_rule *rule = &chain->rules[at];
	enum run run = RUN_ON;

	w->result.reason = rule->comment;
	for (size_t i = 0; run == RUN_ON && i < rule->n_statements; i++) {
		struct walk_step step = {.r = w->r,
					 .chain = chain,
					 .rule = at + 1,
					 .statement = &rule->statements[i]};

		run = run_statement(w, &step);
		step.holds = run != RUN_NEXT_RULE;
		if (w->ops->tell)
			w->ops->tell(w->ops->listener, &step);
	}
	return run;
}

static enum run run_chain(struct walker *w, const struct ruleset_chain *chain)
{
	enum run run = RUN_NEXT_RULE;

	if (chain->farm[0])
		w->result.farm = chain->farm;
	for (size_t i = 0; run != RUN_JUMP && run != RUN_END && i < chain->n_rules; i++)
		run = run_rule(w, chain, i);
	return run;
}

static const struct ruleset_chain *ingress_of(const struct ruleset *r, const char *device)
{
	const struct ruleset_chain *first = NULL;

	for (size_t i = 0; i < r->n_chains; i++) {
		if (r->chains[i].device[0] && strcmp(r->chains[i].device, device) == 0)
			return &r->chains[i];
		if (r->chains[i].device[0] && !first)
			first = &r->chains[i];
	}
	return first;
}

struct walk_result walk(const struct ruleset *r, const struct walk_frame *frame,
			const struct walk_ops *ops)
{
	struct walker w = {
		.r = r, .frame = frame, .ops = ops, .result = {.end = WALK_LOST, .farm = ""}};
	const struct ruleset_chain *chain = ingress_of(r, frame->device);
	enum run run = RUN_JUMP;

	walk_octets_init(&w.octets, frame);
	for (int n = 0; chain && run == RUN_JUMP && n < JUMPS_MAX; n++) {
		run = run_chain(&w, chain);
		if (run == RUN_JUMP)
			chain = &r->chains[w.jump];
	}
	if (run == RUN_NEXT_RULE || run == RUN_ON) { /* the policy of an ingress chain */
		w.result.end = WALK_HOST;
		w.result.reason = NULL;
	}
	return w.result;
}
