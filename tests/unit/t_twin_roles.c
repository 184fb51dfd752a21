/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose flows are whose, and what they sum to. */
#include "director/flow/twin_roles.h"
#include "tests/unit/unit.h"

#include <netinet/in.h>
#include <sys/socket.h>

static struct addr ipv4(uint32_t address)
{
	return (struct addr){.family = AF_INET,
			     .bytes = {(uint8_t)(address >> 24), (uint8_t)(address >> 16),
				       (uint8_t)(address >> 8), (uint8_t)address}};
}

static struct addr ipv6(uint8_t last)
{
	return (struct addr){.family = AF_INET6, .bytes = {0xfd, 0x77, [15] = last}};
}

static struct flow_key flow(uint32_t i)
{
	return (struct flow_key){.client = ipv4(0x0a4d000a + i),
				 .vip = ipv4(0x0a4d0064),
				 .client_port = (uint16_t)(1024 + i),
				 .vip_port = 80,
				 .protocol = IPPROTO_TCP};
}

/* Two sections, the first of both families; three addresses of the first router. */
enum { WEB, WEB6, MAIL, ROUTERS };

static const struct twin_router routers[ROUTERS] = {
	{.section = 7, .family = AF_INET},
	{.section = 7, .family = AF_INET6},
	{.section = 9, .family = AF_INET},
};

static void set(struct twin_roles *r, bool web, bool web6, bool mail)
{
	struct twin_place places[] = {
		{ipv4(0x0a4d0066), WEB}, {ipv4(0x0a4d0064), WEB},  {ipv6(1), WEB6},
		{ipv4(0x0a4d0065), WEB}, {ipv4(0x0a4d00c8), MAIL},
	};
	bool ours[ROUTERS] = {web, web6, mail};

	*r = (struct twin_roles){0};
	EXPECT_INT(twin_roles_set(r, routers, ROUTERS, places, 5), 0);
	CU_ASSERT(twin_roles_are(r, routers, ROUTERS, places, 5));
	places[3].router = MAIL;
	CU_ASSERT_FALSE(twin_roles_are(r, routers, ROUTERS, places, 5));
	CU_ASSERT_FALSE(twin_roles_are(r, routers, ROUTERS, places, 4));
	CU_ASSERT_FALSE(twin_roles_are(r, routers, ROUTERS - 1, places, 5));
	twin_roles_take(r, ours, 100);
}

static void addresses_have_routers(void)
{
	struct twin_roles r;
	struct addr other = ipv4(0x0a4d0067), six = ipv6(1), mail = ipv4(0x0a4d00c8);

	set(&r, true, false, false);
	for (uint32_t i = 0; i < 3; i++) {
		struct addr a = ipv4(0x0a4d0064 + i);

		CU_ASSERT_PTR_EQUAL(twin_roles_find(&r, &a), &r.routers[WEB]);
	}
	CU_ASSERT_PTR_EQUAL(twin_roles_find(&r, &six), &r.routers[WEB6]);
	CU_ASSERT_PTR_EQUAL(twin_roles_find(&r, &mail), &r.routers[MAIL]);
	CU_ASSERT_PTR_NULL(twin_roles_find(&r, &other));
	twin_roles_clear(&r);
	CU_ASSERT_PTR_NULL(twin_roles_find(&r, &six));
}

static void each_is_ours_or_theirs(void)
{
	const bool none[ROUTERS] = {false};
	const bool all[ROUTERS] = {true, true, true};
	struct sync_domain domain, theirs = {.n = 2};
	struct twin_roles r;

	set(&r, true, false, false);
	twin_roles_domain(&r, &domain);
	EXPECT_INT(domain.n, 1);
	EXPECT_INT(domain.routers[0].section, 7);
	EXPECT_INT(domain.routers[0].family, AF_INET);

	theirs.routers[0].section = theirs.routers[1].section = 7;
	theirs.routers[0].family = AF_INET;
	theirs.routers[1].family = AF_INET6;
	twin_roles_theirs(&r, &theirs);
	CU_ASSERT_FALSE(r.routers[WEB].theirs); /* we say that it is ours */
	CU_ASSERT(r.routers[WEB6].theirs);
	CU_ASSERT_FALSE(r.routers[MAIL].theirs);

	CU_ASSERT(twin_roles_take(&r, all, 200));
	CU_ASSERT_FALSE(twin_roles_take(&r, all, 300));
	EXPECT_INT(r.routers[WEB].since_s, 100);
	EXPECT_INT(r.routers[WEB6].since_s, 200);
	CU_ASSERT_FALSE(r.routers[WEB6].theirs);
	CU_ASSERT(twin_roles_take(&r, none, 400));
	CU_ASSERT(twin_roles_take(&r, all, 500));
	EXPECT_INT(r.routers[WEB].since_s, 500);
	CU_ASSERT(twin_roles_take(&r, none, 600));
	twin_roles_domain(&r, &domain);
	EXPECT_INT(domain.n, 0);
	twin_roles_theirs(&r, &domain);
	CU_ASSERT_FALSE(r.routers[WEB].theirs);
	twin_roles_clear(&r);
}

