/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is a fault of the director's machine, and above all what is none. */
#include "director/doctor/host_rules.h"
#include "tests/unit/unit.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A farm at eth0: 10.77.0.100 and fd77::100, TCP 80 and 8000-8010. */
struct world {
	struct addr addresses[2];
	struct config_ports ports[2];
	struct config_farm farms[2];
	struct config config;
	struct host_facts *facts;
	struct findings found;
};

static void world_init(struct world *w)
{
	*w = (struct world){
		.ports = {{80, 80}, {8000, 8010}},
		.farms = {{.name = "www", .interface = "eth0", .protocol = PROTOCOL_TCP},
			  {.name = "dns", .interface = "eth0", .protocol = PROTOCOL_UDP}},
	};
	EXPECT_INT(addr_parse("10.77.0.100", &w->addresses[0]), 0);
	EXPECT_INT(addr_parse("fd77::100", &w->addresses[1]), 0);
	for (size_t i = 0; i < 2; i++) {
		w->farms[i].addresses = w->addresses;
		w->farms[i].n_addresses = 2;
		w->farms[i].ports = w->ports;
		w->farms[i].n_ports = 2;
	}
	w->config.farms = w->farms;
	w->config.n_farms = 1;
	w->facts = calloc(1, sizeof(*w->facts));
	CU_ASSERT_PTR_NOT_NULL_FATAL(w->facts);
	snprintf(w->facts->interfaces[0].name, sizeof(w->facts->interfaces[0].name), "eth0");
	w->facts->n_interfaces = 1;
}

static void world_clear(struct world *w)
{
	findings_clear(&w->found);
	free(w->facts);
}

static void judge(struct world *w)
{
	findings_clear(&w->found);
	host_judge(w->facts, &w->config, NULL, &w->found);
}

/* Exactly one, with this sentence; cure: its first line. */
static void expect_one(struct world *w, enum finding_code code, const char *sentence,
		       const char *cure)
{
	judge(w);
	EXPECT_INT(w->found.n, 1);
	if (w->found.n != 1)
		return;
	EXPECT_TEXT(finding_name(w->found.list[0].code), finding_name(code));
	EXPECT_TEXT(w->found.list[0].sentence, sentence);
	CU_ASSERT(strncmp(w->found.list[0].cure, cure, strlen(cure)) == 0);
}

static struct host_chain *add_chain(struct world *w, const char *name, enum host_hook hook)
{
	struct host_chain *c = &w->facts->chains[w->facts->n_chains++];

	*c = (struct host_chain){.family = "inet", .table = "fw", .hook = hook};
	snprintf(c->name, sizeof(c->name), "%s", name);
	snprintf(c->device, sizeof(c->device), "%s", hook == HOOK_INGRESS ? "eth0" : "");
	return c;
}

/* Drops TCP packets to one port; 0: to any. */
static struct host_rule *add_rule(struct world *w, const char *chain, uint16_t port)
{
	struct host_rule *rule = &w->facts->rules[w->facts->n_rules++];

	*rule = (struct host_rule){.family = "inet",
				   .table = "fw",
				   .protocol = IPPROTO_TCP,
				   .drops = true,
				   .acts = true,
				   .ports = {port},
				   .n_ports = port ? 1 : 0};
	snprintf(rule->chain, sizeof(rule->chain), "%s", chain);
	return rule;
}

/* --- none ------------------------------------------------------------------------------------- */

static void sound_machine(void)
{
	struct world w;

	world_init(&w);
	w.facts->interfaces[0].lro = LRO_OFF;
	w.facts->peers[w.facts->n_peers++] =
		(struct host_peer){.interface = "eth0", .rp_filter = 1};
	/* A host firewall that drops what is not allowed, and has SSH and an open port 80. */
	add_chain(&w, "input", HOOK_INPUT)->drops = true;
	add_chain(&w, "forward", HOOK_FORWARD)->drops = true;
	add_rule(&w, "input", 22);
	/* Counters in front of us, and rules behind us. */
	add_chain(&w, "counts", HOOK_INGRESS)->priority = -300;
	*add_chain(&w, "later", HOOK_INGRESS) = (struct host_chain){.family = "netdev",
								    .table = "x",
								    .name = "later",
								    .device = "eth0",
								    .hook = HOOK_INGRESS,
								    .priority = 1,
								    .n_acts = 5};
	/* At another interface. */
	snprintf(add_chain(&w, "other", HOOK_INGRESS)->device, CONFIG_IFNAME_MAX, "eth1");
	w.facts->chains[w.facts->n_chains - 1].n_acts = 1;
	judge(&w);
	EXPECT_INT(w.found.n, 0);
	world_clear(&w);
}

/* --- each alone ------------------------------------------------------------------------------- */

