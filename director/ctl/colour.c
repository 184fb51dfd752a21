/* SPDX-License-Identifier: GPL-2.0-or-later */
/* States in colour, for people at a terminal. */
#include "director/ctl/ctl.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RED    "31"
#define GREEN  "32"
#define YELLOW "33"

static const struct {
	const char *state, *colour;
} colours[] = {
	{"up", GREEN},		{"master", GREEN},    {"good", GREEN},	    {"connected", GREEN},
	{"slow-start", YELLOW}, {"draining", YELLOW}, {"disabled", YELLOW}, {"ailing", YELLOW},
	{"connecting", YELLOW}, {"stale", YELLOW},    {"init", YELLOW},	    {"unknown", YELLOW},
	{"down", RED},		{"unresolved", RED},  {"dead", RED},	    {"fault", RED},
	{"DOWN", RED},		{"ALARM", RED},
};

const char *colour_of(const char *state)
{
	for (size_t i = 0; i < sizeof(colours) / sizeof(colours[0]); i++)
		if (strcmp(colours[i].state, state) == 0)
			return colours[i].colour;
	return NULL;
}

/* https://no-color.org: set and not empty. A stream without a descriptor is in memory. */
bool colour_is_wanted(FILE *out)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
	int fd = fileno(out);

	return fd >= 0 && isatty(fd) && !(no_color && no_color[0]) && term && term[0] &&
	       strcmp(term, "dumb") != 0;
}

void print_state(FILE *out, const char *state, int width)
{
	const char *colour = colour_of(state);

	/* The blanks behind it count as well where it is in colour. */
	if (colour && colour_is_wanted(out))
		fprintf(out, "\033[%sm%s\033[0m%*s", colour, state,
			(int)strlen(state) < width ? width - (int)strlen(state) : 0, "");
	else
		fprintf(out, "%-*s", width, state);
}
