/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was freed goes back to the system: glibc would keep it for as long as the daemon runs. */
#ifndef INCLUDE_MEMORY_H
#define INCLUDE_MEMORY_H

/*
 * To be called at the start: large blocks are the system's own and go back to it when they are freed.
 * glibc would raise the size of a "large" one to that of the largest that was ever freed, up to 32
 * MiB, and lists of all backends, which are made and freed again and again, would leave their dirt
 * in the heap (mallopt(3), M_MMAP_THRESHOLD).
 */
void memory_start(void);
/* To be called when much was freed; it takes some milliseconds then. */
void memory_give_back(void);

#endif
