/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/health/vip_source.h"
#include "tests/unit/unit.h"

#include <string.h>

/* "10.77.0.2/24", with a mark: '*' put there by a director, '?' tentative. */
static struct vip_source source(const char *text)
{
	struct vip_source s = {.is_virtual = text[0] == '*', .usable = text[0] != '?'};

	EXPECT_INT(prefix_parse(text + strspn(text, "*?"), &s.at), 0);
	return s;
}

static void expect(const char *vip_text, const char *backend_text, const char *const *texts,
		   const char *want)
{
	struct vip_source sources[8];
	struct addr vip = {0}, backend = {0}, got = {0};
	char text[ADDR_TEXT];
	size_t n = 0;

	for (; texts[n]; n++)
		sources[n] = source(texts[n]);
	EXPECT_INT(addr_parse(vip_text, &vip), 0);
	if (backend_text)
		EXPECT_INT(addr_parse(backend_text, &backend), 0);
	EXPECT_INT(vip_source_pick(sources, n, &vip, &backend, &got), want != NULL);
	EXPECT_TEXT(addr_format(&got, text), want ? want : "-");
}

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

static void ipv4(void)
{
	expect("10.77.0.100", "10.77.0.21", LIST("10.77.0.2/24"), "10.77.0.2");
	expect("10.77.0.100", "10.77.0.21", LIST("10.77.0.100/24", "10.77.0.2/24"), "10.77.0.2");
	expect("10.77.0.100", "10.77.0.21", LIST("*10.77.0.101/24", "10.77.0.2/24"), "10.77.0.2");
	expect("10.77.0.100", "10.77.0.21", LIST("?10.77.0.3/24", "10.77.0.2/24"), "10.77.0.2");
	expect("10.77.0.100", "10.77.0.21", LIST("10.77.0.5/32", "10.77.0.2/24"), "10.77.0.2");
	expect("203.0.113.9", "10.77.0.21", LIST("203.0.113.2/24", "10.77.0.2/24"), "10.77.0.2");
	expect("203.0.113.9", NULL, LIST("203.0.113.2/24", "10.77.0.2/24"), "203.0.113.2");
	expect("203.0.113.9", "fd77::21", LIST("192.0.2.5/32", "10.77.0.2/24"), "10.77.0.2");
	expect("10.77.0.100", "10.77.0.21", LIST("192.0.2.5/32"), "192.0.2.5");
	expect("10.77.0.100", "10.77.0.21", LIST("fd77::2/64", "*10.77.0.101/32"), NULL);
	expect("10.77.0.100", "10.77.0.21", LIST("10.77.0.100/24"), NULL);
}

static void ipv6(void)
{
	expect("fd77::100", "fd77::21", LIST("fe80::2/64", "fd77::2/64"), "fd77::2");
	expect("fd77::100", "fd77::21", LIST("fd77::5/128", "fd78::2/64", "fd77::2/64"), "fd77::2");
	expect("fd77::100", "fd77::21", LIST("fe80::2/64"), NULL);
	expect("fe80::100", "fe80::21", LIST("fd77::2/64", "fe80::2/64"), "fe80::2");
}

UNIT_TESTS(vip_source) = {
	{"IPv4", ipv4},
	{"IPv6", ipv6},
	UNIT_TESTS_END,
};
