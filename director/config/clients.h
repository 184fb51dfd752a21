/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lists of clients, allow and deny: prefixes in the configuration and in the files that it
 * names, made into ranges that do not overlap (what an interval set of nft takes).
 *
 * A file holds one prefix per line; # begins a comment; empty lines do not matter.
 */
#ifndef DIRECTOR_CONFIG_CLIENTS_H
#define DIRECTOR_CONFIG_CLIENTS_H

#include "director/config/source.h"
#include "include/config.h"

/* Fills the ranges of every farm. Mistakes in a file have its own line. */
void config_read_clients(struct source *s, struct config *c);

#endif
