/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Marks of adverts are found again by the next daemon, and nobody else's are taken for them. */
#include "director/service/advert_marks_uv.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

struct place {
	char dir[32], path[64];
};

static struct place make_place(void)
{
	struct place p = {.dir = "/tmp/t_advert_marks.XXXXXX"};

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(p.dir));
	snprintf(p.path, sizeof(p.path), "%s/adverts.seen", p.dir);
	return p;
}

static void end_place(const struct place *p)
{
	EXPECT_INT(advert_marks_remove(p->dir), 0);
	EXPECT_INT(advert_marks_remove(p->dir), 0); /* none to remove */
	EXPECT_INT(rmdir(p->dir), 0);
}

static struct advert_marks *open_marks(const struct place *p)
{
	struct advert_marks *m = NULL;
	struct err err = {0};

	EXPECT_INT(advert_marks_open(p->dir, &m, &err), 0);
	EXPECT_TEXT(err.text, "");
	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	return m;
}

/* The mark that is there after another start. */
static uint64_t found(const struct place *p, const char *interface, uint8_t id, uint8_t family)
{
	struct advert_marks *m = open_marks(p);
	struct vrrp_auth_seen *seen = advert_marks_of(m, interface, id, family);
	uint64_t sequence;

	CU_ASSERT_PTR_NOT_NULL_FATAL(seen);
	sequence = seen->senders[0].sequence;
	advert_marks_close(m);
	return sequence;
}

static void leave(const struct place *p, const char *interface, uint8_t id, uint8_t family,
		  uint64_t sequence)
{
	struct advert_marks *m = open_marks(p);

	advert_marks_of(m, interface, id, family)->senders[0].sequence = sequence;
	advert_marks_close(m);
}

static void found_again(void)
{
	struct place p = make_place();

	leave(&p, "eth0", 51, AF_INET, 1);
	leave(&p, "eth0", 51, AF_INET6, 2);
	leave(&p, "eth0", 52, AF_INET, 3);
	leave(&p, "eth1", 51, AF_INET, 4);
	EXPECT_INT(found(&p, "eth0", 51, AF_INET), 1);
	EXPECT_INT(found(&p, "eth0", 51, AF_INET6), 2);
	EXPECT_INT(found(&p, "eth0", 52, AF_INET), 3);
	EXPECT_INT(found(&p, "eth1", 51, AF_INET), 4);
	EXPECT_INT(found(&p, "eth1", 52, AF_INET), 0);
	end_place(&p);
}

static void overwrite(const struct place *p, long at, const char *bytes, size_t len)
{
	FILE *f = fopen(p->path, "r+e");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	EXPECT_INT(fseek(f, at, SEEK_SET), 0);
	EXPECT_INT(fwrite(bytes, 1, len, f), len);
	fclose(f);
}

/* Of another version, of another boot, cut off, or damaged: as if there were none. */
static void others_are_dropped(void)
{
	enum { MAGIC_AT = 0, BOOT_ID_AT = 20, ROUTERS_AT = 64 };
	struct place p = make_place();

	leave(&p, "eth0", 51, AF_INET, 1);
	overwrite(&p, MAGIC_AT, "D", 1);
	EXPECT_INT(found(&p, "eth0", 51, AF_INET), 0);
	leave(&p, "eth0", 51, AF_INET, 1);
	overwrite(&p, BOOT_ID_AT, "x", 1);
	EXPECT_INT(found(&p, "eth0", 51, AF_INET), 0);
	leave(&p, "eth0", 51, AF_INET, 1);
	EXPECT_INT(truncate(p.path, 100), 0);
	EXPECT_INT(found(&p, "eth0", 51, AF_INET), 0);
	leave(&p, "eth0", 51, AF_INET, 1);
	overwrite(&p, ROUTERS_AT, "eth0 and no end at all", 22);
	EXPECT_INT(found(&p, "eth0", 51, AF_INET), 0);
	end_place(&p);
}

static void only_our_own_file(void)
{
	struct place p = make_place();
	struct advert_marks *m = NULL;
	struct err err = {0};

	EXPECT_INT(symlink("/etc/hostname", p.path), 0);
	CU_ASSERT(advert_marks_open(p.dir, &m, &err) < 0);
	CU_ASSERT(strstr(err.text, p.path) != NULL);
	EXPECT_INT(unlink(p.path), 0);
	EXPECT_INT(mkdir(p.path, 0700), 0);
	CU_ASSERT(advert_marks_open(p.dir, &m, &err) < 0);
	EXPECT_INT(rmdir(p.path), 0);
	CU_ASSERT_PTR_NULL(m);
	end_place(&p);
}

static void as_many_as_a_configuration_has(void)
{
	struct place p = make_place();
	struct advert_marks *m = open_marks(&p);

	for (unsigned int i = 0; i < 2 * 2 * CONFIG_VRRPS_MAX; i++) {
		char interface[CONFIG_IFNAME_MAX + 1];

		snprintf(interface, sizeof(interface), "eth%u", i);
		CU_ASSERT_PTR_NOT_NULL(advert_marks_of(m, interface, 1, AF_INET));
	}
	CU_ASSERT_PTR_NULL(advert_marks_of(m, "other", 1, AF_INET));
	CU_ASSERT_PTR_NOT_NULL(advert_marks_of(m, "eth7", 1, AF_INET));
	advert_marks_close(m);
	advert_marks_close(NULL);
	end_place(&p);
}

UNIT_TESTS(advert_marks) = {
	{"found again", found_again},
	{"others are dropped", others_are_dropped},
	{"only our own file", only_our_own_file},
	{"as many as a configuration has", as_many_as_a_configuration_has},
	UNIT_TESTS_END,
};
