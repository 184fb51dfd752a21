/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `key generate` and `key fingerprint`: neither needs the daemon. */
#include "director/config/key_file.h"
#include "director/ctl/ctl.h"
#include "include/output.h"

#include <jansson.h>
#include <sodium.h>

static void print_key(const char *fingerprint, const char *path)
{
	printf("%s  ", fingerprint);
	output_name(stdout, path);
	putchar('\n');
}

static int show(const struct ctl *ctl, const char *path, const struct cluster_key *key)
{
	char print[CLUSTER_PRINT_TEXT];

	cluster_key_fingerprint(key, print);
	if (!ctl->json)
		print_key(print, path);
	else if (print_json_document(
			 stdout, json_pack("{s:s, s:s}", "file", path, "fingerprint", print)) < 0)
		return ctl_fail(CTL_FAILED, "no memory for a JSON document");
	return CTL_DONE;
}

int ctl_key_generate(const struct ctl *ctl)
{
	const char *path = ctl->argv[0];
	struct cluster_key key;
	struct err err = {0};
	int code;

	randombytes_buf(key.bytes, sizeof(key.bytes));
	if (key_file_create(path, &key, &err) < 0)
		code = ctl_fail_err(&err);
	else
		code = show(ctl, path, &key);
	sodium_memzero(&key, sizeof(key));
	return code;
}

int ctl_key_fingerprint(const struct ctl *ctl)
{
	const char *path = ctl->argv[0];
	struct cluster_key key;
	struct err err = {0};
	int code;

	if (key_file_read("key file", path, &key, &err) < 0)
		return ctl_fail_err(&err);
	code = show(ctl, path, &key);
	sodium_memzero(&key, sizeof(key));
	return code;
}
