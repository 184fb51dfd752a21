/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the text of each kind of word may look like, the same in every locale. */
#include "director/config/text.h"

#include "director/config/number.h"
#include "include/name.h"

#include <regex.h>
#include <string.h>
#include <sys/socket.h>

enum {
	METHOD_MAX = 16,
	REGEX_MAX = 255,
	REGEX_REPEAT_MAX = 1000,
	REGEX_DEPTH_MAX = 5,
	HOST_MAX = 253,
	LABEL_MAX = 63
};

static const char in_labels[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool prefix_rest_is(const struct prefix *p, bool ones)
{
	for (size_t i = p->length; i < addr_len(&p->addr) * 8; i++)
		if ((p->addr.bytes[i / 8] >> (7 - i % 8) & 1) != ones)
			return false;
	return true;
}

static bool is_name(const char *text)
{
	return name_is_valid(text, strlen(text));
}

/* What the kernel takes, and what can stand in a ruleset without quotes. */
static bool interface_is_valid(const char *text)
{
	size_t n = 0;

	for (; text[n]; n++)
		if (!is_letter(text[n]) && !is_digit(text[n]) && !strchr("._-", text[n]))
			return false;
	return n >= 1 && n <= CONFIG_IFNAME_MAX && strcmp(text, ".") != 0 &&
	       strcmp(text, "..") != 0;
}

static bool is_method(const char *text)
{
	size_t n = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

	return n >= 1 && n <= METHOD_MAX && text[n] == '\0';
}

/* "192.0.2.1:9405", "[2001:db8::1]:9405" */
static bool is_listen(const char *text)
{
	const char *colon = strrchr(text, ':');
	char host[ADDR_TEXT + 2];
	struct addr a;
	size_t n = colon ? (size_t)(colon - text) : 0;
	uint64_t port, last;

	if (n == 0 || n >= sizeof(host) || range_parse(colon + 1, &port, &last) < 0 ||
	    port != last || port < 1 || port > 65535)
		return false;
	memcpy(host, text, n);
	host[n] = '\0';
	if (host[0] == '[' && host[n - 1] == ']') {
		host[n - 1] = '\0';
		return addr_parse(host + 1, &a) == 0 && a.family == AF_INET6;
	}
	return addr_parse(host, &a) == 0 && a.family == AF_INET;
}

/* What is behind a{ up to }: the larger number; 1 when there is none. */
static unsigned long most_of_braces(const char *text)
{
	unsigned long count = 0, most = 1;

	for (; *text && *text != '}'; text++) {
		count = is_digit(*text) ? count * 10 + (unsigned long)(*text - '0') : 0;
		most = count > most ? count : most;
		if (most > REGEX_REPEAT_MAX)
			break;
	}
	return most;
}

/*
 * Repetitions inside each other multiply, a group in a{m,n} and twice that in (a)+, and the library takes memory for
 * each copy: their product is bounded before it sees them. One of a repetition doubles without a group. And what \1
 * was is looked for by trying everything.
 */
static bool repeats_modestly(const char *text)
{
	unsigned long product = 1;

	for (; *text; text++) {
		if (*text == '\\' && (is_digit(text[1]) || !text[1]))
			return false;
		if (strchr("+*?}", *text) && text[1] && strchr("+*?{", text[1]))
			return false;
		if (*text == '\\')
			text++;
		else if (*text == '{')
			product *= most_of_braces(text + 1);
		else if (*text == ')' && text[1] == '+')
			product *= 2;
		if (product > REGEX_REPEAT_MAX)
			return false;
	}
	return true;
}

static bool is_regex(const char *text)
{
	regex_t re;

	if (!text[0] || strlen(text) > REGEX_MAX || !repeats_modestly(text) ||
	    regcomp(&re, text, REG_EXTENDED | REG_NOSUB) != 0)
		return false;
	regfree(&re);
	return true;
}

static bool is_path(const char *text)
{
	return text[0] == '/';
}

static bool is_url_path(const char *text)
{
	return text[0] == '/' && !strpbrk(text, " #");
}

/*
 * RFC 1035, 2.3.4: labels of 63 octets at most, 253 in all; "_" is in names that are in use. RFC 6066, 3: an
 * address is no name that TLS asks for, and there is no dot behind the last label.
 */
static bool is_host(const char *text)
{
	struct addr a;
	size_t len = strlen(text);

	if (len == 0 || len > HOST_MAX || addr_parse(text, &a) == 0)
		return false;
	for (;;) {
		size_t label = strspn(text, in_labels);

		if (label == 0 || label > LABEL_MAX || text[0] == '-' || text[label - 1] == '-')
			return false;
		if (text[label] != '.')
			return text[label] == '\0';
		text += label + 1;
	}
}

/* As useradd(8) and directories of users have them; no blanks, nothing that a terminal would obey. */
static bool is_group(const char *text)
{
	static const char in_groups[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
	size_t n = strspn(text, in_groups);

	return n >= 1 && n <= CONFIG_NAME_MAX && text[n] == '\0' && text[0] != '-';
}

static bool is_filter(const char *text)
{
	struct prefix p;

	if (text[0] == '@')
		return text[1] == '/';
	return prefix_parse(text, &p) == 0 && prefix_rest_is(&p, false);
}

static bool is_text(const char *text)
{
	return text[0] != '\0';
}

static const struct {
	enum keyword_type type;
	bool (*is)(const char *text);
	const char *wants;
} kinds[] = {
	{KEYWORD_TEXT, is_text, "more than an empty string"},
	{KEYWORD_NAME, is_name,
	 "made of letters, digits, \"-\" and \"_\" (at most 31, a letter first)"},
	{KEYWORD_INTERFACE, interface_is_valid,
	 "the name of a network interface (at most 15 letters, digits, \".\", \"_\", \"-\")"},
	{KEYWORD_PATH, is_path, "an absolute path"},
	{KEYWORD_URL_PATH, is_url_path, "a path that begins with \"/\", without blanks and \"#\""},
	{KEYWORD_METHOD, is_method, "an HTTP method, like \"GET\""},
	{KEYWORD_HOST, is_host, "the name of a host, like \"www.example.com\""},
	{KEYWORD_GROUP, is_group,
	 "a group of users, by name or number (at most 31 letters, digits, \"_\", \".\", \"-\")"},
	{KEYWORD_REGEX, is_regex,
	 "an extended regular expression of few repetitions, none of another one, without \\1"},
	{KEYWORD_LISTEN, is_listen, "an address and a port, like \"127.0.0.1:9405\""},
	{KEYWORD_FILTER, is_filter, "a prefix, like \"192.0.2.0/24\", or \"@/path/of/a/file\""},
};

const char *text_wants(enum keyword_type type, const char *text)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].type == type)
			return kinds[i].is(text) ? NULL : kinds[i].wants;
	return NULL;
}
