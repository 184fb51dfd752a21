/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/config/check.h"

#include "director/config/keywords.h"
#include "director/config/number.h"
#include "director/config/value.h"

#include <string.h>
#include <sys/socket.h>

static void check_ports(struct source *s, const struct config_farm *f)
{
	size_t total = 0;

	for (size_t i = 0; i < f->n_ports; i++) {
		const struct config_ports *p = &f->ports[i];

		total += (size_t)(p->last - p->first) + 1;
		if (total > CONFIG_FARM_PORTS_MAX) {
			source_mistake_at(s, p, "more than %d ports in farm \"%s\"",
					  CONFIG_FARM_PORTS_MAX, f->name);
			return;
		}
		for (size_t j = 0; j < i; j++) {
			const struct config_ports *q = &f->ports[j];

			if (p->first > q->last || q->first > p->last)
				continue;
			source_mistake_at(s, p, "port %u is given twice in farm \"%s\"",
					  p->first > q->first ? p->first : q->first, f->name);
			return;
		}
	}
}

static bool has_family(const struct config_farm *f, uint8_t family)
{
	for (size_t i = 0; i < f->n_addresses; i++)
		if (f->addresses[i].family == family)
			return true;
	return false;
}

static void check_backends(struct source *s, const struct config_farm *f)
{
	config_check_names(s, "backend", f->backends, f->n_backends, sizeof(f->backends[0]));
	for (size_t i = 0; i < f->n_backends; i++) {
		const struct config_backend *b = &f->backends[i];

		if (!has_family(f, b->address.family))
			source_mistake_at(
				s, &b->address,
				"backend \"%s\" has an %s address, but farm \"%s\" has none",
				b->name, b->address.family == AF_INET ? "IPv4" : "IPv6", f->name);
		/* RFC 4007, 6: such an address means something on its own link only. */
		if (addr_is_link_local(&b->address) && !b->interface[0])
			source_mistake_at(
				s, &b->address,
				"backend \"%s\" has a link-local address and no interface",
				b->name);
	}
	if (f->minimum_backends > f->n_backends)
		source_mistake_at(s, &f->minimum_backends,
				  "minimum-backends is %u, but farm \"%s\" has %zu",
				  f->minimum_backends, f->name, f->n_backends);
}

static bool has_backend(const struct config_farm *f, const char *name)
{
	for (size_t i = 0; i < f->n_backends; i++)
		if (strcmp(f->backends[i].name, name) == 0)
			return true;
	return false;
}

/* The first pin before this one that has a client in common with it, or NULL. */
static const struct config_pin *pin_before(const struct config_farm *f, size_t pin)
{
	struct addr_range clients = prefix_range(&f->pins[pin].client);

	for (size_t i = 0; i < pin; i++) {
		struct addr_range earlier = prefix_range(&f->pins[i].client);

		if (addr_range_overlaps(&clients, &earlier))
			return &f->pins[i];
	}
	return NULL;
}

static void check_pins(struct source *s, const struct config_farm *f)
{
	char client[PREFIX_TEXT], earlier[PREFIX_TEXT], place[ERR_FILE];

	for (size_t i = 0; i < f->n_pins; i++) {
		const struct config_pin *p = &f->pins[i], *other = pin_before(f, i);

		prefix_format(&p->client, client);
		if (!has_backend(f, p->backend))
			source_mistake_at(s, &p->backend, "farm \"%s\" has no backend \"%s\"",
					  f->name, p->backend);
		if (!has_family(f, p->client.addr.family))
			source_mistake_at(s, &p->client,
					  "client %s of this pin is of %s, but farm \"%s\" has no "
					  "such address",
					  client,
					  p->client.addr.family == AF_INET ? "IPv4" : "IPv6",
					  f->name);
		if (other)
			source_mistake_at(s, &p->client, "client %s is pinned already, by %s (%s)",
					  client, prefix_format(&other->client, earlier),
					  source_place_of(s, &other->client, place));
	}
}

/* True when a field was given another value than its default. */
static bool is_changed(struct source *s, const struct keyword *row, const void *field)
{
	uint64_t def = 0;
	char why[VALUE_WHY];

	return source_word_of(s, field) && value_parse(row, row->def, &def, NULL, why) == 0 &&
	       memcmp(&def, field, value_size(row)) != 0;
}

/* Keys that say how to remember, where nothing is to be remembered. A default does no harm. */
static void check_persistence(struct source *s, const struct config_farm *f)
{
	static const char *const keys[] = {"persistence-timeout", "persistence-prefix",
					   "persistence-prefix6"};

	for (size_t i = 0; f->persistence == PERSISTENCE_NONE && i < sizeof(keys) / sizeof(keys[0]);
	     i++) {
		const struct keyword *row = keyword_find(SECTION_FARM, keys[i]);
		const void *field = (const char *)f + row->offset;

		if (is_changed(s, row, field))
			source_mistake_at(s, field, "%s needs persistence = \"source-address\"",
					  keys[i]);
	}
}

/* The vrrp section that holds an address, or NULL. */
static const struct config_vrrp *vrrp_of(const struct config *c, const struct addr *a)
{
	for (size_t i = 0; i < c->n_vrrps; i++)
		for (size_t j = 0; j < c->vrrps[i].n_addresses; j++)
			if (addr_equal(&c->vrrps[i].addresses[j].addr, a))
				return &c->vrrps[i];
	return NULL;
}

