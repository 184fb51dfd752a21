/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ha/vmac.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum {
	ROOM = VMAC_NAME - 1 - 7, /* behind the longest beginning, "v4-255-" */
	KEPT = ROOM - 4,	  /* letters of a long name before its checksum */
};

struct mac vmac_address(uint8_t family, uint8_t virtual_router_id)
{
	return (struct mac){
		{0x00, 0x00, 0x5e, 0x00, family == AF_INET6 ? 0x02 : 0x01, virtual_router_id}};
}

/* FNV-1a, folded into 16 bits. */
static unsigned int checksum(const char *text)
{
	uint32_t sum = 2166136261U;

	for (; *text; text++)
		sum = (sum ^ (uint8_t)*text) * 16777619U;
	return (sum >> 16) ^ (sum & 0xffff);
}

const char *vmac_name(char buf[static VMAC_NAME], uint8_t family, uint8_t virtual_router_id,
		      const char *interface)
{
	char version = family == AF_INET6 ? '6' : '4';

	if (strlen(interface) <= ROOM)
		snprintf(buf, VMAC_NAME, "v%c-%u-%.*s", version, virtual_router_id, ROOM,
			 interface);
	else
		snprintf(buf, VMAC_NAME, "v%c-%u-%.*s%04x", version, virtual_router_id, KEPT,
			 interface, checksum(interface) & 0xffff);
	return buf;
}
