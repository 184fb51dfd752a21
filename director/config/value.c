/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/config/value.h"

#include "director/config/number.h"
#include "director/config/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static int bad(char why[static VALUE_WHY], const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static int bad(char why[static VALUE_WHY], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, VALUE_WHY, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static int parse_duration(const struct keyword *k, const char *text, uint32_t *field, char *why)
{
	char low[DURATION_TEXT], high[DURATION_TEXT];
	uint64_t ms;

	if (duration_parse(text, &ms) < 0)
		return bad(why,
			   "a duration with its unit, like \"10ms\", \"1.5s\", \"5m\" or \"1h\"");
	if (ms < (uint64_t)k->min || ms > (uint64_t)k->max)
		return bad(why, "from %s to %s", duration_format((uint64_t)k->min, low),
			   duration_format((uint64_t)k->max, high));
	*field = (uint32_t)ms;
	return 0;
}

/* The number itself; the caller narrows it. */
static int parse_number(const struct keyword *k, const char *text, int64_t *ret, char *why)
{
	int64_t value;

	if (number_parse(text, &value) < 0 || value < k->min || value > k->max)
		return bad(why, "a whole number from %" PRId64 " to %" PRId64, k->min, k->max);
	*ret = value;
	return 0;
}

static int parse_ports(const char *text, struct config_ports *field, char *why)
{
	uint64_t first, last;

	if (range_parse(text, &first, &last) < 0 || first < 1 || last > 65535 || first > last)
		return bad(why, "a port from 1 to 65535 or a range, like \"8000-8010\"");
	*field = (struct config_ports){(uint16_t)first, (uint16_t)last};
	return 0;
}

static int parse_bool(const char *text, bool *field, char *why)
{
	if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
		return bad(why, "true or false");
	*field = text[0] == 't';
	return 0;
}

static int parse_word(const struct keyword *k, const char *text, void *field, char *why)
{
	size_t n = 0;

	for (const struct keyword_word *w = k->words; w->name; w++) {
		if (strcmp(w->name, text) == 0) {
			memcpy(field, &w->value, sizeof(w->value));
			return 0;
		}
	}
	for (const struct keyword_word *w = k->words; w->name && n < VALUE_WHY; w++)
		n += (size_t)snprintf(why + n, VALUE_WHY - n, "%s%s",
				      n == 0	  ? "one of "
				      : w[1].name ? ", "
						  : " or ",
				      w->name);
	return -EINVAL;
}

static int parse_address(const char *text, struct addr *field, char *why)
{
	struct addr a;

	if (addr_parse(text, &a) < 0)
		return bad(why, "an IPv4 or IPv6 address");
	if (!addr_is_host(&a))
		return bad(why, "an address that a host can have");
	*field = a;
	return 0;
}

static int parse_vip(const char *text, struct prefix *field, char *why)
{
	struct prefix p;

	if (prefix_parse(text, &p) < 0)
		return bad(why,
			   "an address with the length of its prefix, like \"10.77.0.100/24\"");
	if (!addr_is_host(&p.addr) || p.length == 0)
		return bad(why, "an address that a host can have");
	if (p.addr.family == AF_INET && p.length < 31 &&
	    (prefix_rest_is(&p, false) || prefix_rest_is(&p, true)))
		return bad(why, "a host's address, neither the first nor the last of its prefix");
	*field = p;
	return 0;
}

static int parse_prefix(const char *text, struct prefix *field, char *why)
{
	struct prefix p;

	if (prefix_parse(text, &p) < 0)
		return bad(why, "an address or a prefix, like \"192.0.2.0/24\"");
	if (!prefix_rest_is(&p, false))
		return bad(why, "a prefix without bits behind its length");
	*field = p;
	return 0;
}

static int parse_mac(const char *text, struct mac *field, char *why)
{
	struct mac m;

	if (mac_parse(text, &m) < 0)
		return bad(why, "an Ethernet address, like \"02:00:00:00:00:05\"");
	if (!mac_is_unicast(&m))
		return bad(why, "the Ethernet address of one station");
	*field = m;
	return 0;
}

static int parse_text(const struct keyword *k, const char *text, const char **field,
		      struct pool *pool, char *why)
{
	const char *wants = text_wants(k->type, text);

	if (wants)
		return bad(why, "%s", wants);
	*field = pool_text(pool, text);
	return *field ? 0 : -ENOMEM;
}

