/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is seen of a machine that others have worked on, with their real tools: tc, sysctl, BPF;
 * and that it hurts what is found. In network namespaces of the test's own. Needs root.
 */
#include "director/doctor/host_facts.h"
#include "director/doctor/host_nft_uv.h"
#include "tests/unit/host_machine.h"
#include "tests/unit/namespace.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>

enum { TCX_INGRESS = 46, XDP = 37, FRAMES = 10, PEER = 3 };

/* --- the kernel ------------------------------------------------------------------------------- */

/* A batch whose expression has become one that no kernel knows. */
static int try_unknown(struct nft_socket *s, struct err *err)
{
	static const char known[] = "fwd", unknown[] = "fwx";
	struct ruleset r;
	struct nft_batch b;
	uint8_t *at;
	int code;

	EXPECT_INT(host_feature_ruleset(FEATURE_FWD, &r), 0);
	nft_batch_begin(&b, nft_socket_next_seq(s));
	b.table = ruleset_table(&r);
	nft_put_whole(&b, &r);
	at = memmem(b.bytes, b.used, known, sizeof(known));
	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	memcpy(at, unknown, sizeof(unknown));
	code = nft_socket_try(s, &b, err);
	nft_batch_clear(&b);
	ruleset_clear(&r);
	return code;
}

static void features_here(void)
{
	struct host_facts *facts = calloc(1, sizeof(*facts));
	struct nft_socket s;
	struct err err = {0};
	uint32_t before = 0, after = 0;
	char *tables;

	CU_ASSERT_PTR_NOT_NULL_FATAL(facts);
	CU_ASSERT_EQUAL_FATAL(nft_socket_open(&s, &err), 0);
	EXPECT_INT(nft_socket_generation(&s, &before), 0);
	EXPECT_INT(host_nft_try(&s, facts, &err), 0);
	EXPECT_TEXT(err.text, "");
	for (size_t i = 0; i < HOST_FEATURES; i++)
		EXPECT_TEXT(facts->missing[i] ? host_feature_row((enum host_feature)i)->name : "",
			    "");
	EXPECT_INT(try_unknown(&s, &err), -ENOENT);
	EXPECT_TEXT(err.text, "the kernel refused rule of chain chain: No such file or directory");
	EXPECT_INT(nft_socket_generation(&s, &after), 0);
	EXPECT_INT(after, before); /* nothing was ever committed */
	tables = unit_output_of("nft list ruleset");
	EXPECT_TEXT(tables, "");
	free(tables);
	nft_socket_close(&s);
	free(facts);
}

static void features(void)
{
	unit_in_namespace(UNIT_ETH0, features_here);
}

static void without_rights_here(void)
{
	struct host_machine m;

	host_machine_init(&m);
	EXPECT_INT(setresuid(65534, 65534, 65534), 0);
	host_machine_look(&m);
	EXPECT_INT(host_machine_count(&m, FINDING_KERNEL_FEATURE), 0);
	CU_ASSERT(m.found.n_skipped > 0);
	if (m.found.n_skipped) {
		EXPECT_TEXT(m.found.skipped[0].what, "nftables of this machine");
		EXPECT_TEXT(m.found.skipped[0].why, "changing the nft ruleset needs CAP_NET_ADMIN");
	}
	findings_clear(&m.found);
}

static void without_rights(void)
{
	unit_in_namespace(UNIT_ETH0, without_rights_here);
}

/* --- frames ----------------------------------------------------------------------------------- */

#define ETH0_MAC "02:00:00:00:00:04"
#define ETH0                                                                                       \
	"ip link add eth0 address " ETH0_MAC " type veth peer name p0 && ip link set eth0 up && "  \
	"ip link set p0 up && sysctl -qw net.ipv4.conf.all.rp_filter=0 "                           \
	"net.ipv4.conf.eth0.rp_filter=0"

