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

/* What an element is made of. Both return text. */
enum { NFT_ELEMENT_MACS = sizeof("0x") + 2 * RULESET_DATA_MAX };
/* Both MAC addresses as a 96-bit number: hexadecimal without leading zeros. */
const char *nft_element_macs(char text[static NFT_ELEMENT_MACS],
			     const uint8_t macs[static RULESET_DATA_MAX]);
const char *nft_element_address(char text[static ADDR_TEXT], uint8_t family, const uint8_t *bytes);
/* Length of the prefix that a range of addresses is, a single one's too, or -1 when it is none. */
int nft_element_prefix(uint8_t family, const uint8_t key[static RULESET_KEY_MAX]);
/* A message of neighbour discovery, of those that rules ask for. */
const char *nft_element_nd_name(uint8_t type);
/* Two octets in network order. */
uint16_t nft_element_port(const uint8_t *p);

#endif
