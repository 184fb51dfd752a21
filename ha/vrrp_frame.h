/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An advert as a whole Ethernet frame: what leaves with another source than the interface's own MAC
 * address cannot go through an IP socket.
 *
 * Owns the headers in front of the message; the message is vrrp_packet.h's. Pure.
 */
#ifndef HA_VRRP_FRAME_H
#define HA_VRRP_FRAME_H

#include "ha/vrrp_packet.h"

enum { VRRP_FRAME_MAX = 14 + 40 + VRRP_MESSAGE_MAX };

/*
 * From a MAC address to the group that the packet goes to. Its length, or 0 when it goes to no group,
 * or cannot be built (vrrp_packet_build()).
 */
size_t vrrp_frame_build(const struct vrrp_packet *p, const struct mac *from, uint8_t *bytes,
			size_t size);

#endif