/* What the peer sends: the IPv4 header of an advert, to node "a". */
static void send_frames(void)
{
	uint8_t frame[ETH_ZLEN] = {2,  0, 0, 0, 0, 4,	2,   0, 0, 0,  0,  3, 8,    0,	0x45, 0, 0,
				   46, 0, 1, 0, 0, 255, 112, 0, 0, 10, 77, 0, PEER, 10, 77,   0, 4};
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex("p0")};
	int fd = socket(AF_PACKET, SOCK_RAW, 0);
	uint32_t sum = 0;

	for (size_t i = ETH_HLEN; i < ETH_HLEN + 20; i += 2)
		sum += (uint32_t)frame[i] << 8 | frame[i + 1];
	sum = ~((sum & 0xffff) + (sum >> 16));
	frame[ETH_HLEN + 10] = (uint8_t)(sum >> 8);
	frame[ETH_HLEN + 11] = (uint8_t)sum;
	CU_ASSERT_FATAL(fd >= 0);
	for (int i = 0; i < FRAMES; i++)
		EXPECT_INT(sendto(fd, frame, sizeof(frame), 0, (struct sockaddr *)&to, sizeof(to)),
			   sizeof(frame));
	close(fd);
}

/* A number that a command prints. */
static long number_of(const char *command)
{
	char *text = unit_output_of(command);
	long n = strtol(text, NULL, 10);

	free(text);
	return n;
}

/* --- rp_filter -------------------------------------------------------------------------------- */

/* How many packets the kernel has dropped for their source. */
static long filtered(void)
{
	return number_of("nstat -asz TcpExtIPReversePathFilter | "
			 "awk '/Reverse/ { print $2 }'");
}

/* Two interfaces in one network: the route to the peer leaves by the other one. */
static void filter_here(void)
{
	struct host_machine m;

	host_machine_init(&m);
	host_machine_run(
		"ip link add eth1 type veth peer name p1 && ip link set eth1 up && "
		"ip link set p1 up && sysctl -qw net.ipv4.conf.eth1.rp_filter=0 && "
		"ip addr add 10.77.0.5/24 dev eth1 && ip addr add 10.77.0.4/24 dev eth0 && "
		"sysctl -qw net.ipv4.ip_nonlocal_bind=1");
	host_machine_none(&m);
	send_frames();
	EXPECT_INT(filtered(), 0);
	host_machine_run("sysctl -qw net.ipv4.conf.eth0.rp_filter=1");
	host_machine_one(
		&m, FINDING_RP_FILTER,
		"the kernel drops what comes from node \"b\" (10.77.0.3) at eth0, its adverts, "
		"too: rp_filter there is 1 (strict), and the route to that address does not "
		"leave through eth0");
	send_frames();
	EXPECT_INT(filtered(), FRAMES);
	/* Adverts over IPv6 alone come from a link-local address. */
	EXPECT_INT(addr_parse("fd77::100", &m.held.addr), 0);
	host_machine_none(&m);
	m.held.addr = m.address;
	/* The first line of the cure, and it is gone. */
	host_machine_run("sysctl -qw net/ipv4/conf/eth0/rp_filter=2");
	host_machine_none(&m);
	send_frames();
	EXPECT_INT(filtered(), FRAMES);
	/* Strict does no harm where the route is the expected one. */
	host_machine_run(
		"sysctl -qw net.ipv4.conf.eth0.rp_filter=1 && ip addr del 10.77.0.5/24 dev eth1");
	host_machine_none(&m);
	send_frames();
	EXPECT_INT(filtered(), FRAMES);
	findings_clear(&m.found);
}

static void filter(void)
{
	unit_in_namespace(ETH0, filter_here);
}

/* --- XDP and tc ------------------------------------------------------------------------------- */

static int bpf(enum bpf_cmd command, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, command, attr, sizeof(*attr));
}

/* A program "guard" that says one thing of every frame. */
static int load_program(uint32_t type, int verdict)
{
	const struct bpf_insn code[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = verdict},
		{.code = BPF_JMP | BPF_EXIT},
	};
	union bpf_attr attr;
	int fd;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = type;
	attr.insns = (uintptr_t)code;
	attr.insn_cnt = sizeof(code) / sizeof(code[0]);
	attr.license = (uintptr_t) "GPL";
	snprintf(attr.prog_name, sizeof(attr.prog_name), "guard");
	fd = bpf(BPF_PROG_LOAD, &attr);
	CU_ASSERT_FATAL(fd >= 0);
	return fd;
}

