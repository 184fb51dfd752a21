/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why the table carries no flags (nft_netlink.c, put_table()): what the owner and persist flags do
 * on the real kernel and what the real nft makes of them, in a network namespace of the test's own.
 * Needs root.
 */
#include "director/ruleset/keeper_uv.h"
#include "tests/unit/keeper_change.h"
#include "tests/unit/namespace.h"
#include "tests/unit/ruleset_case.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <libmnl/libmnl.h>
#include <libnftnl/common.h>
#include <libnftnl/table.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

/* The headers of Debian 12 do not know the second one, which came with Linux 6.9. */
enum { NO_FLAGS = 0, OWNER = NFT_TABLE_F_OWNER, PERSIST = 4 };

/* --- the table -------------------------------------------------------------------------------- */

static struct mnl_socket *open_socket(void)
{
	struct mnl_socket *nl = mnl_socket_open(NETLINK_NETFILTER);

	CU_ASSERT_PTR_NOT_NULL_FATAL(nl);
	CU_ASSERT_EQUAL_FATAL(mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID), 0);
	return nl;
}

static size_t table_message(char *buf, uint16_t type, uint32_t flags)
{
	struct nftnl_table *t = nftnl_table_alloc();
	struct nlmsghdr *nlh =
		nftnl_nlmsg_build_hdr(buf, type, NFPROTO_NETDEV,
				      NLM_F_ACK | (type == NFT_MSG_NEWTABLE ? NLM_F_CREATE : 0), 2);

	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	nftnl_table_set_str(t, NFTNL_TABLE_NAME, "owned");
	if (type == NFT_MSG_NEWTABLE)
		nftnl_table_set_u32(t, NFTNL_TABLE_FLAGS, flags);
	nftnl_table_nlmsg_build_payload(nlh, t);
	nftnl_table_free(t);
	return nlh->nlmsg_len;
}

/* One transaction about the table "owned": 0, or the first error of its answers. */
static int change(struct mnl_socket *nl, uint16_t type, uint32_t flags)
{
	_Alignas(struct nlmsghdr) char buf[1024] = {0};
	size_t used = nftnl_batch_begin(buf, 1)->nlmsg_len;
	const struct nlmsghdr *nlh;
	ssize_t n;
	int len;

	used += table_message(buf + used, type, flags);
	used += nftnl_batch_end(buf + used, 3)->nlmsg_len;
	CU_ASSERT_FATAL(mnl_socket_sendto(nl, buf, used) == (ssize_t)used);
	n = mnl_socket_recvfrom(nl, buf, sizeof(buf));
	CU_ASSERT_FATAL(n > 0);
	len = (int)n;
	nlh = (const struct nlmsghdr *)(const void *)buf;
	CU_ASSERT_FATAL(mnl_nlmsg_ok(nlh, len) && nlh->nlmsg_type == NLMSG_ERROR);
	return ((const struct nlmsgerr *)mnl_nlmsg_get_payload(nlh))->error;
}

static int make(struct mnl_socket *nl, uint32_t flags)
{
	return change(nl, NFT_MSG_NEWTABLE, flags);
}

/* --- nft -------------------------------------------------------------------------------------- */

/* Exit status of a shell command, and what it prints. */
static int run(const char *command, char *ret, size_t size)
{
	FILE *pipe = popen(command, "r");
	size_t n;

	CU_ASSERT_PTR_NOT_NULL_FATAL(pipe);
	n = fread(ret, 1, size - 1, pipe);
	ret[n] = '\0';
	return WEXITSTATUS(pclose(pipe));
}

static bool is_there(void)
{
	char text[4096];

	run("nft list tables", text, sizeof(text));
	return strstr(text, "table netdev owned\n") != NULL;
}

/* The command fails, with that in what it says. */
static void expect_refused(const char *command, const char *why)
{
	char text[4096];

	CU_ASSERT(run(command, text, sizeof(text)) != 0);
	if (!strstr(text, why))
		printf("\n    %s: %s", command, text);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, why));
}

