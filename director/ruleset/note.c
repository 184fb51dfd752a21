/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/ruleset/note.h"

#include <string.h>

/* By what a name says beside the farm's name, protocol and IP version. */
struct row {
	const char *word, *note;
};

static const struct row chains[] = {
	{"ingress", "every frame that comes in here: to the farm by address, protocol and port; "
		    "what is for no farm goes on to the host"},
	{"guard", "drops clients that are denied or not allowed, impossible TCP flags and new "
		  "connections above the rates"},
	{"farm", "chooses the backend, writes its MAC address into the frame and sends it out"},
	{"new", "a new connection: its backend is chosen and remembered until the client answers"},
	{"half", "the client has answered: the connection is remembered for good"},
	{"known", "a remembered connection goes on with its backend; FIN and RST begin its end"},
	{"closing", "a connection that ends is remembered a little longer"},
	{"keep", "a connection from before a change of the backends stays with its backend"},
	{"again", "a new connection on the ports of one whose backend leaves: chosen anew"},
	{"fixed", "clients whose backend the configuration gives"},
	{"pinned", "clients that are kept with the backend that they had"},
	{"move", "a new connection of such a client whose backend leaves: it gets another one"},
	{"send",
	 "writes the backend's MAC address into the frame and sends it out; without one the "
	 "connection is forgotten and chosen anew"},
	{"syn", "a SYN on its way out: whether it was sent before"},
	{"resyn", "one that was: counted once for a connection"},
	{"asked", "the same of a farm with several ways out"},
	{"reasked", "one of those that was sent before"},
	{"relay", "a TCP connection that only the other director knows goes to that one"},
	{"reused",
	 "ports of a connection that is closing are used again: the other director is asked"},
	{"ended", "a connection that ends here is kept among the half-open ones, too, so that it "
		  "is not looked for at the other director"},
	{"first", "the first fragment of a packet: notes where the others have to go"},
	{"fragments", "later fragments go where the first one went, else they are dropped"},
	{"spray", "a later fragment without a first one: a copy to every backend"},
	{"errors", "ICMP errors about packets of farms go to the backend of the connection, or as "
		   "copies to all of the farm"},
};

static const struct row sets[] = {
	{"services", "which address, protocol and port belongs to which farm"},
	{"first-fragments", "the same for the first fragments of packets"},
	{"later-fragments", "what becomes of later fragments, by address and protocol"},
	{"fragments", "packets in fragments and where they went; filled by the packet path"},
	{"errors", "whose ICMP errors are whose, by the packet that they are about"},
	{"nodes", "the directors' own addresses"},
	{"backend-macs", "MAC addresses of the backends, which must not claim a virtual address"},
	{"vips", "the virtual addresses, as backends might claim them"},
	{"claims", "backends that did; filled by the packet path"},
	{"asked", "a sample of the SYNs of the last seconds; filled by the packet path"},
	{"again", "those of them that were sent again; filled by the packet path"},
	{"tried", "how many of them each backend was sent; filled by the packet path"},
	{"retried", "how many of these were sent again; filled by the packet path"},
	{"handover", "addresses whose unknown connections the other director may know"},
	{"refused", "virtual addresses where nothing but the farms' ports is accepted"},
	{"buckets", "for each value of the hash its backend, as both MAC addresses"},
	{"slots", "for each slot its backend's number, which the map of backends explains"},
	{"home", "buckets on the move: the backend that they had"},
	{"moved", "buckets on the move: the backend that they get"},
	{"backends", "the number of each backend and both MAC addresses of frames to it"},
	{"leaving", "backends that get no new connections"},
	{"outputs", "the interface to each backend, by its MAC address"},
	{"flows", "connections and their backends; filled by the packet path"},
	{"half", "the same while the client has not answered"},
	{"closing", "the same while they end"},
	{"relayed", "connections that are relayed to the other director"},
	{"pins", "clients that are kept with a backend; filled by the packet path"},
	{"static", "clients whose backend the configuration gives"},
	{"allow", "clients that are allowed"},
	{"deny", "clients that are denied"},
	{"rates", "how many new connections each client begins; filled by the packet path"},
	{"addresses", "virtual addresses that the other director owns"},
	{"senders", "hosts that send frames for them here; filled by the packet path"},
};

static const char *find(const struct row *rows, size_t n, const char *word, size_t len)
{
	if (len && word[len - 1] == '6') /* the same for IPv6 */
		len--;
	for (size_t i = 0; i < n; i++)
		if (strlen(rows[i].word) == len && memcmp(rows[i].word, word, len) == 0)
			return rows[i].note;
	return NULL;
}

/* Both tables have chains of that name. */
const char *note_of_chain(const struct ruleset *r, const struct ruleset_chain *chain)
{
	if (strcmp(ruleset_table(r), RULESET_STRAGGLERS) == 0)
		return "notes who sends frames for such an address here; changes nothing of them";
	return find(chains, sizeof(chains) / sizeof(chains[0]), chain->name,
		    strcspn(chain->name, "-"));
}

const char *note_of_set(const struct ruleset_set *set)
{
	size_t n = sizeof(sets) / sizeof(sets[0]), farm = strlen(set->farm);
	const char *note;

	if (farm && strncmp(set->name, set->farm, farm) == 0 && set->name[farm] == '-')
		return find(sets, n, set->name + farm + 1, strcspn(set->name + farm + 1, "."));
	note = find(sets, n, set->name, strlen(set->name));
	return note ? note : find(sets, n, set->name, strcspn(set->name, "-"));
}
