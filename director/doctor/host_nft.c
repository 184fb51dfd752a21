/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/doctor/host_nft.h"

#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>
#include <libnftnl/expr.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

enum {
	INET_INGRESS = 5, /* NF_INET_INGRESS */
	AT_PROTOCOL = 9,  /* places in the headers */
	AT_SOURCE = 12,
	AT_TO = 16,
	AT_SOURCE6 = 8,
	AT_TO6 = 24,
	AT_PORT = 2,
};

static const struct {
	uint8_t number;
	const char *name;
} families[] = {
	{NFPROTO_NETDEV, "netdev"},
	{NFPROTO_INET, "inet"},
	{NFPROTO_IPV4, "ip"},
	{NFPROTO_IPV6, "ip6"},
};

/* "" for one that is of no interest. */
static const char *family_name(uint32_t number)
{
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (families[i].number == number)
			return families[i].name;
	return "";
}

uint8_t host_nft_family(const char *name)
{
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (strcmp(families[i].name, name) == 0)
			return families[i].number;
	return 0;
}

static bool is_ours(uint32_t family, const char *table)
{
	return family == NFPROTO_NETDEV &&
	       (strcmp(table, RULESET_TABLE) == 0 || strcmp(table, RULESET_STRAGGLERS) == 0);
}

/* --- chains ----------------------------------------------------------------------------------- */

static enum host_hook hook_of(uint32_t family, uint32_t number)
{
	if (family == NFPROTO_NETDEV)
		return number == NF_NETDEV_INGRESS ? HOOK_INGRESS : HOOK_NONE;
	switch (number) {
	case NF_INET_PRE_ROUTING: return HOOK_PREROUTING;
	case NF_INET_LOCAL_IN: return HOOK_INPUT;
	case NF_INET_FORWARD: return HOOK_FORWARD;
	case INET_INGRESS: return HOOK_INGRESS;
	default: return HOOK_NONE;
	}
}

static void add_chain(struct host_facts *facts, const struct host_chain *chain, const char *device)
{
	struct host_chain *added;

	if (facts->n_chains == HOST_CHAINS_MAX)
		return;
	added = &facts->chains[facts->n_chains++];
	*added = *chain;
	snprintf(added->device, sizeof(added->device), "%s", device);
}

void host_nft_chain(struct host_facts *facts, const struct nftnl_chain *c)
{
	uint32_t family = nftnl_chain_get_u32(c, NFTNL_CHAIN_FAMILY);
	const char *table = nftnl_chain_get_str(c, NFTNL_CHAIN_TABLE);
	const char *name = nftnl_chain_get_str(c, NFTNL_CHAIN_NAME);
	const char *const *devices = nftnl_chain_get_data(c, NFTNL_CHAIN_DEVICES, &(uint32_t){0});
	struct host_chain chain = {0};

	if (!table || !name || !family_name(family)[0] || is_ours(family, table))
		return;
	snprintf(chain.family, sizeof(chain.family), "%s", family_name(family));
	snprintf(chain.table, sizeof(chain.table), "%s", table);
	snprintf(chain.name, sizeof(chain.name), "%s", name);
	if (nftnl_chain_is_set(c, NFTNL_CHAIN_HOOKNUM)) {
		chain.hook = hook_of(family, nftnl_chain_get_u32(c, NFTNL_CHAIN_HOOKNUM));
		chain.priority = nftnl_chain_get_s32(c, NFTNL_CHAIN_PRIO);
		chain.drops = nftnl_chain_is_set(c, NFTNL_CHAIN_POLICY) &&
			      nftnl_chain_get_u32(c, NFTNL_CHAIN_POLICY) == NF_DROP;
	}
	if (nftnl_chain_is_set(c, NFTNL_CHAIN_DEV))
		add_chain(facts, &chain, nftnl_chain_get_str(c, NFTNL_CHAIN_DEV));
	else if (devices)
		for (; *devices; devices++)
			add_chain(facts, &chain, *devices);
	else
		add_chain(facts, &chain, "");
}

/* --- rules ------------------------------------------------------------------------------------ */

enum field {
	FIELD_OTHER,
	FIELD_PROTOCOL,
	FIELD_VERSION,
	FIELD_DEVICE, /* the interface by which it came */
	FIELD_DEVICE_INDEX,
	FIELD_SOURCE,
	FIELD_TO,
	FIELD_PORT,
};

