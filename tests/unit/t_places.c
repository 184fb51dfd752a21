/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who was where in the configuration before: the same, more, fewer, in another order. */
#include "director/config/places.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

enum { FARMS = 4, BACKENDS = 6 };

struct world {
	char names[FARMS][BACKENDS + 1][8];
	struct config_backend backends[FARMS][BACKENDS];
	struct config_farm farms[FARMS];
	struct config config;
	struct places places;
};

/* Each letter of a word is a backend; of each word the first letter is the farm's name, too. */
static void world_init(struct world *w, const char *const *words, size_t n)
{
	memset(w, 0, sizeof(*w));
	for (size_t f = 0; f < n; f++) {
		w->farms[f] = (struct config_farm){
			.name = w->names[f][BACKENDS],
			.backends = w->backends[f],
			.n_backends = strlen(words[f]),
		};
		w->names[f][BACKENDS][0] = words[f][0];
		for (size_t b = 0; b < w->farms[f].n_backends; b++) {
			w->names[f][b][0] = words[f][b];
			w->backends[f][b].name = w->names[f][b];
		}
	}
	w->config = (struct config){.farms = w->farms, .n_farms = n};
	EXPECT_INT(places_make(&w->places, &w->config), 0);
}

static void expect_before(const char *const *old, size_t n_old, const char *const *new,
			  size_t n_new, const char *want)
{
	struct world then, now;
	char got[100] = "";

	world_init(&then, old, n_old);
	world_init(&now, new, n_new);
	for (size_t i = 0; i < places_count(&now.places); i++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%td", i ? " " : "",
			 places_before(&then.places, &now.places, i));
	EXPECT_TEXT(got, want);
	places_clear(&then.places);
	places_clear(&now.places);
}

#define WORDS(...)                                                                                 \
	(const char *const[]){__VA_ARGS__}, sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)

static void who_was_where(void)
{
	expect_before(WORDS("abc", "de"), WORDS("abc", "de"), "0 1 2 3 4");
	expect_before(WORDS("abc", "de"), WORDS("acx", "de"), "0 2 -1 3 4");
	expect_before(WORDS("abc", "de"), WORDS("ed", "abc"), "-1 -1 0 1 2");
	expect_before(WORDS("abc", "de"), WORDS("de", "axyzbc"), "3 4 0 -1 -1 -1 1 2");
	expect_before(WORDS("a", "b", "c", "defghi"), WORDS("dihgfe"), "3 8 7 6 5 4");
	expect_before(WORDS("a"), WORDS("b", "c", "d", "a"), "-1 -1 -1 0");
}

/* The nearest is found first, and of two as near the later one; from outside, too. */
static void the_nearest(void)
{
	struct world w;
	size_t n = 0;

	world_init(&w, WORDS("axbxxc"));
	for (size_t near = 0; near < 3 * BACKENDS; near++)
		for (const char *name = "abcx?"; *name; name++) {
			char text[2] = {*name, '\0'};
			const struct config_backend *b =
				config_backend_near(&w.farms[0], near, text);
			ptrdiff_t at = b ? b - w.backends[0] : -1;

			if (*name != 'x') {
				EXPECT_INT(at, *name == 'a'   ? 0
					       : *name == 'b' ? 2
					       : *name == 'c' ? 5
							      : -1);
				n++;
			} else if (near < BACKENDS) {
				static const ptrdiff_t nearest[] = {1, 1, 3, 3, 4, 4};

				EXPECT_INT(at, nearest[near]);
			} else {
				EXPECT_INT(at, 4);
			}
		}
	EXPECT_INT(n, 4 * 3 * BACKENDS);
	EXPECT_INT(config_farm_near(&w.config, 7, "a") - w.farms, 0);
	CU_ASSERT_PTR_NULL(config_farm_near(&w.config, 0, "b"));
	CU_ASSERT_PTR_NULL(config_farm_near(&(struct config){0}, 3, "b"));
	places_clear(&w.places);
}

UNIT_TESTS(places) = {
	{"who was where", who_was_where},
	{"the nearest", the_nearest},
	UNIT_TESTS_END,
};
