/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/health/http_target.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct config_check check_of(enum config_check_type type, const char *host, const char *sni)
{
	return (struct config_check){.type = type, .host = host, .sni = sni, .path = "/up?all"};
}

static struct addr addr_of(const char *text)
{
	struct addr a = {0};

	EXPECT_INT(addr_parse(text, &a), 0);
	return a;
}

static void expect_name(const char *host, const char *sni, int code, const char *want)
{
	struct config_check k = check_of(CHECK_HTTPS, host, sni);
	char name[HTTP_NAME];

	EXPECT_INT(http_target_name(&k, name), code);
	EXPECT_TEXT(name, want);
}

static void test_name(void)
{
	char long_name[HTTP_NAME + 1];

	memset(long_name, 'a', sizeof(long_name));
	long_name[HTTP_NAME] = '\0';
	expect_name("", "", 0, "");
	expect_name("www.example.com", "", 0, "www.example.com");
	expect_name("www.example.com:8443", "", 0, "www.example.com");
	expect_name("www.example.com", "sni.example.com", 0, "sni.example.com");
	expect_name("192.0.2.1:8443", "", 0, "");
	expect_name("[2001:db8::1]:8443", "", 0, "");
	expect_name("2001:db8::1", "", 0, "");
	expect_name("www.example.com/", "", 0, "");
	expect_name("www.example.com", "a/b", -EINVAL, "");
	expect_name("www.example.com", "a:1", -EINVAL, "");
	expect_name("www.example.com", "user@a", -EINVAL, "");
	expect_name("www.example.com", "192.0.2.1", -EINVAL, "");
	expect_name("www.example.com", long_name, -EINVAL, "");
	expect_name(long_name, "", 0, "");
	expect_name(long_name + 1, "", 0, long_name + 1);
}

static void expect_url(enum config_check_type type, const char *name, const char *vip,
		       uint16_t port, const char *want)
{
	struct config_check k = check_of(type, "", "");
	struct addr a = addr_of(vip);
	char *url = http_target_url(&k, name, &a, port);

	EXPECT_TEXT(url, want);
	free(url);
}

static void test_url(void)
{
	expect_url(CHECK_HTTP, "", "10.77.0.100", 80, "http://10.77.0.100:80/up?all");
	expect_url(CHECK_HTTPS, "", "fd77::100", 8443, "https://[fd77::100]:8443/up?all");
	expect_url(CHECK_HTTPS, "www.example.com", "fd77::100", 443,
		   "https://www.example.com:443/up?all");
}

static void expect_host(enum config_check_type type, const char *host, const char *vip,
			uint16_t port, const char *want)
{
	struct config_check k = check_of(type, host, "sni.example.com");
	struct addr a = addr_of(vip);
	char *line = http_target_host(&k, &a, port);

	EXPECT_TEXT(line, want);
	free(line);
}

static void test_host(void)
{
	expect_host(CHECK_HTTP, "", "10.77.0.100", 80, "Host: 10.77.0.100");
	expect_host(CHECK_HTTP, "", "10.77.0.100", 443, "Host: 10.77.0.100:443");
	expect_host(CHECK_HTTPS, "", "fd77::100", 443, "Host: [fd77::100]");
	expect_host(CHECK_HTTPS, "", "fd77::100", 80, "Host: [fd77::100]:80");
	expect_host(CHECK_HTTPS, "www.example.com", "fd77::100", 80, "Host: www.example.com");
}

static void test_connect_to(void)
{
	struct addr four = addr_of("10.77.0.21"), six = addr_of("fd77::21");
	char buf[HTTP_CONNECT_TO];

	EXPECT_TEXT(http_target_connect_to(&four, 80, buf), "::10.77.0.21:80");
	EXPECT_TEXT(http_target_connect_to(&six, 65535, buf), "::[fd77::21]:65535");
}

UNIT_TESTS(http_target) = {
	{"the name of a certificate", test_name},  {"URLs", test_url}, {"Host lines", test_host},
	{"where it connects to", test_connect_to}, UNIT_TESTS_END,
};
