// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>
#include <linux/ernat.h>
#include <linux/genetlink.h>

#include "attr.h"

static bool size_fits(const struct nlattr *attr, uint8_t kind)
{
	const char *data = mnl_attr_get_payload(attr);
	uint16_t len = mnl_attr_get_payload_len(attr);

	switch (kind) {
	case ATTR_U8:
		return len == 1;
	case ATTR_U16:
		return len == 2;
	case ATTR_U32:
		return len == 4;
	case ATTR_U64:
		return len == 8;
	case ATTR_STRING:
		return len && memchr(data, 0, len) == data + len - 1;
	case ATTR_ADDR:
		return len == 4 || len == 16;
	case ATTR_HASH:
		return len == 32;
	case ATTR_MARK:
		return len == sizeof(struct ernat_mark);
	case ATTR_FLAG:
		return !len;
	default:
		return true;
	}
}

bool attr_parse(const struct nlattr *nest, const struct nlattr **tb, uint16_t max,
		const uint8_t *kinds)
{
	const struct nlattr *attr;
	uint16_t type;

	memset(tb, 0, (max + 1) * sizeof(*tb));
	if (!nest)
		return true;
	mnl_attr_for_each_nested(attr, nest) {
		type = mnl_attr_get_type(attr);
		if (type > max || kinds[type] == ATTR_IGNORE)
			continue;
		if (!size_fits(attr, kinds[type])) {
			errno = EBADMSG;
			return false;
		}
		tb[type] = attr;
	}
	return true;
}

bool attr_parse_reply(const struct nlmsghdr *nlh, uint16_t type, const struct nlattr **tb,
		      uint16_t max, const uint8_t *kinds)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(attr) == type)
			return attr_parse(attr, tb, max, kinds);
	errno = EBADMSG;
	return false;
}

bool attr_reply_u64(const struct nlmsghdr *nlh, uint16_t type, uint64_t *value)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) == type && size_fits(attr, ATTR_U64)) {
			*value = mnl_attr_get_u64(attr);
			return true;
		}
	}
	errno = EBADMSG;
	return false;
}

bool attr_have(const struct nlattr *const *tb, uint64_t types)
{
	for (; types; types >>= 1, tb++) {
		if (types & 1 && !*tb) {
			errno = EBADMSG;
			return false;
		}
	}
	return true;
}

uint8_t attr_u8(const struct nlattr *attr)
{
	return attr ? mnl_attr_get_u8(attr) : 0;
}

uint16_t attr_u16(const struct nlattr *attr)
{
	return attr ? mnl_attr_get_u16(attr) : 0;
}

uint32_t attr_u32(const struct nlattr *attr)
{
	return attr ? mnl_attr_get_u32(attr) : 0;
}

uint64_t attr_u64(const struct nlattr *attr)
{
	return attr ? mnl_attr_get_u64(attr) : 0;
}

const char *attr_str(const struct nlattr *attr)
{
	return attr ? mnl_attr_get_str(attr) : NULL;
}
