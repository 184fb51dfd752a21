/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was freed goes back to the system: glibc would keep it for as long as the daemon runs. */
#ifndef INCLUDE_MEMORY_H
#define INCLUDE_MEMORY_H

/* To be called when much was freed; it takes some milliseconds then. */
void memory_give_back(void);

#endif
