/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/doctor/wire_rules.h"

#include "director/setup/setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { PLACES_TEXT = 256, PLACES_SHOWN = 4, LINE_TEXT = 300 };

/* --- words ------------------------------------------------------------------------------------ */

/* "port 80 of 10.77.0.100, port 443 of 10.77.0.100"; ports or addresses alone where that is all. */
struct places {
	char text[PLACES_TEXT];
	size_t n;
};

static void add_place(struct places *p, const char *place)
{
	size_t used = strlen(p->text);

	if (p->n++ < PLACES_SHOWN)
		snprintf(p->text + used, sizeof(p->text) - used, "%s%s", used ? ", " : "", place);
	else if (p->n == PLACES_SHOWN + 1)
		snprintf(p->text + used, sizeof(p->text) - used, " and others");
}

static void add_port(struct places *p, const struct wire_backend *b, const struct wire_spot *s)
{
	char place[ADDR_TEXT + 20], address[ADDR_TEXT];

	snprintf(place, sizeof(place), "port %u of %s", b->farm->ports[s->port],
		 addr_format(s->vip, address));
	add_place(p, place);
}

static const char *protocol_of(const struct addr *a)
{
	return a->family == AF_INET6 ? "neighbour discovery" : "ARP";
}

/* To be freed, or NULL. */
static char *setup_of(const struct config_farm *farm, const struct config_backend *backend,
		      unsigned int cures)
{
	const struct setup s = {.table = &setup_linux, .farm = farm, .backend = backend};

	return setup_cure_lines(&s, cures);
}

static void add(struct findings *f, enum finding_code code, const struct wire_backend *b,
		const char *cure, const char *sentence)
{
	findings_add(f, code, b->farm->farm->name, b->backend->name, cure, "%s", sentence);
}

/* --- virtual addresses ------------------------------------------------------------------------ */

/* Of the farm itself before others', and of the address's family: a machine may be two backends. */
static const struct wire_backend *backend_of(const struct wire_facts *w, const struct wire_vip *vip,
					     const struct mac *mac)
{
	const struct wire_backend *best = NULL;
	int best_score = -1;

	for (size_t i = 0; i < w->n_backends; i++) {
		const struct wire_backend *b = &w->backends[i];
		int score;

		if (!wire_macs_have(&b->macs, mac) &&
		    !(b->backend->has_mac && mac_equal(&b->backend->mac, mac)))
			continue;
		score = 2 * (b->farm->farm == vip->farm) +
			(b->backend->address.family == vip->address.family);
		if (score > best_score)
			best = b;
		best_score = score > best_score ? score : best_score;
	}
	return best;
}

/*
 * Be it on the interface itself, where no setting keeps a machine from answering, or on another one:
 * from the first it is taken away.
 */
static char *cure_spoken(const struct wire_vip *vip, const struct wire_backend *b)
{
	char *lines = setup_of(vip->farm, b->farm->farm == vip->farm ? b->backend : NULL,
			       SETUP_CURE_ARP),
	     *put = setup_of(vip->farm, b->farm->farm == vip->farm ? b->backend : NULL,
			     SETUP_CURE_ADDRESS);
	char address[ADDR_TEXT], *text = NULL;
	const bool arp = vip->address.family == AF_INET;

	addr_format(&vip->address, address);
	if (lines && put &&
	    asprintf(&text,
		     "%s%sfor i in $(ip -o address show to %s | sed 's/^[0-9]*: *\\([^ ]*\\) "
		     ".*/\\1/' | "
		     "grep -vx lo); do ip address flush dev \"$i\" to %s; done\n%s",
		     arp ? lines : "", arp ? "\n" : "", address, address, put) < 0)
		text = NULL;
	free(lines);
	free(put);
	return text;
}

