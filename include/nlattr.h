/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Walking over netlink attributes: libmnl's own macros lose a conversion that our warnings do not
 * let pass. Bounds are checked by mnl_attr_ok() at every step.
 */
#ifndef INCLUDE_NLATTR_H
#define INCLUDE_NLATTR_H

#include <libmnl/libmnl.h>

static inline int nlattr_left(const struct nlattr *at, const void *end)
{
	return (int)((const char *)end - (const char *)at);
}

static inline const void *nlattr_end(const struct nlattr *nest)
{
	return (const char *)mnl_attr_get_payload(nest) + mnl_attr_get_payload_len(nest);
}

/* Every attribute inside a nest. */
#define NLATTR_EACH_NESTED(attr, nest)                                                             \
	for ((attr) = mnl_attr_get_payload(nest);                                                  \
	     mnl_attr_ok((attr), nlattr_left((attr), nlattr_end(nest)));                           \
	     (attr) = mnl_attr_next(attr))

/* Every attribute of a message behind a header of hdrlen octets. */
#define NLATTR_EACH(attr, nlh, hdrlen)                                                             \
	for ((attr) = mnl_nlmsg_get_payload_offset((nlh), (hdrlen));                               \
	     mnl_attr_ok((attr), nlattr_left((attr), mnl_nlmsg_get_payload_tail(nlh)));            \
	     (attr) = mnl_attr_next(attr))

#endif
