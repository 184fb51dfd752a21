/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hash that nft's "jhash" computes: Bob Jenkins' lookup3 as the kernel has it (Linux,
 * include/linux/jhash.h), over octets as they lie in registers. What it gives is a number of the
 * machine's own order of octets, as in the kernel.
 *
 * Pure.
 */
#ifndef DIRECTOR_RULESET_JHASH_H
#define DIRECTOR_RULESET_JHASH_H

#include <stddef.h>
#include <stdint.h>

uint32_t jhash(const uint8_t *key, size_t len, uint32_t seed);

#endif