static void check_interface(struct source *s, const struct config *c, const struct config_farm *f)
{
	char address[ADDR_TEXT];

	if (!f->interface[0]) {
		source_mistake_at(
			s, &f->name,
			"farm \"%s\" has no interface, and no vrrp section holds its address",
			f->name);
		return;
	}
	for (size_t i = 0; i < f->n_addresses; i++) {
		const struct config_vrrp *v = vrrp_of(c, &f->addresses[i]);
		bool given = source_word_of(s, &f->interface);
		const void *at = given ? (const void *)&f->interface : &f->addresses[i];

		/* Forgotten in one of two sections, most likely; who holds it himself says where. */
		if (!v && !given)
			source_mistake_at(s, at,
					  "no vrrp section holds %s: add it to one, or give farm "
					  "\"%s\" an interface",
					  addr_format(&f->addresses[i], address), f->name);
		if (v && strcmp(v->interface, f->interface) != 0)
			source_mistake_at(s, at,
					  "farm \"%s\" is on %s, but vrrp \"%s\" holds %s on %s",
					  f->name, f->interface, v->name,
					  addr_format(&f->addresses[i], address), v->interface);
	}
}

/* --- checks ----------------------------------------------------------------------------------- */

#define TYPE(t) (1U << CHECK_##t)

/* Keys that mean something to some types only. */
static const struct {
	const char *key;
	size_t offset;
	bool list;
	unsigned int types;
} only_for[] = {
	{"port", offsetof(struct config_check, port), false,
	 TYPE(TCP) | TYPE(HTTP) | TYPE(HTTPS) | TYPE(DSR)},
	{"method", offsetof(struct config_check, method), false, TYPE(HTTP) | TYPE(HTTPS)},
	{"host", offsetof(struct config_check, host), false, TYPE(HTTP) | TYPE(HTTPS)},
	{"path", offsetof(struct config_check, path), false, TYPE(HTTP) | TYPE(HTTPS)},
	{"expect-status", offsetof(struct config_check, expect_status), true,
	 TYPE(HTTP) | TYPE(HTTPS)},
	{"expect-body", offsetof(struct config_check, expect_body), false,
	 TYPE(HTTP) | TYPE(HTTPS)},
	{"sni", offsetof(struct config_check, sni), false, TYPE(HTTPS)},
	{"ca-file", offsetof(struct config_check, ca_file), false, TYPE(HTTPS)},
	{"verify", offsetof(struct config_check, verify), false, TYPE(HTTPS)},
	{"command", offsetof(struct config_check, command), false, TYPE(COMMAND)},
	{"through", offsetof(struct config_check, through), false,
	 TYPE(TCP) | TYPE(HTTP) | TYPE(HTTPS)},
};

static void check_type(struct source *s, const struct config_check *k)
{
	const char *type = config_check_type_name(k->type);

	for (size_t i = 0; i < sizeof(only_for) / sizeof(only_for[0]); i++) {
		const void *field = (const char *)k + only_for[i].offset;

		/* A list is remembered by its first element. */
		if (only_for[i].list)
			field = *(const void *const *)field;
		if (!(only_for[i].types & 1U << k->type) && source_word_of(s, field))
			source_mistake_at(s, field, "%s is not for a check of type %s",
					  only_for[i].key, type);
	}
	if (k->type == CHECK_COMMAND && !k->command[0])
		source_mistake_at(s, &k->name, "check \"%s\" of type command has no command",
				  k->name);
}

static void check_times(struct source *s, const struct config_check *k)
{
	char value[DURATION_TEXT], interval[DURATION_TEXT];
	const void *at = source_word_of(s, &k->timeout_ms) ? &k->timeout_ms : &k->interval_ms;

	duration_format(k->interval_ms, interval);
	if (k->timeout_ms > k->interval_ms)
		source_mistake_at(s, at, "timeout (%s) is longer than interval (%s)",
				  duration_format(k->timeout_ms, value), interval);
	if (k->fast_interval_ms > k->interval_ms)
		source_mistake_at(s, &k->fast_interval_ms,
				  "fast-interval (%s) is longer than interval (%s)",
				  duration_format(k->fast_interval_ms, value), interval);
}

void config_check_farms(struct source *s, const struct config *c)
{
	config_check_names(s, "farm", c->farms, c->n_farms, sizeof(c->farms[0]));
	for (size_t i = 0; i < c->n_farms; i++) {
		const struct config_farm *f = &c->farms[i];

		if (f->n_addresses > CONFIG_VIPS_MAX)
			source_mistake_at(s, &f->addresses[CONFIG_VIPS_MAX],
					  "more than %d addresses in farm \"%s\"", CONFIG_VIPS_MAX,
					  f->name);
		check_ports(s, f);
		check_backends(s, f);
		check_pins(s, f);
		check_persistence(s, f);
		check_interface(s, c, f);
		config_check_names(s, "check", f->checks, f->n_checks, sizeof(f->checks[0]));
		for (size_t j = 0; j < f->n_checks; j++) {
			check_type(s, &f->checks[j]);
			check_times(s, &f->checks[j]);
		}
	}
}
