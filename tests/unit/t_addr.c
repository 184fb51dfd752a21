/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "include/addr.h"
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <string.h>

#include <errno.h>
#include <sys/socket.h>

static void parses_and_formats(void)
{
	struct addr a;
	char buf[ADDR_TEXT];

	EXPECT_INT(addr_parse("10.77.0.100", &a), 0);
	EXPECT_INT(a.family, AF_INET);
	EXPECT_INT(addr_len(&a), 4);
	EXPECT_INT(addr_v4_value(&a), 0x0a4d0064);
	EXPECT_TEXT(addr_format(&a, buf), "10.77.0.100");
	EXPECT_INT(addr_parse("fd77::100", &a), 0);
	EXPECT_INT(a.family, AF_INET6);
	EXPECT_TEXT(addr_format(&a, buf), "fd77::100");
	a = addr_v4(0x0a4d0064);
	EXPECT_TEXT(addr_format(&a, buf), "10.77.0.100");
}

static void refuses_what_is_no_address(void)
{
	static const char *const bad[] = {
		"", "10.77.0", "10.77.0.256", "10.77.0.1 ", "10.77.0.1/24", "fd77::g", ":", "eth0"};
	struct addr a = {.family = 42};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		EXPECT_INT(addr_parse(bad[i], &a), -EINVAL);
	EXPECT_INT(a.family, 42);
}

static void knows_what_a_host_can_own(void)
{
	static const struct {
		const char *text;
		bool host;
	} cases[] = {
		{"10.77.0.1", true},   {"0.0.0.0", false},   {"127.0.0.1", false},
		{"224.0.0.18", false}, {"239.1.1.1", false}, {"255.255.255.255", false},
		{"240.0.0.1", true},   {"fe80::1", true},    {"::1", false},
		{"::", false},	       {"ff02::12", false},
	};
	struct addr a;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		EXPECT_INT(addr_parse(cases[i].text, &a), 0);
		EXPECT_INT(addr_is_host(&a), cases[i].host);
	}
}

static void prefixes(void)
{
	static const char *const bad[] = {"10.0.0.1/33", "10.0.0.1/", "10.0.0.1/-1", "10.0.0.1/+8",
					  "fd77::/129",	 "/24",	      "10.0.0.1/2 4"};
	struct prefix p;
	char buf[PREFIX_TEXT];

	EXPECT_INT(prefix_parse("10.77.0.100/24", &p), 0);
	EXPECT_TEXT(prefix_format(&p, buf), "10.77.0.100/24");
	EXPECT_INT(prefix_parse("10.77.0.100", &p), 0);
	EXPECT_INT(p.length, 32);
	EXPECT_INT(prefix_parse("fd77::100/64", &p), 0);
	EXPECT_TEXT(prefix_format(&p, buf), "fd77::100/64");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		EXPECT_INT(prefix_parse(bad[i], &p), -EINVAL);
}

static void macs(void)
{
	struct mac m;
	char buf[MAC_TEXT];

	EXPECT_INT(mac_parse("02:00:5E:00:01:ff", &m), 0);
	EXPECT_TEXT(mac_format(&m, buf), "02:00:5e:00:01:ff");
	EXPECT_INT(mac_is_unicast(&m), true);
	EXPECT_INT(mac_parse("01:00:5e:00:00:12", &m), 0);
	EXPECT_INT(mac_is_unicast(&m), false);
	EXPECT_INT(mac_parse("00:00:00:00:00:00", &m), 0);
	EXPECT_INT(mac_is_unicast(&m), false);
	EXPECT_INT(mac_parse("02:00:5e:00:01", &m), -EINVAL);
	EXPECT_INT(mac_parse("02:00:5e:00:01:fg", &m), -EINVAL);
	EXPECT_INT(mac_parse("02-00-5e-00-01-ff", &m), -EINVAL);
}

static struct addr_range range(const char *text)
{
	struct prefix p = {0};

	EXPECT_INT(prefix_parse(text, &p), 0);
	return prefix_range(&p);
}

/* "a-b", the ends of a range. */
static const char *ends(const struct addr_range *r, char buf[static 2 * ADDR_TEXT])
{
	char last[ADDR_TEXT];

	addr_format(&r->first, buf);
	strcat(strcat(buf, "-"), addr_format(&r->last, last));
	return buf;
}

