/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtual MAC address of a virtual router (RFC 9568, 7.3) and the device that has it.
 *
 * Owns the names: the address, the device's name, the mark by which a device of ours is recognised.
 * Pure; the device itself is vmac_uv.h's.
 */
#ifndef HA_VMAC_H
#define HA_VMAC_H

#include "include/addr.h"

enum { VMAC_NAME = 16 }; /* IFNAMSIZ */

/* The alias of every device of ours: nobody else's is ever touched. */
#define VMAC_ALIAS "directord"

/* 00-00-5E-00-01-{VRID} for IPv4, 00-00-5E-00-02-{VRID} for IPv6. */
struct mac vmac_address(uint8_t family, uint8_t virtual_router_id);
/*
 * "v4-51-eth0": family, virtual router, interface. Of an interface whose name is too long its first
 * letters and a checksum of it. Returns buf.
 */
const char *vmac_name(char buf[static VMAC_NAME], uint8_t family, uint8_t virtual_router_id,
		      const char *interface);

#endif
