/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/network/interface_uv.h"

#include <net/if.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/ethtool.h>
#include <linux/sockios.h>

enum interface_lro interface_ask_lro(const char *name)
{
	struct ethtool_value value = {.cmd = ETHTOOL_GFLAGS};
	struct ifreq request = {0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), code;

	if (fd < 0)
		return LRO_UNKNOWN;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	request.ifr_data = (void *)&value;
	code = ioctl(fd, SIOCETHTOOL, &request);
	close(fd);
	if (code < 0)
		return LRO_UNKNOWN;
	return value.data & ETH_FLAG_LRO ? LRO_ON : LRO_OFF;
}
