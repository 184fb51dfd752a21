/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The index of flows in a file of the runtime directory, so that a restarted daemon has it again.
 *
 *	flows.index		the index
 *	flows.index.new		a bigger or smaller one that it is being moved into
 *	flows.index.open	one that a starting daemon makes of the two above
 *
 * A file takes its room when it is made, although it is empty: on a full file system a page that
 * cannot be had kills the process that touches it, while a file that cannot be had is a line in the
 * log and an index that stays as it is.
 *
 * Shell: owns the files and their mappings, calls nobody, waits for nothing.
 */
#ifndef DIRECTOR_FLOW_FLOW_INDEX_FILE_UV_H
#define DIRECTOR_FLOW_FLOW_INDEX_FILE_UV_H

#include "director/flow/flow_index.h"
#include "include/err.h"

struct flow_file;

/*
 * Takes over what an earlier daemon left in the directory: about 0.15 s for a million flows. What
 * cannot be used (another version, another boot, damaged, not ours) is one line in the log and an
 * empty index. 0, or a negative errno with *err filled when there can be no file.
 */
int flow_file_open(const char *dir, struct flow_file **ret, struct err *err);
/* The index; the pointer stays good until flow_file_close(). */
struct flow_index *flow_file_index(struct flow_file *f);
/*
 * Lets the index grow and shrink: to be called after putting flows in (a thousand at most) and from
 * a timer. Works a few milliseconds at most; true while there is more to do at once, e.g. from
 * uv_idle_t.
 */
bool flow_file_tend(struct flow_file *f);
/* Leaves the file where it is; accepts NULL. */
void flow_file_close(struct flow_file *f);
/* Removes the files of a daemon that is gone. 0 or negative errno; none to remove is no error. */
int flow_file_remove(const char *dir);
/* The clock of expiries: seconds since boot. */
uint32_t flow_file_now_s(void);

#endif
