/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The instruments of takeover.sh as one program; what each does is said where it is. */
#include "tests/bench/takeover.h"
#include "tests/bench/tools.h"

#include <limits.h>

int main(int argc, char **argv)
{
	static const struct bench_tool tools[] = {
		{"echo", "ADDRESS PORT", 2, INT_MAX, takeover_echo},
		{"send", "ADDRESS PORT LEAST_MS MOST_MS RESULT", 5, INT_MAX, takeover_send},
		{"watch", "ADDRESS NETNS=NAME ... asker=NETNS", 2, INT_MAX, takeover_watch},
		{"fill", "TABLE MAP ELEMENTS", 3, INT_MAX, takeover_fill},
		{"report", "RESULTS JSON", 2, INT_MAX, takeover_report},
	};

	return bench_tools_run("bench_takeover", tools, sizeof(tools) / sizeof(tools[0]), argc,
			       argv);
}
