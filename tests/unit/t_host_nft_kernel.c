/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is seen of tables that others have made with the real nft, and that those of sound machines
 * are no findings. In network namespaces of the test's own. Needs root.
 */
#include "tests/unit/host_machine.h"
#include "tests/unit/namespace.h"
#include "tests/unit/unit.h"

#include <stdio.h>

/* What is on sound machines: a firewall for the host, NAT for containers, counters, our own table. */
static const char sound_tables[] =
	"table inet filter {\n"
	"chain input { type filter hook input priority 0; policy drop;\n"
	"ct state established,related accept\niif lo accept\ntcp dport 22 accept\n"
	"tcp dport 80 accept\nip saddr 10.0.0.0/8 tcp dport 22 accept\n"
	"tcp dport { 23, 443 } drop\nip daddr 10.77.0.2 tcp dport 80 drop\n"
	"udp dport 80 drop\nip daddr != 10.77.0.100 drop\nip daddr 10.77.0.0/24 drop\n"
	"tcp dport != 80 drop\nip ttl 80 drop\ntcp dport 79-81 drop\n"
	"ip daddr & 255.255.255.240 == 10.77.0.96 tcp dport 80 drop\n"
	"ip daddr . tcp dport { 10.77.0.100 . 81 } drop\niifname \"eth1\" tcp dport 80 drop\n"
	"iifname != \"eth0\" tcp dport 80 drop\niifname \"e*\" tcp dport 80 drop\n"
	"ip daddr 10.77.0.100 tcp dport 81-90 drop\n}\n"
	"chain forward { type filter hook forward priority 0; policy drop; }\n}\n"
	"table ip nat {\nchain POST { type nat hook postrouting priority 100; masquerade; }\n"
	"chain PRE { type nat hook prerouting priority -100; }\n}\n"
	"table ip6 six {\nchain input { type filter hook input priority 0;\n"
	"tcp dport 80 drop\n}\n}\n"
	"table netdev counts {\nchain first {\n"
	"type filter hook ingress device \"eth0\" priority -300;\ncounter\n}\n}\n"
	"table netdev director {\nchain x {\n"
	"type filter hook ingress device \"eth0\" priority 0;\ntcp dport 80 drop\n}\n}\n";

static void chains_here(void)
{
	struct host_machine m;

	host_machine_init(&m);
	host_machine_none(&m);
	unit_feed("nft -f -", sound_tables);
	host_machine_none(&m);
	unit_feed("nft -f -", "table netdev early {\nchain c {\n"
			      "type filter hook ingress device \"eth0\" priority -5;\n"
			      "tcp dport 80 drop\ncounter\n}\n}\n");
	host_machine_one(
		&m, FINDING_CHAIN_BEFORE,
		"chain \"c\" of table netdev early (ingress of eth0, priority -5) sees frames "
		"before the director: 1 of its rules take, drop or change some");
	host_machine_run("nft delete table netdev early");
	host_machine_none(&m);
	unit_feed("nft -f -", "table inet early {\nchain c {\n"
			      "type filter hook ingress devices = { eth0, p0 } priority 0;\n"
			      "policy drop;\n}\n}\n");
	host_machine_one(
		&m, FINDING_CHAIN_BEFORE,
		"chain \"c\" of table inet early (ingress of eth0, priority 0) sees frames "
		"before the director: 0 of its rules take, drop or change some, and its policy "
		"drops the rest");
	findings_clear(&m.found);
}

static void chains(void)
{
	unit_in_namespace(UNIT_ETH0, chains_here);
}

/* Each rule alone hides something. */
static void hidden_here(void)
{
	static const struct {
		const char *rule, *what;
	} cases[] = {
		{"tcp dport 80 drop", "port 80 of "},
		{"tcp dport { 22, 80 } reject", "port 80 of "},
		{"ip daddr 10.77.0.100 drop", ""},
		{"ip daddr { 10.77.0.100, 10.77.0.101 } tcp dport 80 drop", "port 80 of "},
		{"ip daddr 10.77.0.100 tcp dport 80 limit rate over 5/second drop", "port 80 of "},
		{"tcp dport 80 ct state new drop", "port 80 of "},
		{"iifname \"eth0\" tcp dport 80 drop", "port 80 of "},
		{"ip saddr 192.0.2.0/24 tcp dport 80 accept", "port 80 of "},
		{"ip saddr { 192.0.2.1, 192.0.2.2 } tcp dport 80 accept", "port 80 of "},
	};
	struct host_machine m;

	host_machine_init(&m);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[512];

		snprintf(text, sizeof(text),
			 "flush ruleset\ntable inet fw {\nchain in {\n"
			 "type filter hook input priority 0; policy drop;\n%s\n}\n}\n",
			 cases[i].rule);
		unit_feed("nft -f -", text);
		snprintf(text, sizeof(text),
			 "1 rule of chain \"in\" in table inet fw (hook input) restricts "
			 "%s10.77.0.100, and the farm's traffic does not meet it: the director "
			 "forwards it at ingress",
			 cases[i].what);
		host_machine_one(&m, FINDING_FIREWALL_BYPASSED, text);
	}
	host_machine_run("nft flush ruleset");
	host_machine_none(&m);
	findings_clear(&m.found);
}

static void hidden(void)
{
	unit_in_namespace(UNIT_ETH0, hidden_here);
}

UNIT_TESTS(host_nft_kernel) = {
	{"chains in front, and sound tables", chains},
	{"rules that are never met", hidden},
	UNIT_TESTS_END,
};
