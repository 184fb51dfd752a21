/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two whole configurations (director/config_copy.h), compared: what must be alike on both directors, and apart
 * from it what is of each node alone (config_is_of_the_node()). A daemon prints both, directorctl reads them.
 *
 *     @digests differ
 *     @node a
 *     @part the top level
 *     …
 *     @part farm www
 *     backend web1: weight = 2
 *     @node b
 *     …
 *
 * Pure.
 */
#ifndef DIRECTOR_CONFIG_CONFIG_COMPARE_H
#define DIRECTOR_CONFIG_CONFIG_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum {
	CONFIG_COMPARE_PARTS =
		8192,		  /* of a node: 4096 farms and 255 virtual routers are the most */
	CONFIG_COMPARE_NODES = 2, /* here, and there */
};

/* alike: the digests, which tell of octets that are not ASCII, too. */
void config_compare_print(FILE *out, bool alike, const char *here, const char *ours,
			  const char *there, const char *theirs);

struct config_compare_node {
	char *name;
	struct config_compare_part {
		char *name, *lines;
	} * parts;
	size_t n;
};

/* All strings are inside the text. */
struct config_compare {
	bool alike;
	struct config_compare_node nodes[CONFIG_COMPARE_NODES];
};

/* Cuts the text into pieces. 0, -EBADMSG when it is not as it is printed, -E2BIG, -ENOMEM; cleared then. */
int config_compare_read(char *text, struct config_compare *ret);
void config_compare_clear(struct config_compare *c);

/* A sentence: "farm www: backend web1: weight = 2 here, 1 on b". */
typedef void config_compare_say(void *owner, const char *sentence);
/* What differs of that which is of a node alone, or of all else. How many sentences. */
size_t config_compare_tell(const struct config_compare *c, bool of_a_node, config_compare_say *say,
			   void *owner);
/* What must be alike, of a node, to be shown and freed; NULL: without memory. */
char *config_compare_text(const struct config_compare *c, size_t node);

#endif
