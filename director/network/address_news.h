/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which of the kernel's words on its own addresses are news. Whoever holds a virtual address renews its
 * lease twice a second, and the kernel tells each time of an address as if it were a new one; no
 * route comes or goes with that, and to ask for the routes to all backends after each would take a third
 * of a processor with a hundred thousand of them.
 *
 * Pure.
 */
#ifndef DIRECTOR_NETWORK_ADDRESS_NEWS_H
#define DIRECTOR_NETWORK_ADDRESS_NEWS_H

#include "include/addr.h"

enum { ADDRESS_NEWS_MAX = 256 }; /* more than a director has; of others everything is news */

/* An address, and what of it routes depend on: not how long it is valid. */
struct address_stand {
	struct addr addr;
	uint32_t ifindex, flags; /* IFA_F_… */
	uint8_t length;
};

/* Zeroed: nothing was told. */
struct address_news {
	struct address_stand known[ADDRESS_NEWS_MAX];
	size_t n;
};

/* False: it is told again and has not changed. */
bool address_news_came(struct address_news *news, const struct address_stand *stand);
void address_news_went(struct address_news *news, const struct address_stand *stand);

#endif
