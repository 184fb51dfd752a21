/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/network/address_news.h"
#include "tests/unit/unit.h"

static struct address_stand stand(uint32_t host, uint8_t length, uint32_t ifindex)
{
	return (struct address_stand){
		.addr = addr_v4(0x0a4d0000 + host), .length = length, .ifindex = ifindex};
}

static void a_renewal_is_no_news(void)
{
	struct address_news news = {0};
	struct address_stand vip = stand(100, 32, 2), other = stand(100, 32, 3);
	struct address_stand longer = stand(100, 24, 2);

	CU_ASSERT(address_news_came(&news, &vip));
	for (int i = 0; i < 5; i++)
		CU_ASSERT_FALSE(address_news_came(&news, &vip));
	CU_ASSERT(address_news_came(&news, &other));
	CU_ASSERT(address_news_came(&news, &longer));
	CU_ASSERT_FALSE(address_news_came(&news, &vip));
	vip.flags = 0x40; /* IFA_F_TENTATIVE */
	CU_ASSERT(address_news_came(&news, &vip));
	CU_ASSERT_FALSE(address_news_came(&news, &vip));
}

static void what_went_and_comes_again_is_news(void)
{
	struct address_news news = {0};
	struct address_stand vip = stand(100, 32, 2), own = stand(2, 24, 2);

	address_news_went(&news, &vip);
	CU_ASSERT(address_news_came(&news, &own));
	CU_ASSERT(address_news_came(&news, &vip));
	address_news_went(&news, &own);
	CU_ASSERT_FALSE(address_news_came(&news, &vip));
	CU_ASSERT(address_news_came(&news, &own));
	address_news_went(&news, &vip);
	CU_ASSERT(address_news_came(&news, &vip));
}

static void of_more_than_there_is_room_for_all_is_news(void)
{
	struct address_news news = {0};

	for (uint32_t i = 0; i < ADDRESS_NEWS_MAX + 10; i++) {
		struct address_stand a = stand(i, 32, 2);

		CU_ASSERT(address_news_came(&news, &a));
		EXPECT_INT(!address_news_came(&news, &a), i < ADDRESS_NEWS_MAX);
	}
	EXPECT_INT(news.n, ADDRESS_NEWS_MAX);
}

UNIT_TESTS(address_news) = {
	{"a renewal is no news", a_renewal_is_no_news},
	{"what went and comes again is news", what_went_and_comes_again_is_news},
	{"of more than there is room for all is news", of_more_than_there_is_room_for_all_is_news},
	UNIT_TESTS_END,
};