static void ranges_of_prefixes(void)
{
	static const struct {
		const char *prefix, *ends;
	} cases[] = {
		{"192.0.2.0/24", "192.0.2.0-192.0.2.255"},
		{"192.0.2.77", "192.0.2.77-192.0.2.77"},
		{"192.0.2.96/27", "192.0.2.96-192.0.2.127"},
		{"0.0.0.0/0", "0.0.0.0-255.255.255.255"},
		{"10.77.0.100/24", "10.77.0.0-10.77.0.255"},
		{"2001:db8::/33", "2001:db8::-2001:db8:7fff:ffff:ffff:ffff:ffff:ffff"},
		{"::/0", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
		{"fd77::1", "fd77::1-fd77::1"},
	};
	char buf[2 * ADDR_TEXT];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct addr_range r = range(cases[i].prefix);

		EXPECT_TEXT(ends(&r, buf), cases[i].ends);
	}
}

static void ranges_that_overlap(void)
{
	static const struct {
		const char *a, *b;
		bool overlap;
	} cases[] = {
		{"192.0.2.0/24", "192.0.2.255", true},	 {"192.0.2.0/24", "192.0.3.0", false},
		{"192.0.2.0/25", "192.0.2.0/24", true},	 {"::/0", "0.0.0.0/0", false},
		{"fd77::/64", "fd77::1:0:0:0:0", false}, {"fd77::1", "fd77::1", true},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct addr_range a = range(cases[i].a), b = range(cases[i].b);

		EXPECT_INT(addr_range_overlaps(&a, &b), cases[i].overlap);
		EXPECT_INT(addr_range_overlaps(&b, &a), cases[i].overlap);
	}
}

static void ranges_are_merged(void)
{
	static const struct {
		const char *prefixes[6], *merged;
	} cases[] = {
		{{NULL}, ""},
		{{"192.0.2.1"}, "192.0.2.1-192.0.2.1 "},
		{{"192.0.2.1", "192.0.2.3"}, "192.0.2.1-192.0.2.1 192.0.2.3-192.0.2.3 "},
		{{"192.0.2.128/25", "192.0.2.0/25"}, "192.0.2.0-192.0.2.255 "},
		{{"10.0.0.0/8", "10.1.0.0/16", "10.255.0.0/16", "11.0.0.0"}, "10.0.0.0-11.0.0.0 "},
		{{"10.1.0.0/16", "10.1.0.0/16", "10.0.0.0/8"}, "10.0.0.0-10.255.255.255 "},
		{{"255.255.255.255", "255.255.255.254", "0.0.0.0"},
		 "0.0.0.0-0.0.0.0 255.255.255.254-255.255.255.255 "},
		{{"0.0.0.0/0", "192.0.2.0/24"}, "0.0.0.0-255.255.255.255 "},
		{{"::/0", "255.255.255.255", "fd77::1"},
		 "255.255.255.255-255.255.255.255 ::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "},
		{{"fd77::1:0", "fd77::ffff"}, "fd77::ffff-fd77::1:0 "},
	};
	char buf[2 * ADDR_TEXT], text[512];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct addr_range r[6];
		size_t n = 0;

		text[0] = '\0';
		for (; n < 6 && cases[i].prefixes[n]; n++)
			r[n] = range(cases[i].prefixes[n]);
		n = addr_range_merge(r, n);
		for (size_t k = 0; k < n; k++)
			strcat(strcat(text, ends(&r[k], buf)), " ");
		EXPECT_TEXT(text, cases[i].merged);
	}
}

/* Each octet with every number of digits. */
static void every_octet_as_the_system_writes_it(void)
{
	char buf[ADDR_TEXT], want[ADDR_TEXT];

	for (uint32_t n = 0; n < 256; n++) {
		struct addr a = addr_v4(n << 24 | (255 - n) << 16 | (n * 7 % 256) << 8 | n);

		CU_ASSERT_PTR_NOT_NULL_FATAL(inet_ntop(AF_INET, a.bytes, want, sizeof(want)));
		EXPECT_TEXT(addr_format(&a, buf), want);
	}
}

UNIT_TESTS(addr) = {
	{"every octet as the system writes it", every_octet_as_the_system_writes_it},
	{"ranges of prefixes", ranges_of_prefixes},
	{"ranges that overlap", ranges_that_overlap},
	{"ranges are merged", ranges_are_merged},
	{"parses and formats", parses_and_formats},
	{"refuses what is no address", refuses_what_is_no_address},
	{"knows what a host can own", knows_what_a_host_can_own},
	{"prefixes", prefixes},
	{"MAC addresses", macs},
	UNIT_TESTS_END,
};
