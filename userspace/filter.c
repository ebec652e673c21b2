// SPDX-License-Identifier: GPL-2.0-or-later
#include <netinet/in.h>
#include <string.h>
#include <linux/ernat.h>

#include "filter.h"
#include "names.h"
#include "print.h"

/* struct filter_key - a word and how what comes after it is read, sent and compared */
struct filter_key {
	const char *word;
	bool (*read)(struct filter *f, const struct filter_key *key, const char *value);
	uint16_t attr;
	uint16_t port_attr;
};

static bool wrong(const struct filter_key *key, const char *value, const char *why)
{
	print_error("%s \"%s\" %s", key->word, value, why);
	return false;
}

static bool read_name(struct filter *f, const struct filter_key *key, const char *value)
{
	size_t max = key->attr == ERNAT_FILTER_VRF ? ERNAT_DEV_MAX : ERNAT_NAME_MAX;

	if (!*value)
		return wrong(key, value, "is no name");
	if (strlen(value) >= max)
		return wrong(key, value, "is too long for a name");
	f->v[key->attr].name = value;
	return true;
}

static bool read_protocol(struct filter *f, const struct filter_key *key, const char *value)
{
	uint32_t number;

	if (!ip_protocol_number(value, &number) || number > 255)
		return wrong(key, value, "is neither the name nor the number of a protocol");
	f->v[key->attr].protocol = number;
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

static bool read_addr(struct filter *f, const struct filter_key *key, const char *value)
{
	char buf[PRINT_ADDR], *addr = buf, *port;
	const char *why;
	uint32_t number;

	if (strlen(value) >= sizeof(buf))
		return wrong(key, value, "is not an address");
	strcpy(buf, value);
	if (!cut_port(&addr, &port))
		return wrong(key, value, "is to be written as [ADDRESS]:PORT");
	if (!range_parse(addr, &f->v[key->attr].range, &why))
		return wrong(key, value, why);
	if (!port)
		return true;
	if (!(f->view->keys & FILTER_BIT(key->port_attr)))
		return wrong(key, value, "may have no port here");
	if (!parse_number(port, &number) || number > 65535)
		return wrong(key, value, "has no port up to 65535 after the colon");
	f->v[key->port_attr].port = number;
	f->has |= FILTER_BIT(key->port_attr);
	return true;
}

static const struct filter_key filter_keys[] = {
	{ "pool", read_name, ERNAT_FILTER_POOL, 0 },
	{ "rule", read_name, ERNAT_FILTER_RULE, 0 },
	{ "route-source", read_name, ERNAT_FILTER_SOURCE, 0 },
	{ "host", read_addr, ERNAT_FILTER_HOST, ERNAT_FILTER_HOST_PORT },
	{ "mapped", read_addr, ERNAT_FILTER_MAPPED, ERNAT_FILTER_MAPPED_PORT },
	{ "dest", read_addr, ERNAT_FILTER_DEST, ERNAT_FILTER_DEST_PORT },
	{ "protocol", read_protocol, ERNAT_FILTER_PROTOCOL, 0 },
	{ "vrf", read_name, ERNAT_FILTER_VRF, 0 },
};

#define N_KEYS (sizeof(filter_keys) / sizeof(filter_keys[0]))

static const struct filter_key *find_key(const struct filter_view *view, const char *word)
{
	size_t i;

	for (i = 0; i < N_KEYS; i++)
		if (view->keys & FILTER_BIT(filter_keys[i].attr) &&
		    !strcmp(filter_keys[i].word, word))
			return &filter_keys[i];
	return NULL;
}

static const struct filter_key *key_of(uint16_t attr)
{
	const struct filter_key *key = filter_keys;

	while (key->attr != attr)
		key++;
	return key;
}

static bool unknown(const struct filter_view *view, const char *word)
{
	struct text words = {};
	size_t i;

	for (i = 0; i < N_KEYS; i++)
		if (view->keys & FILTER_BIT(filter_keys[i].attr))
			text_printf(&words, "%s%s", words.len ? ", " : "", filter_keys[i].word);
	print_error("\"%s\" is no word of a filter of %s (%s)", word, view->command, words.s);
	text_free(&words);
	return false;
}

static bool take(struct filter *f, const struct filter_key *key, const char *value)
{
	if (!value) {
		print_error("\"%s\" needs a value after it", key->word);
		return false;
	}
	if (f->has & FILTER_BIT(key->attr))
		return wrong(key, value, "is said twice");
	f->has |= FILTER_BIT(key->attr);
	return key->read(f, key, value);
}

bool filter_read(struct filter *f, const struct filter_view *view, int argc, char **argv)
{
	const struct filter_key *key;
	bool good = true;
	int i;

	memset(f, 0, sizeof(*f));
	f->view = view;
	for (i = 0; good && i < argc; i++) {
		key = find_key(view, argv[i]);
		if (key) {
			i++;
			good = take(f, key, i < argc ? argv[i] : NULL);
		} else if (view->bare && range_meant(argv[i])) {
			good = take(f, key_of(view->bare), argv[i]);
		} else {
			good = unknown(view, argv[i]);
		}
	}
	return good;
}

static void put_range(struct nlmsghdr *nlh, uint16_t attr, const struct range *range)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, attr);

	mnl_attr_put(nlh, ERNAT_RANGE_FIRST, family_size(range->family), range->first);
	mnl_attr_put(nlh, ERNAT_RANGE_LAST, family_size(range->family), range->last);
	mnl_attr_nest_end(nlh, nest);
}

