/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/bench/stage.h"

#include "director/config/load.h"
#include "director/schedule/facts.h"

#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Of a flood, whose clients are others, nothing is remembered: millions are not listed in an hour. */
#define FAR_END                                                                                    \
	"table netdev far {\n"                                                                     \
	"	set seen { typeof @nh,96,32 . th sport . @ll,0,48; size 4194304; flags dynamic; "        \
	"}\n"                                                                                      \
	"	chain arrived {\n"                                                                       \
	"		type filter hook ingress device \"p0\" priority filter;\n"                              \
	"		@nh,96,16 0xc612 add @seen { @nh,96,32 . th sport . @ll,0,48 }\n"                       \
	"		drop\n"                                                                                 \
	"	}\n"                                                                                     \
	"}\n"

static int shell(const char *command)
{
	int status = system(command);

	if (status)
		fprintf(stderr, "failed: %s\n", command);
	return status ? -EINVAL : 0;
}

int stage_nft(const char *text)
{
	FILE *nft = popen("nft -f -", "w");

	if (!nft)
		return -errno;
	fputs(text, nft);
	return pclose(nft) ? -EINVAL : 0;
}

/* --- the world -------------------------------------------------------------------------------- */

static bool ask_interface(void *owner, const char *name, struct plan_interface *ret)
{
	const struct stage *b = owner;

	*ret = (struct plan_interface){.ifindex = b->ifindex, .mac = b->mac};
	snprintf(ret->name, sizeof(ret->name), "%s", name);
	return true;
}

static bool ask_mac(void *owner, uint32_t ifindex, const struct addr *addr, struct mac *ret)
{
	(void)owner;
	(void)ifindex;
	*ret = (struct mac){{2, 0, 0, 0, 0, addr->bytes[3]}};
	return true;
}

static uint64_t remembered(void *owner, const char *farm)
{
	struct stage *b = owner;
	uint64_t n = TRANSITION_UNKNOWN;

	keeper_remembered(b->keeper, farm, &n);
	return n;
}

static void say_nothing(void *owner, const struct config_farm *farm, const struct transition *t,
			const struct transition_update *update)
{
	(void)owner;
	(void)farm;
	(void)t;
	(void)update;
}

int stage_apply(struct stage *b)
{
	struct transitions_handler handler = {
		.remembered = remembered, .changed = say_nothing, .owner = b};
	struct facts_source source = {.interface = ask_interface, .mac = ask_mac, .owner = b};
	struct err err = {0};
	struct ruleset want;
	struct facts facts;
	int code = facts_gather(&facts, b->config, NULL, &source);

	if (!code && !b->abrupt) {
		code = transitions_step(b->transitions, &facts.plan, b->now_ms, &handler);
		facts.plan.transitions = transitions_list(b->transitions);
	}
	if (!code)
		code = plan_ruleset(&facts.plan, &want);
	if (!code)
		code = keeper_set(b->keeper, &want, &err);
	while (code == KEEPER_GOES_ON)
		code = keeper_go_on(b->keeper, &err);
	if (!code)
		transitions_committed(b->transitions, b->now_ms);
	else
		fprintf(stderr, "%s\n", err.text[0] ? err.text : strerror(-code));
	facts_clear(&facts);
	return code;
}

int stage_open(struct stage *s, const char *configuration)
{
	struct err err = {0};
	int code;

	*s = (struct stage){.now_ms = 1000, .mac = {{2, 0, 0, 0, 0, 1}}};
	if (unshare(CLONE_NEWNET) < 0)
		return -errno;
	if (shell("ip link add eth0 address 02:00:00:00:00:01 type veth peer name p0 && "
		  "sysctl -qw net.ipv6.conf.all.disable_ipv6=1 && "
		  "ip link set eth0 up && ip link set p0 up") < 0 ||
	    stage_nft(FAR_END) < 0)
		return -EINVAL;
	s->ifindex = if_nametoindex("eth0");
	code = config_load_text("bench", configuration, strlen(configuration), &s->config, &err);
	if (!code)
		code = keeper_new(&s->keeper, &err);
	s->transitions = transitions_new();
	if (!code)
		code = s->transitions ? transitions_configure(s->transitions, s->config) : -ENOMEM;
	if (code)
		fprintf(stderr, "%s\n", err.text[0] ? err.text : strerror(-code));
	return code;
}

void stage_close(struct stage *s)
{
	keeper_free(s->keeper);
	transitions_free(s->transitions);
	config_free(s->config);
}

/* --- the far end ------------------------------------------------------------------------------ */

uint64_t stage_seen(void)
{
	FILE *nft =
		popen("nft list set netdev far seen | grep -o '0xc612[0-9a-f]* \\. ' | wc -l", "r");
	unsigned long long seen = 0;

	if (!nft || fscanf(nft, "%llu", &seen) != 1)
		seen = 0;
	if (nft)
		pclose(nft);
	return seen;
}

uint64_t stage_received(void)
{
	FILE *f = fopen("/proc/self/net/dev", "r"); /* sysfs shows the first namespace's devices */
	unsigned long long octets, n = 0;
	char line[512];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, " p0: %llu %llu", &octets, &n) == 2)
			break;
	if (f)
		fclose(f);
	return n;
}

/* --- frames ----------------------------------------------------------------------------------- */

int stage_load_open(struct stage_load *l, struct stage *s, const struct traffic *t, uint32_t client)
{
	static unsigned int spares;
	struct frame_ends ends = {.to = s->mac,
				  .from = {{2, 0, 0, 0, 0, 9}},
				  .client = addr_v4(client),
				  .vip = addr_v4(0x0a4d0064),
				  .port = 80};
	char command[128], name[16];
	int code;

	*l = (struct stage_load){.stage = s, .burst = 1500};
	snprintf(name, sizeof(name), "spare%u", spares++);
	snprintf(command, sizeof(command), "ip link add %s type veth", name);
	code = shell(command);
	if (!code)
		code = frames_open(&l->frames, t, &ends);
	return code ? code : frames_hold(&l->frames, if_nametoindex(name));
}

void *stage_load_run(void *load)
{
	struct stage_load *l = load;
	double ns;

	while (!atomic_load(&l->stop) && (!l->most || atomic_load(&l->sent) < l->most)) {
		if (frames_send(&l->frames, l->stage->ifindex, l->burst, &ns) < 0)
			break;
		atomic_fetch_add(&l->sent, l->burst);
	}
	return NULL;
}

void stage_load_wait(struct stage_load *l, uint64_t n)
{
	uint64_t until = atomic_load(&l->sent) + n;

	while (atomic_load(&l->sent) < until && !atomic_load(&l->stop))
		usleep(500);
}
