/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is judged of what was seen on the wire: each fault alone, and each with each other one. */
#include "director/doctor/wire_rules.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { BACKENDS = 2, MTU = 1500, SMALL_MTU = 1400, TEXT = 512 };

/* --- a small world ---------------------------------------------------------------------------- */

static struct addr vip = {.family = AF_INET, .bytes = {10, 77, 0, 100}};
static struct config_ports port = {80, 80};
static struct config_backend backends[BACKENDS];
static struct config_vrrp vrrp = {.name = "web", .virtual_router_id = 51};
static struct config_farm farm = {
	.name = "www",
	.interface = "eth0",
	.addresses = &vip,
	.n_addresses = 1,
	.protocol = PROTOCOL_TCP,
	.ports = &port,
	.n_ports = 1,
	.backends = backends,
	.n_backends = BACKENDS,
};
static const struct config config = {.vrrps = &vrrp, .n_vrrps = 1, .farms = &farm, .n_farms = 1};

static const struct mac own_mac = {{2, 0, 0, 0, 0, 2}}, stranger = {{2, 0, 0, 0, 0, 0x99}};

static struct mac mac_of(size_t backend)
{
	return (struct mac){{2, 0, 0, 0, 0, (uint8_t)(0x15 + backend)}};
}

/* What can be wrong, as a set for each backend; of the first two the backend does not matter. */
struct faults {
	bool has[BACKENDS][FINDING_CODES];
};

static bool has(const struct faults *f, size_t backend, enum finding_code code)
{
	return f->has[backend][code];
}

static bool has_any(const struct faults *f, enum finding_code code)
{
	return f->has[0][code] || f->has[1][code];
}

/* --- what a world with such faults shows ------------------------------------------------------ */

static void show_connections(const struct faults *f, size_t k, struct wire_backend *b)
{
	struct wire_spot *s = &b->spots[0];

	s->answer = b->own[0] = WIRE_OPEN;
	if (has(f, k, FINDING_OWN_ADDRESS))
		s->answer = WIRE_CLOSED;
	if (has(f, k, FINDING_NOT_LISTENING))
		s->answer = b->own[0] = WIRE_CLOSED;
	if (has(f, k, FINDING_VIP_MISSING))
		s->answer = WIRE_SILENT;
	if (has(f, k, FINDING_FILTERED))
		s->answer = b->own[0] = WIRE_SILENT;
	if (has(f, k, FINDING_ELSEWHERE) && wire_answer_takes(s->answer)) {
		s->elsewhere = true;
		s->by = stranger;
	}
	if (!wire_answer_takes(s->answer) && !wire_answer_takes(b->own[0]))
		return;
	b->mtu = MTU;
	b->passes = has(f, k, FINDING_MTU) ? SMALL_MTU : MTU;
}

static void show_backend(const struct faults *f, size_t k, struct wire_facts *w)
{
	const struct mac mac = mac_of(k);
	struct wire_backend *b = &w->backends[k];

	b->judged = true;
	snprintf(b->interface, sizeof(b->interface), "eth0");
	b->route = (struct route){.kind = ROUTE_DIRECT, .ifindex = 2};
	if (has(f, k, FINDING_OFF_LINK)) {
		b->route = (struct route){.kind = ROUTE_GATEWAY, .ifindex = 2, .gateway = vip};
		return;
	}
	b->spots[0].answer = b->own[0] = WIRE_SILENT;
	if (has(f, k, FINDING_ABSENT))
		return;
	wire_macs_add(&b->macs, &mac);
	if (has(f, k, FINDING_TWICE))
		wire_macs_add(&b->macs, &stranger);
	if (has(f, k, FINDING_VIP_SPOKEN))
		wire_macs_add(&w->vips[0].answers, &mac);
	show_connections(f, k, b);
}

static void show(const struct faults *f, struct wire_facts *w)
{
	static const struct mac third = {{2, 0, 0, 0, 0, 0x77}};

	for (size_t k = 0; k < BACKENDS; k++) {
		backends[k] = (struct config_backend){
			.name = k ? "web2" : "web1",
			.address = addr_v4(0x0a4d0015 + (uint32_t)k),
			.mac = stranger,
			.has_mac = has(f, k, FINDING_WRONG_MAC),
		};
		if (has(f, k, FINDING_TWICE))
			backends[k].mac.bytes[5]--;
	}
	CU_ASSERT_EQUAL_FATAL(wire_facts_init(w, &config, NULL), 0);
	EXPECT_INT(wire_facts_add_director(w, &own_mac), 0);
	w->vips[0].asked = w->vips[0].held = true;
	if (!has_any(f, FINDING_VIP_UNHELD))
		wire_macs_add(&w->vips[0].answers, &own_mac);
	if (has_any(f, FINDING_VIP_FOREIGN))
		wire_macs_add(&w->vips[0].answers, &third);
	for (size_t k = 0; k < BACKENDS; k++)
		show_backend(f, k, w);
}

