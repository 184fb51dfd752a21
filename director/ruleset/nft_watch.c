/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/nft_watch.h"

#include "director/netlink/nl_reader.h"
#include "director/ruleset/ruleset.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

enum { NEW_GENERATION = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWGEN };

/* A process chooses its name: what is not printable becomes a question mark. */
static void take_name(struct rd *value, char to[static NFT_WATCH_NAME])
{
	size_t n = 0;

	while (rd_left(value) && n < NFT_WATCH_NAME - 1) {
		uint8_t c = rd_u8(value);

		if (!c)
			break;
		to[n++] = c >= ' ' && c <= '~' ? (char)c : '?';
	}
	to[n] = '\0';
}

bool nft_generation_parse(const uint8_t *bytes, size_t len, struct nft_generation *ret)
{
	struct nft_generation g = {0};
	struct nl_message m;
	struct rd value;
	uint16_t type;
	bool good = nl_read_message(bytes, len, &m) && m.type == NEW_GENERATION;

	if (!good || !rd_take(&m.body, NL_FAMILY_HEADER))
		return false;
	while (nl_next_attribute(&m.body, &type, &value)) {
		if (type == NFTA_GEN_ID)
			g.id = rd_be32(&value);
		else if (type == NFTA_GEN_PROC_PID)
			g.pid = rd_be32(&value);
		else if (type == NFTA_GEN_PROC_NAME)
			take_name(&value, g.process);
		good &= rd_ok(&value);
	}
	if (!good || !rd_ok(&m.body))
		return false;
	*ret = g;
	return true;
}

/* Every object says first of what table it is: NFTA_TABLE_NAME, NFTA_CHAIN_TABLE, … are all 1. */
bool nft_message_is_ours(const uint8_t *bytes, size_t len)
{
	struct nl_message m;
	struct rd value;
	uint16_t type;

	if (!nl_read_message(bytes, len, &m) || m.type >> 8 != NFNL_SUBSYS_NFTABLES ||
	    m.type == NEW_GENERATION || rd_u8(&m.body) != NFPROTO_NETDEV)
		return false;
	rd_take(&m.body, NL_FAMILY_HEADER - 1);
	while (nl_next_attribute(&m.body, &type, &value))
		if (type == NFTA_TABLE_NAME)
			return rd_left(&value) == sizeof(RULESET_TABLE) &&
			       memcmp(rd_take(&value, sizeof(RULESET_TABLE)), RULESET_TABLE,
				      sizeof(RULESET_TABLE)) == 0;
	return false;
}

bool nft_history_end(struct nft_history *h, uint32_t generation)
{
	bool touched = h->touched;

	if (!h->any || generation != h->last + 1)
		h->first = generation;
	h->last = generation;
	h->any = !touched;
	h->touched = false;
	return touched;
}

/* The transaction that is being told of may have been ours to mend. */
void nft_history_lose(struct nft_history *h)
{
	h->any = false;
	h->touched = true;
}

void nft_history_pass(struct nft_history *h, uint32_t from, uint32_t to)
{
	if (from == to)
		return;
	if (!h->any || h->last != from)
		h->first = from + 1;
	h->last = to;
	h->any = true;
}

bool nft_history_is_harmless(const struct nft_history *h, uint32_t from, uint32_t to)
{
	uint32_t begins = from + 1 - h->first, ends = to - h->first;

	return from == to || (h->any && begins <= ends && ends <= h->last - h->first);
}