static void put(struct nlmsghdr *nlh, const struct filter *f, const struct filter_key *key)
{
	const union filter_value *v = &f->v[key->attr];

	if (key->read == read_name)
		mnl_attr_put_strz(nlh, key->attr, v->name);
	else if (key->read == read_protocol)
		mnl_attr_put_u8(nlh, key->attr, v->protocol);
	else
		put_range(nlh, key->attr, &v->range);
	if (key->port_attr && f->has & FILTER_BIT(key->port_attr))
		mnl_attr_put_u16(nlh, key->port_attr, f->v[key->port_attr].port);
}

void filter_put(struct nlmsghdr *nlh, const struct filter *f)
{
	struct nlattr *nest;
	size_t i;

	if (!f->has)
		return;
	nest = mnl_attr_nest_start(nlh, ERNAT_A_FILTER);
	for (i = 0; i < N_KEYS; i++)
		if (f->has & FILTER_BIT(filter_keys[i].attr))
			put(nlh, f, &filter_keys[i]);
	mnl_attr_nest_end(nlh, nest);
}

static bool holds(const struct range *range, const struct nlattr *addr)
{
	unsigned int size = family_size(range->family);
	const void *bytes = mnl_attr_get_payload(addr);

	return mnl_attr_get_payload_len(addr) == size && memcmp(range->first, bytes, size) <= 0 &&
	       memcmp(bytes, range->last, size) <= 0;
}

static bool key_matches(const struct filter *f, const struct filter_key *key,
			const struct nlattr *value, const struct nlattr *port)
{
	const union filter_value *v = &f->v[key->attr];

	if (!(f->has & FILTER_BIT(key->attr)))
		return true;
	if (!value)
		return false;
	if (key->read == read_name)
		return !strcmp(v->name, mnl_attr_get_str(value));
	if (key->read == read_protocol)
		return v->protocol == mnl_attr_get_u8(value);
	if (!holds(&v->range, value))
		return false;
	if (!(f->has & FILTER_BIT(key->port_attr)))
		return true;
	return port && f->v[key->port_attr].port == mnl_attr_get_u16(port);
}

bool filter_matches(const struct filter *f, const struct nlattr *const *tb, const uint16_t *types)
{
	const struct filter_key *key;

	for (key = filter_keys; key < filter_keys + N_KEYS; key++)
		if (!key_matches(f, key, tb[types[key->attr]],
				 key->port_attr ? tb[types[key->port_attr]] : NULL))
			return false;
	return true;
}
