/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of stragglers in the real kernel, and in nft's language, in a network namespace of the
 * test's own. Needs root.
 */
#include "director/evidence/straggler_uv.h"
#include "director/ruleset/kernel_uv.h"
#include "director/ruleset/nft_json.h"
#include "director/ruleset/nft_text.h"
#include "director/ruleset/sequence.h"
#include "tests/unit/namespace.h"
#include "tests/unit/ruleset_case.h"
#include "tests/unit/unit.h"

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIST "nft -s list table netdev " RULESET_STRAGGLERS

static const char wanted[] = "table netdev director-stragglers {\n"
			     "	comment \"managed by directord; changes made by hand are undone\"\n"
			     "	set addresses-eth0 {\n"
			     "		type ipv4_addr\n"
			     "		elements = { 10.77.0.100, 10.77.0.101 }\n"
			     "	}\n\n"
			     "	set senders-eth0 {\n"
			     "		type ether_addr . ipv4_addr\n"
			     "		size 512\n"
			     "		flags dynamic,timeout\n"
			     "	}\n\n"
			     "	set addresses6-eth0 {\n"
			     "		type ipv6_addr\n"
			     "		elements = { fd77::100 }\n"
			     "	}\n\n"
			     "	set senders6-eth0 {\n"
			     "		type ether_addr . ipv6_addr\n"
			     "		size 512\n"
			     "		flags dynamic,timeout\n"
			     "	}\n\n"
			     "	chain ingress-eth0 {\n"
			     "		type filter hook ingress device \"eth0\" priority filter - "
			     "10; policy accept;\n"
			     "		meta pkttype host ip daddr @addresses-eth0 update "
			     "@senders-eth0 { ether saddr . ip "
			     "daddr timeout 10s }\n"
			     "		meta pkttype host ip6 daddr @addresses6-eth0 update "
			     "@senders6-eth0 { ether saddr . "
			     "ip6 daddr timeout 10s }\n"
			     "	}\n"
			     "}\n";

static size_t three_places(struct straggler_place ret[static 3])
{
	static const char *const addresses[] = {"10.77.0.100", "10.77.0.101", "fd77::100"};

	for (size_t i = 0; i < 3; i++) {
		ret[i] = (struct straggler_place){.interface = "eth0",
						  .ifindex = if_nametoindex("eth0")};
		CU_ASSERT_EQUAL_FATAL(addr_parse(addresses[i], &ret[i].address), 0);
	}
	return 3;
}

/* 0: as wanted. Else what was said. */
static int verify(struct stragglers *s, char *text, size_t size)
{
	FILE *out = fmemopen(text, size, "w");
	struct err err = {0};
	int code = stragglers_verify(s, out, &err);

	fclose(out);
	EXPECT_TEXT(err.text, "");
	return code;
}

static void expect_text(const char *command, const char *text)
{
	char *got = unit_output_of(command);

	EXPECT_TEXT(got, text);
	free(got);
}

/* A table of its own: every object names it. */
static void rendering_in_json(const struct ruleset *r)
{
	char *text = NULL, *line;
	size_t size, n = 0;
	FILE *out = open_memstream(&text, &size);

	EXPECT_INT(nft_json_print(out, r), 0);
	fclose(out);
	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		n += strstr(line, "\"director-stragglers\"") != NULL;
	EXPECT_INT(n, 1 + r->n_sets + r->n_chains + r->chains[0].n_rules);
	free(text);
}

static void rendering(void)
{
	struct straggler_place places[3];
	struct stragglers *s = NULL;
	struct err err = {0};
	char text[4000] = "", *plain;
	FILE *out = fmemopen(text, sizeof(text), "w");

	CU_ASSERT_EQUAL_FATAL(stragglers_new(&s, &err), 0);
	stragglers_look(s, places, three_places(places), 1000);
	nft_text_print_noted(out, stragglers_table(s));
	fclose(out);
	plain = ruleset_case_without_notes(text);
	EXPECT_TEXT(plain, wanted);
	free(plain);
	rendering_in_json(stragglers_table(s));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\t# notes who sends frames for such an address here; "
					    "changes nothing of them\n\tchain ingress-"));
	expect_text(LIST, wanted);
	EXPECT_INT(verify(s, text, sizeof(text)), 0);
	/* What nft makes of the text is the same to us. */
	unit_feed("nft -f -", "delete table netdev " RULESET_STRAGGLERS "\n");
	unit_feed("nft -f -", wanted);
	EXPECT_INT(verify(s, text, sizeof(text)), 0);
	stragglers_free(s);
	expect_text("nft list tables", "");
}