static void missing_features(void)
{
	struct world w;

	world_init(&w);
	w.facts->missing[FEATURE_FWD] = true;
	expect_one(&w, FINDING_KERNEL_FEATURE,
		   "this kernel has no nftables fwd, which is needed to send frames to backends",
		   "modprobe -a nft_fwd_netdev\n# or a kernel with CONFIG_NFT_FWD_NETDEV");
	w.facts->missing[FEATURE_DUP] = true;
	judge(&w);
	EXPECT_INT(w.found.n, 2);
	/* All the rest is missing with it, and need not be said. */
	memset(w.facts->missing, true, sizeof(w.facts->missing));
	expect_one(&w, FINDING_KERNEL_FEATURE,
		   "this kernel has no nftables family netdev, which is needed for all rules of "
		   "the director",
		   "modprobe -a nf_tables\n# or a kernel with CONFIG_NF_TABLES_NETDEV");
	world_clear(&w);
}

static void large_receive_offload(void)
{
	struct world w;

	world_init(&w);
	w.facts->interfaces[0].lro = LRO_ON;
	expect_one(&w, FINDING_LRO,
		   "large receive offload is on at eth0: it merges frames of clients into longer "
		   "ones, which cannot be forwarded",
		   "ethtool -K eth0 lro off\n");
	world_clear(&w);
}

static void strict_filter(void)
{
	struct world w;

	world_init(&w);
	w.facts->peers[0] = (struct host_peer){
		.interface = "eth0.5", .node = "b", .dropped = true, .rp_filter = 1};
	EXPECT_INT(addr_parse("10.77.0.3", &w.facts->peers[0].address), 0);
	w.facts->n_peers = 1;
	expect_one(&w, FINDING_RP_FILTER,
		   "the kernel drops what comes from node \"b\" (10.77.0.3) at eth0.5, its "
		   "adverts, too: rp_filter there is 1 (strict), and the route to that address "
		   "does not leave through eth0.5",
		   "sysctl -w net/ipv4/conf/eth0.5/rp_filter=2\n");
	world_clear(&w);
}

static void chains_in_front(void)
{
	struct world w;

	world_init(&w);
	add_chain(&w, "early", HOOK_INGRESS)->priority = -5;
	w.facts->chains[0].n_acts = 2;
	expect_one(&w, FINDING_CHAIN_BEFORE,
		   "chain \"early\" of table inet fw (ingress of eth0, priority -5) sees frames "
		   "before the director: 2 of its rules take, drop or change some",
		   "nft list chain inet fw early\n");
	w.facts->chains[0].n_acts = 0;
	w.facts->chains[0].drops = true;
	w.facts->chains[0].priority = 0;
	expect_one(&w, FINDING_CHAIN_BEFORE,
		   "chain \"early\" of table inet fw (ingress of eth0, priority 0) sees frames "
		   "before the director: 0 of its rules take, drop or change some, and its policy "
		   "drops the rest",
		   "nft list chain inet fw early\n");
	world_clear(&w);
}

static void programs_in_front(void)
{
	struct world w;
	struct host_interface *in;

	world_init(&w);
	in = &w.facts->interfaces[0];
	in->has_xdp = true;
	snprintf(in->xdp, sizeof(in->xdp), "guard");
	expect_one(&w, FINDING_PROGRAM_BEFORE,
		   "an XDP program \"guard\" at eth0 sees frames before the director: what it "
		   "takes or drops is not forwarded",
		   "ip -details link show dev eth0");
	in->has_xdp = false;
	in->n_filters = 1;
	snprintf(in->filter, sizeof(in->filter), "u32");
	expect_one(&w, FINDING_PROGRAM_BEFORE,
		   "1 filter of tc (u32) at the ingress of eth0 sees frames before the director: "
		   "what they take or drop is not forwarded",
		   "tc filter show dev eth0 ingress");
	in->n_filters = 0;
	in->n_tcx = 2;
	expect_one(&w, FINDING_PROGRAM_BEFORE,
		   "2 BPF programs of tcx at the ingress of eth0 see frames before the director: "
		   "what they take or drop is not forwarded",
		   "bpftool net show dev eth0");
	world_clear(&w);
}

static void saved_tables(void)
{
	struct world w;

	world_init(&w);
	w.facts->saved[0] = (struct host_place){"/etc/nftables.conf", 12};
	w.facts->n_saved = 1;
	expect_one(&w, FINDING_SAVED_TABLE,
		   "/etc/nftables.conf:12 names a table of the director's: loaded at boot, it "
		   "forwards as it did when it was saved, until directord runs",
		   "# take the director's tables out of it");
	world_clear(&w);
}

/* --- the host firewall ------------------------------------------------------------------------ */

