/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Elements of sets in nft's language.
 *
 * Pure: writes to memory only.
 */
#ifndef DIRECTOR_RULESET_NFT_ELEMENT_H
#define DIRECTOR_RULESET_NFT_ELEMENT_H

#include "director/ruleset/ruleset.h"

#include <stdio.h>

/* As `nft -s list` writes it; r is a planned ruleset. Nothing for what the packet path fills. */
void nft_element_print(FILE *out, const struct ruleset *r, const struct ruleset_set *set,
		       const struct ruleset_element *e);
/* The key alone. */
void nft_element_print_key(FILE *out, enum ruleset_set_kind kind, const struct ruleset_element *e);
/* Both MAC addresses as a 96-bit number: hexadecimal without leading zeros. */
void nft_element_print_macs(FILE *out, const uint8_t macs[static RULESET_DATA_MAX]);
void nft_element_print_address(FILE *out, uint8_t family, const uint8_t *bytes);
/* Two octets in network order. */
uint16_t nft_element_port(const uint8_t *p);

#endif