static void judge_speaker(const struct wire_facts *w, const struct wire_vip *vip,
			  const struct mac *mac, struct findings *f)
{
	const struct wire_backend *b = backend_of(w, vip, mac);
	char address[ADDR_TEXT], text[MAC_TEXT], *cure;

	addr_format(&vip->address, address);
	mac_format(mac, text);
	if (!b) {
		findings_add(f, FINDING_VIP_FOREIGN, vip->farm->name, NULL,
			     "bridge fdb show # on the switches: where that MAC is",
			     "%s answers in %s for %s: it is the MAC of neither a director nor a "
			     "backend%s",
			     text, protocol_of(&vip->address), address,
			     w->left_out ? " that was asked" : "");
		return;
	}
	cure = cure_spoken(vip, b);
	findings_add(f, FINDING_VIP_SPOKEN, b->farm->farm->name, b->backend->name, cure,
		     "it answers in %s for %s (with %s): clients go to it past the director",
		     protocol_of(&vip->address), address, text);
	free(cure);
}

static bool director_answers(const struct wire_facts *w, const struct wire_vip *vip)
{
	bool answers = vip->here;

	for (size_t i = 0; i < vip->answers.n; i++)
		answers |= wire_facts_is_director(w, &vip->answers.list[i]);
	return answers;
}

/* One unknown MAC may be the other director's, where that is not known. */
static const struct mac *may_be_peer(const struct wire_facts *w, const struct wire_vip *vip)
{
	const struct mac *found = NULL;

	if (!vip->peer_unknown || director_answers(w, vip))
		return NULL;
	for (size_t i = 0; i < vip->answers.n; i++) {
		if (backend_of(w, vip, &vip->answers.list[i]))
			continue;
		if (found)
			return NULL;
		found = &vip->answers.list[i];
	}
	return found;
}

bool wire_vip_is_judged(const struct wire_facts *w, const struct wire_vip *vip)
{
	return vip->asked && !may_be_peer(w, vip);
}

static void skip_speaker(const struct wire_vip *vip, const struct mac *mac, struct findings *f)
{
	char what[WIRE_VIP_TEXT], text[MAC_TEXT];

	findings_skip(f, wire_vip_text(vip, what),
		      "%s answers for it, and which MAC the other director has there is not known",
		      mac_format(mac, text));
}

static void judge_vip(const struct wire_facts *w, const struct wire_vip *vip, struct findings *f)
{
	const struct mac *peer = may_be_peer(w, vip);
	char address[ADDR_TEXT];

	if (!vip->asked)
		return;
	for (size_t i = 0; i < vip->answers.n; i++) {
		const struct mac *mac = &vip->answers.list[i];

		if (mac != peer && !wire_facts_is_director(w, mac))
			judge_speaker(w, vip, mac, f);
	}
	if (peer)
		skip_speaker(vip, peer, f);
	else if (vip->held && !director_answers(w, vip))
		findings_add(f, FINDING_VIP_UNHELD, vip->farm->name, NULL,
			     "directorctl cluster status # on both nodes",
			     "no director answers in %s for %s, although one is master",
			     protocol_of(&vip->address), addr_format(&vip->address, address));
}

/* --- the way to a backend --------------------------------------------------------------------- */

/* True when frames reach it. */
static bool judge_way(const struct wire_backend *b, struct findings *f)
{
	char sentence[ROUTE_TEXT], address[ADDR_TEXT], cure[LINE_TEXT];
	bool answered = false;

	addr_format(&b->backend->address, address);
	if (!b->by_name && b->route.kind != ROUTE_DIRECT) {
		snprintf(cure, sizeof(cure),
			 "ip route get %s # here\n"
			 "# it needs an address in a network of %s, or that network one there",
			 address, b->interface[0] ? b->interface : "the director");
		add(f, FINDING_OFF_LINK, b, cure,
		    route_trouble(&b->backend->address, &b->route, b->interface, sentence));
		return false;
	}
	for (size_t i = 0; i < b->n_spots; i++)
		answered |= b->spots[i].answer > WIRE_SILENT;
	for (size_t i = 0; i < b->farm->n_ports; i++)
		answered |= b->own[i] > WIRE_SILENT;
	if (b->macs.n > 0 || answered)
		return true;
	snprintf(sentence, sizeof(sentence), "it is not there: nothing answers in %s for %s on %s",
		 protocol_of(&b->backend->address), address, b->interface);
	snprintf(cure, sizeof(cure),
		 "ip -br address show to %s # there: is it up, in this network?", address);
	add(f, FINDING_ABSENT, b, cure, sentence);
	return false;
}

