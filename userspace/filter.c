// SPDX-License-Identifier: GPL-2.0-or-later
#include <netinet/in.h>
#include <string.h>
#include <linux/ernat.h>

#include "filter.h"
#include "names.h"
#include "print.h"
#include "range.h"

struct filter_key {
	const char *word;
	bool (*put)(struct nlmsghdr *nlh, const struct filter_key *key, const char *value);
	uint16_t attr;
	uint16_t port_attr;
};

static bool wrong(const struct filter_key *key, const char *value, const char *why)
{
	print_error("%s \"%s\" %s", key->word, value, why);
	return false;
}

static bool missing(const struct filter_key *key)
{
	print_error("\"%s\" needs a value after it", key->word);
	return false;
}

static bool put_name(struct nlmsghdr *nlh, const struct filter_key *key, const char *value)
{
	size_t max = key->attr == ERNAT_FILTER_VRF ? ERNAT_DEV_MAX : ERNAT_NAME_MAX;

	if (!*value)
		return wrong(key, value, "is no name");
	if (strlen(value) >= max)
		return wrong(key, value, "is too long for a name");
	mnl_attr_put_strz(nlh, key->attr, value);
	return true;
}

static bool put_protocol(struct nlmsghdr *nlh, const struct filter_key *key, const char *value)
{
	uint32_t number;

	if (!ip_protocol_number(value, &number) || number > 255)
		return wrong(key, value, "is neither the name nor the number of a protocol");
	mnl_attr_put_u8(nlh, key->attr, number);
	return true;
}

/*
 * Cuts A:PORT or [A]:PORT in two. Two colons without brackets are an IPv6
 * address. *@port stays NULL where there is none; false for "[" without "]".
 */
static bool cut_port(char **addr, char **port)
{
	char *colon = strchr(*addr, ':');
	char *close;

	*port = NULL;
	if (**addr == '[') {
		close = strchr(*addr, ']');
		if (!close || (close[1] && close[1] != ':'))
			return false;
		if (close[1])
			*port = close + 2;
		*close = 0;
		++*addr;
	} else if (colon && !strchr(colon + 1, ':')) {
		*colon = 0;
		*port = colon + 1;
	}
	return true;
}

static void put_range(struct nlmsghdr *nlh, uint16_t attr, const struct range *range)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, attr);

	mnl_attr_put(nlh, ERNAT_RANGE_FIRST, family_size(range->family), range->first);
	mnl_attr_put(nlh, ERNAT_RANGE_LAST, family_size(range->family), range->last);
	mnl_attr_nest_end(nlh, nest);
}

static bool put_addr(struct nlmsghdr *nlh, const struct filter_key *key, const char *value)
{
	char buf[PRINT_ADDR], *addr = buf, *port;
	struct range range;
	const char *why;
	uint32_t number;

	if (strlen(value) >= sizeof(buf))
		return wrong(key, value, "is not an address");
	strcpy(buf, value);
	if (!cut_port(&addr, &port))
		return wrong(key, value, "is to be written as [ADDRESS]:PORT");
	if (!range_parse(addr, &range, &why))
		return wrong(key, value, why);
	put_range(nlh, key->attr, &range);
	if (!port)
		return true;
	if (!parse_number(port, &number) || number > 65535)
		return wrong(key, value, "has no port up to 65535 after the colon");
	mnl_attr_put_u16(nlh, key->port_attr, number);
	return true;
}

static const struct filter_key filter_keys[] = {
	{ "pool", put_name, ERNAT_FILTER_POOL, 0 },
	{ "rule", put_name, ERNAT_FILTER_RULE, 0 },
	{ "route-source", put_name, ERNAT_FILTER_SOURCE, 0 },
	{ "host", put_addr, ERNAT_FILTER_HOST, ERNAT_FILTER_HOST_PORT },
	{ "mapped", put_addr, ERNAT_FILTER_MAPPED, ERNAT_FILTER_MAPPED_PORT },
	{ "dest", put_addr, ERNAT_FILTER_DEST, ERNAT_FILTER_DEST_PORT },
	{ "protocol", put_protocol, ERNAT_FILTER_PROTOCOL, 0 },
	{ "vrf", put_name, ERNAT_FILTER_VRF, 0 },
};

#define N_KEYS (sizeof(filter_keys) / sizeof(filter_keys[0]))

static const struct filter_key *find_key(const char *word)
{
	size_t i;

	for (i = 0; i < N_KEYS; i++)
		if (!strcmp(filter_keys[i].word, word))
			return &filter_keys[i];
	return NULL;
}

static bool put_words(struct nlmsghdr *nlh, int argc, char **argv)
{
	const struct filter_key *key;
	unsigned int seen = 0, bit;
	int i;

	for (i = 0; i < argc; i += 2) {
		key = find_key(argv[i]);
		if (!key) {
			print_error(
				"\"%s\" is no word of a filter (pool, rule, route-source, host, "
				"mapped, dest, protocol, vrf)",
				argv[i]);
			return false;
		}
		if (i + 1 == argc)
			return missing(key);
		bit = 1U << (key - filter_keys);
		if (seen & bit)
			return wrong(key, argv[i + 1], "is said twice");
		seen |= bit;
		if (!key->put(nlh, key, argv[i + 1]))
			return false;
	}
	return true;
}

bool filter_put(struct nlmsghdr *nlh, int argc, char **argv)
{
	struct nlattr *nest;

	if (!argc)
		return true;
	nest = mnl_attr_nest_start(nlh, ERNAT_A_FILTER);
	if (!put_words(nlh, argc, argv))
		return false;
	mnl_attr_nest_end(nlh, nest);
	return true;
}

bool filter_check(int argc, char **argv)
{
	char scratch[MNL_NLMSG_HDRLEN + 2048];

	return filter_put(mnl_nlmsg_put_header(scratch), argc, argv);
}