/* A rule, expression by expression. */
struct reading {
	struct host_rule *rule;
	bool ipv6;
	enum field loaded; /* what is in the register */
	uint32_t reg;
	uint32_t len;
	bool names, from_some; /* what packets it is about: a destination; some sources */
	bool unclear;	       /* it names a destination in a way that is not understood */
};

static enum field payload_field(const struct reading *r, const struct nftnl_expr *e)
{
	uint32_t base = nftnl_expr_get_u32(e, NFTNL_EXPR_PAYLOAD_BASE);
	uint32_t offset = nftnl_expr_get_u32(e, NFTNL_EXPR_PAYLOAD_OFFSET);
	uint32_t source = r->ipv6 ? AT_SOURCE6 : AT_SOURCE;
	uint32_t to = r->ipv6 ? AT_TO6 : AT_TO;

	if (base == NFT_PAYLOAD_TRANSPORT_HEADER)
		return offset == AT_PORT && r->len == 2 ? FIELD_PORT : FIELD_OTHER;
	if (base != NFT_PAYLOAD_NETWORK_HEADER)
		return FIELD_OTHER;
	if (offset == source)
		return FIELD_SOURCE;
	if (offset == to)
		return FIELD_TO;
	return !r->ipv6 && offset == AT_PROTOCOL && r->len == 1 ? FIELD_PROTOCOL : FIELD_OTHER;
}

static void read_payload(struct reading *r, const struct nftnl_expr *e)
{
	if (!nftnl_expr_is_set(e, NFTNL_EXPR_PAYLOAD_DREG)) {
		r->rule->acts = true; /* it writes */
		return;
	}
	r->reg = nftnl_expr_get_u32(e, NFTNL_EXPR_PAYLOAD_DREG);
	r->len = nftnl_expr_get_u32(e, NFTNL_EXPR_PAYLOAD_LEN);
	r->loaded = payload_field(r, e);
}

static enum field meta_field(uint32_t key)
{
	switch (key) {
	case NFT_META_L4PROTO: return FIELD_PROTOCOL;
	case NFT_META_NFPROTO:
	case NFT_META_PROTOCOL: return FIELD_VERSION;
	case NFT_META_IIFNAME: return FIELD_DEVICE;
	case NFT_META_IIF:
	case NFT_META_IIFGROUP: return FIELD_DEVICE_INDEX;
	default: return FIELD_OTHER;
	}
}

static void read_meta(struct reading *r, const struct nftnl_expr *e)
{
	uint32_t key = nftnl_expr_get_u32(e, NFTNL_EXPR_META_KEY);

	if (!nftnl_expr_is_set(e, NFTNL_EXPR_META_DREG))
		return;
	r->reg = nftnl_expr_get_u32(e, NFTNL_EXPR_META_DREG);
	r->loaded = meta_field(key);
}

static void add_to(struct host_rule *rule, const void *bytes, uint32_t len)
{
	struct addr *to = &rule->to[rule->n_to];

	if (rule->n_to == HOST_TO_MAX || (len != 4 && len != 16))
		return;
	*to = (struct addr){.family = len == 4 ? AF_INET : AF_INET6};
	memcpy(to->bytes, bytes, len);
	rule->n_to++;
}

static void add_port(struct host_rule *rule, const void *bytes)
{
	uint16_t port;

	memcpy(&port, bytes, sizeof(port));
	if (rule->n_ports < HOST_PORTS_MAX)
		rule->ports[rule->n_ports++] = ntohs(port);
}

/* NFPROTO_IPV6 in one octet, or an Ethernet type in two. */
static bool is_ipv6(const uint8_t *value, uint32_t len)
{
	return len == 1 ? value[0] == NFPROTO_IPV6
			: len == 2 && value[0] == 0x86 && value[1] == 0xdd;
}

static void read_destination(struct reading *r, const void *value, uint32_t len)
{
	r->names = true;
	if (r->loaded == FIELD_PORT && len == 2)
		add_port(r->rule, value);
	else if (r->loaded == FIELD_TO && (len == 4 || len == 16))
		add_to(r->rule, value, len);
	else
		r->unclear = true; /* a part of an address */
}

