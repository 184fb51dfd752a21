/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/nft_watch.h"

#include "director/flow/nl_reader.h"

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