/* --- what is to be found ---------------------------------------------------------------------- */

/* On the same backend the first cannot be seen for the second. */
static const enum finding_code hidden[][2] = {
	{FINDING_VIP_MISSING, FINDING_FILTERED},
	{FINDING_OWN_ADDRESS, FINDING_FILTERED},
	{FINDING_NOT_LISTENING, FINDING_FILTERED},
	{FINDING_ELSEWHERE, FINDING_FILTERED},
	{FINDING_MTU, FINDING_FILTERED},
	{FINDING_OWN_ADDRESS, FINDING_VIP_MISSING},
	{FINDING_NOT_LISTENING, FINDING_VIP_MISSING},
	{FINDING_ELSEWHERE, FINDING_VIP_MISSING},
	{FINDING_OWN_ADDRESS, FINDING_NOT_LISTENING},
};

static bool is_of_vip(enum finding_code code)
{
	return code == FINDING_VIP_UNHELD || code == FINDING_VIP_FOREIGN;
}

static bool is_hidden(const struct faults *f, size_t k, enum finding_code code)
{
	bool gone = has(f, k, FINDING_OFF_LINK) || has(f, k, FINDING_ABSENT);

	if (code == FINDING_OFF_LINK || is_of_vip(code))
		return false;
	if (has(f, k, FINDING_OFF_LINK) || (gone && code != FINDING_ABSENT))
		return true;
	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		if (hidden[i][0] == code && has(f, k, hidden[i][1]))
			return true;
	return false;
}

static void put(char *text, const char *code, const char *backend)
{
	size_t used = strlen(text);

	snprintf(text + used, TEXT - used, "%s(%s) ", code, backend);
}

static void wanted(const struct faults *f, char text[static TEXT])
{
	text[0] = '\0';
	for (unsigned int code = FINDING_NONE + 1; code < FINDING_CODES; code++) {
		if (is_of_vip(code)) {
			if (has_any(f, code))
				put(text, finding_name(code), "");
			continue;
		}
		for (size_t k = 0; k < BACKENDS; k++)
			if (has(f, k, code) && !is_hidden(f, k, code))
				put(text, finding_name(code), k ? "web2" : "web1");
	}
}

static void found(struct findings *list, char text[static TEXT])
{
	text[0] = '\0';
	findings_sort(list);
	for (size_t i = 0; i < list->n; i++)
		put(text, finding_name(list->list[i].code), list->list[i].backend);
}

static void judge(const struct faults *f, struct findings *list)
{
	struct wire_facts w;

	show(f, &w);
	wire_judge(&w, list);
	wire_facts_clear(&w);
	EXPECT_INT(list->no_memory, 0);
	EXPECT_INT(list->n_skipped, 0);
}

static void expect(const struct faults *f)
{
	struct findings list = {0};
	char want[TEXT], got[TEXT];

	judge(f, &list);
	wanted(f, want);
	found(&list, got);
	EXPECT_TEXT(got, want);
	findings_clear(&list);
}

/* Those of the wire. */
#define FIRST FINDING_VIP_UNHELD
#define LAST  FINDING_MTU

static void sound(void)
{
	const struct faults none = {0};

	expect(&none);
}

static void each_alone(void)
{
	for (unsigned int code = FIRST; code <= LAST; code++)
		for (size_t k = 0; k < BACKENDS; k++) {
			struct faults f = {0};

			f.has[k][code] = true;
			expect(&f);
		}
}

static void each_pair(void)
{
	for (unsigned int one = FIRST; one <= LAST; one++)
		for (unsigned int two = FIRST; two <= LAST; two++)
			for (size_t k = 0; k < BACKENDS; k++) {
				struct faults f = {0};

				f.has[0][one] = true;
				f.has[k][two] = true;
				expect(&f);
			}
}

/* --- sentences, cures ------------------------------------------------------------------------- */