static void rule_that_is_never_met(void)
{
	struct world w;

	world_init(&w);
	add_chain(&w, "input", HOOK_INPUT);
	add_rule(&w, "input", 80);
	expect_one(&w, FINDING_FIREWALL_BYPASSED,
		   "1 rule of chain \"input\" in table inet fw (hook input) restricts port 80 of "
		   "10.77.0.100, and the farm's traffic does not meet it: the director forwards "
		   "it at ingress",
		   "nft -a list chain inet fw input\n# in director.conf, in farm \"www\"");
	EXPECT_TEXT(w.found.list[0].farm, "www");
	add_rule(&w, "input", 8005);
	expect_one(&w, FINDING_FIREWALL_BYPASSED,
		   "2 rules of chain \"input\" in table inet fw (hook input) restrict port 80 of "
		   "10.77.0.100, and the farm's traffic does not meet them: the director forwards "
		   "it at ingress",
		   "nft");
	w.config.n_farms = 2; /* of another protocol */
	judge(&w);
	EXPECT_INT(w.found.n, 1);
	findings_clear(&w.found);
	host_judge(w.facts, &w.config, &w.farms[1], &w.found);
	EXPECT_INT(w.found.n, 0);
	world_clear(&w);
}

static void rule_about_an_address(void)
{
	struct world w;
	struct host_rule *rule;

	world_init(&w);
	add_chain(&w, "forward", HOOK_FORWARD);
	rule = add_rule(&w, "forward", 0);
	rule->to[0] = w.addresses[1];
	rule->n_to = 1;
	expect_one(&w, FINDING_FIREWALL_BYPASSED,
		   "1 rule of chain \"forward\" in table inet fw (hook forward) restricts "
		   "fd77::100, and the farm's traffic does not meet it: the director forwards it "
		   "at ingress",
		   "nft");
	EXPECT_INT(addr_parse("10.77.0.2", &rule->to[0]), 0);
	judge(&w);
	EXPECT_INT(w.found.n, 0);
	world_clear(&w);
}

/* What accepts some is a wall where the rest is dropped; else, and without a source, it says nothing. */
static void rule_that_allows_some(void)
{
	struct world w;
	struct host_rule *rule;

	world_init(&w);
	add_chain(&w, "input", HOOK_INPUT);
	rule = add_rule(&w, "input", 80);
	rule->drops = rule->acts = false;
	rule->admits_some = true;
	judge(&w);
	EXPECT_INT(w.found.n, 0);
	w.facts->chains[0].drops = true;
	judge(&w);
	EXPECT_INT(w.found.n, 1);
	world_clear(&w);
}

static void rules_that_are_met_or_not_understood(void)
{
	struct world w;
	struct host_rule *rule;

	world_init(&w);
	add_chain(&w, "early", HOOK_INGRESS)->priority = -5;
	rule = add_rule(&w, "early", 80);
	judge(&w);
	EXPECT_INT(w.found.n, 0); /* it is met; that it acts is counted with its chain */
	w.facts->chains[0].priority = 5;
	judge(&w);
	EXPECT_INT(w.found.n, 1);
	snprintf(rule->set, sizeof(rule->set), "unread");
	judge(&w);
	EXPECT_INT(w.found.n, 0);
	rule->set[0] = '\0';
	/* Of a chain that is jumped to: perhaps from one in front of us. */
	snprintf(rule->chain, sizeof(rule->chain), "web");
	add_chain(&w, "web", HOOK_NONE);
	judge(&w);
	EXPECT_INT(w.found.n, 1);
	add_chain(&w, "first", HOOK_INGRESS)->priority = -5;
	judge(&w);
	EXPECT_INT(w.found.n, 0);
	world_clear(&w);
}

static void all_together(void)
{
	struct world w;

	world_init(&w);
	w.facts->missing[FEATURE_REJECT] = true;
	w.facts->interfaces[0].lro = LRO_ON;
	w.facts->interfaces[0].has_xdp = true;
	w.facts->saved[w.facts->n_saved++] = (struct host_place){"/etc/nftables.conf", 1};
	add_chain(&w, "input", HOOK_INPUT);
	add_rule(&w, "input", 80);
	judge(&w);
	EXPECT_INT(w.found.n, 5);
	for (size_t code = 0; code < FINDING_CODES; code++)
		CU_ASSERT_PTR_NOT_NULL(finding_name((enum finding_code)code));
	CU_ASSERT_FALSE(w.found.no_memory);
	world_clear(&w);
}

UNIT_TESTS(host_rules) = {
	{"a sound machine", sound_machine},
	{"features that the kernel lacks", missing_features},
	{"large receive offload", large_receive_offload},
	{"rp_filter that drops the other node", strict_filter},
	{"chains in front", chains_in_front},
	{"programs in front", programs_in_front},
	{"tables that were saved", saved_tables},
	{"a rule that is never met", rule_that_is_never_met},
	{"a rule about an address", rule_about_an_address},
	{"a rule that allows some", rule_that_allows_some},
	{"rules that are met or not understood", rules_that_are_met_or_not_understood},
	{"all together", all_together},
	UNIT_TESTS_END,
};
