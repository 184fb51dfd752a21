/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/config/check.h"
#include "director/config/key_file.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_LEN = 96 };

struct place {
	char folder[32];
	char path[PATH_LEN], other[PATH_LEN];
};

static struct place begin(void)
{
	struct place p = {.folder = "/tmp/t_key_file.XXXXXX"};

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(p.folder));
	snprintf(p.path, sizeof(p.path), "%s/key", p.folder);
	snprintf(p.other, sizeof(p.other), "%s/other", p.folder);
	return p;
}

static void end(const struct place *p)
{
	unlink(p->path);
	unlink(p->other);
	EXPECT_INT(rmdir(p->folder), 0);
}

static struct cluster_key key_of(uint8_t first)
{
	return (struct cluster_key){.bytes = {first}};
}

static void write_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs(text, f);
	fclose(f);
	chmod(path, 0600);
}

static void made_for_the_owner_alone(void)
{
	struct place p = begin();
	struct cluster_key key = key_of(7), again = {0};
	mode_t mask = umask(0);
	struct err err = {0};
	struct stat st;

	EXPECT_INT(key_file_create(p.path, &key, &err), 0);
	umask(0777);
	EXPECT_INT(key_file_create(p.other, &key, &err), 0);
	umask(mask);
	EXPECT_INT(stat(p.path, &st), 0);
	EXPECT_INT(st.st_mode & 07777, 0600);
	EXPECT_INT(stat(p.other, &st), 0);
	EXPECT_INT(st.st_mode & 07777, 0600);
	EXPECT_INT(key_file_read("key file", p.path, &again, &err), 0);
	CU_ASSERT(memcmp(&key, &again, sizeof(key)) == 0);
	end(&p);
}

static void never_overwritten(void)
{
	struct place p = begin();
	struct cluster_key key = key_of(7), next = key_of(8), again = {0};
	struct err err = {0};
	char want[ERR_TEXT];

	EXPECT_INT(key_file_create(p.path, &key, &err), 0);
	EXPECT_INT(key_file_create(p.path, &next, &err), -EEXIST);
	snprintf(want, sizeof(want), "%s is there already, and a key is never overwritten", p.path);
	EXPECT_TEXT(err.text, want);
	EXPECT_INT(key_file_read("key file", p.path, &again, &err), 0);
	CU_ASSERT(memcmp(&key, &again, sizeof(key)) == 0);
	/* Nor through a link that leads nowhere yet. */
	EXPECT_INT(symlink("nowhere", p.other), 0);
	EXPECT_INT(key_file_create(p.other, &next, &err), -EEXIST);
	EXPECT_INT(key_file_create("/no/such/folder/key", &next, &err), -ENOENT);
	end(&p);
}

static void what_is_no_key(void)
{
	struct place p = begin();
	struct cluster_key key;
	struct err err = {0};
	char want[ERR_TEXT];

	write_text(p.path, "c2VjcmV0\n");
	EXPECT_INT(key_file_read("key file", p.path, &key, &err), -EINVAL);
	snprintf(want, sizeof(want),
		 "key file %s does not begin with \"director-key-1 \"; `directorctl key generate` "
		 "makes one",
		 p.path);
	EXPECT_TEXT(err.text, want);
	EXPECT_INT(mkfifo(p.other, 0600), 0);
	EXPECT_INT(key_file_read("key file", p.other, &key, &err), -EINVAL);
	snprintf(want, sizeof(want), "key file %s is not a regular file", p.other);
	EXPECT_TEXT(err.text, want);
	end(&p);
}

static void keys_of_a_configuration(void)
{
	struct place p = begin();
	struct cluster_key first = key_of(1), second = key_of(2);
	struct config c = {
		.has_cluster = true,
		.cluster = {.key_file = p.path,
			    .key_file_at = {"a.conf", 3},
			    .accept_key_file = p.other,
			    .accept_key_file_at = {"b.conf", 4}},
	};
	struct cluster_keys keys;
	struct err err = {0};
	char line[ERR_LINE], want[ERR_LINE];

	EXPECT_INT(key_file_create(p.path, &first, &err), 0);
	EXPECT_INT(config_read_keys(&c, &keys, &err), -ENOENT);
	EXPECT_INT(keys.n, 0);
	CU_ASSERT(memcmp(&keys.keys[0], &first, sizeof(first)) != 0); /* wiped */
	snprintf(want, sizeof(want), "b.conf:4: accept-key-file %s: No such file or directory",
		 p.other);
	EXPECT_TEXT(err_format(&err, line), want);
	EXPECT_INT(key_file_create(p.other, &second, &err), 0);
	EXPECT_INT(config_read_keys(&c, &keys, &err), 0);
	EXPECT_INT(keys.n, 2);
	CU_ASSERT(memcmp(&keys.keys[0], &first, sizeof(first)) == 0);
	CU_ASSERT(memcmp(&keys.keys[1], &second, sizeof(second)) == 0);
	chmod(p.other, 0604);
	EXPECT_INT(config_read_keys(&c, &keys, &err), -EPERM); /* -EACCES is: may not be read */
	c.cluster.key_file = "";
	EXPECT_INT(config_read_keys(&c, &keys, &err), -EINVAL);
	EXPECT_TEXT(err_format(&err, line),
		    "b.conf:4: accept-key-file is the second key beside key-file, which is not "
		    "given");
	c.has_cluster = false;
	EXPECT_INT(config_read_keys(&c, &keys, &err), 0);
	EXPECT_INT(keys.n, 0);
	end(&p);
}

/* One that may not be read does not hide what is wrong with another. */
static void a_key_that_may_not_be_read(void)
{
	struct place p = begin();
	struct cluster_key key = key_of(1);
	struct config c = {
		.has_cluster = true,
		.cluster = {.key_file = p.path,
			    .key_file_at = {"a.conf", 3},
			    .accept_key_file = p.other,
			    .accept_key_file_at = {"b.conf", 4}},
	};
	struct err err = {0};
	char line[ERR_LINE], want[ERR_LINE];
	bool root = geteuid() == 0;

	EXPECT_INT(key_file_create(p.path, &key, &err), 0);
	EXPECT_INT(key_file_create(p.other, &key, &err), 0);
	EXPECT_INT(chmod(p.folder, 0755), 0);
	EXPECT_INT(chmod(p.path, 0), 0);
	if (root) {
		EXPECT_INT(chown(p.other, 65534, 65534), 0);
		setfsuid(65534);
	}
	EXPECT_INT(config_check_files(&c, &err), -EACCES);
	snprintf(want, sizeof(want), "a.conf:3: key-file %s: Permission denied", p.path);
	EXPECT_TEXT(err_format(&err, line), want);
	if (root)
		setfsuid(0);
	EXPECT_INT(chmod(p.other, 0644), 0);
	if (root)
		setfsuid(65534);
	EXPECT_INT(config_check_files(&c, &err), -EPERM);
	if (root)
		setfsuid(0);
	snprintf(want, sizeof(want),
		 "b.conf:4: accept-key-file %s has mode 0644, so others than its owner can use it: "
		 "chmod 600 %s",
		 p.other, p.other);
	EXPECT_TEXT(err_format(&err, line), want);
	end(&p);
}

UNIT_TESTS(key_file) = {
	{"made for the owner alone", made_for_the_owner_alone},
	{"never overwritten", never_overwritten},
	{"what is no key", what_is_no_key},
	{"the keys of a configuration", keys_of_a_configuration},
	{"a key that may not be read", a_key_that_may_not_be_read},
	UNIT_TESTS_END,
};