static void judge_macs(const struct wire_backend *b, struct findings *f)
{
	char sentence[LINE_TEXT], address[ADDR_TEXT], first[MAC_TEXT], second[MAC_TEXT];
	char cure[LINE_TEXT];

	addr_format(&b->backend->address, address);
	if (b->macs.n > 1) {
		snprintf(sentence, sizeof(sentence), "%s and %s both answer in %s for %s",
			 mac_format(&b->macs.list[0], first), mac_format(&b->macs.list[1], second),
			 protocol_of(&b->backend->address), address);
		snprintf(cure, sizeof(cure), "ip -br address show to %s # on both", address);
		add(f, FINDING_TWICE, b, cure, sentence);
	}
	if (b->macs.n > 0 && b->backend->has_mac && !wire_macs_have(&b->macs, &b->backend->mac)) {
		snprintf(sentence, sizeof(sentence),
			 "the key mac says %s, but %s answers in %s with %s",
			 mac_format(&b->backend->mac, first), address,
			 protocol_of(&b->backend->address), mac_format(&b->macs.list[0], second));
		snprintf(cure, sizeof(cure), "mac = \"%s\"", second);
		add(f, FINDING_WRONG_MAC, b, cure, sentence);
	}
}

/* --- virtual addresses at a backend ----------------------------------------------------------- */

enum state {
	STATE_UNKNOWN,
	STATE_TAKEN,
	STATE_MISSING,
};

static enum state state_of(const struct wire_backend *b, const struct addr *vip)
{
	enum state state = STATE_UNKNOWN;

	for (size_t i = 0; i < b->n_spots; i++) {
		const struct wire_spot *s = &b->spots[i];

		if (!addr_equal(s->vip, vip))
			continue;
		if (wire_answer_takes(s->answer))
			return STATE_TAKEN;
		if (s->answer == WIRE_PASSED_ON || s->answer == WIRE_NO_HOST ||
		    (s->answer == WIRE_SILENT && wire_answer_takes(b->own[s->port])))
			state = STATE_MISSING;
	}
	return state;
}

static bool forwards(const struct wire_backend *b)
{
	for (size_t i = 0; i < b->n_spots; i++)
		if (b->spots[i].answer == WIRE_PASSED_ON)
			return true;
	return false;
}

static void judge_addresses(const struct wire_backend *b, struct findings *f)
{
	struct places places = {0};
	char sentence[LINE_TEXT + PLACES_TEXT], address[ADDR_TEXT], *cure;

	/* Each address has one spot at the first port. */
	for (size_t i = 0; i < b->n_spots && b->spots[i].port == 0; i++)
		if (state_of(b, b->spots[i].vip) == STATE_MISSING)
			add_place(&places, addr_format(b->spots[i].vip, address));
	if (places.n == 0)
		return;
	snprintf(sentence, sizeof(sentence), "it does not take packets to %s, %s", places.text,
		 forwards(b) ? "but forwards them: it does not have the address"
			     : "but answers at its own address: it does not have the address, or a "
			       "firewall drops them");
	cure = setup_of(b->farm->farm, b->backend, SETUP_CURE_ADDRESS);
	add(f, FINDING_VIP_MISSING, b, cure, sentence);
	free(cure);
}

static void judge_sender(const struct wire_backend *b, struct findings *f)
{
	char sentence[LINE_TEXT], by[MAC_TEXT], address[ADDR_TEXT];

	for (size_t i = 0; i < b->n_spots; i++) {
		const struct wire_spot *s = &b->spots[i];

		if (!s->elsewhere)
			continue;
		snprintf(
			sentence, sizeof(sentence),
			"what it is sent for port %u of %s is answered by %s, which is another MAC "
			"than its own",
			b->farm->ports[s->port], addr_format(s->vip, address),
			mac_format(&s->by, by));
		add(f, FINDING_ELSEWHERE, b, "ip route get to the director # there: by which way",
		    sentence);
		return;
	}
}

/* --- services --------------------------------------------------------------------------------- */

/* The fault of a port of an address that the backend has, or may have. */
static enum finding_code port_fault(const struct wire_backend *b, const struct wire_spot *s)
{
	switch (s->answer) {
	case WIRE_UNASKED:
	case WIRE_OPEN:
	case WIRE_PASSED_ON:
	case WIRE_NO_HOST: return FINDING_NONE;
	case WIRE_CLOSED:
		return b->own[s->port] == WIRE_OPEN ? FINDING_OWN_ADDRESS : FINDING_NOT_LISTENING;
	case WIRE_SILENT:
	case WIRE_FORBIDDEN: return FINDING_FILTERED;
	}
	abort();
}

