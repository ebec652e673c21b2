/* SPDX-License-Identifier: GPL-2.0-or-later */
/* attr: strict reading of what the kernel says. */
#ifndef _ERNAT_ATTR_H
#define _ERNAT_ATTR_H

#include <stdbool.h>
#include <stdint.h>
#include <libmnl/libmnl.h>

enum attr_kind {
	ATTR_IGNORE, /* also whatever a newer module may add */
	ATTR_U8,
	ATTR_U16,
	ATTR_U32,
	ATTR_U64,
	ATTR_STRING, /* with its NUL */
	ATTR_ADDR, /* 4 or 16 bytes */
	ATTR_HASH, /* 32 bytes */
	ATTR_MARK, /* struct ernat_mark */
	ATTR_NEST,
	ATTR_FLAG,
};

/*
 * Sorts the attributes of a nest (NULL: an empty one) into @tb[max + 1] by
 * type; of a repeated one the last. @kinds[max + 1] says what each has to be.
 * False, with errno EBADMSG, where one is not: better no answer than a wrong
 * one.
 */
bool attr_parse(const struct nlattr *nest, const struct nlattr **tb, uint16_t max,
		const uint8_t *kinds);

/* The one attribute of this type in a reply; false with EBADMSG if it is missing. */
bool attr_parse_reply(const struct nlmsghdr *nlh, uint16_t type, const struct nlattr **tb,
		      uint16_t max, const uint8_t *kinds);

/* A u64 at the top of a reply; false with EBADMSG if it is missing. */
bool attr_reply_u64(const struct nlmsghdr *nlh, uint16_t type, uint64_t *value);

/* Are all attributes of these types (a bit each) there? False with EBADMSG if not. */
#define ATTR_BIT(type) (1ULL << (type))
bool attr_have(const struct nlattr *const *tb, uint64_t types);

/* Its value; 0 or NULL where it is absent. */
uint8_t attr_u8(const struct nlattr *attr);
uint16_t attr_u16(const struct nlattr *attr);
uint32_t attr_u32(const struct nlattr *attr);
uint64_t attr_u64(const struct nlattr *attr);
const char *attr_str(const struct nlattr *attr);

#endif /* _ERNAT_ATTR_H */
