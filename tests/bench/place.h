/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where rulesets are measured: one network namespace each ("place"), since all of them call their
 * table "director", and one for the far ends of their links, where every frame is dropped on
 * arrival. The namespaces have no names: they live as long as this process holds them and are gone
 * with it, however it ends.
 */
#ifndef TESTS_BENCH_PLACE_H
#define TESTS_BENCH_PLACE_H

#include "include/addr.h"

#define PLACE_DEVICE "eth0" /* the director's interface in every place */

struct place {
	int ns;		  /* its namespace; 0: none */
	uint32_t ifindex; /* of PLACE_DEVICE */
	struct mac mac;
};

/* The namespace of the far ends. To be called once, before anything else. 0 or negative errno. */
int place_begin(void);
/* Makes a place and enters it. 0 or negative errno; says on standard error what failed. */
int place_open(struct place *p);
void place_close(struct place *p);
/* The process goes there. Cheap. 0 or negative errno. */
int place_enter(const struct place *p);
/* A further interface, which is never up, in the place that the process is in; 0: failed. */
uint32_t place_spare(void);
/* Frames that left through PLACE_DEVICE of the place that the process is in. */
uint64_t place_sent(void);
/* Has nft load that text in the place that the process is in. 0 or -EINVAL, nft has said why. */
int place_load(const char *text);

#endif