/* What shows it on the backend. */
static const char *port_cure(enum finding_code code)
{
	if (code == FINDING_FILTERED)
		return "nft list ruleset # there: what drops it; iptables-save, too";
	if (code == FINDING_OWN_ADDRESS)
		return "ss -ltnp # there: on which address\n"
		       "# nginx: listen PORT; Apache: Listen PORT; without an address";
	return "ss -ltnp # there: whether it runs, and on which port";
}

static void judge_ports(const struct wire_backend *b, enum finding_code code, const char *begin,
			const char *end, struct findings *f)
{
	struct places places = {0};
	char sentence[LINE_TEXT + PLACES_TEXT];

	for (size_t i = 0; i < b->n_spots; i++)
		if (state_of(b, b->spots[i].vip) != STATE_MISSING &&
		    port_fault(b, &b->spots[i]) == code)
			add_port(&places, b, &b->spots[i]);
	if (places.n == 0)
		return;
	snprintf(sentence, sizeof(sentence), "%s %s%s", begin, places.text, end);
	add(f, code, b, port_cure(code), sentence);
}

static void judge_services(const struct wire_backend *b, struct findings *f)
{
	bool nowhere = b->farm->n_ports == 1 && b->own[0] == WIRE_CLOSED;

	judge_ports(b, FINDING_FILTERED, "it is there, and does not answer connections to",
		    ": a firewall on it, or on the way, drops them", f);
	judge_ports(b, FINDING_OWN_ADDRESS, "nothing listens on",
		    ", but the service does on the backend's own address: it has to listen on the "
		    "virtual one, or on all",
		    f);
	judge_ports(b, FINDING_NOT_LISTENING, "nothing listens on",
		    nowhere ? ", nor on that of its own address" : "", f);
}

static void judge_mtu(const struct wire_backend *b, struct findings *f)
{
	char sentence[LINE_TEXT], cure[LINE_TEXT], address[ADDR_TEXT];

	if (b->mtu == 0 || b->passes >= b->mtu)
		return;
	snprintf(sentence, sizeof(sentence),
		 "packets of %u octets, the MTU of %s, do not arrive, those of %u do: the MTU of "
		 "the "
		 "backend's interface, or of a switch on the way, is too small",
		 b->mtu, b->interface, b->passes);
	snprintf(cure, sizeof(cure),
		 "ip link set dev \"$(ip -o address show to %s | "
		 "sed -n '1s/^[0-9]*: *\\([^ ]*\\) .*/\\1/p')\" mtu %u",
		 addr_format(&b->backend->address, address), b->mtu);
	add(f, FINDING_MTU, b, cure, sentence);
}

static bool all_silent(const struct wire_backend *b)
{
	for (size_t i = 0; i < b->n_spots; i++)
		if (b->spots[i].answer != WIRE_SILENT)
			return false;
	return true;
}

/* Nothing of UDP can be asked, nor the midst of a range: their silence says nothing. */
static void judge_backend(const struct wire_backend *b, struct findings *f)
{
	char what[2 * CONFIG_NAME_MAX + 40];

	if (!b->judged || !judge_way(b, f))
		return;
	judge_macs(b, f);
	judge_addresses(b, f);
	judge_sender(b, f);
	if (b->farm->serves) {
		judge_services(b, f);
	} else if (all_silent(b) && b->n_spots > 0 && !wire_answer_takes(b->own[0])) {
		snprintf(what, sizeof(what), "backend \"%s\" of farm \"%s\"", b->backend->name,
			 b->farm->farm->name);
		findings_skip(f, what,
			      "it does not answer to TCP, so nothing tells whether it has the "
			      "virtual address");
	}
	judge_mtu(b, f);
}

void wire_judge(const struct wire_facts *w, struct findings *f)
{
	for (size_t i = 0; i < w->n_vips; i++)
		judge_vip(w, &w->vips[i], f);
	for (size_t i = 0; i < w->n_backends; i++)
		judge_backend(&w->backends[i], f);
}