/* It is there as long as the descriptor. */
static int link_program(int program, uint32_t where)
{
	union bpf_attr attr;
	int fd;

	memset(&attr, 0, sizeof(attr));
	attr.link_create.prog_fd = (uint32_t)program;
	attr.link_create.target_ifindex = if_nametoindex("eth0");
	attr.link_create.attach_type = where;
	fd = bpf(BPF_LINK_CREATE, &attr);
	close(program);
	return fd;
}

/* How many more frames a chain at our hook and priority has seen. */
static long seen_by_us(void)
{
	static const char count_frames[] =
		"nft list chain netdev us c | sed -n 's/.*packets \\([0-9]*\\).*/\\1/p'";
	long before = number_of(count_frames);

	send_frames();
	return number_of(count_frames) - before;
}

static void expect_taken(struct host_machine *m, int link, const char *sentence)
{
	CU_ASSERT_FATAL(link >= 0);
	host_machine_one(m, FINDING_PROGRAM_BEFORE, sentence);
	EXPECT_INT(seen_by_us(), 0);
	close(link);
	host_machine_none(m);
	EXPECT_INT(seen_by_us(), FRAMES);
}

static void programs_here(void)
{
	struct host_machine m;
	int link;

	host_machine_init(&m);
	unit_feed("nft -f -", "table netdev us {\nchain c {\n"
			      "type filter hook ingress device \"eth0\" priority 0;\n"
			      "ip protocol 112 counter\n}\n}\n");
	EXPECT_INT(seen_by_us(), FRAMES);
	expect_taken(&m, link_program(load_program(BPF_PROG_TYPE_XDP, XDP_DROP), XDP),
		     "an XDP program \"guard\" at eth0 sees frames before the director: what it "
		     "takes or drops is not forwarded");
	link = link_program(load_program(BPF_PROG_TYPE_SCHED_CLS, TC_ACT_SHOT), TCX_INGRESS);
	if (link >= 0) /* Linux 6.6 and newer */
		expect_taken(&m, link,
			     "1 BPF program \"guard\" of tcx at the ingress of eth0 sees frames "
			     "before the director: what they take or drop is not forwarded");
	findings_clear(&m.found);
}

static void programs(void)
{
	unit_in_namespace(ETH0, programs_here);
}

static void filters_here(void)
{
	static const char add[] = "tc filter add dev eth0 parent ffff: protocol ip prio %d u32 "
				  "match u32 0 0 flowid 1:1";
	static const char *const kinds[] = {"ingress", "clsact"};
	char command[128];
	struct host_machine m;

	host_machine_init(&m);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		snprintf(command, sizeof(command), "tc qdisc add dev eth0 %s", kinds[i]);
		host_machine_run(command);
		host_machine_none(&m);
		snprintf(command, sizeof(command), add, 1);
		host_machine_run(i ? "tc filter add dev eth0 ingress protocol ip prio 1 u32 "
				     "match u32 0 0 flowid 1:1"
				   : command);
		host_machine_one(
			&m, FINDING_PROGRAM_BEFORE,
			"1 filter of tc (u32) at the ingress of eth0 sees frames before the "
			"director: what they take or drop is not forwarded");
		snprintf(command, sizeof(command), "tc qdisc del dev eth0 %s", kinds[i]);
		host_machine_run(command);
	}
	host_machine_none(&m);
	findings_clear(&m.found);
}

static void filters(void)
{
	unit_in_namespace(ETH0, filters_here);
}

/* An interface that is not there is told, and no finding. */
static void no_interface_here(void)
{
	struct host_machine m;

	host_machine_init(&m);
	m.farm.interface = m.vrrp.interface = "none";
	host_machine_none(&m);
	CU_ASSERT(m.found.n_skipped > 0);
	findings_clear(&m.found);
}

static void no_interface(void)
{
	unit_in_namespace("true", no_interface_here);
}

UNIT_TESTS(host_kernel) = {
	{"features of the kernel", features},
	{"without rights", without_rights},
	{"rp_filter", filter},
	{"XDP and tcx", programs},
	{"filters of tc", filters},
	{"no interface", no_interface},
	UNIT_TESTS_END,
};
