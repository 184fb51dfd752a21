/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/network/address_news.h"

static struct address_stand *find(struct address_news *news, const struct address_stand *stand)
{
	for (size_t i = 0; i < news->n; i++)
		if (news->known[i].ifindex == stand->ifindex &&
		    news->known[i].length == stand->length &&
		    addr_equal(&news->known[i].addr, &stand->addr))
			return &news->known[i];
	return NULL;
}

bool address_news_came(struct address_news *news, const struct address_stand *stand)
{
	struct address_stand *known = find(news, stand);
	bool same = known && known->flags == stand->flags;

	if (known)
		known->flags = stand->flags;
	else if (news->n < ADDRESS_NEWS_MAX)
		news->known[news->n++] = *stand;
	return !same;
}

void address_news_went(struct address_news *news, const struct address_stand *stand)
{
	struct address_stand *known = find(news, stand);

	if (known)
		*known = news->known[--news->n];
}