static const struct {
	enum finding_code code;
	const char *sentence, *cure; /* cure: a piece of it */
} said[] = {
	{FINDING_VIP_UNHELD, "no director answers in ARP for 10.77.0.100, although one is master",
	 "directorctl cluster status"},
	{FINDING_VIP_FOREIGN,
	 "02:00:00:00:00:77 answers in ARP for 10.77.0.100: it is the MAC of neither a director "
	 "nor "
	 "a backend",
	 "bridge fdb show"},
	{FINDING_VIP_SPOKEN,
	 "it answers in ARP for 10.77.0.100 (with 02:00:00:00:00:15): clients go to it past the "
	 "director",
	 "sysctl -w net/ipv4/conf/all/arp_ignore=1 net/ipv4/conf/all/arp_announce=2\n"},
	{FINDING_OFF_LINK,
	 "10.77.0.21 is behind the router 10.77.0.100 on eth0, but a backend has to be in a "
	 "network "
	 "of the director",
	 "ip route get 10.77.0.21"},
	{FINDING_ABSENT, "it is not there: nothing answers in ARP for 10.77.0.21 on eth0",
	 "ip -br address show to 10.77.0.21"},
	{FINDING_TWICE, "02:00:00:00:00:15 and 02:00:00:00:00:99 both answer in ARP for 10.77.0.21",
	 "ip -br address show to 10.77.0.21"},
	{FINDING_WRONG_MAC,
	 "the key mac says 02:00:00:00:00:99, but 10.77.0.21 answers in ARP with 02:00:00:00:00:15",
	 "mac = \"02:00:00:00:00:15\""},
	{FINDING_VIP_MISSING,
	 "it does not take packets to 10.77.0.100, but answers at its own address: it does not "
	 "have "
	 "the address, or a firewall drops them",
	 "ip address replace 10.77.0.100/32 dev lo"},
	{FINDING_ELSEWHERE,
	 "what it is sent for port 80 of 10.77.0.100 is answered by 02:00:00:00:00:99, which is "
	 "another MAC than its own",
	 "ip route get"},
	{FINDING_FILTERED,
	 "it is there, and does not answer connections to port 80 of 10.77.0.100: a firewall on "
	 "it, "
	 "or on the way, drops them",
	 "nft list ruleset"},
	{FINDING_OWN_ADDRESS,
	 "nothing listens on port 80 of 10.77.0.100, but the service does on the backend's own "
	 "address: it has to listen on the virtual one, or on all",
	 "ss -ltnp"},
	{FINDING_NOT_LISTENING,
	 "nothing listens on port 80 of 10.77.0.100, nor on that of its own address", "ss -ltnp"},
	{FINDING_MTU,
	 "packets of 1500 octets, the MTU of eth0, do not arrive, those of 1400 do: the MTU of the "
	 "backend's interface, or of a switch on the way, is too small",
	 "mtu 1500"},
};

static void sentences(void)
{
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		struct findings list = {0};
		struct faults f = {0};

		f.has[0][said[i].code] = true;
		judge(&f, &list);
		CU_ASSERT_EQUAL_FATAL(list.n, 1);
		EXPECT_TEXT(list.list[0].sentence, said[i].sentence);
		CU_ASSERT(list.list[0].cure && strstr(list.list[0].cure, said[i].cure));
		findings_clear(&list);
	}
}

/* --- more ------------------------------------------------------------------------------------- */

static void expect_facts(struct wire_facts *w, const char *want)
{
	struct findings list = {0};
	char got[TEXT];

	wire_judge(w, &list);
	found(&list, got);
	EXPECT_TEXT(got, want);
	findings_clear(&list);
	wire_facts_clear(w);
}

static void one_that_passes_on(void)
{
	const struct faults none = {0};
	struct wire_facts w;

	show(&none, &w);
	w.backends[0].spots[0].answer = WIRE_PASSED_ON;
	w.backends[0].own[0] = WIRE_SILENT;
	expect_facts(&w, "vip-missing(web1) ");
	show(&none, &w);
	w.backends[0].spots[0].answer = WIRE_FORBIDDEN;
	expect_facts(&w, "filtered(web1) ");
}

/* Of one that is out of service nothing is said but what it says itself. */
static void out_of_service(void)
{
	struct faults f = {0};
	struct wire_facts w;

	f.has[0][FINDING_VIP_SPOKEN] = f.has[0][FINDING_NOT_LISTENING] = true;
	show(&f, &w);
	w.backends[0].judged = false;
	expect_facts(&w, "vip-spoken-for(web1) ");
}

/* A configured MAC is enough: not every machine answers to ARP. */
static void silent_in_arp(void)
{
	const struct faults none = {0};
	struct wire_facts w;

	show(&none, &w);
	backends[0].has_mac = true;
	w.backends[0].macs.n = 0;
	expect_facts(&w, "");
}

