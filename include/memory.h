/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was freed goes back to the system: glibc would keep it for as long as the daemon runs. And what
 * is used stays in memory.
 */
#ifndef INCLUDE_MEMORY_H
#define INCLUDE_MEMORY_H

/*
 * To be called at the start: large blocks are the system's own and go back to it when they are freed.
 * glibc would raise the size of a "large" one to that of the largest that was ever freed, up to 32
 * MiB, and lists of all backends, which are made and freed again and again, would leave their dirt
 * in the heap (mallopt(3), M_MMAP_THRESHOLD).
 */
void memory_start(void);
/*
 * What is in memory is never swapped out or dropped to be read again from a slow disk, now and later:
 * an election would wait for it. A page that was never used takes no memory still (MCL_ONFAULT), also
 * of files, of which 64 MiB are mapped. 0 or a negative errno, and nothing is locked then.
 */
int memory_lock(void);
/* To be called when much was freed; it takes some milliseconds then. */
void memory_give_back(void);

#endif
