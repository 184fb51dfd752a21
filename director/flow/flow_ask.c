/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/flow/flow_ask.h"

#include "director/netlink/nl_writer.h"

#include <string.h>
#include <sys/socket.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

enum {
	ELEMENT = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWSETELEM,
	SET = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWSET,
};

/* --- requests ---------------------------------------------------------------------------------- */

static void put_header(struct wr *w, uint32_t len, uint16_t type, uint32_t seq)
{
	nl_put_header(w, len, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), NLM_F_REQUEST, seq,
		      NFPROTO_NETDEV, 0);
}

size_t flow_ask_names_len(const struct flow_ask_set *set)
{
	const char *table_end = memchr(set->table, '\0', sizeof(set->table));
	const char *set_end = memchr(set->set, '\0', sizeof(set->set));

	if (!table_end || !set_end)
		return 0;
	return 2 * (size_t)NL_ATTRIBUTE_HEADER + nl_padded((size_t)(table_end - set->table) + 1) +
	       nl_padded((size_t)(set_end - set->set) + 1);
}

/* The table is the first attribute, the set the second, of all messages about sets. */
void flow_ask_put_names(struct wr *w, const struct flow_ask_set *set)
{
	nl_put_attribute(w, NFTA_SET_ELEM_LIST_TABLE, set->table, strlen(set->table) + 1);
	nl_put_attribute(w, NFTA_SET_ELEM_LIST_SET, set->set, strlen(set->set) + 1);
}

size_t flow_ask_build(const struct flow_ask_set *set, const uint8_t *keys, size_t n, uint32_t seq,
		      uint8_t *bytes, size_t size)
{
	const size_t header = NL_ATTRIBUTE_HEADER;
	size_t value = header + nl_padded(set->key_len), names = flow_ask_names_len(set);
	struct wr w = wr_init(bytes, size);
	uint32_t len = (uint32_t)(NL_HEADER + NL_FAMILY_HEADER + names + 3 * header + value);

	if (!names || set->key_len == 0 || set->key_len > FLOW_ASK_KEY_MAX)
		return 0;
	for (size_t i = 0; i < n; i++) {
		put_header(&w, len, NFT_MSG_GETSETELEM, seq + (uint32_t)i);
		flow_ask_put_names(&w, set);
		nl_put_nest(&w, NFTA_SET_ELEM_LIST_ELEMENTS, 2 * header + value);
		nl_put_nest(&w, NFTA_LIST_ELEM, header + value);
		nl_put_nest(&w, NFTA_SET_ELEM_KEY, value);
		nl_put_attribute(&w, NFTA_DATA_VALUE, keys + i * set->key_len, set->key_len);
	}
	return wr_ok(&w) ? wr_used(&w) : 0;
}

size_t flow_ask_build_set(const struct flow_ask_set *set, uint32_t seq, uint8_t *bytes, size_t size)
{
	size_t names = flow_ask_names_len(set);
	struct wr w = wr_init(bytes, size);

	if (!names)
		return 0;
	put_header(&w, (uint32_t)(NL_HEADER + NL_FAMILY_HEADER + names), NFT_MSG_GETSET, seq);
	flow_ask_put_names(&w, set);
	return wr_ok(&w) ? wr_used(&w) : 0;
}

/* --- answers ----------------------------------------------------------------------------------- */

/* The first attribute of that type inside; empty when there is none. */
static struct rd inside(struct rd r, uint16_t type)
{
	struct rd value;
	uint16_t t;

	while (nl_next_attribute(&r, &t, &value))
		if (t == type)
			return value;
	return rd_init(NULL, 0);
}

static bool copy_value(struct rd value, uint8_t *to, size_t room, size_t *ret_len)
{
	size_t len = rd_left(&value);

	if (len > room)
		return false;
	if (len)
		memcpy(to, rd_take(&value, len), len);
	*ret_len = len;
	return true;
}

static uint64_t be64(struct rd *r)
{
	uint64_t high = rd_be32(r);

	return high << 32 | rd_be32(r);
}

static bool read_time(struct rd value, uint64_t *ret)
{
	if (rd_left(&value) == 0)
		return true;
	*ret = be64(&value);
	return rd_ok(&value) && rd_left(&value) == 0;
}

static enum flow_ask_reject read_element(struct rd element, struct flow_reply *ret)
{
	struct rd key = inside(inside(element, NFTA_SET_ELEM_KEY), NFTA_DATA_VALUE);
	struct rd data = inside(inside(element, NFTA_SET_ELEM_DATA), NFTA_DATA_VALUE);

	if (!copy_value(key, ret->key, sizeof(ret->key), &ret->key_len) || !ret->key_len)
		return FLOW_ASK_REJECT_KEY;
	if (!copy_value(data, ret->answer.data, sizeof(ret->answer.data), &ret->answer.data_len) ||
	    !read_time(inside(element, NFTA_SET_ELEM_TIMEOUT), &ret->answer.timeout_ms) ||
	    !read_time(inside(element, NFTA_SET_ELEM_EXPIRATION), &ret->answer.expires_ms))
		return FLOW_ASK_REJECT_VALUE;
	ret->answer.present = true;
	return FLOW_ASK_REJECT_NONE;
}

