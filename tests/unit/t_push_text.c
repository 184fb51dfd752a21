/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a push makes of a file: which sections change, what stays word for word, and what it never changes. */
#include "director/config/push_text.h"

#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FARM(name, more) "farm \"" name "\" { " more " }"

static const char dir[] = "/tmp";
static char own_path[64], their_path[64], included[64];

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs(text, f);
	EXPECT_INT(fclose(f), 0);
}

static void begin(void)
{
	int pid = (int)getpid();

	snprintf(own_path, sizeof(own_path), "%s/t_push_text.%d.own", dir, pid);
	snprintf(their_path, sizeof(their_path), "%s/t_push_text.%d.theirs", dir, pid);
	snprintf(included, sizeof(included), "%s/t_push_text.%d.included", dir, pid);
}

static void end(void)
{
	unlink(own_path);
	unlink(their_path);
	unlink(included);
}

/* A push of what stands in one file into the other: as it is then, or the sentence; to be freed. */
static char *push(const char *own, const char *theirs)
{
	struct push_merge m = {0};
	struct err err = {0};
	char *text = NULL, *ret;
	size_t len = 0;

	begin();
	write_file(own_path, own);
	write_file(their_path, theirs);
	if (push_text_make(their_path, &text, &len, &err) < 0 ||
	    push_merge(own_path, text, len, &m, &err) < 0)
		ret = strdup(err.text);
	else
		ret = strndup(m.merged, m.merged_len);
	push_merge_clear(&m);
	free(text);
	end();
	return ret;
}

#define EXPECT_PUSH(own, theirs, want)                                                             \
	do {                                                                                       \
		char *become = push(own, theirs);                                                  \
                                                                                                   \
		EXPECT_TEXT(become, want);                                                         \
		free(become);                                                                      \
	} while (0)

static const char *const head = "# of b\nmetrics { }\n";

static void a_section_is_replaced_where_it_stands(void)
{
	EXPECT_PUSH("# b\n" FARM("x", "weight = 1") " # near\nmetrics { }\n",
		    "# a\nnotify = \"/a\" " FARM("x", "weight = 2 # two\n"),
		    "# b\n" FARM("x", "weight = 2 # two\n") " # near\nmetrics { }\n");
}

static void the_same_words_stay(void)
{
	EXPECT_PUSH("farm 'x' { # mine\n weight = 1 }", FARM("x", "weight = 1"),
		    "farm 'x' { # mine\n weight = 1 }\n");
}

static void new_ones_and_old_ones(void)
{
	EXPECT_PUSH("metrics { }\n" FARM("x", "") "\n" FARM("z", "") "\n# end\n",
		    FARM("w", "") FARM("x", "") FARM("y", "") FARM("z", "") FARM("zz", ""),
		    "metrics { }\n" FARM("w", "") "\n\n" FARM("x", "") "\n" FARM(
			    "y", "") "\n\n" FARM("z", "") "\n\n" FARM("zz", "") "\n# end\n");
	EXPECT_PUSH("metrics { }\n" FARM("x", "") "\n" FARM("z", "") "\n# end\n", FARM("x", ""),
		    "metrics { }\n" FARM("x", "") "\n\n# end\n");
	EXPECT_PUSH("metrics { }", FARM("x", "") "vrrp \"v\" { }",
		    "metrics { }\n\n\nvrrp \"v\" { }\n\n\n" FARM("x", "") "\n");
}

static void another_order(void)
{
	EXPECT_PUSH("# 1\n" FARM("x", "") "\n# 2\n" FARM("y", "") "\n# 3\n",
		    FARM("y", "") FARM("x", ""),
		    "# 1\n" FARM("y", "") "\n\n" FARM("x", "") "\n\n\n# 2\n\n# 3\n");
}

static void what_is_of_the_node_stays(void)
{
	char own[256], want[256];

	snprintf(own, sizeof(own), "%scontrol { push-by-peer = true }\n" FARM("x", ""), head);
	snprintf(want, sizeof(want), "%scontrol { push-by-peer = true }\n" FARM("x", "a = 1") "\n",
		 head);
	EXPECT_PUSH(own,
		    "control { change-group = \"all\" } cluster \"c\" { } " FARM(
			    "x", "a = 1") "metrics { listen = \"0.0.0.0:1\" }",
		    want);
}

#define REFUSED(own, theirs, why)                                                                  \
	do {                                                                                       \
		char *become = push(own, theirs);                                                  \
                                                                                                   \
		if (!strstr(become, why))                                                          \
			printf("\n    it says: %s", become);                                       \
		CU_ASSERT_PTR_NOT_NULL(strstr(become, why));                                       \
		free(become);                                                                      \
	} while (0)

#define CHECK(command) "check \"c\" { type = \"command\" command = \"" command "\" }"