/* A whole name: of "eth*" the NUL is missing. */
static void read_device(struct reading *r, const uint8_t *value, uint32_t len, bool equal)
{
	if (equal && memchr(value, '\0', len))
		snprintf(r->rule->device, sizeof(r->rule->device), "%s", (const char *)value);
	else
		r->unclear = true;
}

static void read_compare(struct reading *r, const struct nftnl_expr *e)
{
	uint32_t len = 0;
	const uint8_t *value = nftnl_expr_get(e, NFTNL_EXPR_CMP_DATA, &len);
	bool equal = nftnl_expr_get_u32(e, NFTNL_EXPR_CMP_OP) == NFT_CMP_EQ;

	if (!value || len == 0 || nftnl_expr_get_u32(e, NFTNL_EXPR_CMP_SREG) != r->reg)
		return;
	switch (r->loaded) {
	case FIELD_OTHER: return;
	case FIELD_VERSION: r->ipv6 = equal && is_ipv6(value, len); return;
	case FIELD_DEVICE: read_device(r, value, len, equal); return;
	case FIELD_DEVICE_INDEX: r->unclear = true; return;
	case FIELD_SOURCE: r->from_some = true; return;
	case FIELD_PROTOCOL:
		if (equal)
			r->rule->protocol = value[0];
		return;
	case FIELD_TO:
	case FIELD_PORT:
		if (equal)
			read_destination(r, value, len);
		else
			r->unclear = true;
		return;
	}
}

static void read_lookup(struct reading *r, const struct nftnl_expr *e)
{
	bool inverted = nftnl_expr_get_u32(e, NFTNL_EXPR_LOOKUP_FLAGS) & NFT_LOOKUP_F_INV;
	const char *set = nftnl_expr_get_str(e, NFTNL_EXPR_LOOKUP_SET);

	if (nftnl_expr_is_set(e, NFTNL_EXPR_LOOKUP_DREG)) {
		/* A map: of verdicts when its answer goes to register 0. */
		r->rule->acts |= nftnl_expr_get_u32(e, NFTNL_EXPR_LOOKUP_DREG) == NFT_REG_VERDICT;
		r->unclear = true;
		return;
	}
	if (nftnl_expr_get_u32(e, NFTNL_EXPR_LOOKUP_SREG) != r->reg) { /* several fields together */
		r->unclear = true;
		return;
	}
	if (r->loaded == FIELD_OTHER)
		return;
	if (r->loaded == FIELD_SOURCE)
		r->from_some = true;
	else if ((r->loaded != FIELD_TO && r->loaded != FIELD_PORT) || inverted || !set ||
		 r->rule->set[0])
		r->unclear = true;
	else
		snprintf(r->rule->set, sizeof(r->rule->set), "%s", set);
	r->names |= r->loaded == FIELD_TO || r->loaded == FIELD_PORT;
}

static void read_verdict(struct reading *r, const struct nftnl_expr *e)
{
	uint32_t code = nftnl_expr_get_u32(e, NFTNL_EXPR_IMM_VERDICT);

	if (!nftnl_expr_is_set(e, NFTNL_EXPR_IMM_VERDICT))
		return;
	r->rule->drops = code == NF_DROP;
	r->rule->admits_some = code == NF_ACCEPT && r->from_some;
	r->rule->acts |=
		code != NF_ACCEPT && code != (uint32_t)NFT_RETURN && code != (uint32_t)NFT_CONTINUE;
}

/* --- what iptables-nft writes ----------------------------------------------------------------- */

/* What older ones say of ports is not read: the rule is unclear. */
static void read_match(struct reading *r, const struct nftnl_expr *e)
{
	static const char *const others[] = {"comment", "conntrack", "state", "limit", "hashlimit"};
	const char *name = nftnl_expr_get_str(e, NFTNL_EXPR_MT_NAME);

	/* These say nothing of the destination. */
	for (size_t i = 0; name && i < sizeof(others) / sizeof(others[0]); i++)
		if (strcmp(name, others[i]) == 0)
			return;
	r->unclear = true;
}