static void expect_done(const char *command)
{
	char text[4096];
	int status = run(command, text, sizeof(text));

	if (status)
		printf("\n    %s: %s", command, text);
	EXPECT_INT(status, 0);
}

/* How a host saves its rules and loads them again; a variable, because a pipe would read too late. */
#define SAVE	  "rules=$(nft list ruleset) && echo \"$rules\" | "
#define AND_LOAD  "nft -f - 2>&1"
#define AND_CHECK "nft -c -f - 2>&1"

/* --- stories ---------------------------------------------------------------------------------- */

/* As it is: the table is everybody's, outlives its maker, and the host's own tools work. */
static void without_flags(void)
{
	struct mnl_socket *nl = open_socket();

	EXPECT_INT(make(nl, NO_FLAGS), 0);
	mnl_socket_close(nl);
	CU_ASSERT(is_there());
	expect_done("nft add chain netdev owned c 2>&1");
	expect_done(SAVE AND_LOAD);
	expect_done("nft flush ruleset 2>&1");
	CU_ASSERT(!is_there());
}

static void a_table_without_flags_outlives_its_maker(void)
{
	unit_in_namespace(UNIT_ETH0, without_flags);
}

/* Nobody but the socket may change it, and a host that loads its own rules again is refused. */
static void expect_locked(void)
{
	struct mnl_socket *other = open_socket();

	EXPECT_INT(make(other, NO_FLAGS), -EPERM);
	EXPECT_INT(change(other, NFT_MSG_DELTABLE, 0), -EPERM);
	mnl_socket_close(other);
	expect_refused("nft add chain netdev owned c 2>&1", "Operation not permitted");
	expect_refused("nft -c add chain netdev owned c 2>&1", "Operation not permitted");
	expect_refused("nft delete table netdev owned 2>&1", "Operation not permitted");
	expect_done("nft flush ruleset 2>&1");
	CU_ASSERT(is_there());
}

/* On every kernel: the restart of the daemon would take the rules away. */
static void owner(void)
{
	struct mnl_socket *nl = open_socket();

	EXPECT_INT(make(nl, OWNER), 0);
	expect_locked();
	expect_refused(SAVE AND_LOAD, "Operation not permitted");
	mnl_socket_close(nl);
	CU_ASSERT(!is_there());
}

static void an_owned_table_ends_with_its_socket(void)
{
	unit_in_namespace(UNIT_ETH0, owner);
}

static bool kernel_has_persist(void)
{
	unsigned int major = 0, minor = 0;
	struct utsname name;

	CU_ASSERT_EQUAL_FATAL(uname(&name), 0);
	CU_ASSERT_EQUAL_FATAL(sscanf(name.release, "%u.%u", &major, &minor), 2);
	return major > 6 || (major == 6 && minor >= 9);
}

/* Who asks with the same flags gets it, and nobody who asks otherwise. */
static void expect_adopted(void)
{
	struct mnl_socket *nl = open_socket();

	EXPECT_INT(make(nl, NO_FLAGS), -EOPNOTSUPP);
	EXPECT_INT(make(nl, OWNER), -EOPNOTSUPP);
	EXPECT_INT(make(nl, OWNER | PERSIST), 0);
	expect_locked();
	EXPECT_INT(change(nl, NFT_MSG_DELTABLE, 0), 0);
	CU_ASSERT(!is_there());
	mnl_socket_close(nl);
}

/*
 * Between two daemons the host's tools meet the orphan. What nft prints of it is known for the
 * version of Debian 12. An nft whose list can be loaded is a reason to look at the decision again,
 * but not enough for another one: while the daemon runs, the kernel refuses to load it.
 */
static void expect_orphan_breaks_saved_rules(void)
{
	char text[4096], version[256];

	run("nft list ruleset", text, sizeof(text));
	run("nft --version", version, sizeof(version));
	if (strncmp(version, "nftables v1.0.6 ", 16) == 0) {
		CU_ASSERT_PTR_NOT_NULL(strstr(text, "\tflags \n"));
		expect_refused(SAVE AND_CHECK, "syntax error");
	} else if (run(SAVE AND_CHECK, text, sizeof(text)) == 0) {
		printf("\n    this nft can load what it lists of an orphan: the decision against "
		       "flags (nft_netlink.c) may be looked at again ");
	}
}