/* Frames from the other end of the cable. */
static void send_frames(const char *source_mac, const char *destination)
{
	char command[400];

	snprintf(command, sizeof(command),
		 "python3 tests/lab/inject.py --interface peer0 --dst-mac 02:00:00:00:00:0a "
		 "--src-mac %s --src %s --dst %s --sport 1000",
		 source_mac, strchr(destination, ':') ? "fd77::10" : "10.77.0.10", destination);
	EXPECT_INT(system(command), 0);
}

static void seen(void)
{
	struct straggler_place places[3];
	struct stragglers *s = NULL;
	const struct straggler *list;
	struct err err = {0};
	char mac[MAC_TEXT];
	size_t n = three_places(places), n_list;

	unit_feed("sh", "ip link set eth0 address 02:00:00:00:00:0a up; ip link set peer0 up");
	CU_ASSERT_EQUAL_FATAL(stragglers_new(&s, &err), 0);
	stragglers_look(s, places, n, 100000);
	send_frames("02:00:00:00:00:31", "10.77.0.100");
	send_frames("02:00:00:00:00:32", "fd77::100");
	send_frames("02:00:00:00:00:33", "10.77.0.102"); /* nobody looks for it */
	stragglers_look(s, places, n, 101000);
	list = stragglers_list(s, &n_list);
	CU_ASSERT_EQUAL_FATAL(n_list, 2);
	EXPECT_TEXT(mac_format(&list[0].mac, mac), "02:00:00:00:00:31");
	EXPECT_TEXT(mac_format(&list[1].mac, mac), "02:00:00:00:00:32");
	CU_ASSERT(list[0].sent_ms <= 101000 && list[0].sent_ms > 95000);
	/* We own the IPv4 addresses again: the table is made anew. */
	stragglers_look(s, &places[2], 1, 102000);
	list = stragglers_list(s, &n_list);
	EXPECT_INT(n_list, 0);
	send_frames("02:00:00:00:00:32", "fd77::100");
	stragglers_look(s, &places[2], 1, 103000);
	stragglers_list(s, &n_list);
	EXPECT_INT(n_list, 1);
	stragglers_look(s, NULL, 0, 104000);
	stragglers_list(s, &n_list);
	EXPECT_INT(n_list, 0);
	expect_text("nft list tables", "");
	stragglers_free(s);
}

static void others(void)
{
	struct straggler_place places[3];
	struct stragglers *s = NULL, *next = NULL;
	struct err err = {0};
	size_t n = three_places(places);
	char text[2000] = "";

	CU_ASSERT_EQUAL_FATAL(stragglers_new(&s, &err), 0);
	stragglers_look(s, places, n, 1000);
	unit_feed("nft -f -", "flush chain netdev " RULESET_STRAGGLERS " ingress-eth0\n");
	EXPECT_INT(verify(s, text, sizeof(text)), 1);
	EXPECT_TEXT(text, "the table director-stragglers differs:\n"
			  "chain ingress-eth0: rule 1 of 2 is missing\n"
			  "chain ingress-eth0: rule 2 of 2 is missing\n");
	stragglers_look(s, places, n, 2000);
	expect_text(LIST, wanted);
	unit_feed("nft -f -", "delete table netdev " RULESET_STRAGGLERS "\n");
	stragglers_look(s, places, n, 3000);
	expect_text(LIST, wanted);
	/* A daemon that was killed leaves it; the next one, or --clean, does not. */
	CU_ASSERT_EQUAL_FATAL(stragglers_new(&next, &err), 0);
	stragglers_look(next, NULL, 0, 4000);
	expect_text("nft list tables", "");
	stragglers_look(s, places, n, 5000);
	expect_text(LIST, wanted);
	EXPECT_INT(stragglers_clean(&err), 0);
	expect_text("nft list tables", "");
	EXPECT_INT(stragglers_clean(&err), 0);
	stragglers_free(next);
	stragglers_free(s);
}

static void both_renderings_are_the_same(void)
{
	unit_in_namespace(UNIT_ETH0, rendering);
}

static void who_sends_is_listed(void)
{
	unit_in_namespace("ip link add eth0 type veth peer name peer0", seen);
}

static void what_others_do_is_undone(void)
{
	unit_in_namespace(UNIT_ETH0, others);
}

UNIT_TESTS(straggler_kernel) = {
	{"both renderings are the same", both_renderings_are_the_same},
	{"who sends is listed", who_sends_is_listed},
	{"what others do is undone", what_others_do_is_undone},
	UNIT_TESTS_END,
};