int value_parse(const struct keyword *k, const char *text, void *field, struct pool *pool,
		char why[static VALUE_WHY])
{
	int64_t number = 0;
	int r;

	if (keyword_is_text(k))
		return parse_text(k, text, field, pool, why);
	if (k->type == KEYWORD_BOOL)
		return parse_bool(text, field, why);
	if (k->type == KEYWORD_DURATION)
		return parse_duration(k, text, field, why);
	if (k->type == KEYWORD_WORD)
		return parse_word(k, text, field, why);
	if (k->type == KEYWORD_ADDRESS)
		return parse_address(text, field, why);
	if (k->type == KEYWORD_VIP)
		return parse_vip(text, field, why);
	if (k->type == KEYWORD_PREFIX)
		return parse_prefix(text, field, why);
	if (k->type == KEYWORD_MAC)
		return parse_mac(text, field, why);
	if (k->type == KEYWORD_PORTS)
		return parse_ports(text, field, why);
	r = parse_number(k, text, &number, why);
	if (r < 0)
		return r;
	if (k->type == KEYWORD_U8)
		*(uint8_t *)field = (uint8_t)number;
	else if (k->type == KEYWORD_U16)
		*(uint16_t *)field = (uint16_t)number;
	else if (k->type == KEYWORD_U32)
		*(uint32_t *)field = (uint32_t)number;
	else
		*(int *)field = (int)number;
	return 0;
}

size_t value_size(const struct keyword *k)
{
	static const size_t sizes[] = {
		[KEYWORD_BOOL] = sizeof(bool),
		[KEYWORD_U8] = sizeof(uint8_t),
		[KEYWORD_U16] = sizeof(uint16_t),
		[KEYWORD_U32] = sizeof(uint32_t),
		[KEYWORD_INT] = sizeof(int),
		[KEYWORD_DURATION] = sizeof(uint32_t),
		[KEYWORD_WORD] = sizeof(int),
		[KEYWORD_ADDRESS] = sizeof(struct addr),
		[KEYWORD_VIP] = sizeof(struct prefix),
		[KEYWORD_PREFIX] = sizeof(struct prefix),
		[KEYWORD_MAC] = sizeof(struct mac),
		[KEYWORD_PORTS] = sizeof(struct config_ports),
	};

	return keyword_is_text(k) ? sizeof(char *) : sizes[k->type];
}

static void print_ports(const struct config_ports *p, FILE *out)
{
	if (p->first == p->last)
		fprintf(out, "%u", p->first);
	else
		fprintf(out, "%u-%u", p->first, p->last);
}

void value_print(const struct keyword *k, const void *field, FILE *out)
{
	char buf[PREFIX_TEXT];
	int word;

	switch (k->type) {
	case KEYWORD_SECTION:
	case KEYWORD_INCLUDE: break;
	case KEYWORD_BOOL: fputs(*(const bool *)field ? "true" : "false", out); break;
	case KEYWORD_U8: fprintf(out, "%u", *(const uint8_t *)field); break;
	case KEYWORD_U16: fprintf(out, "%u", *(const uint16_t *)field); break;
	case KEYWORD_U32: fprintf(out, "%" PRIu32, *(const uint32_t *)field); break;
	case KEYWORD_INT: fprintf(out, "%d", *(const int *)field); break;
	case KEYWORD_DURATION: fputs(duration_format(*(const uint32_t *)field, buf), out); break;
	case KEYWORD_WORD:
		memcpy(&word, field, sizeof(word));
		fputs(keyword_word_name(k->words, word), out);
		break;
	case KEYWORD_ADDRESS: fputs(addr_format(field, buf), out); break;
	case KEYWORD_VIP:
	case KEYWORD_PREFIX: fputs(prefix_format(field, buf), out); break;
	case KEYWORD_MAC: fputs(mac_format(field, buf), out); break;
	case KEYWORD_PORTS: print_ports(field, out); break;
	case KEYWORD_TEXT:
	case KEYWORD_NAME:
	case KEYWORD_INTERFACE:
	case KEYWORD_PATH:
	case KEYWORD_URL_PATH:
	case KEYWORD_METHOD:
	case KEYWORD_HOST:
	case KEYWORD_GROUP:
	case KEYWORD_REGEX:
	case KEYWORD_LISTEN:
	case KEYWORD_FILTER: fputs(*(const char *const *)field, out); break;
	}
}
