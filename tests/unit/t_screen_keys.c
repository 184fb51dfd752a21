/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keys of `status --watch`. */
#include "director/ctl/screen.h"
#include "tests/unit/unit.h"

#include <string.h>

/* All of it, as one read gives it. Returns how many octets are left. */
static size_t press(struct screen_view *v, const char *keys, bool *quit)
{
	size_t n = strlen(keys), used;

	while ((used = screen_press(v, (const uint8_t *)keys, n, quit)) > 0) {
		CU_ASSERT_FATAL(used <= n);
		keys += used;
		n -= used;
	}
	return n;
}

static void scrolling(void)
{
	struct screen_view v = {.rows = 100, .shown = 10};
	bool quit = false;

	EXPECT_INT(press(&v, "\033[B\033OBj", &quit), 0);
	EXPECT_INT(v.top, 3);
	press(&v, "\033[6~\033[A", &quit);
	EXPECT_INT(v.top, 12);
	press(&v, "\033[5~\033[5~", &quit);
	EXPECT_INT(v.top, 0);
	press(&v, "\033[F", &quit);
	EXPECT_INT(v.top, 100);
	press(&v, "\033[H", &quit);
	EXPECT_INT(v.top, 0);
	CU_ASSERT_FALSE(quit);
}

static void filter(void)
{
	struct screen_view v = {.rows = 100, .top = 5};
	bool quit = false;

	press(&v, "/wq\x7f p", &quit);
	EXPECT_TEXT(v.filter, "wp");
	EXPECT_INT(v.top, 0);
	CU_ASSERT(v.typing && !v.paused && !v.problems_first && !quit);
	press(&v, "\r p", &quit);
	EXPECT_TEXT(v.filter, "wp");
	CU_ASSERT(!v.typing && v.paused && v.problems_first);
	press(&v, "\033", &quit);
	EXPECT_TEXT(v.filter, "");
	press(&v, "/", &quit);
	for (size_t i = 0; i < 2 * SCREEN_FILTER; i++)
		press(&v, "x", &quit);
	EXPECT_INT(strlen(v.filter), SCREEN_FILTER - 1);
	press(&v, "\033q", &quit);
	CU_ASSERT(quit);
}

/* A sequence may come in two reads; one that is no key does nothing; none is taken for letters. */
static void sequences(void)
{
	struct screen_view v = {.rows = 100};
	bool quit = false;

	EXPECT_INT(press(&v, "\033[", &quit), 2);
	EXPECT_INT(press(&v, "\033[1;5q", &quit), 0);
	EXPECT_INT(press(&v, "\033[200000000000000000", &quit), 0);
	CU_ASSERT(!quit && !v.top && !v.paused);
}

UNIT_TESTS(screen_keys) = {
	{"scrolling", scrolling},
	{"filter", filter},
	{"sequences", sequences},
	UNIT_TESTS_END,
};
