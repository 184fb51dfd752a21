/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names of what ha/sync.h knows, for counters, lines in the log and JSON. */
#include "ha/sync.h"

const char *sync_out_name(enum sync_out o)
{
	static const char *const names[] = {
		[SYNC_OUT_CLOSED] = "closed",	    [SYNC_OUT_GREETING] = "greeting",
		[SYNC_OUT_STREAMING] = "streaming", [SYNC_OUT_ENDING] = "ending",
		[SYNC_OUT_LIVE] = "live",
	};

	return names[o];
}

const char *sync_in_name(enum sync_in i)
{
	static const char *const names[] = {
		[SYNC_IN_CLOSED] = "closed",   [SYNC_IN_GREETING] = "greeting",
		[SYNC_IN_WAITING] = "waiting", [SYNC_IN_MARKING] = "marking",
		[SYNC_IN_FILLING] = "filling", [SYNC_IN_SWEEPING] = "sweeping",
		[SYNC_IN_CURRENT] = "current",
	};

	return names[i];
}

const char *sync_end_name(enum sync_end e)
{
	static const char *const names[SYNC_END_COUNT] = {[SYNC_END_NONE] = "none",
#define X(id, name, text) [SYNC_END_##id] = name,
							  SYNC_END_LIST(X)
#undef X
	};

	return names[e];
}

const char *sync_end_text(enum sync_end e)
{
	static const char *const texts[SYNC_END_COUNT] = {[SYNC_END_NONE] = "",
#define X(id, name, text) [SYNC_END_##id] = text,
							  SYNC_END_LIST(X)
#undef X
	};

	return texts[e];
}
