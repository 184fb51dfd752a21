/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which boot of the machine this is: what a file says about times since boot holds for one only. */
#ifndef DIRECTOR_SERVICE_BOOT_UV_H
#define DIRECTOR_SERVICE_BOOT_UV_H

enum { BOOT_ID_TEXT = 40 };

/* A text that no other boot has; all zero when the kernel does not tell. */
void boot_id_read(char ret[static BOOT_ID_TEXT]);

#endif