static enum flow_ask_reject read_elements(struct rd body, struct flow_reply *ret)
{
	struct rd list, element, another;
	uint16_t type;

	if (!rd_take(&body, NL_FAMILY_HEADER))
		return FLOW_ASK_REJECT_TRUNCATED;
	list = inside(body, NFTA_SET_ELEM_LIST_ELEMENTS);
	if (!nl_next_attribute(&list, &type, &element) || nl_next_attribute(&list, &type, &another))
		return FLOW_ASK_REJECT_ELEMENTS;
	return read_element(element, ret);
}

enum flow_ask_reject flow_ask_parse(const uint8_t *bytes, size_t len, struct flow_reply *ret)
{
	enum flow_ask_reject reject = FLOW_ASK_REJECT_NONE;
	struct flow_reply reply = {0};
	struct nl_message m;

	if (!nl_read_message(bytes, len, &m))
		return FLOW_ASK_REJECT_TRUNCATED;
	reply.seq = m.seq;
	if (m.type == NLMSG_ERROR) {
		reply.error = (int)nl_host32(&m.body);
		if (!rd_ok(&m.body))
			reject = FLOW_ASK_REJECT_TRUNCATED;
	} else if (m.type == ELEMENT) {
		reject = read_elements(m.body, &reply);
	} else if (m.type != SET) {
		reject = FLOW_ASK_REJECT_TYPE;
	}
	if (reject == FLOW_ASK_REJECT_NONE)
		*ret = reply;
	return reject;
}

const char *flow_ask_reject_name(enum flow_ask_reject r)
{
	static const char *const names[FLOW_ASK_REJECT_COUNT] = {[FLOW_ASK_REJECT_NONE] = "none",
#define X(id, name, text) [FLOW_ASK_REJECT_##id] = name,
								 FLOW_ASK_REJECT_LIST(X)
#undef X
	};

	return names[r];
}

const char *flow_ask_reject_text(enum flow_ask_reject r)
{
	static const char *const texts[FLOW_ASK_REJECT_COUNT] = {[FLOW_ASK_REJECT_NONE] = "is good",
#define X(id, name, text) [FLOW_ASK_REJECT_##id] = text,
								 FLOW_ASK_REJECT_LIST(X)
#undef X
	};

	return texts[r];
}

/* --- keys of flows ---------------------------------------------------------------------------- */

static void put_port(uint8_t *to, uint16_t port)
{
	to[0] = (uint8_t)(port >> 8);
	to[1] = (uint8_t)port;
}

size_t flow_ask_key_len(const struct flow_key *flow)
{
	if (flow_is_pin(flow))
		return addr_len(&flow->client);
	return flow->client.family == AF_INET ? FLOW_ASK_FLOW_KEY_IPV4 : FLOW_ASK_FLOW_KEY;
}

void flow_ask_key(const struct flow_key *flow, uint8_t key[static FLOW_ASK_FLOW_KEY])
{
	uint8_t *ports = key + flow_ask_key_len(flow) - 4;

	if (flow_is_pin(flow)) {
		memcpy(key, flow->client.bytes, addr_len(&flow->client));
		return;
	}
	if (flow->client.family == AF_INET) {
		memcpy(key, flow->client.bytes, 4);
		memcpy(key + 4, flow->vip.bytes, 4);
	} else {
		memcpy(key, flow->client.bytes, 8);
		memcpy(key + 8, flow->client.bytes + 12, 4);
	}
	put_port(ports, flow->client_port);
	put_port(ports + 2, flow->vip_port);
}

void flow_ask_pin_key(const struct addr *client, uint8_t prefix,
		      uint8_t key[static FLOW_ASK_FLOW_KEY])
{
	size_t len = addr_len(client);

	for (size_t i = 0; i < len; i++) {
		unsigned int bits = prefix > 8 * i ? prefix - 8 * (unsigned int)i : 0;

		key[i] = (uint8_t)(client->bytes[i] & (bits >= 8 ? 0xff : 0xff00 >> bits));
	}
}

void flow_ask_unkey(const uint8_t key[static FLOW_ASK_FLOW_KEY_IPV4], uint8_t protocol,
		    struct flow_key *ret)
{
	*ret = (struct flow_key){.client.family = AF_INET,
				 .vip.family = AF_INET,
				 .client_port = (uint16_t)(key[8] << 8 | key[9]),
				 .vip_port = (uint16_t)(key[10] << 8 | key[11]),
				 .protocol = protocol};
	memcpy(ret->client.bytes, key, 4);
	memcpy(ret->vip.bytes, key + 4, 4);
}