static void over_udp(void)
{
	struct findings list = {0};
	struct faults f = {0};
	struct wire_facts w;

	farm.protocol = PROTOCOL_UDP;
	f.has[0][FINDING_NOT_LISTENING] = f.has[1][FINDING_VIP_MISSING] = true;
	show(&f, &w);
	expect_facts(&w, "vip-missing(web2) ");
	f = (struct faults){0};
	f.has[0][FINDING_FILTERED] = true;
	show(&f, &w);
	wire_judge(&w, &list);
	EXPECT_INT(list.n, 0);
	EXPECT_INT(list.n_skipped, 1);
	findings_clear(&list);
	wire_facts_clear(&w);
	farm.protocol = PROTOCOL_TCP;
}

/* On this host its own answer is not heard; the virtual MAC is a director's. */
static void who_may_answer(void)
{
	static const struct mac virtual = {{0, 0, 0x5e, 0, 1, 51}};
	struct faults f = {0};
	struct wire_facts w;

	f.has[0][FINDING_VIP_UNHELD] = true;
	show(&f, &w);
	w.vips[0].here = true;
	expect_facts(&w, "");
	show(&f, &w);
	wire_macs_add(&w.vips[0].answers, &virtual);
	expect_facts(&w, "");
	show(&f, &w);
	w.vips[0].held = false;
	expect_facts(&w, "");
}

/* So it is told of the address, with what is found. */
static void expect_skipped(struct wire_facts *w, size_t skipped, const char *want)
{
	struct findings list = {0};
	char got[TEXT];

	wire_judge(w, &list);
	found(&list, got);
	EXPECT_TEXT(got, want);
	CU_ASSERT_EQUAL_FATAL(list.n_skipped, skipped);
	if (skipped) {
		EXPECT_TEXT(list.skipped[0].what, "virtual address 10.77.0.100 of farm \"www\"");
		EXPECT_TEXT(
			list.skipped[0].why,
			"02:00:00:00:00:77 answers for it, and which MAC the other director has "
			"there is not known");
	}
	findings_clear(&list);
	wire_facts_clear(w);
}

/* A standby that has not learned the master's MAC; backends are known all the same. */
static void unknown_peer(void)
{
	static const struct mac virtual = {{0, 0, 0x5e, 0, 1, 51}};
	struct faults f = {0};
	struct wire_facts w;

	f.has[0][FINDING_VIP_UNHELD] = f.has[0][FINDING_VIP_FOREIGN] = true;
	show(&f, &w);
	expect_skipped(&w, 0, "vip-unheld() vip-foreign() ");
	show(&f, &w);
	w.vips[0].peer_unknown = true;
	expect_skipped(&w, 1, "");
	show(&f, &w);
	w.vips[0].peer_unknown = true;
	wire_macs_add(&w.vips[0].answers, &(struct mac){{2, 0, 0, 0, 0, 0x15}});
	expect_skipped(&w, 1, "vip-spoken-for(web1) ");
	/* Here, or by the virtual MAC, a director answers already: so it is another one. */
	show(&f, &w);
	w.vips[0].peer_unknown = w.vips[0].here = true;
	expect_skipped(&w, 0, "vip-foreign() ");
	show(&f, &w);
	w.vips[0].peer_unknown = true;
	wire_macs_add(&w.vips[0].answers, &virtual);
	expect_skipped(&w, 0, "vip-foreign() ");
	/* Not both are the other director's. */
	show(&f, &w);
	w.vips[0].peer_unknown = true;
	wire_macs_add(&w.vips[0].answers, &stranger);
	expect_skipped(&w, 0, "vip-unheld() vip-foreign() vip-foreign() ");
	f.has[0][FINDING_VIP_FOREIGN] = false;
	show(&f, &w);
	w.vips[0].peer_unknown = true;
	expect_skipped(&w, 0, "vip-unheld() ");
}

UNIT_TESTS(wire_rules) = {
	{"sound", sound},
	{"each fault alone", each_alone},
	{"each pair of faults", each_pair},
	{"sentences and cures", sentences},
	{"one that passes packets on", one_that_passes_on},
	{"out of service", out_of_service},
	{"silent in ARP", silent_in_arp},
	{"over UDP", over_udp},
	{"who may answer for a virtual address", who_may_answer},
	{"the other director's MAC is not known", unknown_peer},
	UNIT_TESTS_END,
};
