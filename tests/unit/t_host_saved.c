/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of nft that name the director's tables, and any others. */
#include "director/doctor/host_saved.h"
#include "director/doctor/host_saved_uv.h"
#include "tests/unit/unit.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CORPUS "tests/fuzz/corpus/fuzz_host_saved"

static struct host_saved *read_text(const char *text)
{
	static struct host_saved saved;

	host_saved_read(text, strlen(text), &saved);
	return &saved;
}

static void tables_of_ours(void)
{
	EXPECT_INT(read_text("table netdev director {\n}\n")->line, 1);
	EXPECT_INT(
		read_text("#!/usr/sbin/nft -f\nflush ruleset\n\ntable  netdev\n\tdirector{}")->line,
		5);
	EXPECT_INT(read_text("add rule netdev director farm-www drop\n")->line, 1);
	EXPECT_INT(read_text("add table netdev director;")->line, 1);
	EXPECT_INT(read_text("\ntable netdev director-stragglers {")->line, 2);
	EXPECT_INT(read_text("table netdev \\\n director {")->line, 2);
}

static void others(void)
{
	static const char *const good[] = {
		"",
		"flush ruleset\ntable inet filter {\n\tchain input { policy drop; }\n}\n",
		"# table netdev director {\n",
		"table inet director {\n}\n",
		"table netdev directors {\n}\n",
		"table netdev other { comment \"table netdev director\" }\n",
		"table netdev other { comment \"netdev\" director }\n",
		"define x = { netdev, director }\n",
		"table netdev",
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		EXPECT_INT(read_text(good[i])->line, 0);
}

static void includes(void)
{
	const struct host_saved *s =
		read_text("include \"/etc/nftables/*.nft\"\ninclude \"a\";include \"b # c\"\n"
			  "# include \"no\"\ninclude no\ninclude \"\"\n");

	EXPECT_INT(s->n_includes, 3);
	EXPECT_TEXT(s->includes[0], "/etc/nftables/*.nft");
	EXPECT_TEXT(s->includes[1], "a");
	EXPECT_TEXT(s->includes[2], "b # c");
}

/* Every cut of a text and every octet changed; the sanitizers watch. */
static void bounds(void)
{
	static const char text[] = "include \"x\" \\\n# c\ntable netdev director { a = \"b\"; }\n";
	static struct host_saved saved;
	char *many = malloc(100000);

	CU_ASSERT_PTR_NOT_NULL_FATAL(many);
	for (size_t len = 0; len < sizeof(text); len++) {
		char *cut = malloc(len ? len : 1);

		CU_ASSERT_PTR_NOT_NULL_FATAL(cut);
		memcpy(cut, text, len);
		host_saved_read(cut, len, &saved);
		for (size_t at = 0; at < len; at++)
			for (int c = 0; c < 256; c += 5) {
				cut[at] = (char)c;
				host_saved_read(cut, len, &saved);
				cut[at] = text[at];
			}
		free(cut);
	}
	memset(many, '"', 100000);
	host_saved_read(many, 100000, &saved);
	for (size_t i = 0; i + 12 <= 100000; i += 12)
		memcpy(many + i, "include \"x\" ", 12);
	host_saved_read(many, 100000, &saved);
	EXPECT_INT(saved.n_includes, HOST_INCLUDES_MAX);
	free(many);
}

/* Good: none of our tables. */
static bool is_good(const uint8_t *bytes, size_t len)
{
	static struct host_saved saved;

	host_saved_read((const char *)bytes, len, &saved);
	return saved.line == 0;
}

static void corpus(void)
{
	CU_ASSERT(unit_replay(CORPUS, is_good) >= 6);
}

/* --- files ------------------------------------------------------------------------------------ */

static void write_file(const char *name, const char *text)
{
	FILE *file = fopen(name, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fputs(text, file);
	fclose(file);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void files(void)
{
	char folder[] = "/tmp/director-saved-XXXXXX", before[512];
	struct host_facts *facts = calloc(1, sizeof(*facts));

	CU_ASSERT_PTR_NOT_NULL_FATAL(facts);
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	CU_ASSERT_PTR_NOT_NULL_FATAL(getcwd(before, sizeof(before)));
	EXPECT_INT(chdir(folder), 0);
	EXPECT_INT(mkdir("etc", 0700), 0);
	EXPECT_INT(mkdir("etc/d", 0700), 0);
	EXPECT_INT(mkfifo("etc/d/0.nft", 0600), 0);
	write_file("etc/main", "include \"d/*.nft\"\ninclude \"main\"\ninclude \"missing\"\n");
	write_file("etc/d/1.nft", "table inet x {}\n");
	write_file("etc/d/2.nft", "\n\ntable netdev director {}\n");
	write_file("etc/d/3", "table netdev director {}\n");
	host_saved_look(facts, "etc/main", "etc");
	EXPECT_INT(facts->n_saved, 1); /* once, though it was come by often */
	EXPECT_TEXT(facts->saved[0].path, "etc/d/2.nft");
	EXPECT_INT(facts->saved[0].line, 3);
	host_saved_look(facts, "etc/none", "etc");
	host_saved_look(facts, "etc/d", "etc");
	host_saved_look(facts, "/dev/zero", "etc");
	EXPECT_INT(facts->n_saved, 1);
	EXPECT_INT(chdir(before), 0);
	EXPECT_INT(nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
	free(facts);
}

UNIT_TESTS(host_saved) = {
	{"tables of ours", tables_of_ours},
	{"others", others},
	{"includes", includes},
	{"bounds", bounds},
	{"corpus", corpus},
	{"files", files},
	UNIT_TESTS_END,
};