static void no_command_and_no_file(void)
{
	static const char why[] = "a push changes no command";

	REFUSED(FARM("x", ""), FARM("x", CHECK("rm")), why);
	REFUSED(FARM("x", ""), FARM("x", "") FARM("y", CHECK("rm")), "farm \"y\": command");
	REFUSED(FARM("x", CHECK("ls")), FARM("x", CHECK("rm")), why);
	REFUSED(FARM("x", CHECK("ls")), FARM("x", ""), why);
	REFUSED(FARM("x", CHECK("ls")), FARM("y", CHECK("ls")), why);
	REFUSED(FARM("x", CHECK("ls")), FARM("x", CHECK("ls") CHECK("ls")), why);
	REFUSED(FARM("x", ""), FARM("x", "check 'c' { ca-file = '/etc/shadow' }"), why);
	REFUSED(FARM("x", ""), FARM("x", "allow = '@/etc/shadow'"), why);
	REFUSED(FARM("x", ""), FARM("x", "deny = { '10.0.0.0/8', '@/etc/shadow' }"), why);
	REFUSED("vrrp 'v' { auth-mode = 'enforce' }", "vrrp 'v' { }", "vrrp \"v\": auth-mode");
	REFUSED("vrrp 'v' { auth-key-file = '/k' }", "vrrp 'v' { auth-key-file = '/l' }", why);
	REFUSED("vrrp 'v' { }", "vrrp 'v' { track-command 't' { command = 'rm' } }", why);
	/* Under another name, or away, or its id given to another one. */
	REFUSED(FARM("x", CHECK("ls")), FARM("z", ""), "farm \"x\" would go with its command");
	REFUSED(FARM("x", "deny = '@/k'"), "", "farm \"x\" would go with its deny");
	REFUSED("vrrp 'v' { auth-mode = 'enforce' virtual-router-id = 5 }",
		"vrrp 'w' { virtual-router-id = 5 }", "vrrp \"v\" would go with its auth-mode");
	REFUSED("vrrp 'v' { auth-mode = 'enforce' virtual-router-id = 5 }",
		"vrrp 'v' { auth-mode = 'enforce' virtual-router-id = 6 } "
		"vrrp 'w' { virtual-router-id = 5 }",
		"vrrp \"v\": virtual-router-id is not what it is");
	REFUSED("vrrp 'v' { auth-mode = 'enforce' interface = 'e' }",
		"vrrp 'v' { auth-mode = 'enforce' interface = 'f' }",
		"vrrp \"v\": interface is not what it is");
	EXPECT_PUSH("vrrp 'v' { virtual-router-id = 5 }", "vrrp 'v' { virtual-router-id = 6 }",
		    "vrrp 'v' { virtual-router-id = 6 }\n");
	EXPECT_PUSH(FARM("x", CHECK("ls")), FARM("x", CHECK("ls") "a = 1"),
		    FARM("x", CHECK("ls") "a = 1") "\n");
	EXPECT_PUSH(FARM("x", "allow = '@/a'"), FARM("x", "allow = '@/a' a = 1"),
		    FARM("x", "allow = '@/a' a = 1") "\n");
}

/* Of a text as nobody's file comes to. */
static void pushed_by_a_foe(void)
{
	static const char *const texts[] = {
		"include(\"/etc/shadow\")",
		FARM("x", "") "include(\"/etc/shadow\")",
		"farm { allow = \"@/etc/shadow\" }",
		"control { read-group = \"@/etc/shadow\" }",
		"farm \"y",
		"}",
		FARM("y", ""),
	};
	struct push_merge m;
	struct err err;

	begin();
	write_file(own_path, FARM("x", ""));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		int code = push_merge(own_path, texts[i], strlen(texts[i]), &m, &err);

		EXPECT_INT(code < 0, i + 1 < sizeof(texts) / sizeof(texts[0]));
		push_merge_clear(&m);
	}
	end();
}

static void what_is_included(void)
{
	char own[256], theirs[256];

	begin();
	snprintf(own, sizeof(own), "include(\"%s\")\n" FARM("x", ""), included);
	write_file(included, FARM("i", "a = 1"));
	EXPECT_PUSH(own, "metrics { }" FARM("i", "a = 1") FARM("x", "a = 2"),
		    (snprintf(theirs, sizeof(theirs), "include(\"%s\")\n" FARM("x", "a = 2") "\n",
			      included),
		     theirs));
	begin();
	write_file(included, FARM("i", "a = 1"));
	REFUSED(own, FARM("i", "a = 2") FARM("x", ""), "a push changes what stands in");
	begin();
	write_file(included, FARM("i", "a = 1"));
	EXPECT_PUSH("metrics { }\n",
		    (snprintf(theirs, sizeof(theirs), "include(\"%s\")", included), theirs),
		    "metrics { }\n\n\n" FARM("i", "a = 1") "\n");
}

static bool is_good(const uint8_t *bytes, size_t len)
{
	struct push_merge m;
	struct err err;
	int code;

	begin();
	write_file(own_path, "vrrp \"v\" { auth-mode = \"enforce\" }\nfarm \"x\" { a = 1 } # near\n"
			     "farm \"y\" { allow = { \"@/a\" } }\n");
	code = push_merge(own_path, (const char *)bytes, len, &m, &err);
	push_merge_clear(&m);
	end();
	return code == 0;
}

static void the_corpus(void)
{
	CU_ASSERT(unit_replay("tests/fuzz/corpus/fuzz_push_text", is_good) >= 5);
}

UNIT_TESTS(push_text) = {
	{"a section is replaced where it stands", a_section_is_replaced_where_it_stands},
	{"the same words stay", the_same_words_stay},
	{"new ones and old ones", new_ones_and_old_ones},
	{"another order", another_order},
	{"what is of the node stays", what_is_of_the_node_stays},
	{"no command and no file", no_command_and_no_file},
	{"pushed by a foe", pushed_by_a_foe},
	{"what is included", what_is_included},
	{"the corpus", the_corpus},
	UNIT_TESTS_END,
};
