/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/ruleset_case.h"

#include "director/config/load.h"
#include "director/ruleset/export.h"
#include "director/ruleset/nft_netlink.h"
#include "director/ruleset/nft_text.h"
#include "tests/unit/unit.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static bool ask_interface(void *owner, const char *name, struct plan_interface *ret)
{
	uint32_t eth0 = *(uint32_t *)owner;
	bool is_eth0 = strcmp(name, "eth0") == 0;

	/* The other one is the end of a cable of which eth0 is the other end, made just before. */
	*ret = (struct plan_interface){.ifindex = is_eth0 ? eth0 : eth0 - 1,
				       .mac = {{2, 0, 0, 0, 0, is_eth0 ? 0x0a : 0x0b}}};
	snprintf(ret->name, sizeof(ret->name), "%s", name);
	return true;
}

static bool ask_mac(void *owner, uint32_t ifindex, const struct addr *addr, struct mac *ret)
{
	uint8_t last = addr->bytes[addr->family == AF_INET6 ? 15 : 3];

	(void)owner;
	(void)ifindex;
	*ret = (struct mac){{2, 0, 0, 0, 0, last == 3 ? 0xfe : last}};
	return last < 200;
}

/* One of them, where a case has several. */
static bool ask_handed(void *owner, const struct addr *vip)
{
	(void)owner;
	return vip->bytes[vip->family == AF_INET6 ? 1 : 3] ==
	       (vip->family == AF_INET6 ? 0x77 : 100);
}

bool ruleset_case_init(struct ruleset_case *c, const char *conf, uint32_t ifindex)
{
	struct facts_source source = {.interface = ask_interface,
				      .mac = ask_mac,
				      .handed = ask_handed,
				      .owner = &ifindex};
	struct err err = {0};
	char line[ERR_LINE];

	*c = (struct ruleset_case){0};
	if (config_load(conf, &c->config, &err) < 0) {
		CU_FAIL("the case cannot be loaded");
		printf("\n    %s", err_format(&err, line));
		return false;
	}
	if (facts_gather(&c->facts, c->config,
			 c->config->has_cluster ? &c->config->cluster.nodes[1] : NULL,
			 &source) < 0 ||
	    plan_ruleset(&c->facts.plan, &c->ruleset) < 0 || nft_sign(&c->ruleset) < 0) {
		CU_FAIL("the case cannot be planned");
		ruleset_case_clear(c);
		return false;
	}
	return true;
}

void ruleset_case_clear(struct ruleset_case *c)
{
	ruleset_clear(&c->ruleset);
	facts_clear(&c->facts);
	config_free(c->config);
}

int ruleset_case_each(void (*run)(const char *name, void *data), void *data)
{
	glob_t found;
	int n = 0;

	if (glob("tests/golden/ruleset/*.conf", 0, NULL, &found) != 0)
		return 0;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		char name[256];

		snprintf(name, sizeof(name), "%.*s", (int)(strlen(found.gl_pathv[i]) - 5),
			 found.gl_pathv[i]);
		run(name, data);
		n++;
	}
	globfree(&found);
	return n;
}

char *ruleset_case_text(const struct ruleset *r)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	nft_text_print(out, r);
	fclose(out);
	return text;
}

char *ruleset_case_json(const struct ruleset_case *c, const char *file, int64_t at_s)
{
	struct export_head head = {
		.node = "a", .digest = "0123", .state = "as applied", .file = file, .at_s = at_s};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	EXPECT_INT(export_print_json(out, &head, &c->facts.plan, &c->ruleset, NULL), 0);
	fclose(out);
	return text;
}

char *ruleset_case_listed(const struct ruleset *r, bool loaded)
{
	static const char mark[] = "\t\t# ";
	char *text = ruleset_case_text(r), *to = text;

	for (const char *line = text, *next; *line; line = next) {
		bool is_comment = strncmp(line, mark, strlen(mark)) == 0;

		next = strchr(line, '\n') + 1;
		if (is_comment && loaded)
			continue;
		if (is_comment) {
			memcpy(to, "\t\t", 2);
			to += 2;
			line += strlen(mark);
		}
		memmove(to, line, (size_t)(next - line));
		to += next - line;
	}
	*to = '\0';
	return text;
}

char *ruleset_case_without_notes(const char *text)
{
	char *kept = strdup(text), *to = kept;

	while (*text) {
		const char *next = strchr(text, '\n') + 1;

		if (*text != '#' && strncmp(text, "\t# ", 3) != 0) {
			memcpy(to, text, (size_t)(next - text));
			to += next - text;
		}
		text = next;
	}
	*to = '\0';
	return kept;
}
