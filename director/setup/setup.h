/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What makes a machine a backend under Direct Server Return, as rows of text: one table an
 * operating system (setup_linux.c, setup_windows.c), filled in for a farm by setup.c, shown by
 * print_setup.c. Only text is made here: nothing is asked of this machine, which is a director and
 * no backend.
 */
#ifndef DIRECTOR_SETUP_SETUP_H
#define DIRECTOR_SETUP_SETUP_H

#include "include/config.h"

#include <stdio.h>

enum setup_os { SETUP_LINUX, SETUP_WINDOWS, SETUP_OS_N };

enum setup_kind {
	SETUP_RUNNING,	  /* at once, until the machine starts again */
	SETUP_PERSISTENT, /* at the next start, too; one row a system that manages the network */
	SETUP_CHECK,	  /* changes nothing */
	SETUP_REMOVE,	  /* takes all of it back */
};

/* When a line is there, and how often. */
enum setup_when {
	SETUP_ALWAYS,
	SETUP_EACH,	 /* virtual address */
	SETUP_EACH_V4,	 /* of IPv4 */
	SETUP_EACH_V6,	 /* of IPv6 */
	SETUP_ANY_V4,	 /* once, when there is one of IPv4 */
	SETUP_ANY_V6,	 /* once, when there is one of IPv6 */
	SETUP_TCP_PORT,	 /* each range of ports that the farm serves over TCP */
	SETUP_UDP_PORT,	 /* likewise over UDP */
	SETUP_INTERFACE, /* once, when the backend's interface was named */
	SETUP_NO_NAME,	 /* once, when it was not: it has to be found */
	SETUP_ONE,	 /* likewise, and the backend is a certain one */
	SETUP_SEVERAL,	 /* likewise, and it is any of the farm's */
};

/* What a row cures, when it is a part of the setup that is missing. */
enum setup_cure {
	SETUP_CURE_NONE = 0,
	SETUP_CURE_ARP = 1 << 0,     /* the machine speaks for the addresses */
	SETUP_CURE_ADDRESS = 1 << 1, /* it does not have them */
};

/*
 * The text may have, between two @: vip and bits, of the address for which the line stands; sport
 * and range, the ports for which it does, as ss(8) and as PowerShell write them; farm; interface;
 * backend, the address of the backend or of the farm's first; backends, the addresses of them all
 * in quotes; list4 and list6, the virtual addresses with their prefix lengths.
 */
struct setup_line {
	enum setup_when when;
	const char *text;
};

enum { SETUP_LINES_MAX = 16 };

struct setup_row {
	enum setup_kind kind;
	enum setup_cure cure;
	uint8_t family;	    /* of addresses without which the row is not needed; 0: always needed */
	const char *system; /* what has to be there for it */
	const char *title;
	const char *note; /* for people: sentences, a newline between two lines; or NULL */
	const char *path; /* of a file that has the lines; NULL: they are commands, one a line */
	const char *mode; /* of the file */
	struct setup_line lines[SETUP_LINES_MAX]; /* a NULL text ends them */
};

struct setup_table {
	const char *name;  /* of the operating system, as --os has it */
	const char *shell; /* that runs the commands */
	const char *about; /* note above all rows; or NULL */
	const struct setup_row *rows;
	size_t n;
};

extern const struct setup_table setup_linux, setup_windows;

struct setup {
	const struct setup_table *table;
	const struct config_farm *farm;
	const struct config_backend *backend; /* NULL: any of the farm's */
	const char *interface;		      /* its name on the backend; NULL: to be found */
};

/* Whether the backends in question need that address: one backend has frames of its family only. */
bool setup_has_address(const struct setup *s, const struct addr *a);
/* Whether the name can be that of an interface there, and stands in a line without harm. */
bool setup_interface_is_valid(enum setup_os os, const char *name);
/* A row's lines, each with a newline; "" when it is not needed. To be freed; NULL: no memory. */
char *setup_lines(const struct setup *s, const struct setup_row *row);
/* Of all rows that cure one of these, without the last newline; likewise. */
char *setup_cure_lines(const struct setup *s, unsigned int cures);
/* A row's path likewise. */
char *setup_path(const struct setup *s, const struct setup_row *row);

/* For people, and as one JSON document. 0 or -ENOMEM. */
int print_setup(FILE *out, const struct setup *s);
int print_setup_json(FILE *out, const struct setup *s);

#endif