static void read_target(struct reading *r, const struct nftnl_expr *e)
{
	const char *name = nftnl_expr_get_str(e, NFTNL_EXPR_TG_NAME);

	if (name && strcmp(name, "REJECT") == 0)
		r->rule->drops = r->rule->acts = true;
}

/* --- a rule ----------------------------------------------------------------------------------- */

/* What takes packets away or sends them elsewhere by itself. */
static bool takes(const char *name)
{
	static const char *const names[] = {"fwd", "dup",    "reject",	"queue",
					    "nat", "tproxy", "synproxy"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* A part of a field, or a range of it. */
static void read_part(struct reading *r)
{
	if (r->loaded == FIELD_SOURCE)
		r->from_some = true;
	else if (r->loaded != FIELD_OTHER)
		r->unclear = true;
}

static int read_expression(struct nftnl_expr *e, void *data)
{
	struct reading *r = data;
	const char *name = nftnl_expr_get_str(e, NFTNL_EXPR_NAME);

	if (strcmp(name, "payload") == 0)
		read_payload(r, e);
	else if (strcmp(name, "meta") == 0)
		read_meta(r, e);
	else if (strcmp(name, "bitwise") == 0 || strcmp(name, "range") == 0)
		read_part(r);
	else if (strcmp(name, "cmp") == 0)
		read_compare(r, e);
	else if (strcmp(name, "lookup") == 0)
		read_lookup(r, e);
	else if (strcmp(name, "immediate") == 0)
		read_verdict(r, e);
	else if (strcmp(name, "match") == 0)
		read_match(r, e);
	else if (strcmp(name, "target") == 0)
		read_target(r, e);
	else
		r->loaded = FIELD_OTHER;
	r->rule->acts |= takes(name);
	if (strcmp(name, "reject") == 0)
		r->rule->drops = true;
	return 0;
}

static void count(struct host_facts *facts, const struct host_rule *rule)
{
	for (size_t i = 0; i < facts->n_chains; i++) {
		struct host_chain *c = &facts->chains[i];

		if (rule->acts && strcmp(c->name, rule->chain) == 0 &&
		    strcmp(c->table, rule->table) == 0 && strcmp(c->family, rule->family) == 0)
			c->n_acts++;
	}
}

void host_nft_rule(struct host_facts *facts, const struct nftnl_rule *nr)
{
	uint32_t family = nftnl_rule_get_u32(nr, NFTNL_RULE_FAMILY);
	const char *table = nftnl_rule_get_str(nr, NFTNL_RULE_TABLE);
	const char *chain = nftnl_rule_get_str(nr, NFTNL_RULE_CHAIN);
	struct host_rule rule = {0};
	struct reading r = {.rule = &rule, .ipv6 = family == NFPROTO_IPV6};

	if (!table || !chain || !family_name(family)[0] || is_ours(family, table))
		return;
	snprintf(rule.family, sizeof(rule.family), "%s", family_name(family));
	snprintf(rule.table, sizeof(rule.table), "%s", table);
	snprintf(rule.chain, sizeof(rule.chain), "%s", chain);
	nftnl_expr_foreach((struct nftnl_rule *)nr, read_expression, &r);
	count(facts, &rule);
	if (r.names && !r.unclear && (rule.drops || rule.admits_some) &&
	    facts->n_rules < HOST_RULES_MAX)
		facts->rules[facts->n_rules++] = rule;
}

/* --- sets ------------------------------------------------------------------------------------- */

/* The set is known by its first element. */
static int read_element(struct nftnl_set_elem *e, void *data)
{
	struct host_rule *rule = data;
	uint32_t len = 0;
	const void *key = nftnl_set_elem_get(e, NFTNL_SET_ELEM_KEY, &len);

	if (!key || (nftnl_set_elem_is_set(e, NFTNL_SET_ELEM_FLAGS) &&
		     nftnl_set_elem_get_u32(e, NFTNL_SET_ELEM_FLAGS) & NFT_SET_ELEM_INTERVAL_END))
		return 0;
	rule->set[0] = '\0';
	if (len == 2)
		add_port(rule, key);
	else
		add_to(rule, key, len);
	return 0;
}

void host_nft_elements(struct host_rule *rule, const struct nftnl_set *elements)
{
	nftnl_set_elem_foreach((struct nftnl_set *)elements, read_element, rule);
}