/* In whatever order and by whatever way two tables came about, they agree when they are alike. */
static void sums_tell_tables_apart(void)
{
	struct twin_roles a, b;
	struct sync_digest digest;
	struct sync_domain domain;
	struct flow_key key;

	set(&a, true, false, false);
	set(&b, false, false, false);
	twin_roles_domain(&a, &domain);
	for (uint32_t i = 0; i < 1000; i++) {
		key = flow(i);
		twin_router_count(&a.routers[WEB], &key, "www", i % 2 ? "web1" : "web2", i % 3 == 0,
				  true);
		key = flow(999 - i);
		twin_router_count(&b.routers[WEB], &key, "www", (999 - i) % 2 ? "web1" : "web2",
				  (999 - i) % 3 == 0, true);
	}
	key = flow(1000);
	twin_router_count(&b.routers[WEB], &key, "www", "web1", false, true);
	twin_router_count(&b.routers[MAIL], &key, "www", "web1", false, true);
	twin_roles_digest(&a, &domain, &digest);
	EXPECT_INT(digest.flows, 1000);
	CU_ASSERT_FALSE(twin_roles_agree(&b, &digest));
	twin_router_count(&b.routers[WEB], &key, "www", "web1", false, false);
	CU_ASSERT(twin_roles_agree(&b, &digest)); /* the flow of the other section does not count */

	key = flow(5);
	twin_router_count(&b.routers[WEB], &key, "www", "web1", false, false);
	CU_ASSERT_FALSE(twin_roles_agree(&b, &digest));
	twin_router_count(&b.routers[WEB], &key, "www", "web2", false, true);
	CU_ASSERT_FALSE(twin_roles_agree(&b, &digest)); /* another backend */
	twin_router_count(&b.routers[WEB], &key, "www", "web2", false, false);
	twin_router_count(&b.routers[WEB], &key, "www", "web1", true, true);
	CU_ASSERT_FALSE(twin_roles_agree(&b, &digest)); /* it closes */
	twin_router_count(&b.routers[WEB], &key, "www", "web1", true, false);
	twin_router_count(&b.routers[WEB], &key, "wwwweb", "1", false, true);
	CU_ASSERT_FALSE(twin_roles_agree(&b, &digest)); /* names do not run into each other */
	twin_router_count(&b.routers[WEB], &key, "wwwweb", "1", false, false);
	twin_router_count(&b.routers[WEB], &key, "www", "web1", false, true);
	CU_ASSERT(twin_roles_agree(&b, &digest));
	b.routers[WEB].ours = true; /* both are master: no common word */
	key = flow(7);
	twin_router_count(&b.routers[WEB], &key, "www", "web1", false, false);
	CU_ASSERT(twin_roles_agree(&b, &digest));
	twin_roles_clear(&a);
	twin_roles_clear(&b);
}

/* Pins are summed for themselves. */
static void pins_count_apart(void)
{
	struct twin_roles a, b;
	struct sync_digest digest;
	struct sync_domain domain;
	struct flow_key key = flow(3), pin = key;

	pin.protocol = FLOW_PIN;
	pin.client_port = pin.vip_port = 0;
	set(&a, true, false, false);
	set(&b, false, false, false);
	twin_roles_domain(&a, &domain);
	twin_router_count(&a.routers[WEB], &key, "www", "web1", false, true);
	twin_router_count(&a.routers[WEB], &pin, "www", "web1", false, true);
	twin_roles_digest(&a, &domain, &digest);
	EXPECT_INT(digest.flows, 1);
	EXPECT_INT(digest.pins, 1);
	EXPECT_INT(twin_roles_held(&a, true), 1);
	EXPECT_INT(a.routers[WEB].pins, 1);
	EXPECT_INT(a.routers[MAIL].pins, 0);
	twin_router_count(&b.routers[WEB], &key, "www", "web1", false, true);
	CU_ASSERT_FALSE(twin_roles_agree(&b, &digest));
	twin_router_count(&b.routers[WEB], &pin, "www", "web2", false, true);
	CU_ASSERT_FALSE(twin_roles_agree(&b, &digest)); /* another backend */
	twin_router_count(&b.routers[WEB], &pin, "www", "web2", false, false);
	twin_router_count(&b.routers[WEB], &pin, "www", "web1", false, true);
	CU_ASSERT(twin_roles_agree(&b, &digest));
	twin_roles_clear(&a);
	twin_roles_clear(&b);
}

static void held_is_ours_and_theirs(void)
{
	struct sync_domain theirs = {.n = 1, .routers = {{.section = 9, .family = AF_INET}}};
	struct flow_key key = flow(1);
	struct twin_roles r;

	set(&r, true, false, false);
	twin_roles_theirs(&r, &theirs);
	twin_router_count(&r.routers[WEB], &key, "www", "web1", false, true);
	twin_router_count(&r.routers[WEB6], &key, "www", "web1", false, true);
	for (uint32_t i = 0; i < 3; i++) {
		key = flow(i);
		twin_router_count(&r.routers[MAIL], &key, "smtp", "mx1", false, true);
	}
	EXPECT_INT(twin_roles_held(&r, true), 1);
	EXPECT_INT(twin_roles_held(&r, false), 3);
	EXPECT_INT(twin_roles_all(&r), 5); /* one more is nobody's */
	/* Who hands over holds them still, before the other one has said that it is the master. */
	twin_roles_take(&r, (const bool[]){false, false, false}, 1);
	twin_roles_theirs(&r, &(struct sync_domain){0});
	EXPECT_INT(twin_roles_held(&r, true) + twin_roles_held(&r, false), 0);
	EXPECT_INT(twin_roles_all(&r), 5);
	twin_roles_clear(&r);
}

UNIT_TESTS(twin_roles) = {
	{"addresses have routers", addresses_have_routers},
	{"each is ours or theirs", each_is_ours_or_theirs},
	{"sums tell tables apart", sums_tell_tables_apart},
	{"held is ours and theirs", held_is_ours_and_theirs},
	{"pins count apart", pins_count_apart},
	UNIT_TESTS_END,
};
