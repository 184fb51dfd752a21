/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `config diff`: what runs here and what runs on the other director, by the word of the daemon here. */
#include "director/audit/text_diff.h"
#include "director/config/config_compare.h"
#include "director/ctl/ctl.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

struct difference {
	struct config_compare compare;
	json_t *shared, *own; /* sentences */
	char *diff;
};

static void take(void *owner, const char *sentence)
{
	json_array_append_new(owner, json_string(sentence));
}

static int make_diff(struct difference *d)
{
	char *here = config_compare_text(&d->compare, 0),
	     *there = config_compare_text(&d->compare, 1);
	char name[64];
	size_t size;
	FILE *out = here && there ? open_memstream(&d->diff, &size) : NULL;
	int code = -ENOMEM;

	snprintf(name, sizeof(name), "%.40s (here)", d->compare.nodes[0].name);
	if (out) {
		code = text_diff_print(out, here, there, name, d->compare.nodes[1].name);
		if (fclose(out) != 0)
			code = -ENOMEM;
	}
	free(here);
	free(there);
	return code < 0 ? code : 0;
}

static int compare(struct difference *d)
{
	d->shared = json_array();
	d->own = json_array();
	if (!d->shared || !d->own)
		return -ENOMEM;
	config_compare_tell(&d->compare, false, take, d->shared);
	config_compare_tell(&d->compare, true, take, d->own);
	return make_diff(d);
}

static void print_all(const json_t *sentences, const char *before)
{
	for (size_t i = 0; i < json_array_size(sentences); i++)
		printf("%s%s\n", before, json_string_value(json_array_get(sentences, i)));
}

static void print(const struct ctl *ctl, const struct difference *d)
{
	const char *here = d->compare.nodes[0].name, *there = d->compare.nodes[1].name;
	bool same = json_array_size(d->shared) == 0;

	if (ctl->json) {
		print_json_document(stdout,
				    json_pack("{s:b, s:s, s:s, s:O, s:O, s:s}", "same", same,
					      "here", here, "there", there, "differences",
					      d->shared, "of_each_node", d->own, "diff", d->diff));
		return;
	}
	if (same)
		printf("the configurations of nodes %s (here) and %s are alike\n", here, there);
	print_all(d->shared, "");
	if (json_array_size(d->own) > 0)
		puts("\nof each node alone, as it may be:");
	print_all(d->own, "  ");
	printf("%s%s", d->diff[0] ? "\n" : "", d->diff);
}

int ctl_config_diff(const struct ctl *ctl)
{
	struct control_reply reply = {0};
	struct difference d = {0};
	int code = ctl_ask(ctl, CONTROL_CONFIG_DIFF, &reply);

	if (code != CTL_DONE) {
		control_reply_clear(&reply);
		return code;
	}
	code = config_compare_read(reply.text, &d.compare);
	if (code == 0)
		code = compare(&d);
	if (code == 0) {
		print(ctl, &d);
		code = json_array_size(d.shared) > 0 ? CTL_NOT_GOOD : CTL_DONE;
	} else {
		code = ctl_fail(CTL_FAILED,
				code == -ENOMEM
					? "no memory to compare two configurations"
					: "the configurations cannot be compared: directord is "
					  "another version, or they have too many sections");
	}
	json_decref(d.shared);
	json_decref(d.own);
	free(d.diff);
	config_compare_clear(&d.compare);
	control_reply_clear(&reply);
	return code;
}
