/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/service/boot_uv.h"

#include <stdio.h>
#include <string.h>

void boot_id_read(char ret[static BOOT_ID_TEXT])
{
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");

	memset(ret, 0, BOOT_ID_TEXT);
	if (f && !fgets(ret, BOOT_ID_TEXT, f))
		memset(ret, 0, BOOT_ID_TEXT);
	if (f)
		fclose(f);
}
