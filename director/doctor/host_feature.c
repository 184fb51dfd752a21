/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/doctor/host_feature.h"

#include <errno.h>

#define TABLE "director-doctor"

enum { MODULUS = 2, LOOPBACK = 1, A_SECOND = 1000 };

static const struct {
	struct host_feature_row row;
	enum ruleset_set_kind set; /* the one set of the table; FOREIGN: none */
	struct ruleset_statement statement;
	bool no_rule;
} rows[HOST_FEATURES] = {
	[FEATURE_NETDEV] = {{"family netdev", "for all rules of the director",
			     "CONFIG_NF_TABLES_NETDEV", "nf_tables"},
			    SET_FOREIGN,
			    {0},
			    true},
	[FEATURE_FWD] = {{"fwd", "to send frames to backends", "CONFIG_NFT_FWD_NETDEV",
			  "nft_fwd_netdev"},
			 SET_FOREIGN,
			 {.kind = ST_FORWARD, .number = LOOPBACK, .text = "lo"},
			 false},
	[FEATURE_LOG] = {{"log group", "to remember connections", "CONFIG_NETFILTER_NETLINK_LOG",
			  "nft_log nfnetlink_log"},
			 SET_FOREIGN,
			 {.kind = ST_LOG, .text = "doctor"},
			 false},
	[FEATURE_HASH] =
		{{"jhash", "to choose backends by hash", "CONFIG_NFT_HASH", "nft_hash"},
		 SET_SLOTS,
		 {.kind = ST_MARK, .by = BY_HASH, .key = KEY_PEER, .number = MODULUS, .seed = 1},
		 false},
	[FEATURE_NUMGEN] = {{"numgen", "for the schedulers round-robin and random",
			     "CONFIG_NFT_NUMGEN", "nft_numgen"},
			    SET_SLOTS,
			    {.kind = ST_MARK, .by = BY_RANDOM, .number = MODULUS},
			    false},
	[FEATURE_FLOWS] = {{"update of a map with timeouts", "to remember connections",
			    "CONFIG_NF_TABLES", "nf_tables"},
			   SET_FLOWS,
			   {.kind = ST_UPDATE, .key = KEY_FLOW, .timeout_ms = A_SECOND},
			   false},
	[FEATURE_COUNTS] = {{"counters of the elements of a map", "to count packets",
			     "CONFIG_NFT_COUNTER", "nft_counter"},
			    SET_BUCKETS,
			    {.kind = ST_COUNTER},
			    false},
	[FEATURE_LIMIT] = {{"limit", "for max-rate and when it answers for a farm",
			    "CONFIG_NFT_LIMIT", "nft_limit"},
			   SET_FOREIGN,
			   {.kind = ST_RATE, .number = 1},
			   false},
	[FEATURE_REJECT] = {{"reject", "for when-empty = \"reject\"", "CONFIG_NFT_REJECT_NETDEV",
			     "nft_reject_netdev"},
			    SET_FOREIGN,
			    {.kind = ST_REJECT},
			    false},
	[FEATURE_DUP] = {{"dup", "to send ICMP errors to several backends", "CONFIG_NFT_DUP_NETDEV",
			  "nft_dup_netdev"},
			 SET_FOREIGN,
			 {.kind = ST_COPY, .number = LOOPBACK, .text = "lo"},
			 false},
};

const struct host_feature_row *host_feature_row(enum host_feature feature)
{
	return &rows[feature].row;
}

static int add_set(struct ruleset *r, enum ruleset_set_kind kind)
{
	int at = ruleset_add_set(r, kind, "set");

	if (at < 0)
		return at;
	r->sets[at].size = MODULUS;
	return ruleset_kind_is_indexed(kind) ? ruleset_set_index(&r->sets[at], MODULUS, 0) : 0;
}

static int fill(struct ruleset *r, enum host_feature feature)
{
	struct ruleset_rule *rule;
	int chain, err = 0;

	if (rows[feature].set != SET_FOREIGN)
		err = add_set(r, rows[feature].set);
	if (err < 0 || rows[feature].no_rule)
		return err;
	chain = ruleset_add_chain(r, "chain");
	rule = chain < 0 ? NULL : ruleset_add_rule(r, chain, NULL);
	return rule ? rule_add(rule, rows[feature].statement) : -ENOMEM;
}

int host_feature_ruleset(enum host_feature feature, struct ruleset *ret)
{
	int err;

	ruleset_init(ret);
	ret->table = TABLE;
	err = fill(ret, feature);
	if (err < 0)
		ruleset_clear(ret);
	return err;
}
