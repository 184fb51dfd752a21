/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A network namespace of a test's own, and the programs that are run in it. Needs root. */
#ifndef TESTS_NAMESPACE_H
#define TESTS_NAMESPACE_H

#define UNIT_ETH0                                                                                  \
	"ip link add eth0 type veth peer name p0 && ip link set eth0 up && ip link set p0 up"

/* Runs a story in a child with a namespace of its own, behind a command; 0 failures is good. */
void unit_in_namespace(const char *command, void (*story)(void));

/* What a command prints, allocated. */
char *unit_output_of(const char *command);
/* Gives a command its input; that it succeeds is expected. */
void unit_feed(const char *command, const char *text);

#endif
