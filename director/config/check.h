/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules between keys and between sections, with the sentences shown to the operator. */
#ifndef DIRECTOR_CONFIG_CHECK_H
#define DIRECTOR_CONFIG_CHECK_H

#include "director/config/source.h"
#include "include/config.h"

/* Mistakes are kept in the source, at the place of the later of the things that do not agree. */
void config_check(struct source *s, const struct config *c);
/* Parts of it. */
void config_check_addresses(struct source *s, const struct config *c);
void config_check_farms(struct source *s, const struct config *c);

/*
 * The second of two elements that have the same name, of an array of structs that begin with their
 * name: a mistake. kind: the word for it.
 */
void config_check_names(struct source *s, const char *kind, const void *array, size_t n,
			size_t size);

/*
 * The files that the configuration names: there, regular, what is secret for the owner only, and
 * in the form that they should have.
 * 0, or negative errno with *err filled; -EACCES: there are some that may not be read, of which *err names
 * the first, and no mistake in the others. Not part of config_load(), because a configuration is also
 * read on machines that do not hold the secrets.
 */
int config_check_files(const struct config *c, struct err *err);

#endif
