/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/keeper_change.h"

#include "tests/unit/unit.h"

void unit_end_change(struct keeper *k, int code)
{
	struct err err = {0};

	while (code == KEEPER_GOES_ON || (code == 0 && keeper_wait_ms(k) != KEEPER_NEVER))
		code = keeper_go_on(k, &err);
	EXPECT_INT(code, 0);
	EXPECT_TEXT(err.text, "");
	EXPECT_INT(keeper_in_sync(k), true);
}

void unit_keeper_check(struct keeper *k)
{
	keeper_check(k);
	unit_end_change(k, 0);
}