static void owner_and_persist(void)
{
	struct mnl_socket *nl = open_socket();

	if (!kernel_has_persist()) {
		EXPECT_INT(make(nl, OWNER | PERSIST), -EOPNOTSUPP);
		mnl_socket_close(nl);
		return;
	}
	EXPECT_INT(make(nl, OWNER | PERSIST), 0);
	expect_locked();
	mnl_socket_close(nl);
	CU_ASSERT(is_there());
	expect_orphan_breaks_saved_rules();
	/* While nobody owns it, which is when the daemon cannot mend it, it is everybody's. */
	expect_done("nft add chain netdev owned c 2>&1");
	expect_adopted();
}

static void a_persistent_table_becomes_an_orphan(void)
{
	unit_in_namespace(UNIT_ETH0, owner_and_persist);
}

/*
 * Our own: no flags in the export or in the kernel (a set's flags stand one tab further in), it
 * stays when its maker goes, and the host saves and loads it with all the rest.
 */
static void our_own(void)
{
	static char listed[1 << 20];
	struct ruleset_case c;
	struct keeper *k = NULL;
	struct err err = {0};
	char *text;

	CU_ASSERT_EQUAL_FATAL(keeper_new(&k, &err), 0);
	if (!ruleset_case_init(&c, "tests/golden/ruleset/pair.conf", if_nametoindex("eth0")))
		return;
	text = ruleset_case_text(&c.ruleset);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "table netdev " RULESET_TABLE));
	CU_ASSERT_PTR_NULL(strstr(text, "\n\tflags"));
	unit_end_change(k, keeper_set(k, &c.ruleset, &err));
	keeper_free(k);
	EXPECT_INT(run("nft -s list table netdev " RULESET_TABLE, listed, sizeof(listed)), 0);
	CU_ASSERT_PTR_NULL(strstr(listed, "\n\tflags"));
	EXPECT_TEXT(listed, text);
	expect_done(SAVE AND_LOAD);
	free(text);
	ruleset_case_clear(&c);
}

/* How often a map is looked through for what has expired: nft lists it, and reads it since 1.0.9. */
static bool nft_reads_intervals(void)
{
	char text[4096];

	return run("echo 'table netdev t { map m { type ipv4_addr : mark; flags timeout; "
		   "gc-interval 2s; }; }' | " AND_CHECK,
		   text, sizeof(text)) == 0;
}

/* A farm that sets it: without that one line of each map the host loads its listing again in any case. */
static void with_an_interval(void)
{
	struct ruleset_case c;
	struct keeper *k = NULL;
	struct err err = {0};

	CU_ASSERT_EQUAL_FATAL(keeper_new(&k, &err), 0);
	if (!ruleset_case_init(&c, "tests/golden/ruleset/gc-interval.conf", if_nametoindex("eth0")))
		return;
	unit_end_change(k, keeper_set(k, &c.ruleset, &err));
	keeper_free(k);
	if (nft_reads_intervals())
		expect_done(SAVE AND_LOAD);
	else
		expect_refused(SAVE AND_CHECK, "unexpected gc-interval");
	expect_done(SAVE "grep -v gc-interval | " AND_LOAD);
	ruleset_case_clear(&c);
}

static void our_table_with_an_interval(void)
{
	unit_in_namespace(UNIT_ETH0, with_an_interval);
}

static void our_table_has_no_flags(void)
{
	unit_in_namespace(UNIT_ETH0, our_own);
}

UNIT_TESTS(owner_kernel) = {
	{"a table without flags outlives its maker", a_table_without_flags_outlives_its_maker},
	{"an owned table ends with its socket", an_owned_table_ends_with_its_socket},
	{"a persistent table becomes an orphan", a_persistent_table_becomes_an_orphan},
	{"our table has no flags", our_table_has_no_flags},
	{"our table with an interval", our_table_with_an_interval},
	UNIT_TESTS_END,
};
